/* Arithmetic on histograms of times; see fig_hist.h, and bpf/hist.h for the buckets. */
#include "user/model/fig_hist.h"

#include <math.h>

u64 fig_hist_low(u32 index)
{
	u32 log = index / GS_HIST_SUB + GS_HIST_SUB_BITS - 1;

	if (index < GS_HIST_SUB)
		return index;
	return (u64)(GS_HIST_SUB + index % GS_HIST_SUB) << (log - GS_HIST_SUB_BITS);
}

u64 fig_hist_high(u32 index)
{
	return index < GS_HIST_BUCKETS - 1 ? fig_hist_low(index + 1) - 1 : UINT64_MAX;
}

static u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

u64 fig_hist_quantile(const struct fig_hist *h, double q)
{
	u64 total = 0, seen = 0, rank;
	double r;

	if (!h->valid || !h->count || isnan(q))
		return FIG_NULL;
	if (q >= 1)
		return h->max_ns;
	/* not `count`: after 4 billion values the buckets have wrapped */
	for (u32 i = 0; i < GS_HIST_BUCKETS; i++)
		total += h->bucket[i];
	r = ceil(q * (double)total);
	rank = r < 1 ? 1 : (u64)r;
	for (u32 i = 0; i < GS_HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank)
			return min_u64(fig_hist_high(i), h->max_ns);
	}
	return h->max_ns;
}

void fig_hist_add(struct fig_hist *a, const struct fig_hist *b)
{
	if (!b->valid)
		return;
	if (!a->valid) {
		*a = *b;
		return;
	}
	a->count += b->count;
	a->sum_ns += b->sum_ns;
	if (b->max_ns > a->max_ns)
		a->max_ns = b->max_ns;
	if (b->interval_max_ns > a->interval_max_ns)
		a->interval_max_ns = b->interval_max_ns;
	for (u32 i = 0; i < GS_HIST_BUCKETS; i++)
		a->bucket[i] += b->bucket[i];
}

void fig_hist_subtract(struct fig_hist *to, const struct fig_hist *from)
{
	u64 total_max = to->max_ns;

	to->max_ns = to->interval_max_ns;
	if (from->valid) {
		to->count -= min_u64(to->count, from->count);
		to->sum_ns -= min_u64(to->sum_ns, from->sum_ns);
		for (u32 i = 0; i < GS_HIST_BUCKETS; i++)
			to->bucket[i] -= from->bucket[i]; /* modulo 2^32, as they wrap */
	}
	if (!to->count) {
		to->max_ns = 0;
		return;
	}
	/* counted after the epoch moved on, and so in the next interval's maximum */
	for (u32 i = GS_HIST_BUCKETS; i-- > 0;) {
		if (!to->bucket[i])
			continue;
		if (to->max_ns < fig_hist_low(i))
			to->max_ns = min_u64(fig_hist_high(i), total_max);
		return;
	}
}
