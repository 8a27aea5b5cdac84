/*
 * Profiler: how often each function of the runtime was called and how long it took, counted
 * at every call and return (the cProfile kind, not a sampling one).
 *
 *   total  from call to return, what it called included; of a recursive function only the
 *          outermost call counts, so that no time counts twice
 *   own    total without what it called
 *
 * Calls are kept as a tree per thread, one node per path, from which both the table of
 * functions and the folded stacks are made.  Time in which a coroutine is suspended is nobody's.
 * Times are CLOCK_MONOTONIC ns, whether the thread had a CPU or the GIL or not.  The caller
 * holds the GIL, as every call and return does where there is more than one thread.
 */
#ifndef RT_PROFILE_H
#define RT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct rt_profile_function {
	char *name; /* owned by the array */
	uint64_t calls; /* begun */
	uint64_t total_ns;
	uint64_t own_ns;
};

/* Read without a lock by every call; rt_profile_start() and _stop() change it. */
extern bool rt_profile_on;

/* Count from now on.  Calls going on now are not counted. */
void rt_profile_start(void);

/* Count no more.  Calls of this thread going on count up to now, of others not. */
void rt_profile_stop(void);

/* Forget all; stops first. */
void rt_profile_reset(void);

/*
 * All functions, the one with most own time first.
 * Return: how many, *@ret to be freed with rt_profile_free(); -1: no memory, no error is pending.
 */
ptrdiff_t rt_profile_functions(struct rt_profile_function **ret);
void rt_profile_free(struct rt_profile_function *functions, size_t n);

/* The same as a table for people. */
void rt_profile_print(FILE *out);

/* "outer;inner;innermost 1234" per path: own time in us, as flame graph tools read it. */
void rt_profile_print_folded(FILE *out);

/* What the hooks call.  @name is copied when it is new. */
void rt_profile_call(const char *name);
void rt_profile_return(void);

/*
 * What rt_coro calls: the frames above the first @depth leave the thread's stack, and come
 * back in whichever thread resumes the coroutine.  Frames that never do are given to free().
 */
struct rt_profile_frames;
size_t rt_profile_depth(void);
struct rt_profile_frames *rt_profile_suspend(size_t depth);
void rt_profile_resume(struct rt_profile_frames *frames);

#endif
