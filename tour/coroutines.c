/* coroutines: functions that stop in the middle and go on later. */
#include <stdlib.h>

#include "runtime/rt_coroutine.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "tour/tour.h"

/* [program] */
#define COROUTINES 10000
#define STOPS 3 /* how often each is suspended */

/* Suspend the coroutine from within a call; its frames stay on its own stack. */
static int pause_below(int depth)
{
	if (depth > 0)
		return depth + pause_below(depth - 1);
	rt_unref(rt_await(rt_none)); /* here the others run */
	return 0;
}

static struct rt_object *add_up(void *arg)
{
	int64_t sum = *(int *)arg; /* a local variable: survives every pause */

	for (int i = 0; i < STOPS; i++)
		sum += pause_below(10);
	return rt_int_new(sum);
}

/* Resume every coroutine once, in turn; returns how many ended, their results in *@sum. */
static int resume_all(struct rt_object **coroutines, int64_t *sum)
{
	int ended = 0;

	for (int i = 0; i < COROUTINES; i++) {
		struct rt_object *value = rt_coroutine_send(coroutines[i], rt_none);
		int64_t result;

		if (rt_coroutine_done(coroutines[i]) && !rt_int_value(value, &result)) {
			ended++;
			*sum += result;
		}
		rt_unref(value);
	}
	return ended;
}
/* [end] */

static void run(void)
{
	struct rt_object **coroutines = calloc(COROUTINES, sizeof(struct rt_object *));
	int *numbers = calloc(COROUTINES, sizeof(int));
	int64_t sum = 0, expected = 0;
	int ended = 0;

	for (int i = 0; i < COROUTINES; i++) {
		numbers[i] = i;
		expected += i + STOPS * 55;
		coroutines[i] = rt_coroutine_new("add_up", add_up, &numbers[i], NULL);
	}
	for (int round = 1; round <= STOPS + 1; round++) {
		ended = resume_all(coroutines, &sum);
		tour_say("round %d: all resumed, %d ended, %d suspended in a call 11 deep", round,
			 ended, COROUTINES - ended);
		tour_expect(ended == (round > STOPS ? COROUTINES : 0), "they end together");
	}
	tour_expect(sum == expected, "every one kept its own variables");
	tour_say("together they added up to %ld", (long)sum);
	for (int i = 0; i < COROUTINES; i++)
		rt_unref(coroutines[i]);
	free(coroutines);
	free(numbers);
}

static void run_and_tell(void)
{
	run();
	tour_expect(!rt_error_pending(), "no error");
	tour_figure("resumptions", "probes[event=called].hits", COROUTINES * (STOPS + 1), 0, 0);
	tour_figure("coroutine: objects that died", "types[type=coroutine].deallocs", COROUTINES, 0,
		    0);
}

const struct tour_stop stop_coroutines = {
	.name = "coroutines",
	.title = "functions that stop in the middle and go on later",
	.about = "A coroutine is suspended in the middle of its work, keeps its variables, and\n"
		 "goes on when it is resumed.  No thread and no lock is involved: it runs until\n"
		 "it gives up by itself, so nothing happens behind its back between two awaits.\n"
		 "Here each has a small stack of its own, and may be suspended however deep it\n"
		 "has called.  CPython keeps the frames of a coroutine as objects instead, one\n"
		 "per `await` on the way down.  Ten thousand are no trouble in either.",
	.families = "refs",
	.count = "rt_coroutine_send",
	.run = run_and_tell,
};
