/* Amounts over time: exact sums whatever the order, the lengths, and how far time goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "user/export/trace_series.h"

#define MS 1000000ULL

static u64 total(struct trace_series *s)
{
	u64 sum = 0;

	trace_series_settle(s);
	for (u32 i = 0; i < s->used; i++)
		sum += s->at[i].sum;
	return sum;
}

static void a_span_counts_where_it_lies(void **state)
{
	struct trace_series s = { .from_ns = 1000 * MS };

	(void)state;
	/* 50 ms of the first stretch, three whole ones, 1 ms of the fifth; then an earlier one */
	assert_int_equal(trace_series_add(&s, 1050 * MS, 1401 * MS, 351 * MS), 0);
	assert_int_equal(trace_series_add(&s, 1010 * MS, 1020 * MS, 10 * MS), 0);
	assert_int_equal(total(&s), 361 * MS);
	assert_int_equal(s.used, 5);
	assert_int_equal(s.at[0].sum, 60 * MS);
	for (u32 i = 1; i < 4; i++)
		assert_int_equal(s.at[i].sum, 100 * MS);
	assert_int_equal(s.at[4].sum, 1 * MS);
	trace_series_free(&s);
}

static void widening_loses_nothing(void **state)
{
	struct trace_series s = { .from_ns = 7 };
	u64 sum = 0, random = 1;

	(void)state;
	for (u64 i = 0; i < 20000; i++) {
		u64 end, ns;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		ns = (random >> 33) % (3000 * MS);
		end = i * 200 * MS + 5000 * MS;
		assert_int_equal(trace_series_add(&s, end - ns, end, ns), 0);
		sum += ns;
	}
	assert_int_equal(total(&s), sum);
	assert_true(s.used <= TRACE_SERIES_MAX && s.width_ns == 8 * TRACE_SERIES_NS);
	trace_series_free(&s);
}

static void any_time_and_any_amount_are_bounded(void **state)
{
	struct trace_series s = { .from_ns = 1000 };

	(void)state;
	assert_int_equal(trace_series_add(&s, 0, 10, 3), 0);
	assert_int_equal(trace_series_add(&s, 5, 5, 4), 0);
	assert_int_equal(trace_series_add(&s, 0, UINT64_MAX, UINT64_MAX - 7), 0);
	assert_true(s.used <= TRACE_SERIES_MAX && s.room <= TRACE_SERIES_MAX);
	assert_true(total(&s) == UINT64_MAX);
	trace_series_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_counts_where_it_lies),
		cmocka_unit_test(widening_loses_nothing),
		cmocka_unit_test(any_time_and_any_amount_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
