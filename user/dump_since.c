/*
 * gilscope dump --since: since when a thread waits, a GIL is held, a collector runs.
 *
 * No program keeps that, so we look for a while, about every millisecond, before all is told.  What
 * is the same at two looks is the same one if nothing can have been in between:
 *
 *   wait        its thread has not run, or nobody can have handed it the GIL and taken it again
 *   hold        nobody else has taken the GIL (its count of switches)
 *   collection  none has ended (the collector's own counts)
 *
 * If it was there at the first look, or that cannot be proved, it takes longer than we say,
 * perhaps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/clock.h"
#include "user/dump.h"
#include "user/target/thread_still.h"

#define LOOK_NS 1000000L
#define ROOM 8192 /* a power of two, twice PY_THREADS_MAX */

/* Something that goes on. */
struct going {
	bool on;
	bool longer; /* it may have been on before since_ns */
	u64 since_ns;
};

struct waiter {
	u64 tstate; /* 0: free */
	struct going wait;
	bool missed; /* at the last look it did not wait: it may have looked at its time limit */
	u64 turns, switches; /* at the last look at which it waited */
};

struct held {
	u64 interp;
	bool seen;
	struct going hold, collection;
	u64 holder, switches, collections;
};

struct dump_since {
	const struct py_process *process;
	bool first; /* this is the first look */
	struct py_interp *interps; /* PY_INTERPS_MAX, as are: */
	struct held *held;
	struct waiter waiters[ROOM];
};

static struct waiter *waiter_of(struct dump_since *s, u64 tstate)
{
	size_t i = (tstate >> 4) * 0x9e3779b97f4a7c15ULL >> 32 & (ROOM - 1);

	for (size_t n = 0; n < ROOM; n++, i = (i + 1) & (ROOM - 1)) {
		if (s->waiters[i].tstate == tstate)
			return &s->waiters[i];
		if (!s->waiters[i].tstate) {
			s->waiters[i].tstate = tstate;
			return &s->waiters[i];
		}
	}
	return NULL; /* many threads have come and gone */
}

static struct held *held_of(struct dump_since *s, u64 interp)
{
	for (size_t i = 0; i < PY_INTERPS_MAX; i++) {
		if (!s->held[i].interp)
			s->held[i].interp = interp;
		if (s->held[i].interp == interp)
			return &s->held[i];
	}
	return NULL;
}

static void begin(struct going *g, bool longer)
{
	*g = (struct going) { .on = true, .longer = longer, .since_ns = clock_mono_ns() };
}

static u64 switches_of(const struct py_process *p, const struct py_interp *interp)
{
	u64 n = 0;

	if (interp->gil_addr)
		(void)process_read(p->pid, interp->gil_addr + p->binary->layout.gil_switch_number,
				   &n, sizeof(n));
	return n;
}

/* A number that is another as soon as a collection has ended; false: not known. */
static bool collections_of(const struct py_process *p, const struct py_interp *interp, u64 *ret_n)
{
	const struct py_layout *l = &p->binary->layout;
	bool rings = l->gc_ring_items[0] != GS_NO_FIELD;
	u64 n;
	u8 newest;

	*ret_n = 0;
	if (interp->id || !p->gc_stats_addr)
		return false;
	for (u32 g = 0; g < 3; g++) {
		if (rings ? process_read(p->pid, p->gc_stats_addr + l->gc_ring_newest[g], &newest,
					 1)
			  : process_read(p->pid, p->gc_stats_addr + (u64)g * l->gc_stats_stride, &n,
					 sizeof(n)))
			return false;
		*ret_n = rings ? *ret_n << 8 | newest : *ret_n + n;
	}
	return true;
}

static void look_at_interp(struct dump_since *s, const struct py_interp *interp)
{
	struct held *h = held_of(s, interp->addr);
	u64 switches = switches_of(s->process, interp), collections;
	bool held = interp->gil_known && interp->gil_locked, collecting;

	if (!h)
		return;
	collecting = interp->collecting && collections_of(s->process, interp, &collections);
	if (!held)
		h->hold.on = false;
	else if (!h->hold.on || switches != h->switches || interp->gil_holder != h->holder)
		begin(&h->hold, !h->seen);
	if (!collecting)
		h->collection.on = false;
	else if (!h->collection.on || collections != h->collections)
		begin(&h->collection, !h->seen);
	h->seen = true;
	h->switches = switches;
	h->holder = interp->gil_holder;
	h->collections = collecting ? collections : 0;
}

/* Does @t wait; -1: ask. */
static void look_at_thread(struct dump_since *s, const struct py_interp *interp,
			   const struct py_thread *t, int waits)
{
	struct waiter *w = waiter_of(s, t->tstate);
	u64 turns = 0, switches = switches_of(s->process, interp);
	bool still;

	if (!w)
		return;
	still = thread_still_turns(s->process->pid, t->tid, &turns) && w->wait.on && !w->missed &&
		turns == w->turns;
	if (waits < 0)
		waits = still ? 1 : py_thread_waits(s->process, interp, t);
	if (waits != 1) {
		w->wait.on = w->wait.on && !w->missed;
		w->missed = true;
		return;
	}
	/* To have had the GIL, it took it from one, and another from it: two switches. */
	if (!w->wait.on)
		begin(&w->wait, s->first);
	else if (!still && switches - w->switches >= 2)
		begin(&w->wait, true);
	w->missed = false;
	w->turns = turns;
	w->switches = switches;
}

static void look(struct dump_since *s)
{
	int n = py_interps_read(s->process, s->interps);

	for (int i = 0; i < n; i++) {
		struct py_thread *list;
		int threads;

		look_at_interp(s, &s->interps[i]);
		threads = py_threads_read(s->process, &s->interps[i], &list);
		for (int k = 0; k < threads; k++)
			look_at_thread(s, &s->interps[i], &list[k], -1);
		if (threads >= 0)
			free(list);
	}
	s->first = false;
}

struct dump_since *dump_since_new(const struct py_process *p, u64 ns)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct dump_since *s = calloc(1, sizeof(*s));
	u64 end = clock_mono_ns() + ns;

	if (!s)
		return NULL;
	s->process = p;
	s->first = true;
	s->interps = calloc(PY_INTERPS_MAX, sizeof(*s->interps));
	s->held = calloc(PY_INTERPS_MAX, sizeof(*s->held));
	if (!s->interps || !s->held) {
		dump_since_free(s);
		return NULL;
	}
	do {
		look(s);
		nanosleep(&pause, NULL);
	} while (clock_mono_ns() < end);
	return s;
}

void dump_since_free(struct dump_since *s)
{
	if (!s)
		return;
	free(s->interps);
	free(s->held);
	free(s);
}

static struct dump_time time_of(const struct going *g)
{
	if (!g->on)
		return (struct dump_time) { 0 };
	return (struct dump_time) { .known = true,
				    .ns = clock_mono_ns() - g->since_ns,
				    .longer = g->longer };
}

void dump_since_interp(struct dump_since *s, const struct py_interp *interp,
		       struct dump_time *ret_held, struct dump_time *ret_collecting)
{
	struct held *h;

	*ret_held = *ret_collecting = (struct dump_time) { 0 };
	if (!s)
		return;
	look_at_interp(s, interp);
	h = held_of(s, interp->addr);
	if (!h)
		return;
	*ret_held = time_of(&h->hold);
	*ret_collecting = time_of(&h->collection);
}

struct dump_time dump_since_thread(struct dump_since *s, const struct py_interp *interp,
				   const struct py_thread *t, int waits)
{
	struct waiter *w;

	if (!s || waits != 1)
		return (struct dump_time) { 0 };
	look_at_thread(s, interp, t, waits);
	w = waiter_of(s, t->tstate);
	return w ? time_of(&w->wait) : (struct dump_time) { 0 };
}
