/* str and bytes: UTF-8, code points, slices, methods, and the decoder behind them. */
#include "tests/unit/test_rt_helpers.h"

#define CAFE "caf\xc3\xa9 \xe6\x97\xa5\xf0\x9f\x90\x8d" /* 7 code points, 13 bytes */

static void only_valid_utf8_becomes_a_str(void **state)
{
	static const char *const bad[] = {
		"\xff",
		"\xc3",
		"\xe6\x97",
		"\xc0\xaf",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"\x80",
		"\xe0\x80\xaf",
		"\xf0\x80\x80\xaf",
		"a\xc3",
		"\xf8\x88\x80\x80\x80",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		expect_error(!S(bad[i]), "UnicodeError: invalid UTF-8");
	expect_repr(S(CAFE), "'" CAFE "'");
}

static void every_code_point_survives_encoding_and_decoding(void **state)
{
	uint32_t code, got;
	char s[4];
	size_t n;

	(void)state;
	for (code = 0; code <= 0x10ffff; code += code < 0x11000 ? 1 : 37) {
		n = rt_utf8_encode(code, s);
		assert_int_equal(n == 0, code >= 0xd800 && code <= 0xdfff);
		if (n == 0)
			continue;
		assert_int_equal(rt_utf8_decode(s, n, &got), n);
		assert_int_equal(got, code);
		assert_int_equal(rt_utf8_decode(s, n - 1, &got), 0);
	}
	assert_int_equal(rt_utf8_encode(0x110000, s), 0);
}

static void length_and_indexes_are_in_code_points(void **state)
{
	struct rt_object *s = S(CAFE);

	(void)state;
	assert_int_equal(rt_len(s), 7);
	assert_int_equal(rt_str_size(s), 13);
	expect_repr(item(rt_ref(s), I(3)), "'\xc3\xa9'");
	expect_repr(item(rt_ref(s), I(-1)), "'\xf0\x9f\x90\x8d'");
	expect_repr(rt_getslice(s, 3, 6), "'\xc3\xa9 \xe6\x97\xa5'");
	expect_repr(rt_getslice(s, 5, 100), "'\xe6\x97\xa5\xf0\x9f\x90\x8d'");
	expect_error(!item(rt_ref(s), I(7)), "IndexError: str index out of range");
	expect_error(!item(rt_ref(s), S("a")),
		     "TypeError: str indices must be integers or slices, not 'str'");
	expect_repr(rt_list_from_iterable(s),
		    "['c', 'a', 'f', '\xc3\xa9', ' ', '\xe6\x97\xa5', '\xf0\x9f\x90\x8d']");
	rt_unref(s);
}

static void slices_have_steps_and_keep_identity_when_whole(void **state)
{
	struct rt_object *s = S("abcdef"), *whole = rt_getslice(s, 0, INT64_MAX), *slice;

	(void)state;
	assert_ptr_equal(whole, s);
	rt_unref(whole);
	slice = rt_slice_new(NULL, NULL, I(-2));
	expect_repr(item(rt_ref(s), slice), "'fdb'");
	slice = rt_slice_new(I(4), I(1), I(-1));
	expect_repr(rt_ref(slice), "slice(4, 1, -1)");
	expect_repr(item(rt_ref(s), slice), "'edc'");
	slice = rt_slice_new(NULL, NULL, I(0));
	expect_error(!item(rt_ref(s), slice), "ValueError: slice step cannot be zero");
	slice = rt_slice_new(rt_dict_new(), NULL, NULL);
	rt_unref(((struct rt_slice *)slice)->start);
	expect_error(!item(rt_ref(s), slice),
		     "TypeError: slice indices must be integers or None, not 'dict'");
	rt_unref(s);
}

static void text_adds_repeats_and_compares(void **state)
{
	struct rt_object *a = S("abc"), *b = S("abd");

	(void)state;
	expect_repr(rt_add(a, b), "'abcabd'");
	expect_repr(rt_mul(a, I(3)), "'abcabcabc'");
	expect_repr(rt_mul(I(2), a), "'abcabc'");
	expect_repr(rt_mul(a, I(-1)), "''");
	expect_error(!op2(RT_MUL, rt_ref(a), I(INT64_MAX)), "MemoryError");
	expect_true(rt_compare(a, b, RT_LT));
	expect_true(rt_compare(b, a, RT_GE));
	expect_true(rt_compare(a, b, RT_NE));
	rt_unref(a);
	a = S("ab");
	expect_true(rt_compare(a, b, RT_LT));
	assert_int_equal(rt_contains(b, a), 1);
	assert_int_equal(rt_contains(a, b), 0);
	expect_error(rt_contains(a, I(1)) < 0,
		     "TypeError: 'in <string>' requires string as left operand, not int");
	rt_unref(a);
	rt_unref(b);
}

static void repr_quotes_and_escapes(void **state)
{
	(void)state;
	expect_repr(S("it's"), "\"it's\"");
	expect_repr(S("it's \"x\""), "'it\\'s \"x\"'");
	expect_repr(S("a\n\t\r\\\x01\x7f"), "'a\\n\\t\\r\\\\\\x01\\x7f'");
	expect_repr(rt_str_from("a\0b", 3), "'a\\x00b'");
}

static struct rt_object *call_on(struct rt_object *o, const char *name, struct rt_object *a)
{
	struct rt_object *r = a ? rt_call_method(o, name, 1, a) : rt_call_method(o, name, 0);

	rt_unref(o);
	return r;
}

static void methods_of_str_work(void **state)
{
	struct rt_object *s;

	(void)state;
	expect_repr(call_on(S("aB\xc3\xa9"), "upper", NULL), "'AB\xc3\xa9'");
	expect_repr(call_on(S("aB"), "lower", NULL), "'ab'");
	expect_repr(call_on(S(" \ta b\n"), "strip", NULL), "'a b'");
	expect_repr(call_on(S(" a  b "), "split", NULL), "['a', 'b']");
	expect_repr(call_on(S("a,,b,"), "split", S(",")), "['a', '', 'b', '']");
	expect_repr(call_on(S("ab"), "split", rt_none), "['ab']");
	expect_error(!call_on(S("a"), "split", S("")), "ValueError: empty separator");
	expect_error(!call_on(S("a"), "split", I(1)), "TypeError: expected str, not 'int'");
	expect_repr(call_on(S("-"), "join", rt_list_of(3, S("a"), S("b"), S("c"))), "'a-b-c'");
	expect_repr(call_on(S("-"), "join", rt_list_new()), "''");
	expect_error(!call_on(S("-"), "join", rt_list_of(2, S("a"), I(1))),
		     "TypeError: join: expected str, 'int' found");
	expect_repr(call_on(S("caf\xc3\xa9!"), "find", S("!")), "4");
	expect_repr(call_on(S("abc"), "find", S("x")), "-1");
	expect_repr(call_on(S("abc"), "startswith", S("ab")), "True");
	expect_repr(call_on(S("abc"), "endswith", S("bc")), "True");
	expect_repr(call_on(S("c"), "endswith", S("bc")), "False");
	expect_repr(call_on(S("\xc3\xa9"), "encode", NULL), "b'\\xc3\\xa9'");
	s = S("a-b-c");
	expect_repr(rt_call_method(s, "replace", 2, S("-"), S("+")), "'a+b+c'");
	rt_unref(s);
	expect_error(!call_on(S("a"), "upper", I(1)),
		     "TypeError: upper() takes 1 positional argument but 2 were given");
}

static void formatting_takes_any_length(void **state)
{
	char text[1001];
	struct rt_object *s;

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	s = rt_str_format("<%s>", text);
	assert_int_equal(rt_len(s), 1002);
	rt_unref(s);
	expect_repr(rt_str_format("%d%%", 5), "'5%'");
}

static void bytes_hold_any_byte(void **state)
{
	struct rt_object *b = rt_bytes_from("a\0\xff'", 4), *c = rt_bytes_from("\xff", 1);

	(void)state;
	expect_repr(rt_ref(b), "b'a\\x00\\xff\\''");
	expect_repr(item(rt_ref(b), I(2)), "255");
	expect_repr(rt_list_from_iterable(b), "[97, 0, 255, 39]");
	expect_repr(rt_getslice(b, 1, 3), "b'\\x00\\xff'");
	expect_repr(rt_add(b, c), "b'a\\x00\\xff\\'\\xff'");
	assert_int_equal(rt_contains(b, c), 1);
	assert_int_equal(rt_contains(b, I(98)), 0);
	assert_int_equal(rt_contains(b, I(39)), 1);
	expect_true(rt_compare(b, c, RT_LT));
	expect_repr(call_on(rt_ref(b), "hex", NULL), "'6100ff27'");
	expect_error(!call_on(rt_ref(c), "decode", NULL), "UnicodeError: invalid UTF-8");
	expect_repr(call_on(rt_bytes_from("\xc3\xa9", 2), "decode", NULL), "'\xc3\xa9'");
	expect_error(!rt_add(b, rt_none),
		     "TypeError: unsupported operand type(s) for +: 'bytes' and 'NoneType'");
	rt_unref(b);
	rt_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(only_valid_utf8_becomes_a_str),
		RT_TEST(every_code_point_survives_encoding_and_decoding),
		RT_TEST(length_and_indexes_are_in_code_points),
		RT_TEST(slices_have_steps_and_keep_identity_when_whole),
		RT_TEST(text_adds_repeats_and_compares),
		RT_TEST(repr_quotes_and_escapes),
		RT_TEST(methods_of_str_work),
		RT_TEST(formatting_takes_any_length),
		RT_TEST(bytes_hold_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
