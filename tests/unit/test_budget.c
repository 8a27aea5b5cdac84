/* The account of a budget, the log of bursts, and scaling: made-up series, known answers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/load/budget.h"
#include "user/model/fig_rows.h"

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
	budget_tail(&r->b, r->load * r->tail_ns);
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

/* Bursts of 10 us, each with the same. */
static void add_type(struct fig_process *p, const char *name, u64 counted, u64 squares)
{
	struct fig_type *t = fig_row_add(FIG_TYPES, p);

	t->type = strdup(name);
	t->key = p->ntypes;
	t->deallocs = t->deallocs_counted = counted;
	t->deallocs_full = 0;
	t->squares = squares;
	t->products = 10 * counted;
}

static struct figures *reading(const char *source, u64 measured, u64 observed, u64 counted)
{
	struct figures *f = figures_new();
	struct fig_process *p = calloc(1, sizeof(*p));

	f->procs = p;
	f->nprocs = 1;
	p->pid = 1;
	p->measured_ns = measured;
	p->types_source = source;
	p->types_observed_ns = observed;
	p->types_bursts = observed / 10;
	p->types_bursts_us = 10 * p->types_bursts;
	p->types_bursts_us2 = 100 * p->types_bursts;
	p->types_measured = true;
	add_type(p, "list", counted, counted * counted / (p->types_bursts ?: 1));
	fig_types_scale(p);
	return f;
}

static void estimates_are_scaled(void **state)
{
	struct figures *f = reading("sampled", 1000, 100, 50),
		       *g = reading("exact", 1000, 1000, 50);

	(void)state;
	assert_int_equal(f->procs->types[0].deallocs, 500);
	assert_int_equal(f->procs->types[0].deallocs_counted, 50);
	assert_true(f->procs->types[0].allocs == FIG_NULL);
	/* All bursts the same: what is left is half an object at each end, t(9) = 2.262 */
	assert_true(fabs(f->procs->types[0].error_ratio -
			 2.262 * sqrt(10 / 4.0 * 10 / 9.0) / 50 * sqrt(0.9)) < 1e-4);
	assert_int_equal(g->procs->types[0].deallocs, 50);
	figures_free(f);
	figures_free(g);
}

/* What was counted in full is as it is: idle or busy, it says nothing of the time after it. */
static void what_was_counted_in_full_is_not_scaled(void **state)
{
	struct figures *f = reading("sampled", 1000, 100, 50);
	struct fig_process *p = f->procs;
	struct fig_type *t = p->types;
	double bursts_alone = t->error_ratio;

	(void)state;
	p->measured_ns += 9000; /* 9,000 more, idle and counted in full: 7 objects */
	p->types_full_ns = 9000;
	p->types_observed_ns += 9000;
	t->deallocs_counted += 7;
	t->deallocs_full = 7;
	fig_types_scale(p);
	assert_int_equal(t->deallocs, 507);
	assert_true(fabs(t->error_ratio - bursts_alone * 500 / 507) < 1e-6);
	p->types_unsure_ns = 50; /* of the 100 that the bursts took */
	fig_types_scale(p);
	assert_true(t->error_ratio > 1 * 500.0 / 507);
	figures_free(f);
}

/* Each interval is scaled by its own share of the time, not by the difference of estimates. */
static void intervals_are_scaled_anew(void **state)
{
	struct figures *a = reading("sampled", 1000, 100, 50),
		       *b = reading("sampled", 2000, 120, 90);
	struct figures *i = figures_interval(a, b), *none = figures_interval(b, b);

	(void)state;
	assert_int_equal(i->procs->types[0].deallocs_counted, 40);
	assert_int_equal(i->procs->types[0].deallocs, 2000);
	assert_true(none->procs->types[0].deallocs == FIG_NULL);
	assert_true(isnan(none->procs->types[0].error_ratio));
	figures_free(a);
	figures_free(b);
	figures_free(i);
	figures_free(none);
}

static void errors_follow_the_spread(void **state)
{
	struct fig_bursts b = {
		.bursts = 10, .counted = 1000, .us = 100, .us2 = 1000, .products = 10000
	};

	(void)state;
	/* 10 bursts of 90 and 110 in turn: s = 10.54 of a mean of 100, t(9) = 2.262 */
	b.squares = 101000;
	assert_true(fabs(fig_burst_error(&b) - 2.262 * sqrt(1000 * 10 / 9.0) / 1000) < 1e-3);
	b.observed = 1;
	assert_true(fig_burst_error(&b) == 0); /* all was observed */
	/* The time observed may be 20 % too long: the truth may be 25 % more. */
	b.squares = 100000;
	b.unsure = 0.2;
	assert_true(fabs(fig_burst_error(&b) - 0.25) < 1e-9);
	b.unsure = 1; /* nothing of it may be left */
	assert_true(isnan(fig_burst_error(&b)));
	b.unsure = 0;
	b.bursts = 1;
	assert_true(isnan(fig_burst_error(&b)));
	b.bursts = 10;
	b.counted = 0;
	assert_true(isnan(fig_burst_error(&b)));
}

/* A burst four times as long has four times as many: that is no spread. */
static void long_and_short_bursts_are_no_spread(void **state)
{
	struct fig_bursts b = { .bursts = 10 };
	double even;

	(void)state;
	for (int i = 0; i < 10; i++) {
		u64 us = i % 2 ? 20000 : 5000, count = us / 10;

		b.counted += count;
		b.squares += count * count;
		b.us += us;
		b.us2 += us * us;
		b.products += count * us;
	}
	even = fig_burst_error(&b);
	assert_true(even > 0 && even < 0.001);
	/* The same counts where the lengths are the same, too: that is one. */
	b.us2 = b.us * b.us / 10;
	b.products = b.counted * b.us / 10;
	assert_true(fig_burst_error(&b) > 0.3);
}

/* Drawn many times from a series that goes up and down: the truth is inside 95 times of 100. */
static void errors_hold_what_they_say(void **state)
{
	u64 random = 88172645463325252ULL;
	int inside = 0, runs = 2000;

	(void)state;
	for (int run = 0; run < runs; run++) {
		struct fig_bursts b = { .bursts = 12 };

		for (int i = 0; i < 12; i++) {
			double unit[2];
			u64 us, count;

			for (int k = 0; k < 2; k++) {
				random ^= random << 13;
				random ^= random >> 7;
				random ^= random << 17;
				unit[k] = (double)(random >> 11) / (double)(1ULL << 53);
			}
			us = 2000 + (u64)(18000 * unit[0]);
			count = (u64)((double)us * 0.1 * (0.5 + unit[1])); /* 0.1 on average */
			b.counted += count;
			b.squares += count * count;
			b.us += us;
			b.us2 += us * us;
			b.products += count * us;
		}
		inside += fabs(0.1 - (double)b.counted / (double)b.us) <=
			  fig_burst_error(&b) * (double)b.counted / (double)b.us;
	}
	assert_in_range(inside, runs * 91 / 100, runs * 98 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_loads_are_counted_in_full),
		cmocka_unit_test(large_loads_stay_under_the_budget),
		cmocka_unit_test(a_storm_is_stopped_soon),
		cmocka_unit_test(calm_brings_full_counting_back),
		cmocka_unit_test(coming_and_going_is_damped),
		cmocka_unit_test(an_idle_target_has_no_cost),
		cmocka_unit_test(estimates_are_scaled),
		cmocka_unit_test(what_was_counted_in_full_is_not_scaled),
		cmocka_unit_test(intervals_are_scaled_anew),
		cmocka_unit_test(errors_follow_the_spread),
		cmocka_unit_test(long_and_short_bursts_are_no_spread),
		cmocka_unit_test(errors_hold_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
