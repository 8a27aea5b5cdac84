/* Metrics as text; see trace_metrics.h. */
#include "user/export/trace_metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/utf8.h"
#include "user/model/fig_rows.h"

/*
 * Bounds of histograms, as powers of two in ns: from 1 us to 69 s in steps of 4.  There a bucket
 * of the model ends, so "at most 2^n - 1 ns" is counted exactly.
 */
#define BOUND_FIRST 10
#define BOUND_STEP 2

/* A label's text: line ends, quotes and backslashes escaped, always valid UTF-8. */
static void label_text(FILE *to, const char *s)
{
	while (*s) {
		u32 cp;
		size_t n = utf8_decode(s, &cp);

		if (!n)
			fputs("\xef\xbf\xbd", to);
		else if (*s == '\n')
			fputs("\\n", to);
		else if (*s == '"' || *s == '\\')
			fprintf(to, "\\%c", *s);
		else
			fwrite(s, 1, n, to);
		s += n ? n : 1;
	}
}

char *trace_metric_labels(const char *prefix, const char *const *pairs)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	bool failed;

	if (!to)
		return NULL;
	fputs(prefix, to);
	for (bool first = !*prefix; *pairs; pairs += 2, first = false) {
		fprintf(to, "%s%s=\"", first ? "" : ",", pairs[0]);
		label_text(to, pairs[1] ? pairs[1] : "");
		fputc('"', to);
	}
	failed = ferror(to);
	if (fclose(to) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

const char *trace_metric_key(enum fig_table table, const void *row, char room[32],
			     const char **ret_value)
{
	*ret_value = room;
	switch (table) {
	case FIG_GILS:
		snprintf(room, 32, "0x%llx",
			 (unsigned long long)((const struct fig_gil *)row)->address);
		return "gil";
	case FIG_GC:
		snprintf(room, 32, "%u", ((const struct fig_gc *)row)->generation);
		return "cpython_gc_generation";
	case FIG_IO:
		*ret_value = ((const struct fig_io *)row)->call;
		return "call";
	case FIG_TYPES:
		*ret_value = ((const struct fig_type *)row)->type;
		return "type";
	case FIG_FT:
		*ret_value = ((const struct fig_ft *)row)->what;
		return "what";
	default: /* FIG_BLAME, FIG_STACKS, FIG_BLOCKED: too many */
		return NULL;
	}
}

/* The labels that tell the rows of a table apart. */
static char *row_labels(enum fig_table table, const void *row, const char *process)
{
	const struct fig_thread *t = row;
	const struct fig_loop *l = row;
	char id[32];
	const char *pairs[] = { NULL, id, NULL, NULL, NULL };

	pairs[0] = trace_metric_key(table, row, id, &pairs[1]);
	if (table == FIG_THREADS || table == FIG_ASYNCIO) {
		snprintf(id, sizeof(id), "%u", table == FIG_THREADS ? t->tid : l->tid);
		pairs[0] = "tid";
		pairs[2] = "thread";
		pairs[3] = table == FIG_THREADS ? t->name : l->name;
	}
	return trace_metric_labels(process, pairs);
}

static int collect(struct trace_metrics *m, const struct fig_process *p, const char *process,
		   enum fig_table t)
{
	struct fig_rows rows = fig_rows(&fig_tables[t], p);

	if (t == FIG_BLAME || t == FIG_STACKS || t == FIG_BLOCKED || !rows.measured || !rows.row)
		return 0;
	for (size_t i = 0; i < rows.count; i++) {
		struct trace_metric_row *r = &m->rows[m->count];

		r->table = t;
		r->row = rows.row + i * fig_tables[t].row_size;
		r->labels = row_labels(t, r->row, process);
		if (!r->labels)
			return -ENOMEM;
		m->count++;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct trace_metric_row *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return strcmp(x->labels, y->labels);
}

/* Add @from's figures to @to, which is of the same labels. */
static int merge(struct trace_metric_row *to, const struct trace_metric_row *from)
{
	const struct fig_table_desc *d = &fig_tables[to->table];

	if (!to->sum) {
		to->sum = malloc(d->row_size);
		if (!to->sum)
			return -ENOMEM;
		memcpy(to->sum, to->row, d->row_size);
		to->row = to->sum;
	}
	for (const struct fig_column *c = d->columns; c->name; c++) {
		char *a = (char *)to->sum + c->offset;
		const char *b = (const char *)from->row + c->offset;

		if (c->kind == FIG_COUNT || c->kind == FIG_TIME)
			*(u64 *)a = fig_sum(*(u64 *)a, *(const u64 *)b);
		else if (c->kind == FIG_HIST)
			fig_hist_add((struct fig_hist *)a, (const struct fig_hist *)b);
	}
	return 0;
}

/* Types of one name, a tid used again by a thread of the same name: one row. */
static int unite(struct trace_metrics *m)
{
	size_t n = 0;

	qsort(m->rows, m->count, sizeof(*m->rows), compare);
	for (size_t i = 0; i < m->count; i++) {
		struct trace_metric_row *r = &m->rows[i];
		int err = 0;

		if (!n || compare(&m->rows[n - 1], r)) {
			struct trace_metric_row keep = *r;

			memset(r, 0, sizeof(*r));
			m->rows[n++] = keep;
			continue;
		}
		err = merge(&m->rows[n - 1], r);
		if (err)
			return err;
		free(r->labels);
		r->labels = NULL;
	}
	m->count = n;
	return 0;
}

static char *pid_label(const struct figures *f, size_t index)
{
	const struct fig_process *p = &f->procs[index];
	char id[64];
	const char *const pairs[] = { "pid", id, NULL };
	u32 before = 0;

	for (size_t i = 0; i < index; i++)
		before += f->procs[i].pid == p->pid;
	if (before)
		snprintf(id, sizeof(id), "%u#%u", p->pid, before + 1);
	else
		snprintf(id, sizeof(id), "%u", p->pid);
	return trace_metric_labels("", pairs);
}

int trace_metrics_rows(struct trace_metrics *m, const struct figures *f)
{
	size_t room = 1;
	int err = 0;

	for (size_t i = 0; i < f->nprocs; i++)
		for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
			room += fig_rows(&fig_tables[t], &f->procs[i]).count;
	m->rows = calloc(room, sizeof(*m->rows));
	m->pids = calloc(f->nprocs + 1, sizeof(*m->pids));
	if (!m->rows || !m->pids)
		return -ENOMEM;
	for (size_t i = 0; i < f->nprocs; i++) {
		m->pids[i] = pid_label(f, i);
		if (!m->pids[i])
			return -ENOMEM;
		m->npids++;
		for (size_t t = 0; !err && t < FIG_TABLE_COUNT; t++)
			err = collect(m, &f->procs[i], m->pids[i], t);
	}
	return err ? err : unite(m);
}

void trace_metrics_free(struct trace_metrics *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->rows[i].labels);
		free(m->rows[i].sum);
	}
	for (size_t i = 0; i < m->npids; i++)
		free(m->pids[i]);
	free(m->rows);
	free(m->pids);
	*m = (struct trace_metrics) { .out = m->out };
}

void trace_metric_begin(struct trace_metrics *m, const char *name, const char *type,
			const char *unit, const char *help)
{
	const char *suffix = !type && m->form != METRICS_OPENMETRICS ? "_total" : "";

	if (m->sink) {
		m->sink->begin(m->sink_ctx, name, type, unit, help);
		return;
	}
	if (!type && m->form != METRICS_BOTH)
		type = "counter";
	if (type)
		out_printf(m->out, "# TYPE %s%s %s\n", name, suffix, type);
	if (type && *unit)
		out_printf(m->out, "# UNIT %s%s %s\n", name, suffix, unit);
	out_printf(m->out, "# HELP %s%s %s\n", name, suffix, help);
}

static void sample(struct trace_metrics *m, const char *name, const char *suffix,
		   const char *labels, const char *le)
{
	out_str(m->out, name);
	out_str(m->out, suffix);
	if (*labels || le) {
		out_char(m->out, '{');
		out_str(m->out, labels);
		if (le)
			out_printf(m->out, "%sle=\"%s\"", *labels ? "," : "", le);
		out_char(m->out, '}');
	}
	out_char(m->out, ' ');
}

void trace_metric_value(struct trace_metrics *m, const char *name, const char *suffix,
			const char *labels, u64 v, bool seconds)
{
	if (v == FIG_NULL)
		return;
	if (m->sink) {
		m->sink->value(m->sink_ctx, labels, v, seconds);
		return;
	}
	sample(m, name, suffix, labels, NULL);
	if (seconds)
		out_decimal(m->out, v, 9);
	else
		out_u64(m->out, v);
	out_char(m->out, '\n');
}

u64 trace_metric_bound(u32 i)
{
	return (1ULL << (BOUND_FIRST + i * BOUND_STEP)) - 1;
}

void trace_metric_below(const struct fig_hist *h, u64 ret_below[TRACE_METRIC_BOUNDS])
{
	u64 below = 0;
	u32 bucket = 0;

	for (u32 i = 0; i < TRACE_METRIC_BOUNDS; i++) {
		u64 bound = trace_metric_bound(i);

		for (; fig_hist_high(bucket) <= bound; bucket++)
			below += h->bucket[bucket];
		ret_below[i] = below;
	}
}

void trace_metric_counted(struct trace_metrics *m, const char *name, const char *labels,
			  const u64 below[TRACE_METRIC_BOUNDS], u64 count, u64 sum_ns)
{
	char le[32];

	if (m->sink) {
		m->sink->histogram(m->sink_ctx, labels, below, count, sum_ns);
		return;
	}
	for (u32 i = 0; i < TRACE_METRIC_BOUNDS; i++) {
		u64 bound = trace_metric_bound(i);

		snprintf(le, sizeof(le), "%llu.%09llu", (unsigned long long)(bound / 1000000000),
			 (unsigned long long)(bound % 1000000000));
		sample(m, name, "_bucket", labels, le);
		out_u64(m->out, below[i]);
		out_char(m->out, '\n');
	}
	sample(m, name, "_bucket", labels, "+Inf");
	out_u64(m->out, count);
	out_char(m->out, '\n');
	trace_metric_value(m, name, "_sum", labels, sum_ns, true);
	trace_metric_value(m, name, "_count", labels, count, false);
}

void trace_metric_hist(struct trace_metrics *m, const char *name, const char *labels,
		       const struct fig_hist *h)
{
	u64 below[TRACE_METRIC_BOUNDS], all;

	if (!h->valid)
		return;
	trace_metric_below(h, below);
	/* buckets are 32 bits wide and wrap; the count does not, and must not be below them */
	all = below[TRACE_METRIC_BOUNDS - 1];
	trace_metric_counted(m, name, labels, below, h->count > all ? h->count : all, h->sum_ns);
}
