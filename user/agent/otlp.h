/*
 * Pushing metrics to an OpenTelemetry collector: OTLP/HTTP, protobuf, by libcurl.
 *
 *   otlp_add ─► QUEUE ─► sent ─┬─ taken (2xx) ───────────────────────► gone
 *                 ▲            ├─ refused (other codes) ─► counted ──► gone
 *                 └── waits ◄──┴─ 429, 502, 503, 504, no answer ─► counted
 *
 * A thread of its own sends, so that a collector that hangs delays nothing; it touches nothing but
 * the queue.  The wait doubles from 1 s to 1 min, by chance some less, or is what Retry-After says.
 * The queue is bounded by number and by bytes: the oldest goes first, and is counted.  As all sums
 * are cumulative, what is dropped costs resolution, not totals.
 */
#ifndef GS_USER_AGENT_OTLP_H
#define GS_USER_AGENT_OTLP_H

#include "user/agent/config.h"
#include "user/base/err.h"

#define OTLP_QUEUE_BYTES (16U << 20) /* waiting requests, compressed */

struct otlp;

/* What became of requests.  They are counted once they are taken, refused or dropped. */
struct otlp_counts {
	u64 taken; /* by the collector */
	u64 refused; /* with an answer that says never to send them again */
	u64 failed; /* attempts that are made again later */
	u64 dropped; /* for want of room, or at the end */
	u64 rejected_points; /* data points that the collector says it left out of what it took */
	u64 waiting; /* now */
};

/*
 * otlp_open - begin to push to config->otlp_endpoint
 * @ret_o: NULL if there is no endpoint
 *
 * Return: 0, or a negative errno with @e set: exit code 2 for what the configuration says (files
 * that cannot be used), 1 without memory or threads.
 */
int otlp_open(const struct agent_config *config, struct otlp **ret_o, struct err *e);

/*
 * otlp_add - put a request into the queue
 * @bytes: protobuf, uncompressed; stays the caller's
 *
 * Without memory it is counted as dropped.  NULL for @o is fine.
 */
void otlp_add(struct otlp *o, const u8 *bytes, size_t size);

/* What became of all requests so far.  NULL for @o: zeros. */
struct otlp_counts otlp_counts(struct otlp *o);

/*
 * otlp_close - end, once each waiting request has been tried, but after @wait_ns at the latest
 *
 * What is waiting then is dropped; *@ret_counts, which may be NULL, has the final counts.  NULL for
 * @o is fine.
 */
void otlp_close(struct otlp *o, u64 wait_ns, struct otlp_counts *ret_counts);

#endif
