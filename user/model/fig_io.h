/* System calls that wait for I/O, and the event loops of asyncio that make them. */
#ifndef GS_USER_MODEL_FIG_IO_H
#define GS_USER_MODEL_FIG_IO_H

#include <stdbool.h>

#include "bpf/types.h"
#include "user/model/fig_hist.h"

struct fig_io {
	const char *call; /* system call name; static */
	u64 calls;
	u64 wakeups;
	u64 timeouts;
	u64 errors;
	u64 events;
	struct fig_hist blocked;
	struct fig_hist wake_to_run;
	struct fig_hist wake_to_gil;
	struct fig_hist wake_gil_wait; /* the part of wake_to_gil that was a wait for the GIL */
};

/* A thread that runs an event loop, or has. */
struct fig_loop {
	u32 tid; /* 0: ended threads, together */
	char *name; /* owned; the thread's */
	bool exited;
	u64 start_ns; /* as in struct fig_thread; with tid, its identity */
	u64 iterations; /* finished: from a return of the selector's call to its next entry */
	u64 steps; /* begun: times a task's coroutine was resumed */
	u64 blocked; /* iterations longer than blocked_over_ns */
	u64 blocked_ns; /* their time */
	u64 blocked_steps; /* steps longer than that */
	u64 blocked_over_ns; /* FIG_NULL: not known, of a recording */
	u64 running_ns; /* how long the iteration going on has taken; 0: none; FIG_NULL: unknown */
	struct fig_hist iteration;
	struct fig_hist step;
	struct fig_hist step_delay; /* woken in the selector's call until the first step after it */
};

#endif
