/* asyncio: many tasks, one thread, one loop. */
#include <inttypes.h>

#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_task.h"
#include "runtime/rt_truth.h"
#include "tour/tour.h"

/* [program] */
#define TASKS 100
#define MS 1000000

/* What each task does: `await sleep()` twice, then return its number's square. */
static struct rt_object *square(void *arg)
{
	int number = *(int *)arg;

	for (int i = 0; i < 2; i++) {
		if (!rt_sleep(10 * MS)) /* the other tasks run meanwhile */
			return NULL;
	}
	return rt_int_new((int64_t)number * number);
}

static void tick(void *arg)
{
	*(int *)arg += 1;
}

/* `async def main()`: start all, wait for all. */
static struct rt_object *run_all(void *arg)
{
	struct rt_loop *l = rt_loop_current();
	int *ticks = arg, numbers[TASKS];
	struct rt_object *tasks[TASKS];

	for (int i = 0; i < TASKS; i++) {
		numbers[i] = i;
		tasks[i] = rt_task_new(l, rt_coroutine_new("square", square, &numbers[i], NULL));
	}
	for (int i = 1; i <= 3; i++) /* timers on the same loop */
		rt_loop_call_later(l, (uint64_t)(5 * i * MS), tick, ticks, NULL);
	return rt_await(rt_gather(l, false, TASKS, tasks));
}
/* [end] */

static int64_t sum_of(struct rt_object *list)
{
	int64_t sum = 0, value;

	for (size_t i = 0; i < rt_list_len(list); i++) {
		if (!rt_int_value(rt_list_at(list, i), &value))
			sum += value;
	}
	return sum;
}

static void run_and_tell(void)
{
	struct rt_loop *l = rt_loop_new(NULL);
	uint64_t since = rt_truth_now_ns(), took;
	int ticks = 0;
	struct rt_object *results = rt_run(l, rt_coroutine_new("run_all", run_all, &ticks, NULL));

	took = rt_truth_now_ns() - since;
	tour_expect(results != NULL, "every task has its result");
	if (results)
		tour_say("%d tasks slept 20 ms each, %.0f ms together; squares add up to %" PRId64,
			 TASKS, (double)took / MS, sum_of(results));
	tour_say("%d timers fired meanwhile", ticks);
	tour_expect(results && sum_of(results) == 328350, "the results are right");
	tour_expect(ticks == 3, "every timer fired once");
	tour_expect(took < (uint64_t)TASKS * 20 * MS, "the sleeps went on at the same time");
	rt_unref(results);
	tour_figure("task: objects that died", "types[type=task].deallocs", TASKS + 1, 0, 0);
	tour_figure("coroutine: objects that died", "types[type=coroutine].deallocs", TASKS + 1, 0,
		    0);
	tour_figure_io(rt_loop_call_name(l));
	rt_loop_free(l);
}

const struct tour_stop stop_asyncio = {
	.name = "asyncio",
	.title = "many tasks, one thread, one loop",
	.about = "A task drives a coroutine: it resumes it, gets the future it waits for, and\n"
		 "goes on when that is done.  The loop does this for all tasks in one thread:\n"
		 "it waits for the first timer or descriptor in one system call, runs whatever\n"
		 "is due, and waits again.  Nothing is preempted, so a task that computes for\n"
		 "long holds up all others.  gather() waits for many.  CPython's asyncio works\n"
		 "like this line by line; `await` there is the driving of a nested coroutine.",
	.families = "io refs",
	.run = run_and_tell,
};
