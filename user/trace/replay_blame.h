/* Who made whom wait, replayed; a part of replay_private.h. */
#ifndef GS_USER_TRACE_REPLAY_BLAME_H
#define GS_USER_TRACE_REPLAY_BLAME_H

#include <stdbool.h>
#include <stddef.h>

#include "user/model/figures.h"

struct replay;
struct rp_process;
struct rp_thread;
struct event;

/* A GIL went to another thread. */
struct rp_pass {
	u64 ns; /* that one's first hold began */
	u64 last_ns; /* so did the last one of those that followed each other */
	u32 tid;
};

/* The last of them, of one GIL. */
struct rp_passes {
	struct rp_pass *ring; /* RP_PASSES of them, made when needed; owned */
	u64 n; /* ever */
};

/* Watch mode: parts of the wait that a thread is in, whose holders are told. */
struct rp_part {
	u64 from_ns, to_ns;
	u32 holder;
};

struct rp_parts {
	struct rp_part *list; /* oldest first; owned */
	size_t n, room;
};

/* A wait that has ended.  Who held the GIL last before that may be told a little later. */
struct rp_ended_wait {
	u64 from_ns, to_ns;
	u32 tid;
	u32 gil; /* as rp_thread.gil */
};

#define RP_ENDED_WAITS 64

/* All of a process. */
struct rp_blame {
	struct rp_passes passes; /* of the main interpreter's GIL */
	struct rp_ended_wait waits[RP_ENDED_WAITS];
	size_t nwaits;
	struct fig_blame *pairs; /* open addressing; free: no time, no waits; owned */
	size_t npairs, room; /* a power of two */
};

/* A hold, or a wait, of @t has ended.  0 or -ENOMEM. */
int rp_blame_hold(struct replay *r, struct rp_thread *t, const struct event *ev);
int rp_blame_wait(struct replay *r, struct rp_thread *t, const struct event *ev);

/* A part of a wait of a thread.  0 or -ENOMEM. */
int rp_blame_part(struct replay *r, const struct event *ev);

/* Is it told who made whom wait?  Not of one thread alone, nor in watch mode before format 6. */
bool rp_blame_told(const struct replay *r);

/* Charge the waits that have ended.  0 or -ENOMEM. */
int rp_blame_settle(struct replay *r);

/* Rows of @p as of @now_ns, with the waits that are open then.  False without memory. */
bool rp_blame_rows(const struct replay *r, const struct rp_process *p, u64 now_ns,
		   struct fig_process *out);

void rp_blame_free(struct rp_process *p);

#endif
