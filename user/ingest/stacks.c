/* Reading the stacks family's kernel side; see stacks.h. */
#include "user/ingest/stacks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/ingest/stacks_private.h"
#include "user/target/py_stack.h"

#define COSTS_AT_ONCE 4096 /* more than there are in one bucket of the kernel's table */
#define TSTATES_NS 1000000000ULL /* they are told again this often at most */

/* 3/4 of a table of the kernel's. */
static bool is_filling(u64 added, u64 gone, u64 room)
{
	return added - gone > room / 4 * 3;
}

bool stacks_can(const struct py_process *py)
{
	return py->gil_addr && !py->binary->free_threaded && py_stacks_known(py->binary);
}

struct measured *stacks_process(const struct stacks *s, u32 pid)
{
	const struct collector *c = s->collector;

	for (size_t i = c->count; i-- > 0;)
		if ((u32)c->list[i]->py->pid == pid)
			return c->list[i]->stacks ? c->list[i] : NULL;
	return NULL;
}

/* ring_buffer__new() callback: a stack that the kernel side sees for the first time, or again. */
static int on_new(void *ctx, void *data, size_t size)
{
	const struct gs_stack_new *new = data;
	size_t bytes = size - offsetof(struct gs_stack_new, frames);
	struct stacks *s = ctx;
	struct stack_known *k;
	struct measured *m;

	if (size < GS_STACK_NEW_HEAD || !new->stack || new->frames.n > GS_FRAMES_MAX ||
	    size < GS_STACK_NEW_HEAD + new->frames.n * sizeof(struct gs_frame))
		return 0;
	k = stacks_known_add(s, new->stack);
	if (!k) {
		s->err = -ENOMEM;
		return 0;
	}
	k->used = s->reading;
	if (k->frames)
		return 0;
	k->pid = new->pid;
	k->frames = malloc(bytes);
	if (!k->frames) {
		s->err = -ENOMEM;
		return 0;
	}
	memcpy(k->frames, &new->frames, bytes);
	stacks_native_read(s); /* told before, if it was */
	k = stacks_known_find(s, new->stack);
	m = stacks_process(s, new->pid);
	if (m && k)
		s->err = stacks_name(s, m, k);
	return 0;
}

struct stacks *stacks_new(const struct kmaps *k, u64 period_ns)
{
	struct stacks *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->maps = k;
	s->period_ns = period_ns;
	s->reading = 1;
	s->store = stack_store_new();
	s->ring = ring_buffer__new(k->stacks_ring_fd, on_new, s, NULL);
	return s->store && s->ring && !stacks_native_new(s) ? s : stacks_free(s);
}

void stacks_follow(struct stacks *s, const struct stacks *before)
{
	stack_store_drop(s->store);
	s->store = stack_store_share(before->store);
}

struct stacks *stacks_free(struct stacks *s)
{
	if (!s)
		return NULL;
	stacks_tables_free(s);
	ring_buffer__free(s->ring);
	stacks_native_free(s);
	stack_store_drop(s->store);
	free(s);
	return NULL;
}

int stacks_add(struct stacks *s, struct measured *m)
{
	if (!s || !stacks_can(m->py))
		return 0;
	m->stacks = calloc(1, sizeof(*m->stacks));
	if (!m->stacks)
		return -ENOMEM;
	m->stacks->rows.period_ns = s->period_ns;
	stacks_tell_tstates(s, m);
	return stacks_native_add(s, m);
}

struct stacks_of *stacks_of_free(struct stacks_of *o)
{
	if (!o)
		return NULL;
	py_codes_free(o->codes);
	native_free(o->native);
	free(o->rows.rows);
	free(o);
	return NULL;
}

struct stack_rows *stacks_rows(const struct measured *m)
{
	return m->stacks ? &m->stacks->rows : NULL;
}

u64 stacks_lost(const struct stacks *s)
{
	return s ? s->lost : 0;
}

struct stacks_native_lost stacks_native_lost(const struct stacks *s)
{
	return s ? s->native_lost : (struct stacks_native_lost) {};
}

/* The row of thread @tid in the stack that the kernel calls @stack. */
static struct stack_row *row_of(struct stacks *s, struct measured *m, u32 tid, u64 stack)
{
	struct stack_known *k = stacks_known_find(s, stack);
	struct stack_row *row;

	if (k && !k->frames)
		k = NULL;

	/* Not yet in this reading: are the names still right? */
	if (k && k->used != s->reading) {
		k->used = s->reading;
		if (stacks_name(s, m, k))
			return NULL;
	}
	if (!k || !k->names)
		return stack_rows_row(&m->stacks->rows, tid, 0);
	if (m->stacks->rows.n >= STACKS_ROWS_MAX) {
		s->lost++;
		return stack_rows_row(&m->stacks->rows, tid, 0);
	}
	row = stack_rows_row(&m->stacks->rows, tid, k->id);
	if (row)
		row->frames = k->names;
	return row;
}

/* @now has been counted for @r. */
static int add_cost(struct stacks *s, struct stack_read *r, const struct gs_stack_cost *now)
{
	struct measured *m = stacks_process(s, r->key.pid);
	const u64 *to = (const u64 *)now;
	u64 *from = (u64 *)&r->last, more[sizeof(*now) / sizeof(u64)], all = 0;
	struct stack_row *row;

	for (size_t i = 0; i < sizeof(*now) / sizeof(u64); i++) {
		more[i] = to[i] >= from[i] ? to[i] - from[i] : to[i];
		all |= more[i];
	}
	r->changed = all;
	r->last = *now;
	if (!all || !m)
		return 0;
	row = row_of(s, m, r->key.tid, r->key.stack);
	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(*now) / sizeof(u64); i++)
		((u64 *)&row->cost)[i] += more[i];
	return 0;
}

static int read_costs(struct stacks *s)
{
	static struct gs_stack_key keys[COSTS_AT_ONCE];
	static struct gs_stack_cost costs[COSTS_AT_ONCE];
	int err = 0, end = 0;
	u32 at = 0, n;

	for (bool first = true; !err && !end; first = false) {
		n = COSTS_AT_ONCE;
		end = bpf_map_lookup_batch(s->maps->stack_costs_fd, first ? NULL : &at, &at, keys,
					   costs, &n, NULL);
		if (end && end != -ENOENT)
			return end;
		for (u32 i = 0; i < n && !err; i++) {
			struct stack_read *r = stacks_read_of(s, &keys[i]);

			err = r ? add_cost(s, r, &costs[i]) : -ENOMEM;
		}
	}
	return err;
}

/* Take entries out of the kernel's table: of processes that are gone; then what has not changed; if
 * that was not enough, the rest as well. */
static int make_room(struct stacks *s, bool all)
{
	struct gs_stack_cost last;
	int err = 0;

	for (size_t i = 0; i < s->reads_room && !err; i++) {
		struct stack_read *r = &s->reads[i];

		if (!r->key.pid || (r->changed && !all))
			continue;
		if (!bpf_map_lookup_and_delete_elem(s->maps->stack_costs_fd, &r->key, &last)) {
			s->costs_gone++;
			err = add_cost(s, r, &last);
		}
		r->gone = true;
	}
	stacks_reads_trim(s);
	return err;
}

/* Everything that was told and counted. */
static int drain(struct stacks *s)
{
	int err = read_costs(s);

	if (!err && is_filling(s->maps->stacks->costs, s->costs_gone, GS_STACK_COSTS))
		err = make_room(s, false);
	if (!err && is_filling(s->maps->stacks->costs, s->costs_gone, GS_STACK_COSTS))
		err = make_room(s, true);
	return err;
}

static int read_new(struct stacks *s, const struct collector *c)
{
	s->collector = c;
	s->err = 0;
	stacks_native_begin(s);
	(void)ring_buffer__consume(s->ring);
	stacks_native_read(s);
	return s->err;
}

static void tell_tstates(struct stacks *s, const struct collector *c)
{
	u64 unknown = s->maps->stacks->unknown, now = clock_mono_ns();

	if (unknown == s->unknown_seen || now < s->tstates_at_ns)
		return;
	s->unknown_seen = unknown;
	s->tstates_at_ns = now + TSTATES_NS;
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i]->stacks && !c->list[i]->exited)
			stacks_tell_tstates(s, c->list[i]);
}

int stacks_look(const struct collector *c)
{
	struct stacks *s = c->stacks;
	int err;

	if (!s)
		return 0;
	err = read_new(s, c);
	tell_tstates(s, c);
	stacks_native_look(s, c);
	if (!err && is_filling(s->maps->stacks->costs, s->costs_gone, GS_STACK_COSTS))
		err = drain(s);
	if (!err && is_filling(s->maps->stacks->known, s->known_gone, GS_STACKS_KNOWN))
		stacks_clean_known(s);
	return err;
}

static u64 since(u64 from, u64 to)
{
	return from && to > from ? to - from : 0;
}

/* What thread slot @t is in the middle of, and what was not counted for a stack yet. */
static int add_open(struct stacks *s, struct measured *m, const struct gs_thread *t, bool watch,
		    u64 now)
{
	u64 until = watch && t->watch.ran_ns ? t->watch.ran_ns : now;
	u64 off = watch || t->hold_since_ns ? since(t->off_since_ns, now) : 0;
	struct stack_row *row = NULL;
	bool own = t->wait_since_ns == t->stack.wait_since_ns;

	if (t->stack.wait)
		row = row_of(s, m, t->tid, t->stack.wait);
	if (t->stack.wait && !row)
		return -ENOMEM;
	if (row)
		row->open_wait_ns += t->wait.sum - t->stack.waited_ns +
				     (own ? since(t->wait_since_ns, until) : 0);
	if (!off || !t->stack.off)
		return 0;
	row = row_of(s, m, t->tid, t->stack.off);
	if (!row)
		return -ENOMEM;
	*(t->off_preempted ? &row->open_preempted_ns : &row->open_blocked_ns) += off;
	return 0;
}

static int read_open(struct stacks *s, const struct collector *c)
{
	u32 end = kmaps_threads_end(c->maps);
	u64 now = clock_mono_ns();
	struct gs_thread t;
	int err = 0;

	for (size_t i = 0; i < c->count; i++)
		for (size_t r = 0; c->list[i]->stacks && r < c->list[i]->stacks->rows.n; r++) {
			struct stack_row *row = &c->list[i]->stacks->rows.rows[r];

			row->open_wait_ns = row->open_preempted_ns = row->open_blocked_ns = 0;
		}
	for (u32 i = 0; i < end && !err; i++) {
		struct measured *m = collector_find(c, c->maps->threads[i].proc);

		if (!m || !m->stacks || c->maps->threads[i].state != GS_SLOT_LIVE ||
		    !kmaps_thread(c->maps, i, &t) || t.proc != m->index)
			continue;
		err = add_open(s, m, &t, c->watch, now);
	}
	return err;
}

int stacks_read(const struct collector *c)
{
	struct stacks *s = c->stacks;
	int err;

	if (!s)
		return 0;
	s->reading++;
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i]->stacks && c->list[i]->stacks->codes)
			py_codes_trim(c->list[i]->stacks->codes);
	err = read_new(s, c);
	if (!err)
		err = drain(s);
	return err ? err : read_open(s, c);
}

int stacks_ended(const struct collector *c, struct measured *m, const struct gs_thread *t)
{
	struct stack_row *row;

	if (!c->stacks || !m->stacks || !t->stack.wait)
		return 0;
	c->stacks->collector = c;
	row = row_of(c->stacks, m, t->tid, t->stack.wait);
	if (!row)
		return -ENOMEM;
	row->cost.wait_ns += t->wait.sum - t->stack.waited_ns;
	return 0;
}
