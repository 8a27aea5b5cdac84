/* One request of OTLP/HTTP: packed, sent, and what the collector said to it. */
#ifndef GS_USER_AGENT_OTLP_SEND_H
#define GS_USER_AGENT_OTLP_SEND_H

#include "user/agent/config.h"
#include "user/base/err.h"

struct otlp_sender;

struct otlp_sent {
	enum otlp_result {
		OTLP_TAKEN,
		OTLP_REFUSED, /* never to be sent again */
		OTLP_FAILED, /* may be, later */
	} result;
	u64 later_ns; /* Retry-After; 0: nothing was said */
	u64 rejected_points; /* of what it took */
	char why[160]; /* printable; "" if it was taken whole */
};

/*
 * otlp_sender_new - what is to be sent, and where, by @config
 *
 * Return: 0, or a negative errno with @e set: exit code 2 for files that cannot be used, 1 without
 * memory.
 */
int otlp_sender_new(const struct agent_config *config, struct otlp_sender **ret_s, struct err *e);

/* @bytes as they go over the wire, to be freed; NULL without memory.  From any thread. */
u8 *otlp_sender_pack(const struct otlp_sender *s, const u8 *bytes, size_t size, size_t *ret_size);

/* Send what otlp_sender_pack() made; takes config->otlp_timeout_ns at most.  From one thread. */
void otlp_send(struct otlp_sender *s, const u8 *bytes, size_t size, struct otlp_sent *ret_sent);

/* No attempt goes on after @end_ns (CLOCK_MONOTONIC).  From any thread. */
void otlp_sender_end(struct otlp_sender *s, u64 end_ns);

void otlp_sender_free(struct otlp_sender *s);

/* How long Retry-After asks to wait, in ns; 0: @text is no number of seconds. */
u64 otlp_retry_after(const char *text);

#endif
