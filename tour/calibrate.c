/*
 * The calibration's workloads.  Each runs with the runtime's own truth on and leaves it, whole,
 * as its account: tests/calibrate/calibrate.py holds gilscope's figures against it.
 *
 *   compute THREADS ROUNDS    all threads compute: forced switches
 *   blocking THREADS ROUNDS   all make short blocking calls: voluntary releases
 *   mixed THREADS ROUNDS      half of each
 *   storm THREADS ROUNDS      garbage cycles from every thread: collections of all generations
 *   flood THREADS ROUNDS      objects made and dropped: deallocations
 *   steady THOUSANDS MS       so many thousand pairs of objects a second, a lot every millisecond
 *   select|poll|epoll N ROUNDS  an event loop on N socket pairs and a timer, fed by a thread
 */
#include "tour/calibrate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_list.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_object.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"

#define MAX_THREADS 256
#define TIMER_NS 3000000

struct load {
	void (*round)(void);
	long rounds;
};

static void compute(void)
{
	volatile unsigned long sum = 0;

	for (int k = 0; k < 50; k++) {
		for (int i = 0; i < 1000; i++)
			sum += i;
		rt_gil_poll();
	}
}

/* A short blocking call, then some work: holds well above the cost of a probe. */
static void blocking(void)
{
	bool saved = rt_gil_save();

	usleep(50);
	rt_gil_restore(saved);
	for (int i = 0; i < 5; i++)
		compute();
}

/* A cycle of two lists, which only the collector can free. */
static void storm(void)
{
	struct rt_object *a = rt_list_new(), *b = rt_list_new();

	if (a && b) {
		rt_list_append(a, b);
		rt_list_append(b, a);
	}
	rt_unref(a);
	rt_unref(b);
	rt_gil_poll();
}

static void flood(void)
{
	rt_unref(rt_list_of(1, rt_list_new()));
	rt_gil_poll();
}

static void work(void *arg)
{
	const struct load *l = arg;

	for (long i = 0; i < l->rounds; i++)
		l->round();
}

/* @other: what the second half of the threads does. */
static int run_threads(long n, long rounds, void (*round)(void), void (*other)(void))
{
	struct rt_thread *threads[MAX_THREADS];
	struct load loads[MAX_THREADS];

	for (long i = 0; i < n; i++) {
		loads[i] = (struct load) { i < (n + 1) / 2 ? round : other, rounds };
		if (rt_thread_start(&threads[i], NULL, work, &loads[i]))
			return 1;
	}
	for (long i = 0; i < n; i++)
		rt_thread_join(threads[i]);
	return 0;
}

/* What is late is made up for: the rate is kept as long as it can be. */
static int run_steady(long thousands, long ms)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long i = 0; i < ms; i++) {
		bool saved;

		for (long k = 0; k < thousands; k++)
			flood();
		next.tv_nsec += 1000000;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		saved = rt_gil_save();
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		rt_gil_restore(saved);
	}
	return 0;
}

struct feed {
	struct rt_loop *loop;
	struct rt_timer *timer;
	int (*pairs)[2];
	long n, rounds, got;
};

static void on_readable(int fd, void *arg)
{
	struct feed *f = arg;
	char c;

	if (read(fd, &c, 1) != 1)
		return;
	compute(); /* what a program does with what it reads */
	if (++f->got == f->n * f->rounds)
		rt_loop_stop(f->loop);
}

static void on_timer(void *arg)
{
	struct feed *f = arg;

	(void)rt_loop_call_later(f->loop, TIMER_NS, on_timer, f, NULL);
}

/* Sends a byte to every socket, a moment apart, without the GIL. */
static void feed(void *arg)
{
	struct feed *f = arg;
	bool saved = rt_gil_save();

	for (long r = 0; r < f->rounds; r++) {
		for (long i = 0; i < f->n; i++)
			if (write(f->pairs[i][1], "x", 1) != 1)
				abort();
		usleep(500);
	}
	rt_gil_restore(saved);
}

static int run_loop(const char *backend, long n, long rounds)
{
	struct feed f = { .loop = rt_loop_new(backend), .n = n, .rounds = rounds };
	struct rt_thread *feeder;
	int err = 1;

	f.pairs = calloc(n, sizeof(*f.pairs));
	if (!f.loop || !f.pairs)
		return 1;
	for (long i = 0; i < n; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, f.pairs[i]) ||
		    rt_loop_add_reader(f.loop, f.pairs[i][0], on_readable, &f))
			return 1;
	on_timer(&f);
	if (!rt_thread_start(&feeder, "feeder", feed, &f)) {
		err = rt_loop_run(f.loop) != 0;
		rt_thread_join(feeder);
	}
	return err;
}

static int run(const char *name, long n, long rounds)
{
	static const struct {
		const char *name;
		void (*round)(void), (*other)(void);
	} loads[] = {
		{ "compute", compute, compute }, { "blocking", blocking, blocking },
		{ "mixed", blocking, compute },	 { "storm", storm, storm },
		{ "flood", flood, flood },
	};
	static const char *const backends[] = { "select", "poll", "epoll" };

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (!strcmp(name, loads[i].name))
			return run_threads(n, rounds, loads[i].round, loads[i].other);
	if (!strcmp(name, "steady"))
		return run_steady(n, rounds);
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (!strcmp(name, backends[i]))
			return run_loop(name, n, rounds);
	fprintf(stderr, "gilscope-rt: %s: no such workload; see tour/calibrate.c\n", name);
	return 2;
}

int calibrate(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0, rounds = argc > 2 ? atol(argv[2]) : 0;
	const char *fd = getenv("GILSCOPE_ACCOUNT_FD");
	FILE *out;
	int err;

	if (n < 1 || n > MAX_THREADS || rounds < 1) {
		fprintf(stderr, "gilscope-rt: --calibrate: give a workload, threads and rounds\n");
		return 2;
	}
	rt_truth_enable(true);
	rt_thread_self();
	rt_gil_take();
	err = run(argv[0], n, rounds);
	rt_gil_drop(); /* so that every hold has ended when the account is made */
	out = fd ? fdopen(atoi(fd), "w") : stdout;
	if (out) {
		rt_truth_print(out);
		fflush(out);
	}
	return err;
}
