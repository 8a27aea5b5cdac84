/* Python stacks, replayed; a part of replay_private.h. */
#ifndef GS_USER_TRACE_REPLAY_STACKS_H
#define GS_USER_TRACE_REPLAY_STACKS_H

#include <stdbool.h>

#include "user/model/stack_rows.h"
#include "user/model/stack_tree.h"

struct replay;
struct replay_marks;
struct rp_process;
struct event;

/* What was told of stacks for a time that a mark is in. */
struct rp_mark_cost {
	u32 pid, tid, frame;
	u64 wait_ns, off_preempted_ns, off_blocked_ns;
};

struct rp_mark_costs {
	struct rp_mark_cost *list; /* owned */
	u32 n, room;
};

/* First pass: note STACK_COST @ev at the marks in its time.  0 or -ENOMEM. */
int rp_marks_cost(struct replay_marks *m, const struct event *ev);

/* At a mark: what is told later counts as going on, as far as there is room for it in the thread's
 * own figures; with @set false no more. */
void rp_mark_costs_apply(const struct replay *r, const struct rp_mark_costs *c, bool set);

/* Rows of @p into @out, which has all else; stacks_measured.  False without memory. */
bool rp_stacks_rows(const struct replay *r, const struct rp_process *p, struct fig_process *out);

void rp_stacks_free(struct rp_process *p);

#endif
