/*
 * gilscope_process_* and gilscope_thread_*: which of the running there is room for, and their
 * samples.
 *
 * Room is given by importance, not by process: first all processes' figures of the GIL, then those
 * of the collector and so on (part_tables), then threads, and types last of all.  From the first
 * that does not fit on all are left out, and counted.
 */
#ifndef GS_USER_AGENT_RUNNING_H
#define GS_USER_AGENT_RUNNING_H

#include "user/agent/counters.h"

/* A thread that is told. */
struct running_thread {
	const struct fig_thread *row; /* of c->last */
	char *labels; /* owned */
};

/* Of one exposition. */
struct running {
	struct running_thread *threads; /* owned */
	size_t nthreads;
	size_t left_out; /* series */
};

/* Choose, and make the labels of those chosen that have none yet; what finds no memory is left out.
 */
void running_choose(const struct counters *c, struct running *ret_r);

/* The samples of metric @d, but for levels, with its descriptions. */
void running_write(struct trace_metrics *m, const struct counters *c, const struct running *r,
		   const struct trace_metric *d);

void running_done(struct running *r);

/* The type of @d, as trace_metric_begin() takes it. */
const char *running_type(const struct trace_metric *d);

#endif
