/* Free-threaded builds: what their threads wait for instead of a GIL. */
#ifndef GS_USER_MODEL_FIG_FT_H
#define GS_USER_MODEL_FIG_FT_H

#include "bpf/types.h"
#include "user/model/fig_hist.h"

/* Something that takes the threads' time, all threads together. */
struct fig_ft {
	const char *what; /* "stopping", "stopped", "mutex", "suspended" (bpf/ft.h); static */
	const char *meaning; /* in words; static */
	struct fig_hist time; /* of those that have ended */
};

/* Of one thread: of what has ended. */
struct fig_ft_thread {
	u64 stops; /* of the world, by this thread */
	u64 stopping_ns; /* from the request until all others had stopped */
	u64 stopped_ns; /* from then until it let them run */
	u64 suspended_ns; /* kept from running by another's stop */
	u64 mutex_waits; /* times it slept for a mutex */
	u64 mutex_wait_ns;
	u64 mutex_wait_max_ns; /* since the start */
	u64 mutex_holder_tid; /* released the mutex of the longest of them; FIG_NULL: not known */
	u64 critical_waits; /* critical sections it found taken, whether or not it slept */
};

#endif
