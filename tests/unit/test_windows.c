/* The times in which was counted: in bursts, and in full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "user/load/windows.h"

static void windows_are_summed_in_a_span(void **state)
{
	struct windows *w = calloc(1, sizeof(*w));
	struct burst_span s = {};
	u64 full;

	(void)state;
	windows_add(w, 100, 200, 7);
	windows_add(w, 200, 300, 7);
	windows_add(w, 1000, 1010, 7);
	assert_int_equal(w->count, 3);
	windows_seen(w, 0, 5000, &s, &full);
	assert_int_equal(s.ns, 210);
	assert_int_equal(s.bursts, 3);
	assert_int_equal(s.hits, 21);
	assert_int_equal(s.hits2, 3 * 49);
	windows_seen(w, 250, 1005, &s, &full);
	assert_int_equal(s.ns, 55);
	windows_seen(w, 400, 900, &s, &full);
	assert_int_equal(s.ns, 0);
	assert_int_equal(s.bursts, 0);
	/* What is counted in full goes on, and is no burst. */
	windows_add_full(w, 2000, 2100);
	windows_add_full(w, 2100, 2300);
	windows_add(w, 2300, 2310, 7);
	assert_int_equal(w->count, 5);
	windows_seen(w, 2050, 5000, &s, &full);
	assert_int_equal(full, 250);
	assert_int_equal(s.ns, 10);
	assert_int_equal(s.bursts, 1);
	free(w);
}

static void many_windows_are_merged(void **state)
{
	struct windows *w = calloc(1, sizeof(*w));
	struct burst_span s = {};
	u64 full;
	u64 n = 3 * WINDOWS_MAX;

	(void)state;
	for (u64 i = 0; i < n; i++)
		windows_add(w, 1000 * i + 1, 1000 * i + 11, 7);
	assert_true(w->count <= WINDOWS_MAX);
	windows_seen(w, 0, 1000 * n, &s, &full);
	assert_int_equal(s.ns, 10 * n);
	assert_int_equal(s.bursts, n);
	windows_seen(w, 500 * n, 1000 * n, &s, &full);
	assert_in_range(s.ns, 5 * n - 100, 5 * n + 100);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_summed_in_a_span),
		cmocka_unit_test(many_windows_are_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
