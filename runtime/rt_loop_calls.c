/*
 * Calls waiting to be made: soon, later, and from other threads.
 *
 * Invariant: a call's memory is malloc's, not rt_mem's, because other threads make calls
 * without the GIL, where no error can be raised.  Whoever takes a call off its list makes it
 * and drops its argument.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/rt_error.h"
#include "runtime/rt_loop_private.h"
#include "runtime/rt_truth.h"

void loop_queue_init(struct loop_queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

void loop_queue_append(struct loop_queue *to, struct loop_queue *from)
{
	if (!from->first)
		return;
	*to->last = from->first;
	to->last = from->last;
	loop_queue_init(from);
}

static void put(struct loop_queue *q, struct loop_call *c)
{
	c->next = NULL;
	*q->last = c;
	q->last = &c->next;
}

static struct loop_call *call_new(struct rt_loop *l, rt_loop_fn fn, void *arg, rt_loop_fn drop)
{
	struct loop_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->loop = l;
	c->fn = fn;
	c->arg = arg;
	c->drop = drop;
	return c;
}

static void call_free(struct loop_call *c)
{
	if (c->drop)
		c->drop(c->arg);
	free(c);
}

void loop_queue_drop(struct loop_queue *q)
{
	while (q->first) {
		struct loop_call *c = q->first;

		q->first = c->next;
		call_free(c);
	}
	loop_queue_init(q);
}

int rt_loop_call_soon(struct rt_loop *l, rt_loop_fn fn, void *arg, rt_loop_fn drop)
{
	struct loop_call *c;

	if (loop_check_open(l))
		return -1;
	c = call_new(l, fn, arg, drop);
	if (!c) {
		rt_raise_no_memory();
		return -1;
	}
	put(&l->soon, c);
	return 0;
}

void loop_run_soon(struct rt_loop *l)
{
	struct loop_queue round;

	pthread_mutex_lock(&l->foreign_mutex);
	loop_queue_append(&l->soon, &l->foreign);
	pthread_mutex_unlock(&l->foreign_mutex);
	loop_queue_init(&round);
	loop_queue_append(&round, &l->soon);
	while (round.first) {
		struct loop_call *c = round.first;

		round.first = c->next;
		c->fn(c->arg);
		rt_loop_report(l, "a call");
		call_free(c);
	}
}

void rt_loop_drop_object(void *object)
{
	rt_unref(object);
}

static void take_from_later(struct loop_call *c)
{
	*c->in_later = c->next;
	if (c->next)
		c->next->in_later = c->in_later;
}

static void later_is_due(void *arg)
{
	struct loop_call *c = arg;

	take_from_later(c);
	c->fn(c->arg);
	rt_loop_report(c->loop, "a later call");
	call_free(c);
}

int rt_loop_call_later(struct rt_loop *l, uint64_t delay_ns, rt_loop_fn fn, void *arg,
		       rt_loop_fn drop)
{
	struct loop_call *c = call_new(l, fn, arg, drop);

	if (!c) {
		rt_raise_no_memory();
		return -1;
	}
	if (rt_loop_start_timer(l, &c->timer, delay_ns, later_is_due, c)) {
		free(c);
		return -1;
	}
	c->next = l->later;
	if (c->next)
		c->next->in_later = &c->next;
	c->in_later = &l->later;
	l->later = c;
	return 0;
}

void loop_drop_later(struct rt_loop *l)
{
	while (l->later) {
		struct loop_call *c = l->later;

		take_from_later(c);
		rt_loop_stop_timer(l, &c->timer);
		call_free(c);
	}
}

int rt_loop_start_timer(struct rt_loop *l, struct rt_timer *t, uint64_t delay_ns, rt_loop_fn fn,
			void *arg)
{
	uint64_t now = rt_truth_now_ns();

	if (loop_check_open(l))
		return -1;
	t->fn = fn;
	t->arg = arg;
	return rt_timers_start(&l->timers, t,
			       delay_ns < UINT64_MAX - now ? now + delay_ns : UINT64_MAX);
}

void rt_loop_stop_timer(struct rt_loop *l, struct rt_timer *t)
{
	rt_timers_stop(&l->timers, t);
}

/* The counter of the eventfd only says "something": the queue says what. */
static void woken(int fd, void *arg)
{
	uint64_t n;

	(void)arg;
	(void)!read(fd, &n, sizeof(n));
}

int loop_wake_open(struct rt_loop *l)
{
	pthread_mutex_init(&l->foreign_mutex, NULL);
	loop_queue_init(&l->foreign);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd < 0)
		return -errno;
	return rt_loop_add_reader(l, l->wake_fd, woken, NULL);
}

void loop_wake_close(struct rt_loop *l)
{
	struct loop_queue left;

	pthread_mutex_lock(&l->foreign_mutex);
	loop_queue_init(&left);
	loop_queue_append(&left, &l->foreign);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	l->wake_fd = -1; /* says to other threads that it is closed */
	pthread_mutex_unlock(&l->foreign_mutex);
	loop_queue_drop(&left);
}

void loop_wake(struct rt_loop *l)
{
	uint64_t one = 1;

	(void)!write(l->wake_fd, &one, sizeof(one)); /* EAGAIN: it is awake already */
}

int rt_loop_call_threadsafe(struct rt_loop *l, rt_loop_fn fn, void *arg, rt_loop_fn drop)
{
	struct loop_call *c = call_new(l, fn, arg, drop);
	bool open;

	if (!c)
		return -1;
	pthread_mutex_lock(&l->foreign_mutex);
	open = l->wake_fd >= 0;
	if (open) {
		put(&l->foreign, c);
		loop_wake(l);
	}
	pthread_mutex_unlock(&l->foreign_mutex);
	if (!open)
		free(c);
	return open ? 0 : -1;
}
