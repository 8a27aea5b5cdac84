/*
 * gilscope.stat/1.  Rows are written from the column tables of the model: the names there are
 * the contract; here is only how each kind of figure looks in JSON.
 */
#include "user/export/json_figures.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "user/base/str.h"

#define REAL_DIGITS 9 /* as many as a ratio of two measured times can mean */

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

static json_t *number(u64 v)
{
	if (v == FIG_NULL)
		return json_null();
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *address(u64 v)
{
	if (v == FIG_NULL)
		return json_null();
	return json_sprintf("0x%" PRIx64, v);
}

static json_t *hist(const struct fig_hist *h)
{
	if (!h->valid)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "count", number(h->count), "sum_ns",
			 number(h->sum_ns), "max_ns", number(h->max_ns), "p50_ns",
			 number(fig_hist_quantile(h, 0.5)), "p90_ns",
			 number(fig_hist_quantile(h, 0.9)), "p99_ns",
			 number(fig_hist_quantile(h, 0.99)));
}

static json_t *value(enum fig_kind kind, const void *v)
{
	switch (kind) {
	case FIG_ID:
	case FIG_NUMBER:
		return number(*(const u32 *)v);
	case FIG_KEY:
	case FIG_COUNT:
	case FIG_TIME:
	case FIG_LEVEL:
		return number(*(const u64 *)v);
	case FIG_ADDRESS:
		return address(*(const u64 *)v);
	case FIG_REAL:
		return isfinite(*(const double *)v) ? json_real(*(const double *)v) : json_null();
	case FIG_FLAG:
		return json_boolean(*(const bool *)v);
	case FIG_LABEL:
	case FIG_STATIC:
		return json_text(*(const char *const *)v);
	case FIG_NAME:
	case FIG_TEXT:
		return json_text(*(char *const *)v);
	case FIG_HIST:
		return hist(v);
	}
	return NULL;
}

bool json_columns(json_t *object, const struct fig_column *columns, const void *row)
{
	for (const struct fig_column *c = columns; c->name; c++) {
		const void *v = (const char *)row + c->offset;

		if (!c->hidden && json_object_set_new(object, c->name, value(c->kind, v)))
			return false;
	}
	return true;
}

/* An object of @columns; NULL without memory. */
static json_t *object_of(const struct fig_column *columns, const void *row)
{
	json_t *object = json_object();

	if (object && !json_columns(object, columns, row)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *table(const struct fig_table_desc *t, const void *base)
{
	struct fig_rows rows = fig_rows(t, base);
	json_t *array;

	if (!rows.measured)
		return json_null();
	array = json_array();
	for (size_t i = 0; array && rows.row && i < rows.count; i++) {
		if (json_array_append_new(array,
					  object_of(t->columns, rows.row + i * t->row_size))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *process(const struct fig_process *p)
{
	json_t *object = object_of(fig_process_columns, p);
	int err = 0;

	if (!object)
		return NULL;
	err |= json_object_set_new(object, "python", object_of(fig_python_columns, p));
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		err |= json_object_set_new(object, fig_tables[t].name, table(&fig_tables[t], p));
	if (err) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *processes(const struct figures *f)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < f->nprocs; i++) {
		if (json_array_append_new(array, process(&f->procs[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Where the figures are from; null: measured live. */
static json_t *recording(const struct fig_recording *r)
{
	json_t *damage;

	if (!r)
		return json_null();
	damage = json_array();
	for (size_t i = 0; damage && i < r->ndamage; i++) {
		if (json_array_append_new(damage, json_text(r->damage[i]))) {
			json_decref(damage);
			return NULL;
		}
	}
	return json_pack("{s:o, s:o, s:b, s:o}", "directory", json_text(r->directory), "format",
			 number(r->format), "complete", r->complete, "damage", damage);
}

/* What keeps the cost down; null: nothing does. */
static json_t *budget(const struct figures *f)
{
	if (!(f->budget_share > 0))
		return json_null();
	return json_pack("{s:f, s:[o]}", "share", f->budget_share, "families",
			 object_of(fig_budget_columns, &f->budget));
}

json_t *json_figures(const struct figures *f)
{
	const struct fig_recording *r = f->recording;
	json_t *object = json_object();
	struct utsname host = { .release = "" };
	int err = 0;

	if (!object)
		return NULL;
	(void)uname(&host);
	err |= json_object_set_new(object, "schema", json_string("gilscope.stat/1"));
	err |= json_object_set_new(object, "gilscope", json_text(r ? r->gilscope : GS_VERSION));
	err |= json_object_set_new(object, "kernel", json_text(r ? r->kernel : host.release));
	err |= json_object_set_new(object, "recording", recording(r));
	err |= !json_columns(object, fig_figures_columns, f);
	err |= json_object_set_new(object, "processes", processes(f));
	for (size_t t = 0; t < FIG_TOP_TABLE_COUNT; t++)
		err |= json_object_set_new(object, fig_top_tables[t].name,
					   table(&fig_top_tables[t], f));
	err |= json_object_set_new(object, "overhead", object_of(fig_overhead_columns, f));
	err |= json_object_set_new(object, "budget", budget(f));
	if (err) {
		json_decref(object);
		return NULL;
	}
	return object;
}

int json_print(FILE *out, json_t *v, size_t flags)
{
	char *text = NULL;
	int err = 0;

	if (v)
		text = json_dumps(v, flags | JSON_REAL_PRECISION(REAL_DIGITS));
	json_decref(v);
	if (!text)
		return -ENOMEM;
	errno = 0;
	if (fputs(text, out) == EOF || fputc('\n', out) == EOF || fflush(out))
		err = errno ? -errno : -EIO;
	free(text);
	return err;
}
