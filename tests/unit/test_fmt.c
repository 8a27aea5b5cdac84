/* Figures for people: units, rounding over unit borders, bounded width. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "user/base/clock.h"
#include "user/base/fmt.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void times_have_three_digits_and_a_unit(void **state)
{
	static const struct {
		u64 ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.00 us" },
		{ 1530000, "1.53 ms" },
		{ 15300000, "15.3 ms" },
		{ 153000000, "153 ms" },
		{ 9994, "9.99 us" },
		{ 9996, "10.0 us" },
		{ 999499, "999 us" },
		{ 999500, "1.00 ms" }, /* not "1000 us" */
		{ 999999999, "1.00 s" },
		{ 99900000000, "99.9 s" },
		{ 99950000000, "1m39s" },
		{ 100000000000, "1m40s" },
		{ 3600000000000, "1h00m" },
		{ 10000000000000, "2h46m" },
		{ 273600000000000, "3d04h" },
		{ UINT64_MAX, "-" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(fmt_ns(cases[i].ns).s, cases[i].text);
}

static void no_figure_is_wider_than_its_column(void **state)
{
	(void)state;
	for (u64 v = 1; v < 80000000000000000; v += v / 3 + 1) {
		assert_true(strlen(fmt_ns(v).s) <= 7);
		assert_true(strlen(fmt_count(v).s) <= 5);
		assert_true(strlen(fmt_rate(v, 1000000000).s) <= 5);
		assert_true(strlen(fmt_rate(v, 123456).s) <= 5);
	}
}

static void counts_and_rates(void **state)
{
	(void)state;
	assert_string_equal(fmt_count(0).s, "0");
	assert_string_equal(fmt_count(9999).s, "9999");
	assert_string_equal(fmt_count(10000).s, "10.0k");
	assert_string_equal(fmt_count(999499).s, "999k");
	assert_string_equal(fmt_count(999500).s, "1.00M");
	assert_string_equal(fmt_count(UINT64_MAX).s, "-");
	assert_string_equal(fmt_count(UINT64_MAX - 1).s, "18.4E");
	assert_string_equal(fmt_rate(0, 1000000000).s, "0");
	assert_string_equal(fmt_rate(1, 4000000000).s, "0.25");
	assert_string_equal(fmt_rate(12345, 1000000000).s, "12.3k");
	assert_string_equal(fmt_rate(5, 0).s, "-");
	assert_string_equal(fmt_rate(UINT64_MAX, 1).s, "-");
	assert_string_equal(fmt_real(NAN).s, "-");
	assert_string_equal(fmt_real(1.8).s, "1.80");
}

static void shares(void **state)
{
	(void)state;
	assert_string_equal(fmt_percent(0).s, "0.0%");
	assert_string_equal(fmt_percent(0.0001).s, "<0.1%");
	assert_string_equal(fmt_percent(0.1234).s, "12.3%");
	assert_string_equal(fmt_percent(1).s, "100.0%");
	assert_string_equal(fmt_percent(12.34).s, "1234%");
	assert_string_equal(fmt_percent(NAN).s, "-");
	assert_string_equal(fmt_percent(INFINITY).s, "-");
	assert_true(isnan(fmt_ratio(1, 0)));
	assert_true(isnan(fmt_ratio(UINT64_MAX, 1)));
	assert_true(isnan(fmt_ratio(1, UINT64_MAX)));
	assert_true(fmt_ratio(1, 4) == 0.25);
}

static void clocks_run_forward(void **state)
{
	u64 mono = clock_mono_ns(), cpu = clock_cpu_ns();

	(void)state;
	assert_true(clock_mono_ns() >= mono);
	assert_true(clock_cpu_ns() >= cpu);
	assert_true(clock_real_ns() > 1700000000000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_three_digits_and_a_unit),
		cmocka_unit_test(no_figure_is_wider_than_its_column),
		cmocka_unit_test(counts_and_rates),
		cmocka_unit_test(shares),
		cmocka_unit_test(clocks_run_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
