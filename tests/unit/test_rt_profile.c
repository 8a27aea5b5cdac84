/* rt_profile: calls, total and own time, recursion, threads, suspended coroutines, folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_coroutine.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_none.h"
#include "runtime/rt_profile.h"
#include "runtime/rt_task.h"
#include "runtime/rt_thread.h"

#define MS 1000000ULL

static int start(void **state)
{
	(void)state;
	rt_gil_take();
	rt_profile_start();
	return 0;
}

static int end(void **state)
{
	(void)state;
	rt_profile_reset();
	rt_gil_drop();
	return 0;
}

/* The figures of @name; all 0 if it was never called. */
static struct rt_profile_function figures(const char *name)
{
	struct rt_profile_function *f, found = { 0 };
	ptrdiff_t n = rt_profile_functions(&f);

	assert_true(n >= 0);
	for (ptrdiff_t i = 0; i < n; i++) {
		assert_true(i == 0 || f[i - 1].own_ns >= f[i].own_ns);
		if (!strcmp(f[i].name, name))
			found = f[i];
	}
	rt_profile_free(f, (size_t)n);
	found.name = NULL;
	return found;
}

static void pass_ms(unsigned ms)
{
	struct timespec t = { 0, (long)(ms * MS) };

	nanosleep(&t, NULL);
}

static void inner(void)
{
	rt_hook_call("inner");
	pass_ms(3);
	rt_hook_return("inner");
}

static void outer(void)
{
	rt_hook_call("outer");
	pass_ms(2);
	inner();
	inner();
	rt_hook_return("outer");
}

static void own_time_is_total_without_what_was_called(void **state)
{
	struct rt_profile_function in, out;

	(void)state;
	outer();
	in = figures("inner");
	out = figures("outer");
	assert_int_equal(in.calls, 2);
	assert_int_equal(out.calls, 1);
	assert_int_equal(in.own_ns, in.total_ns);
	assert_true(in.own_ns >= 6 * MS);
	assert_true(out.own_ns >= 2 * MS);
	assert_int_equal(out.total_ns, out.own_ns + in.total_ns);
}

static void recurse(int depth)
{
	rt_hook_call("recurse");
	pass_ms(1);
	if (depth)
		recurse(depth - 1);
	rt_hook_return("recurse");
}

static void the_time_of_recursion_counts_once(void **state)
{
	struct rt_profile_function f;

	(void)state;
	recurse(4);
	f = figures("recurse");
	assert_int_equal(f.calls, 5);
	assert_int_equal(f.own_ns, f.total_ns);
	assert_true(f.own_ns >= 5 * MS);
}

static void deep_recursion_is_counted_as_far_as_there_is_room(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++)
		rt_hook_call("deep");
	for (int i = 0; i < 10000; i++)
		rt_hook_return("deep");
	inner();
	assert_true(figures("deep").calls >= 1000);
	assert_int_equal(figures("inner").calls, 1); /* the stack is level again */
}

static void calls_begun_before_the_start_are_not_counted(void **state)
{
	(void)state;
	rt_profile_stop();
	rt_hook_call("early");
	rt_profile_start();
	rt_hook_return("early");
	inner();
	assert_int_equal(figures("early").calls, 0);
	assert_int_equal(figures("inner").calls, 1);
	rt_hook_call("late");
	pass_ms(1);
	rt_profile_stop();
	rt_hook_return("late");
	inner();
	assert_int_equal(figures("late").calls, 1);
	assert_true(figures("late").total_ns >= 1 * MS);
	assert_int_equal(figures("inner").calls, 1);
	rt_profile_reset();
	assert_int_equal(figures("late").calls, 0);
}

static struct rt_object *call_five(const struct rt_args *args)
{
	(void)args;
	return rt_none;
}

static struct rt_object *call_fails(const struct rt_args *args)
{
	(void)args;
	return rt_raise(RT_VALUE_ERROR, "failed");
}

static void functions_of_the_runtime_are_seen_by_name(void **state)
{
	static const struct rt_function_spec five = { "five", call_five, NULL, NULL };
	static const struct rt_function_spec fails = { "fails", call_fails, NULL, NULL };
	struct rt_object *f = rt_function_new(&five, NULL, NULL);
	struct rt_object *g = rt_function_new(&fails, NULL, NULL);

	(void)state;
	for (int i = 0; i < 7; i++)
		rt_unref(rt_call(f, 0, NULL, NULL));
	assert_null(rt_call(g, 0, NULL, NULL));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	rt_unref(f);
	rt_unref(g);
	assert_int_equal(figures("five").calls, 7);
	assert_int_equal(figures("fails").calls, 1);
}

static struct rt_object *body(void *arg)
{
	(void)arg;
	pass_ms(1);
	if (!rt_sleep(30 * MS))
		return NULL;
	inner();
	return rt_none;
}

static void suspended_coroutines_cost_nothing(void **state)
{
	struct rt_loop *l = rt_loop_new(NULL);
	struct rt_object *all[3], *r;
	struct rt_profile_function f;

	(void)state;
	for (int i = 0; i < 3; i++)
		all[i] = rt_coroutine_new("body", body, NULL, NULL);
	r = rt_run(l, rt_gather(l, false, 3, all));
	assert_non_null(r);
	rt_unref(r);
	rt_loop_free(l);
	f = figures("body");
	assert_int_equal(f.calls, 3);
	assert_true(f.own_ns >= 3 * MS);
	assert_int_equal(figures("inner").calls, 3);
	assert_true(f.own_ns + figures("inner").own_ns == f.total_ns);
}

static void thread_calls_outer(void *arg)
{
	(void)arg;
	outer();
}

static void all_threads_are_in_the_table(void **state)
{
	struct rt_thread *t[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(rt_thread_start(&t[i], NULL, thread_calls_outer, NULL), 0);
	for (int i = 0; i < 3; i++)
		rt_thread_join(t[i]);
	outer();
	assert_int_equal(figures("outer").calls, 4);
	assert_int_equal(figures("inner").calls, 8);
}

/* What @print writes; to be freed. */
static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	print(out);
	fclose(out);
	return text;
}

static void folded_stacks_name_the_path_to_each_function(void **state)
{
	char *text;

	(void)state;
	outer();
	inner();
	text = printed(rt_profile_print_folded);
	assert_non_null(strstr(text, "outer;inner "));
	assert_non_null(strstr(text, "\ninner ") ? text : strncmp(text, "inner ", 6) ? NULL : text);
	assert_non_null(strstr(text, "outer "));
	assert_null(strstr(text, "inner;"));
	free(text);
	text = printed(rt_profile_print);
	assert_non_null(strstr(text, "own us"));
	assert_non_null(strstr(text, "  inner\n"));
	free(text);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(own_time_is_total_without_what_was_called),
		T(the_time_of_recursion_counts_once),
		T(deep_recursion_is_counted_as_far_as_there_is_room),
		T(calls_begun_before_the_start_are_not_counted),
		T(functions_of_the_runtime_are_seen_by_name),
		T(suspended_coroutines_cost_nothing),
		T(all_threads_are_in_the_table),
		T(folded_stacks_name_the_path_to_each_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
