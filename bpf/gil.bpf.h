/* Waits for the GIL, as both modes keep them: gil.bpf.c and watch.bpf.c. */
#ifndef GS_BPF_GIL_BPF_H
#define GS_BPF_GIL_BPF_H

#include "bpf/core.bpf.h"
#include "bpf/gils.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/stacks.bpf.h"

#define GS_GIL_LOCKED 8 /* from last_holder to locked; user space has checked it */

extern u32 gs_gil_seen; /* exact mode: somebody has waited, so a wake-up may matter */

/*
 * Exact mode: the current thread, @t, may be between letting go of its GIL, or taking one, and the
 * site after that: what does the GIL's memory say at @now?  take_gil() and drop_gil() store to
 * `locked` before they wake anybody (CPython 3.11 Python/ceval_gil.h).
 */
int gil_looks(struct gs_thread *t, u64 now);

/* The same at a wake-up of a thread that sleeps in a futex; a timer's can come at any moment. */
int gil_wakes(void);

/*
 * The last wake-up of @t from a call has reached the GIL at @at; it has waited for it for @waited.
 * A global function: its pointers must not be NULL, the verifier thinks they may.
 */
int io_reached_gil(struct gs_thread *t, struct gs_proc *p, u64 at, u64 waited);

/* Time spent in collections of @generation up to @now, the one going on included. */
static __always_inline u64 gc_time(struct gs_gil *g, u32 generation, u64 now)
{
	u64 ns = g->gc_total_ns[generation];
	u64 since = g->gc_since_ns;

	if (since && g->gc_generation == generation && now > since)
		ns += now - since;
	return ns;
}

/*
 * The first waiter begins a contended stretch and the last one ends it.  The beginning is read
 * before the count goes down: as long as we are counted nobody else can begin one.
 */
static __always_inline void waiter_adds(struct gs_gil *g, u64 now)
{
	if (gs_measures(GS_FAMILY_STACKS))
		__sync_fetch_and_add(&g->waited, GS_WAITED_COMES(now));
	if (!__sync_fetch_and_add(&g->waiters, 1))
		g->contended_since_ns = now;
}

/* Returns the length of the stretch that ended with it; 0: none did. */
static __always_inline u64 waiter_leaves(struct gs_gil *g, u64 now)
{
	u64 since = *(volatile u64 *)&g->contended_since_ns;

	if (gs_measures(GS_FAMILY_STACKS))
		__sync_fetch_and_add(&g->waited, GS_WAITED_LEAVES(now));
	if (__sync_fetch_and_add(&g->waiters, -1) != 1 || now <= since)
		return 0;
	__sync_fetch_and_add(&g->contended_ns, now - since);
	return now - since;
}

/* The wait of @t for @g that ends at @now was in part one for the collector. */
static __always_inline void gil_stalled(struct gs_thread *t, struct gs_proc *p, struct gs_gil *g,
					u64 now)
{
	for (int i = 0; i < GS_GC_GENERATIONS; i++) {
		u64 total = gc_time(g, i, now), before = t->gc_at_wait_ns[i];

		if (total > before)
			__sync_fetch_and_add(&p->gc[i].stalled_ns, total - before);
	}
}

/*
 * The part that a GIL has in its threads' totals is kept with it, unless it is the main
 * interpreter's: that one has the rest.  Several CPUs can add at once.
 */
static __always_inline void gil_adds(const struct gs_thread *t, u64 *total, u64 n)
{
	if (t->gil && n)
		__sync_fetch_and_add(total, n);
}

#endif
