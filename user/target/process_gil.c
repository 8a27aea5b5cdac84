/* The GIL's own memory, and the way to it.  Best effort: the process runs on meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/target/process.h"

#define GIL_SIZE_MAX 512
#define INTERPRETERS_MAX 256 /* that are looked at */
#define PTHREAD_SELF 16
#define PTHREAD_TID 720

static u64 u64_at(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* What a fixed place or the interpreter's pointer says; the latter must be its own. */
static int find_gil(struct py_process *p, u64 interp)
{
	const struct py_layout *l = &p->binary->layout;
	const u64 own = interp + l->interp_gil;
	u64 gil;
	int r;

	if (l->interp_gil_pointer == GS_NO_FIELD)
		return 0;
	r = process_read(p->pid, interp + l->interp_gil_pointer, &gil, sizeof(gil));
	if (r)
		return r;
	if (gil && gil != own)
		return -EBADMSG;
	p->gil_addr = own; /* not made yet: there it will be */
	return 0;
}

/* The address of the main interpreter's generation_stats, or of the rings it points to. */
static int find_gc_stats(struct py_process *p, u64 interp)
{
	const struct py_layout *l = &p->binary->layout;
	u64 gc = l->runtime_gc != GS_NO_FIELD ? p->runtime_addr + l->runtime_gc
					      : interp + l->interp_gc;
	u64 at = gc + l->gc_generation_stats, rings;
	int r;

	if (l->gc_ring_row == GS_NO_FIELD) {
		p->gc_stats_addr = at;
		return 0;
	}
	r = process_read(p->pid, at, &rings, sizeof(rings));
	if (!r && !rings)
		return -EAGAIN;
	if (r)
		return r;
	p->gc_stats_addr = rings;
	p->gc_rings_addr = at;
	return 0;
}

int process_refresh(struct py_process *p)
{
	const struct py_layout *l = &p->binary->layout;
	u64 interp = 0;
	int r;

	if (p->binary->by_notes)
		return 0; /* nothing in its memory is known */
	if (l->runtime_gil != GS_NO_FIELD)
		p->gil_addr = p->runtime_addr + l->runtime_gil;
	if (p->gc_stats_addr)
		return 0;
	r = process_read(p->pid, p->runtime_addr + l->runtime_interpreters_main, &interp,
			 sizeof(interp));
	if (r)
		return r;
	/* Not made yet: it will be where it is embedded (Python/pystate.c, PyInterpreterState_New).
	 */
	if (!interp && l->runtime_main_interpreter != GS_NO_FIELD)
		interp = p->runtime_addr + l->runtime_main_interpreter;
	if (!interp)
		return -EAGAIN;
	if (l->runtime_main_interpreter != GS_NO_FIELD &&
	    interp != p->runtime_addr + l->runtime_main_interpreter)
		return -EBADMSG; /* the layout is another build's */
	r = find_gil(p, interp);
	return r ? r : find_gc_stats(p, interp);
}

/*
 * A forked child's first thread keeps the id it had in its parent (CPython 3.11 does not renew
 * native_thread_id), where no thread of this process has it.
 */
static pid_t known_tid(const struct py_process *p, pid_t tid)
{
	char path[48];

	if (p->pid != p->ns_pid) /* told by /proc in its own namespace only */
		return tid;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", p->pid, tid);
	return access(path, F_OK) ? p->ns_pid : tid;
}

/*
 * Before 3.11 a thread state has no kernel id: it is in glibc's struct pthread, which
 * pthread_self() points to (x86-64, nptl/descr.h).  Its own address in it, and being a thread
 * of this process, prove it.  0: not known.
 */
pid_t process_tid_of_pthread(const struct py_process *p, u64 tstate)
{
	u64 self, again;
	char path[48];
	s32 tid;

	if (process_read(p->pid, tstate + p->binary->layout.tstate_thread_id, &self,
			 sizeof(self)) ||
	    process_read(p->pid, self + PTHREAD_SELF, &again, sizeof(again)) || again != self ||
	    process_read(p->pid, self + PTHREAD_TID, &tid, sizeof(tid)) || tid <= 0)
		return 0;
	if (p->pid != p->ns_pid)
		return process_host_tid(p->pid, tid) ? tid : 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", p->pid, tid);
	return access(path, F_OK) ? 0 : tid;
}

static pid_t holder_tid(const struct py_process *p, u64 holder)
{
	const u32 at = p->binary->layout.tstate_native_thread_id;
	u64 tid;

	if (at == GS_NO_FIELD)
		return process_tid_of_pthread(p, holder);
	if (process_read(p->pid, holder + at, &tid, sizeof(tid)) || tid > INT32_MAX)
		return 0;
	return known_tid(p, (pid_t)tid);
}

int process_gil(const struct py_process *p, struct gil_now *ret_now)
{
	return p->gil_addr ? process_gil_at(p, p->gil_addr, ret_now) : -EAGAIN;
}

bool process_gil_enabled(const struct py_process *p)
{
	const struct py_layout *l = &p->binary->layout;
	s32 enabled;

	if (!p->binary->free_threaded || l->gil_enabled == GS_NO_FIELD)
		return true;
	return p->gil_addr &&
	       !process_read(p->pid, p->gil_addr + l->gil_enabled, &enabled, sizeof(enabled)) &&
	       enabled > 0;
}

/* The GIL of the interpreter at @interp if it is its own, else 0. */
static u64 own_gil(const struct py_process *p, u64 interp)
{
	const struct py_layout *l = &p->binary->layout;
	u64 gil;

	if (process_read(p->pid, interp + l->interp_gil_pointer, &gil, sizeof(gil)))
		return 0;
	return gil == interp + l->interp_gil ? gil : 0;
}

size_t process_gils(const struct py_process *p, u64 ret_list[PROCESS_GILS_MAX])
{
	const struct py_layout *l = &p->binary->layout;
	u64 interp, main, gil;
	size_t n = 0;
	int i;

	if (!p->gil_addr)
		return 0;
	ret_list[n++] = p->gil_addr;
	if (l->interp_gil_pointer == GS_NO_FIELD)
		return n;
	main = p->gil_addr - l->interp_gil;
	if (process_read(p->pid, p->runtime_addr + l->runtime_interpreters_head, &interp,
			 sizeof(interp)))
		return n;
	/* New ones come to the front (pystate.c, new_interpreter()): the main one is the last. */
	for (i = 0; i < INTERPRETERS_MAX && interp && interp != main && n < PROCESS_GILS_MAX; i++) {
		gil = own_gil(p, interp);
		if (gil)
			ret_list[n++] = gil;
		if (process_read(p->pid, interp + l->interp_next, &interp, sizeof(interp)))
			break;
	}
	return n;
}

bool process_tells_gils(const struct py_binary *b)
{
	for (size_t i = 0; i < b->nsites; i++)
		if (b->sites[i].event == GS_EVENT_GIL_OWNED &&
		    b->sites[i].args[0].kind != GS_ARG_SUM)
			return false;
	return true;
}

int process_gil_at(const struct py_process *p, u64 address, struct gil_now *ret_now)
{
	const struct py_layout *l = &p->binary->layout;
	struct gil_now now = { 0 };
	u8 gil[GIL_SIZE_MAX];
	u64 holder;
	s32 locked;
	int r;

	if (l->gil_size > sizeof(gil))
		return -ENOTSUP;
	r = process_read(p->pid, address, gil, l->gil_size);
	if (r)
		return r;
	memcpy(&locked, gil + l->gil_locked, sizeof(locked));
	now.interval_us = u64_at(gil + l->gil_interval);
	/* Zeroes: not yet made; -1: _PyEval_InitGIL() has not come to it (ceval_gil.h). */
	if (!now.interval_us || locked < 0)
		return -EAGAIN;
	now.locked = locked == 1;
	now.switch_number = u64_at(gil + l->gil_switch_number);
	holder = u64_at(gil + l->gil_last_holder);
	/* last_holder outlives the hold, and the thread state may be gone by now. */
	if (now.locked && holder)
		now.holder_ns_tid = holder_tid(p, holder);
	*ret_now = now;
	return 0;
}
