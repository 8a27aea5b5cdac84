/* What BPF keeps about a GIL; part of the contract in state.h. */
#ifndef GS_BPF_GIL_H
#define GS_BPF_GIL_H

#include "bpf/types.h"

#define GS_GC_GENERATIONS 3
#define GS_OWNER_GONE 0xffffffffu /* the last holder has ended and its slot is another thread's */
#define GS_GIL_NONE 0xffffffffu /* as gs_thread.gil: a GIL for which there was no slot */
#define GS_GILS 1024 /* of all processes, besides those of the main interpreters */
#define GS_MORE_GILS 63 /* of one process, likewise */
#define GS_PASSES 32 /* of a GIL, that are kept; the mask needs a power of two */

/* The GIL went to another thread. */
struct gs_pass {
	u64 ns; /* it was seen to own it */
	u32 tid;
	u32 pad;
};

/*
 * One GIL.  Written by the thread that owns it, between its acquisition and its
 * release, and so by one thread at a time.
 */
struct gs_gil {
	u64 address;
	u64 handovers;
	u64 first_owned_ns; /* when it was first seen taken; 0: not yet */
	u64 mid_hold_end_ns; /* up to here, holds from before the measurement are counted */
	u64 contended_ns; /* finished stretches of time with at least one waiter */
	u64 contended_since_ns; /* began; meaningless while nobody waits */
	u32 waiters;
	u32 owner; /* thread slot + 1 of the last hold, or GS_OWNER_GONE; 0: none yet.  It holds
		      the GIL still if its hold_since_ns says so */
	u64 gc_since_ns;
	u32 gc_generation;
	u32 gc_events; /* starts and ends seen; saturates */
	u64 gc_total_ns[GS_GC_GENERATIONS]; /* time in finished collections */
	u64 gc_before[2]; /* the generation's collected and uncollectable at its start */
	u64 prints_same, prints_other; /* watch mode: of sleeps that are of one wait for certain */
	u64 resleep_ns; /* watch mode: mean time on the CPU from one sleep of a wait to the next */
	u64 ambiguous; /* watch mode: sleeps that could be of the same wait or of a new one */
	/* In gs_gils only, where threads use several: its part of their totals. */
	u64 takes;
	u64 contended_takes;
	u64 forced_releases;
	u64 held_ns;
	u64 wait_ns;
	u64 held_preempted_ns;
	u64 held_blocked_ns;
	/* stacks (bpf/stacks.h) */
	u64 waited; /* who waits, and for how long all have; added to atomically */
	u64 gc_stack; /* in which the collection going on was begun; 0: none */
	/* exact mode: whom it went to, for who waits (bpf/blame.h) */
	u64 wait_runnable_ns; /* in gs_gils only, as above; both modes */
	u64 passes; /* ever; the last ones are in `pass`, pass n at n % GS_PASSES */
	struct gs_pass pass[GS_PASSES];
	u64 held_ticks; /* watch mode: ticks at which it was held (sample.bpf.c) */
};

/*
 * A GIL of a process besides the main interpreter's.  Whoever meets it first, BPF or user space,
 * puts its address into the first free entry (compare and swap) and then fills in the slot.
 */
struct gs_more_gil {
	u64 address; /* 0: free, and so are all that follow */
	u32 slot; /* index into gs_gils + 1; 0: about to be made; GS_GIL_NONE: there was none left
		   */
	u32 seed_tid; /* as gs_proc.seed_tid */
};

#endif
