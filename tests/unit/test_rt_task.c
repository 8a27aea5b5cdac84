/* rt_coroutine, rt_task, rt_gather: results, errors, cancelling, time-outs. */
#include <string.h>

#include "runtime/rt_error.h"
#include "runtime/rt_future.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_task.h"
#include "runtime/rt_type.h"
#include "tests/unit/rt_loop_fixture.h"

static struct rt_object *body_sum(void *arg)
{
	int64_t v = 0;

	for (int i = 0; i < 5; i++) {
		if (!rt_sleep(0))
			return NULL;
		v += i;
	}
	(void)arg;
	return rt_int_new(v + 1000);
}

static void a_task_runs_a_coroutine_to_its_result(void **state)
{
	assert_int_equal(
		value_of(rt_run(loop_of(state), rt_coroutine_new("sum", body_sum, NULL, NULL))),
		1010);
	assert_int_equal(rt_task_count(loop_of(state)), 0);
	assert_null(rt_task_current());
}

static struct rt_object *body_outer(void *arg)
{
	struct rt_object *inner = rt_coroutine_new("inner", body_sum, NULL, NULL), *r;

	(void)arg;
	assert_string_equal(rt_coroutine_name(rt_coroutine_current()), "outer");
	assert_non_null(rt_task_current());
	r = rt_await(inner);
	assert_string_equal(rt_coroutine_name(rt_coroutine_current()), "outer");
	return r ? rt_int_new(value_of(r) * 2) : NULL;
}

static void awaiting_a_coroutine_runs_it_in_place(void **state)
{
	assert_int_equal(
		value_of(rt_run(loop_of(state), rt_coroutine_new("outer", body_outer, NULL, NULL))),
		2020);
}

static struct rt_object *body_fails(void *arg)
{
	if (!rt_sleep((uint64_t)(uintptr_t)arg))
		return NULL;
	return rt_raise(RT_KEY_ERROR, "from the coroutine");
}

static struct rt_object *body_awaits_failure(void *arg)
{
	struct rt_object *r = rt_await(rt_coroutine_new("fails", body_fails, NULL, NULL));

	(void)arg;
	assert_null(r);
	return rt_error_catch(RT_KEY_ERROR) ? rt_int_new(77) : NULL;
}

static void errors_come_out_of_await(void **state)
{
	assert_int_equal(value_of(rt_run(loop_of(state),
					 rt_coroutine_new("a", body_awaits_failure, NULL, NULL))),
			 77);
	assert_null(rt_run(loop_of(state), rt_coroutine_new("f", body_fails, NULL, NULL)));
	assert_true(rt_error_catch(RT_KEY_ERROR));
}

static void await_outside_of_a_coroutine_is_an_error(void **state)
{
	assert_null(rt_await(rt_future_new(loop_of(state))));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_null(rt_sleep(1));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
}

static struct rt_object *body_awaits_nonsense(void *arg)
{
	(void)arg;
	assert_null(rt_await(rt_int_new(300)));
	assert_true(rt_error_catch(RT_TYPE_ERROR));
	assert_null(rt_await(rt_ref(rt_task_current()))); /* itself */
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	return rt_none;
}

static void what_cannot_be_awaited_is_an_error_in_the_coroutine(void **state)
{
	assert_ptr_equal(
		rt_run(loop_of(state), rt_coroutine_new("n", body_awaits_nonsense, NULL, NULL)),
		rt_none);
}

static void gather_keeps_the_order_of_its_arguments(void **state)
{
	struct rt_object *all[3] = { sleeper(9), sleeper(1), sleeper(5) }, *list;

	list = rt_run(loop_of(state), rt_gather(loop_of(state), false, 3, all));
	assert_int_equal(rt_list_len(list), 3);
	assert_int_equal(value_of(rt_ref(rt_list_at(list, 0))), 9);
	assert_int_equal(value_of(rt_ref(rt_list_at(list, 1))), 1);
	assert_int_equal(value_of(rt_ref(rt_list_at(list, 2))), 5);
	rt_unref(list);
	list = rt_run(loop_of(state), rt_gather(loop_of(state), false, 0, NULL));
	assert_int_equal(rt_list_len(list), 0);
	rt_unref(list);
}

static void gather_fails_with_the_first_error_or_collects_them(void **state)
{
	struct rt_object *all[2], *list;

	all[0] = sleeper(2);
	all[1] = rt_coroutine_new("fails", body_fails, NULL, NULL);
	assert_null(rt_run(loop_of(state), rt_gather(loop_of(state), false, 2, all)));
	assert_true(rt_error_catch(RT_KEY_ERROR));
	all[0] = sleeper(2);
	all[1] = rt_coroutine_new("fails", body_fails, NULL, NULL);
	list = rt_run(loop_of(state), rt_gather(loop_of(state), true, 2, all));
	assert_int_equal(value_of(rt_ref(rt_list_at(list, 0))), 2);
	assert_true(rt_is(rt_list_at(list, 1), RT_KEY_ERROR));
	rt_unref(list);
	assert_int_equal(reports, 0);
}

static void gather_passes_on_what_could_not_be_made(void **state)
{
	struct rt_object *all[3] = { sleeper(1000), NULL, sleeper(1) };

	rt_raise(RT_VALUE_ERROR, "no coroutine");
	assert_null(rt_gather(loop_of(state), false, 3, all));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	rt_cancel_all(loop_of(state));
}

/* *arg: 1 once it was cancelled while it slept. */
static struct rt_object *body_cleans_up(void *arg)
{
	struct rt_object *held = rt_int_new(123456), *r = rt_sleep(TOO_LONG);

	rt_unref(held);
	*(int *)arg += !r && rt_error_is(RT_CANCELLED_ERROR);
	return r;
}

static void cancelling_a_task_raises_in_its_coroutine(void **state)
{
	struct rt_loop *l = loop_of(state);
	int cleaned = 0;
	struct rt_object *t = rt_task_new(l, rt_coroutine_new("c", body_cleans_up, &cleaned, NULL));

	rt_loop_run_once(l, false); /* it sleeps now */
	assert_true(rt_future_cancel(t));
	assert_false(rt_future_done(t)); /* not before its coroutine has ended */
	assert_null(rt_future_run(t));
	assert_true(rt_error_catch(RT_CANCELLED_ERROR));
	assert_int_equal(rt_future_state(t), RT_FUTURE_CANCELLED);
	assert_int_equal(cleaned, 1);
	assert_false(rt_future_cancel(t));
	rt_unref(t);
}

static void a_task_cancelled_before_its_first_step_never_runs(void **state)
{
	int cleaned = 0;
	struct rt_object *t =
		rt_task_new(loop_of(state), rt_coroutine_new("c", body_cleans_up, &cleaned, NULL));

	assert_true(rt_future_cancel(t));
	assert_null(rt_future_run(t));
	assert_true(rt_error_catch(RT_CANCELLED_ERROR));
	assert_int_equal(cleaned, 0);
	rt_unref(t);
}

static void cancelling_a_gathering_cancels_its_tasks(void **state)
{
	struct rt_loop *l = loop_of(state);
	int cleaned = 0;
	struct rt_object *all[2], *g;

	for (int i = 0; i < 2; i++)
		all[i] = rt_coroutine_new("c", body_cleans_up, &cleaned, NULL);
	g = rt_gather(l, false, 2, all);
	rt_loop_run_once(l, false);
	assert_true(rt_future_cancel(g));
	assert_null(rt_future_run(g));
	assert_true(rt_error_catch(RT_CANCELLED_ERROR));
	assert_int_equal(cleaned, 2);
	assert_int_equal(rt_task_count(l), 0);
	rt_unref(g);
}

static struct rt_object *body_with_timeout(void *arg)
{
	int *cleaned = arg;
	struct rt_object *r;

	r = rt_wait_for(rt_coroutine_new("c", body_cleans_up, cleaned, NULL), 5 * MS);
	assert_null(r);
	assert_true(rt_error_catch(RT_TIMEOUT_ERROR));
	assert_int_equal(*cleaned, 1);
	r = rt_wait_for(sleeper(1), TOO_LONG);
	assert_int_equal(value_of(r), 1);
	r = rt_wait_for(rt_coroutine_new("f", body_fails, NULL, NULL), TOO_LONG);
	assert_null(r);
	assert_true(rt_error_catch(RT_KEY_ERROR));
	return rt_none;
}

static void a_time_out_cancels_what_was_waited_for(void **state)
{
	int cleaned = 0;

	assert_ptr_equal(
		rt_run(loop_of(state), rt_coroutine_new("t", body_with_timeout, &cleaned, NULL)),
		rt_none);
	assert_int_equal(rt_task_count(loop_of(state)), 0);
}

static void thousands_of_tasks_sleep_at_once(void **state)
{
	enum { N = 2000 };
	struct rt_object **all = calloc(N, sizeof(*all)), *list;
	int64_t sum = 0;

	for (uintptr_t i = 0; i < N; i++)
		all[i] = sleeper(i % 7);
	list = rt_run(loop_of(state), rt_gather(loop_of(state), false, N, all));
	assert_non_null(list);
	for (size_t i = 0; i < N; i++)
		sum += value_of(rt_ref(rt_list_at(list, i)));
	assert_int_equal(sum, 5995); /* 285 times 0 to 6, and 0 to 4 */
	rt_unref(list);
	free(all);
}

static void run_leaves_no_task_behind(void **state)
{
	int cleaned = 0;
	struct rt_object *t =
		rt_task_new(loop_of(state), rt_coroutine_new("c", body_cleans_up, &cleaned, NULL));

	assert_int_equal(value_of(rt_run(loop_of(state), sleeper(1))), 1);
	assert_int_equal(cleaned, 1);
	assert_true(rt_future_done(t));
	rt_unref(t);
}

static void freed_before_its_tasks_end_a_loop_drops_calls(void **state)
{
	struct fixture *f = *state;
	struct rt_object *co = sleeper(1);

	/* never run: its task is scheduled, and goes with the loop */
	rt_unref(rt_task_new(f->loop, co));
	rt_loop_free(f->loop);
	f->loop = rt_loop_new(NULL);
}

static void whichever_allocation_fails_nothing_leaks(void **state)
{
	struct rt_loop *l = loop_of(state);

	for (long n = 0; n < 200; n++) {
		uint64_t live = rt_mem_live();
		struct rt_object *all[2], *r;

		rt_mem_fail_after(n);
		all[0] = rt_coroutine_new("outer", body_outer, NULL, NULL);
		all[1] = all[0] ? sleeper(0) : NULL;
		r = rt_run(l, rt_gather(l, false, 2, all));
		rt_mem_fail_after(-1);
		rt_cancel_all(l);
		if (r) {
			rt_unref(r);
			assert_true(n > 10);
			return;
		}
		rt_error_clear();
		rt_loop_run_once(l, false);
		rt_gc_collect(2);
		assert_true(rt_mem_live() <= live + 1); /* the heap of timers may have grown */
	}
	fail_msg("it never succeeds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(a_task_runs_a_coroutine_to_its_result),
		ON_EPOLL(awaiting_a_coroutine_runs_it_in_place),
		ON_EPOLL(errors_come_out_of_await),
		ON_EPOLL(await_outside_of_a_coroutine_is_an_error),
		ON_EPOLL(what_cannot_be_awaited_is_an_error_in_the_coroutine),
		ON_EPOLL(gather_keeps_the_order_of_its_arguments),
		ON_EPOLL(gather_fails_with_the_first_error_or_collects_them),
		ON_EPOLL(gather_passes_on_what_could_not_be_made),
		ON_EPOLL(cancelling_a_task_raises_in_its_coroutine),
		ON_EPOLL(a_task_cancelled_before_its_first_step_never_runs),
		ON_EPOLL(cancelling_a_gathering_cancels_its_tasks),
		ON_EPOLL(a_time_out_cancels_what_was_waited_for),
		ON_EPOLL(thousands_of_tasks_sleep_at_once),
		ON_EPOLL(run_leaves_no_task_behind),
		ON_EPOLL(freed_before_its_tasks_end_a_loop_drops_calls),
		ON_EPOLL(whichever_allocation_fails_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
