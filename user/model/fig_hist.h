/* Histograms of times, as user space keeps them; the buckets are the kernel side's. */
#ifndef GS_USER_MODEL_FIG_HIST_H
#define GS_USER_MODEL_FIG_HIST_H

#include "bpf/hist.h"
#include "bpf/types.h"

/* A figure that was not measured. */
#define FIG_NULL UINT64_MAX

/* A histogram of times in ns.  `valid` false: not measured. */
struct fig_hist {
	bool valid;
	u64 count;
	u64 sum_ns;
	u64 max_ns; /* exact */
	u64 interval_max_ns; /* of the values since the previous reading; exact */
	u32 bucket[GS_HIST_BUCKETS]; /* bounds: bpf/hist.h */
};

/*
 * fig_hist_quantile - the value a share @q of the samples do not exceed
 * @q: 0 to 1
 *
 * Return: ns, never below the true quantile, at most 12.5 % above it and never above the
 * maximum; FIG_NULL if nothing was measured or there are no samples.
 */
u64 fig_hist_quantile(const struct fig_hist *h, double q);

/* Add @b to @a; an invalid one adds nothing. */
void fig_hist_add(struct fig_hist *a, const struct fig_hist *b);

/* Make @to, read just after @from, what came between; see figures_interval(). */
void fig_hist_subtract(struct fig_hist *to, const struct fig_hist *from);

/* Smallest and largest value, in ns, that falls into bucket @index; the last bucket has no
 * largest one: UINT64_MAX. */
u64 fig_hist_low(u32 index);
u64 fig_hist_high(u32 index);

#endif
