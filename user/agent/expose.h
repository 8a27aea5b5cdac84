/*
 * The exposition: the agent's counters and its own state, as OpenMetrics 1.0 or Prometheus text.
 *
 * gilscope_… and cpython_gc_… are of services and never go back; gilscope_process_… and
 * gilscope_thread_…, where asked for, repeat the figures of what runs, so nothing is in a sum
 * twice.
 */
#ifndef GS_USER_AGENT_EXPOSE_H
#define GS_USER_AGENT_EXPOSE_H

#include "user/agent/counters.h"
#include "user/agent/otlp.h"
#include "user/agent/trigger.h"
#include "user/base/out.h"

/* What the agent knows of itself. */
struct agent_state {
	u64 started_unix_ns;
	u64 reading_ns; /* how long the last reading took */
	u64 pace_ns; /* until the next one that nobody asks for */
	u64 readings;
	u64 reloads, failed_reloads;
	u64 requests; /* of HTTP, answered */
	u64 refused; /* of them, with another code than 200 */
	u64 cut; /* connections closed: too slow, or too many */
	struct otlp_counts otlp;
	const struct trigger_counts *recordings; /* not owned; NULL: no limit makes any */
};

/* Write all of it; what fails is in out->err. */
void expose_write(struct out *out, enum trace_metric_form form, const struct counters *c,
		  const struct agent_state *state);

/* The same metrics to @sink. */
void expose_to(const struct trace_metric_sink *sink, void *ctx, const struct counters *c,
	       const struct agent_state *state);

/*
 * expose_form - which of the two an Accept header asks for
 * @accept: NULL: none was sent
 *
 * OpenMetrics if its quality is not 0 and not below that of plain text.
 */
enum trace_metric_form expose_form(const char *accept);

#endif
