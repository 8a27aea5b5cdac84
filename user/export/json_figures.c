/*
 * gilscope.stat/1.  Rows are written from the column tables of the model: the names there are
 * the contract; here is only how each kind of figure looks in JSON.
 */
#include "user/export/json_figures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bpf/state.h"
#include "user/base/str.h"
#include "user/export/json_findings.h"
#include "user/export/json_functions.h"
#include "user/export/json_writer.h"
#include "user/model/fig_totals.h"

#define REAL_DIGITS 9 /* as in json_writer.c */

json_t *json_text(const char *s)
{
	char *copy;
	json_t *v;

	if (!s)
		return json_null();
	copy = strdup(s);
	if (!copy)
		return NULL;
	str_printable(copy);
	v = json_string(copy);
	free(copy);
	return v;
}

static void number(struct json_writer *w, u64 v)
{
	if (v == FIG_NULL)
		json_put_null(w);
	else
		json_put_u64(w, v);
}

static void member(struct json_writer *w, const char *name, u64 v)
{
	json_key(w, name);
	number(w, v);
}

static void hist(struct json_writer *w, const struct fig_hist *h)
{
	if (!h->valid) {
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	member(w, "count", h->count);
	member(w, "sum_ns", h->sum_ns);
	member(w, "max_ns", h->max_ns);
	member(w, "p50_ns", fig_hist_quantile(h, 0.5));
	member(w, "p90_ns", fig_hist_quantile(h, 0.9));
	member(w, "p99_ns", fig_hist_quantile(h, 0.99));
	json_close(w, '}');
}

static void value(struct json_writer *w, enum fig_kind kind, const void *v)
{
	switch (kind) {
	case FIG_ID:
	case FIG_NUMBER:
		number(w, *(const u32 *)v);
		return;
	case FIG_KEY:
	case FIG_COUNT:
	case FIG_TIME:
	case FIG_LEVEL:
		number(w, *(const u64 *)v);
		return;
	case FIG_ADDRESS:
		if (*(const u64 *)v == FIG_NULL)
			json_put_null(w);
		else
			json_put_address(w, *(const u64 *)v);
		return;
	case FIG_REAL:
		json_put_real(w, *(const double *)v);
		return;
	case FIG_FLAG:
		json_put_bool(w, *(const bool *)v);
		return;
	case FIG_LABEL:
	case FIG_STATIC:
	case FIG_NAME:
	case FIG_TEXT:
		json_put_text(w, *(const char *const *)v);
		return;
	case FIG_HIST:
		hist(w, v);
		return;
	case FIG_FRAMES:
		break; /* members of their own: see members() */
	}
	json_put_null(w);
}

static void frame(struct json_writer *w, const struct fig_frame *f)
{
	json_open(w, '{');
	json_key(w, "function");
	json_put_text(w, f->function);
	json_key(w, "file");
	json_put_text(w, f->file);
	member(w, "line", f->line ? f->line : FIG_NULL);
	member(w, "first_line", f->first_line ? f->first_line : FIG_NULL);
	if (f->flags & GS_FRAME_NATIVE) {
		json_key(w, "native");
		json_put_bool(w, true);
	}
	json_close(w, '}');
}

/* The newest first, and whether that is all of them; null: not known. */
static void frames(struct json_writer *w, const struct fig_frames *f)
{
	json_key(w, "frames");
	if (!f) {
		json_put_null(w);
		json_key(w, "truncated");
		json_put_null(w);
		json_key(w, "torn");
		json_put_null(w);
		return;
	}
	json_open(w, '[');
	for (u32 i = 0; i < f->n; i++)
		frame(w, &f->frame[i]);
	json_close(w, ']');
	json_key(w, "truncated");
	json_put_bool(w, f->truncated);
	json_key(w, "torn");
	json_put_bool(w, f->torn);
}

static void members(struct json_writer *w, const struct fig_column *columns, const void *row)
{
	for (const struct fig_column *c = columns; c->name; c++) {
		const char *v = (const char *)row + c->offset;

		if (c->hidden)
			continue;
		if (c->kind == FIG_FRAMES) {
			frames(w, *(const struct fig_frames *const *)v);
			continue;
		}
		json_key(w, c->name);
		value(w, c->kind, v);
	}
}

static void object(struct json_writer *w, const struct fig_column *columns, const void *row)
{
	json_open(w, '{');
	members(w, columns, row);
	json_close(w, '}');
}

static void table(struct json_writer *w, const struct fig_table_desc *t, const void *base)
{
	struct fig_rows rows = fig_rows(t, base);

	json_key(w, t->name);
	if (!rows.measured) {
		json_put_null(w);
		return;
	}
	json_open(w, '[');
	for (size_t i = 0; rows.row && i < rows.count; i++)
		object(w, t->columns, rows.row + i * t->row_size);
	json_close(w, ']');
}

static void process(struct json_writer *w, const struct fig_process *p)
{
	json_open(w, '{');
	members(w, fig_process_columns, p);
	json_key(w, "python");
	object(w, fig_python_columns, p);
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		table(w, &fig_tables[t], p);
	json_key(w, "functions");
	json_put_functions(w, p);
	json_close(w, '}');
}

/* Where the figures are from; null: measured live. */
static void recording(struct json_writer *w, const struct fig_recording *r)
{
	if (!r) {
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	json_key(w, "directory");
	json_put_text(w, r->directory);
	member(w, "format", r->format);
	json_key(w, "complete");
	json_put_bool(w, r->complete);
	json_key(w, "damage");
	json_open(w, '[');
	for (size_t i = 0; i < r->ndamage; i++)
		json_put_text(w, r->damage[i]);
	json_close(w, ']');
	json_close(w, '}');
}

/* What keeps the cost down; null: nothing does. */
static void budget(struct json_writer *w, const struct figures *f)
{
	bool refs = f->budget_share > 0;

	if (!refs && !f->fallback.family) {
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	json_key(w, "share");
	json_put_real(w, refs ? f->budget_share : f->fallback.share);
	json_key(w, "families");
	json_open(w, '[');
	if (refs)
		object(w, fig_budget_columns, &f->budget);
	json_close(w, ']');
	json_key(w, "gil");
	if (f->fallback.family)
		object(w, fig_fallback_columns, &f->fallback);
	else
		json_put_null(w);
	json_close(w, '}');
}

/* Measured live: whether it distorts, worked out from the rest; null: the cost is not known. */
static void overhead(struct json_writer *w, const struct figures *f)
{
	json_open(w, '{');
	members(w, fig_overhead_columns, f);
	if (!f->recording) {
		json_key(w, "stack_walks");
		json_put_u64(w, f->overhead.stack_walks);
		json_key(w, "distorted");
		if (f->overhead.target_cpu_ns_estimate == FIG_NULL)
			json_put_null(w);
		else
			json_put_bool(w, fig_distorted(f));
	}
	json_close(w, '}');
}

/* Worked out from the processes above. */
static void totals(struct json_writer *w, const struct figures *f)
{
	struct fig_totals all;

	fig_totals(f, &all);
	object(w, fig_totals_columns, &all);
}

static void text_member(struct json_writer *w, const char *name, const char *s)
{
	json_key(w, name);
	json_put_text(w, s);
}

char *json_figures_text(const struct figures *f, bool indent)
{
	struct json_writer w = { .indent = indent };
	const struct fig_recording *r = f->recording;
	struct utsname host = { .release = "" };

	(void)uname(&host);
	json_open(&w, '{');
	text_member(&w, "schema", "gilscope.stat/1");
	text_member(&w, "gilscope", r ? r->gilscope : GS_VERSION);
	text_member(&w, "kernel", r ? r->kernel : host.release);
	json_key(&w, "recording");
	recording(&w, r);
	members(&w, fig_figures_columns, f);
	json_key(&w, "processes");
	json_open(&w, '[');
	for (size_t i = 0; i < f->nprocs; i++)
		process(&w, &f->procs[i]);
	json_close(&w, ']');
	json_key(&w, "totals");
	totals(&w, f);
	for (size_t t = 0; t < FIG_TOP_TABLE_COUNT; t++)
		table(&w, &fig_top_tables[t], f);
	json_key(&w, "overhead");
	overhead(&w, f);
	json_key(&w, "budget");
	budget(&w, f);
	if (f->with_findings) {
		json_key(&w, "findings");
		json_put_findings(&w, f);
	}
	json_close(&w, '}');
	return json_writer_take(&w);
}

json_t *json_figures(const struct figures *f)
{
	char *text = json_figures_text(f, false);
	json_t *v = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	return v;
}

/* @text and a newline; frees it. */
static int print_text(FILE *out, char *text)
{
	int err = 0;

	if (!text)
		return -ENOMEM;
	errno = 0;
	if (fputs(text, out) == EOF || fputc('\n', out) == EOF || fflush(out))
		err = errno ? -errno : -EIO;
	free(text);
	return err;
}

int json_figures_print(FILE *out, const struct figures *f, bool indent)
{
	return print_text(out, json_figures_text(f, indent));
}

int json_print(FILE *out, json_t *v, size_t flags)
{
	char *text = v ? json_dumps(v, flags | JSON_REAL_PRECISION(REAL_DIGITS)) : NULL;

	json_decref(v);
	return print_text(out, text);
}
