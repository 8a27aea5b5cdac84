/* Taking requests and answering them; see http.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "user/agent/http_private.h"
#include "user/base/clock.h"

#define KEEP_NS 200000000ULL /* an answer serves all who ask within this */

static const char *const content_types[] = {
	[METRICS_BOTH] = "text/plain; charset=utf-8",
	[METRICS_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
	[METRICS_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

static enum MHD_Result queue(struct http *h, struct MHD_Connection *c, unsigned int code,
			     struct MHD_Response *r)
{
	h->ops.state->requests++;
	h->ops.state->refused += code != MHD_HTTP_OK;
	return MHD_queue_response(c, code, r);
}

/* A short text, as the whole answer. */
static struct MHD_Response *text_response(const char *text)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);

	if (r)
		MHD_add_response_header(r, "Content-Type", content_types[METRICS_BOTH]);
	return r;
}

static enum MHD_Result answer_text(struct http *h, struct MHD_Connection *c, unsigned int code,
				   const char *text, const char *header, const char *value)
{
	struct MHD_Response *r = text_response(text);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	if (header)
		MHD_add_response_header(r, header, value);
	result = queue(h, c, code, r);
	MHD_destroy_response(r);
	return result;
}

void http_forget(struct http *h)
{
	for (size_t i = 0; i < sizeof(h->metrics) / sizeof(h->metrics[0]); i++) {
		if (h->metrics[i])
			MHD_destroy_response(h->metrics[i]);
		h->metrics[i] = NULL;
	}
}

/* The exposition in @form, a moment old at most; NULL: there is none. */
static struct MHD_Response *metrics(struct http *h, enum trace_metric_form form)
{
	u64 now = clock_mono_ns(), size;
	struct MHD_Response *r;
	int fd;

	if (h->metrics[form] && now - h->made_ns[form] < KEEP_NS)
		return h->metrics[form];
	if (h->ops.metrics(h->ctx, form, &fd, &size))
		return NULL;
	r = MHD_create_response_from_fd(size, fd);
	if (!r) {
		close(fd);
		return NULL;
	}
	MHD_add_response_header(r, "Content-Type", content_types[form]);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	if (h->metrics[form])
		MHD_destroy_response(h->metrics[form]);
	h->metrics[form] = r;
	h->made_ns[form] = now;
	return r;
}

static enum MHD_Result answer_metrics(struct http *h, struct MHD_Connection *c)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept");
	struct MHD_Response *r = metrics(h, expose_form(accept));

	if (!r)
		return answer_text(h, c, MHD_HTTP_SERVICE_UNAVAILABLE, "no figures now\n",
				   "Retry-After", "1");
	return queue(h, c, MHD_HTTP_OK, r);
}

static enum auth_answer check_user(struct http *h, struct MHD_Connection *c)
{
	char *user, *password = NULL;
	enum auth_answer answer = AUTH_NO;

	user = MHD_basic_auth_get_username_password(c, &password);
	if (user && password)
		answer = auth_check(h->auth, user, password, clock_mono_ns());
	if (password)
		explicit_bzero(password, strlen(password));
	MHD_free(user);
	MHD_free(password);
	return answer;
}

static enum MHD_Result refuse_user(struct http *h, struct MHD_Connection *c)
{
	struct MHD_Response *r = text_response("user and password, please\n");
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	h->ops.state->requests++;
	h->ops.state->refused++;
	result = MHD_queue_basic_auth_fail_response(c, "gilscope", r);
	MHD_destroy_response(r);
	return result;
}

/*
 * Those who restart or wait for the agent have no password (kubelet's probes), and get to know no
 * more than that it runs: *@ret_result.  False: @url is none of theirs.
 */
static bool answer_probe(struct http *h, struct MHD_Connection *c, const char *url,
			 enum MHD_Result *ret_result)
{
	bool ready = !strcmp(url, "/-/ready");

	if (!ready && strcmp(url, "/healthz") != 0)
		return false;
	if (ready && !h->ops.ready(h->ctx))
		*ret_result =
			answer_text(h, c, MHD_HTTP_SERVICE_UNAVAILABLE, "not yet\n", NULL, NULL);
	else
		*ret_result = answer_text(h, c, MHD_HTTP_OK, "ok\n", NULL, NULL);
	return true;
}

static struct connection *find(struct http *h, const struct MHD_Connection *c)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->list[i].of == c)
			return &h->list[i];
	return NULL;
}

enum MHD_Result http_answer(void *cls, struct MHD_Connection *c, const char *url,
			    const char *method, const char *version, const char *data, size_t *size,
			    void **of_request)
{
	struct http *h = cls;
	struct connection *known = find(h, c);
	enum MHD_Result result;
	enum auth_answer user;

	if (known)
		known->busy = true;
	(void)version, (void)data, (void)size, (void)of_request;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(h, c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n",
				   "Allow", "GET, HEAD");
	if (answer_probe(h, c, url, &result))
		return result;
	user = h->auth ? check_user(h, c) : AUTH_YES;
	if (user == AUTH_LATER)
		return answer_text(h, c, MHD_HTTP_TOO_MANY_REQUESTS, "again in a second\n",
				   "Retry-After", "1");
	if (user == AUTH_NO)
		return refuse_user(h, c);
	if (!strcmp(url, "/metrics"))
		return answer_metrics(h, c);
	return answer_text(h, c, MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /-/ready\n",
			   NULL, NULL);
}

/* The library sees the end of the connection, and closes it. */
static void cut(struct http *h, struct connection *c)
{
	if (c->fd < 0)
		return;
	(void)shutdown(c->fd, SHUT_RDWR);
	c->fd = -1;
	h->ops.state->cut += !c->answered;
}

static void make_room(struct http *h)
{
	struct connection *oldest = NULL;
	size_t open = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct connection *c = &h->list[i];

		if (c->fd < 0)
			continue;
		open++;
		if (!oldest || c->since_ns < oldest->since_ns)
			oldest = c;
	}
	if (open >= h->max_connections)
		cut(h, oldest);
}

void http_connected(void *cls, struct MHD_Connection *c, void **of_socket,
		    enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;
	struct connection *known = find(cls, c);
	struct http *h = cls;

	(void)of_socket;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (known)
			*known = h->list[--h->n];
		return;
	}
	if (h->n == CONNECTIONS_MAX)
		return;
	make_room(h);
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	h->list[h->n++] = (struct connection) {
		.of = c,
		.fd = info ? info->connect_fd : -1,
		.since_ns = clock_mono_ns(),
	};
}

void http_completed(void *cls, struct MHD_Connection *c, void **of_request,
		    enum MHD_RequestTerminationCode how)
{
	struct connection *known = find(cls, c);

	(void)of_request;
	if (!known)
		return;
	known->busy = false;
	if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK)
		return;
	known->since_ns = clock_mono_ns();
	known->answered = true;
	if (known->old)
		cut(cls, known);
}

void http_stop_old(struct http *h)
{
	for (size_t i = 0; i < OLD_MAX; i++) {
		if (h->old[i])
			MHD_stop_daemon(h->old[i]);
		h->old[i] = NULL;
	}
}

/* Who waits for nothing is closed: it asks the new daemon, by a new connection. */
void http_retire(struct http *h, struct MHD_Daemon *next)
{
	size_t free = 0;

	for (size_t i = 0; i < h->n; i++) {
		h->list[i].old = true;
		if (h->list[i].answered && !h->list[i].busy)
			cut(h, &h->list[i]);
	}
	while (free < OLD_MAX && h->old[free])
		free++;
	if (free == OLD_MAX) {
		http_stop_old(h);
		free = 0;
	}
	h->old[free] = h->daemon;
	h->daemon = next;
}

int http_fd(const struct http *h)
{
	return h->epoll_fd;
}

/* When @d has something to do in any case, if that is before @next. */
static u64 earlier(struct MHD_Daemon *d, u64 now, u64 next)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (d && MHD_get_timeout(d, &ms) == MHD_YES && now + ms * 1000000 < next)
		return now + ms * 1000000;
	return next;
}

/* An old daemon goes on until it has nobody any more: for http_run()'s limit of time, at most. */
static void run_old(struct MHD_Daemon **d)
{
	const union MHD_DaemonInfo *info;

	(void)MHD_run(*d);
	info = MHD_get_daemon_info(*d, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	if (info && info->num_connections)
		return;
	MHD_stop_daemon(*d);
	*d = NULL;
}

u64 http_next_ns(const struct http *h)
{
	u64 now = clock_mono_ns(), next = UINT64_MAX;

	for (size_t i = 0; i < h->n; i++)
		if (h->list[i].fd >= 0 && h->list[i].since_ns + h->timeout_ns < next)
			next = h->list[i].since_ns + h->timeout_ns;
	for (size_t i = 0; i < OLD_MAX; i++)
		next = earlier(h->old[i], now, next);
	return earlier(h->daemon, now, next);
}

void http_run(struct http *h)
{
	u64 now = clock_mono_ns();

	for (size_t i = 0; i < h->n; i++)
		if (h->list[i].since_ns + h->timeout_ns <= now)
			cut(h, &h->list[i]);
	for (size_t i = 0; i < OLD_MAX; i++)
		if (h->old[i])
			run_old(&h->old[i]);
	(void)MHD_run(h->daemon);
}
