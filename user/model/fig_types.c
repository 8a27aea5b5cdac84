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

double fig_burst_error(u64 counted, u64 squares, u64 bursts, double observed, double unsure)
{
	double n = (double)bursts, c = (double)counted, spread, chance;

	if (!counted || bursts < 2)
		return NAN;
	spread = (double)squares - c * c / n;
	if (spread < 0)
		spread = 0;
	chance = student(bursts - 1) * sqrt(spread * n / (n - 1)) / c;
	chance *= sqrt(observed < 1 ? 1 - observed : 0);
	return sqrt(chance * chance + unsure * unsure);
}

static u64 scaled(u64 counted, double factor)
{
	return counted == FIG_NULL || isnan(factor) ? FIG_NULL
						    : (u64)((double)counted * factor + 0.5);
}

void fig_types_scale(struct fig_process *p)
{
	double observed, factor, unsure;

	if (!p->types_source || strcmp(p->types_source, "sampled"))
		return;
	observed = fmt_ratio(p->types_observed_ns, p->measured_ns);
	factor = fmt_ratio(p->measured_ns, p->types_observed_ns);
	unsure = fmt_ratio(p->types_unsure_ns, p->types_observed_ns);
	for (size_t i = 0; i < p->ntypes; i++) {
		struct fig_type *t = &p->types[i];

		t->deallocs = scaled(t->deallocs_counted, factor);
		t->allocs = scaled(t->allocs_counted, factor);
		t->error_ratio = fig_burst_error(t->deallocs_counted, t->squares, p->types_bursts,
						 observed, unsure);
	}
}
