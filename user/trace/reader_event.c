/* Events of libbabeltrace2 as struct event, in order: gaps told, late ones put right. */
#include <babeltrace2/babeltrace.h>
#include <string.h>

#include "bpf/losses.h"
#include "user/base/str.h"
#include "user/trace/reader_private.h"

static const char *lost_cause(void)
{
	static const char *const names[GS_LOSS_COUNT] = {
#define X(NAME, name, families, help) [GS_LOSS_##NAME] = #name,
		GS_LOSSES(X)
#undef X
	};

	return names[GS_LOSS_RECORDING_DAMAGED];
}

static int hand_out(struct pass *p, struct event *ev)
{
	p->result = table_before(p->table, ev);
	if (p->result)
		return errf(p->e, GS_EXIT_FAILED, p->result, "%s: out of memory; free some",
			    p->reader->directory);
	p->result = p->sink->event(p->sink->ctx, ev);
	if (!p->result)
		table_after(p->table, ev);
	return p->result;
}

static void no_texts(struct event *ev)
{
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		ev->text[i] = "";
}

static int tell_gap(struct pass *p, const struct gap *g)
{
	struct event ev = {
		.kind = EVENT_LOST,
		.ts_ns = g->end_ns,
		.ns = g->end_ns - g->begin_ns,
		.count = g->count,
	};

	no_texts(&ev);
	ev.text[EVENT_LOST_CAUSE] = lost_cause();
	return hand_out(p, &ev);
}

int pass_packet(struct pass *p)
{
	const struct trace_reader *r = p->reader;

	p->late_ns = 0;
	while (p->gap < r->ngaps && r->gaps[p->gap].before <= p->packets)
		if (tell_gap(p, &r->gaps[p->gap++]))
			return p->result;
	p->packets++;
	return 0;
}

int pass_end(struct pass *p)
{
	const struct trace_reader *r = p->reader;

	while (p->gap < r->ngaps)
		if (tell_gap(p, &r->gaps[p->gap++]))
			return p->result;
	return 0;
}

/* A text from the recording, harmless. */
static const char *text(struct pass *p, const struct event_field *f, const bt_field *field)
{
	const char *s = bt_field_string_get_value(field);
	char *to = p->text[f->offset];
	size_t len = strnlen(s, TRACE_TEXT_MAX);

	memcpy(to, s, len);
	to[len] = 0;
	str_printable(to);
	return to;
}

/* A number of 48 bits that are all ones is not known; but for a length, which always is. */
static u64 number(const struct event_field *f, u64 v)
{
	if (f->bits < 64 && v == UINT64_MAX >> (64 - f->bits) &&
	    f->offset != offsetof(struct event, ns))
		return EVENT_UNKNOWN;
	return v;
}

static void read_field(struct pass *p, const struct event_field *f, const bt_field *field,
		       struct event *ev)
{
	char *member = (char *)ev + f->offset;

	switch (f->type) {
	case EVENT_U32:
	case EVENT_FLAG:
	case EVENT_CALL:
		*(u32 *)member = (u32)bt_field_integer_unsigned_get_value(field);
		break;
	case EVENT_U64:
		*(u64 *)member = number(f, bt_field_integer_unsigned_get_value(field));
		break;
	case EVENT_S64:
		*(s64 *)member = bt_field_integer_signed_get_value(field);
		break;
	case EVENT_TEXT:
		ev->text[f->offset] = text(p, f, field);
		break;
	case EVENT_PAD:
		break;
	}
}

/* A field that came with a later version than the recording's. */
static void no_field(const struct event_field *f, struct event *ev)
{
	if (f->type == EVENT_U64)
		*(u64 *)((char *)ev + f->offset) = EVENT_UNKNOWN;
}

int pass_event(struct pass *p, const struct bt_event *bt_ev, u64 ts_ns)
{
	const bt_field *payload = bt_event_borrow_payload_field_const(bt_ev);
	struct event ev = { .kind = (enum event_kind)bt_event_class_get_id(
				    bt_event_borrow_class_const(bt_ev)) };
	const struct event_field *fields = event_descs[ev.kind].fields;

	no_texts(&ev);
	for (size_t i = 0; fields[i].name; i++) {
		if (!event_field_in(&fields[i], p->reader->info.format)) {
			no_field(&fields[i], &ev);
			continue;
		}
		read_field(p, &fields[i],
			   bt_field_structure_borrow_member_field_by_index_const(payload, i), &ev);
	}
	if (ev.kind == EVENT_LATE) {
		p->late_ns = ev.ns;
		return 0;
	}
	ev.ts_ns = ts_ns > p->late_ns ? ts_ns - p->late_ns : 0;
	p->late_ns = 0;
	return hand_out(p, &ev);
}
