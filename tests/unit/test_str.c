/* Untrusted strings, UTF-8, strict numbers and durations. */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "user/base/str.h"
#include "user/base/utf8.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void only_harmful_bytes_are_replaced(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain ~", "plain ~" },
		{ "caf\xc3\xa9 \xe6\x97\xa5", "caf\xc3\xa9 \xe6\x97\xa5" },
		{ "\x1b[2J\n\r\t\x7f", "?[2J????" },
		{ "\xc2\x9b"
		  "31m",
		  "??31m" }, /* C1 CSI */
		{ "\xe2\x80\xae"
		  "evil",
		  "???evil" }, /* right-to-left override */
		{ "\xe2\x80\xa8", "???" }, /* line separator */
		{ "\xff\xfe", "??" },
		{ "\xc3", "?" }, /* cut short */
		{ "\xe6\x97", "??" },
		{ "\xc0\xaf", "??" }, /* overlong */
		{ "\xed\xa0\x80", "???" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "????" }, /* beyond U+10FFFF */
		{ "\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(buf, sizeof(buf), "%s", cases[i].in);
		str_printable(buf);
		assert_string_equal(buf, cases[i].out);
	}
}

static void every_code_point_decodes_to_itself(void **state)
{
	(void)state;
	for (u32 cp = 1; cp <= 0x110000; cp += cp < 0x3000 ? 1 : 61) {
		unsigned char s[5] = { 0 };
		bool valid = cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff);
		size_t len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
		u32 got = 0, rest = cp;

		for (size_t i = len; i-- > 1; rest >>= 6)
			s[i] = 0x80 | (rest & 0x3f);
		s[0] = (unsigned char)(len == 1 ? rest : (0xf00U >> len & 0xf0) | rest);
		if (len == 2)
			s[0] = (unsigned char)(0xc0 | rest);
		assert_int_equal(utf8_decode((char *)s, &got), valid ? len : 0);
		if (valid)
			assert_int_equal(got, cp);
	}
}

static void text_is_fitted_by_columns(void **state)
{
	size_t width;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(utf8_fit("abcdef", 4, &width), 4);
	assert_int_equal(width, 4);
	assert_int_equal(utf8_fit("\xe6\x97\xa5\xe6\x9c\xac", 3, &width),
			 3); /* half does not fit */
	assert_int_equal(width, 2);
	assert_int_equal(utf8_fit("e\xcc\x81x", 1, &width), 3); /* the accent goes with its e */
	assert_int_equal(width, 1);
	assert_int_equal(utf8_fit("", 0, &width), 0);
}

static void numbers_parse_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *s;
		int err;
		u64 v;
	} cases[] = {
		{ "5", 0, 5 },	       { "0005", 0, 5 },
		{ "100", 0, 100 },     { "4", -ERANGE, 0 },
		{ "101", -ERANGE, 0 }, { "99999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },    { "-5", -EINVAL, 0 },
		{ "+5", -EINVAL, 0 },  { " 5", -EINVAL, 0 },
		{ "5 ", -EINVAL, 0 },  { "0x10", -EINVAL, 0 },
		{ "5.0", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		u64 v = 12345;

		assert_int_equal(str_to_u64(cases[i].s, 5, 100, &v), cases[i].err);
		assert_int_equal(v, cases[i].err ? 12345 : cases[i].v);
	}
}

static void durations_parse_with_units(void **state)
{
	static const struct {
		const char *s;
		int err;
		u64 ns;
	} cases[] = {
		{ "2", 0, 2000000000 },
		{ "0.5", 0, 500000000 },
		{ "250ms", 0, 250000000 },
		{ "1.5us", 0, 1500 },
		{ "7ns", 0, 7 },
		{ "1.9ns", 0, 1 },
		{ "0.5m", 0, 30000000000 },
		{ "10s", 0, 10000000000 },
		{ "0.123456789", 0, 123456789 },
		{ "0.0000000009", -ERANGE, 0 },
		{ "0", -ERANGE, 0 },
		{ "0ms", -ERANGE, 0 },
		{ "18446744074", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ ".5", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ "1.5.2", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1h", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		u64 ns = 12345;
		int err = str_to_duration(cases[i].s, &ns);

		if (err != cases[i].err)
			print_error("%s\n", cases[i].s);
		assert_int_equal(err, cases[i].err);
		assert_int_equal(ns, cases[i].err ? 12345 : cases[i].ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_harmful_bytes_are_replaced),
		cmocka_unit_test(every_code_point_decodes_to_itself),
		cmocka_unit_test(text_is_fitted_by_columns),
		cmocka_unit_test(numbers_parse_whole_or_not_at_all),
		cmocka_unit_test(durations_parse_with_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
