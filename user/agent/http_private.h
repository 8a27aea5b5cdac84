/* What the parts of the server share: http.c takes and answers, http_listen.c sets it up. */
#ifndef GS_USER_AGENT_HTTP_PRIVATE_H
#define GS_USER_AGENT_HTTP_PRIVATE_H

#include <microhttpd.h>

#include "user/agent/auth.h"
#include "user/agent/http.h"

#define CONNECTIONS_MAX 1200 /* more than max_connections can say, and those being closed */

#define OLD_MAX 8 /* one more, and all of them are stopped */

struct connection {
	const struct MHD_Connection *of;
	int fd;
	u64 since_ns; /* its begin, or the end of its last whole request */
	bool answered; /* a request */
	bool busy; /* a request is being answered */
	bool old; /* of a daemon before */
};

struct http {
	struct MHD_Daemon *daemon;
	struct MHD_Daemon *old[OLD_MAX]; /* those before, which answer what they had begun */
	int epoll_fd; /* of all; owned */
	struct http_ops ops;
	void *ctx;
	int listen_fd; /* owned */
	char address[64];
	struct auth *auth; /* owned; NULL: none */
	u64 max_connections, timeout_ns;
	struct connection *list; /* owned; CONNECTIONS_MAX */
	size_t n;
	struct MHD_Response *metrics[METRICS_OPENMETRICS + 1]; /* by form; kept for a moment */
	u64 made_ns[METRICS_OPENMETRICS + 1];
	char why[160]; /* what libmicrohttpd said last, while it is set up */
};

/* The callbacks, as libmicrohttpd wants them. */
enum MHD_Result http_answer(void *cls, struct MHD_Connection *c, const char *url,
			    const char *method, const char *version, const char *data, size_t *size,
			    void **of_request);
void http_connected(void *cls, struct MHD_Connection *c, void **of_socket,
		    enum MHD_ConnectionNotificationCode what);
void http_completed(void *cls, struct MHD_Connection *c, void **of_request,
		    enum MHD_RequestTerminationCode how);

/* The daemon becomes an old one, which ends when it has answered; new connections are @next's. */
void http_retire(struct http *h, struct MHD_Daemon *next);
void http_stop_old(struct http *h); /* whatever they are in the middle of */

/* Drop the answers that are kept. */
void http_forget(struct http *h);

#endif
