/* What free-threaded builds wait for, in the replay (replay_ft.c); a part of replay_private.h. */
#ifndef GS_USER_TRACE_REPLAY_FT_H
#define GS_USER_TRACE_REPLAY_FT_H

#include "user/trace/replay_private.h"

int rp_ft_time(struct replay *r, const struct event *ev);
int rp_ft_critical(struct replay *r, const struct event *ev);

/* Has the recording what threads of @p waited for instead of a GIL? */
bool rp_has_ft(const struct replay *r, const struct rp_process *p);

/* What a thread's row has of it; all null if there is nothing. */
void rp_ft_thread(bool has_ft, struct fig_ft_thread *row);

/* Its rows; false without memory. */
bool rp_ft_rows(const struct rp_process *p, struct fig_process *out);

#endif
