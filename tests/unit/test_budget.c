/* The account of a budget: made-up loads, known answers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "user/load/budget.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define SHARE 0.01

struct run {
	struct budget b;
	u64 now;
	double spent_ns, observed_ns;
	double load; /* cost per ns while attached */
	double tail_ns; /* what a burst takes to come and go, attached */
};

static void begin(struct run *r, double load)
{
	*r = (struct run) { .now = SEC, .load = load, .tail_ns = 8.0 * MS };
	budget_init(&r->b, SHARE, r->now);
	r->b.kind = GS_BURST_ALL;
}

static double pay(struct run *r, u64 ns)
{
	double cost = r->load * (double)ns;

	r->now += ns;
	r->spent_ns += cost;
	r->observed_ns += (double)ns;
	return cost;
}

static void one_burst(struct run *r, double random)
{
	u64 ns = 0, length, step = MS;
	double cost = 0;

	r->now += budget_pause(&r->b, random);
	budget_spend(&r->b, r->now, 0);
	length = budget_length(&r->b);
	while (!budget_burst_over(&r->b, length, ns, cost)) {
		cost += pay(r, step);
		ns += step;
	}
	if (budget_burst(&r->b, r->now, ns, cost))
		return;
	r->spent_ns += r->load * r->tail_ns;
	budget_tail(&r->b, r->load * r->tail_ns, true);
}

static void go(struct run *r, u64 seconds)
{
	u64 end = r->now + seconds * SEC;

	for (unsigned int i = 0; r->now < end; i++) {
		if (r->b.thinned) {
			one_burst(r, (double)(i * 7919 % 100) / 100);
			continue;
		}
		budget_spend(&r->b, r->now + 10 * MS, pay(r, 10 * MS));
		(void)budget_thin(&r->b, r->now);
	}
}

static void small_loads_are_counted_in_full(void **state)
{
	struct run r;

	(void)state;
	begin(&r, SHARE * 0.95);
	go(&r, 600);
	assert_false(r.b.thinned);
	assert_int_equal(r.b.changes, 0);
}

/* From a little too much to a storm: under budget in the long run, one change, no flapping. */
static void large_loads_stay_under_the_budget(void **state)
{
	static const double loads[] = { 0.015, 0.05, 0.3, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		struct run r;

		begin(&r, loads[i]);
		go(&r, 600);
		assert_true(r.b.thinned);
		assert_int_equal(r.b.changes, 1);
		assert_true(r.spent_ns / (double)(r.now - SEC) < SHARE * 1.05);
		/* and it is made use of */
		assert_true(r.spent_ns / (double)(r.now - SEC) > SHARE * 0.3);
		assert_true(r.observed_ns > 0);
	}
}

static void a_storm_is_stopped_soon(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 1);
	while (!r.b.thinned) {
		double cost = pay(&r, budget_slice(&r.b));

		budget_spend(&r.b, r.now, cost);
		(void)budget_thin(&r.b, r.now);
	}
	assert_true(r.now - SEC <= 6 * MS);
}

/*
 * What it costs to take off what counted in full is paid for, but says nothing of bursts: the first
 * one comes as soon as it is, and no pause is drawn out by more than half a second.
 */
static void the_first_burst_comes_when_what_was_spent_is_paid(void **state)
{
	const double tail = 17.0 * MS, good = 5.0 * MS;
	double debt;
	struct run r;

	(void)state;
	begin(&r, 1);
	while (!r.b.thinned) {
		budget_spend(&r.b, r.now, pay(&r, budget_slice(&r.b)));
		(void)budget_thin(&r.b, r.now);
	}
	debt = -r.b.account_ns;
	budget_tail(&r.b, tail, false);
	assert_float_equal((double)budget_pause(&r.b, 0), (debt + tail + good) / SHARE, 1e3);
	assert_float_equal((double)budget_pause(&r.b, 1), (debt + tail + good) / SHARE + 500.0 * MS,
			   1e3);
	/* after a burst the next one is expected to cost as much */
	r.b.account_ns = 0;
	assert_float_equal((double)budget_pause(&r.b, 0), good / SHARE, 1e3);
	budget_tail(&r.b, tail, true);
	assert_float_equal((double)budget_pause(&r.b, 0), (tail + tail + good) / SHARE, 1e3);
}

/* It is low when one more slice like the last could overdraw it, and only where it goes down. */
static void it_is_low_when_a_slice_could_overdraw_it(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, SHARE, SEC); /* 3 ms of the 300 that it begins with */
	assert_false(budget_low(&b, 0.2));
	assert_true(budget_low(&b, 0.4));
	b.account_ns = 0.001 * MS;
	assert_false(budget_low(&b, SHARE * 0.9));
}

static void calm_brings_full_counting_back(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 0.5);
	go(&r, 60);
	assert_true(r.b.thinned);
	r.load = SHARE * 0.7; /* between half and all of it: as it is */
	go(&r, 600);
	assert_true(r.b.thinned);
	r.load = SHARE * 0.3;
	go(&r, 60);
	assert_false(r.b.thinned);
	assert_int_equal(r.b.changes, 2);
}

/* A load that goes up and down every 20 s brings fewer and fewer changes. */
static void coming_and_going_is_damped(void **state)
{
	struct run r;
	u32 half;

	(void)state;
	begin(&r, 0.5);
	for (int i = 0; i < 30; i++) {
		r.load = i % 2 ? 0.001 : 0.5;
		go(&r, 20);
	}
	half = r.b.changes;
	for (int i = 0; i < 30; i++) {
		r.load = i % 2 ? 0.001 : 0.5;
		go(&r, 20);
	}
	assert_true(half >= 2);
	assert_true(r.b.changes - half <= half);
	assert_true(r.b.need > 6);
}

static void an_idle_target_has_no_cost(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 0.5);
	go(&r, 10);
	r.load = 0;
	go(&r, 60);
	assert_false(r.b.thinned);
	assert_false(isnan(r.b.account_ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_loads_are_counted_in_full),
		cmocka_unit_test(large_loads_stay_under_the_budget),
		cmocka_unit_test(a_storm_is_stopped_soon),
		cmocka_unit_test(the_first_burst_comes_when_what_was_spent_is_paid),
		cmocka_unit_test(it_is_low_when_a_slice_could_overdraw_it),
		cmocka_unit_test(calm_brings_full_counting_back),
		cmocka_unit_test(coming_and_going_is_damped),
		cmocka_unit_test(an_idle_target_has_no_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
