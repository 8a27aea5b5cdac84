/*
 * Adding; see figures_sum.h.  The sum begins as a copy of the later figures, so that values as of
 * now are right; then each row of the earlier ones is added to its counterpart or appended.
 *
 * Invariant: a result under construction owns all its texts, so figures_free() can take it
 * back at any point.
 */
#include "user/model/figures_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/fig_rows.h"

/* In the later figures a thread that was there at their start has start_ns 0, whenever it began. */
static bool same_thread(const struct fig_thread *a, const struct fig_thread *b)
{
	return a->tid == b->tid &&
	       (a->start_ns == b->start_ns || (a->tid && !b->start_ns && !a->exited));
}

static bool same_loop(const struct fig_loop *a, const struct fig_loop *b)
{
	return a->tid == b->tid &&
	       (a->start_ns == b->start_ns || (a->tid && !b->start_ns && !a->exited));
}

static bool is_counterpart(enum fig_table t, const struct fig_table_desc *d, const char *row,
			   const char *later)
{
	if (t == FIG_THREADS)
		return same_thread((const void *)row, (const void *)later);
	if (t == FIG_ASYNCIO)
		return same_loop((const void *)row, (const void *)later);
	return fig_row_same(d->columns, row, later);
}

/* The row of @rows that is @row's counterpart; the first place to look at is @hint. */
static char *counterpart(enum fig_table t, const struct fig_table_desc *d, struct fig_rows rows,
			 const char *row, size_t hint)
{
	for (size_t i = 0; rows.row && i < rows.count; i++) {
		char *other = rows.row + (i + hint) % rows.count * d->row_size;

		if (is_counterpart(t, d, row, other))
			return other;
	}
	return NULL;
}

static void add_u64(u64 *to, u64 from)
{
	*to = *to == FIG_NULL || from == FIG_NULL ? FIG_NULL : *to + from;
}

static void add_hist(struct fig_hist *to, const struct fig_hist *from)
{
	if (to->valid && from->valid)
		fig_hist_add(to, from);
	else
		*to = (struct fig_hist) {};
}

static void add_row(const struct fig_column *columns, char *row, const char *earlier)
{
	for (const struct fig_column *c = columns; c->name; c++) {
		void *v = row + c->offset;
		const void *old = earlier + c->offset;

		if (c->kind == FIG_HIST)
			add_hist(v, old);
		else if (c->kind == FIG_COUNT || c->kind == FIG_TIME)
			add_u64(v, *(const u64 *)old);
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

static double weighted(double a, u64 na, double b, u64 nb)
{
	return (a * (double)na + b * (double)nb) / ((double)na + (double)nb);
}

/* What is worked out from more than one column.  @a_ns, @b_ns: how long each was measured. */
static void add_gil(struct fig_gil *g, const struct fig_gil *a, const struct fig_gil *b, u64 a_ns,
		    u64 b_ns)
{
	g->held_ratio = g->held_ns == FIG_NULL ? NAN : fmt_ratio(g->held_ns, a_ns + b_ns);
	if (a_ns + b_ns)
		g->held_error_ratio =
			weighted(a->held_error_ratio, a_ns, b->held_error_ratio, b_ns);
	if (!fig_same_text(a->held_source, b->held_source))
		g->held_source = "mixed";
	/* Only what was watched has samples and doubtful waits. */
	if (g->samples == FIG_NULL)
		g->samples = a->samples != FIG_NULL ? a->samples : b->samples;
	if (g->ambiguous_waits == FIG_NULL)
		g->ambiguous_waits =
			a->ambiguous_waits != FIG_NULL ? a->ambiguous_waits : b->ambiguous_waits;
}

/* Estimates of independent bursts: their errors add like independent ones. */
static void add_type(struct fig_type *t, const struct fig_type *a, const struct fig_type *b)
{
	double ea = a->error_ratio * (double)a->deallocs, eb = b->error_ratio * (double)b->deallocs;

	t->error_ratio = t->deallocs == FIG_NULL ? NAN : 0;
	if (t->deallocs && t->deallocs != FIG_NULL)
		t->error_ratio = hypot(ea, eb) / (double)t->deallocs;
}

/* Append a copy of @row to @base's table. */
static bool append(const struct fig_table_desc *d, void *base, const char *row)
{
	char **array = (char **)((char *)base + d->array);
	size_t *count = (size_t *)((char *)base + d->count);
	char *more = realloc(*array, (*count + 1) * d->row_size);

	if (!more)
		return false;
	*array = more;
	more += (*count)++ * d->row_size;
	memcpy(more, row, d->row_size);
	return own_texts(d->columns, more);
}

struct pair {
	const struct fig_process *a, *b;
};

static void add_special(const struct pair *p, enum fig_table t, void *row, const void *earlier,
			const void *later)
{
	if (p && t == FIG_GILS)
		add_gil(row, earlier, later, p->a->measured_ns, p->b->measured_ns);
	else if (p && t == FIG_TYPES)
		add_type(row, earlier, later);
}

/*
 * @base's table, still the later figures' own after a plain copy, becomes a copy with @a's added.
 * @p: the processes, where it is one of theirs; then @t says which.
 */
static bool table_sum(const struct fig_table_desc *d, void *base, const void *a,
		      const struct pair *p, enum fig_table t)
{
	struct fig_rows later = fig_rows(d, base), earlier = {};
	size_t *count = (size_t *)((char *)base + d->count);
	bool ok = true;

	*(char **)((char *)base + d->array) = NULL;
	*count = 0;
	for (size_t i = 0; ok && later.row && i < later.count; i++)
		ok = append(d, base, later.row + i * d->row_size);
	if (a)
		earlier = fig_rows(d, a);
	for (size_t i = 0; ok && earlier.row && i < earlier.count; i++) {
		const char *old = earlier.row + i * d->row_size, *now;
		size_t n = later.count;

		now = counterpart(p ? t : FIG_TABLE_COUNT, d, later, old, n ? i % n : 0);
		if (now) {
			char *row = *(char **)((char *)base + d->array) + (now - later.row);

			add_row(d->columns, row, old);
			add_special(p, t, row, old, now);
			if (p && t == FIG_THREADS)
				((struct fig_thread *)row)->start_ns =
					((const struct fig_thread *)old)->start_ns;
			if (p && t == FIG_ASYNCIO)
				((struct fig_loop *)row)->start_ns =
					((const struct fig_loop *)old)->start_ns;
		} else {
			ok = append(d, base, old);
		}
	}
	if (a && d->measured != FIG_ALWAYS)
		*(bool *)((char *)base + d->measured) = earlier.measured && later.measured;
	return ok;
}

/* @p is a plain copy of @b; nothing in it is its own yet.  @a NULL: it is new. */
static bool process_sum(struct fig_process *p, const struct fig_process *a,
			const struct fig_process *b)
{
	struct pair both = { a, b };
	bool ok = own_texts(fig_process_columns, (char *)p);

	ok = own_texts(fig_python_columns, (char *)p) && ok;
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		ok = table_sum(&fig_tables[t], p, a, a ? &both : NULL, (enum fig_table)t) && ok;
	if (!ok || !a)
		return ok;
	add_row(fig_process_columns, (char *)p, (const char *)a);
	if (a->types_source && p->types_source && !fig_same_text(a->types_source, p->types_source))
		p->types_source = "sampled";
	return true;
}

/* The process of @a that is still @b's first of that pid: the last one that had not ended. */
static const struct fig_process *earlier_process(const struct figures *a, const struct figures *b,
						 size_t i)
{
	const struct fig_process *found = NULL;

	for (size_t j = 0; j < i; j++)
		if (b->procs[j].pid == b->procs[i].pid)
			return NULL;
	for (size_t j = 0; a && j < a->nprocs; j++)
		if (a->procs[j].pid == b->procs[i].pid && !a->procs[j].exited)
			found = &a->procs[j];
	return found;
}

static bool continues(const struct figures *a, const struct figures *b, const struct fig_process *p)
{
	for (size_t i = 0; i < b->nprocs; i++)
		if (earlier_process(a, b, i) == p)
			return true;
	return false;
}

/* The earlier order first: what a process list shows does not jump at a switch. */
static bool processes_sum(struct figures *f, const struct figures *a, const struct figures *b)
{
	size_t room = b->nprocs + (a ? a->nprocs : 0);
	bool ok = true;

	f->procs = calloc(room ? room : 1, sizeof(*f->procs));
	f->nprocs = 0;
	if (!f->procs)
		return false;
	for (size_t i = 0; ok && a && i < a->nprocs; i++) {
		if (continues(a, b, &a->procs[i]))
			continue;
		f->procs[f->nprocs] = a->procs[i];
		ok = process_sum(&f->procs[f->nprocs++], NULL, &a->procs[i]);
	}
	for (size_t i = 0; ok && i < b->nprocs; i++) {
		f->procs[f->nprocs] = b->procs[i];
		ok = process_sum(&f->procs[f->nprocs++], earlier_process(a, b, i), &b->procs[i]);
	}
	return ok;
}

static void clamp_measured(struct figures *f)
{
	for (size_t i = 0; i < f->nprocs; i++)
		if (f->procs[i].measured_ns != FIG_NULL && f->procs[i].measured_ns > f->duration_ns)
			f->procs[i].measured_ns = f->duration_ns;
}

struct figures *figures_sum(const struct figures *a, const struct figures *b)
{
	struct figures *f = figures_new();
	bool ok;

	if (!f)
		return NULL;
	*f = *b;
	ok = processes_sum(f, a, b);
	for (size_t t = 0; t < FIG_TOP_TABLE_COUNT; t++)
		ok = table_sum(&fig_top_tables[t], f, a, NULL, FIG_TABLE_COUNT) && ok;
	if (!ok)
		return figures_free(f);
	if (!a)
		return f;
	add_row(fig_overhead_columns, (char *)f, (const char *)a);
	f->started_ns = a->started_ns;
	f->started_unix_ns = a->started_unix_ns;
	f->duration_ns = b->started_ns + b->duration_ns - a->started_ns;
	f->overhead.hits_per_s = 1e9 * fmt_ratio(f->overhead.probe_hits, f->duration_ns);
	if (!fig_same_text(a->mode, b->mode))
		f->mode = "exact"; /* what was asked for; the fallback tells the rest */
	clamp_measured(f);
	return f;
}
