/*
 * Taking and giving up the GIL; see rt_gil.h for the states and invariants.
 *
 * The probe points and the waiting thread's accounts lie outside `mutex`: a tracer's hit must
 * not lengthen the time in which nobody else can look at the lock.  Only the clock for a hold
 * is read as the last thing under it, and so holds never overlap.
 */
#include "runtime/rt_gil.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#include "runtime/rt_probe.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"

struct rt_gil rt_gil = { .interval_us = RT_GIL_INTERVAL_US };

static void lock_init(struct rt_gil *g)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&g->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->free, &attr);
	pthread_cond_init(&g->switched, &attr);
	pthread_condattr_destroy(&attr);
}

static void init_main(void)
{
	lock_init(&rt_gil);
}

void rt_gil_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_main);
}

static struct timespec deadline_after_us(uint64_t us)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(us / 1000000);
	t.tv_nsec += (long)(us % 1000000) * 1000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* Under the mutex: sleep until it is free or an interval has passed; then ask for it. */
static void wait_interval(struct rt_gil *g)
{
	struct timespec deadline = deadline_after_us(rt_gil_interval());
	uint64_t before = g->switches;
	int err = pthread_cond_timedwait(&g->free, &g->mutex, &deadline);

	if (err == ETIMEDOUT && g->locked && g->switches == before)
		__atomic_store_n(&g->drop_request, true, __ATOMIC_RELAXED);
}

/* Under the mutex, unlocked: @me is the owner now. */
static void become_owner(struct rt_gil *g, struct rt_thread *me)
{
	bool handover = g->last_holder && g->last_holder != me->id;

	g->locked = true;
	if (g->last_holder != me->id) {
		g->last_holder = me->id;
		g->switches++;
	}
	me->holds_gil = true;
	__atomic_store_n(&g->drop_request, false, __ATOMIC_RELAXED);
	pthread_cond_signal(&g->switched);
	rt_truth_gil_owned(handover);
}

void rt_gil_take(void)
{
	struct rt_thread *me = rt_thread_self();
	struct rt_gil *g = &rt_gil;
	bool contended = false;
	int saved_errno = errno;

	assert(!me->holds_gil);
	pthread_mutex_lock(&g->mutex);
	while (g->locked) {
		if (contended) {
			wait_interval(g);
			continue;
		}
		contended = true;
		pthread_mutex_unlock(&g->mutex);
		rt_truth_gil_wait();
		RT_PROBE_GIL_WAIT(g);
		pthread_mutex_lock(&g->mutex);
	}
	become_owner(g, me);
	pthread_mutex_unlock(&g->mutex);
	RT_PROBE_GIL_OWNED(g);
	errno = saved_errno;
}

/* After a release: if it was asked for, wait until the one who asked, or another, has it. */
static void forced_switch(struct rt_gil *g, struct rt_thread *me)
{
	if (!__atomic_load_n(&g->drop_request, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&g->mutex);
	if (g->last_holder == me->id) {
		__atomic_store_n(&g->drop_request, false, __ATOMIC_RELAXED);
		while (g->last_holder == me->id)
			pthread_cond_wait(&g->switched, &g->mutex);
	}
	pthread_mutex_unlock(&g->mutex);
}

static void drop(struct rt_thread *me, bool forced)
{
	struct rt_gil *g = &rt_gil;

	assert(me->holds_gil);
	pthread_mutex_lock(&g->mutex);
	g->locked = false;
	me->holds_gil = false;
	pthread_cond_signal(&g->free);
	rt_truth_gil_released(forced);
	pthread_mutex_unlock(&g->mutex);
	RT_PROBE_GIL_RELEASED(g, forced);
	forced_switch(g, me);
}

void rt_gil_drop(void)
{
	drop(rt_thread_self(), false);
}

bool rt_gil_held(void)
{
	return rt_thread_self()->holds_gil;
}

bool rt_gil_save(void)
{
	struct rt_thread *me = rt_thread_self();
	int saved_errno = errno;

	if (!me->holds_gil)
		return false;
	drop(me, false);
	errno = saved_errno;
	return true;
}

void rt_gil_restore(bool saved)
{
	if (saved)
		rt_gil_take();
}

void rt_gil_give_in(void)
{
	struct rt_thread *me = rt_thread_self();

	if (!me->holds_gil)
		return;
	drop(me, true);
	rt_gil_take();
}

void rt_gil_set_interval(uint64_t interval_us)
{
	__atomic_store_n(&rt_gil.interval_us, interval_us ? interval_us : 1, __ATOMIC_RELAXED);
}

uint64_t rt_gil_interval(void)
{
	return __atomic_load_n(&rt_gil.interval_us, __ATOMIC_RELAXED);
}

uint64_t rt_gil_switches(void)
{
	uint64_t n;

	rt_gil_init();
	pthread_mutex_lock(&rt_gil.mutex);
	n = rt_gil.switches;
	pthread_mutex_unlock(&rt_gil.mutex);
	return n;
}

void rt_gil_after_fork(void)
{
	lock_init(&rt_gil);
	rt_gil.locked = false;
	rt_gil.last_holder = 0;
	rt_gil.switches = 0;
	__atomic_store_n(&rt_gil.drop_request, false, __ATOMIC_RELAXED);
}
