/* select-poll-epoll: waiting for many descriptors, in three ways. */
#include <stdio.h>
#include <sys/select.h>
#include <unistd.h>

#include "runtime/rt_error.h"
#include "runtime/rt_loop.h"
#include "tour/tour.h"

/* [program] */
#define PIPES 100
#define ROUNDS 3 /* with 1, 10 and 100 of them ready */

static int pipes[PIPES][2];

static void on_readable(int fd, void *events)
{
	char byte;

	*(int *)events += (int)read(fd, &byte, 1);
}

static void nothing(void *unused)
{
	(void)unused;
}

/* The same happens on every back end; returns how many events came. */
static int watch(const char *backend)
{
	struct rt_loop *l = rt_loop_new(backend);
	struct rt_timer timer = { 0 };
	int events = 0;

	for (int i = 0; i < PIPES; i++)
		rt_loop_add_reader(l, pipes[i][0], on_readable, &events);
	for (int n = 1; n <= PIPES; n *= 10) {
		for (int i = 0; i < n; i++)
			(void)!write(pipes[i][1], "x", 1);
		rt_loop_run_once(l, true); /* one system call brings all n */
	}
	rt_loop_start_timer(l, &timer, 2000000, nothing, NULL);
	rt_loop_run_once(l, true); /* nothing is ready: sleeps until the timer is due */
	tour_say("%s: %d events in %d calls, then a time-out", backend, events, ROUNDS);
	rt_loop_free(l);
	return events;
}
/* [end] */

static void tell_one(const char *call, const char *what, const char *figure, uint64_t value)
{
	char words[64], path[64];

	snprintf(words, sizeof(words), "%s: %s", call, what);
	snprintf(path, sizeof(path), "io[call=%s].%s", call, figure);
	tour_figure(words, path, value, 0, 0);
}

/* What is known before it happens, whatever the back end. */
static void watch_and_tell(const char *backend)
{
	struct rt_loop *l = rt_loop_new(backend);
	const char *call = rt_loop_call_name(l);

	rt_loop_free(l);
	tour_expect(watch(backend) == 1 + 10 + 100, "every byte is one event");
	tell_one(call, "calls", "calls", ROUNDS + 1);
	tell_one(call, "events", "events", 1 + 10 + 100);
	tell_one(call, "time-outs", "timeouts", 1);
	tell_one(call, "calls that slept and brought events", "wakeups", 0);
}

static void run_and_tell(void)
{
	struct rt_loop *l;

	for (int i = 0; i < PIPES; i++)
		(void)!pipe(pipes[i]);
	watch_and_tell("select");
	watch_and_tell("poll");
	watch_and_tell("epoll");
	l = rt_loop_new("select");
	tour_expect(rt_loop_add_reader(l, FD_SETSIZE, on_readable, NULL) == -1,
		    "select has a limit");
	tour_say("select, at its limit: %s", rt_error_text());
	rt_error_clear();
	rt_loop_free(l);
	for (int i = 0; i < PIPES; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

const struct tour_stop stop_select_poll_epoll = {
	.name = "select-poll-epoll",
	.title = "waiting for many descriptors, in three ways",
	.about = "One call waits for many descriptors and says which are ready.  select takes a\n"
		 "bit map, of 1024 descriptors at most; poll takes a list of any length; both\n"
		 "hand all of it to the kernel with every call, which looks at each.  epoll\n"
		 "leaves the set in the kernel, and a call costs by what is ready, not by what\n"
		 "is watched.  The events are the same in all three.  CPython's selectors module\n"
		 "has them behind one interface; asyncio takes the best there is: epoll on Linux.",
	.families = "io",
	.run = run_and_tell,
};
