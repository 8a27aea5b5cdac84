/*
 * What watch mode keeps of who made whom wait (gs_blame).
 *
 * Written by the waiter, read by user space.
 */
#ifndef GS_BPF_WATCH_H
#define GS_BPF_WATCH_H

#include "bpf/types.h"

#define GS_BLAME_PAIRS 16384

/* Key of gs_blame. */
struct gs_blame_key {
	u32 pid;
	u32 holder; /* as its pid namespace sees it (native_thread_id); 0: unknown */
	u32 waiter; /* tid as the host sees it */
	u32 pad;
};

struct gs_blame {
	u64 waits; /* waits, or parts of one, that began while the holder held */
	u64 wait_ns;
};

_Static_assert(sizeof(struct gs_blame_key) == 16, "gs_blame_key is ABI");
_Static_assert(sizeof(struct gs_blame) == 16, "gs_blame is ABI");

#endif
