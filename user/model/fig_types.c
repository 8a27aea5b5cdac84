/* Estimates from counting in bursts; see fig_types.h. */
#include "user/model/fig_types.h"

#include <math.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/figures.h"

double fig_student(u64 freedom)
{
	static const double t[] = { NAN,   12.71, 4.303, 3.182, 2.776, 2.571,
				    2.447, 2.365, 2.306, 2.262, 2.228 };

	if (freedom < sizeof(t) / sizeof(t[0]))
		return t[freedom];
	return 1.96 + 2.6 / (double)freedom;
}

double fig_burst_spread(const struct fig_burst_kind *time, const struct fig_type_kind *seen,
			bool by_hits)
{
	double n = (double)time->bursts, x = (double)(by_hits ? time->hits : time->us);
	double x2 = (double)(by_hits ? time->hits2 : time->us2);
	double products = (double)(by_hits ? seen->by_hits : seen->products), rate, spread;

	if (time->bursts < 2 || !(x > 0))
		return (double)seen->deallocs;
	rate = (double)seen->deallocs / x;
	spread = (double)seen->squares - 2 * rate * products + rate * rate * x2;
	return spread > 0 ? spread * n / (n - 1) : 0;
}

double fig_burst_error(const struct fig_bursts *b)
{
	double spread = 0, c = 0, least = 0, chance;
	u64 freedom = 0;

	for (int k = 0; k < FIG_BURST_KINDS; k++) {
		const struct fig_burst_kind *time = &b->time[k];

		if (!time->bursts)
			continue;
		c += (double)b->seen[k].deallocs;
		spread += fig_burst_spread(time, &b->seen[k], b->by_hits[k]);
		freedom += time->bursts - 1;
		/* However even they come: where a burst begins and ends is chance. */
		least += (double)time->bursts / 4;
	}
	if (!(c > 0) || !freedom || isnan(b->unsure))
		return NAN;
	if (!(spread > least))
		spread = least;
	chance = fig_student(freedom) * sqrt(spread) / c;
	chance *= sqrt(b->observed < 1 ? 1 - b->observed : 0);
	return hypot(chance, exp(b->unsure) - 1);
}

/* What was counted in full stands; what was seen in bursts stands for the rest of the time. */
static u64 scaled(u64 full, u64 seen, double factor)
{
	if (isnan(factor))
		return FIG_NULL;
	return full + (u64)((double)seen * factor + 0.5);
}

/* The error is of the part that was estimated. */
static double of_whole(double error, const struct fig_type *t)
{
	return t->deallocs && t->deallocs != FIG_NULL
		       ? error * (double)(t->deallocs - t->deallocs_full) / (double)t->deallocs
		       : error;
}

/* Time of the program's own in the bursts that count for level @level, in ns. */
static double own_ns(const struct fig_process *p, u32 level, bool known, struct fig_bursts *b)
{
	double own = 0, off = 0;

	for (u32 k = level; k < FIG_BURST_KINDS; k++) {
		const struct fig_burst_kind *time = &p->types_kinds[k];
		double ns = (double)time->us * 1000;

		if (known && isnan(p->types_own[k].ratio))
			continue;
		if (known)
			ns *= p->types_own[k].ratio;
		own += ns;
		off += known ? ns * p->types_own[k].off : NAN;
		b->time[k] = *time;
		b->by_hits[k] = known && p->types_own[k].by_hits;
	}
	b->unsure = own > 0 ? off / own : NAN;
	return own;
}

static void scale_deallocs(const struct fig_process *p, struct fig_type *t, double rest)
{
	struct fig_bursts b = {};
	double own = own_ns(p, t->level, true, &b);
	u64 seen = 0;

	if (!(own > 0))
		own = own_ns(p, t->level, false, &b);
	for (int k = 0; k < FIG_BURST_KINDS; k++) {
		if (!b.time[k].bursts)
			continue;
		b.seen[k] = t->kinds[k];
		seen += t->kinds[k].deallocs;
		b.observed += (double)b.time[k].us * 1000 / (rest + 1);
	}
	t->deallocs = scaled(t->deallocs_full, seen, own > 0 ? rest / own : NAN);
	t->error_ratio = of_whole(fig_burst_error(&b), t);
}

static void scale_allocs(const struct fig_process *p, struct fig_type *t, double rest)
{
	struct fig_bursts b = {};
	double own = own_ns(p, FIG_BURST_KINDS - 1, true, &b);

	if (t->allocs_counted == FIG_NULL)
		return;
	if (!(own > 0))
		own = own_ns(p, FIG_BURST_KINDS - 1, false, &b);
	t->allocs = scaled(t->allocs_full, t->allocs_counted - t->allocs_full,
			   own > 0 ? rest / own : NAN);
}

void fig_types_scale(struct fig_process *p)
{
	double rest;

	if (!p->types_source || strcmp(p->types_source, "sampled"))
		return;
	rest = p->measured_ns > p->types_full_ns ? (double)(p->measured_ns - p->types_full_ns) : 0;
	for (size_t i = 0; i < p->ntypes; i++) {
		scale_deallocs(p, &p->types[i], rest);
		scale_allocs(p, &p->types[i], rest);
	}
}
