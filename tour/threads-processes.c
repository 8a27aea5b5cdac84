/* threads-processes: the same work, by threads and by processes. */
#include <inttypes.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_pool.h"
#include "runtime/rt_truth.h"
#include "tour/tour.h"

/* [program] */
#define WORKERS 4
#define ITEMS 8
#define BELOW 400000

/* The primes below @item, an int; computes without a pause. */
static struct rt_object *primes_below(struct rt_object *item)
{
	int64_t most = 0, found = 0;

	rt_int_value(item, &most);
	for (int64_t n = 2; n < most; n++) {
		int64_t d = 2;

		while (d * d <= n && n % d)
			d++;
		found += d * d > n;
		rt_gil_poll(); /* between two numbers another thread may have the GIL */
	}
	return rt_int_new(found);
}

static struct rt_object *work(enum rt_pool_kind kind, struct rt_object *items)
{
	uint64_t since = rt_truth_now_ns(), switches = rt_gil_switches();
	struct rt_pool *pool = rt_pool_new(kind, WORKERS, primes_below);
	struct rt_object *results = rt_pool_map(pool, items);

	if (!results)
		tour_say("%s", rt_error_text());
	rt_error_clear();
	rt_pool_free(pool);
	tour_say("%d %s: %.0f ms, GIL handed over %" PRIu64 " times", WORKERS,
		 kind == RT_POOL_THREADS ? "threads" : "processes",
		 (double)(rt_truth_now_ns() - since) / 1e6, rt_gil_switches() - switches);
	return results;
}
/* [end] */

static struct rt_object *items_new(void)
{
	struct rt_object *items = rt_list_new();

	for (int i = 0; i < ITEMS; i++)
		rt_list_append_stolen(items, rt_int_new(BELOW + i));
	return items;
}

static void run_and_tell(void)
{
	struct rt_object *items = items_new(), *threads, *processes;
	uint64_t switches;

	threads = work(RT_POOL_THREADS, items);
	tour_expect(rt_gil_switches() >= WORKERS, "the threads took turns");
	switches = rt_gil_switches();
	processes = work(RT_POOL_PROCESSES, items);
	tour_expect(rt_gil_switches() == switches, "this process's GIL stayed where it was");
	tour_expect(rt_equal(threads, processes) == 1, "both have the same results");
	rt_unref(threads);
	rt_unref(processes);
	rt_unref(items);
	tour_figure_gil();
	tour_figure_io("poll");
}

const struct tour_stop stop_threads_processes = {
	.name = "threads-processes",
	.title = "the same work, by threads and by processes",
	.about = "Threads share one memory and one GIL: those that compute take turns, however\n"
		 "many CPUs there are.  Each process has a GIL of its own, so that processes\n"
		 "compute at the same time; but nothing is shared, and arguments and results are\n"
		 "pickled and sent through a socket.  In CPython these are ThreadPoolExecutor\n"
		 "and ProcessPoolExecutor.  What is traced here is the parent: its threads pass\n"
		 "the GIL around, but for its processes it only waits, in poll().",
	.families = "gil io",
	.run = run_and_tell,
};
