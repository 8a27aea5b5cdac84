/*
 * The Python stacks of a process, now, read out of its memory while it runs: its interpreters,
 * their threads, and the frames of each.
 */
#ifndef GS_USER_TARGET_PY_STACK_H
#define GS_USER_TARGET_PY_STACK_H

#include <stddef.h>

#include "bpf/frames.h"
#include "user/base/err.h"
#include "user/target/process.h"
#include "user/target/py_code.h"

#define PY_INTERPS_MAX 256
#define PY_THREADS_MAX 4096 /* of an interpreter, and told of a process */

/* An interpreter. */
struct py_interp {
	u64 addr;
	s64 id; /* CPython's own: 0 is the main one */
	u64 gil_addr; /* of the GIL it uses; 0: it has none yet */
	bool gil_off; /* it is not used: free-threaded */
	bool gil_known; /* the next two are */
	bool gil_locked;
	u64 gil_holder; /* address of the thread state that took it last; 0: none */
	bool collecting; /* its collector runs */
};

/* A thread of an interpreter: it has a thread state. */
struct py_thread {
	u64 tstate;
	u64 ident; /* pthread_self() */
	pid_t tid; /* the host's; 0: not known */
	pid_t ns_tid; /* as its pid namespace sees it; 0: not known */
	bool gil_requested; /* it says that it waits for the GIL (3.15); else false */
};

/* A frame of a stack. */
struct py_frame {
	const struct py_code *code; /* NULL: unknown; valid until the next stack is read */
	s32 line; /* 0: none, or unknown */
	u32 flags; /* GS_FRAME_* */
	u32 walked; /* which one of the walk it is */
};

struct py_stack {
	size_t n;
	struct py_frame frame[GS_FRAMES_MAX]; /* newest first */
	u32 end; /* GS_FRAMES_WHOLE ...: how the walk ended */
	u32 walked; /* frames of the walk, those of CPython's own included, and their flags */
	u32 walked_flags[GS_FRAMES_MAX];
	bool steady; /* the thread stood still, or two walks saw the same */
	bool holds_gil; /* at that moment: a thread takes and drops it only while it runs */
	u32 walks; /* it took */
	char state; /* as in proc(5); 0: not known */
};

struct py_stacks; /* what is kept between stacks of one process */

/* Is it known where the frames and names of the interpreter @b are? */
bool py_stacks_known(const struct py_binary *b);

/*
 * py_stacks_new - get ready for the stacks of @p, which is borrowed
 * Return: 0; -ENOTSUP (5) with @e naming the version whose frames are not known; -ENOMEM.
 */
int py_stacks_new(const struct py_process *p, struct py_stacks **ret_s, struct err *e);

/* Free, and leave the calling thread on the CPUs it was on.  NULL is fine. */
void py_stacks_free(struct py_stacks *s);

/*
 * py_stacks_also - have @also called with each walk, at its moment: what it sees last is of the
 * stack that py_stack_read() hands out
 */
typedef void py_stacks_look(const struct py_interp *interp, const struct py_thread *t, void *arg);
void py_stacks_also(struct py_stacks *s, py_stacks_look *also, void *arg);

/* The interpreters, the main one first.  Return: how many, or a negative errno. */
int py_interps_read(const struct py_process *p, struct py_interp list[PY_INTERPS_MAX]);

/*
 * py_threads_read - the threads of @interp, the oldest first
 * @ret_list: malloc()ed, the caller's to free; the list may change while it is read, and what does
 *            not point back to @interp ends it
 * Return: how many, or a negative errno.
 */
int py_threads_read(const struct py_process *p, const struct py_interp *interp,
		    struct py_thread **ret_list);

/* The stack of @t, a thread of @interp, as it is now. */
void py_stack_read(struct py_stacks *s, const struct py_interp *interp, const struct py_thread *t,
		   struct py_stack *ret_stack);

/*
 * py_thread_waits - does @t wait for the GIL of @interp?
 * Either it says so itself (3.15), or the kernel says that it sleeps on one of that GIL's
 * conditions.  A waiter that has just woken to look at its time limit may be missed.
 * Return: 1, 0, or a negative errno where the kernel does not tell.
 */
int py_thread_waits(const struct py_process *p, const struct py_interp *interp,
		    const struct py_thread *t);

#endif
