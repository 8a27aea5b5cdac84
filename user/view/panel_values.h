/* Figures as doubles for grids: NAN where not measured. */
#ifndef GS_USER_VIEW_PANEL_VALUES_H
#define GS_USER_VIEW_PANEL_VALUES_H

#include <math.h>

#include "user/base/fmt.h"
#include "user/model/figures.h"

static inline double value_of(u64 v)
{
	return v == FIG_NULL ? NAN : (double)v;
}

static inline double per_second(u64 n, u64 over_ns)
{
	return fmt_ratio(n, over_ns) * 1e9;
}

/* A part that cannot be more than all: at an interval's edges a release may fall into the one
 * after its take's. */
static inline double share_of(u64 part, u64 whole)
{
	double share = fmt_ratio(part, whole);

	return share > 1 ? 1 : share;
}

static inline double quantile_of(const struct fig_hist *h, double q)
{
	return value_of(fig_hist_quantile(h, q));
}

#endif
