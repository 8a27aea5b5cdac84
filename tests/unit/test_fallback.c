/* When exact mode gives way to watch mode, and when it is tried again: arithmetic on made-up time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "user/fallback.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define SHARE 0.01

/* Exact mode from @now_ns on at a cost of @ratio: when is it too much?  0: not within @for_ns. */
static u64 runs(struct fallback *f, u64 now_ns, double ratio, u64 for_ns)
{
	u64 begin = now_ns;

	while (now_ns - begin < for_ns) {
		now_ns += fallback_pace(f, now_ns);
		if (fallback_exceeds(f, now_ns, (u64)(ratio * (double)(now_ns - begin))))
			return now_ns;
	}
	return 0;
}

static void test_under_budget(void **state)
{
	struct fallback f;

	(void)state;
	fallback_init(&f, SHARE, 0, 5 * SECOND);
	assert_false(f.watch);
	assert_int_equal(runs(&f, 5 * SECOND, 0.0099, 3600 * SECOND), 0);
	assert_true(f.last_ratio > 0.0098 && f.last_ratio < 0.01);
}

static void test_over_budget(void **state)
{
	struct fallback f;
	u64 t;

	(void)state;
	fallback_init(&f, SHARE, 0, 5 * SECOND);
	t = runs(&f, 5 * SECOND, 0.5, SECOND);
	assert_in_range(t, 5 * SECOND + 1, 5 * SECOND + 200 * MS);
	assert_true(f.last_ratio > 0.49 && f.last_ratio < 0.51);
	fallback_init(&f, SHARE, 0, 5 * SECOND); /* twice the budget: a second later */
	t = runs(&f, 5 * SECOND, 0.02, 10 * SECOND);
	assert_in_range(t, 5 * SECOND + 800 * MS, 5 * SECOND + 1200 * MS);
	fallback_init(&f, SHARE, 0, 5 * SECOND); /* a little over it: in the end, too */
	assert_int_not_equal(runs(&f, 5 * SECOND, 0.011, 60 * SECOND), 0);
}

/* What was saved while there was nothing to do lasts for a second's budget, no longer. */
static void test_savings(void **state)
{
	struct fallback f;

	(void)state;
	fallback_init(&f, SHARE, 0, 0);
	assert_int_equal(runs(&f, 0, 0, 1000 * SECOND), 0);
	assert_false(fallback_exceeds(&f, 1000 * SECOND + 100 * MS, 9 * MS));
	assert_true(fallback_exceeds(&f, 1000 * SECOND + 200 * MS, 13 * MS));
}

static void test_backs_off(void **state)
{
	static const u64 waits[] = { 10, 20, 40, 80, 160, 300, 300 };
	struct fallback f;
	u64 now = SECOND;

	(void)state;
	fallback_init(&f, SHARE, 0, now);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		now = runs(&f, now, 0.5, SECOND);
		assert_int_not_equal(now, 0);
		fallback_to_watch(&f, now);
		assert_true(f.watch);
		assert_int_equal(f.since_ns, now);
		assert_int_equal(f.retry_ns, now + waits[i] * SECOND);
		assert_false(fallback_exceeds(&f, now + SECOND, 500 * SECOND));
		now = f.retry_ns;
		fallback_to_exact(&f, now);
		assert_false(f.watch);
		assert_int_equal(f.switches, 2 * (i + 1));
	}
	/* It lasts six minutes: after that the back-off begins anew. */
	assert_int_equal(runs(&f, now, 0.001, 360 * SECOND), 0);
	now += 361 * SECOND;
	fallback_to_watch(&f, now);
	assert_int_equal(f.retry_ns, now + 10 * SECOND);
}

/* A change that failed is put off, however much it costs meanwhile. */
static void test_put_off(void **state)
{
	struct fallback f;

	(void)state;
	fallback_init(&f, SHARE, 2 * SECOND, SECOND);
	assert_true(fallback_exceeds(&f, 2 * SECOND, 500 * MS));
	fallback_put_off(&f, 2 * SECOND);
	assert_false(fallback_exceeds(&f, 4 * SECOND - 1, 1500 * MS));
	assert_true(fallback_exceeds(&f, 4 * SECOND, 1600 * MS));
	assert_int_equal(f.switches, 0);
	fallback_put_off(&f, 4 * SECOND);
	assert_false(fallback_exceeds(&f, 8 * SECOND - 1, 3000 * MS));
	assert_true(fallback_exceeds(&f, 8 * SECOND, 3000 * MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_under_budget), cmocka_unit_test(test_over_budget),
		cmocka_unit_test(test_savings),	     cmocka_unit_test(test_backs_off),
		cmocka_unit_test(test_put_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
