/*
 * Own truth: what really happened, counted by the runtime itself, for a tracer to be held
 * against.  Names and meanings are those of gilscope.stat/1; times are CLOCK_MONOTONIC ns.
 *
 *   hold        from the moment a thread owns the GIL to the moment it is free again; both
 *               clocks are read as the last thing under the GIL's mutex: holds never overlap
 *   wait        from finding the GIL taken (a contended take) until it is owned
 *   handover    a hold whose thread differs from that of the hold before
 *   forced      given up because another thread asked
 *   io call     one system call of an event loop; a wake-up is one that slept and returned
 *               events, `blocked` the length of those that slept
 *
 * Every thread writes its own slot and no lock is taken; slots outlive their threads, and are
 * read at any time (relaxed atomics: each figure is whole, but two figures of a running
 * thread may be a moment apart).  Events and times of GC and I/O, which are rarer, are shared.
 * Counting is off until rt_truth_enable(true); then it costs about two clock readings per
 * hold.
 */
#ifndef RT_TRUTH_H
#define RT_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/rt_hist.h"

#define RT_TRUTH_GENERATIONS 3

/* The figures of one thread, or of all together. */
struct rt_truth_gil {
	uint64_t takes;
	uint64_t contended_takes;
	uint64_t releases;
	uint64_t forced_releases;
	uint64_t handovers; /* of takes: the owner before was another */
	struct rt_hist hold; /* of finished holds */
	struct rt_hist wait; /* of finished waits */
	uint64_t held_ns; /* hold.sum_ns and what the hold going on has lasted */
	uint64_t wait_ns; /* wait.sum_ns and what the waits going on have lasted */
};

struct rt_truth_gc {
	uint64_t collections;
	uint64_t collected;
	uint64_t uncollectable;
	struct rt_hist pause;
};

struct rt_truth_io {
	const char *call; /* name of the system call; static */
	uint64_t calls;
	uint64_t wakeups;
	uint64_t timeouts;
	uint64_t errors;
	uint64_t events;
	struct rt_hist blocked;
};

/* Count from the next take, wait or call on, or no longer.  What was counted stays. */
void rt_truth_enable(bool on);

extern bool rt_truth_on; /* atomic; what rt_truth_enable() sets */

static inline bool rt_truth_enabled(void)
{
	return __builtin_expect(RT_RELAXED_GET(rt_truth_on), 0);
}

/* Forget what was counted.  A hold or wait going on now will not be counted either. */
void rt_truth_reset(void);

/* CLOCK_MONOTONIC, in ns. */
uint64_t rt_truth_now_ns(void);

/* Sums over all threads, those that ended included. */
void rt_truth_get_gil(struct rt_truth_gil *ret);

/* The same of the calling thread alone. */
void rt_truth_get_thread(struct rt_truth_gil *ret);

/* Of @generation, 0 to RT_TRUTH_GENERATIONS - 1. */
void rt_truth_get_gc(int generation, struct rt_truth_gc *ret);

/* Of the system call @call.  Return: false, *@ret untouched, if it was never made. */
bool rt_truth_get_io(const char *call, struct rt_truth_io *ret);

/* Deallocations of objects whose type is called @type_name. */
uint64_t rt_truth_get_deallocs(const char *type_name);

/* All of it as one JSON object (gilscope.stat/1, what is not known here null) and a newline. */
void rt_truth_print(FILE *out);

/*
 * What follows is called by the mechanisms themselves, at the moment they happen, whether
 * counting is on or not.
 */

/* The calling thread found the GIL taken. */
void rt_truth_gil_wait(void);

/* It owns it, @handover: the one before was another.  Called under the GIL's mutex. */
void rt_truth_gil_owned(bool handover);

/* It is free.  Called under the GIL's mutex. */
void rt_truth_gil_released(bool forced);

/* The calling thread is called @name. */
void rt_truth_thread_named(const char *name);

/* In the child of a fork: forget everything, the other threads' slots included. */
void rt_truth_after_fork(void);

void rt_truth_gc_start(int generation);
void rt_truth_gc_done(int generation, uint64_t collected, uint64_t uncollectable);

/* An object of the type called @type_name goes. */
void rt_truth_dealloc(const char *type_name);

/*
 * Around a system call of an event loop.
 * @call:       its name; static
 * @timeout_ns: what it may sleep; 0: not at all, -1: without end
 * @events:     what it returned: descriptors ready, or -errno
 */
struct rt_truth_call {
	const char *call;
	int64_t timeout_ns;
	uint64_t since_ns; /* 0: counting was off */
	long sleeps; /* of the thread before the call */
};

void rt_truth_io_begin(struct rt_truth_call *c, const char *call, int64_t timeout_ns);
void rt_truth_io_end(struct rt_truth_call *c, int events);

#endif
