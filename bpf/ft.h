/*
 * ft: what BPF keeps about free-threaded builds, where no GIL makes threads wait but each other's
 * mutexes, and whoever stops the world.
 *
 * struct gs_ft_thread is a part of struct gs_thread, written by its thread only; struct gs_ft is
 * one of struct gs_proc, which many threads add to.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef GS_BPF_FT_H
#define GS_BPF_FT_H

#include "bpf/hist.h"
#include "bpf/types.h"

#define GS_FT_RELEASES 4096 /* mutexes whose last release is remembered */

/* What takes time, one line each: X(NAME, name, "what it is"). */
#define GS_FT_TIMES(X) \
	X(STOPPING, stopping, "from the request to stop the world until every thread has") \
	X(STOPPED, stopped, "from then until it is started again") \
	X(MUTEX, mutex, "a thread asleep for a mutex") \
	X(SUSPENDED, suspended, "a thread kept from running by who stopped the world")

enum gs_ft_time {
#define X(NAME, name, help) GS_FT_##NAME,
	GS_FT_TIMES(X)
#undef X
		GS_FT_TIME_COUNT
};

struct gs_ft_thread {
	u64 since_ns[GS_FT_TIME_COUNT]; /* going on; 0: not */
	u64 address; /* of the mutex it is asleep for */
	u64 count[GS_FT_TIME_COUNT];
	u64 ns[GS_FT_TIME_COUNT];
	u64 mutex_max_ns; /* the longest of count[GS_FT_MUTEX] */
	u32 released_by; /* tid of who ended that one; 0: not known */
	u32 pad;
	u64 critical; /* critical sections it found taken */
};

struct gs_ft {
	struct gs_hist time[GS_FT_TIME_COUNT];
};

/* Which mutex, for gs_ft_releases. */
struct gs_ft_mutex {
	u64 address;
	u32 tgid;
	u32 pad;
};

#endif
