/*
 * Threads of the runtime: a system thread with a state of its own, listed, named, and with the
 * GIL held while its body runs.
 *
 *   rt_thread_start --> STARTED --takes the GIL, runs body, drops it--> ENDED --join--> freed
 *
 * A thread that the runtime did not start (the main thread, or one of an embedder) gets its
 * state with its first rt_thread_self() and loses it when it ends; it takes the GIL itself.
 *
 * rt_lock is the lock that programs use among themselves, not to be confused with the GIL:
 * whoever waits for it lets go of the GIL.
 */
#ifndef RT_THREAD_H
#define RT_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RT_THREAD_NAME_MAX 16 /* with the final 0, as the kernel keeps it */

struct rt_thread {
	unsigned long id; /* 1, 2, … in order of birth; never used again */
	pid_t tid; /* as this process sees it; 0 until the thread runs */
	char name[RT_THREAD_NAME_MAX];
	bool holds_gil; /* its own business: read and written by the thread itself */
	bool block_saved; /* rt_thread_block_begin() gave up the GIL */
	void (*body)(void *arg);
	void *arg;
	pthread_t handle;
	struct rt_thread *next; /* in the list of all, newest first */
};

/* The calling thread's state, made if it has none.  Aborts when there is no memory for it. */
struct rt_thread *rt_thread_self(void);

/*
 * Start a thread that takes the GIL and runs @body.
 * @name: its first 15 bytes become the system's name of the thread; NULL: "rt-N"
 * @ret:  set on success; ended with rt_thread_join()
 *
 * Return: 0, or -EAGAIN (limit on threads reached) or -ENOMEM; @ret is untouched on error.
 */
int rt_thread_start(struct rt_thread **ret, const char *name, void (*body)(void *), void *arg);

/* Wait, without the GIL, until @t has ended; free it.  Once per started thread. */
void rt_thread_join(struct rt_thread *t);

/* Name the calling thread, for debuggers and tracers as well; cut to 15 bytes. */
void rt_thread_set_name(const char *name);

/* Call @fn with every thread now alive, newest first, the list locked: @fn must not start one. */
void rt_thread_each(void (*fn)(const struct rt_thread *t, void *arg), void *arg);

/* Threads alive that the runtime knows. */
size_t rt_thread_count(void);

/*
 * Before and after a blocking call, where the macros of rt_gil.h do not fit: not nested, and
 * both in the same thread.
 */
void rt_thread_block_begin(void);
void rt_thread_block_end(void);

/* In the child of a fork, before anything else: only the calling thread is left. */
void rt_thread_after_fork(void);

/* A lock between threads of a program.  Zeroed memory is not one: rt_lock_init(). */
struct rt_lock {
	pthread_mutex_t mutex;
	pthread_cond_t free;
	bool locked;
};

void rt_lock_init(struct rt_lock *l);

/* Nobody may hold it or wait for it. */
void rt_lock_done(struct rt_lock *l);

/* Sleeps, without the GIL, while it is taken; not recursive: twice is for ever. */
void rt_lock_acquire(struct rt_lock *l);

/* Return: whether it was free and is now held. */
bool rt_lock_try(struct rt_lock *l);

/* By any thread, as in Python.  Return: 0, or -EPERM if it was not held. */
int rt_lock_release(struct rt_lock *l);

#endif
