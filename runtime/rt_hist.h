/*
 * Histogram of times with log-linear buckets, added to by one thread and read by any.
 *
 * Values below 8 ns have a bucket each; from there every power of two is split into 8 equal
 * buckets, so a bucket is at most 12.5 % of its lower edge wide.  Count, sum and maximum are
 * exact.  All fields are read and written as relaxed atomics.
 */
#ifndef RT_HIST_H
#define RT_HIST_H

#include <stdint.h>

#define RT_HIST_SUB_BITS 3
#define RT_HIST_TOP_BIT 42 /* values from 2^42 ns (73 minutes) on share the last bucket */
#define RT_HIST_BUCKETS ((RT_HIST_TOP_BIT - RT_HIST_SUB_BITS + 1) << RT_HIST_SUB_BITS)

/* The one writer of @place adds @n, seen whole by readers in other threads. */
#define RT_RELAXED_GET(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define RT_RELAXED_SET(place, v) __atomic_store_n(&(place), (v), __ATOMIC_RELAXED)
#define RT_RELAXED_ADD(place, n) RT_RELAXED_SET(place, RT_RELAXED_GET(place) + (n))

struct rt_hist {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns; /* 0 while count is 0 */
	uint32_t bucket[RT_HIST_BUCKETS];
};

/* Add one time.  One thread at a time per histogram. */
void rt_hist_add(struct rt_hist *h, uint64_t ns);

/* Back to empty; by the thread that adds. */
void rt_hist_clear(struct rt_hist *h);

/* Add all that @from holds to @to, which no other thread sees. */
void rt_hist_merge(struct rt_hist *to, const struct rt_hist *from);

/*
 * The time that a share @q (0 to 1) of the values do not exceed, in ns: the upper edge of its
 * bucket, at most the maximum.  0 when empty.
 */
uint64_t rt_hist_quantile(const struct rt_hist *h, double q);

#endif
