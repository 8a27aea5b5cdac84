/* What grew and what shrank, for people and as gilscope.diff/1. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/base/str.h"
#include "user/diff.h"
#include "user/export/json_figures.h"
#include "user/export/text_table.h"

#define TOP 20 /* rows of text; the whole list is what --format json is for */

static const char *const units[] = {
	[DIFF_SHARE] = "share",
	[DIFF_RATE] = "per_second",
	[DIFF_MEAN_NS] = "ns",
};

static struct fmt value(enum diff_unit unit, double v)
{
	if (!isfinite(v))
		return (struct fmt) { "-" };
	switch (unit) {
	case DIFF_SHARE:
		return fmt_percent(v);
	case DIFF_RATE:
		return fmt_real(v);
	case DIFF_MEAN_NS:
		break;
	}
	return fmt_ns(v > 0 ? (u64)v : 0);
}

/* @v with its sign. */
static void signed_cell(struct text_table *t, enum diff_unit unit, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%s",
		 !isfinite(v) ? ""
		 : v < 0      ? "-"
			      : "+",
		 value(unit, fabs(v)).s);
	text_table_cell(t, text);
}

static void process_cell(struct text_table *t, const struct diff_row *r)
{
	const struct diff_process *p = r->a ? r->a : r->b;
	char text[64];

	if (!p->pid)
		snprintf(text, sizeof(text), "all");
	else if (r->a && r->b && r->a->pid != r->b->pid)
		snprintf(text, sizeof(text), "%u/%u", r->a->pid, r->b->pid);
	else
		snprintf(text, sizeof(text), "%u%s", p->pid,
			 r->a && r->b ? ""
			 : r->a	      ? " in A"
				      : " in B");
	text_table_cell(t, text);
}

static void figure_cell(struct text_table *t, const struct diff_row *r)
{
	char text[128];

	snprintf(text, sizeof(text), "%s%s%.40s %s%s", diff_group_names[r->group],
		 *r->item ? " " : "", r->item, r->figure->name,
		 r->figure->unit == DIFF_RATE ? "/s" : "");
	text_table_cell(t, text);
}

/* The rows whose verdict is one of @mask; how many there are. */
static size_t section(FILE *out, const struct diff *d, const char *title, u32 mask)
{
	static const struct text_column columns[] = {
		{ "", true }, { "FIGURE", true }, { "PROCESS", true }, { "A" },
		{ "B" },      { "DIFFERENCE" },	  { "RELATIVE" },      { "NOISE" },
	};
	struct text_table *t = malloc(sizeof(*t));
	size_t n = 0;

	if (!t)
		return 0;
	text_table_init(t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < d->nrows; i++) {
		const struct diff_row *r = &d->rows[i];
		enum diff_unit unit = r->figure->unit;

		if (!(mask & (1U << r->verdict)) || n++ >= TOP)
			continue;
		text_table_row(t);
		text_table_cell(t, r->verdict <= DIFF_SHRANK ? diff_verdict_names[r->verdict] : "");
		figure_cell(t, r);
		process_cell(t, r);
		text_table_cell(t, value(unit, r->value[0]).s);
		text_table_cell(t, value(unit, r->value[1]).s);
		signed_cell(t, unit, r->difference);
		signed_cell(t, DIFF_SHARE, r->relative);
		text_table_cell(t, value(unit, r->noise).s);
	}
	if (n) {
		fprintf(out, "\n%s\n", title);
		text_table_print(t, out, 2);
	}
	if (n > TOP)
		fprintf(out, "  ... and %zu more\n", n - TOP);
	free(t);
	return n;
}

static void side_line(FILE *out, const char *name, const struct diff_side *s)
{
	const struct fig_recording *rec = &s->run.recording;
	const struct figures *f = s->run.figures;
	char directory[256];

	snprintf(directory, sizeof(directory), "%s", rec->directory);
	str_printable(directory);
	fprintf(out, "%s: %s, %s in %zu windows%s%s\n", name, directory, fmt_ns(s->duration_ns).s,
		s->windows, rec->complete ? "" : ", broken off", rec->ndamage ? ", damaged" : "");
	for (size_t i = 0; i < f->nlost; i++)
		fprintf(out, "  LOST %s %s\n", f->lost[i].cause, fmt_count(f->lost[i].count).s);
}

int diff_table(FILE *out, const struct diff *d)
{
	size_t changed, quiet = 0;
	char title[128];

	errno = 0;
	side_line(out, "A", d->side[0]);
	side_line(out, "B", d->side[1]);
	snprintf(title, sizeof(title), "Grew or shrank by more than the noise (%g standard errors)",
		 d->threshold);
	changed = section(out, d, title, 1U << DIFF_GREW | 1U << DIFF_SHRANK);
	section(out, d, "Too short to tell noise from change", 1U << DIFF_UNKNOWN);
	section(out, d, "Measured in one of them only", 1U << DIFF_ONE_SIDED);
	for (size_t i = 0; i < d->nrows; i++)
		quiet += d->rows[i].verdict == DIFF_NOISE;
	if (!changed)
		fputs("\nNothing grew or shrank by more than the noise.\n", out);
	fprintf(out, "\n%zu figures differ by no more than the noise; --format json lists them.\n",
		quiet);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *count(u64 v)
{
	return json_integer((json_int_t)v);
}

static json_t *side_json(const struct diff_side *s)
{
	const struct fig_recording *rec = &s->run.recording;
	const struct figures *f = s->run.figures;
	json_t *lost = json_object();

	for (size_t i = 0; lost && i < f->nlost; i++)
		if (json_object_set_new(lost, f->lost[i].cause, count(f->lost[i].count)))
			return NULL;
	return json_pack("{s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o}", "directory",
			 json_text(rec->directory), "gilscope", json_text(rec->gilscope),
			 "started_unix_ns", count(rec->started_unix_ns), "complete", rec->complete,
			 "damaged", rec->ndamage > 0, "duration_ns", count(s->duration_ns),
			 "windows", count(s->windows), "lost", lost);
}

static json_t *pid_json(const struct diff_process *p)
{
	return p ? count(p->pid) : json_null();
}

static json_t *row_json(const struct diff_row *r)
{
	const struct diff_process *p = r->a ? r->a : r->b;
	json_t *process = json_null();

	if (p->pid)
		process = json_pack("{s:o, s:o, s:o, s:o}", "pid_a", pid_json(r->a), "pid_b",
				    pid_json(r->b), "command", json_text(p->command), "version",
				    json_text(p->version));
	return json_pack("{s:o, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:s}",
			 "process", process, "group", diff_group_names[r->group], "item",
			 *r->item ? json_text(r->item) : json_null(), "figure", r->figure->name,
			 "unit", units[r->figure->unit], "a", real(r->value[0]), "b",
			 real(r->value[1]), "difference", real(r->difference), "relative",
			 real(r->relative), "a_error", real(r->se[0]), "b_error", real(r->se[1]),
			 "a_windows", count(r->windows[0]), "b_windows", count(r->windows[1]),
			 "noise", real(r->noise), "verdict", diff_verdict_names[r->verdict]);
}

int diff_json(FILE *out, const struct diff *d)
{
	json_t *rows = json_array();

	for (size_t i = 0; rows && i < d->nrows; i++) {
		if (json_array_append_new(rows, row_json(&d->rows[i]))) {
			json_decref(rows);
			rows = NULL;
		}
	}
	return json_print(out,
			  json_pack("{s:s, s:s, s:o, s:o, s:f, s:i, s:o}", "schema",
				    "gilscope.diff/1", "gilscope", GS_VERSION, "a",
				    side_json(d->side[0]), "b", side_json(d->side[1]), "threshold",
				    d->threshold, "min_windows", DIFF_MIN_WINDOWS, "figures", rows),
			  JSON_INDENT(2));
}
