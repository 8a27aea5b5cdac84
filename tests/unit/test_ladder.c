/* Which sites are probed in which bursts: made-up hits, known rungs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/load/ladder.h"

#define MS 1000000ULL
#define HIT_NS 1000

static void begin(struct ladder *l, size_t n)
{
	assert_int_equal(ladder_init(l, n), 0);
	for (size_t i = 0; i < n; i++)
		l->sites[i] = l->deallocs[i] = true;
}

/* A burst of @kind in which its sites were hit so often. */
static void burst(struct ladder *l, enum gs_burst_kind kind, const u64 *hits, u64 ns)
{
	if (!ladder_wants(l, kind))
		return;
	for (size_t i = 0; i < l->n; i++)
		l->recent[i] = l->levels[i] <= kind ? hits[i] : 0;
	ladder_learn(l, kind, ns, HIT_NS);
}

static void seldom_sites_are_on_the_lowest_rung(void **state)
{
	static const u64 hits[] = { 0, 4000, 1, 1000, 4000, 0 };
	struct ladder l;

	(void)state;
	begin(&l, 6);
	l.deallocs[4] = false; /* where objects are created */
	burst(&l, GS_BURST_ALL, hits, 10 * MS);
	assert_true(l.built);
	assert_int_equal(l.levels[0], GS_BURST_LIGHT);
	assert_int_equal(l.levels[2], GS_BURST_LIGHT);
	assert_int_equal(l.levels[5], GS_BURST_LIGHT);
	assert_int_equal(l.levels[3], GS_BURST_MID);
	assert_int_equal(l.levels[1], GS_BURST_ALL);
	assert_int_equal(l.levels[4], GS_BURST_ALL);
	for (int i = 0; i < 6; i++)
		assert_int_equal(ladder_next(&l), i % GS_BURST_KINDS);
	ladder_free(&l);
}

static void where_little_is_hit_there_is_no_ladder(void **state)
{
	static const u64 hits[] = { 500, 3 };
	struct ladder l;

	(void)state;
	begin(&l, 2);
	for (int i = 0; i < 20; i++)
		burst(&l, GS_BURST_ALL, hits, 100 * MS);
	assert_false(l.built);
	assert_int_equal(l.levels[0], GS_BURST_ALL);
	assert_int_equal(ladder_next(&l), GS_BURST_ALL);
	assert_int_equal(ladder_next(&l), GS_BURST_ALL);
	ladder_free(&l);
}

/* One site for all types, as in the bundled runtime, and one where they are created. */
static void a_single_site_is_in_the_middle(void **state)
{
	static const u64 hits[] = { 5000, 5000 };
	struct ladder l;

	(void)state;
	begin(&l, 2);
	l.deallocs[1] = false;
	burst(&l, GS_BURST_ALL, hits, 10 * MS);
	assert_true(l.built);
	assert_int_equal(l.levels[0], GS_BURST_MID);
	assert_int_equal(l.levels[1], GS_BURST_ALL);
	assert_int_equal(ladder_next(&l), GS_BURST_MID);
	assert_int_equal(ladder_next(&l), GS_BURST_ALL);
	assert_int_equal(ladder_next(&l), GS_BURST_MID);
	ladder_free(&l);
}

static void what_becomes_too_much_goes_up_for_good(void **state)
{
	static const u64 hits[] = { 0, 4000, 1, 1000 }, later[] = { 90000, 4000, 1, 1000 };
	struct ladder l;

	(void)state;
	begin(&l, 4);
	burst(&l, GS_BURST_ALL, hits, 10 * MS);
	assert_int_equal(l.levels[0], GS_BURST_LIGHT);
	burst(&l, GS_BURST_LIGHT, hits, 100 * MS);
	assert_int_equal(l.levels[0], GS_BURST_LIGHT);
	burst(&l, GS_BURST_LIGHT, later, 100 * MS);
	assert_int_equal(l.levels[0], GS_BURST_ALL);
	assert_int_equal(l.levels[2], GS_BURST_LIGHT);
	assert_int_equal(l.levels[3], GS_BURST_MID);
	burst(&l, GS_BURST_LIGHT, hits, 100 * MS);
	assert_int_equal(l.levels[0], GS_BURST_ALL);
	ladder_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seldom_sites_are_on_the_lowest_rung),
		cmocka_unit_test(where_little_is_hit_there_is_no_ladder),
		cmocka_unit_test(a_single_site_is_in_the_middle),
		cmocka_unit_test(what_becomes_too_much_goes_up_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
