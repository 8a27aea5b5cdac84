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

static u64 scaled(u64 counted, double factor)
{
	return counted == FIG_NULL || isnan(factor) ? FIG_NULL
						    : (u64)((double)counted * factor + 0.5);
}

void fig_types_scale(struct fig_process *p)
{
	struct fig_bursts b = {
		.bursts = p->types_bursts,
		.us = p->types_bursts_us,
		.us2 = p->types_bursts_us2,
	};
	double factor;

	if (!p->types_source || strcmp(p->types_source, "sampled"))
		return;
	b.observed = fmt_ratio(p->types_observed_ns, p->measured_ns);
	b.unsure = fmt_ratio(p->types_unsure_ns, p->types_observed_ns);
	factor = fmt_ratio(p->measured_ns, p->types_observed_ns);
	for (size_t i = 0; i < p->ntypes; i++) {
		struct fig_type *t = &p->types[i];

		t->deallocs = scaled(t->deallocs_counted, factor);
		t->allocs = scaled(t->allocs_counted, factor);
		b.counted = t->deallocs_counted;
		b.squares = t->squares;
		b.products = t->products;
		t->error_ratio = fig_burst_error(&b);
	}
}
