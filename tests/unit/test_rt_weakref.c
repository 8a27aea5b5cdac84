/* Weak references: they see their target only while it lives, and are told when it goes. */
#include "tests/unit/test_rt_helpers.h"

static struct rt_object *told; /* list of what callbacks got */

static struct rt_object *tell(const struct rt_args *a)
{
	struct rt_object *target = rt_weakref_get(a->v[0]);

	return rt_none_if(rt_list_append_stolen(told, target));
}

static const struct rt_function_spec tell_spec = { "tell", tell, "weakref" };

static int set_up(void **state)
{
	(void)state;
	told = rt_list_new();
	return 0;
}

static int tear_down(void **state)
{
	told = rt_unref(told);
	return nothing_left(state);
}

static void it_does_not_keep_its_target_alive(void **state)
{
	struct rt_object *o = rt_set_new(), *w = rt_weakref_new(o, NULL), *got;

	(void)state;
	assert_int_equal(o->refs, 1);
	got = rt_weakref_get(w);
	assert_ptr_equal(got, o);
	rt_unref(got);
	got = rt_call_of(w, 0);
	assert_ptr_equal(got, o);
	rt_unref(got);
	rt_unref(o);
	assert_ptr_equal(rt_weakref_get(w), rt_none);
	expect_error(!rt_call_of(w, 1, I(1)), "TypeError: weakref() takes no arguments");
	rt_unref(w);
}

static void the_callback_runs_once_when_the_target_is_gone(void **state)
{
	struct rt_object *f = rt_function_new(&tell_spec, NULL, NULL), *o = rt_set_new();
	struct rt_object *a = rt_weakref_new(o, f), *b = rt_weakref_new(o, f);

	(void)state;
	assert_int_equal(rt_weakref_count(o), 2);
	rt_unref(b); /* one that goes first is not called */
	assert_int_equal(rt_weakref_count(o), 1);
	rt_unref(o);
	expect_repr(rt_ref(told), "[None]"); /* by then there is no way to it */
	rt_unref(a);
	rt_unref(f);
}

static void only_some_types_can_be_targets(void **state)
{
	struct rt_object *l = rt_list_new();

	(void)state;
	expect_error(!rt_weakref_new(I(1), NULL),
		     "TypeError: cannot create weak reference to 'int' object");
	expect_error(!rt_weakref_new(l, NULL),
		     "TypeError: cannot create weak reference to 'list' object");
	expect_error(!rt_weakref_get(l), "TypeError: expected weakref, not 'list'");
	expect_error(!rt_weakref_new(NULL, NULL), "SystemError: expected object, not NULL");
	assert_int_equal(rt_weakref_count(l), 0);
	rt_unref(l);
}

/* An instance in a cycle with itself. */
static struct rt_object *looped(void)
{
	struct rt_object *class = rt_class_new("C", NULL, NULL), *o = rt_call_of(class, 0);

	rt_setattr(o, "me", o);
	rt_unref(class);
	return o;
}

static void the_collector_clears_and_calls(void **state)
{
	struct rt_object *f = rt_function_new(&tell_spec, NULL, NULL), *o = looped();
	struct rt_object *w = rt_weakref_new(o, f);

	(void)state;
	rt_unref(o);
	rt_gc_collect(2);
	expect_repr(rt_ref(told), "[None]");
	assert_ptr_equal(rt_weakref_get(w), rt_none);
	rt_unref(w);
	rt_unref(f);
}

static void a_weakref_that_is_garbage_itself_is_not_called(void **state)
{
	struct rt_object *f = rt_function_new(&tell_spec, NULL, NULL), *o = looped();
	struct rt_object *w = rt_weakref_new(o, f);

	(void)state;
	rt_setattr(o, "w", w);
	rt_unref(w);
	rt_unref(o);
	rt_gc_collect(2);
	expect_repr(rt_ref(told), "[]");
	rt_unref(f);
}

static struct rt_object *raise_it(const struct rt_args *a)
{
	(void)a;
	return rt_raise(RT_VALUE_ERROR, "in callback");
}

static int unraisable_count;

static void count_unraisable(const char *where, struct rt_object *exception)
{
	(void)exception;
	assert_string_equal(where, "a weak reference's callback");
	unraisable_count++;
}

static void a_failing_callback_stops_nothing(void **state)
{
	static const struct rt_function_spec spec = { "raise_it", raise_it, "weakref" };
	struct rt_object *f = rt_function_new(&spec, NULL, NULL), *o = rt_set_new();
	struct rt_object *w = rt_weakref_new(o, f), *g = rt_function_new(&tell_spec, NULL, NULL);
	struct rt_object *x = rt_weakref_new(o, g);

	(void)state;
	rt_error_set_unraisable(count_unraisable);
	unraisable_count = 0;
	rt_raise(RT_KEY_ERROR, "pending");
	rt_unref(o);
	assert_string_equal(rt_error_text(), "KeyError: 'pending'");
	rt_error_clear();
	assert_int_equal(unraisable_count, 1);
	assert_int_equal(rt_list_len(told), 1); /* the other one ran */
	rt_error_set_unraisable(NULL);
	rt_unref(x);
	rt_unref(w);
	rt_unref(g);
	rt_unref(f);
}

static void text_says_whether_it_is_dead(void **state)
{
	struct rt_object *o = rt_set_new(), *w = rt_weakref_new(o, rt_none), *s;

	(void)state;
	s = rt_repr(w);
	assert_non_null(strstr(rt_str_chars(s), "to 'set' at"));
	rt_unref(s);
	rt_unref(o);
	s = rt_repr(w);
	assert_non_null(strstr(rt_str_chars(s), "; dead>"));
	rt_unref(s);
	rt_unref(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_does_not_keep_its_target_alive, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_callback_runs_once_when_the_target_is_gone,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_some_types_can_be_targets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_collector_clears_and_calls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_weakref_that_is_garbage_itself_is_not_called,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failing_callback_stops_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(text_says_whether_it_is_dead, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
