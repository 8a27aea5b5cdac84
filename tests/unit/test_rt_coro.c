/* rt_coro: values both ways, errors thrown in, many alive, freed while suspended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/rt_coro.h"
#include "runtime/rt_error.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_int.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_sanitizer.h"
#include "runtime/rt_stack.h"
#include "runtime/rt_thread.h"

#define MANY (RT_TSAN ? 500 : 10000) /* TSan has 8,000 threads and fibres at most */

static uint64_t live_before;

static int remember_live(void **state)
{
	(void)state;
	live_before = rt_mem_live();
	return 0;
}

static int nothing_leaked(void **state)
{
	(void)state;
	rt_error_clear();
	assert_int_equal(rt_mem_live(), live_before);
	return 0;
}

static int64_t value_of(struct rt_object *o)
{
	int64_t v = -1;

	assert_non_null(o);
	assert_int_equal(rt_int_value(o, &v), 0);
	rt_unref(o);
	return v;
}

/* Yields @arg, then what was sent plus 1000, for ever; passes errors on. */
static struct rt_object *echo_plus(struct rt_coro *self, void *arg)
{
	struct rt_object *sent = rt_coro_yield(self, rt_int_new((int64_t)(intptr_t)arg));

	while (sent) {
		int64_t v = value_of(sent);

		if (v < 0)
			return rt_int_new(-v);
		sent = rt_coro_yield(self, rt_int_new(v + 1000));
	}
	return NULL;
}

static void values_go_both_ways(void **state)
{
	struct rt_coro *c = rt_coro_new(echo_plus, (void *)5);

	(void)state;
	assert_false(rt_coro_started(c));
	assert_int_equal(value_of(rt_coro_resume(c, rt_none)), 5);
	assert_int_equal(value_of(rt_coro_resume(c, rt_int_new(700))), 1700);
	assert_int_equal(value_of(rt_coro_resume(c, rt_int_new(70000))), 71000);
	assert_false(rt_coro_done(c));
	assert_int_equal(value_of(rt_coro_resume(c, rt_int_new(-300))), 300);
	assert_true(rt_coro_done(c));
	rt_coro_free(c);
}

static void one_that_has_ended_cannot_be_resumed(void **state)
{
	struct rt_coro *c = rt_coro_new(echo_plus, NULL);

	(void)state;
	rt_unref(rt_coro_resume(c, rt_none));
	rt_unref(rt_coro_resume(c, rt_int_new(-1)));
	assert_null(rt_coro_resume(c, rt_int_new(12345)));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	rt_raise(RT_VALUE_ERROR, "thrown");
	assert_null(rt_coro_resume(c, NULL));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	rt_coro_free(c);
}

static void a_thrown_error_comes_out_of_yield(void **state)
{
	struct rt_coro *c = rt_coro_new(echo_plus, NULL);

	(void)state;
	rt_unref(rt_coro_resume(c, rt_none));
	rt_raise(RT_KEY_ERROR, "thrown in");
	assert_null(rt_coro_resume(c, NULL));
	assert_true(rt_coro_done(c));
	assert_true(rt_error_catch(RT_KEY_ERROR));
	rt_coro_free(c);
}

static void an_error_thrown_before_the_start_ends_it_unrun(void **state)
{
	struct rt_coro *c = rt_coro_new(echo_plus, NULL);

	(void)state;
	rt_raise(RT_VALUE_ERROR, "early");
	assert_null(rt_coro_resume(c, NULL));
	assert_true(rt_coro_done(c));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	rt_coro_free(c);
}

/* Catches what is thrown in and yields its kind. */
static struct rt_object *catcher(struct rt_coro *self, void *arg)
{
	int *caught = arg;

	for (;;) {
		struct rt_object *sent = rt_coro_yield(self, rt_none);

		if (sent) {
			rt_unref(sent);
		} else if (rt_error_catch(RT_VALUE_ERROR)) {
			(*caught)++;
		} else {
			return NULL;
		}
	}
}

static void a_coroutine_may_catch_and_go_on(void **state)
{
	int caught = 0;
	struct rt_coro *c = rt_coro_new(catcher, &caught);

	(void)state;
	rt_coro_resume(c, rt_none);
	for (int i = 0; i < 3; i++) {
		rt_raise(RT_VALUE_ERROR, "number %d", i);
		assert_ptr_equal(rt_coro_resume(c, NULL), rt_none);
	}
	assert_int_equal(caught, 3);
	assert_false(rt_error_pending());
	rt_coro_free(c);
}

static struct rt_object *resumes_itself(struct rt_coro *self, void *arg)
{
	(void)arg;
	assert_null(rt_coro_resume(self, rt_int_new(999)));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	rt_coro_free(self); /* refused, and reported */
	return rt_int_new(1);
}

static int reports;

static void count_report(const char *where, struct rt_object *exception)
{
	(void)where;
	(void)exception;
	reports++;
}

static void it_cannot_resume_itself(void **state)
{
	struct rt_coro *c = rt_coro_new(resumes_itself, NULL);

	(void)state;
	reports = 0;
	rt_error_set_unraisable(count_report);
	assert_int_equal(value_of(rt_coro_resume(c, rt_none)), 1);
	rt_error_set_unraisable(NULL);
	assert_int_equal(reports, 1);
	assert_null(rt_coro_yield(c, rt_int_new(999))); /* not running */
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	rt_coro_free(c);
}

/* Holds an object on its stack while suspended. */
static struct rt_object *holder(struct rt_coro *self, void *arg)
{
	struct rt_object *held = rt_int_new(100000), *sent;

	sent = rt_coro_yield(self, rt_none);
	rt_unref(held);
	if (!sent)
		*(int *)arg += rt_error_is(RT_GENERATOR_EXIT);
	return sent;
}

static void freeing_a_suspended_one_lets_it_clean_up(void **state)
{
	int exits = 0;
	struct rt_coro *c = rt_coro_new(holder, &exits);

	(void)state;
	rt_coro_resume(c, rt_none);
	rt_raise(RT_INDEX_ERROR, "pending meanwhile");
	rt_coro_free(c);
	assert_int_equal(exits, 1);
	assert_true(rt_error_catch(RT_INDEX_ERROR));
	rt_coro_free(NULL);
}

static struct rt_object *stubborn(struct rt_coro *self, void *arg)
{
	(void)arg;
	while (!rt_coro_done(self)) { /* which it is not while it runs */
		struct rt_object *sent = rt_coro_yield(self, rt_none);

		rt_unref(sent);
		rt_error_clear();
	}
	return rt_none;
}

static void one_that_will_not_end_is_given_up(void **state)
{
	struct rt_coro *c = rt_coro_new(stubborn, NULL);

	(void)state;
	rt_coro_resume(c, rt_none);
	reports = 0;
	rt_error_set_unraisable(count_report);
	rt_coro_free(c);
	rt_error_set_unraisable(NULL);
	assert_true(reports > 0);
}

static void thousands_are_alive_at_once(void **state)
{
	struct rt_coro **c = calloc(MANY, sizeof(*c));

	(void)state;
	for (intptr_t i = 0; i < MANY; i++) {
		c[i] = rt_coro_new(echo_plus, (void *)i);
		assert_non_null(c[i]);
		assert_int_equal(value_of(rt_coro_resume(c[i], rt_none)), i);
	}
	assert_true(rt_stack_count() >= MANY);
	for (intptr_t i = MANY - 1; i >= 0; i--)
		assert_int_equal(value_of(rt_coro_resume(c[i], rt_int_new(i))), i + 1000);
	for (intptr_t i = 0; i < MANY; i++)
		rt_coro_free(c[i]);
	free(c);
	rt_stack_trim();
	assert_int_equal(rt_stack_count(), 0);
}

/* A coroutine that drives another one: three stacks deep. */
static struct rt_object *nested(struct rt_coro *self, void *arg)
{
	struct rt_coro *inner = rt_coro_new(echo_plus, arg);
	struct rt_object *out = rt_coro_resume(inner, rt_none), *sent;

	while (out && !rt_coro_done(inner)) {
		sent = rt_coro_yield(self, out);
		out = rt_coro_resume(inner, sent);
	}
	rt_coro_free(inner);
	return out;
}

static void coroutines_nest(void **state)
{
	struct rt_coro *c = rt_coro_new(nested, (void *)9);

	(void)state;
	assert_int_equal(value_of(rt_coro_resume(c, rt_none)), 9);
	assert_int_equal(value_of(rt_coro_resume(c, rt_int_new(1))), 1001);
	assert_int_equal(value_of(rt_coro_resume(c, rt_int_new(-2))), 2);
	assert_true(rt_coro_done(c));
	rt_coro_free(c);
	c = rt_coro_new(nested, (void *)9);
	rt_unref(rt_coro_resume(c, rt_none));
	rt_coro_free(c); /* unwinds both */
}

static void resume_in_another_thread(void *arg)
{
	struct rt_coro *c = arg;

	for (int i = 0; i < 100; i++)
		assert_int_equal(value_of(rt_coro_resume(c, rt_int_new(i))), i + 1000);
}

static void another_thread_may_go_on_with_it(void **state)
{
	struct rt_coro *c = rt_coro_new(echo_plus, (void *)1);
	struct rt_thread *t;

	(void)state;
	rt_gil_take();
	assert_int_equal(value_of(rt_coro_resume(c, rt_none)), 1);
	assert_int_equal(rt_thread_start(&t, "resumer", resume_in_another_thread, c), 0);
	rt_thread_join(t);
	assert_int_equal(value_of(rt_coro_resume(c, rt_int_new(-4))), 4);
	rt_coro_free(c);
	rt_gil_drop();
}

/* Rounding mode and floating point survive switches. */
static struct rt_object *floats(struct rt_coro *self, void *arg)
{
	double *sum = arg, local = 0.5;

	for (int i = 0; i < 10; i++) {
		local *= 1.5;
		rt_unref(rt_coro_yield(self, rt_none));
	}
	*sum = local;
	return rt_none;
}

static void registers_survive_switches(void **state)
{
	double sum = 0, other = 1.25, expected = 0.5;
	struct rt_coro *c = rt_coro_new(floats, &sum);

	(void)state;
	while (!rt_coro_done(c)) {
		rt_coro_resume(c, rt_none);
		other += 1;
	}
	for (int i = 0; i < 10; i++)
		expected *= 1.5;
	assert_true(sum == expected);
	assert_true(other == 12.25);
	rt_coro_free(c);
}

static void no_memory_is_an_error_object(void **state)
{
	(void)state;
	rt_mem_fail_after(0);
	assert_null(rt_coro_new(echo_plus, NULL));
	rt_mem_fail_after(-1);
	assert_true(rt_error_catch(RT_MEMORY_ERROR));
}

#define T(f) cmocka_unit_test_setup_teardown(f, remember_live, nothing_leaked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(values_go_both_ways),
		T(one_that_has_ended_cannot_be_resumed),
		T(a_thrown_error_comes_out_of_yield),
		T(an_error_thrown_before_the_start_ends_it_unrun),
		T(a_coroutine_may_catch_and_go_on),
		T(it_cannot_resume_itself),
		T(freeing_a_suspended_one_lets_it_clean_up),
		T(one_that_will_not_end_is_given_up),
		T(thousands_are_alive_at_once),
		T(coroutines_nest),
		T(another_thread_may_go_on_with_it),
		T(registers_survive_switches),
		T(no_memory_is_an_error_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
