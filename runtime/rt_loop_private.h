/* What the files of rt_loop share. */
#ifndef RT_LOOP_PRIVATE_H
#define RT_LOOP_PRIVATE_H

#include <pthread.h>

#include "runtime/rt_loop.h"
#include "runtime/rt_loop_backend.h"

/* One call to be made. */
struct loop_call {
	struct loop_call *next;
	rt_loop_fn fn;
	void *arg;
	rt_loop_fn drop; /* or NULL */
	struct rt_timer timer; /* of rt_loop_call_later() */
	struct rt_loop *loop;
	struct loop_call **in_later; /* where the list of later calls points to it */
};

struct loop_queue {
	struct loop_call *first, **last; /* last: where the next one is hung */
};

/* What is watched a descriptor for. */
struct loop_watch {
	rt_loop_fd_fn read, write; /* NULL: not watched for it */
	void *read_arg, *write_arg;
	bool edge;
};

struct rt_loop {
	const struct rt_loop_backend *backend;
	void *state; /* the back end's */
	struct loop_watch *watches; /* by descriptor */
	size_t nwatches;
	bool edge; /* for descriptors added from now on */
	size_t refs; /* the maker's, until rt_loop_free(), and one per future */
	bool closed; /* rt_loop_free() was called: nothing can be started any more */
	bool running;
	bool stopping; /* atomic */
	struct loop_queue soon; /* calls of the next round */
	struct loop_call *later; /* calls with a timer of their own, in no order */
	struct rt_timers timers;
	struct rt_task *tasks; /* those not done, borrowed; see rt_task.c */
	struct rt_task *task; /* the one whose step is running, borrowed */
	void (*handler)(const char *where, void *arg);
	void *handler_arg;

	int wake_fd; /* eventfd: readable when another thread put something into `foreign` */
	pthread_mutex_t foreign_mutex; /* guards foreign, nothing else */
	struct loop_queue foreign; /* calls put in by other threads */
};

/* Futures keep the memory of their loop, so that one used too late is an error and no crash. */
struct rt_loop *loop_ref(struct rt_loop *l);
void loop_unref(struct rt_loop *l);

/* 0; -1: RuntimeError, the loop is closed, or NULL. */
int loop_check_open(const struct rt_loop *l);

/* Queues of calls. */
void loop_queue_init(struct loop_queue *q);
void loop_queue_append(struct loop_queue *to, struct loop_queue *from);
void loop_queue_drop(struct loop_queue *q);

/* Make the calls now in l->soon. */
void loop_run_soon(struct rt_loop *l);

/* Free the calls with timers of their own. */
void loop_drop_later(struct rt_loop *l);

/* The wake-up by other threads.  0 or -errno.  Closing leaves the mutex, which is in use. */
int loop_wake_open(struct rt_loop *l);
void loop_wake_close(struct rt_loop *l);
void loop_wake(struct rt_loop *l);

#endif
