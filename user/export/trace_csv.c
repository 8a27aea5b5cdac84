/*
 * csv: one row for each event, one header for all kinds: the common columns, then every field of
 * any kind once; see trace_row.h and docs/export.md.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/export/trace_exporter.h"
#include "user/export/trace_row.h"

#define COLUMNS 80 /* after the common ones; most there can be */

struct csv {
	size_t columns;
	const char *names[COLUMNS];
	/* the field that a kind has in a column, or NULL; and how many columns it needs */
	const struct event_field *fields[EVENT_KIND_COUNT][COLUMNS];
	size_t used[EVENT_KIND_COUNT];
	char commas[COLUMNS];
};

/* The column called @name, made if it is new; COLUMNS if there is no room. */
static size_t column(struct csv *c, const char *name)
{
	size_t i = 0;

	while (i < c->columns && strcmp(c->names[i], name))
		i++;
	if (i == c->columns && i < COLUMNS)
		c->names[c->columns++] = name;
	return i;
}

static int make_columns(struct csv *c, const struct trace_info *info)
{
	for (size_t kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		for (const struct event_field *f = event_descs[kind].fields; f->name; f++) {
			size_t i;

			if (!trace_row_tells(info, (u32)kind, f))
				continue;
			i = column(c, f->name);
			if (i == COLUMNS)
				return -E2BIG;
			c->fields[kind][i] = f;
			if (i >= c->used[kind])
				c->used[kind] = i + 1;
		}
	}
	memset(c->commas, ',', sizeof(c->commas));
	return 0;
}

static int csv_begin(struct trace_export *x)
{
	struct csv *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	x->state = c;
	err = make_columns(c, x->info);
	if (err)
		return err;
#define X(name) out_str(x->out, ROW_##name ? "," #name : #name);
	TRACE_ROW_COMMON(X)
#undef X
	for (size_t i = 0; i < c->columns; i++) {
		out_char(x->out, ',');
		out_csv(x->out, c->names[i]);
	}
	for (size_t i = 0; i < x->ncolumns; i++) {
		const char *text;

		out_char(x->out, ',');
		out_bytes(x->out, x->columns[i], trace_row_split(x->columns[i], &text));
	}
	out_char(x->out, '\n');
	return 0;
}

static void value(struct out *o, const struct trace_row_value *v)
{
	switch (v->type) {
	case ROW_NULL:
		break;
	case ROW_U64:
		out_u64(o, v->number);
		break;
	case ROW_S64:
		out_s64(o, (s64)v->number);
		break;
	case ROW_FLAG:
		out_char(o, v->number ? '1' : '0');
		break;
	case ROW_HEX:
		out_printf(o, "0x%llx", (unsigned long long)v->number);
		break;
	case ROW_TEXT:
		out_csv(o, v->text);
		break;
	}
}

static int csv_event(struct trace_export *x, const struct event *ev)
{
	const struct csv *c = x->state;
	struct trace_row_value v[ROW_COMMON_COUNT];
	struct out *o = x->out;
	size_t used = c->used[ev->kind];

	trace_row_common(x->info, ev, v);
	for (size_t i = 0; i < ROW_COMMON_COUNT; i++) {
		if (i)
			out_char(o, ',');
		value(o, &v[i]);
	}
	for (size_t i = 0; i < used; i++) {
		const struct event_field *f = c->fields[ev->kind][i];

		out_char(o, ',');
		if (f) {
			v[0] = trace_row_value(ev, f);
			value(o, &v[0]);
		}
	}
	out_bytes(o, c->commas, c->columns - used);
	for (size_t i = 0; i < x->ncolumns; i++) {
		const char *text;

		(void)trace_row_split(x->columns[i], &text);
		out_char(o, ',');
		out_csv(o, text);
	}
	out_char(o, '\n');
	return 0;
}

static int csv_end(struct trace_export *x, const struct figures *f)
{
	(void)x;
	(void)f;
	return 0;
}

static void csv_done(struct trace_export *x)
{
	free(x->state);
}

const struct trace_exporter_ops trace_csv_exporter = {
	.name = "csv",
	.help = "one row for each event, one header for all (docs/export.md)",
	.takes_columns = true,
	.begin = csv_begin,
	.event = csv_event,
	.end = csv_end,
	.done = csv_done,
};
