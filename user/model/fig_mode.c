/* The budget of exact mode, as columns; see fig_mode.h. */
#include "user/model/fig_mode.h"

#include <string.h>

#include "user/base/fmt.h"
#include "user/model/figures.h"

#define COL(kind, member) \
	{ \
#member, kind, offsetof(struct fig_fallback, member), false \
	}

const struct fig_column fig_fallback_columns[] = {
	COL(FIG_LABEL, family),		COL(FIG_STATIC, state),	  COL(FIG_REAL, share),
	COL(FIG_LEVEL, since_unix_ns),	COL(FIG_STATIC, why),	  COL(FIG_REAL, cost_ratio),
	COL(FIG_REAL, last_cost_ratio), COL(FIG_LEVEL, switches), COL(FIG_LEVEL, retry_unix_ns),
	{ NULL, 0, 0, false },
};

bool fig_fell_back(const struct figures *f)
{
	return f && f->fallback.family && !strcmp(f->fallback.state, "watch");
}

bool fig_distorted(const struct figures *f)
{
	return f && !f->recording && f->mode && !strcmp(f->mode, "exact") &&
	       f->overhead.target_cpu_ns_estimate != FIG_NULL && f->duration_ns &&
	       fmt_ratio(f->overhead.target_cpu_ns_estimate, f->duration_ns) > FIG_DISTORTED;
}
