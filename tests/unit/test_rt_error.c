/* Errors: raised, taken, chained, per thread, and as objects. */
#include "tests/unit/test_rt_helpers.h"

#include <errno.h>
#include <pthread.h>

static void an_error_is_raised_taken_and_restored(void **state)
{
	struct rt_object *e;

	(void)state;
	assert_false(rt_error_pending());
	assert_string_equal(rt_error_text(), "");
	assert_null(rt_raise(RT_VALUE_ERROR, "bad %d", 7));
	assert_true(rt_error_pending());
	assert_true(rt_error_is(RT_VALUE_ERROR));
	assert_true(rt_error_is(RT_EXCEPTION));
	assert_false(rt_error_is(RT_TYPE_ERROR));
	assert_string_equal(rt_error_text(), "ValueError: bad 7");
	assert_true(rt_error_pending()); /* still */
	e = rt_error_take();
	assert_false(rt_error_pending());
	expect_repr(rt_ref(e), "ValueError('bad 7')");
	expect_repr(rt_getattr(e, "args"), "('bad 7',)");
	rt_error_restore(e);
	assert_ptr_equal(rt_error_peek(), e);
	assert_false(rt_error_catch(RT_TYPE_ERROR));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	assert_false(rt_error_pending());
}

static void a_newer_error_replaces_or_has_the_older_as_cause(void **state)
{
	struct rt_object *e;

	(void)state;
	rt_raise(RT_KEY_ERROR, "first");
	rt_raise(RT_VALUE_ERROR, "second");
	rt_raise_from(RT_RUNTIME_ERROR, "third");
	e = rt_error_take();
	expect_repr(rt_ref(rt_exception_cause(e)), "ValueError('second')");
	expect_repr(rt_getattr(e, "__cause__"), "ValueError('second')");
	assert_null(rt_exception_cause(rt_exception_cause(e)));
	rt_unref(e);
}

static void messages_are_those_of_python(void **state)
{
	struct rt_object *key = S("k");

	(void)state;
	rt_raise_value(RT_KEY_ERROR, key);
	assert_string_equal(rt_error_text(), "KeyError: 'k'");
	rt_raise_value(RT_STOP_ITERATION, I(5));
	assert_string_equal(rt_error_text(), "StopIteration: 5");
	expect_repr(rt_exception_value(rt_error_peek()), "5");
	errno = ENOENT;
	rt_raise_errno("file");
	assert_string_equal(rt_error_text(), "OSError: file: No such file or directory");
	assert_true(rt_error_is(RT_OS_ERROR));
	errno = EAGAIN;
	rt_raise_errno("read");
	assert_true(rt_error_is(RT_BLOCKING_IO_ERROR));
	errno = ECONNRESET;
	rt_raise_errno("read");
	assert_true(rt_error_is(RT_CONNECTION_ERROR));
	errno = ENOMEM;
	rt_raise_errno("mmap");
	assert_string_equal(rt_error_text(), "MemoryError");
	rt_error_clear();
	rt_unref(key);
}

static void exceptions_are_made_by_calling_their_type(void **state)
{
	struct rt_object *e;

	(void)state;
	e = rt_call_of(rt_type_object(RT_VALUE_ERROR), 2, I(1), S("x"));
	expect_repr(rt_ref(e), "ValueError(1, 'x')");
	assert_int_equal(rt_setattr(e, "code", I(3)), 0);
	expect_repr(rt_getattr(e, "code"), "3");
	rt_raise_object(e);
	assert_string_equal(rt_error_text(), "ValueError: (1, 'x')");
	rt_unref(e);
	rt_raise_object(rt_type_object(RT_INDEX_ERROR));
	assert_string_equal(rt_error_text(), "IndexError");
	rt_raise_object(I(1));
	assert_string_equal(rt_error_text(),
			    "TypeError: exceptions must derive from BaseException");
	rt_error_clear();
}

static void classes_can_be_exceptions(void **state)
{
	struct rt_object *class, *e;

	(void)state;
	class = rt_class_from_methods("MyError", rt_type_object(RT_KEY_ERROR), NULL);
	e = rt_call_of(class, 1, S("k"));
	rt_raise_object(e);
	assert_true(rt_error_is(RT_LOOKUP_ERROR));
	assert_true(rt_error_is((const struct rt_type *)class));
	assert_string_equal(rt_error_text(), "MyError: 'k'");
	rt_error_clear();
	rt_unref(e);
	rt_unref(class);
}

static void long_messages_are_kept(void **state)
{
	char text[2000];
	struct rt_object *s;

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	rt_raise(RT_VALUE_ERROR, "%s", text);
	s = rt_to_str(rt_error_peek());
	assert_null(s = rt_unref(s));
	s = rt_error_take();
	assert_int_equal(rt_str_size(rt_exception_arg(s, 0)), sizeof(text) - 1);
	assert_null(rt_exception_arg(s, 1));
	rt_unref(s);
}

static void *other_thread(void *arg)
{
	(void)arg;
	rt_raise_no_memory();
	return rt_error_is(RT_MEMORY_ERROR) ? arg : NULL;
}

static void no_thread_sees_the_error_of_another(void **state)
{
	pthread_t t;
	void *result;

	rt_raise(RT_VALUE_ERROR, "mine");
	assert_int_equal(pthread_create(&t, NULL, other_thread, state), 0);
	pthread_join(t, &result);
	assert_ptr_equal(result, state);
	assert_string_equal(rt_error_text(), "ValueError: mine");
	rt_error_clear();
}

static int unraisable_count;

static void count_unraisable(const char *where, struct rt_object *exception)
{
	assert_string_equal(where, "a test");
	assert_true(rt_is(exception, RT_VALUE_ERROR));
	unraisable_count++;
}

static void what_cannot_be_raised_is_handed_to_the_hook(void **state)
{
	(void)state;
	rt_error_set_unraisable(count_unraisable);
	rt_raise(RT_VALUE_ERROR, "x");
	rt_error_unraisable("a test");
	rt_error_unraisable("a test"); /* none is pending: nothing happens */
	assert_int_equal(unraisable_count, 1);
	assert_false(rt_error_pending());
	rt_error_set_unraisable(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(an_error_is_raised_taken_and_restored),
		RT_TEST(a_newer_error_replaces_or_has_the_older_as_cause),
		RT_TEST(messages_are_those_of_python),
		RT_TEST(exceptions_are_made_by_calling_their_type),
		RT_TEST(classes_can_be_exceptions),
		RT_TEST(long_messages_are_kept),
		RT_TEST(no_thread_sees_the_error_of_another),
		RT_TEST(what_cannot_be_raised_is_handed_to_the_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
