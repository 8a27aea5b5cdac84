/*
 * Heap of timers.  Invariants: no timer is before its parent (entry (i - 1) / 2), and
 * heap[i]->place is i + 1.
 */
#include "runtime/rt_timer.h"

#include <stdbool.h>

#include "runtime/rt_mem.h"

static bool before(const struct rt_timer *a, const struct rt_timer *b)
{
	return a->when_ns != b->when_ns ? a->when_ns < b->when_ns : a->order < b->order;
}

static void put(struct rt_timers *ts, size_t i, struct rt_timer *t)
{
	ts->heap[i] = t;
	t->place = i + 1;
}

static void sift_up(struct rt_timers *ts, size_t i)
{
	struct rt_timer *t = ts->heap[i];

	while (i && before(t, ts->heap[(i - 1) / 2])) {
		put(ts, i, ts->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(ts, i, t);
}

static void sift_down(struct rt_timers *ts, size_t i)
{
	struct rt_timer *t = ts->heap[i];
	size_t child;

	while ((child = 2 * i + 1) < ts->n) {
		if (child + 1 < ts->n && before(ts->heap[child + 1], ts->heap[child]))
			child++;
		if (!before(ts->heap[child], t))
			break;
		put(ts, i, ts->heap[child]);
		i = child;
	}
	put(ts, i, t);
}

int rt_timers_start(struct rt_timers *ts, struct rt_timer *t, uint64_t when_ns)
{
	rt_timers_stop(ts, t);
	if (ts->n == ts->room) {
		size_t room = ts->room ? 2 * ts->room : 16;
		void *heap = rt_mem_resize(ts->heap, room * sizeof(struct rt_timer *));

		if (!heap)
			return -1;
		ts->heap = heap;
		ts->room = room;
	}
	t->when_ns = when_ns;
	t->order = ts->started++;
	put(ts, ts->n, t);
	sift_up(ts, ts->n++);
	return 0;
}

void rt_timers_stop(struct rt_timers *ts, struct rt_timer *t)
{
	size_t i = t->place - 1;
	struct rt_timer *last;

	if (!t->place)
		return;
	t->place = 0;
	last = ts->heap[--ts->n];
	if (last == t)
		return;
	put(ts, i, last);
	sift_down(ts, i);
	sift_up(ts, last->place - 1);
}

struct rt_timer *rt_timers_first(const struct rt_timers *ts)
{
	return ts->n ? ts->heap[0] : NULL;
}

void rt_timers_done(struct rt_timers *ts)
{
	for (size_t i = 0; i < ts->n; i++)
		ts->heap[i]->place = 0;
	rt_mem_free(ts->heap);
	*ts = (struct rt_timers) { 0 };
}
