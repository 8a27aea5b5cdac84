/*
 * What is known of a process's stacks: what the kernel side counted in each, with what it did in
 * the middle of something; and how that becomes rows of figures, live and of a recording.
 */
#ifndef GS_USER_MODEL_STACK_ROWS_H
#define GS_USER_MODEL_STACK_ROWS_H

#include <stddef.h>

#include "bpf/state.h"
#include "user/model/figures.h"

/* One stack of one thread, since the start. */
struct stack_row {
	u32 tid; /* 0: threads that have ended, or are not known */
	u64 id; /* 0: no stack */
	const struct fig_frames *frames; /* NULL if id is 0 */
	struct gs_stack_cost cost; /* counted */
	/* What is going on: counted later, and no longer here then. */
	u64 open_wait_ns, open_preempted_ns, open_blocked_ns;
	struct gs_stack_cost told; /* of it, to a recorder */
	/* stack_rows_share()'s: what was shared out to it, and the weights that had been counted
	 * by then. */
	u64 on_cpu_ns, caused_ns, deallocs;
	u64 samples, causes, dealloc_weight;
};

/* Those of a process, by tid and id. */
struct stack_rows {
	struct stack_row *rows; /* owned */
	size_t n, room;
	u64 period_ns; /* a sample stands for so long */
	bool one_thread; /* of one thread all is known, and of the others nothing */
};

/* The row of @tid and @id, made if there is none; NULL without memory.  Other rows may move. */
struct stack_row *stack_rows_row(struct stack_rows *s, u32 tid, u64 id);

/*
 * stack_rows_limit - what is going on, or not counted yet, is no more than what is left
 * @rows, @n: of one thread; the first one is that of no stack, and left out
 * @wait_ns, @preempted_ns, @off_ns: the thread's own; FIG_NULL: not known, then there is no limit
 */
void stack_rows_limit(struct stack_row *rows, size_t n, u64 wait_ns, u64 preempted_ns, u64 off_ns);

/* That row; NULL: there is none. */
struct stack_row *stack_rows_find(const struct stack_rows *s, u32 tid, u64 id);

/*
 * stack_rows_share - the rows of out->stacks as of now, from what has been counted
 * @out: its threads, blame, collections and types are as of now
 *
 * With one_thread nobody knows how long others waited for it: caused_wait_ns is FIG_NULL.
 *
 * Invariant: rows of a thread add up to the thread's own figures.  Return: 0 or -ENOMEM.
 */
int stack_rows_share(struct stack_rows *s, struct fig_process *out);

#endif
