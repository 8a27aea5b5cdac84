/*
 * The agent's HTTP server: libmicrohttpd, run by the agent's own loop, without threads.
 *
 *   GET or HEAD  /metrics  the exposition     /healthz, /-/ready  "ok"     else 404, 405
 *
 * Users and passwords, where there are some, are asked for before everything but "ok".
 *
 * Everything is bounded: connections, the size of a request, the time until it is whole.  For one
 * connection too many the one that has gone longest without a whole request is closed, so a
 * scrape gets through whoever else holds connections open.
 */
#ifndef GS_USER_AGENT_HTTP_H
#define GS_USER_AGENT_HTTP_H

#include "bpf/types.h"
#include "user/agent/config.h"
#include "user/agent/expose.h"
#include "user/base/err.h"

struct http;

struct http_ops {
	/* The exposition into a new file: *@ret_fd, which is given away, of *@ret_size bytes.
	 * 0 or a negative errno. */
	int (*metrics)(void *ctx, enum trace_metric_form form, int *ret_fd, u64 *ret_size);
	/* Is there a reading to answer from? */
	bool (*ready)(void *ctx);
	struct agent_state *state; /* its requests, refused, cut are counted */
};

/*
 * http_open - listen at config->listen
 *
 * Return: 0, or a negative errno with @e set: exit code 2 for what the configuration says (off the
 * loopback without TLS, authentication or insecure; files that cannot be used), 1 for what the
 * system does (the port is taken), 3 where it is not permitted.
 */
int http_open(const struct agent_config *config, const struct http_ops *ops, void *ctx,
	      struct http **ret_h, struct err *e);

/*
 * Go on by another configuration, at the same address; requests that are being answered are, to
 * their end.  As above; if it fails all stays as it is.
 */
int http_configure(struct http *h, const struct agent_config *config, struct err *e);

/* Where it listens: "127.0.0.1:9774"; with port 0 configured, which one it got. */
const char *http_address(const struct http *h);

/* Readable when http_run() has something to do. */
int http_fd(const struct http *h);

/* When http_run() has something to do in any case: CLOCK_MONOTONIC. */
u64 http_next_ns(const struct http *h);

/* Take and answer what there is; never waits. */
void http_run(struct http *h);

struct http *http_close(struct http *h); /* NULL is fine; returns NULL */

#endif
