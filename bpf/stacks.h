/*
 * Python stacks taken by the kernel side, and what they cost: the contract of the stacks family.
 *
 * A stack is known by a hash of where its frames are (code object, place in it), seeded, with the
 * process in it.  Its frames are told once, through gs_stacks_ring; what it costs is counted in
 * gs_stack_costs by (stack, thread).  Stack 0 is none: no walk was made, or it found no frame.
 */
#ifndef GS_BPF_STACKS_H
#define GS_BPF_STACKS_H

#include "bpf/frames.h"
#include "bpf/types.h"

#ifndef __bpf__
#include <stddef.h>
#endif

#define GS_STACKS_RING_BYTES (1 << 20) /* a new stack of 30 frames takes 500 of them */
#define GS_STACK_COSTS 16384 /* entries: (stack, thread) */
#define GS_STACKS_KNOWN 16384 /* entries: stacks that user space has been told of */

/* A stack, when it is first seen: as much of `frames` as it has. */
struct gs_stack_new {
	u64 stack; /* its hash */
	u32 pid;
	u32 tid; /* who had it */
	struct gs_frames frames;
};

#define GS_STACK_NEW_HEAD offsetof(struct gs_stack_new, frames.frame)

/* Key of gs_stack_costs. */
struct gs_stack_key {
	u64 stack; /* 0: none */
	u32 pid;
	u32 tid;
};

/* What a thread did in a stack. */
struct gs_stack_cost {
	u64 samples; /* ticks at which it held the GIL, on the CPU */
	u64 waiters; /* sum over them of how many waited */
	u64 off_preempted_ns; /* off the CPU while it held, runnable */
	u64 off_blocked_ns; /* likewise, asleep */
	u64 off_caused_ns; /* during that: waits of others, summed over them */
	u64 wait_ns;
	u64 paused_ns; /* collections */
	u64 deallocs; /* each walk stands for those since the walk before it */
};

/* Of one thread; a part of struct gs_thread. */
struct gs_thread_stack {
	u64 tstate; /* its PyThreadState when it was last known; 0: never */
	u64 due_ns; /* it has had its share of walks up to then */
	u64 asleep_due_ns; /* likewise of those of where it goes to sleep with the GIL */
	u64 wait; /* stack that its waits count for */
	u64 waited_ns; /* gs_thread.wait.sum up to which they have been counted */
	u64 wait_since_ns; /* gs_thread.wait_since_ns of the wait in which `wait` was taken */
	u64 off; /* stack in which it left the CPU, holding */
	u64 off_waited; /* GS_WAITED_NS() of its GIL then */
};

/*
 * gs_gil.waited: how many wait now (the lower 16 bits) and, in one word with it, what their waits
 * and all before them add up to but for the time now.  Who comes takes off the time, who leaves
 * adds it; so the sum up to @now needs nothing but the word.  It is modulo 2^48 ns, 78 hours:
 * differences are.
 */
#define GS_WAITED_COMES(now) (1 - ((u64)(now) << 16))
#define GS_WAITED_LEAVES(now) (((u64)(now) << 16) - 1)
#define GS_WAITED_NS(waited, now) \
	((((waited) >> 16) + ((waited)&0xffff) * (u64)(now)) & ((1ULL << 48) - 1))
#define GS_WAITED_SINCE(to, from) (((to) - (from)) & ((1ULL << 48) - 1))

/* Of one process: which of its deallocations are walked.  Written by who holds its GIL. */
struct gs_proc_stack {
	u64 deallocs; /* seen */
	u64 next; /* the one to look at the clock at */
	u64 walked; /* the last one walked */
	u64 due_ns; /* none is before that */
};

/* How full the tables are, and what user space is asked for. */
struct gs_stacks_state {
	u64 known; /* entries that were added to gs_stacks_known */
	u64 costs; /* likewise to gs_stack_costs */
	u64 unknown; /* threads whose PyThreadState was not known when it was needed */
	u64 walks; /* stacks that were taken, known ones as well */
};

_Static_assert(sizeof(struct gs_stack_key) == 16, "gs_stack_key is ABI");
_Static_assert(sizeof(struct gs_stack_cost) == 64, "gs_stack_cost is ABI");
_Static_assert(sizeof(struct gs_stack_new) == 24 + 16 * GS_FRAMES_MAX, "gs_stack_new is ABI");

#endif
