/* Histograms: bucket edges, quantiles against the sorted values, interval arithmetic. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/model/figures.h"

#define VALUES 400
#define TOP ((u64)1 << GS_HIST_TOP_BIT)

static u64 random_state = 88172645463325252ULL;

static u64 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void add(struct fig_hist *h, u64 v)
{
	h->valid = true;
	h->count++;
	h->sum_ns += v;
	h->max_ns = v > h->max_ns ? v : h->max_ns;
	h->interval_max_ns = v > h->interval_max_ns ? v : h->interval_max_ns;
	h->bucket[gs_hist_index(v)]++;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static void bucket_edges_agree_with_the_kernel_side(void **state)
{
	(void)state;
	for (u32 i = 0; i < GS_HIST_BUCKETS; i++) {
		u64 low = fig_hist_low(i), high = fig_hist_high(i);

		assert_int_equal(gs_hist_index(low), i);
		assert_int_equal(gs_hist_index(high), i);
		if (low)
			assert_int_equal(gs_hist_index(low - 1), i - 1);
		if (i + 1 < GS_HIST_BUCKETS)
			assert_true((high - low) * 8 <= low);
	}
}

/* The smallest value that at least a share @q of the sorted values does not exceed. */
static u64 true_quantile(const u64 *sorted, size_t n, double q)
{
	size_t rank = (size_t)ceil(q * (double)n);

	return sorted[rank ? rank - 1 : 0];
}

static void check_quantiles(u64 *values, size_t n)
{
	static const double qs[] = { 0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };
	struct fig_hist h = { 0 };

	for (size_t i = 0; i < n; i++)
		add(&h, values[i]);
	qsort(values, n, sizeof(*values), compare);
	for (size_t i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
		u64 truth = true_quantile(values, n, qs[i]), got = fig_hist_quantile(&h, qs[i]);

		assert_true(got >= truth);
		assert_true(got <= h.max_ns);
		if (truth < TOP)
			assert_true((double)got <= (double)truth * 1.125);
	}
	assert_int_equal(fig_hist_quantile(&h, 1), values[n - 1]);
}

static void quantiles_are_at_most_an_eighth_above_the_truth(void **state)
{
	u64 values[VALUES];

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t n = 1 + next_random() % VALUES;
		unsigned int spread = 1 + (unsigned int)(next_random() % 42);

		for (size_t i = 0; i < n; i++)
			values[i] = next_random() >> (64 - 1 - next_random() % spread);
		check_quantiles(values, n);
	}
}

static void quantiles_hold_at_every_edge(void **state)
{
	(void)state;
	for (u32 i = 0; i < GS_HIST_BUCKETS; i++) {
		u64 values[4] = { fig_hist_low(i), fig_hist_low(i) + 1, i ? fig_hist_low(i) - 1 : 0,
				  3 };

		check_quantiles(values, 1);
		values[0] = fig_hist_low(i);
		check_quantiles(values, 4);
	}
}

static void unmeasured_and_empty_have_no_quantile(void **state)
{
	struct fig_hist h = { .valid = true };

	(void)state;
	assert_int_equal(fig_hist_quantile(&h, 0.5), FIG_NULL);
	add(&h, 7);
	assert_int_equal(fig_hist_quantile(&h, NAN), FIG_NULL);
	assert_int_equal(fig_hist_quantile(&h, -1), 7);
	h.valid = false;
	assert_int_equal(fig_hist_quantile(&h, 0.5), FIG_NULL);
}

static void wrapped_buckets_still_give_quantiles(void **state)
{
	struct fig_hist h = { 0 };

	(void)state;
	add(&h, 100);
	add(&h, 100000);
	h.count += (u64)1 << 32; /* 2^32 more of 100, its bucket wrapped back to 1 */
	assert_true(fig_hist_quantile(&h, 0.5) <= 112);
	assert_int_equal(fig_hist_quantile(&h, 0.99), 100000);
}

static void an_interval_has_its_own_counts_and_maximum(void **state)
{
	struct fig_hist from = { 0 }, to;

	(void)state;
	add(&from, 1000000);
	from.bucket[gs_hist_index(50)] = UINT32_MAX; /* about to wrap */
	to = from;
	to.interval_max_ns = 0;
	for (int i = 0; i < 3; i++)
		add(&to, 50);
	fig_hist_subtract(&to, &from);
	assert_int_equal(to.count, 3);
	assert_int_equal(to.sum_ns, 150);
	assert_int_equal(to.max_ns, 50);
	assert_int_equal(to.bucket[gs_hist_index(50)], 3);
	assert_int_equal(fig_hist_quantile(&to, 0.99), 50);

	/* nothing happened */
	to = from;
	fig_hist_subtract(&to, &from);
	assert_int_equal(to.max_ns, 0);
	assert_int_equal(fig_hist_quantile(&to, 0.5), FIG_NULL);

	/* counted, but after the maximum's epoch had moved on */
	to = from;
	to.interval_max_ns = 0;
	add(&to, 900);
	to.interval_max_ns = 0;
	fig_hist_subtract(&to, &from);
	assert_true(to.max_ns >= 900 && to.max_ns <= 900 * 9 / 8);
}

static void adding_sums_and_ignores_the_unmeasured(void **state)
{
	struct fig_hist a = { 0 }, b = { 0 }, none = { 0 };

	(void)state;
	add(&b, 10);
	fig_hist_add(&a, &none);
	assert_false(a.valid);
	fig_hist_add(&a, &b);
	add(&b, 20);
	fig_hist_add(&a, &b);
	fig_hist_add(&a, &none);
	assert_true(a.valid);
	assert_int_equal(a.count, 3);
	assert_int_equal(a.sum_ns, 40);
	assert_int_equal(a.max_ns, 20);
	assert_int_equal(a.bucket[gs_hist_index(10)], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_edges_agree_with_the_kernel_side),
		cmocka_unit_test(quantiles_are_at_most_an_eighth_above_the_truth),
		cmocka_unit_test(quantiles_hold_at_every_edge),
		cmocka_unit_test(unmeasured_and_empty_have_no_quantile),
		cmocka_unit_test(wrapped_buckets_still_give_quantiles),
		cmocka_unit_test(an_interval_has_its_own_counts_and_maximum),
		cmocka_unit_test(adding_sums_and_ignores_the_unmeasured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
