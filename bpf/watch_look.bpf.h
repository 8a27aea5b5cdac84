/* The GIL, as the memory of the current thread has it: it is one of a target's. */
#ifndef GS_BPF_WATCH_LOOK_BPF_H
#define GS_BPF_WATCH_LOOK_BPF_H

#include "bpf/gils.bpf.h"

/* The GIL at this moment. */
struct gil_seen {
	u64 switch_number;
	u32 holder; /* native_thread_id of the last holder; 0: unknown, or it ended */
	bool mine; /* the current thread holds it */
	bool was_mine; /* it was the last that held it */
	bool known;
	bool pad; /* written too: up to Linux 5.19 a function may not be given bytes that are not */
};

static __always_inline bool read_user(void *to, u64 size, u64 from)
{
	if (!bpf_probe_read_user(to, size, (void *)from))
		return true;
	gs_lose(GS_LOSS_READ_FAULT, 1);
	return false;
}

/* The two ids of a PyThreadState; where they are neighbours, one read gives both. */
struct tstate_ids {
	u64 self; /* thread_id */
	u64 native; /* native_thread_id; 0: there is none */
};

/*
 * glibc's struct pthread, which pthread_self() points to, on x86-64 (nptl/descr.h).  aarch64's does
 * not say where it is itself: there it proves nothing, and no thread is known by it.
 */
#define PTHREAD_SELF 16
#define PTHREAD_TID 720

/* Before 3.11 the kernel's id is glibc's alone.  Its own address in it proves what is read. */
static __always_inline u64 tid_of_pthread(u64 self)
{
	u64 again;
	s32 tid;

	if (bpf_probe_read_user(&again, sizeof(again), (void *)(self + PTHREAD_SELF)) ||
	    again != self || bpf_probe_read_user(&tid, sizeof(tid), (void *)(self + PTHREAD_TID)) ||
	    tid <= 0)
		return 0;
	return (u64)tid;
}

/* Ids of threads are below the kernel's PID_MAX_LIMIT (Linux 6.18, include/linux/threads.h). */
#define TID_LIMIT (4 * 1024 * 1024)

/*
 * Of the last holder, which may be gone: a failure is none.  The GIL still names the state of a
 * thread that ended, which is free memory: in a debug build, or with PYTHONMALLOC=debug, bytes of
 * 0xdd (CPython 3.13, Objects/obmalloc.c, PYMEM_DEADBYTE).  Such ids are nobody's.
 */
static __always_inline bool read_ids(const struct gs_proc_config *c, u64 tstate, bool native,
				     struct tstate_ids *ret_ids)
{
	void *at = (void *)(tstate + c->tstate_thread_id);

	if (native && c->tstate_native_id == c->tstate_thread_id + sizeof(ret_ids->self))
		return !bpf_probe_read_user(ret_ids, sizeof(*ret_ids), at);
	ret_ids->native = 0;
	if (bpf_probe_read_user(&ret_ids->self, sizeof(ret_ids->self), at))
		return false;
	if (native && c->tstate_native_id == (u32)-1)
		ret_ids->native = tid_of_pthread(ret_ids->self);
	else if (native && bpf_probe_read_user(&ret_ids->native, sizeof(ret_ids->native),
					       (void *)(tstate + c->tstate_native_id)))
		ret_ids->native = 0;
	return true;
}

/*
 * Look at @gil, as in gs_thread.gil.
 * @waiting: it goes to sleep for the GIL, or may have had it since it did; else whether it leaves
 * as the holder is all that matters.
 *
 * A thread state is known by its pthread_self(), which is where the thread's own register points:
 * unlike native_thread_id that holds in forked children and in every pid namespace.
 */
static __always_inline void look(struct task_struct *task, struct gs_proc *p, u32 gil, bool waiting,
				 struct gil_seen *ret_g)
{
	const struct gs_proc_config *c = &p->config;
	struct gs_gil *other = gil ? gs_gil_of(p, gil) : NULL;
	u64 at = other ? gs_gil_field(p, other, c->gil_state) : gil ? 0 : c->gil_state;
	struct gil_fields f;
	struct tstate_ids ids;

	ret_g->switch_number = 0;
	ret_g->holder = 0;
	ret_g->mine = ret_g->was_mine = ret_g->known = ret_g->pad = false;
	if (!c->gil_state || !at || !task->mm)
		return;
	/* A subinterpreter may be gone, and its memory: that is no loss. */
	if (gil ? !!bpf_probe_read_user(&f, sizeof(f), (void *)at) : !read_user(&f, sizeof(f), at))
		return;
	ret_g->known = true;
	ret_g->switch_number = f.switch_number;
	if ((f.locked != 1 && !waiting) || !f.last_holder ||
	    !read_ids(c, f.last_holder, waiting, &ids))
		return;
	ret_g->was_mine = gs_is_self(task, ids.self);
	ret_g->mine = f.locked == 1 && ret_g->was_mine;
	if (waiting && ids.native < TID_LIMIT)
		ret_g->holder = ids.native;
}

#endif
