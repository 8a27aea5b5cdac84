/* Within the folded exporter: what Python stacks become, in trace_folded_stacks.c. */
#ifndef GS_USER_EXPORT_TRACE_FOLDED_H
#define GS_USER_EXPORT_TRACE_FOLDED_H

#include "user/base/out.h"
#include "user/model/figures.h"

enum folded_weight { FOLDED_HELD, FOLDED_WAITED, FOLDED_PAUSED };

/* A line for each stack of each thread of @f, and what it was doing. */
void folded_stacks(struct out *o, const struct figures *f, enum folded_weight by);

#endif
