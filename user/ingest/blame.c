/* Rows of who made whom wait; see blame.h. */
#include "user/ingest/blame.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/blame.h"
#include "user/ingest/collect.h"
#include "user/model/fig_rows.h"

#define PAIRS_AT_ONCE 2048 /* more than there are in one bucket of the kernel's table */

bool blame_is_kept(const struct collector *c, const struct measured *m)
{
	if (c->no_blame)
		return false;
	if (c->watch)
		return m->sampled;
	return (c->families & GS_FAMILY_BIT(GS_FAMILY_GIL)) &&
	       (!m->py->binary->free_threaded || m->gil_used);
}

/*
 * Watch mode: the thread that CPython calls @ns_tid.  A forked child's first thread keeps the id it
 * had in its parent (CPython 3.11), where this process has no such thread.
 */
static u32 host_tid(const struct measured *m, u32 ns_tid)
{
	const struct thread_list *l = &m->threads;

	if (!ns_tid || (m->py->pid == m->py->ns_pid && !m->last.parent))
		return ns_tid;
	for (size_t i = 0; i < l->count; i++)
		if ((u32)l->threads[i].ns_tid == ns_tid)
			return l->threads[i].tid;
	for (size_t i = 0; i < m->nretired; i++)
		if (m->retired[i].ns_tid == ns_tid)
			return m->retired[i].tid;
	if (m->last.parent)
		return m->py->pid;
	return m->py->pid == m->py->ns_pid ? ns_tid : 0;
}

struct row_list {
	struct fig_blame *rows;
	size_t count, room;
};

static int put(struct row_list *l, u32 holder, u32 waiter, u64 waits, u64 wait_ns)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 32;
		struct fig_blame *more = realloc(l->rows, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->rows = more;
		l->room = room;
	}
	l->rows[l->count++] = (struct fig_blame) {
		.holder_tid = holder,
		.waiter_tid = waiter,
		.waits = waits,
		.wait_ns = wait_ns,
	};
	return 0;
}

static int by_pair(const void *a, const void *b)
{
	const struct fig_blame *x = a, *y = b;

	if (x->holder_tid != y->holder_tid)
		return x->holder_tid < y->holder_tid ? -1 : 1;
	return x->waiter_tid < y->waiter_tid ? -1 : x->waiter_tid > y->waiter_tid;
}

/* One row per pair. */
static void merge(struct row_list *l)
{
	size_t kept = 0;

	if (l->count)
		qsort(l->rows, l->count, sizeof(*l->rows), by_pair);
	for (size_t i = 0; i < l->count; i++) {
		struct fig_blame *last = kept ? &l->rows[kept - 1] : NULL;

		if (!last || by_pair(last, &l->rows[i])) {
			l->rows[kept++] = l->rows[i];
			continue;
		}
		last->waits += l->rows[i].waits;
		last->wait_ns += l->rows[i].wait_ns;
	}
	l->count = kept;
}

struct pairs {
	struct gs_blame_key keys[PAIRS_AT_ONCE];
	struct gs_blame values[PAIRS_AT_ONCE];
};

typedef int (*pair_fn)(const struct kmaps *k, const struct gs_blame_key *key,
		       const struct gs_blame *b, void *arg);

/*
 * Call @each for the kernel's rows of @pid, which it may delete; stops when it fails.  Many at
 * once: a thousand threads that take turns are a thousand pairs, each second.
 */
static int each_pair(const struct kmaps *k, u32 pid, pair_fn each, void *arg)
{
	struct pairs *p = malloc(sizeof(*p));
	u32 at = 0, n;
	int end, err = p ? 0 : -ENOMEM;

	for (bool first = true; !err; first = false) {
		n = PAIRS_AT_ONCE;
		end = bpf_map_lookup_batch(k->blame_fd, first ? NULL : &at, &at, p->keys, p->values,
					   &n, NULL);
		if (end && end != -ENOENT) {
			err = end;
			break;
		}
		for (u32 i = 0; i < n && !err; i++)
			if (p->keys[i].pid == pid)
				err = each(k, &p->keys[i], &p->values[i], arg);
		if (end)
			break;
	}
	free(p);
	return err;
}

struct reading {
	const struct measured *m;
	bool watch;
	struct row_list list;
};

static int add_pair(const struct kmaps *k, const struct gs_blame_key *key, const struct gs_blame *b,
		    void *arg)
{
	struct reading *r = arg;

	(void)k;
	return put(&r->list, r->watch ? host_tid(r->m, key->holder) : key->holder, key->waiter,
		   b->waits, b->wait_ns);
}

/* The GIL that @t waits for, as last read; NULL: there was no slot for it. */
static const struct gs_gil *gil_of(const struct kmaps *k, const struct reading *r,
				   const struct gs_thread *t)
{
	if (!t->gil)
		return &k->procs[r->m->index].gil;
	return t->gil <= GS_GILS ? &k->gils[t->gil - 1] : NULL;
}

/* Exact mode: the part of the wait of @t that it has not been charged yet. */
static int open_wait(const struct kmaps *k, struct reading *r, const struct gs_thread *t,
		     u64 now_ns)
{
	struct gs_blame_walk w = { t->blame_ns, t->blame_pass, t->blame_holder };
	const struct gs_gil *g = gil_of(k, r, t);
	u32 holder, blamed = t->blamed;
	u64 passes, ns;
	int err = 0;

	if (!g)
		return 0;
	passes = __atomic_load_n(&g->passes, __ATOMIC_ACQUIRE);
	while (!err && gs_blame_next(&w, g, passes, now_ns, t->tid, &holder, &ns)) {
		if (ns)
			err = put(&r->list, holder, t->tid, blamed != holder, ns);
		if (ns)
			blamed = holder;
	}
	return err;
}

/* Waits going on: they are in the figures, so they are somebody's. */
static int add_open(const struct kmaps *k, struct reading *r, u64 now_ns)
{
	u32 end = kmaps_threads_end(k);
	struct gs_thread t;
	int err = 0;

	for (u32 i = 0; i < end && !err; i++) {
		if (k->threads[i].proc != r->m->index || !kmaps_thread(k, i, &t) ||
		    t.proc != r->m->index || t.state != GS_SLOT_LIVE)
			continue;
		if (t.unblamed_ns)
			err = put(&r->list, 0, t.tid, t.unblamed, t.unblamed_ns);
		if (err)
			break;
		if (!r->watch && t.wait_since_ns)
			err = open_wait(k, r, &t, now_ns);
		else if (t.wait_since_ns && !t.watch.ran_ns && now_ns > t.watch.sleep_ns)
			err = put(&r->list, host_tid(r->m, t.watch.holder), t.tid, !t.watch.blamed,
				  now_ns - t.watch.sleep_ns);
	}
	return err;
}

int blame_rows(const struct collector *c, const struct measured *m, u64 now_ns,
	       struct fig_process *out)
{
	struct reading r = { .m = m, .watch = c->watch };
	const struct kmaps *k = c->maps;
	int err = 0;

	out->blame_measured = true;
	for (size_t i = 0; i < m->nblame && !err; i++)
		err = put(&r.list, m->blame[i].holder_tid, m->blame[i].waiter_tid,
			  m->blame[i].waits, m->blame[i].wait_ns);
	if (!err && !m->closed)
		err = each_pair(k, m->py->pid, add_pair, &r);
	if (!err && !m->exited)
		err = add_open(k, &r, now_ns);
	merge(&r.list);
	for (size_t i = 0; i < r.list.count && !err; i++) {
		struct fig_blame *row = fig_row_add(FIG_BLAME, out);

		if (row)
			*row = r.list.rows[i];
		else
			err = -ENOMEM;
	}
	free(r.list.rows);
	return err;
}

struct retiring {
	struct measured *m;
	bool watch;
	const pid_t *tids;
	size_t ntids;
};

static bool has_ended(const struct retiring *r, u32 tid)
{
	for (size_t i = 0; i < r->ntids; i++)
		if ((u32)r->tids[i] == tid)
			return true;
	return !r->tids;
}

/* The older half of the pairs kept becomes part of one row, the first. */
static void fold(struct measured *m)
{
	size_t half = m->nblame / 2;
	struct fig_blame all = {};

	for (size_t i = 0; i < half; i++) {
		all.waits += m->blame[i].waits;
		all.wait_ns += m->blame[i].wait_ns;
	}
	m->blame[0] = all;
	memmove(m->blame + 1, m->blame + half, (m->nblame - half) * sizeof(*m->blame));
	m->nblame -= half - 1;
}

/* What an ended thread had to do with. */
static int keep(struct measured *m, u32 holder, u32 waiter, const struct gs_blame *b)
{
	if (!m->blame) {
		m->blame = calloc(MEASURED_MAX_BLAME, sizeof(*m->blame));
		if (!m->blame)
			return -ENOMEM;
	}
	if (m->nblame == MEASURED_MAX_BLAME)
		fold(m);
	m->blame[m->nblame++] = (struct fig_blame) {
		.holder_tid = holder,
		.waiter_tid = waiter,
		.waits = b->waits,
		.wait_ns = b->wait_ns,
	};
	return 0;
}

int blame_ended(struct measured *m, const struct gs_thread *t)
{
	const struct gs_blame rest = { .waits = t->unblamed, .wait_ns = t->unblamed_ns };

	return rest.wait_ns ? keep(m, 0, t->tid, &rest) : 0;
}

static int take_pair(const struct kmaps *k, const struct gs_blame_key *key,
		     const struct gs_blame *seen, void *arg)
{
	struct retiring *r = arg;
	struct measured *m = r->m;
	u32 holder = r->watch ? host_tid(m, key->holder) : key->holder;
	struct gs_blame b;

	if (!has_ended(r, key->waiter) && !has_ended(r, holder))
		return 0;
	(void)seen; /* the last word, as it is deleted */
	if (bpf_map_lookup_elem(k->blame_fd, key, &b))
		return 0;
	(void)bpf_map_delete_elem(k->blame_fd, key);
	return keep(m, holder, key->waiter, &b);
}

int blame_retire(const struct collector *c, struct measured *m, const pid_t *tids, size_t ntids)
{
	struct retiring r = { .m = m, .watch = c->watch, .tids = tids, .ntids = ntids };

	return each_pair(c->maps, m->py->pid, take_pair, &r);
}
