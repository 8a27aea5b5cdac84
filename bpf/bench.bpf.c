/*
 * bench: records as fast as they can be made, to measure the ring, the recorder and the disk
 * (tests/bench/record_rate.c).  Never loaded by gilscope itself.
 *
 * The records are those of two threads that pass the GIL to each other; the same functions that
 * the families call put them into the ring.
 */
#include "bpf/record.bpf.h"

/* A run makes BENCH_HOLDS holds, and a quarter as many waits. */
#define BENCH_HOLDS 2048

/* From @from on the other one held the GIL; we waited for it, and have it now. */
static __always_inline u64 one(u32 i, u64 from)
{
	u64 now = bpf_ktime_get_ns();
	u32 me = 4001 + (i & 1), other = 4002 - (i & 1);
	struct gs_record_2 wait = {
		.r = { .end_ns = now,
		       .ns = now - from,
		       .tid = me,
		       .kind = GS_REC_WAIT,
		       .flags = GS_REC_ALONE },
		.a = other,
	};

	gs_record(GS_REC_HOLD, other, now, now - from, 0, 0);
	if (!(i & 3))
		gs_tell(&wait, sizeof(wait));
	return now;
}

SEC("?syscall")
int gs_bench_records(void *ctx)
{
	u64 from = bpf_ktime_get_ns();

	for (u32 i = 0; i < BENCH_HOLDS; i++)
		from = one(i, from);
	return 0;
}
