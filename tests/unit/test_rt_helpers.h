/* What the tests of the runtime's objects share: expectations that drop what they looked at. */
#ifndef TEST_RT_HELPERS_H
#define TEST_RT_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/rt.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Collections at each allocation make long runs longer still. */
#ifdef RT_GC_STRESS
#define SCALED(n) ((n) / 1000 + 10)
#else
#define SCALED(n) (n)
#endif

#define I(v) rt_int_new(v)
#define S(s) rt_str_new(s)
#define F(v) rt_float_new(v)

/* @o (stolen) shows as @repr. */
#define expect_repr(o, repr) expect_repr_at(o, repr, __FILE__, __LINE__)
static inline void expect_repr_at(struct rt_object *o, const char *repr, const char *file, int line)
{
	struct rt_object *s = o ? rt_repr(o) : NULL;

	if (!s)
		print_error("%s:%d: %s\n", file, line, rt_error_text());
	else if (strcmp(rt_str_chars(s), repr) != 0)
		print_error("%s:%d: %s instead of %s\n", file, line, rt_str_chars(s), repr);
	_assert_true(s && !strcmp(rt_str_chars(s), repr), repr, file, line);
	rt_unref(s);
	rt_unref(o);
}

/* @failed is true, with the error @text pending, which is cleared. */
#define expect_error(failed, text) expect_error_at(failed, text, __FILE__, __LINE__)
static inline void expect_error_at(bool failed, const char *text, const char *file, int line)
{
	_assert_true(failed, "an error", file, line);
	if (strcmp(rt_error_text(), text) != 0)
		print_error("%s:%d: %s instead of %s\n", file, line, rt_error_text(), text);
	_assert_true(!strcmp(rt_error_text(), text), text, file, line);
	rt_error_clear();
}

/* @o (stolen) is true. */
static inline void expect_true(struct rt_object *o)
{
	assert_ptr_equal(o, &rt_true->base);
}

/* Call @f with one argument (stolen). */
static inline struct rt_object *call1(struct rt_object *f, struct rt_object *a)
{
	return rt_call_of(f, 1, a);
}

/* @op applied to @a and @b, both stolen. */
static inline struct rt_object *op2(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *r = rt_binary(op, a, b);

	rt_unref(a);
	rt_unref(b);
	return r;
}

/* @a[@key], both stolen; @a.@name and @a.@name(), @a borrowed. */
static inline struct rt_object *item(struct rt_object *a, struct rt_object *key)
{
	struct rt_object *r = rt_getitem(a, key);

	rt_unref(key);
	rt_unref(a);
	return r;
}

/* No object, block or error is left over, cycles aside.  For cmocka: before and after a test. */
static inline int nothing_left(void **state)
{
	(void)state;
	rt_gc_forget_uncollectable();
	rt_gc_collect(2);
	if (rt_error_pending())
		print_error("pending: %s\n", rt_error_text());
	if (rt_mem_live())
		print_error("%ju blocks left\n", (uintmax_t)rt_mem_live());
	return rt_error_pending() || rt_mem_live() ? -1 : 0;
}

#define RT_TEST(f) cmocka_unit_test_teardown(f, nothing_left)

#endif
