/*
 * The rounds of the loop, and the table of watched descriptors; see rt_loop.h.
 *
 * Invariant: the back end watches a descriptor exactly for what its entry in `watches` has a
 * callback for.
 */
#include "runtime/rt_loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "runtime/rt_error.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_loop_private.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_probe.h"
#include "runtime/rt_truth.h"

#define EVENTS_PER_ROUND 256

static const struct rt_loop_backend *const backends[] = {
	&rt_loop_epoll,
	&rt_loop_poll,
	&rt_loop_select,
};

static __thread struct rt_loop *current;

static const struct rt_loop_backend *backend_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		if (!name || !strcmp(backends[i]->name, name))
			return backends[i];
	}
	return rt_raise(RT_VALUE_ERROR, "no loop back end '%s': there are select, poll and epoll",
			name);
}

struct rt_loop *rt_loop_new(const char *name)
{
	const struct rt_loop_backend *backend = backend_by_name(name);
	struct rt_loop *l = backend ? rt_mem_zalloc(sizeof(*l)) : NULL;
	int err;

	if (!l)
		return NULL;
	l->refs = 1;
	l->wake_fd = -1;
	loop_queue_init(&l->soon);
	err = backend->open(&l->state);
	if (err) {
		rt_mem_free(l);
		errno = -err;
		return rt_raise_errno(backend->name);
	}
	l->backend = backend;
	err = loop_wake_open(l);
	if (!err)
		return l;
	if (!rt_error_pending()) {
		errno = -err;
		rt_raise_errno("eventfd");
	}
	rt_loop_free(l);
	return NULL;
}

struct rt_loop *loop_ref(struct rt_loop *l)
{
	l->refs++;
	return l;
}

void loop_unref(struct rt_loop *l)
{
	if (--l->refs)
		return;
	pthread_mutex_destroy(&l->foreign_mutex);
	rt_mem_free(l);
}

int loop_check_open(const struct rt_loop *l)
{
	if (l && !l->closed)
		return 0;
	rt_raise(RT_RUNTIME_ERROR, l ? "this loop is closed" : "there is no loop");
	return -1;
}

void rt_loop_free(struct rt_loop *l)
{
	if (!l)
		return;
	assert(!l->running && !l->closed);
	loop_wake_close(l);
	l->closed = true;
	loop_drop_later(l);
	loop_queue_drop(&l->soon);
	rt_timers_done(&l->timers);
	l->backend->close(l->state);
	rt_mem_free(l->watches);
	l->watches = NULL;
	l->nwatches = 0;
	loop_unref(l);
}

__attribute__((noinline)) struct rt_loop *rt_loop_current(void)
{
	return current;
}

static __attribute__((noinline)) struct rt_loop *set_current(struct rt_loop *l)
{
	struct rt_loop *before = current;

	current = l;
	return before;
}

const char *rt_loop_name(const struct rt_loop *l)
{
	return l->backend->name;
}

const char *rt_loop_call_name(const struct rt_loop *l)
{
	return l->backend->call;
}

void rt_loop_set_error_handler(struct rt_loop *l, void (*handler)(const char *where, void *arg),
			       void *arg)
{
	l->handler = handler;
	l->handler_arg = arg;
}

void rt_loop_report(struct rt_loop *l, const char *where)
{
	if (!rt_error_pending())
		return;
	if (l->handler)
		l->handler(where, l->handler_arg);
	else
		rt_error_unraisable(where);
	rt_error_clear();
}

int rt_loop_set_edge(struct rt_loop *l, bool edge)
{
	if (edge && !l->backend->can_edge) {
		rt_raise(RT_VALUE_ERROR, "%s cannot be edge triggered", l->backend->name);
		return -1;
	}
	l->edge = edge;
	return 0;
}

static unsigned wanted(const struct loop_watch *w)
{
	return (w->read ? RT_LOOP_READ : 0U) | (w->write ? RT_LOOP_WRITE : 0U);
}

/* The entry of @fd, made if need be. */
static struct loop_watch *watch_at(struct rt_loop *l, int fd)
{
	size_t n = (size_t)fd + 1;
	struct loop_watch *w;

	if (loop_check_open(l))
		return NULL;
	if (fd < 0)
		return rt_raise(RT_VALUE_ERROR, "%d is not a descriptor", fd);
	if (n <= l->nwatches)
		return &l->watches[fd];
	n = n < 32 ? 32 : n + n / 2;
	w = rt_mem_resize(l->watches, n * sizeof(*w));
	if (!w)
		return NULL;
	memset(w + l->nwatches, 0, (n - l->nwatches) * sizeof(*w));
	l->watches = w;
	l->nwatches = n;
	return &l->watches[fd];
}

/* Make @next what @fd is watched for. */
static int set_watch(struct rt_loop *l, int fd, struct loop_watch next)
{
	struct loop_watch *w = &l->watches[fd];
	int err = 0;

	next.edge = wanted(w) ? w->edge : l->edge;
	if (wanted(w) != wanted(&next))
		err = l->backend->set(l->state, fd, wanted(w), wanted(&next), next.edge);
	if (!err) {
		*w = next;
		return 0;
	}
	errno = -err;
	if (err == -ERANGE)
		rt_raise(RT_VALUE_ERROR, "descriptor %d is beyond what %s can watch", fd,
			 l->backend->name);
	else if (err == -ENOMEM)
		rt_raise_no_memory();
	else
		rt_raise_errno("watching a descriptor");
	return -1;
}

int rt_loop_add_reader(struct rt_loop *l, int fd, rt_loop_fd_fn fn, void *arg)
{
	struct loop_watch *w = watch_at(l, fd), next;

	if (!w)
		return -1;
	next = *w;
	next.read = fn;
	next.read_arg = arg;
	return set_watch(l, fd, next);
}

int rt_loop_add_writer(struct rt_loop *l, int fd, rt_loop_fd_fn fn, void *arg)
{
	struct loop_watch *w = watch_at(l, fd), next;

	if (!w)
		return -1;
	next = *w;
	next.write = fn;
	next.write_arg = arg;
	return set_watch(l, fd, next);
}

/* Less to watch for never fails for good: if the kernel refuses, it had forgotten already. */
static void remove_watch(struct rt_loop *l, int fd, unsigned what)
{
	struct loop_watch next;

	if (fd < 0 || (size_t)fd >= l->nwatches || !(wanted(&l->watches[fd]) & what))
		return;
	next = l->watches[fd];
	if (what & RT_LOOP_READ)
		next.read = NULL;
	if (what & RT_LOOP_WRITE)
		next.write = NULL;
	(void)l->backend->set(l->state, fd, wanted(&l->watches[fd]), wanted(&next), next.edge);
	l->watches[fd] = next;
}

void rt_loop_remove_reader(struct rt_loop *l, int fd)
{
	remove_watch(l, fd, RT_LOOP_READ);
}

void rt_loop_remove_writer(struct rt_loop *l, int fd)
{
	remove_watch(l, fd, RT_LOOP_WRITE);
}

/* How long the wait may last, in ns; -1: until something happens. */
static int64_t time_to_wait(const struct rt_loop *l, bool wait)
{
	const struct rt_timer *t = rt_timers_first(&l->timers);
	uint64_t now;

	if (!wait || l->soon.first || __atomic_load_n(&l->stopping, __ATOMIC_ACQUIRE))
		return 0;
	if (!t)
		return -1;
	now = rt_truth_now_ns();
	if (t->when_ns <= now)
		return 0;
	return t->when_ns - now < INT64_MAX ? (int64_t)(t->when_ns - now) : INT64_MAX;
}

/* The one place where the loop sleeps: without the GIL, seen by tracers and by the truth. */
static int wait_for_events(struct rt_loop *l, int64_t timeout_ns, struct rt_loop_event *events)
{
	struct rt_truth_call truth;
	int n, returned;

	RT_BEGIN_ALLOW_THREADS
	RT_PROBE_LOOP_WAIT(l->backend->call, timeout_ns);
	rt_truth_io_begin(&truth, l->backend->call, timeout_ns);
	n = l->backend->wait(l->state, timeout_ns, events, EVENTS_PER_ROUND, &returned);
	rt_truth_io_end(&truth, returned);
	RT_PROBE_LOOP_WAKE(l->backend->call, returned);
	RT_END_ALLOW_THREADS
	return n;
}

/* A closed descriptor would be reported for ever: watch it no longer, and say so. */
static void drop_closed(struct rt_loop *l, int fd)
{
	remove_watch(l, fd, RT_LOOP_READ | RT_LOOP_WRITE);
	errno = EBADF;
	rt_raise_errno("a watched descriptor was closed");
	rt_loop_report(l, "the loop");
}

static void dispatch(struct rt_loop *l, const struct rt_loop_event *e)
{
	const struct loop_watch *w = &l->watches[e->fd];

	if (e->ready & RT_LOOP_BAD) {
		drop_closed(l, e->fd);
		return;
	}
	if (e->ready & RT_LOOP_READ && w->read) {
		w->read(e->fd, w->read_arg);
		rt_loop_report(l, "a reader");
	}
	w = &l->watches[e->fd]; /* the callback may have added descriptors */
	if (e->ready & RT_LOOP_WRITE && w->write) {
		w->write(e->fd, w->write_arg);
		rt_loop_report(l, "a writer");
	}
}

static void run_timers(struct rt_loop *l)
{
	uint64_t now = rt_truth_now_ns(), before = l->timers.started;
	struct rt_timer *t;

	/* not those started meanwhile: a timer of 0 ns that restarts itself must not hog us */
	while ((t = rt_timers_first(&l->timers)) && t->when_ns <= now && t->order < before) {
		rt_timers_stop(&l->timers, t);
		t->fn(t->arg);
		rt_loop_report(l, "a timer");
	}
}

static void one_round(struct rt_loop *l, bool wait)
{
	struct rt_loop_event events[EVENTS_PER_ROUND];
	int n = wait_for_events(l, time_to_wait(l, wait), events);

	if (n < 0 && n != -EINTR) {
		errno = -n;
		rt_raise_errno(l->backend->call);
		rt_loop_report(l, "the loop");
	}
	for (int i = 0; i < n; i++)
		dispatch(l, &events[i]);
	run_timers(l);
	loop_run_soon(l);
}

int rt_loop_run_once(struct rt_loop *l, bool wait)
{
	struct rt_loop *before;

	if (loop_check_open(l))
		return -1;
	if (l->running) {
		rt_raise(RT_RUNTIME_ERROR, "this loop is running already");
		return -1;
	}
	l->running = true;
	before = set_current(l);
	one_round(l, wait);
	set_current(before);
	l->running = false;
	return 0;
}

int rt_loop_run(struct rt_loop *l)
{
	while (!__atomic_exchange_n(&l->stopping, false, __ATOMIC_ACQ_REL)) {
		if (rt_loop_run_once(l, true))
			return -1;
	}
	return 0;
}

void rt_loop_stop(struct rt_loop *l)
{
	__atomic_store_n(&l->stopping, true, __ATOMIC_RELEASE);
	loop_wake(l);
}
