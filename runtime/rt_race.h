/*
 * The race that the GIL does not prevent: `a += 1` is load, add and store, and the GIL may
 * change hands between any two of them.
 */
#ifndef RT_RACE_H
#define RT_RACE_H

#include <stdbool.h>
#include <stdint.h>

struct rt_race {
	unsigned threads; /* set by the caller; every second one subtracts; at most 64 */
	uint64_t rounds; /* set by the caller: updates of each thread */
	bool with_lock; /* set by the caller: load to store under one rt_lock */
	uint64_t updates; /* all that were made: threads * rounds */
	uint64_t lost; /* of these, stored over by a thread that had loaded before */
	int64_t expected; /* what `a` would be with none lost */
	int64_t value; /* what it is */
};

/*
 * Run the race described in @r and fill in the rest.  The calling thread may hold the GIL or
 * not.
 * Return: 0, -EINVAL if threads is 0 or above 64, or the error of rt_thread_start(), in which
 * case the threads already started have ended.
 */
int rt_race_run(struct rt_race *r);

#endif
