/* rt_future: done once, callbacks, errors nobody asked for; misuse of it, tasks and coroutines. */
#include "runtime/rt_error.h"
#include "runtime/rt_future.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_task.h"
#include "tests/unit/rt_loop_fixture.h"

static void note_done(struct rt_object *future, struct rt_object *arg)
{
	assert_true(rt_future_done(future));
	assert_int_equal(rt_list_append(arg, future), 0);
}

static void a_future_is_done_once_and_calls_back_a_round_later(void **state)
{
	struct rt_object *f = rt_future_new(loop_of(state)), *seen = rt_list_new();

	assert_null(rt_future_result(f));
	assert_true(rt_error_catch(RT_INVALID_STATE_ERROR));
	assert_int_equal(rt_future_add_callback(f, note_done, seen), 0);
	assert_int_equal(rt_future_set_result(f, rt_int_new(1234)), 0);
	assert_int_equal(rt_future_set_result(f, rt_int_new(5678)), -1);
	assert_true(rt_error_catch(RT_INVALID_STATE_ERROR));
	assert_false(rt_future_cancel(f));
	assert_int_equal(rt_list_len(seen), 0);
	rt_loop_run_once(loop_of(state), false);
	assert_int_equal(rt_list_len(seen), 1);
	assert_int_equal(rt_future_add_callback(f, note_done, seen), 0);
	rt_loop_run_once(loop_of(state), false);
	assert_int_equal(rt_list_len(seen), 2);
	assert_int_equal(value_of(rt_future_result(f)), 1234);
	rt_list_clear(seen);
	rt_unref(seen);
	rt_unref(f);
}

static void removed_callbacks_are_not_called(void **state)
{
	struct rt_object *f = rt_future_new(loop_of(state)), *seen = rt_list_new();

	rt_future_add_callback(f, note_done, seen);
	rt_future_add_callback(f, note_done, NULL);
	rt_future_add_callback(f, note_done, seen);
	assert_int_equal(rt_future_remove_callback(f, note_done, NULL), 1);
	assert_int_equal(rt_future_remove_callback(f, note_done, seen), 2);
	rt_future_set_result(f, rt_none);
	rt_loop_run_once(loop_of(state), false);
	assert_int_equal(rt_list_len(seen), 0);
	rt_unref(seen);
	rt_unref(f);
}

static struct rt_object *an_error(const char *text)
{
	rt_raise(RT_VALUE_ERROR, "%s", text);
	return rt_error_take();
}

static void an_error_nobody_asked_for_is_reported(void **state)
{
	struct rt_object *f = rt_future_new(loop_of(state));

	rt_future_set_error(f, an_error("unseen"));
	rt_unref(f);
	assert_int_equal(reports, 1);
	f = rt_future_new(loop_of(state));
	rt_future_set_error(f, an_error("seen"));
	assert_null(rt_future_result(f));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	rt_unref(f);
	assert_int_equal(reports, 1);
}

static void misuse_is_an_error(void **state)
{
	struct rt_object *o = rt_int_new(300);

	assert_null(rt_future_new(NULL));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_null(rt_task_new(NULL, sleeper(1)));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_null(rt_task_new(loop_of(state), rt_ref(o)));
	assert_true(rt_error_catch(RT_TYPE_ERROR));
	assert_null(rt_future_result(o));
	assert_true(rt_error_catch(RT_TYPE_ERROR));
	assert_int_equal(rt_future_set_result(o, rt_none), -1);
	assert_true(rt_error_catch(RT_TYPE_ERROR));
	assert_null(rt_coroutine_send(o, rt_none));
	assert_true(rt_error_catch(RT_TYPE_ERROR));
	assert_false(rt_future_done(o) || rt_future_cancel(o) || rt_coroutine_done(o));
	assert_null(rt_task_coroutine(o));
	assert_null(rt_coroutine_name(o));
	rt_unref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(a_future_is_done_once_and_calls_back_a_round_later),
		ON_EPOLL(removed_callbacks_are_not_called),
		ON_EPOLL(an_error_nobody_asked_for_is_reported),
		ON_EPOLL(misuse_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
