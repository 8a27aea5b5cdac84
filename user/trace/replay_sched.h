/* What held up threads on their way to a CPU, replayed; a part of replay_private.h. */
#ifndef GS_USER_TRACE_REPLAY_SCHED_H
#define GS_USER_TRACE_REPLAY_SCHED_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/state.h"
#include "user/model/figures.h"

struct replay;
struct rp_process;
struct rp_thread;
struct event;

/* Of a thread. */
struct rp_thread_sched {
	struct gs_blocked blocked[GS_BLOCKED_ROWS]; /* as the kernel side keeps them */
	u32 open_in; /* what is open off the CPU at the moment is asleep in this */
};

/* Of a process. */
struct rp_sched {
	struct fig_process kept; /* rows of ended threads: `blocked` alone; owned */
	struct fig_cpu cpu; /* as told last */
};

/* Was time off the CPU told with what it was spent in, and so on? */
bool rp_has_split(const struct replay *r);

/* Thread @t has slept for event @ev. */
void rp_blocked(struct rp_thread *t, const struct event *ev);

/* @t has ended: keep its rows.  0 or -ENOMEM. */
int rp_blocked_end(struct rp_thread *t);

/* Rows of @p as of @now_ns, into @out.  False without memory. */
bool rp_blocked_rows(const struct rp_process *p, u64 now_ns, struct fig_process *out);

void rp_sched_init(struct rp_sched *s);
void rp_sched_free(struct rp_sched *s);

#endif
