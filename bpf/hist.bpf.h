/* Adding to histograms (bpf/hist.h) in the kernel. */
#ifndef GS_BPF_HIST_BPF_H
#define GS_BPF_HIST_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "bpf/hist.h"

extern u32 gs_epoch; /* moved on by user space at each reading */

/* Add @v to a histogram that only one thread at a time writes. */
static __always_inline void gs_hist_add(struct gs_hist *h, u64 v)
{
	u32 i = gs_hist_index(v), epoch = gs_epoch;

	if (h->epoch != epoch) {
		h->prev_max = h->epoch + 1 == epoch ? h->epoch_max : 0;
		h->epoch_max = 0;
		h->epoch = epoch;
	}
	h->count++;
	h->sum += v;
	if (v > h->max)
		h->max = v;
	if (v > h->epoch_max)
		h->epoch_max = v;
	if (i < GS_HIST_BUCKETS)
		h->bucket[i]++;
}

/*
 * Add @v to a histogram that several threads write.  A global function: verified once, not once
 * for every path that leads to it.
 */
int gs_hist_add_shared(struct gs_hist *h, u64 v);

#endif
