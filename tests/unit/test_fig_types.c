/* What is worked out from bursts, and how sure it is: made-up series, known answers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/model/fig_dilation.h"
#include "user/model/fig_rows.h"

#define MS 1000000ULL
#define SEC (1000 * MS)

/* Bursts of 10 us, each with the same. */
static void add_type(struct fig_process *p, const char *name, u64 counted, u64 squares)
{
	struct fig_type *t = fig_row_add(FIG_TYPES, p);

	t->type = strdup(name);
	t->key = p->ntypes;
	t->deallocs = t->deallocs_counted = counted;
	t->deallocs_full = 0;
	t->level = 2;
	memset(t->kinds, 0, sizeof(t->kinds));
	t->kinds[2] = (struct fig_type_kind) { counted, squares, 10 * counted, 0 };
}

static struct figures *reading(const char *source, u64 measured, u64 observed, u64 counted)
{
	struct figures *f = figures_new();
	struct fig_process *p = calloc(1, sizeof(*p));

	f->procs = p;
	f->nprocs = 1;
	p->pid = 1;
	p->measured_ns = measured * 1000; /* all are told in us */
	p->types_source = source;
	p->types_observed_ns = observed * 1000;
	p->types_bursts = observed / 10;
	p->types_kinds[2] = (struct fig_burst_kind) {
		.bursts = p->types_bursts,
		.us = 10 * p->types_bursts,
		.us2 = 100 * p->types_bursts,
	};
	p->types_own[2] = (struct fig_own) { .ratio = 1 };
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
	assert_true(fabs(f->procs->types[0].error_ratio - 2.262 * sqrt(10 / 4.0) / 50 * sqrt(0.9)) <
		    1e-4);
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
	p->measured_ns += 9000 * 1000; /* 9,000 more, idle and counted in full: 7 objects */
	p->types_full_ns = 9000 * 1000;
	p->types_observed_ns += 9000 * 1000;
	t->deallocs_counted += 7;
	t->deallocs_full = 7;
	fig_types_scale(p);
	assert_int_equal(t->deallocs, 507);
	assert_true(fabs(t->error_ratio - bursts_alone * 500 / 507) < 1e-6);
	p->types_own[2].off = log(2); /* the own part of the bursts may be half of it */
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
	struct fig_bursts b = { .time = { [2] = { .bursts = 10, .us = 100, .us2 = 1000 } },
				.seen = { [2] = { .deallocs = 1000, .products = 10000 } } };

	(void)state;
	/* 10 bursts of 90 and 110 in turn: s = 10.54 of a mean of 100, t(9) = 2.262 */
	b.seen[2].squares = 101000;
	assert_true(fabs(fig_burst_error(&b) - 2.262 * sqrt(1000 * 10 / 9.0) / 1000) < 1e-3);
	b.observed = 1;
	assert_true(fig_burst_error(&b) == 0); /* all was observed */
	/* The time observed may be 20 % too long: the truth may be 25 % more. */
	b.seen[2].squares = 100000;
	b.unsure = log(1.25);
	assert_true(fabs(fig_burst_error(&b) - 0.25) < 1e-9);
	b.unsure = NAN; /* nothing of it may be left */
	assert_true(isnan(fig_burst_error(&b)));
	b.unsure = 0;
	b.time[2].bursts = 1;
	assert_true(isnan(fig_burst_error(&b)));
	b.time[2].bursts = 10;
	b.seen[2].deallocs = 0;
	assert_true(isnan(fig_burst_error(&b)));
}

/* A burst four times as long has four times as many: that is no spread. */
static void long_and_short_bursts_are_no_spread(void **state)
{
	struct fig_bursts b = { .time = { { .bursts = 10 } } };
	double even;

	(void)state;
	for (int i = 0; i < 10; i++) {
		u64 us = i % 2 ? 20000 : 5000, count = us / 10;

		b.seen[0].deallocs += count;
		b.seen[0].squares += count * count;
		b.time[0].us += us;
		b.time[0].us2 += us * us;
		b.seen[0].products += count * us;
	}
	even = fig_burst_error(&b);
	assert_true(even > 0 && even < 0.001);
	/* The same counts where the lengths are the same, too: that is one. */
	b.time[0].us2 = b.time[0].us * b.time[0].us / 10;
	b.seen[0].products = b.seen[0].deallocs * b.time[0].us / 10;
	assert_true(fig_burst_error(&b) > 0.3);
}

/* Drawn many times from a series that goes up and down: the truth is inside 95 times of 100. */
static void errors_hold_what_they_say(void **state)
{
	u64 random = 88172645463325252ULL;
	int inside = 0, runs = 2000;

	(void)state;
	for (int run = 0; run < runs; run++) {
		struct fig_bursts b = { .time = { { .bursts = 12 } } };

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
			b.seen[0].deallocs += count;
			b.seen[0].squares += count * count;
			b.time[0].us += us;
			b.time[0].us2 += us * us;
			b.seen[0].products += count * us;
		}
		inside += fabs(0.1 - (double)b.seen[0].deallocs / (double)b.time[0].us) <=
			  fig_burst_error(&b) * (double)b.seen[0].deallocs / (double)b.time[0].us;
	}
	assert_in_range(inside, runs * 91 / 100, runs * 98 / 100);
}

/* Which of the bursts the program got much done in does not matter to how its types compare. */
static void what_goes_with_all_hits_is_no_spread(void **state)
{
	struct fig_burst_kind time = { .bursts = 10, .us = 10000, .us2 = 10000000 };
	struct fig_type_kind seen = {};

	(void)state;
	for (u64 i = 1; i <= 10; i++) { /* of equal length: a third of i * 300 hits is this type */
		seen.deallocs += 100 * i;
		seen.squares += 10000 * i * i;
		seen.products += 100 * i * 1000;
		seen.by_hits += 100 * i * 300 * i;
		time.hits += 300 * i;
		time.hits2 += 90000 * i * i;
	}
	assert_true(fig_burst_spread(&time, &seen, true) < 1e-3);
	assert_true(fig_burst_spread(&time, &seen, false) > 100000);
	time.bursts = 1;
	assert_true(fig_burst_spread(&time, &seen, true) == (double)seen.deallocs);
}

/* A program at 1 / @slower of its speed: 20 bursts of each kind, of 10 ms. */
static struct figures *dilated(double slower_mid, double slower_all, struct fig_spent *s)
{
	static const double rates[] = { 3, 1000, 4000 }; /* a ms; of levels 0, 1, 2 */
	double slower[] = { 1, slower_mid, slower_all };
	struct figures *f = reading("sampled", 60 * SEC / 1000, 0, 0);
	struct fig_process *p = f->procs;

	p->types_source = "sampled";
	add_type(p, "dict", 0, 0);
	add_type(p, "float", 0, 0);
	*s = (struct fig_spent) { .hit_ns = 1650, .busy = 1 };
	for (u32 k = 0; k < 3; k++) {
		struct fig_burst_kind *t = &p->types_kinds[k];
		double hits = 0;

		*t = (struct fig_burst_kind) { .bursts = 20, .us = 200000, .us2 = 2000000000 };
		for (u32 i = 0; i <= k; i++) {
			struct fig_type_kind *seen = &p->types[2 - i].kinds[k];
			double each = 10 * rates[i] / slower[k];

			p->types[2 - i].level = i;
			seen->deallocs = (u64)(20 * each + 0.5);
			seen->squares = (u64)(20 * each * each + 0.5);
			seen->products = (u64)(20 * each * 10000 + 0.5);
			hits += 10 * rates[i] / slower[k];
		}
		t->hits = s->hits[k] = (u64)(20 * hits);
		t->hits2 = (u64)(20 * hits * hits);
		for (u32 i = 0; i <= k; i++)
			p->types[2 - i].kinds[k].by_hits =
				(u64)(20 * 10 * rates[i] / slower[k] * hits);
		s->cpu_ns[k] = 200 * MS;
	}
	return f;
}

/* Each kind of bursts is told by what it shares with the one before. */
static void seldom_types_tell_how_slow_it_was(void **state)
{
	static const double rates[] = { 3e3, 1e6, 4e6 };
	struct fig_spent s;
	struct figures *f = dilated(2.5, 10, &s);
	struct fig_process *p = f->procs;

	(void)state;
	fig_types_dilate(p, &s);
	fig_types_scale(p);
	assert_true(fabs(p->types_own[0].ratio - 1) < 0.02);
	assert_true(fabs(p->types_own[1].ratio * 2.5 - 1) < 0.05);
	assert_true(fabs(p->types_own[2].ratio * 10 - 1) < 0.05);
	assert_true(p->types_own[2].by_hits);
	for (u32 i = 0; i < 3; i++) {
		double truth = rates[i] * 60, seen = (double)p->types[2 - i].deallocs;

		assert_true(fabs(seen / truth - 1) < 0.05);
		assert_true(fabs(seen / truth - 1) <= p->types[2 - i].error_ratio);
		assert_true(p->types[2 - i].error_ratio < 0.3);
	}
	figures_free(f);
}

/* A type that comes by the clock keeps its pace: it must not say that the program did, too. */
static void a_gauge_that_cannot_be_is_none(void **state)
{
	struct fig_spent s;
	struct figures *f = dilated(1, 1, &s);
	struct fig_process *p = f->procs;

	(void)state;
	/* All kept their pace, yet the hits took five times the time that there was. */
	fig_types_dilate(p, &s);
	assert_true(isnan(p->types_own[2].ratio));
	fig_types_scale(p);
	assert_true(isnan(p->types[0].error_ratio)); /* list: at least so many */
	assert_true(p->types[0].deallocs > 0 && p->types[0].deallocs != FIG_NULL);
	assert_true(p->types[2].error_ratio < 0.1); /* float: seen where little is probed */
	figures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimates_are_scaled),
		cmocka_unit_test(what_was_counted_in_full_is_not_scaled),
		cmocka_unit_test(intervals_are_scaled_anew),
		cmocka_unit_test(errors_follow_the_spread),
		cmocka_unit_test(long_and_short_bursts_are_no_spread),
		cmocka_unit_test(errors_hold_what_they_say),
		cmocka_unit_test(what_goes_with_all_hits_is_no_spread),
		cmocka_unit_test(seldom_types_tell_how_slow_it_was),
		cmocka_unit_test(a_gauge_that_cannot_be_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
