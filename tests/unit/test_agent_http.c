/* The agent's server: who is answered what, with users and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/agent/http.h"

#define TURNS 20000 /* of the server's loop, until it has answered for certain */

/* bob:secret, as openssl passwd -6 -salt saltsalt writes it */
#define BOB \
	"bob:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDe" \
	"hy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1\n"

struct server {
	struct agent_config config;
	struct agent_state counts;
	bool ready;
	struct http *http;
	char users[32];
};

static int metrics(void *ctx, enum trace_metric_form form, int *ret_fd, u64 *ret_size)
{
	int fd = memfd_create("test", 0);

	(void)ctx, (void)form;
	*ret_size = 9;
	*ret_fd = fd;
	return write(fd, "a_total 1", 9) == 9 ? 0 : -1;
}

static bool ready(void *ctx)
{
	const struct server *s = ctx;

	return s->ready;
}

static void set_up(struct server *s, bool with_users)
{
	struct http_ops ops = { .metrics = metrics, .ready = ready, .state = &s->counts };
	struct err e = {};
	int fd;

	memset(s, 0, sizeof(*s));
	assert_int_equal(config_load(NULL, &s->config, &e), 0);
	strcpy(s->config.listen, "127.0.0.1:0");
	strcpy(s->users, "/tmp/gilscope-test-XXXXXX");
	fd = mkstemp(s->users);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, BOB, strlen(BOB)), strlen(BOB));
	close(fd);
	if (with_users)
		strcpy(s->config.auth_file, s->users);
	assert_int_equal(http_open(&s->config, &ops, s, &s->http, &e), 0);
}

static void tear_down(struct server *s)
{
	s->http = http_close(s->http);
	unlink(s->users);
}

/* The code that GET @path is answered with; @user: its Authorization, or "". */
static int code_of(struct server *s, const char *path, const char *user)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), code = 0;
	struct sockaddr_in to = { .sin_family = AF_INET };
	char text[512] = "";

	to.sin_port = htons((u16)atoi(strchr(http_address(s->http), ':') + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, user);
	for (bool sent = false; !sent;)
		sent = send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
	for (size_t i = 0; i < TURNS && !code; i++) {
		ssize_t n;

		http_run(s->http);
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n > 0 && !strncmp(text, "HTTP/1.1 ", 9))
			code = atoi(text + 9);
	}
	close(fd);
	return code;
}

#define RIGHT "Authorization: Basic Ym9iOnNlY3JldA==\r\n" /* bob:secret */
#define WRONG "Authorization: Basic Ym9iOndyb25n\r\n" /* bob:wrong */

static void probes_need_no_password(void **state)
{
	struct server s;

	(void)state;
	set_up(&s, true);
	assert_int_equal(code_of(&s, "/healthz", ""), 200);
	assert_int_equal(code_of(&s, "/-/ready", ""), 503);
	s.ready = true;
	assert_int_equal(code_of(&s, "/-/ready", ""), 200);
	/* nor is one worked out for them: else the right one would have to wait */
	assert_int_equal(code_of(&s, "/healthz", WRONG), 200);
	assert_int_equal(code_of(&s, "/metrics", RIGHT), 200);
	tear_down(&s);
}

static void all_else_does(void **state)
{
	static const char *const paths[] = { "/metrics",  "/",
					     "/healthz/", "/healthz/../metrics",
					     "/-/ready2", "//healthz",
					     "/%68ealthz" };
	struct server s;

	(void)state;
	set_up(&s, true);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(code_of(&s, paths[i], ""), 401);
	assert_int_equal(s.counts.refused, s.counts.requests);
	assert_int_equal(code_of(&s, "/metrics", RIGHT), 200);
	assert_in_set(code_of(&s, "/metrics", WRONG), ((const uintmax_t[]) { 401, 429 }), 2);
	assert_int_equal(code_of(&s, "/other", RIGHT), 404);
	tear_down(&s);
}

static void without_users_all_is_answered(void **state)
{
	struct server s;

	(void)state;
	set_up(&s, false);
	assert_int_equal(code_of(&s, "/metrics", ""), 200);
	assert_int_equal(code_of(&s, "/healthz", ""), 200);
	assert_int_equal(code_of(&s, "/-/ready", ""), 503);
	assert_int_equal(code_of(&s, "/other", ""), 404);
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probes_need_no_password),
		cmocka_unit_test(all_else_does),
		cmocka_unit_test(without_users_all_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
