/*
 * Amounts over time, summed per stretch of equal width: for counter tracks.
 *
 * Spans are told when they end, in whatever order; so nothing is final until the last event.
 * There are at most TRACE_SERIES_MAX stretches: when time goes beyond, each two become one of
 * twice the width.  The sum of all is exactly what was added.
 */
#ifndef GS_USER_EXPORT_TRACE_SERIES_H
#define GS_USER_EXPORT_TRACE_SERIES_H

#include <stddef.h>

#include "bpf/types.h"

#define TRACE_SERIES_MAX 8192
#define TRACE_SERIES_NS 100000000ULL /* width at first */

struct trace_series_stretch {
	u64 sum;
	u64 change; /* of what each stretch from here on gets; modulo 2^64 */
};

/* Zeroed, it is empty.  Set from_ns before use. */
struct trace_series {
	u64 from_ns, width_ns; /* width_ns 0: empty */
	struct trace_series_stretch *at; /* owned */
	u32 used, room;
};

/* Spread @amount evenly over the time from @begin_ns to @end_ns.  What is before from_ns counts
 * in the first stretch.  0 or -ENOMEM. */
int trace_series_add(struct trace_series *s, u64 begin_ns, u64 end_ns, u64 amount);

/* Make all `sum`s final; more may be added after that. */
void trace_series_settle(struct trace_series *s);

void trace_series_free(struct trace_series *s);

#endif
