/* Generators: suspended, resumed, sent to, thrown into, closed, collected. */
#include "tests/unit/test_rt_helpers.h"

/* for i in range(3): got = yield i; log.append(got).  finally: log.append("end") */
static struct rt_object *three_body(struct rt_generator *self)
{
	struct rt_object *log = rt_ref(rt_generator_locals(self)), *got, *s;

	for (int i = 0; i < 3; i++) {
		got = rt_yield(self, I(i));
		if (!got)
			break;
		rt_list_append_stolen(log, got);
	}
	s = rt_error_take();
	rt_list_append_stolen(log, S("end"));
	rt_unref(log);
	if (!s)
		return S("result");
	rt_error_restore(s);
	return NULL;
}

static struct rt_object *three(struct rt_object *log)
{
	return rt_generator_new("three", three_body, log);
}

static void a_generator_keeps_its_place(void **state)
{
	struct rt_object *log = rt_list_new(), *g = three(log), *e;

	(void)state;
	expect_repr(rt_next(g), "0");
	expect_repr(rt_next(g), "1");
	expect_repr(rt_ref(log), "[None]");
	expect_repr(rt_next(g), "2");
	assert_null(rt_next(g));
	assert_true(rt_error_is(RT_STOP_ITERATION));
	e = rt_error_take();
	expect_repr(rt_getattr(e, "value"), "'result'");
	rt_unref(e);
	expect_error(!rt_next(g), "StopIteration");
	expect_repr(rt_ref(log), "[None, None, None, 'end']");
	rt_unref(g);
	rt_unref(log);
}

static void values_can_be_sent_in(void **state)
{
	struct rt_object *log = rt_list_new(), *g = three(log), *hello = S("hello");

	(void)state;
	expect_error(!rt_generator_send(g, hello),
		     "TypeError: can't send non-None value to a just-started generator");
	expect_repr(rt_generator_send(g, rt_none), "0");
	expect_repr(rt_generator_send(g, hello), "1");
	expect_repr(rt_call_method(g, "send", 1, I(5)), "2");
	expect_repr(rt_ref(log), "['hello', 5]");
	expect_error(!rt_generator_send(g, hello), "StopIteration: result");
	expect_error(!rt_generator_send(g, hello), "StopIteration");
	rt_unref(hello);
	rt_unref(g);
	rt_unref(log);
}

static void errors_can_be_thrown_in(void **state)
{
	struct rt_object *log = rt_list_new(), *g = three(log);
	struct rt_object *value_error = rt_type_object(RT_VALUE_ERROR);

	(void)state;
	expect_repr(rt_next(g), "0");
	expect_error(!rt_generator_throw(g, value_error), "ValueError");
	expect_repr(rt_ref(log), "['end']");
	expect_error(!rt_next(g), "StopIteration");
	expect_error(!rt_generator_throw(g, value_error), "ValueError"); /* it just comes back */
	rt_unref(g);
	g = three(log);
	expect_error(!rt_generator_throw(g, value_error), "ValueError"); /* not begun: as done */
	expect_error(!rt_next(g), "StopIteration");
	expect_repr(rt_ref(log), "['end']");
	rt_unref(g);
	rt_unref(log);
}

static void closing_lets_it_clean_up(void **state)
{
	struct rt_object *log = rt_list_new(), *g = three(log);

	(void)state;
	assert_int_equal(rt_generator_close(g), 0); /* before it began */
	assert_int_equal(rt_list_len(log), 0);
	rt_unref(g);
	g = three(log);
	expect_repr(rt_next(g), "0");
	assert_int_equal(rt_generator_close(g), 0);
	assert_int_equal(rt_generator_close(g), 0);
	expect_repr(rt_ref(log), "['end']");
	rt_unref(g);
	g = three(log);
	expect_repr(rt_next(g), "0");
	rt_unref(g); /* going closes, too */
	expect_repr(log, "['end', 'end']");
}

static struct rt_object *stubborn_body(struct rt_generator *self)
{
	struct rt_object *sent;

	for (int i = 0; i < 2; i++) {
		sent = rt_yield(self, I(i));
		if (!sent)
			rt_error_clear();
		rt_unref(sent);
	}
	return rt_none;
}

static int unraisable_count;

static void count_unraisable(const char *where, struct rt_object *exception)
{
	(void)where;
	assert_true(rt_is(exception, RT_RUNTIME_ERROR));
	unraisable_count++;
}

static void one_that_ignores_its_end_is_reported(void **state)
{
	struct rt_object *g = rt_generator_new("stubborn", stubborn_body, NULL);

	(void)state;
	expect_repr(rt_next(g), "0");
	expect_error(rt_generator_close(g) < 0, "RuntimeError: generator ignored GeneratorExit");
	rt_unref(g);
	rt_error_set_unraisable(count_unraisable);
	unraisable_count = 0;
	g = rt_generator_new("stubborn", stubborn_body, NULL);
	expect_repr(rt_next(g), "0");
	rt_unref(g);
	assert_int_equal(unraisable_count, 1);
	rt_error_set_unraisable(NULL);
}

static struct rt_object *failing_body(struct rt_generator *self)
{
	struct rt_object *sent = rt_yield(self, I(1));

	if (!sent)
		return NULL;
	rt_unref(sent);
	return rt_raise_object(rt_type_object((const struct rt_type *)rt_generator_locals(self)));
}

static void errors_end_it_and_stop_iteration_becomes_a_runtime_error(void **state)
{
	struct rt_object *g, *e;

	(void)state;
	g = rt_generator_new("failing", failing_body, rt_type_object(RT_KEY_ERROR));
	expect_repr(rt_next(g), "1");
	expect_error(!rt_next(g), "KeyError");
	expect_error(!rt_next(g), "StopIteration");
	rt_unref(g);
	g = rt_generator_new("failing", failing_body, rt_type_object(RT_STOP_ITERATION));
	expect_repr(rt_next(g), "1");
	assert_null(rt_next(g));
	e = rt_error_take();
	expect_repr(rt_ref(e), "RuntimeError('generator raised StopIteration')");
	expect_repr(rt_ref(rt_exception_cause(e)), "StopIteration()");
	rt_unref(e);
	rt_unref(g);
}

static struct rt_object *again_body(struct rt_generator *self)
{
	return rt_next(rt_list_at(rt_generator_locals(self), 0));
}

static void it_cannot_resume_itself(void **state)
{
	struct rt_object *locals = rt_list_new();
	struct rt_object *g = rt_generator_new("again", again_body, locals);

	(void)state;
	rt_list_append(locals, g);
	expect_error(!rt_next(g), "ValueError: generator already executing");
	rt_list_clear(locals);
	rt_unref(g);
	rt_unref(locals);
}

static struct rt_object *chain_body(struct rt_generator *self)
{
	struct rt_object *parts = rt_generator_locals(self);

	for (size_t i = 0; i < rt_tuple_len(parts); i++)
		if (rt_yield_from(self, rt_tuple_at(parts, i)) < 0)
			return NULL;
	return rt_none;
}

static void it_can_delegate_to_others(void **state)
{
	struct rt_object *log = rt_list_new(), *inner = three(log);
	struct rt_object *parts = rt_tuple_of(3, rt_range_new(5, 7, 1), inner, rt_list_of(1, I(9)));
	struct rt_object *g = rt_generator_new("chain", chain_body, parts);

	(void)state;
	expect_repr(rt_list_from_iterable(g), "[5, 6, 0, 1, 2, 9]");
	rt_unref(g);
	g = rt_generator_new("chain", chain_body, parts);
	rt_unref(parts);
	expect_repr(rt_next(g), "5");
	rt_unref(g);
	rt_unref(log);
}

/* Runs with its own generator among its locals: only the collector can free the two. */
static void a_suspended_generator_in_a_cycle_is_collected(void **state)
{
	struct rt_object *log = rt_list_new(), *g = three(log);

	(void)state;
	expect_repr(rt_next(g), "0");
	rt_list_append(log, g);
	rt_ref(log);
	rt_unref(g);
	assert_true(rt_gc_collect(2) == 0); /* log is still referred to from here */
	expect_repr(rt_getslice(log, 1, 2), "[]");
	rt_list_clear(log);
	expect_repr(rt_ref(log), "['end']");
	rt_unref(log);
	rt_unref(log);
}

static struct rt_object *held_body(struct rt_generator *self)
{
	struct rt_object *sent = rt_yield(self, I(1));

	rt_unref(sent);
	return sent ? rt_none : NULL;
}

static void an_unreachable_suspended_one_is_closed_by_the_collector(void **state)
{
	struct rt_object *locals = rt_list_new();
	struct rt_object *g = rt_generator_new("held", held_body, locals);

	(void)state;
	expect_repr(rt_next(g), "1");
	rt_list_append(locals, g);
	rt_unref(g);
	rt_unref(locals);
	rt_gc_collect(2); /* closing it broke the cycle */
	assert_int_equal(rt_mem_live(), 0);
}

static struct rt_generator *current; /* which body runs, for the function it calls */

static struct rt_object *yield_from_below(const struct rt_args *a)
{
	(void)a;
	return rt_yield(current, I(1));
}

static struct rt_object *deep_body(struct rt_generator *self)
{
	current = self;
	return rt_call_of(rt_generator_locals(self), 0);
}

static void suspended_calls_do_not_count_against_others(void **state)
{
	static const struct rt_function_spec spec = { "below", yield_from_below };
	struct rt_object *f = rt_function_new(&spec, NULL, NULL), *g[1200];

	(void)state;
	for (size_t i = 0; i < COUNT(g); i++) {
		g[i] = rt_generator_new("deep", deep_body, f);
		expect_repr(rt_next(g[i]), "1");
	}
	for (size_t i = 0; i < COUNT(g); i++)
		rt_unref(g[i]);
	rt_unref(f);
}

static struct rt_object *call_itself(const struct rt_args *a)
{
	return rt_call(a->callee, 0, NULL, NULL);
}

static struct rt_object *recursive_body(struct rt_generator *self)
{
	return rt_call_of(rt_generator_locals(self), 0);
}

static void endless_recursion_in_one_is_an_error_before_its_stack_ends(void **state)
{
	static const struct rt_function_spec spec = { "forever", call_itself };
	struct rt_object *f = rt_function_new(&spec, NULL, NULL);
	struct rt_object *g = rt_generator_new("recursive", recursive_body, f);

	(void)state;
	expect_error(!rt_next(g), "RecursionError: maximum recursion depth exceeded in a call");
	rt_unref(g);
	rt_unref(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(a_generator_keeps_its_place),
		RT_TEST(values_can_be_sent_in),
		RT_TEST(errors_can_be_thrown_in),
		RT_TEST(closing_lets_it_clean_up),
		RT_TEST(one_that_ignores_its_end_is_reported),
		RT_TEST(errors_end_it_and_stop_iteration_becomes_a_runtime_error),
		RT_TEST(it_cannot_resume_itself),
		RT_TEST(it_can_delegate_to_others),
		RT_TEST(a_suspended_generator_in_a_cycle_is_collected),
		RT_TEST(suspended_calls_do_not_count_against_others),
		RT_TEST(endless_recursion_in_one_is_an_error_before_its_stack_ends),
		RT_TEST(an_unreachable_suspended_one_is_closed_by_the_collector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
