/*
 * Figures from events: what `stat` would have said at any moment of the recording.
 *
 * The replay keeps cumulative figures, as the kernel side does while it measures.  What was
 * going on at a moment (a hold, a wait) is told only when it ends; so for figures at a moment
 * within the recording a first pass collects what was open then (replay_marks), and a second one
 * makes the figures.
 */
#ifndef GS_USER_TRACE_REPLAY_H
#define GS_USER_TRACE_REPLAY_H

#include "user/model/figures.h"
#include "user/model/trace.h"

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
	/* Called at each moment of @marks, in order: cumulative figures, the callee's to free. */
	const struct replay_marks *marks; /* NULL: none */
	int (*at)(void *ctx, u64 moment_ns, struct figures *f);
	void *ctx;
};

/* NULL without memory. */
struct replay *replay_new(const struct replay_opts *o);

struct trace_sink replay_sink(struct replay *r);

/* The whole recording's figures, after the last event; NULL without memory. */
struct figures *replay_figures(struct replay *r);

struct replay *replay_free(struct replay *r);

#endif
