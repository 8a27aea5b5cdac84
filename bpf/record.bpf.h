/*
 * Telling the recorder, for every family.  Without a recorder (gs_config.record is 0) the verifier
 * removes all of it.
 */
#ifndef GS_BPF_RECORD_BPF_H
#define GS_BPF_RECORD_BPF_H

#include "bpf/core.bpf.h"
#include "bpf/record.h"

static __always_inline void gs_tell(void *record, u64 size)
{
	/* A wake-up would be paid for by the traced thread: the reader looks by itself. */
	if (bpf_ringbuf_output(&gs_records, record, size, BPF_RB_NO_WAKEUP))
		gs_lose(GS_LOSS_RING_FULL, 1);
}

static __always_inline void gs_record(u8 kind, u32 tid, u64 end_ns, u64 ns, u8 flags, u16 arg)
{
	struct gs_record r = {
		.end_ns = end_ns, .ns = ns, .tid = tid, .kind = kind, .flags = flags, .arg = arg
	};

	if (gs_config.record)
		gs_tell(&r, sizeof(r));
}

#endif
