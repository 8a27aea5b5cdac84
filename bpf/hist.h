/*
 * Log-linear histogram, shared by the BPF side (which adds) and user space
 * (which reads and subtracts).
 *
 * Values below 8 have a bucket each; from there every power of two is split
 * into 8 equal buckets, so a bucket is at most 1/8 (12.5 %) of its lower edge
 * wide.  Values from 2^42 ns (73 minutes) on share the last bucket.  Count, sum and
 * maximum are exact.  Bucket counters are 32 bits wide and wrap: subtract modulo 2^32,
 * more often than every 4 billion values.
 *
 * The maximum is kept for the running epoch and the one before it, so that user space,
 * having moved the epoch on, can still read the maximum of the interval it just ended.
 */
#ifndef GS_BPF_HIST_H
#define GS_BPF_HIST_H

#include "bpf/types.h"

#define GS_HIST_SUB_BITS 3
#define GS_HIST_SUB (1U << GS_HIST_SUB_BITS)
#define GS_HIST_TOP_BIT 42
#define GS_HIST_BUCKETS ((GS_HIST_TOP_BIT - GS_HIST_SUB_BITS + 1) * GS_HIST_SUB)

struct gs_hist {
	u64 count;
	u64 sum; /* in the unit of the values; ns everywhere so far */
	u64 max; /* of all values */
	u64 epoch_max; /* of the values added in `epoch` */
	u64 prev_max; /* of the epoch before `epoch`; 0 if nothing was added in it */
	u32 epoch; /* gs_epoch when a value was last added */
	u32 pad;
	u32 bucket[GS_HIST_BUCKETS];
};

_Static_assert(GS_HIST_BUCKETS == 320, "bucket count is ABI");
_Static_assert(sizeof(struct gs_hist) == 48 + 4 * 320, "gs_hist is ABI");

/* Bucket of value @v: 0 to GS_HIST_BUCKETS - 1. */
static inline __attribute__((always_inline)) u32 gs_hist_index(u64 v)
{
	u32 log, s;
	u64 x = v;

	if (v < GS_HIST_SUB)
		return (u32)v;
	if (v >> GS_HIST_TOP_BIT)
		return GS_HIST_BUCKETS - 1;
	/*
	 * floor(log2(v)) without a loop or clz, which BPF has not, and without branches, both sides
	 * of which its verifier would follow.  Each line: is there anything in the upper half?
	 */
	log = (u32)(((x >> 32) + 0xffffffff) >> 32) << 5;
	x >>= log;
	s = (u32)(((x >> 16) + 0xffff) >> 16) << 4;
	log += s;
	x >>= s;
	s = (u32)(((x >> 8) + 0xff) >> 8) << 3;
	log += s;
	x >>= s;
	s = (u32)(((x >> 4) + 0xf) >> 4) << 2;
	log += s;
	x >>= s;
	s = (u32)(((x >> 2) + 3) >> 2) << 1;
	log += s;
	x >>= s;
	log += (u32)(x >> 1);
	return (log - GS_HIST_SUB_BITS + 1) * GS_HIST_SUB +
	       (u32)((v >> (log - GS_HIST_SUB_BITS)) & (GS_HIST_SUB - 1));
}

#endif
