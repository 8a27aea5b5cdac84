/*
 * Blame, replayed, by the rules of bpf/blame.h: each moment of a wait is charged to the thread that
 * was the last to own the GIL.
 *
 * Holds of one GIL never overlap, and are told when they end: so a wait is charged when all that
 * ended with it has been told.  Its parts follow each other without a gap: their sum is the wait.
 *
 * In watch mode there are no holds: a wait says who held the GIL when it began, and is preceded by
 * its parts if that changed (bpf/watch.bpf.c).
 */
#include "user/trace/replay_blame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/fig_rows.h"
#include "user/trace/replay_private.h"

#define RP_PASSES 4096U /* of a GIL; what a wait needs of older ones is nobody's */
#define LATE_MAX 64 /* a hold is told as late as that, in others' */
#define LATE_NS 50000 /* or that, behind the wait that it ended: its site lies behind a wake-up */
#define PARTS_MAX 65536 /* of a wait; those beyond are the last one's */
#define MAX_PAIRS (1U << 16) /* of a process; what is more is of holder 0 and waiter 0 */

static struct rp_passes *passes_of(struct rp_process *p, u32 gil)
{
	struct rp_gil *g = rp_gil_at(p, gil);

	return g ? &g->passes : &p->blame.passes;
}

static struct rp_pass *pass_at(const struct rp_passes *s, u64 i)
{
	return &s->ring[i % RP_PASSES];
}

static void append(struct rp_passes *s, u64 ns, u32 tid)
{
	*pass_at(s, s->n++) = (struct rp_pass) { .ns = ns, .last_ns = ns, .tid = tid };
}

/* A hold that is told late goes where it belongs, before the last ones. */
static void insert(struct rp_passes *s, u64 ns, u32 tid)
{
	u64 oldest = s->n > RP_PASSES ? s->n - RP_PASSES : 0, i = s->n;
	struct rp_pass *last;

	while (i > oldest && pass_at(s, i - 1)->ns > ns)
		if (s->n - --i > LATE_MAX)
			return;
	if ((i == oldest && i) || (i > oldest && pass_at(s, i - 1)->tid == tid))
		return;
	last = i > oldest ? pass_at(s, i - 1) : NULL;
	if (last && last->last_ns > ns && i == s->n) {
		u64 again = last->last_ns;

		/* It came between two holds of the same thread. */
		u32 before = last->tid;

		last->last_ns = last->ns;
		append(s, ns, tid);
		append(s, again, before);
		return;
	}
	append(s, ns, tid);
	for (u64 j = s->n - 1; j > i; j--)
		*pass_at(s, j) = *pass_at(s, j - 1);
	*pass_at(s, i) = (struct rp_pass) { .ns = ns, .last_ns = ns, .tid = tid };
}

static int pass_on(struct rp_passes *s, u64 ns, u32 tid)
{
	struct rp_pass *last;

	if (!s->ring) {
		s->ring = calloc(RP_PASSES, sizeof(*s->ring));
		if (!s->ring)
			return -ENOMEM;
	}
	last = s->n ? pass_at(s, s->n - 1) : NULL;
	if (last && last->last_ns > ns) {
		insert(s, ns, tid);
		return 0;
	}
	if (last && last->tid == tid)
		last->last_ns = ns;
	else
		append(s, ns, tid);
	return 0;
}

/* The entry of a pair, free or not, in a table that is not full. */
static struct fig_blame *find(struct fig_blame *pairs, size_t room, u32 holder, u32 waiter)
{
	size_t i = (holder * 0x9e3779b1U ^ waiter * 0x85ebca6bU) & (room - 1);

	while ((pairs[i].waits || pairs[i].wait_ns) &&
	       (pairs[i].holder_tid != holder || pairs[i].waiter_tid != waiter))
		i = (i + 1) & (room - 1);
	return &pairs[i];
}

static int more_room(struct rp_blame *b)
{
	size_t room = b->room ? 2 * b->room : 64;
	struct fig_blame *pairs = calloc(room, sizeof(*pairs));

	if (!pairs)
		return -ENOMEM;
	for (size_t i = 0; i < b->room; i++) {
		const struct fig_blame *old = &b->pairs[i];

		if (old->waits || old->wait_ns)
			*find(pairs, room, old->holder_tid, old->waiter_tid) = *old;
	}
	free(b->pairs);
	b->pairs = pairs;
	b->room = room;
	return 0;
}

static int charge(struct rp_blame *b, u32 holder, u32 waiter, u64 waits, u64 ns)
{
	struct fig_blame *pair;

	if (2 * (b->npairs + 1) >= b->room && more_room(b))
		return -ENOMEM;
	pair = find(b->pairs, b->room, holder, waiter);
	if (!pair->waits && !pair->wait_ns) {
		if (b->npairs >= MAX_PAIRS)
			pair = find(b->pairs, b->room, holder = 0, waiter = 0);
		b->npairs += !pair->waits && !pair->wait_ns;
		pair->holder_tid = holder;
		pair->waiter_tid = waiter;
	}
	pair->waits += waits;
	pair->wait_ns += ns;
	return 0;
}

struct walk {
	struct rp_blame *into;
	u64 at_ns;
	u32 waiter, holder, last;
	bool charged;
};

static int part(struct walk *w, u64 to_ns, u32 holder)
{
	int err = charge(w->into, holder, w->waiter, !w->charged || w->last != holder,
			 to_ns - w->at_ns);

	w->at_ns = to_ns;
	w->last = holder;
	w->charged = true;
	return err;
}

/* From @ns on it was @tid's.  Who waits cannot hold: then it was the next one's already. */
static int goes_to(struct walk *w, u64 ns, u32 tid)
{
	int err = 0;

	if (ns > w->at_ns && w->holder != w->waiter)
		err = part(w, ns, w->holder);
	w->holder = tid;
	return err;
}

/* Charge @x; @open: who holds its GIL at the end, since when; NULL: nobody, or it has been told. */
static int charge_wait(const struct rp_process *p, const struct rp_ended_wait *x,
		       const struct rp_thread *open, struct rp_blame *into)
{
	const struct rp_passes *s = passes_of((struct rp_process *)p, x->gil);
	struct walk w = { .into = into, .at_ns = x->from_ns, .waiter = x->tid };
	u64 oldest = s->n > RP_PASSES ? s->n - RP_PASSES : 0, i = s->n;
	int err = 0;

	while (i > oldest && pass_at(s, i - 1)->ns > x->from_ns)
		i--;
	if (i > oldest)
		w.holder = pass_at(s, i - 1)->tid;
	else
		w.holder = oldest || x->gil ? 0 : p->seed_tid;
	for (; i < s->n && pass_at(s, i)->ns <= x->to_ns && !err; i++)
		err = goes_to(&w, pass_at(s, i)->ns, pass_at(s, i)->tid);
	if (!err && open && open->open_ns[RP_HOLD] < x->to_ns)
		err = goes_to(&w, open->open_ns[RP_HOLD], open->row.tid);
	if (!err && w.at_ns < x->to_ns)
		err = part(&w, x->to_ns, w.holder == x->tid ? 0 : w.holder);
	return err;
}

/* The waits that ended before @now_ns, and whose last holder has been told by then. */
static int settle(struct rp_process *p, u64 now_ns)
{
	struct rp_blame *b = &p->blame;
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < b->nwaits && !err; i++) {
		if (b->waits[i].to_ns + LATE_NS < now_ns)
			err = charge_wait(p, &b->waits[i], NULL, b);
		else
			b->waits[kept++] = b->waits[i];
	}
	b->nwaits = kept;
	return err;
}

/* With the events of one thread only, who held meanwhile is not told. */
bool rp_blame_told(const struct replay *r)
{
	return !r->o.tid && (!rp_watched(r) || r->info->format >= EVENT_WAIT_PART_FORMAT);
}

int rp_blame_hold(struct replay *r, struct rp_thread *t, const struct event *ev)
{
	int err = rp_blame_told(r) ? settle(t->p, ev->ts_ns) : 0;

	return err || !rp_blame_told(r)
		       ? err
		       : pass_on(passes_of(t->p, t->gil), event_begin_ns(ev), t->row.tid);
}

int rp_blame_part(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_blame_told(r) ? rp_thread_of(r, ev) : NULL;
	struct rp_parts *s = t ? &t->parts : NULL;

	if (!t)
		return 0;
	if (s->n && (s->n == PARTS_MAX || s->list[s->n - 1].holder == ev->holder)) {
		s->list[s->n - 1].to_ns = ev->ts_ns;
		return 0;
	}
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 8;
		struct rp_part *more = realloc(s->list, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->list = more;
		s->room = room;
	}
	s->list[s->n++] = (struct rp_part) { event_begin_ns(ev), ev->ts_ns, ev->holder };
	return 0;
}

/* The parts of a wait of @t from @w->at_ns to @to_ns, as far as they are told. */
static int charge_parts(const struct rp_thread *t, struct walk *w, u64 to_ns)
{
	int err = 0;

	for (size_t i = 0; i < t->parts.n && !err; i++) {
		const struct rp_part *p = &t->parts.list[i];
		u64 end = p->to_ns < to_ns ? p->to_ns : to_ns;

		if (end <= w->at_ns)
			continue; /* of a wait before, whose own event was lost */
		err = part(w, end, p->holder);
		w->holder = p->holder;
	}
	return err;
}

/* Watch mode: the wait @ev of @t. */
static int charge_told(struct rp_thread *t, const struct event *ev)
{
	struct walk w = { .into = &t->p->blame,
			  .at_ns = event_begin_ns(ev),
			  .waiter = t->row.tid,
			  .holder = ev->holder };
	int err = charge_parts(t, &w, ev->ts_ns);

	if (!err && (w.at_ns < ev->ts_ns || !w.charged))
		err = part(&w, ev->ts_ns, w.holder);
	t->parts.n = 0;
	return err;
}

int rp_blame_wait(struct replay *r, struct rp_thread *t, const struct event *ev)
{
	struct rp_blame *b = &t->p->blame;
	int err;

	if (!rp_blame_told(r))
		return 0;
	if (rp_watched(r))
		return charge_told(t, ev);
	err = settle(t->p, b->nwaits < RP_ENDED_WAITS ? ev->ts_ns : UINT64_MAX);
	b->waits[b->nwaits++] = (struct rp_ended_wait) {
		.from_ns = event_begin_ns(ev),
		.to_ns = ev->ts_ns,
		.tid = t->row.tid,
		.gil = t->gil,
	};
	return err;
}

int rp_blame_settle(struct replay *r)
{
	int err = 0;

	for (size_t i = 0; i < r->nprocs && !err; i++)
		err = settle(r->procs[i], UINT64_MAX);
	return err;
}

static const struct rp_thread *open_holder(const struct rp_process *p, u32 gil)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i]->open[RP_HOLD] && p->threads[i]->open_gil[RP_HOLD] == gil)
			return p->threads[i];
	return NULL;
}

/* Watch mode: of waits that are open, what their parts have told. */
static int open_parts(const struct rp_process *p, u64 now_ns, struct rp_blame *into)
{
	int err = 0;

	for (size_t i = 0; i < p->nthreads && !err; i++) {
		const struct rp_thread *t = p->threads[i];
		struct walk w = { .into = into, .waiter = t->row.tid };

		w.at_ns = t->parts.n ? t->parts.list[0].from_ns : now_ns;
		err = charge_parts(t, &w, now_ns);
	}
	return err;
}

static int open_waits(const struct rp_process *p, u64 now_ns, struct rp_blame *into)
{
	int err = 0;

	for (size_t i = 0; i < p->nthreads && !err; i++) {
		const struct rp_thread *t = p->threads[i];
		struct rp_ended_wait x = { t->open_ns[RP_WAIT], now_ns, t->row.tid,
					   t->open_gil[RP_WAIT] };

		if (t->open[RP_WAIT] && x.from_ns < now_ns)
			err = charge_wait(p, &x, open_holder(p, x.gil), into);
	}
	return err;
}

static int by_pair(const void *a, const void *b)
{
	const struct fig_blame *x = a, *y = b;

	if (x->holder_tid != y->holder_tid)
		return x->holder_tid < y->holder_tid ? -1 : 1;
	return x->waiter_tid < y->waiter_tid ? -1 : x->waiter_tid > y->waiter_tid;
}

bool rp_blame_rows(const struct replay *r, const struct rp_process *p, u64 now_ns,
		   struct fig_process *out)
{
	struct rp_blame all = { .npairs = p->blame.npairs, .room = p->blame.room };
	bool ok = true;

	out->blame_measured = true;
	if (all.room) {
		all.pairs = malloc(all.room * sizeof(*all.pairs));
		if (!all.pairs)
			return false;
		memcpy(all.pairs, p->blame.pairs, all.room * sizeof(*all.pairs));
	}
	if (!p->exited)
		ok = !open_parts(p, now_ns, &all) &&
		     (rp_watched(r) || !open_waits(p, now_ns, &all));
	for (size_t i = 0; i < all.room && ok; i++) {
		const struct fig_blame *b = &all.pairs[i];
		struct fig_blame *row;

		if (!b->waits && !b->wait_ns)
			continue;
		row = fig_row_add(FIG_BLAME, out);
		ok = row;
		if (row)
			*row = *b;
	}
	if (out->nblame)
		qsort(out->blame, out->nblame, sizeof(*out->blame), by_pair);
	free(all.pairs);
	return ok;
}

void rp_blame_free(struct rp_process *p)
{
	free(p->blame.passes.ring);
	for (u32 i = 0; i < p->ngils; i++)
		free(p->gils[i].passes.ring);
	free(p->blame.pairs);
	p->blame = (struct rp_blame) {};
}
