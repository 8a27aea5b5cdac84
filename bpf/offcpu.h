/* What BPF keeps of the sleeps of a thread that holds the GIL; part of the contract in state.h. */
#ifndef GS_BPF_OFFCPU_H
#define GS_BPF_OFFCPU_H

#include "bpf/types.h"

#define GS_BLOCKED_ROWS 8 /* of a thread; the last is of all calls that had no other */

/* What a thread slept in while it held the GIL. */
struct gs_blocked {
	u64 count;
	u64 ns;
	u64 max_ns;
	u32 call; /* GS_BLOCKED_CALL + system call number; GS_BLOCKED_FAULT; 0: the row is free */
	u32 pad;
};

#define GS_BLOCKED_REST 1 /* as gs_blocked.call: of several */
#define GS_BLOCKED_FAULT 2 /* not in a system call: a page fault, mostly */
#define GS_BLOCKED_CALL 3

#endif
