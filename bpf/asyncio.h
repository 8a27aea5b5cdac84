/*
 * asyncio: what BPF keeps about each thread that may run an event loop.
 *
 * Lies in an array of its own, by the thread's slot, because few threads run one.  Written by the
 * thread itself only, under its slot's seq; zeroed with the slot.
 */
#ifndef GS_BPF_ASYNCIO_H
#define GS_BPF_ASYNCIO_H

#include "bpf/hist.h"
#include "bpf/types.h"

#define GS_STEP_DEPTH 4 /* steps within steps that are timed; the mask needs a power of two */

struct gs_loop {
	u64 since_ns; /* the iteration going on began; 0: in the selector, or none */
	u64 step_since_ns[GS_STEP_DEPTH]; /* steps going on, the outermost first */
	u64 step_delay_ns[GS_STEP_DEPTH]; /* from the wake-up to its begin; ~0: not the first */
	u32 depth; /* how many there are */
	u32 selector; /* descriptor of the loop's own epoll + 1; 0: not known yet */
	u32 in_call; /* the thread waits for it */
	u32 other; /* one the thread has used since, likewise: the loop's if steps come with it */
	u64 other_steps; /* `steps` at that time */
	u64 steps; /* begun */
	u64 steps_before; /* of these, by loops before the present one */
	u64 slow; /* iterations longer than gs_config.slow_ns */
	u64 slow_ns; /* their time */
	u64 slow_steps;
	struct gs_hist iteration;
	struct gs_hist step;
	u64 enter_ns; /* the selector's call that is going on, or was last, began */
	u64 woken_ns; /* from the last that slept, and no step has been run since; 0: none */
	struct gs_hist step_delay; /* from that wake-up to the first step after it */
};

_Static_assert(sizeof(struct gs_loop) % 8 == 0, "elements of an array are 8-byte aligned");

#endif
