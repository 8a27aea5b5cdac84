/*
 * What was going on at a moment, told as OPEN events: holds, waits, calls and collections that
 * began before it and had not ended.
 *
 * The slots say what is going on now, a little later.  What has ended in between is in the queue
 * of pending events, with its beginning.  A thread has one of a kind at a time, so the first word
 * on it counts.  Of a hold that began before the measurement no slot has the beginning, as nothing
 * has been seen of it: the process says who held its GILs then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/record/recorder_private.h"

struct open_spans {
	struct recorder *r;
	u64 at_ns;
	int (*each)(void *ctx, const struct event *ev);
	void *ctx;
	struct told {
		u32 tid, what;
	} * told; /* sorted by nothing; as many as threads that are doing something */
	size_t ntold, room;
};

static bool is_told(const struct open_spans *o, u32 tid, u32 what)
{
	for (size_t i = 0; i < o->ntold; i++)
		if (o->told[i].tid == tid && o->told[i].what == what)
			return true;
	return false;
}

static int note_told(struct open_spans *o, u32 tid, u32 what)
{
	if (o->ntold == o->room) {
		size_t room = o->room ? o->room * 2 : 64;
		struct told *more = realloc(o->told, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		o->told = more;
		o->room = room;
	}
	o->told[o->ntold++] = (struct told) { tid, what };
	return 0;
}

/* The GIL of thread @tid is the one of ev->gil, 0: the main interpreter's. */
static int tell_gil(struct open_spans *o, u32 tid, u64 gil)
{
	struct event which = {
		.kind = EVENT_WHICH_GIL,
		.ts_ns = o->at_ns,
		.tid = tid,
		.gil = gil,
	};

	if (!gil && !known_gil_changes(&o->r->known, tid, gil, o->r->packets))
		return 0;
	return o->each(o->ctx, &which);
}

static int tell(struct open_spans *o, u32 tid, u32 what, u64 since_ns, struct event ev)
{
	int err;

	if (!since_ns || since_ns >= o->at_ns || is_told(o, tid, what))
		return 0;
	ev.kind = EVENT_OPEN;
	ev.ts_ns = o->at_ns;
	ev.ns = o->at_ns - since_ns;
	ev.tid = tid;
	ev.what = what;
	err = note_told(o, tid, what);
	if (!err &&
	    (what == EVENT_OPEN_HOLD || what == EVENT_OPEN_WAIT || what == EVENT_OPEN_OFF_CPU))
		err = tell_gil(o, tid, ev.gil);
	return err ? err : o->each(o->ctx, &ev);
}

/* What ended after the moment, and began before it. */
static int tell_ended(struct open_spans *o, const struct event *ev, u64 gil)
{
	u64 since = event_begin_ns(ev);

	switch (ev->kind) {
	case EVENT_HOLD:
		return tell(o, ev->tid, EVENT_OPEN_HOLD, since,
			    (struct event) { .mid = ev->mid, .gil = gil });
	case EVENT_WAIT:
		return tell(o, ev->tid, EVENT_OPEN_WAIT, since,
			    (struct event) { .mid = ev->mid, .gil = gil });
	case EVENT_COLLECTION:
		return tell(o, ev->tid, EVENT_OPEN_COLLECTION, since,
			    (struct event) { .generation = ev->generation });
	case EVENT_IO_WAIT:
		return tell(o, ev->tid, EVENT_OPEN_IO, since, (struct event) { .call = ev->call });
	case EVENT_OFF_CPU:
		return tell(o, ev->tid, EVENT_OPEN_OFF_CPU, since,
			    (struct event) { .preempted = ev->preempted,
					     .blocked_in = ev->blocked_in,
					     .gil = gil });
	default:
		return 0;
	}
}

static int tell_pending(struct open_spans *o)
{
	const struct pending *p = &o->r->pending;
	int err = 0;

	for (size_t i = pending_upto(p, o->at_ns); i < p->count && !err; i++) {
		struct event ev;

		if (!p->items[i].event && record_event(&p->items[i].record, p->items[i].size, &ev))
			err = tell_ended(o, &ev, recorder_gil(o->r, p->items[i].record.r.arg));
	}
	return err;
}

/* The GIL that @t had last. */
static const struct gs_gil *gil_of(const struct open_spans *o, const struct gs_thread *t)
{
	const struct kmaps *k = o->r->o->maps;

	return t->gil && t->gil <= GS_GILS ? &k->gils[t->gil - 1] : &k->procs[t->proc].gil;
}

/* The nth of a process's GILs besides the main interpreter's; false: there are no more. */
static bool more_gil(const struct gs_proc *p, u32 n, struct gs_more_gil *ret)
{
	if (n >= GS_MORE_GILS)
		return false;
	*ret = p->more[n];
	return ret->address;
}

/* Did @t hold a GIL when the measurement began? */
static bool is_seed(const struct gs_proc *p, const struct gs_thread *t)
{
	struct gs_more_gil m;

	for (u32 i = 0; more_gil(p, i, &m); i++)
		if (m.seed_tid == t->tid)
			return true;
	return t->tid == p->seed_tid;
}

static int tell_slot(struct open_spans *o, const struct gs_thread *t)
{
	const struct gs_proc *p = &o->r->o->maps->procs[t->proc];
	const struct gs_gil *g = gil_of(o, t);
	u64 gil = recorder_gil(o->r, t->gil);
	int err = 0;

	if (g->owner == t->slot + 1)
		err = tell(o, t->tid, EVENT_OPEN_HOLD, t->hold_since_ns,
			   (struct event) { .gil = gil });
	if (!err && (t->hold_since_ns || (!t->events && is_seed(p, t))))
		err = tell(o, t->tid, EVENT_OPEN_OFF_CPU, t->off_since_ns,
			   (struct event) { .preempted = t->off_preempted,
					    .blocked_in = t->off_preempted ? 0 : t->off_call,
					    .gil = gil });
	if (!err)
		err = tell(o, t->tid, EVENT_OPEN_WAIT, t->wait_since_ns,
			   (struct event) { .mid = t->wait_since_ns == p->start_ns, .gil = gil });
	if (!err && t->io_call)
		err = tell(o, t->tid, EVENT_OPEN_IO, t->block_since_ns,
			   (struct event) { .call = t->io_call - 1 });
	if (!err && g->owner == t->slot + 1)
		err = tell(o, t->tid, EVENT_OPEN_COLLECTION, g->gc_since_ns,
			   (struct event) { .generation = g->gc_generation });
	return err;
}

static int tell_slots(struct open_spans *o)
{
	const struct kmaps *k = o->r->o->maps;
	u32 end = kmaps_threads_end(k);
	int err = 0;

	for (u32 i = 0; i < end && !err; i++) {
		struct gs_thread t;

		if (kmaps_thread(k, i, &t) && t.state == GS_SLOT_LIVE && t.proc < k->max_processes)
			err = tell_slot(o, &t);
	}
	return err;
}

/* @tid held @g when the measurement began, and goes on as long as nothing else was seen of it. */
static int tell_seed(struct open_spans *o, const struct gs_proc *p, const struct gs_gil *g, u32 tid,
		     u64 gil)
{
	if (!tid || g->first_owned_ns || g->mid_hold_end_ns)
		return 0;
	return tell(o, tid, EVENT_OPEN_HOLD, p->start_ns,
		    (struct event) { .mid = true, .gil = gil });
}

static int tell_seeds(struct open_spans *o)
{
	const struct kmaps *k = o->r->o->maps;
	struct gs_more_gil m;
	int err = 0;

	/* Watch mode sees no holds. */
	if (!trace_measures(o->r->info, GS_FAMILY_GIL) || !strcmp(o->r->info->mode, "watch"))
		return 0;
	for (u32 i = 0; i < k->max_processes && !err; i++) {
		const struct gs_proc *p = &k->procs[i];

		if (p->state != GS_SLOT_LIVE || !p->start_ns)
			continue;
		err = tell_seed(o, p, &p->gil, p->seed_tid, 0);
		for (u32 j = 0; !err && more_gil(p, j, &m); j++)
			if (m.slot && m.slot <= GS_GILS)
				err = tell_seed(o, p, &k->gils[m.slot - 1], m.seed_tid, m.address);
	}
	return err;
}

int recorder_open_spans(struct recorder *r, u64 at_ns,
			int (*each)(void *ctx, const struct event *ev), void *ctx)
{
	struct open_spans o = { .r = r, .at_ns = at_ns, .each = each, .ctx = ctx };
	int err = tell_slots(&o);

	/* What ended while the slots were being read. */
	while (!recorder_drain(r))
		;
	if (!err)
		err = tell_pending(&o);
	if (!err)
		err = tell_seeds(&o);
	free(o.told);
	return err;
}
