/*
 * A queue and its workers.
 *
 * Invariants: the queue and the counts are under `mutex`, which nobody holds while waiting for
 * the GIL.  A job belongs to the queue, then to the worker, then to the loop's call.
 */
#include "runtime/rt_executor.h"

#include <errno.h>
#include <pthread.h>

#include "runtime/rt_error.h"
#include "runtime/rt_future.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_loop_private.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_thread.h"

#define THREADS_MAX 64

struct job {
	struct job *next;
	struct rt_object *(*fn)(void *arg);
	void *arg;
	rt_loop_fn drop;
	struct rt_object *future; /* owned */
	struct rt_object *result, *error; /* owned; one is set once it has run */
};

struct rt_executor {
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct job *first, **last;
	unsigned queued, idle, started, allowed;
	bool ending;
	struct rt_thread *threads[THREADS_MAX];
};

struct rt_executor *rt_executor_new(unsigned threads)
{
	struct rt_executor *ex;

	if (!threads || threads > THREADS_MAX)
		return rt_raise(RT_VALUE_ERROR, "an executor has 1 to %d threads, not %u",
				THREADS_MAX, threads);
	ex = rt_mem_zalloc(sizeof(*ex));
	if (!ex)
		return NULL;
	pthread_mutex_init(&ex->mutex, NULL);
	pthread_cond_init(&ex->work, NULL);
	ex->last = &ex->first;
	ex->allowed = threads;
	return ex;
}

static void job_free(void *arg)
{
	struct job *j = arg;

	rt_unref(j->future);
	rt_unref(j->result);
	rt_unref(j->error);
	rt_mem_free(j);
}

/* In the loop's thread: the job has run. */
static void deliver(void *arg)
{
	struct job *j = arg;

	if (rt_future_done(j->future))
		return; /* cancelled meanwhile */
	if (j->result)
		(void)rt_future_set_result(j->future, rt_ref(j->result));
	else
		(void)rt_future_set_error(j->future, rt_ref(j->error));
}

/* The next job; NULL: the executor ends.  Called without the GIL. */
static struct job *next_job(struct rt_executor *ex)
{
	struct job *j;

	pthread_mutex_lock(&ex->mutex);
	ex->idle++;
	while (!ex->first && !ex->ending)
		pthread_cond_wait(&ex->work, &ex->mutex);
	ex->idle--;
	j = ex->first;
	if (j) {
		ex->first = j->next;
		if (!ex->first)
			ex->last = &ex->first;
		ex->queued--;
	}
	pthread_mutex_unlock(&ex->mutex);
	return j;
}

static void run(struct job *j)
{
	struct rt_loop *l = ((struct rt_future *)j->future)->loop;

	if (!rt_future_done(j->future)) {
		j->result = j->fn(j->arg);
		if (!j->result)
			j->error = rt_error_take();
	}
	if (j->drop)
		j->drop(j->arg);
	if (rt_loop_call_threadsafe(l, deliver, j, job_free)) {
		/* Closed, or no memory: we have the GIL, and the loop needs it to look. */
		deliver(j);
		loop_wake(l);
		job_free(j);
	}
}

static void worker(void *arg)
{
	struct rt_executor *ex = arg;
	struct job *j;

	do {
		RT_BEGIN_ALLOW_THREADS
		j = next_job(ex);
		RT_END_ALLOW_THREADS
		if (j)
			run(j);
	} while (j);
}

/* Under the mutex: one more worker if the idle ones are too few.  0 or -errno. */
static int start_worker(struct rt_executor *ex)
{
	int err;

	if (ex->idle > ex->queued || ex->started == ex->allowed)
		return 0;
	err = rt_thread_start(&ex->threads[ex->started], "rt-executor", worker, ex);
	if (!err)
		ex->started++;
	return ex->started ? 0 : err; /* fewer workers than wished for will do */
}

static int enqueue(struct rt_executor *ex, struct job *j)
{
	int err;

	pthread_mutex_lock(&ex->mutex);
	err = start_worker(ex);
	if (!err) {
		*ex->last = j;
		ex->last = &j->next;
		ex->queued++;
		pthread_cond_signal(&ex->work);
	}
	pthread_mutex_unlock(&ex->mutex);
	return err;
}

static struct job *job_new(struct rt_loop *l)
{
	struct job *j = rt_mem_zalloc(sizeof(*j));

	if (!j)
		return NULL;
	j->future = rt_future_new(l);
	if (j->future)
		return j;
	rt_mem_free(j);
	return NULL;
}

struct rt_object *rt_executor_submit(struct rt_executor *ex, struct rt_loop *l,
				     struct rt_object *(*fn)(void *arg), void *arg, rt_loop_fn drop)
{
	struct job *j = NULL;
	struct rt_object *future;
	int err;

	if (!rt_gil_held())
		rt_raise(RT_RUNTIME_ERROR, "an executor's user must hold the GIL");
	else
		j = job_new(l);
	if (!j) {
		if (drop)
			drop(arg);
		return NULL;
	}
	j->fn = fn;
	j->arg = arg;
	j->drop = drop;
	future = rt_ref(j->future);
	err = enqueue(ex, j);
	if (!err)
		return future;
	if (drop)
		drop(arg);
	job_free(j);
	rt_unref(future);
	errno = -err;
	return rt_raise_errno("starting a thread");
}

unsigned rt_executor_threads(struct rt_executor *ex)
{
	unsigned n;

	pthread_mutex_lock(&ex->mutex);
	n = ex->started;
	pthread_mutex_unlock(&ex->mutex);
	return n;
}

void rt_executor_free(struct rt_executor *ex)
{
	if (!ex)
		return;
	pthread_mutex_lock(&ex->mutex);
	ex->ending = true;
	pthread_cond_broadcast(&ex->work);
	pthread_mutex_unlock(&ex->mutex);
	for (unsigned i = 0; i < ex->started; i++)
		rt_thread_join(ex->threads[i]);
	pthread_cond_destroy(&ex->work);
	pthread_mutex_destroy(&ex->mutex);
	rt_mem_free(ex);
}
