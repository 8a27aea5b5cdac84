/*
 * Log-linear histogram.  Invariant: index_of() and upper_edge() agree, so that every value v
 * of bucket i satisfies v <= upper_edge(i).
 */
#include "runtime/rt_hist.h"

#include <stddef.h>

#define SUB (1U << RT_HIST_SUB_BITS)

static size_t index_of(uint64_t v)
{
	unsigned log;

	if (v < SUB)
		return v;
	if (v >> RT_HIST_TOP_BIT)
		return RT_HIST_BUCKETS - 1;
	log = 63 - (unsigned)__builtin_clzll(v);
	return (log - RT_HIST_SUB_BITS + 1) * SUB + ((v >> (log - RT_HIST_SUB_BITS)) & (SUB - 1));
}

static uint64_t upper_edge(size_t index)
{
	unsigned shift = (unsigned)(index / SUB) - 1;

	if (index < SUB)
		return index;
	if (index == RT_HIST_BUCKETS - 1)
		return UINT64_MAX;
	return ((uint64_t)(SUB + index % SUB + 1) << shift) - 1;
}

void rt_hist_add(struct rt_hist *h, uint64_t ns)
{
	RT_RELAXED_ADD(h->count, 1);
	RT_RELAXED_ADD(h->sum_ns, ns);
	if (ns > h->max_ns)
		RT_RELAXED_SET(h->max_ns, ns);
	RT_RELAXED_ADD(h->bucket[index_of(ns)], 1);
}

void rt_hist_clear(struct rt_hist *h)
{
	RT_RELAXED_SET(h->count, 0);
	RT_RELAXED_SET(h->sum_ns, 0);
	RT_RELAXED_SET(h->max_ns, 0);
	for (size_t i = 0; i < RT_HIST_BUCKETS; i++)
		RT_RELAXED_SET(h->bucket[i], 0);
}

void rt_hist_merge(struct rt_hist *to, const struct rt_hist *from)
{
	uint64_t max = RT_RELAXED_GET(from->max_ns);

	to->count += RT_RELAXED_GET(from->count);
	to->sum_ns += RT_RELAXED_GET(from->sum_ns);
	if (max > to->max_ns)
		to->max_ns = max;
	for (size_t i = 0; i < RT_HIST_BUCKETS; i++)
		to->bucket[i] += RT_RELAXED_GET(from->bucket[i]);
}

uint64_t rt_hist_quantile(const struct rt_hist *h, double q)
{
	uint64_t max = RT_RELAXED_GET(h->max_ns), total = 0, seen = 0, rank;
	double exact;

	for (size_t i = 0; i < RT_HIST_BUCKETS; i++)
		total += RT_RELAXED_GET(h->bucket[i]);
	if (!total)
		return 0;
	exact = q * (double)total;
	rank = (uint64_t)exact;
	if ((double)rank < exact || !rank)
		rank++;
	for (size_t i = 0; i < RT_HIST_BUCKETS; i++) {
		seen += RT_RELAXED_GET(h->bucket[i]);
		if (seen >= rank)
			return upper_edge(i) < max ? upper_edge(i) : max;
	}
	return max;
}
