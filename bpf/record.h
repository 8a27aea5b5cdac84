/*
 * What the kernel side tells a recorder, through the gs_records ring: one record for each
 * span when it ends, and for what happens in an instant.  Compact, and never waking anybody.
 *
 * Records of one thread are in order; those of several may be swapped by a little, because a
 * record's time is taken before its place in the ring.  A record that finds the ring full is
 * counted (ring_full), and is in the totals all the same.
 */
#ifndef GS_BPF_RECORD_H
#define GS_BPF_RECORD_H

#include "bpf/state.h"
#include "bpf/types.h"

enum gs_record_kind {
	GS_REC_HOLD = 1,
	GS_REC_WAIT,
	GS_REC_CONTENDED, /* tid is the process */
	GS_REC_OFF_CPU,
	GS_REC_GC_START,
	GS_REC_COLLECTION,
	GS_REC_IO_CALL,
	GS_REC_IO_WAIT,
	GS_REC_IO_TO_GIL,
	GS_REC_THREAD,
	GS_REC_THREAD_EXIT,
	GS_REC_FORK, /* tid is the child process */
	GS_REC_PROCESS_EXIT, /* tid is the process */
	GS_REC_ITERATION,
	GS_REC_STEP,
	GS_REC_FT_TIME,
	GS_REC_FT_CRITICAL,
	GS_REC_WAIT_PART, /* watch mode: of a wait that had several holders, one's */
	GS_REC_KIND_COUNT,
};

enum gs_record_flag {
	GS_REC_FORCED = 1, /* HOLD: another thread asked for the GIL */
	GS_REC_MID = 2, /* HOLD, WAIT: began before the measurement */
	GS_REC_ALONE = 4, /* WAIT: it was a contended stretch of its own */
	GS_REC_PREEMPTED = 8, /* OFF_CPU: runnable */
	GS_REC_TIMEOUT = 16, /* IO_*: no event though it was willing to wait */
	GS_REC_EXECED = 32, /* PROCESS_EXIT */
	GS_REC_SLOW = 64, /* ITERATION, STEP: it took longer than gs_config.slow_ns */
};

/* The beginning of every record; the whole of HOLD, GC_START, ITERATION … */
struct gs_record {
	u64 end_ns;
	u64 ns; /* its length; 0 for an instant */
	u32 tid;
	u8 kind; /* enum gs_record_kind */
	u8 flags; /* enum gs_record_flag */
	u16 arg; /* gs_thread.gil, GS_REC_GC, enum gs_io_call, enum gs_ft_time */
};

/* GC_START, COLLECTION: the generation, and under which GIL, as gs_thread.gil. */
#define GS_REC_GC(generation, gil) ((generation) | (gil) << 2)
#define GS_REC_GC_GENERATION(arg) ((arg)&3)
#define GS_REC_GC_GIL(arg) ((arg) >> 2)

_Static_assert(GS_GC_GENERATIONS <= 4 && GS_REC_GC(0, GS_GILS) <= 0xffff, "both are in 16 bits");

/* WAIT, WAIT_PART, OFF_CPU, COLLECTION, IO_CALL, IO_TO_GIL, STEP, FORK, FT_TIME: with two numbers
 * more. */
struct gs_record_2 {
	struct gs_record r;
	/* Holder's tid; what it slept in; collected; result; waited for the GIL; from the wake-up
	 * to it; parent pid; who released it.  ~0: unknown */
	u64 a;
	u64 b; /* WAIT: runnable; uncollectable */
};

/* IO_WAIT */
struct gs_record_io {
	struct gs_record r;
	s64 result; /* watch mode: 0, it is not seen */
	u64 blocked_ns;
	u64 to_run_ns; /* ~0: unknown */
};

/* THREAD */
struct gs_record_thread {
	struct gs_record r;
	u32 pid;
	u32 ns_tid; /* its id in the innermost namespace */
	u64 born_ns; /* its task started */
	char comm[GS_COMM_LEN];
};

_Static_assert(sizeof(struct gs_record) == 24, "gs_record is ABI");
_Static_assert(sizeof(struct gs_record_2) == 40, "gs_record_2 is ABI");
_Static_assert(sizeof(struct gs_record_io) == 48, "gs_record_io is ABI");
_Static_assert(sizeof(struct gs_record_thread) == 56, "gs_record_thread is ABI");

#endif
