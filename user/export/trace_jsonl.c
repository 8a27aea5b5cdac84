/* jsonl: one JSON object a line for each event; see trace_row.h and docs/export.md. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/export/trace_exporter.h"
#include "user/export/trace_row.h"

#define FIELDS 16 /* most that a kind has */

struct key {
	const struct event_field *field; /* NULL ends */
	u8 len;
	char text[30]; /* ,"name": */
};

struct jsonl {
	struct key keys[EVENT_KIND_COUNT][FIELDS];
	struct key common[ROW_COMMON_COUNT];
};

static int set_key(struct key *k, const char *name, char before)
{
	int n = snprintf(k->text, sizeof(k->text), "%c\"%s\":", before, name);

	if (n < 0 || n >= (int)sizeof(k->text))
		return -E2BIG;
	k->len = (u8)n;
	return 0;
}

static int set_keys(struct jsonl *j, const struct trace_info *info)
{
	int err = 0;

#define X(name) err |= set_key(&j->common[ROW_##name], #name, ROW_##name ? ',' : '{');
	TRACE_ROW_COMMON(X)
#undef X
	for (size_t kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		struct key *k = j->keys[kind];

		for (const struct event_field *f = event_descs[kind].fields; f->name; f++) {
			if (!trace_row_tells(info, (u32)kind, f))
				continue;
			if (k == &j->keys[kind][FIELDS - 1])
				return -E2BIG;
			k->field = f;
			err |= set_key(k++, f->name, ',');
		}
	}
	return err ? -E2BIG : 0;
}

static int jsonl_begin(struct trace_export *x)
{
	struct jsonl *j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	x->state = j;
	return set_keys(j, x->info);
}

static void value(struct out *o, const struct trace_row_value *v)
{
	switch (v->type) {
	case ROW_NULL:
		out_bytes(o, "null", 4);
		break;
	case ROW_U64:
		out_u64(o, v->number);
		break;
	case ROW_S64:
		out_s64(o, (s64)v->number);
		break;
	case ROW_FLAG:
		out_str(o, v->number ? "true" : "false");
		break;
	case ROW_HEX:
		out_printf(o, "\"0x%llx\"", (unsigned long long)v->number);
		break;
	case ROW_TEXT:
		out_json(o, v->text);
		break;
	}
}

static int jsonl_event(struct trace_export *x, const struct event *ev)
{
	const struct jsonl *j = x->state;
	struct trace_row_value common[ROW_COMMON_COUNT];
	struct out *o = x->out;

	trace_row_common(x->info, ev, common);
	for (size_t i = 0; i < ROW_COMMON_COUNT; i++) {
		out_bytes(o, j->common[i].text, j->common[i].len);
		value(o, &common[i]);
	}
	for (const struct key *k = j->keys[ev->kind]; k->field; k++) {
		struct trace_row_value v = trace_row_value(ev, k->field);

		out_bytes(o, k->text, k->len);
		value(o, &v);
	}
	for (size_t i = 0; i < x->ncolumns; i++) {
		const char *text;
		size_t len = trace_row_split(x->columns[i], &text);

		out_bytes(o, ",\"", 2);
		out_bytes(o, x->columns[i], len);
		out_bytes(o, "\":", 2);
		out_json(o, text);
	}
	out_bytes(o, "}\n", 2);
	return 0;
}

static int jsonl_end(struct trace_export *x, const struct figures *f)
{
	(void)x;
	(void)f;
	return 0;
}

static void jsonl_done(struct trace_export *x)
{
	free(x->state);
}

const struct trace_exporter_ops trace_jsonl_exporter = {
	.name = "jsonl",
	.help = "one JSON object a line for each event (docs/export.md)",
	.takes_columns = true,
	.begin = jsonl_begin,
	.event = jsonl_event,
	.end = jsonl_end,
	.done = jsonl_done,
};
