/*
 * What is kept of who made whom wait (gs_blame).
 *
 * Written by the waiter, read by user space.  Watch mode charges each sleep of a wait to the holder
 * that was seen when it began.  In exact mode a wait is charged, when it ends, to all the threads
 * that had the GIL in it, by the GIL's own list of them (gs_gil.pass); where that is too short, in
 * good time before.  Each moment is charged to the thread that was the last to own the GIL: to a
 * holder that has released it, too, for as long as nobody else has taken it.
 */
#ifndef GS_BPF_BLAME_H
#define GS_BPF_BLAME_H

#include "bpf/gil.h"
#include "bpf/types.h"

#define GS_BLAME_PAIRS 16384
#define GS_BLAMED_NOBODY 0xffffffffu

/* Key of gs_blame. */
struct gs_blame_key {
	u32 pid;
	u32 holder; /* 0: unknown; exact mode: tid as the host sees it; watch mode: as its pid
		       namespace does (native_thread_id) */
	u32 waiter; /* tid as the host sees it */
	u32 pad;
};

struct gs_blame {
	u64 waits; /* watch mode: waits, or parts of one, that began while the holder held; exact
		      mode: parts of waits in which it held */
	u64 wait_ns;
};

_Static_assert(sizeof(struct gs_blame_key) == 16, "gs_blame_key is ABI");
_Static_assert(sizeof(struct gs_blame) == 16, "gs_blame is ABI");

/* A wait that is being charged: up to when, and who held the GIL then. */
struct gs_blame_walk {
	u64 ns;
	u64 pass; /* the GIL's next one */
	u32 holder; /* 0: unknown */
};

/*
 * gs_blame_next - the next part of the wait of @waiter for @g, up to @now
 * @passes: the GIL's, read once
 * @ret_ns: its length; can be 0
 *
 * Who waits cannot hold: where the list says so, the next holder has it already and was not
 * seen yet.  False: there is nothing left; no more calls than GS_PASSES + 1 come before that.
 */
static inline __attribute__((always_inline)) _Bool gs_blame_next(struct gs_blame_walk *w,
								 const struct gs_gil *g, u64 passes,
								 u64 now, u32 waiter,
								 u32 *ret_holder, u64 *ret_ns)
{
	const struct gs_pass *to;
	u32 holder;
	u64 at;

	*ret_ns = 0;
	if (now <= w->ns)
		return 0;
	if (w->pass + GS_PASSES < passes) { /* the oldest are gone */
		w->pass = passes - GS_PASSES;
		w->holder = 0;
	}
	holder = w->holder;
	*ret_holder = holder == waiter ? 0 : holder;
	to = &g->pass[w->pass & (GS_PASSES - 1)];
	at = *(const volatile u64 *)&to->ns;
	if (w->pass < passes && at <= now) {
		w->pass++;
		w->holder = to->tid;
		if (at <= w->ns || holder == waiter)
			return 1;
	} else {
		at = now;
	}
	*ret_ns = at - w->ns;
	w->ns = at;
	return 1;
}

#endif
