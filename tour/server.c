/* server: what makes a small server fast. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/rt_error.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_none.h"
#include "runtime/rt_sock.h"
#include "runtime/rt_task.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"
#include "tour/tour.h"

#define KEYS 10
#define CONNECTIONS 20 /* at most */
#define REQUESTS 50 /* of a connection, at most */
#define REQUEST 4 /* bytes of a request "k07\n", and of its answer "v07\n" */
#define STORE_NS 1000000 /* what a look-up takes */

/* What clients do, and how the server deals with it. */
struct load {
	const char *what;
	int connections, requests;
	bool pipelined, batching, caching, threads;
};

struct server {
	const struct load *load;
	int listener;
	bool known[KEYS];
	unsigned requests, reads, look_ups;
	unsigned answers; /* right ones, counted by the clients */
	struct rt_thread *threads[CONNECTIONS];
	unsigned started;
};

struct connection {
	struct server *server;
	int fd;
};

/* Ask the slow store behind the server, once. */
static void look_up(struct server *s)
{
	const struct timespec time = { 0, STORE_NS };

	s->look_ups++;
	if (rt_coroutine_current()) {
		rt_unref(rt_sleep(STORE_NS));
		return;
	}
	RT_BEGIN_ALLOW_THREADS
	nanosleep(&time, NULL);
	RT_END_ALLOW_THREADS
}

static ssize_t recv_without_gil(int fd, void *bytes, size_t size)
{
	ssize_t n;

	RT_BEGIN_ALLOW_THREADS
	n = recv(fd, bytes, size, 0);
	RT_END_ALLOW_THREADS
	return n;
}

/* [program] */
/* Turn the requests that one read brought into their answers. */
static void answer(struct server *s, char *bytes, size_t n)
{
	int missing = 0;

	s->reads++;
	for (size_t i = 0; i < n; i += REQUEST) {
		bool *known = &s->known[atoi(bytes + i + 1) % KEYS];

		s->requests++;
		missing += !(s->load->caching && *known);
		*known = true;
		bytes[i] = 'v';
	}
	if (missing && s->load->batching)
		missing = 1; /* one question to the store about all of them */
	while (missing--)
		look_up(s); /* 1 ms each, in which others may run */
}

/* A connection as a task: where it waits, the loop runs other tasks. */
static struct rt_object *serve(void *arg)
{
	struct connection *c = arg;
	char bytes[4096];
	ssize_t n;

	while ((n = rt_sock_recv(c->fd, bytes, sizeof(bytes))) > 0) {
		answer(c->server, bytes, (size_t)n);
		if (rt_sock_send(c->fd, bytes, (size_t)n))
			return NULL;
	}
	return n ? NULL : rt_none;
}

/* The same as a thread: where it waits, it lets go of the GIL. */
static void serve_in_thread(void *arg)
{
	struct connection *c = arg;
	char bytes[4096];
	ssize_t n;

	while ((n = recv_without_gil(c->fd, bytes, sizeof(bytes))) > 0) {
		answer(c->server, bytes, (size_t)n);
		(void)send(c->fd, bytes, (size_t)n, MSG_NOSIGNAL);
	}
}
/* [end] */

static void connection_free(void *arg)
{
	struct connection *c = arg;

	close(c->fd);
	free(c);
}

static void thread_main(void *arg)
{
	serve_in_thread(arg);
	connection_free(arg);
}

static int start_thread(struct server *s, struct connection *c)
{
	(void)fcntl(c->fd, F_SETFL, 0); /* blocking */
	if (rt_thread_start(&s->threads[s->started], "server", thread_main, c)) {
		connection_free(c);
		return -1;
	}
	s->started++;
	return 0;
}

/* Accept every connection, then wait for the tasks that serve them. */
static struct rt_object *accept_all(void *arg)
{
	struct server *s = arg;
	struct rt_loop *l = rt_loop_current();
	struct rt_object *tasks[CONNECTIONS];
	size_t n = 0;

	for (int i = 0; i < s->load->connections; i++) {
		struct connection *c = calloc(1, sizeof(*c));

		if (!c)
			break;
		c->server = s;
		c->fd = rt_sock_accept(s->listener);
		if (c->fd < 0) {
			free(c);
			break;
		}
		if (!s->load->threads)
			tasks[n++] = rt_task_new(
				l, rt_coroutine_new("serve", serve, c, connection_free));
		else if (start_thread(s, c))
			break;
	}
	return rt_await(rt_gather(l, false, n, tasks));
}

/* Send @n requests from number @first on in one go, and read and check their answers. */
static int exchange(struct server *s, int fd, int first, int n)
{
	char sent[REQUEST * REQUESTS + 1] = "", got[REQUEST * REQUESTS];
	size_t size = (size_t)n * REQUEST, have = 0;

	for (int i = 0; i < n; i++)
		snprintf(sent + i * REQUEST, REQUEST + 1, "k%02d\n", (first + i) % KEYS);
	if (rt_sock_send(fd, sent, size))
		return -1;
	while (have < size) {
		ssize_t part = rt_sock_recv(fd, got + have, size - have);

		if (part <= 0)
			return -1;
		have += (size_t)part;
	}
	for (int i = 0; i < n; i++)
		s->answers += got[i * REQUEST] == 'v' &&
			      !memcmp(got + i * REQUEST + 1, sent + i * REQUEST + 1, REQUEST - 1);
	return 0;
}

static struct rt_object *client(void *arg)
{
	struct server *s = arg;
	int burst = s->load->pipelined ? s->load->requests : 1, err = 0;
	int fd = rt_sock_connect((uint16_t)rt_sock_port(s->listener));

	if (fd < 0)
		return NULL;
	for (int i = 0; i < s->load->requests && !err; i += burst)
		err = exchange(s, fd, i, burst);
	close(fd);
	return err ? NULL : rt_none;
}

static struct rt_object *serve_and_ask(void *arg)
{
	struct server *s = arg;
	struct rt_object *all[1 + CONNECTIONS];
	size_t n = 0;

	all[n++] = rt_coroutine_new("accept_all", accept_all, s, NULL);
	for (int i = 0; i < s->load->connections; i++)
		all[n++] = rt_coroutine_new("client", client, s, NULL);
	return rt_await(rt_gather(rt_loop_current(), false, n, all));
}

static uint64_t waits_of(const struct rt_loop *l)
{
	struct rt_truth_io io = { 0 };

	(void)rt_truth_get_io(rt_loop_call_name(l), &io);
	return io.calls;
}

/* Let @load happen and say what it took; the figures in *@s. */
static void run(struct rt_loop *l, const struct load *load, struct server *s)
{
	uint64_t since = rt_truth_now_ns(), waits = waits_of(l), switches = rt_gil_switches();
	struct rt_object *result;
	unsigned n = (unsigned)(load->connections * load->requests);

	*s = (struct server) { .load = load, .listener = rt_sock_listen(0) };
	result = rt_run(l, rt_coroutine_new("serve_and_ask", serve_and_ask, s, NULL));
	if (!result)
		tour_say("%s", rt_error_text());
	rt_error_clear();
	rt_unref(result);
	for (unsigned i = 0; i < s->started; i++)
		rt_thread_join(s->threads[i]);
	close(s->listener);
	tour_say("%-20s %4u requests %4u reads %4u look-ups %4" PRIu64 " waits %4" PRIu64
		 " handovers %6.1f ms",
		 load->what, s->requests, s->reads, s->look_ups, waits_of(l) - waits,
		 rt_gil_switches() - switches, (double)(rt_truth_now_ns() - since) / 1e6);
	tour_expect(s->requests == n && s->answers == n, "every request has its answer");
}

static const struct load one_by_one = { "one by one", 1, REQUESTS };
static const struct load pipelined = { "pipelined", 1, REQUESTS, .pipelined = true };
static const struct load batched = { "pipelined, batched", 1, REQUESTS, .pipelined = true,
				     .batching = true };
static const struct load cached = { "one by one, cached", 1, REQUESTS, .caching = true };
static const struct load by_tasks = { "20 tasks", CONNECTIONS, 10 };
static const struct load by_threads = { "20 threads", CONNECTIONS, 10, .threads = true };

static void run_all(struct rt_loop *l)
{
	struct server s;
	uint64_t switches;

	run(l, &one_by_one, &s);
	tour_expect(s.reads == REQUESTS && s.look_ups == REQUESTS, "one read for each request");
	run(l, &pipelined, &s);
	tour_expect(s.reads < REQUESTS / 5, "one read brings many requests");
	tour_expect(s.look_ups == REQUESTS, "which still cost a look-up each");
	run(l, &batched, &s);
	tour_expect(s.look_ups == s.reads, "one look-up for all that a read brought");
	run(l, &cached, &s);
	tour_expect(s.look_ups == KEYS, "a key is looked up once");
	switches = rt_gil_switches();
	run(l, &by_tasks, &s);
	tour_expect(rt_gil_switches() == switches, "tasks need no handover");
	run(l, &by_threads, &s);
	tour_expect(rt_gil_switches() - switches >= 2 * CONNECTIONS, "threads do");
}

static void run_and_tell(void)
{
	struct rt_loop *l = rt_loop_new(NULL);

	run_all(l);
	tour_figure_gil();
	tour_figure_io(rt_loop_call_name(l));
	rt_loop_free(l);
}

const struct tour_stop stop_server = {
	.name = "server",
	.title = "batching, pipelining, caching, and threads against tasks",
	.about = "A client that waits for each answer before it asks again pays a round trip\n"
		 "per request.  Pipelining sends many at once, and one read brings them all;\n"
		 "batching asks the slow store once for all of these; caching does not ask\n"
		 "again for what is known.  Many connections can be served by tasks of one loop\n"
		 "or by a thread each: both wait for all at the same time, but every wake-up of\n"
		 "a thread takes the GIL, and hands it over.  CPython behaves likewise, with\n"
		 "asyncio in place of this loop.",
	.families = "gil io",
	.run = run_and_tell,
};
