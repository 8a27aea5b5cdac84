/*
 * The GIL: one lock that a thread must own to touch objects.
 *
 *            found it taken            free again, or woken
 *   OUT ----------------------> WAITING ------------------+
 *    ^ \                           ^ | a whole interval   |
 *    |  \                          +-+ passed: ask        |
 *    |   \  free                                          |
 *    |    +---------------------> OWNED <-----------------+
 *    |                              |
 *    |      drop, or asked to       |   asked to: also waits here until somebody
 *    +------------------------------+   else had it ("forced switch")
 *
 * Invariants:
 *   - `locked` and `last_holder` change under `mutex` only; at most one thread is OWNED.
 *   - Only a waiter raises `drop_request`, after a whole switch interval in which the GIL did
 *     not change hands; the thread that gives in lowers it, and so does every new owner, who
 *     was not asked.  So while it is up there is a waiter.
 *   - A thread that gave in does not own it again before another thread did, or the waiter,
 *     whom the kernel has yet to wake up, would lose every race against it.
 *
 * The owner is not interrupted: it looks at `drop_request` by itself, in rt_gil_poll(), which
 * every loop that does not block must call now and then (CPython: the "eval breaker").
 */
#ifndef RT_GIL_H
#define RT_GIL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define RT_GIL_INTERVAL_US 5000 /* the switch interval when nothing else is set */

struct rt_gil {
	pthread_mutex_t mutex; /* guards what follows, for moments only */
	pthread_cond_t free; /* signalled when it becomes free */
	pthread_cond_t switched; /* signalled when it gets an owner */
	bool locked;
	unsigned long last_holder; /* rt_thread.id of the owner or, when free, the last; 0: none */
	uint64_t switches; /* how often the owner was another than before */
	uint64_t interval_us; /* atomic */
	bool drop_request; /* atomic; somebody has waited for a whole interval */
};

/* The process's one GIL.  Read its fields through the functions below. */
extern struct rt_gil rt_gil;

/*
 * Become the owner; sleeps as long as another thread is.  The calling thread must not own it.
 * errno is kept.
 */
void rt_gil_take(void);

/* Give it up.  The calling thread must own it.  May sleep if a forced switch is due. */
void rt_gil_drop(void);

/* Does the calling thread own it? */
bool rt_gil_held(void);

/*
 * Give it up if the calling thread owns it, as a single-threaded program that never took it
 * does not.  errno is kept.
 * Return: whether it was given up, for rt_gil_restore().
 */
bool rt_gil_save(void);

/* Take it again if @saved.  errno is kept. */
void rt_gil_restore(bool saved);

/* What rt_gil_poll() does when somebody asked. */
void rt_gil_give_in(void);

/* Let another thread have it if one asked; call this in loops.  A load when nobody did. */
static inline void rt_gil_poll(void)
{
	if (__builtin_expect(__atomic_load_n(&rt_gil.drop_request, __ATOMIC_RELAXED), 0))
		rt_gil_give_in();
}

/*
 * Around a blocking call, in which no object may be touched:
 *
 *	RT_BEGIN_ALLOW_THREADS
 *	n = read(fd, buffer, size);
 *	RT_END_ALLOW_THREADS
 */
#define RT_BEGIN_ALLOW_THREADS \
	{ \
		bool rt_saved_ = rt_gil_save();
#define RT_END_ALLOW_THREADS \
	rt_gil_restore(rt_saved_); \
	}

/* How long a waiter waits before it asks, in us; 1 or more (0 is taken as 1). */
void rt_gil_set_interval(uint64_t interval_us);
uint64_t rt_gil_interval(void);

/* How often the owner changed since the start (or since the fork). */
uint64_t rt_gil_switches(void);

/* In the child of a fork, whose other threads are gone: free, unowned, same interval. */
void rt_gil_after_fork(void);

/* Prepare the lock; done by the first rt_thread_self(). */
void rt_gil_init(void);

#endif
