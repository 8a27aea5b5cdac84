/*
 * What happened between two readings.  One procedure for every row type: copy the newer
 * row, find the older one by the identity columns, subtract what only grows.
 *
 * Invariant: a result under construction owns all its texts, so figures_free() can take it
 * back at any point.
 */
#include "user/model/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/fig_rows.h"

/* The older rows, found by identity: open addressing, `slot` holds row number + 1. */
struct index {
	const struct fig_table_desc *t;
	struct fig_rows rows;
	size_t *slot;
	size_t mask;
};

static u64 mix(u64 hash, u64 v)
{
	hash = (hash ^ v) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static u64 hash_text(u64 hash, const char *s)
{
	for (; s && *s; s++)
		hash = mix(hash, (unsigned char)*s);
	return hash;
}

static u64 hash_row(const struct fig_column *columns, const char *row)
{
	u64 hash = 0;

	for (const struct fig_column *c = columns; c->name; c++) {
		const void *v = row + c->offset;

		if (c->kind == FIG_ID)
			hash = mix(hash, *(const u32 *)v);
		else if (c->kind == FIG_KEY || c->kind == FIG_ADDRESS)
			hash = mix(hash, *(const u64 *)v);
		else if (c->kind == FIG_LABEL || c->kind == FIG_NAME)
			hash = hash_text(hash, *(const char *const *)v);
	}
	return hash;
}

static bool index_init(struct index *x, const struct fig_table_desc *t, const void *from)
{
	size_t size = 8;

	*x = (struct index) { .t = t };
	if (from)
		x->rows = fig_rows(t, from);
	if (!x->rows.row || !x->rows.count)
		return true;
	while (size < 2 * x->rows.count)
		size *= 2;
	x->slot = calloc(size, sizeof(*x->slot));
	x->mask = size - 1;
	for (size_t i = 0; x->slot && i < x->rows.count; i++) {
		size_t s = hash_row(t->columns, x->rows.row + i * t->row_size) & x->mask;

		while (x->slot[s])
			s = (s + 1) & x->mask;
		x->slot[s] = i + 1;
	}
	return x->slot;
}

/* The older row with @row's identity, or NULL. */
static const char *index_find(const struct index *x, const char *row)
{
	size_t s;

	if (!x->slot)
		return NULL;
	for (s = hash_row(x->t->columns, row) & x->mask; x->slot[s]; s = (s + 1) & x->mask) {
		const char *old = x->rows.row + (x->slot[s] - 1) * x->t->row_size;

		if (fig_row_same(x->t->columns, old, row))
			return old;
	}
	return NULL;
}

static void subtract_u64(u64 *to, const u64 *from)
{
	if (*to != FIG_NULL && *from != FIG_NULL)
		*to = *to > *from ? *to - *from : 0;
}

/* @old NULL: the row is new, it counts from 0.  An interval's maxima are its own even so. */
static void subtract_row(const struct fig_column *columns, char *row, const char *old)
{
	static const struct fig_hist none;

	for (const struct fig_column *c = columns; c->name; c++) {
		void *v = row + c->offset;

		if (c->kind == FIG_HIST)
			fig_hist_subtract(v, old ? (const void *)(old + c->offset) : &none);
		else if (old && (c->kind == FIG_COUNT || c->kind == FIG_TIME))
			subtract_u64(v, (const void *)(old + c->offset));
	}
}

/* Give the copied @row texts of its own.  Without memory the rest are NULL, and it fails. */
static bool own_texts(const struct fig_column *columns, char *row)
{
	bool ok = true;

	for (const struct fig_column *c = columns; c->name; c++) {
		char **text = (char **)(row + c->offset);

		if ((c->kind != FIG_TEXT && c->kind != FIG_NAME) || !*text)
			continue;
		*text = ok ? strdup(*text) : NULL;
		ok = ok && *text;
	}
	return ok;
}

/* @base's table @t, still @to's own after a plain copy, becomes a copy less @from's. */
static bool table_interval(const struct fig_table_desc *t, void *base, const void *from, bool diff)
{
	struct fig_rows rows = fig_rows(t, base);
	char **ret_array = (char **)((char *)base + t->array);
	size_t *ret_count = (size_t *)((char *)base + t->count);
	struct index x;
	bool ok = true;

	*ret_array = NULL;
	*ret_count = 0;
	if (!rows.row || !rows.count)
		return true;
	*ret_array = malloc(rows.count * t->row_size);
	if (!*ret_array || !index_init(&x, t, from))
		return false;
	for (size_t i = 0; ok && i < rows.count; i++) {
		char *row = *ret_array + i * t->row_size;

		memcpy(row, rows.row + i * t->row_size, t->row_size);
		ok = own_texts(t->columns, row);
		++*ret_count;
		if (diff)
			subtract_row(t->columns, row, index_find(&x, row));
	}
	free(x.slot);
	return ok;
}

/*
 * A process's ended threads, and their event loops, are told one by one at first, later as one row
 * with tid 0.  What a thread had done before it went into that row is no news of this interval.
 */
static bool unfold(enum fig_table table, struct fig_process *p, const struct fig_process *from)
{
	const struct fig_table_desc *t = &fig_tables[table];
	struct fig_rows rows = fig_rows(t, p), old = {};
	char *folded = NULL;
	struct index x;

	for (size_t i = 0; i < rows.count; i++)
		if (!*(const u32 *)(rows.row + i * t->row_size)) /* the tid comes first */
			folded = rows.row + i * t->row_size;
	if (!folded || !from)
		return true;
	if (!index_init(&x, t, p))
		return false;
	old = fig_rows(t, from);
	for (size_t i = 0; i < old.count; i++)
		if (!index_find(&x, old.row + i * t->row_size))
			subtract_row(t->columns, folded, old.row + i * t->row_size);
	free(x.slot);
	return true;
}

_Static_assert(!offsetof(struct fig_thread, tid) && !offsetof(struct fig_loop, tid),
	       "unfold() looks for it there");

/* Likewise for the pairs of ended threads, which go to holder 0, with waiter 0 or the same. */
static bool unfold_blame(struct fig_process *p, const struct fig_process *from)
{
	const struct fig_table_desc *t = &fig_tables[FIG_BLAME];
	struct index x;

	if (!from || !p->nblame)
		return true;
	if (!index_init(&x, t, p))
		return false;
	for (size_t i = 0; i < from->nblame; i++) {
		struct fig_blame to = { .waiter_tid = from->blame[i].waiter_tid };
		const char *old = (const char *)&from->blame[i], *row;

		if (index_find(&x, old))
			continue;
		row = index_find(&x, (const char *)&to);
		to.waiter_tid = 0;
		if (!row)
			row = index_find(&x, (const char *)&to);
		if (row)
			subtract_row(t->columns, (char *)row, old);
	}
	free(x.slot);
	return true;
}

/* Likewise for the stacks of ended threads, which go to tid 0. */
static bool unfold_stacks(struct fig_process *p, const struct fig_process *from)
{
	const struct fig_table_desc *t = &fig_tables[FIG_STACKS];
	struct index x;

	if (!from || !from->nstacks || !p->nstacks)
		return true;
	if (!index_init(&x, t, p))
		return false;
	for (size_t i = 0; i < from->nstacks; i++) {
		struct fig_stack to = { .id = from->stacks[i].id };
		const char *old = (const char *)&from->stacks[i], *row;

		if (!from->stacks[i].tid || index_find(&x, old))
			continue;
		row = index_find(&x, (const char *)&to);
		to.id = 0;
		if (!row)
			row = index_find(&x, (const char *)&to);
		if (row)
			subtract_row(t->columns, (char *)row, old);
	}
	free(x.slot);
	return true;
}

/* Likewise for what ended threads slept in. */
static bool unfold_blocked(struct fig_process *p, const struct fig_process *from)
{
	const struct fig_table_desc *t = &fig_tables[FIG_BLOCKED];
	struct index x;

	if (!from || !from->nblocked || !p->nblocked)
		return true;
	if (!index_init(&x, t, p))
		return false;
	for (size_t i = 0; i < from->nblocked; i++) {
		struct fig_blocked to = { .call = from->blocked[i].call };
		const char *old = (const char *)&from->blocked[i], *row;

		if (!from->blocked[i].tid || index_find(&x, old))
			continue;
		row = index_find(&x, (const char *)&to);
		if (row)
			subtract_row(t->columns, (char *)row, old);
	}
	free(x.slot);
	return true;
}

/* The @nth process of pid @pid: a pid may come back, each time as a process of its own. */
static const struct fig_process *find_process(const struct figures *f, u32 pid, size_t nth)
{
	for (size_t i = 0; f && i < f->nprocs; i++)
		if (f->procs[i].pid == pid && !nth--)
			return &f->procs[i];
	return NULL;
}

static size_t nth_of_pid(const struct figures *f, size_t proc)
{
	size_t nth = 0;

	for (size_t i = 0; i < proc; i++)
		nth += f->procs[i].pid == f->procs[proc].pid;
	return nth;
}

/* @p is a plain copy of the newer process; nothing in it is its own yet. */
static bool process_interval(struct fig_process *p, const struct fig_process *from, bool diff)
{
	bool ok = own_texts(fig_process_columns, (char *)p);

	ok = own_texts(fig_python_columns, (char *)p) && ok;
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		ok = table_interval(&fig_tables[t], p, from, diff) && ok;
	if (!ok || !diff)
		return ok;
	if (!unfold(FIG_THREADS, p, from) || !unfold(FIG_ASYNCIO, p, from) ||
	    !unfold_blame(p, from) || !unfold_stacks(p, from) || !unfold_blocked(p, from))
		return false;
	subtract_row(fig_process_columns, (char *)p, (const char *)from);
	fig_types_scale(p);
	for (size_t i = 0; i < p->ngils; i++) {
		struct fig_gil *g = &p->gils[i];

		if (!isnan(g->held_ratio))
			g->held_ratio = fmt_ratio(g->held_ns, p->measured_ns);
		if (g->samples != FIG_NULL)
			g->held_error_ratio = fig_sampling_error(g->held_ratio, g->samples);
	}
	return true;
}

static bool processes_interval(struct figures *f, const struct figures *from,
			       const struct figures *to)
{
	bool ok = true;

	f->procs = NULL;
	f->nprocs = 0;
	if (!to->nprocs)
		return true;
	f->procs = calloc(to->nprocs, sizeof(*f->procs));
	for (size_t i = 0; f->procs && ok && i < to->nprocs; i++) {
		f->procs[i] = to->procs[i];
		f->nprocs++;
		ok = process_interval(
			&f->procs[i],
			find_process(from, to->procs[i].pid, from ? nth_of_pid(to, i) : 0), from);
	}
	return f->procs && ok;
}

/* `lost` lists causes with a count only. */
static void drop_unlost(struct figures *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->nlost; i++)
		if (f->lost[i].count)
			f->lost[kept++] = f->lost[i];
	f->nlost = kept;
}

struct figures *figures_interval(const struct figures *from, const struct figures *to)
{
	struct figures *f = figures_new();
	bool ok;

	if (!f)
		return NULL;
	*f = *to;
	ok = processes_interval(f, from, to);
	for (size_t t = 0; t < FIG_TOP_TABLE_COUNT; t++)
		ok = table_interval(&fig_top_tables[t], f, from, from) && ok;
	if (!ok)
		return figures_free(f);
	if (from) {
		subtract_row(fig_figures_columns, (char *)f, (const char *)from);
		subtract_row(fig_overhead_columns, (char *)f, (const char *)from);
		f->started_ns = from->started_ns + from->duration_ns;
		f->started_unix_ns = from->started_unix_ns + from->duration_ns;
		if (!isnan(f->overhead.hits_per_s))
			f->overhead.hits_per_s =
				1e9 * fmt_ratio(f->overhead.probe_hits, f->duration_ns);
		drop_unlost(f);
	}
	return f;
}
