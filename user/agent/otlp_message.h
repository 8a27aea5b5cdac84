/*
 * The agent's metrics as OTLP: requests of the metrics service, in protobuf.
 *
 * Names and labels are those of the exposition without _total, so that a collector that writes for
 * Prometheus gives them the same names again, but for OpenTelemetry's own cpython.gc.*.  Each
 * service is a resource (service.name, host.name); the agent's own metrics are those of "gilscope".
 * All sums and histograms are cumulative, from the agent's start on.
 */
#ifndef GS_USER_AGENT_OTLP_MESSAGE_H
#define GS_USER_AGENT_OTLP_MESSAGE_H

#include "user/agent/expose.h"

#define OTLP_POINTS 4000 /* data points of a request at most: some 1 MiB */

struct otlp_taker {
	/* A request: @bytes, to be freed, with @points data points. */
	void (*take)(void *ctx, u8 *bytes, size_t size, size_t points);
	void *ctx;
};

/*
 * otlp_message - all metrics, as one request or several
 * @host: host.name
 * @now_unix_ns: time of the reading, since 1970
 *
 * Return: 0, or -ENOMEM: some may have been given away before.
 */
int otlp_message(const struct counters *c, const struct agent_state *state, const char *host,
		 u64 now_unix_ns, const struct otlp_taker *to);

#endif
