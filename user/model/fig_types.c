/* Estimates from counting in bursts; see fig_types.h. */
#include "user/model/fig_types.h"

#include <math.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/figures.h"

/* Student's t for 95 %, by degrees of freedom. */
static double student(u64 freedom)
{
	static const double t[] = { NAN,   12.71, 4.303, 3.182, 2.776, 2.571,
				    2.447, 2.365, 2.306, 2.262, 2.228 };

	if (freedom < sizeof(t) / sizeof(t[0]))
		return t[freedom];
	return 1.96 + 2.6 / (double)freedom;
}

double fig_burst_error(const struct fig_bursts *b)
{
	double n = (double)b->bursts, c = (double)b->counted;
	double rate = fmt_ratio(b->counted, b->us), spread, chance, least;

	if (!b->counted || b->bursts < 2 || !b->us || b->unsure >= 1)
		return NAN;
	spread = (double)b->squares - 2 * rate * (double)b->products + rate * rate * (double)b->us2;
	/* However even they come: where a burst begins and ends is chance. */
	least = n / 4;
	if (!(spread > least))
		spread = least;
	chance = student(b->bursts - 1) * sqrt(spread * n / (n - 1)) / c;
	chance *= sqrt(b->observed < 1 ? 1 - b->observed : 0);
	return hypot(chance, b->unsure / (1 - b->unsure));
}

/* What was counted in full stands; what was seen in bursts stands for the rest of the time. */
static u64 scaled(u64 counted, u64 full, double factor)
{
	if (counted == FIG_NULL)
		return FIG_NULL;
	if (counted == full && isnan(factor))
		return FIG_NULL;
	return full + (u64)((double)(counted - full) * (isnan(factor) ? 1 : factor) + 0.5);
}

/* The error is of the part that was estimated. */
static double of_whole(double error, const struct fig_type *t)
{
	return t->deallocs && t->deallocs != FIG_NULL
		       ? error * (double)(t->deallocs - t->deallocs_full) / (double)t->deallocs
		       : error;
}

void fig_types_scale(struct fig_process *p)
{
	u64 full = p->types_full_ns, bursts = p->types_observed_ns - full, rest;
	struct fig_bursts b = {
		.bursts = p->types_bursts,
		.us = p->types_bursts_us,
		.us2 = p->types_bursts_us2,
	};
	double factor;

	if (!p->types_source || strcmp(p->types_source, "sampled"))
		return;
	rest = p->measured_ns > full ? p->measured_ns - full : 0;
	b.observed = fmt_ratio(bursts, rest);
	b.unsure = fmt_ratio(p->types_unsure_ns, bursts);
	factor = fmt_ratio(rest, bursts);
	for (size_t i = 0; i < p->ntypes; i++) {
		struct fig_type *t = &p->types[i];

		t->deallocs = scaled(t->deallocs_counted, t->deallocs_full, factor);
		t->allocs = scaled(t->allocs_counted, t->allocs_full, factor);
		b.counted = t->deallocs_counted - t->deallocs_full;
		b.squares = t->squares;
		b.products = t->products;
		t->error_ratio = of_whole(fig_burst_error(&b), t);
	}
}
