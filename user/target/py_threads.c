/*
 * Interpreters and their threads, from the lists that CPython keeps of them.  Best effort: the
 * process runs on meanwhile.  Invariant: lists are of bounded length, whatever they point to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/target/py_objects.h"
#include "user/target/py_stack.h"

static u64 gil_of(const struct py_process *p, u64 interp)
{
	const u32 at = p->binary->layout.interp_gil_pointer;
	u64 gil;

	if (at == GS_NO_FIELD)
		return p->gil_addr;
	return process_read(p->pid, interp + at, &gil, sizeof(gil)) ? 0 : gil;
}

static void read_gil(const struct py_process *p, struct py_interp *i)
{
	const struct py_layout *l = &p->binary->layout;
	s32 locked;

	i->gil_off = !process_gil_enabled(p);
	i->gil_addr = i->gil_off ? 0 : gil_of(p, i->addr);
	if (!i->gil_addr ||
	    process_read(p->pid, i->gil_addr + l->gil_locked, &locked, sizeof(locked)) ||
	    process_read(p->pid, i->gil_addr + l->gil_last_holder, &i->gil_holder,
			 sizeof(i->gil_holder)))
		return;
	i->gil_known = locked == 0 || locked == 1; /* -1: not made yet */
	i->gil_locked = locked == 1;
}

static int read_interp(const struct py_process *p, u64 addr, struct py_interp *ret_i)
{
	const struct py_layout *l = &p->binary->layout;
	const u64 gc = l->runtime_gc != GS_NO_FIELD ? p->runtime_addr + l->runtime_gc
						    : addr + l->interp_gc;
	s32 collecting = 0;
	int r;

	*ret_i = (struct py_interp) { .addr = addr };
	r = process_read(p->pid, addr + l->interp_id, &ret_i->id, sizeof(ret_i->id));
	if (!r)
		r = process_read(p->pid, gc + l->gc_collecting, &collecting, sizeof(collecting));
	ret_i->collecting = collecting == 1;
	if (!r)
		read_gil(p, ret_i);
	return r;
}

int py_interps_read(const struct py_process *p, struct py_interp list[PY_INTERPS_MAX])
{
	const struct py_layout *l = &p->binary->layout;
	u64 addr;
	int n = 0, r, i;

	r = process_read(p->pid, p->runtime_addr + l->runtime_interpreters_head, &addr,
			 sizeof(addr));
	while (!r && addr && n < PY_INTERPS_MAX) {
		r = read_interp(p, addr, &list[n]);
		if (!r)
			r = process_read(p->pid, addr + l->interp_next, &addr, sizeof(addr));
		for (i = 0; i < n && list[i].addr != list[n].addr; i++)
			;
		if (r || i < n)
			break; /* it was freed meanwhile, or leads back */
		n++;
	}
	/* New ones come to the front (pystate.c, new_interpreter()). */
	for (i = 0; i < n / 2; i++) {
		struct py_interp other = list[i];

		list[i] = list[n - 1 - i];
		list[n - 1 - i] = other;
	}
	return n ? n : r;
}

static bool is_thread(pid_t pid, pid_t tid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return !access(path, F_OK);
}

/*
 * The host's id of @ns_tid.  An id that is none of the process's is that of the thread which
 * forked it: before 3.12 a child's first thread keeps it.
 */
static pid_t host_tid(const struct py_process *p, pid_t ns_tid)
{
	pid_t tid;

	if (!ns_tid)
		return 0;
	if (p->pid == p->ns_pid)
		return is_thread(p->pid, ns_tid) ? ns_tid : p->pid;
	tid = process_host_tid(p->pid, ns_tid);
	return tid ? tid : p->pid;
}

static int read_thread(const struct py_process *p, u64 interp, u64 tstate, struct py_thread *ret_t)
{
	const struct py_layout *l = &p->binary->layout;
	const struct py_memory m = { .pid = p->pid, .layout = l };
	s32 requested;
	u64 back, tid;
	int r = py_read_u64(&m, tstate + l->tstate_interp, &back);

	*ret_t = (struct py_thread) { .tstate = tstate };
	if (!r && back != interp)
		r = -EBADMSG;
	if (!r)
		r = py_read_u64(&m, tstate + l->tstate_thread_id, &ret_t->ident);
	if (r)
		return r;
	if (l->tstate_native_thread_id == GS_NO_FIELD)
		ret_t->ns_tid = process_tid_of_pthread(p, tstate);
	else if (!py_read_u64(&m, tstate + l->tstate_native_thread_id, &tid) && tid <= INT32_MAX)
		ret_t->ns_tid = (pid_t)tid;
	ret_t->tid = host_tid(p, ret_t->ns_tid);
	if (l->frames.tstate_gil_requested != GS_NO_FIELD &&
	    !process_read(p->pid, tstate + l->frames.tstate_gil_requested, &requested,
			  sizeof(requested)))
		ret_t->gil_requested = requested == 1;
	return 0;
}

/* Is @addr in the condition at @cond of the GIL? */
static bool in_cond(const struct py_layout *l, u64 gil, u32 cond, u64 addr)
{
	return addr >= gil + cond && addr < gil + cond + l->gil_cond_size;
}

int py_thread_waits(const struct py_process *p, const struct py_interp *interp,
		    const struct py_thread *t)
{
	const struct py_layout *l = &p->binary->layout;
	unsigned long long addr;
	char path[64];
	FILE *f;
	int nr, n;

	if (t->gil_requested)
		return 1;
	if (interp->gil_off)
		return 0;
	if (!t->tid || !interp->gil_addr)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", p->pid, t->tid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fscanf(f, "%d 0x%llx", &nr, &addr); /* or "running" */
	fclose(f);
	if (n != 2 || nr != SYS_futex)
		return 0;
	return in_cond(l, interp->gil_addr, l->gil_cond, addr) ||
	       in_cond(l, interp->gil_addr, l->gil_switch_cond, addr);
}

int py_threads_read(const struct py_process *p, const struct py_interp *interp,
		    struct py_thread **ret_list)
{
	const struct py_layout *l = &p->binary->layout;
	struct py_thread *list = calloc(PY_THREADS_MAX, sizeof(*list));
	u64 tstate;
	int n = 0, i, r;

	if (!list)
		return -ENOMEM;
	r = process_read(p->pid, interp->addr + l->interp_threads_head, &tstate, sizeof(tstate));
	while (!r && tstate && n < PY_THREADS_MAX) {
		r = read_thread(p, interp->addr, tstate, &list[n]);
		if (r || (n && tstate == list[0].tstate))
			break;
		n++;
		r = process_read(p->pid, tstate + l->tstate_next, &tstate, sizeof(tstate));
	}
	if (!n && r) {
		free(list);
		return r;
	}
	/* New ones come to the front. */
	for (i = 0; i < n / 2; i++) {
		struct py_thread other = list[i];

		list[i] = list[n - 1 - i];
		list[n - 1 - i] = other;
	}
	*ret_list = list;
	return n;
}
