/*
 * Figures from events: what `stat` would have said at any moment of the recording.
 *
 * The replay keeps cumulative figures, as the kernel side does while it measures.  What was
 * going on at a moment (a hold, a wait) is told only when it ends; so for figures at a moment
 * within the recording a first pass collects what was open then (replay_marks), and a second one
 * makes the figures.
 *
 * Memory: per living thread and process, plus what `stat` keeps of ended ones (REPLAY_MAX_*), plus
 * the lists; with marks also one entry per moment and thread with something open then.
 *
 * Labels that figures do not own (of probes) belong to the replay: free the figures first.
 */
#ifndef GS_USER_TRACE_REPLAY_H
#define GS_USER_TRACE_REPLAY_H

#include "user/model/figures.h"
#include "user/model/trace.h"

#define REPLAY_MAX_EXITED 128 /* ended processes that are shown; as in stat */
#define REPLAY_MAX_RETIRED \
	512 /* ended threads of a process that are shown one by one; as in stat */
#define REPLAY_MAX_COLLECTIONS \
	4096 /* the latest of a process, held against its waits: what a wait \
	      * overlaps with older ones is missing in stalled_ns */
#define REPLAY_MAX_RANGES 1000 /* rows of lost_ranges; with more, neighbours become one */

struct replay;
struct replay_marks;

/* Moments in ascending order, CLOCK_MONOTONIC ns.  NULL without memory. */
struct replay_marks *replay_marks_new(const u64 *moments_ns, size_t n);

/* First pass: a sink that notes what is open at each moment. */
struct trace_sink replay_marks_sink(struct replay_marks *m);
void replay_marks_free(struct replay_marks *m);

struct replay_opts {
	u32 tid; /* this thread only (its process's other figures stay null); 0: all */
	size_t top; /* length of the lists of the longest; 0: none */
	/* The lists are of what ended after from_ns and not after to_ns, CLOCK_MONOTONIC; to_ns 0:
	 * no limit. */
	u64 from_ns, to_ns;
	/* Called at each moment of @marks, in order: cumulative figures, the callee's to free.
	 * Their overhead is null and they have no lists.  Moments not before the last event are
	 * called by replay_figures().  It returns 0, or a negative errno, which ends the reading.
	 */
	const struct replay_marks *marks; /* NULL: none */
	int (*at)(void *ctx, u64 moment_ns, struct figures *f);
	void *ctx;
};

/* NULL without memory. */
struct replay *replay_new(const struct replay_opts *o);

struct trace_sink replay_sink(struct replay *r);

/* The whole recording's figures, after the last event; NULL without memory or if `at` failed. */
struct figures *replay_figures(struct replay *r);

/* Add `longest` and `lost_ranges`, as of the last event, to @f, which has none.  0 or -ENOMEM. */
int replay_lists(const struct replay *r, struct figures *f);

struct replay *replay_free(struct replay *r);

#endif
