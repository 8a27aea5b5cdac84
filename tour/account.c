/* The account: checks gathered while a program runs, written when it ends. */
#include "tour/account.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"
#include "tour/tour.h"

static json_t *checks;
static bool all_ok = true;

void tour_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void tour_expect(bool ok, const char *what)
{
	if (!ok)
		printf("NOT as expected: %s\n", what);
	all_ok &= ok;
}

void tour_figure(const char *what, const char *figure, uint64_t value, uint64_t slack,
		 double percent)
{
	json_array_append_new(checks, json_pack("{s:s,s:s,s:I,s:I,s:f}", "what", what, "figure",
						figure, "value", (json_int_t)value, "slack",
						(json_int_t)slack, "percent", percent));
}

/* A row of a table of figures: the one whose @key is @name. */
struct row {
	const char *table, *key, *name;
};

static void tell(const struct row *r, const char *what, const char *member, uint64_t value,
		 uint64_t slack, double percent)
{
	char words[128], path[128];

	snprintf(words, sizeof(words), "%s: %s", r->name, what);
	snprintf(path, sizeof(path), "%s[%s=%s].%s", r->table, r->key, r->name, member);
	tour_figure(words, path, value, slack, percent);
}

void tour_figure_gil_counts(void)
{
	struct rt_truth_gil g;

	rt_truth_get_gil(&g);
	tour_figure("takes of the GIL", "gils[0].takes", g.takes, 0, 0);
	tour_figure("takes that found it taken", "gils[0].contended_takes", g.contended_takes, 0,
		    0);
	tour_figure("handovers", "gils[0].handovers", g.handovers, 0, 0);
	tour_figure("releases somebody asked for", "gils[0].forced_releases", g.forced_releases, 0,
		    0);
}

void tour_figure_gil(void)
{
	struct rt_truth_gil g;

	tour_figure_gil_counts();
	rt_truth_get_gil(&g);
	/* A wait ends, for the runtime, under the GIL's mutex; for the tracer when that is
	 * released, which takes the longer the more threads are at it. */
	tour_figure("time waited for it, ns", "gils[0].wait_ns", g.wait_ns,
		    50000 + g.contended_takes * 20000, 2);
}

void tour_figure_gc(void)
{
	for (int i = 0; i < RT_TRUTH_GENERATIONS; i++) {
		char name[] = { (char)('0' + i), 0 };
		struct row r = { "gc", "generation", name };
		struct rt_truth_gc gc;

		rt_truth_get_gc(i, &gc);
		tell(&r, "collections of that generation", "collections", gc.collections, 0, 0);
		tell(&r, "objects collected", "collected", gc.collected, 0, 0);
		tell(&r, "uncollectable", "uncollectable", gc.uncollectable, 0, 0);
		tell(&r, "paused, ns", "pause.sum_ns", gc.pause.sum_ns, gc.collections * 10000, 2);
	}
}

void tour_figure_type(const char *type)
{
	struct row r = { "types", "type", type };

	tell(&r, "objects that died", "deallocs", rt_truth_get_deallocs(type), 0, 0);
}

void tour_figure_io(const char *call)
{
	struct row r = { "io", "call", call };
	struct rt_truth_io io = {};

	(void)rt_truth_get_io(call, &io);
	tell(&r, "calls", "calls", io.calls, 0, 0);
	tell(&r, "calls that slept and brought events", "wakeups", io.wakeups, 0, 0);
	tell(&r, "time-outs", "timeouts", io.timeouts, 0, 0);
	tell(&r, "errors", "errors", io.errors, 0, 0);
	tell(&r, "events", "events", io.events, 0, 0);
}

void account_begin(void)
{
	checks = json_array();
	rt_truth_enable(true);
	rt_thread_self();
	rt_gil_take();
}

int account_end(void)
{
	const char *fd = getenv("GILSCOPE_ACCOUNT_FD");
	json_t *all = json_pack("{s:b,s:o}", "ok", all_ok, "checks", checks);

	fflush(stdout);
	if (fd)
		(void)json_dumpfd(all, atoi(fd), 0);
	json_decref(all);
	return !all_ok;
}
