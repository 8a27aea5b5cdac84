/* futures: results that are not there yet. */
#include <time.h>

#include "runtime/rt_error.h"
#include "runtime/rt_executor.h"
#include "runtime/rt_future.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_int.h"
#include "runtime/rt_task.h"
#include "runtime/rt_truth.h"
#include "tour/tour.h"

/* [program] */
#define JOBS 4
#define JOB_MS 20

/* A callback: called once the future is done, by the loop. */
static void on_done(struct rt_object *future, struct rt_object *unused)
{
	struct rt_object *result = rt_future_result(future);
	int64_t value = 0;

	(void)unused;
	if (result && !rt_int_value(result, &value))
		tour_say("  callback: the result is %ld", (long)value);
	else
		tour_say("  callback: %s", rt_error_text());
	rt_error_clear();
	rt_unref(result);
}

/* A blocking call, run by a thread of an executor; the GIL is free meanwhile. */
static struct rt_object *block(void *number)
{
	struct timespec time = { 0, JOB_MS * 1000000 };

	RT_BEGIN_ALLOW_THREADS
	nanosleep(&time, NULL);
	RT_END_ALLOW_THREADS
	return rt_int_new(*(int *)number);
}

/* In a coroutine: a future that nobody will ever give a result. */
static struct rt_object *wait_in_vain(void *loop)
{
	return rt_wait_for(rt_future_new(loop), 5000000);
}
/* [end] */

/* A result, given later by a call of the loop. */
static void give_result(void *future)
{
	rt_future_set_result(future, rt_int_new(42));
}

static void show_result(struct rt_loop *l)
{
	struct rt_object *f = rt_future_new(l), *result;
	int64_t value = 0;

	tour_expect(!rt_future_result(f), "no result yet");
	tour_say("asked too early: %s", rt_error_text());
	rt_error_clear();
	rt_future_add_callback(f, on_done, NULL);
	rt_loop_call_soon(l, give_result, f, NULL);
	result = rt_future_run(f);
	rt_loop_run_once(l, false); /* the callback's round */
	rt_int_value(result, &value);
	tour_expect(value == 42, "the future has the result it was given");
	tour_expect(rt_future_set_result(f, rt_int_new(43)) == -1, "a result is given once");
	tour_say("given another: %s", rt_error_text());
	rt_error_clear();
	rt_unref(result);
	rt_unref(f);
}

static void show_cancel(struct rt_loop *l)
{
	struct rt_object *f = rt_future_new(l);

	rt_future_add_callback(f, on_done, NULL);
	tour_expect(rt_future_cancel(f), "a pending future can be cancelled");
	tour_expect(!rt_future_cancel(f), "and only once");
	tour_expect(!rt_future_run(f) && rt_error_is(RT_CANCELLED_ERROR), "it says so");
	rt_error_clear();
	rt_loop_run_once(l, false); /* the callback's round */
	rt_unref(f);
}

static void show_timeout(struct rt_loop *l)
{
	struct rt_object *result =
		rt_run(l, rt_coroutine_new("wait_in_vain", wait_in_vain, l, NULL));

	tour_expect(!result && rt_error_is(RT_TIMEOUT_ERROR), "the wait timed out");
	tour_say("waited in vain: %s", rt_error_text());
	rt_error_clear();
}

static void show_executor(struct rt_loop *l)
{
	struct rt_executor *ex = rt_executor_new(JOBS);
	struct rt_object *jobs[JOBS], *all, *results;
	int numbers[JOBS];
	uint64_t since = rt_truth_now_ns();

	for (int i = 0; i < JOBS; i++) {
		numbers[i] = i;
		jobs[i] = rt_executor_submit(ex, l, block, &numbers[i], NULL);
	}
	all = rt_gather(l, false, JOBS, jobs);
	results = rt_future_run(all);
	tour_expect(results != NULL, "every job has its result");
	tour_say("%d blocking calls of %d ms by %u threads: all done after %.0f ms", JOBS, JOB_MS,
		 rt_executor_threads(ex), (double)(rt_truth_now_ns() - since) / 1e6);
	rt_unref(results);
	rt_unref(all);
	rt_executor_free(ex);
}

static void run_and_tell(void)
{
	struct rt_loop *l = rt_loop_new(NULL);

	show_result(l);
	show_cancel(l);
	show_timeout(l);
	show_executor(l);
	tour_figure_type("future");
	tour_figure_gil();
	tour_figure_io(rt_loop_call_name(l));
	rt_loop_free(l);
}

const struct tour_stop stop_futures = {
	.name = "futures",
	.title = "results that are not there yet",
	.about = "A future stands for a result that somebody will give later, once.  Whoever\n"
		 "wants it adds a callback, which the loop calls when the future is done, or\n"
		 "waits; both may give up by cancelling it or after a time.  An executor runs\n"
		 "blocking calls in threads and gives each a future, so that the loop never\n"
		 "blocks; the result comes to the loop's thread through a descriptor that wakes\n"
		 "it up.  CPython's asyncio.Future and loop.run_in_executor() do the same, the\n"
		 "latter through a second, thread-safe kind of future.",
	.families = "gil io refs",
	.run = run_and_tell,
};
