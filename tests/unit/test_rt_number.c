/* Numbers: int with its overflows, bool, float, and how they mix. */
#include "tests/unit/test_rt_helpers.h"

#include <math.h>

static void int_arithmetic_is_pythons(void **state)
{
	static const struct {
		enum rt_op op;
		int64_t a, b;
		const char *result;
	} cases[] = {
		{ RT_ADD, 2, 3, "5" },
		{ RT_SUB, 2, 3, "-1" },
		{ RT_MUL, -4, 3, "-12" },
		{ RT_TRUEDIV, 7, 2, "3.5" },
		{ RT_FLOORDIV, 7, 2, "3" },
		{ RT_FLOORDIV, -7, 2, "-4" },
		{ RT_FLOORDIV, 7, -2, "-4" },
		{ RT_FLOORDIV, -7, -2, "3" },
		{ RT_FLOORDIV, 6, -1, "-6" },
		{ RT_MOD, 7, 3, "1" },
		{ RT_MOD, -7, 3, "2" },
		{ RT_MOD, 7, -3, "-2" },
		{ RT_MOD, INT64_MIN, -1, "0" },
		{ RT_POW, 2, 10, "1024" },
		{ RT_POW, 0, 0, "1" },
		{ RT_POW, 2, -1, "0.5" },
		{ RT_POW, -2, 63, "-9223372036854775808" },
		{ RT_LSHIFT, 1, 62, "4611686018427387904" },
		{ RT_LSHIFT, -1, 62, "-4611686018427387904" },
		{ RT_LSHIFT, 0, 1000, "0" },
		{ RT_RSHIFT, -8, 1, "-4" },
		{ RT_RSHIFT, -8, 100, "-1" },
		{ RT_AND, 12, 10, "8" },
		{ RT_OR, 12, 10, "14" },
		{ RT_XOR, 12, 10, "6" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_repr(op2(cases[i].op, I(cases[i].a), I(cases[i].b)), cases[i].result);
	expect_repr(rt_unary(RT_NEG, I(5)), "-5");
	expect_repr(rt_unary(RT_POS, I(5)), "5");
	expect_repr(rt_unary(RT_INVERT, I(5)), "-6");
	expect_repr(rt_unary(RT_ABS, I(-5)), "5");
}

static void what_does_not_fit_is_an_overflow_error(void **state)
{
	static const struct {
		enum rt_op op;
		int64_t a, b;
	} cases[] = {
		{ RT_ADD, INT64_MAX, 1 },  { RT_SUB, INT64_MIN, 1 }, { RT_MUL, INT64_MAX, 2 },
		{ RT_MUL, INT64_MIN, -1 }, { RT_POW, 10, 19 },	     { RT_POW, 3, 1000000 },
		{ RT_LSHIFT, 1, 63 },	   { RT_LSHIFT, 1, 64 },     { RT_FLOORDIV, INT64_MIN, -1 },
	};
	struct rt_object *min = I(INT64_MIN);
	char text[80];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "OverflowError: result of %s does not fit in 64 bits",
			 rt_op_symbol(cases[i].op));
		expect_error(!op2(cases[i].op, I(cases[i].a), I(cases[i].b)), text);
	}
	expect_error(!rt_unary(RT_NEG, min), "OverflowError: result of - does not fit in 64 bits");
	expect_error(!rt_unary(RT_ABS, min),
		     "OverflowError: result of abs does not fit in 64 bits");
	rt_unref(min);
}

static void dividing_by_zero_and_shifting_backwards_are_errors(void **state)
{
	(void)state;
	expect_error(!op2(RT_FLOORDIV, I(1), I(0)), "ZeroDivisionError: division by zero");
	expect_error(!op2(RT_MOD, I(1), I(0)), "ZeroDivisionError: division by zero");
	expect_error(!op2(RT_TRUEDIV, I(1), I(0)), "ZeroDivisionError: division by zero");
	expect_error(!op2(RT_POW, I(0), I(-1)), "ZeroDivisionError: zero to a negative power");
	expect_error(!op2(RT_TRUEDIV, F(1), F(0)), "ZeroDivisionError: float division by zero");
	expect_error(!op2(RT_LSHIFT, I(1), I(-1)), "ValueError: negative shift count");
}

static void bools_are_ints_that_print_differently(void **state)
{
	struct rt_object *t = rt_bool(true), *f = rt_bool(false);

	(void)state;
	expect_repr(t, "True");
	expect_repr(f, "False");
	expect_repr(rt_add(t, t), "2");
	expect_repr(rt_binary(RT_AND, t, f), "False");
	expect_repr(rt_binary(RT_OR, t, f), "True");
	expect_repr(rt_binary(RT_XOR, t, I(3)), "2");
	assert_int_equal(rt_equal(t, I(1)), 1);
	assert_int_equal(rt_isinstance(t, rt_type_object(&rt_int_type)), 1);
	assert_int_equal(rt_isinstance(I(1), rt_type_object(&rt_bool_type)), 0);
}

static void floats_show_the_shortest_text_that_reads_back(void **state)
{
	static const struct {
		double v;
		const char *repr;
	} cases[] = {
		{ 0, "0.0" },		{ -0.0, "-0.0" },      { 1, "1.0" },
		{ 0.1, "0.1" },		{ 1.5, "1.5" },	       { 1e15, "1000000000000000.0" },
		{ 1e16, "1e+16" },	{ 1e100, "1e+100" },   { 1.0 / 3, "0.3333333333333333" },
		{ 1e-5, "1e-05" },	{ 0.0001, "0.0001" },  { -2.5, "-2.5" },
		{ INFINITY, "inf" },	{ -INFINITY, "-inf" }, { NAN, "nan" },
		{ 100000, "100000.0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_repr(F(cases[i].v), cases[i].repr);
}

static void floats_and_ints_mix(void **state)
{
	struct rt_object *large = I((INT64_C(1) << 53) + 1), *f = F(9007199254740992.0);

	(void)state;
	expect_repr(op2(RT_ADD, I(1), F(0.5)), "1.5");
	expect_repr(op2(RT_SUB, F(0.5), I(1)), "-0.5");
	expect_repr(op2(RT_MUL, I(3), F(1.5)), "4.5");
	expect_repr(op2(RT_FLOORDIV, F(-7), I(2)), "-4.0");
	expect_repr(op2(RT_MOD, F(-7), I(3)), "2.0");
	expect_repr(op2(RT_POW, F(2), I(3)), "8.0");
	assert_int_equal(rt_equal(large, f), 0); /* exact, though no double is that large int */
	assert_int_equal(rt_compare_truth(large, f, RT_GT), 1);
	expect_error(!op2(RT_AND, F(1), I(1)),
		     "TypeError: unsupported operand type(s) for &: 'float' and 'int'");
	rt_unref(large);
	rt_unref(f);
}

static void nothing_is_ordered_with_nan(void **state)
{
	struct rt_object *nan_ = F(NAN), *other = F(NAN);

	(void)state;
	assert_int_equal(rt_compare_truth(nan_, other, RT_EQ), 0);
	assert_int_equal(rt_compare_truth(nan_, other, RT_LT), 0);
	assert_int_equal(rt_compare_truth(nan_, other, RT_NE), 1);
	rt_unref(nan_);
	rt_unref(other);
}

static void converting_takes_a_call(void **state)
{
	struct rt_object *int_ = rt_type_object(&rt_int_type);
	struct rt_object *float_ = rt_type_object(&rt_float_type);

	(void)state;
	expect_repr(call1(int_, S("-12")), "-12");
	expect_repr(call1(int_, S(" 7 \n")), "7");
	expect_repr(call1(int_, F(-2.9)), "-2");
	expect_repr(call1(float_, S("1.5")), "1.5");
	expect_repr(call1(float_, I(2)), "2.0");
	expect_repr(call1(rt_type_object(&rt_bool_type), S("x")), "True");
	expect_repr(rt_call_of(int_, 0), "0");
	expect_error(!call1(int_, S("1x")), "ValueError: invalid literal for int(): '1x'");
	expect_error(!call1(int_, S("")), "ValueError: invalid literal for int(): ''");
	expect_error(!call1(int_, S("99999999999999999999")),
		     "OverflowError: result of int() does not fit in 64 bits");
	expect_error(!call1(int_, F(1e30)),
		     "OverflowError: result of int() does not fit in 64 bits");
	expect_error(!call1(int_, F(NAN)), "ValueError: cannot convert float NaN to int");
	expect_error(!call1(int_, rt_none),
		     "TypeError: int() argument must be a str or a number, not 'NoneType'");
	expect_error(!call1(float_, S("a")), "ValueError: could not convert string to float: 'a'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(int_arithmetic_is_pythons),
		RT_TEST(what_does_not_fit_is_an_overflow_error),
		RT_TEST(dividing_by_zero_and_shifting_backwards_are_errors),
		RT_TEST(bools_are_ints_that_print_differently),
		RT_TEST(floats_show_the_shortest_text_that_reads_back),
		RT_TEST(floats_and_ints_mix),
		RT_TEST(nothing_is_ordered_with_nan),
		RT_TEST(converting_takes_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
