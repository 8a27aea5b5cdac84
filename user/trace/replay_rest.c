/* gc, io, refs and the probes, replayed; bpf/gc.bpf.c and so on say what each figure counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/trace/replay_private.h"

#define MAX_TYPES 1048576 /* of a process; as --max-types allows */
#define MAX_PROBES 16384

/* Time in finished collections of @generation up to @at_ns, as far back as they are kept. */
static u64 collected_until(const struct rp_collections *all, u32 generation, u64 at_ns)
{
	u64 end = all->n, kept = all->room;
	u64 low = end > kept ? end - kept : 0, sum;
	const struct rp_collection *c;

	while (low < end) { /* the first that ended after at_ns */
		u64 mid = low + (end - low) / 2;

		if (all->ring[mid % kept].end_ns > at_ns)
			end = mid;
		else
			low = mid + 1;
	}
	if (low == all->n)
		return low ? all->ring[(low - 1) % kept].sum_ns[generation] : 0;
	c = &all->ring[low % kept];
	sum = c->sum_ns[generation];
	if (c->generation != generation)
		return sum;
	return sum - (c->end_ns - (at_ns > c->begin_ns ? at_ns : c->begin_ns));
}

/* The last one of those that have ended, at least one has. */
static struct rp_collection *last_of(const struct rp_collections *all)
{
	return &all->ring[(all->n - 1) % all->room];
}

void rp_stalled(struct rp_process *p, u32 gil, u64 begin_ns, u64 end_ns)
{
	const struct rp_collections *all = rp_collections_of(p, gil);
	u64 from = all->since_ns;

	if (from && end_ns > from)
		p->gc[all->generation].stalled_ns += end_ns - (begin_ns > from ? begin_ns : from);
	if (!all->n || last_of(all)->end_ns <= begin_ns)
		return;
	for (u32 g = 0; g < GS_GC_GENERATIONS; g++)
		p->gc[g].stalled_ns +=
			collected_until(all, g, end_ns) - collected_until(all, g, begin_ns);
}

int rp_gc_start(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	struct rp_collections *all;

	if (!t || ev->generation >= GS_GC_GENERATIONS)
		return 0;
	all = rp_collections_of(t->p, t->gil);
	all->since_ns = ev->ts_ns;
	all->generation = ev->generation;
	return 0;
}

/* Room for one more.  Until there is the most of it, the ring has not gone round. */
static int ring_grow(struct rp_collections *all)
{
	u32 room = all->room ? 2 * all->room : 64;
	struct rp_collection *more;

	if (all->n < all->room || all->room == REPLAY_MAX_COLLECTIONS)
		return 0;
	more = realloc(all->ring, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	all->ring = more;
	all->room = room;
	return 0;
}

static int keep_collection(struct rp_collections *all, const struct event *ev)
{
	struct rp_collection c = { .begin_ns = event_begin_ns(ev), .end_ns = ev->ts_ns };

	if (ring_grow(all))
		return -ENOMEM;
	c.generation = ev->generation;
	if (all->n) { /* they do not overlap; a recording could say so */
		const struct rp_collection *last = last_of(all);

		memcpy(c.sum_ns, last->sum_ns, sizeof(c.sum_ns));
		if (c.begin_ns < last->end_ns)
			c.begin_ns = last->end_ns;
		if (c.end_ns < c.begin_ns)
			c.end_ns = c.begin_ns;
	}
	c.sum_ns[ev->generation] += c.end_ns - c.begin_ns;
	all->ring[all->n++ % all->room] = c;
	return 0;
}

int rp_collection(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	struct rp_collections *all;
	struct fig_gc *gc;
	int err;

	if (!t || ev->generation >= GS_GC_GENERATIONS)
		return 0;
	gc = &t->p->gc[ev->generation];
	gc->collections++;
	rp_hist_add(&gc->pause, ev->ns);
	if (ev->collected != EVENT_UNKNOWN)
		gc->collected += ev->collected;
	if (ev->uncollectable != EVENT_UNKNOWN)
		gc->uncollectable += ev->uncollectable;
	all = rp_collections_of(t->p, t->gil);
	all->since_ns = 0;
	err = keep_collection(all, ev);
	return err ? err : rp_longest(r, RP_LONGEST_GC, t, ev);
}

static struct fig_io *returned(struct rp_thread *t, const struct event *ev, bool slept)
{
	struct fig_io *io = &t->p->io[ev->call];

	io->calls++;
	if (ev->result > 0)
		io->events += ev->result;
	else if (ev->result < 0)
		io->errors++;
	else if (slept || ev->timeout)
		io->timeouts++;
	return io;
}

int rp_io_call(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);

	if (t && ev->call < GS_IO_COUNT)
		returned(t, ev, false);
	return 0;
}

int rp_io_wait(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	struct fig_io *io;

	if (!t || ev->call >= GS_IO_COUNT)
		return 0;
	io = returned(t, ev, true);
	rp_hist_add(&io->blocked, ev->blocked_ns);
	if (ev->result <= 0)
		return 0;
	io->wakeups++;
	if (ev->to_run_ns != EVENT_UNKNOWN)
		rp_hist_add(&io->wake_to_run, ev->to_run_ns);
	return 0;
}

int rp_io_to_gil(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);

	if (!t || ev->call >= GS_IO_COUNT)
		return 0;
	rp_hist_add(&t->p->io[ev->call].wake_to_gil, ev->ns);
	if (ev->gil_wait_ns != EVENT_UNKNOWN)
		rp_hist_add(&t->p->io[ev->call].wake_gil_wait, ev->gil_wait_ns);
	return rp_longest(r, RP_LONGEST_WAKE, t, ev);
}

static u32 *type_slot(const struct rp_process *p, u64 key)
{
	u32 mask = 2 * p->types_room - 1;
	u32 s = (u32)(key * 0x9e3779b97f4a7c15ULL >> 32) & mask;

	while (p->type_slot[s] && p->types[p->type_slot[s] - 1].key != key)
		s = (s + 1) & mask;
	return &p->type_slot[s];
}

static int types_grow(struct rp_process *p)
{
	u32 room = p->types_room ? p->types_room * 2 : 64;
	struct fig_type *types = realloc(p->types, room * sizeof(*types));
	u32 *slots;

	if (!types)
		return -ENOMEM;
	p->types = types;
	slots = calloc(2 * (size_t)room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(p->type_slot);
	p->type_slot = slots;
	p->types_room = room;
	for (u32 i = 0; i < p->ntypes; i++)
		*type_slot(p, types[i].key) = i + 1;
	return 0;
}

/* The row of @key, made where there is none; NULL without memory, or if there are too many. */
static struct fig_type *type_row(struct replay *r, struct rp_process *p, u64 key)
{
	u32 *slot = p->types_room ? type_slot(p, key) : NULL;

	if (slot && *slot)
		return &p->types[*slot - 1];
	if (p->ntypes == MAX_TYPES) {
		r->lost[GS_LOSS_TYPES_FULL]++;
		return NULL;
	}
	if (p->ntypes == p->types_room) {
		if (types_grow(p))
			return NULL;
		slot = type_slot(p, key);
	}
	p->types[p->ntypes] =
		(struct fig_type) { .key = key, .allocs = FIG_NULL, .allocs_counted = FIG_NULL };
	*slot = ++p->ntypes;
	return &p->types[p->ntypes - 1];
}

int rp_type(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_told(r, ev);
	struct fig_type *row = p ? type_row(r, p, ev->key) : NULL;

	if (row && !row->type)
		row->type = rp_text(ev->text[EVENT_TYPE_NAME]);
	return 0;
}

int rp_type_count(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_told(r, ev);
	struct fig_type *row = p ? type_row(r, p, ev->key) : NULL;

	if (!row)
		return 0;
	row->deallocs += ev->deallocs;
	if (ev->allocs != EVENT_UNKNOWN)
		row->allocs = (row->allocs == FIG_NULL ? 0 : row->allocs) + ev->allocs;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool is_probe(const struct fig_probe *p, const struct event *ev)
{
	return p->offset == ev->offset && same(p->event, ev->text[EVENT_PROBE_EVENT]) &&
	       same(p->file, ev->text[EVENT_PROBE_FILE]) &&
	       same(p->family, ev->text[EVENT_PROBE_FAMILY]);
}

int rp_probe(struct replay *r, const struct event *ev)
{
	const char *const *text = ev->text;
	size_t room = r->nprobes;
	struct fig_probe *p;

	/* They come in the same order each time: look behind the one before first. */
	for (size_t i = 0; i < r->nprobes; i++) {
		r->next_probe = r->next_probe < r->nprobes ? r->next_probe : 0;
		p = &r->probes[r->next_probe++];
		if (is_probe(p, ev)) {
			p->hits = ev->count;
			return 0;
		}
	}
	if (room == MAX_PROBES)
		return 0;
	if (!(room & (room - 1))) { /* full whenever it is a power of two */
		p = realloc(r->probes, (room ? 2 * room : 1) * sizeof(*p));
		if (!p)
			return -ENOMEM;
		r->probes = p;
	}
	r->probes[r->nprobes++] = (struct fig_probe) {
		.family = rp_text(text[EVENT_PROBE_FAMILY]),
		.event = rp_text(text[EVENT_PROBE_EVENT]),
		.file = rp_text(text[EVENT_PROBE_FILE]),
		.offset = ev->offset,
		.found_by = rp_text(text[EVENT_PROBE_FOUND_BY]),
		.instruction = rp_text(text[EVENT_PROBE_INSTRUCTION]),
		.hits = ev->count,
	};
	return 0;
}
