/*
 * Timers: a binary heap ordered by time, then by order of arrival.
 *
 * The caller owns each struct rt_timer, which must stay where it is while it is started.
 */
#ifndef RT_TIMER_H
#define RT_TIMER_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory is a stopped timer. */
struct rt_timer {
	uint64_t when_ns; /* CLOCK_MONOTONIC */
	uint64_t order; /* of two for the same moment the one started first is first */
	size_t place; /* index in the heap plus 1; 0: not started */
	void (*fn)(void *arg);
	void *arg;
};

/* Zeroed memory is an empty heap. */
struct rt_timers {
	struct rt_timer **heap;
	size_t n, room;
	uint64_t started; /* how many ever were */
};

/* Start @t, or move it if it is started.  Return: 0, or -1 with MemoryError pending. */
int rt_timers_start(struct rt_timers *ts, struct rt_timer *t, uint64_t when_ns);

/* Stop @t; fine if it is not started. */
void rt_timers_stop(struct rt_timers *ts, struct rt_timer *t);

/* The next one due, borrowed; NULL: none is started. */
struct rt_timer *rt_timers_first(const struct rt_timers *ts);

/* Stop all, free the heap. */
void rt_timers_done(struct rt_timers *ts);

#endif
