/* The event loops of the replay (replay_loops.c); a part of replay_private.h. */
#ifndef GS_USER_TRACE_REPLAY_LOOPS_H
#define GS_USER_TRACE_REPLAY_LOOPS_H

#include "user/trace/replay_private.h"

int rp_iteration(struct replay *r, const struct event *ev);
int rp_step(struct replay *r, const struct event *ev);

/* The thread has ended; its row stays. */
void rp_loop_end(struct rp_thread *t);

/* Rows of @p into @out; false without memory. */
bool rp_loop_rows(const struct rp_process *p, struct fig_process *out);

void rp_loops_new_interval(struct rp_process *p);
void rp_loops_free(struct rp_process *p);

#endif
