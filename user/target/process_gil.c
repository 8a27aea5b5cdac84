/* The GIL's own memory, and the way to it.  Best effort: the process runs on meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/target/process.h"

#define GIL_SIZE_MAX 512

static u64 u64_at(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int process_refresh(struct py_process *p)
{
	const struct py_layout *l = &p->binary->layout;
	u64 interp = 0;
	int r;

	if (p->binary->by_notes)
		return 0; /* nothing in its memory is known */
	p->gil_addr = l->runtime_gil == GS_NO_FIELD ? 0 : p->runtime_addr + l->runtime_gil;
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
	p->gc_stats_addr = interp + l->interp_gc + l->gc_generation_stats;
	return 0;
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

int process_gil(const struct py_process *p, struct gil_now *ret_now)
{
	const struct py_layout *l = &p->binary->layout;
	struct gil_now now = { 0 };
	u8 gil[GIL_SIZE_MAX];
	u64 holder, tid = 0;
	s32 locked;
	int r;

	if (!p->gil_addr)
		return -EAGAIN;
	if (l->gil_size > sizeof(gil))
		return -ENOTSUP;
	r = process_read(p->pid, p->gil_addr, gil, l->gil_size);
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
	if (now.locked && holder && l->tstate_native_thread_id != GS_NO_FIELD &&
	    !process_read(p->pid, holder + l->tstate_native_thread_id, &tid, sizeof(tid)) &&
	    tid <= INT32_MAX)
		now.holder_ns_tid = known_tid(p, (pid_t)tid);
	*ret_now = now;
	return 0;
}
