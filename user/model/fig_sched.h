/* Who waited for whom, what holders slept in, and what the kernel tells of the process's CPU time.
 */
#ifndef GS_USER_MODEL_FIG_SCHED_H
#define GS_USER_MODEL_FIG_SCHED_H

#include "bpf/types.h"

struct fig_blame {
	u32 holder_tid; /* 0: unknown, or an ended thread */
	u32 waiter_tid; /* 0: ended threads, together */
	u64 waits; /* parts of waits in which it held */
	u64 wait_ns;
};

/* Time a thread slept in one system call while it held the GIL. */
struct fig_blocked {
	u32 tid; /* 0: ended threads, together */
	const char *call; /* "page_fault": in none; "other": what had no row of its own; static */
	u64 count; /* of those that ended */
	u64 ns; /* the one going on included */
	u64 max_ns;
};

/* Of a process. */
struct fig_cpu {
	u64 switch_interval_ns; /* sys.getswitchinterval(), as of now; FIG_NULL: not known */
	/* Of the nearest control group above it that has a CPU quota; FIG_NULL: none has. */
	u64 cgroup_throttled; /* periods in which the quota was used up */
	u64 cgroup_throttled_ns; /* time its tasks were kept from running then, one CPU's */
};

#endif
