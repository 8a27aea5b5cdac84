/*
 * Slots, and the GIL's figures in them.
 *
 * Invariants: a slot is written by its thread only; `hold_since_ns` is non-zero exactly while
 * that thread holds and the take was counted, so takes - releases is 0 or 1.  A reset does not
 * touch the slots: it moves `epoch` on, and each owner clears its own at its next event.
 */
#include "runtime/rt_truth.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/rt_thread.h"
#include "runtime/rt_truth_private.h"

static pthread_mutex_t truth_mutex = PTHREAD_MUTEX_INITIALIZER;
bool rt_truth_on;
static struct truth_slot *first; /* under truth_mutex to add; followed without */
static __thread struct truth_slot *mine;
static uint64_t epoch = 1; /* atomic */
static uint64_t epoch_ns; /* atomic; when it began */

uint64_t rt_truth_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void truth_lock(void)
{
	pthread_mutex_lock(&truth_mutex);
}

void truth_unlock(void)
{
	pthread_mutex_unlock(&truth_mutex);
}

void truth_lock_after_fork(void)
{
	pthread_mutex_init(&truth_mutex, NULL);
}

uint64_t truth_since_ns(void)
{
	return RT_RELAXED_GET(epoch_ns);
}

struct truth_slot *truth_first(void)
{
	return __atomic_load_n(&first, __ATOMIC_ACQUIRE);
}

bool truth_current(const struct truth_slot *s)
{
	return __atomic_load_n(&s->epoch, __ATOMIC_ACQUIRE) == RT_RELAXED_GET(epoch);
}

void rt_truth_enable(bool on)
{
	if (on && !RT_RELAXED_GET(epoch_ns))
		RT_RELAXED_SET(epoch_ns, rt_truth_now_ns());
	RT_RELAXED_SET(rt_truth_on, on);
}

void rt_truth_reset(void)
{
	truth_lock();
	truth_shared_clear();
	RT_RELAXED_SET(epoch_ns, rt_truth_now_ns());
	__atomic_fetch_add(&epoch, 1, __ATOMIC_RELAXED);
	truth_unlock();
}

static struct truth_slot *slot_new(void)
{
	const struct rt_thread *me = rt_thread_self();
	struct truth_slot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->tid = gettid();
	s->epoch = RT_RELAXED_GET(epoch);
	memcpy(s->name, me->name, sizeof(s->name));
	truth_lock();
	s->next = first;
	__atomic_store_n(&first, s, __ATOMIC_RELEASE);
	truth_unlock();
	return s;
}

static void slot_clear(struct truth_slot *s)
{
	struct rt_truth_gil *g = &s->gil;

	RT_RELAXED_SET(s->hold_since_ns, 0);
	RT_RELAXED_SET(s->wait_since_ns, 0);
	RT_RELAXED_SET(g->takes, 0);
	RT_RELAXED_SET(g->contended_takes, 0);
	RT_RELAXED_SET(g->releases, 0);
	RT_RELAXED_SET(g->forced_releases, 0);
	RT_RELAXED_SET(g->handovers, 0);
	rt_hist_clear(&g->hold);
	rt_hist_clear(&g->wait);
	truth_types_clear(s);
}

/* Not inlined: see rt_thread_self(). */
__attribute__((noinline)) struct truth_slot *truth_slot(void)
{
	uint64_t now_epoch = RT_RELAXED_GET(epoch);

	if (!rt_truth_enabled()) {
		if (mine && (mine->hold_since_ns || mine->wait_since_ns)) {
			/* its end would be counted and its beginning forgotten, or the reverse */
			RT_RELAXED_SET(mine->hold_since_ns, 0);
			RT_RELAXED_SET(mine->wait_since_ns, 0);
		}
		return NULL;
	}
	if (!mine)
		mine = slot_new();
	if (mine && mine->epoch != now_epoch) {
		slot_clear(mine);
		__atomic_store_n(&mine->epoch, now_epoch, __ATOMIC_RELEASE);
	}
	return mine;
}

void rt_truth_gil_wait(void)
{
	struct truth_slot *s = truth_slot();

	if (s)
		RT_RELAXED_SET(s->wait_since_ns, rt_truth_now_ns());
}

void rt_truth_gil_owned(bool handover)
{
	struct truth_slot *s = truth_slot();
	uint64_t now;

	if (!s)
		return;
	now = rt_truth_now_ns();
	RT_RELAXED_ADD(s->gil.takes, 1);
	RT_RELAXED_ADD(s->gil.handovers, handover);
	if (s->wait_since_ns) {
		RT_RELAXED_ADD(s->gil.contended_takes, 1);
		rt_hist_add(&s->gil.wait, now - s->wait_since_ns);
		RT_RELAXED_SET(s->wait_since_ns, 0);
	}
	RT_RELAXED_SET(s->hold_since_ns, now);
}

void rt_truth_gil_released(bool forced)
{
	struct truth_slot *s = truth_slot();

	if (!s || !s->hold_since_ns)
		return;
	RT_RELAXED_ADD(s->gil.releases, 1);
	RT_RELAXED_ADD(s->gil.forced_releases, forced);
	rt_hist_add(&s->gil.hold, rt_truth_now_ns() - s->hold_since_ns);
	RT_RELAXED_SET(s->hold_since_ns, 0);
}

void rt_truth_thread_named(const char *name)
{
	if (!mine)
		return;
	truth_lock();
	strncpy(mine->name, name, sizeof(mine->name) - 1);
	truth_unlock();
}

void rt_truth_after_fork(void)
{
	truth_lock_after_fork();
	first = NULL;
	mine = NULL;
	rt_truth_reset();
}

void truth_add_gil(struct rt_truth_gil *to, const struct truth_slot *s, uint64_t now_ns)
{
	uint64_t hold_since = RT_RELAXED_GET(s->hold_since_ns);
	uint64_t wait_since = RT_RELAXED_GET(s->wait_since_ns);

	to->takes += RT_RELAXED_GET(s->gil.takes);
	to->contended_takes += RT_RELAXED_GET(s->gil.contended_takes);
	to->releases += RT_RELAXED_GET(s->gil.releases);
	to->forced_releases += RT_RELAXED_GET(s->gil.forced_releases);
	to->handovers += RT_RELAXED_GET(s->gil.handovers);
	rt_hist_merge(&to->hold, &s->gil.hold);
	rt_hist_merge(&to->wait, &s->gil.wait);
	if (hold_since && now_ns > hold_since)
		to->held_ns += now_ns - hold_since;
	if (wait_since && now_ns > wait_since)
		to->wait_ns += now_ns - wait_since;
	to->held_ns += RT_RELAXED_GET(s->gil.hold.sum_ns);
	to->wait_ns += RT_RELAXED_GET(s->gil.wait.sum_ns);
}

void rt_truth_get_gil(struct rt_truth_gil *ret)
{
	uint64_t now = rt_truth_now_ns();

	memset(ret, 0, sizeof(*ret));
	for (const struct truth_slot *s = truth_first(); s; s = s->next) {
		if (truth_current(s))
			truth_add_gil(ret, s, now);
	}
}

void rt_truth_get_thread(struct rt_truth_gil *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (mine && truth_current(mine))
		truth_add_gil(ret, mine, rt_truth_now_ns());
}
