/*
 * rt_lock: a lock that any thread may release.  Invariant: `locked` changes under `mutex`,
 * which is held for moments only and never while waiting for the GIL.
 */
#include <errno.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_thread.h"

void rt_lock_init(struct rt_lock *l)
{
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->free, NULL);
	l->locked = false;
}

void rt_lock_done(struct rt_lock *l)
{
	pthread_cond_destroy(&l->free);
	pthread_mutex_destroy(&l->mutex);
}

bool rt_lock_try(struct rt_lock *l)
{
	bool was;

	pthread_mutex_lock(&l->mutex);
	was = l->locked;
	l->locked = true;
	pthread_mutex_unlock(&l->mutex);
	return !was;
}

void rt_lock_acquire(struct rt_lock *l)
{
	if (rt_lock_try(l))
		return; /* the common case costs no trip without the GIL */
	RT_BEGIN_ALLOW_THREADS
	pthread_mutex_lock(&l->mutex);
	while (l->locked)
		pthread_cond_wait(&l->free, &l->mutex);
	l->locked = true;
	pthread_mutex_unlock(&l->mutex);
	RT_END_ALLOW_THREADS
}

int rt_lock_release(struct rt_lock *l)
{
	bool was;

	pthread_mutex_lock(&l->mutex);
	was = l->locked;
	l->locked = false;
	pthread_cond_signal(&l->free);
	pthread_mutex_unlock(&l->mutex);
	return was ? 0 : -EPERM;
}
