/* What stands in the columns of an event's row; see trace_row.h. */
#include "user/export/trace_row.h"

#include <string.h>

#include "bpf/families.h"
#include "user/model/fig_blocked.h"
#include <strings.h>

#define NO_VALUE ((struct trace_row_value) { .type = ROW_NULL })

static struct trace_row_value number(u64 v)
{
	return (struct trace_row_value) { .type = ROW_U64, .number = v };
}

static struct trace_row_value text(const char *s)
{
	return (struct trace_row_value) { .type = ROW_TEXT, .text = s };
}

void trace_row_common(const struct trace_info *info, const struct event *ev,
		      struct trace_row_value ret[ROW_COMMON_COUNT])
{
	const struct event_desc *d = &event_descs[ev->kind];

	ret[ROW_kind] = text(d->name);
	ret[ROW_begin_unix_ns] =
		number(trace_unix_ns(info, d->span ? event_begin_ns(ev) : ev->ts_ns));
	ret[ROW_ts_unix_ns] = number(trace_unix_ns(info, ev->ts_ns));
	ret[ROW_ts_ns] = number(ev->ts_ns);
	ret[ROW_duration_ns] = d->span ? number(ev->ns) : NO_VALUE;
	ret[ROW_pid] = ev->pid ? number(ev->pid) : NO_VALUE;
	ret[ROW_tid] = ev->tid ? number(ev->tid) : NO_VALUE;
	ret[ROW_thread] = ev->thread ? text(ev->thread->name) : NO_VALUE;
}

bool trace_row_has(const struct event_field *f)
{
	if (f->type == EVENT_PAD)
		return false;
	if (f->type == EVENT_TEXT)
		return true;
	return f->offset != offsetof(struct event, tid) &&
	       f->offset != offsetof(struct event, pid) && f->offset != offsetof(struct event, ns);
}

static bool is_called(const char *column, const char *name, size_t len)
{
	return strlen(column) == len && !strncasecmp(column, name, len);
}

bool trace_row_named(const char *name, size_t len)
{
	static const char *const common[] = {
#define X(name) #name,
		TRACE_ROW_COMMON(X)
#undef X
	};

	for (size_t i = 0; i < ROW_COMMON_COUNT; i++)
		if (is_called(common[i], name, len))
			return true;
	for (size_t kind = 0; kind < EVENT_KIND_COUNT; kind++)
		for (const struct event_field *f = event_descs[kind].fields; f->name; f++)
			if (trace_row_has(f) && is_called(f->name, name, len))
				return true;
	return false;
}

size_t trace_row_split(const char *column, const char **ret_value)
{
	size_t len = strcspn(column, "=");

	*ret_value = column + len + (column[len] == '=');
	return len;
}

bool trace_row_tells(const struct trace_info *info, u32 kind, const struct event_field *f)
{
	if (!trace_row_has(f) || !event_field_in(f, info->format))
		return false;
	if (kind >= EVENT_FUNCTION && kind <= EVENT_STACK_COST)
		return trace_measures(info, GS_FAMILY_STACKS);
	if (kind >= EVENT_WAIT_PART && info->format < EVENT_WAIT_PART_FORMAT)
		return false;
	return kind < EVENT_CPU || info->format >= EVENT_CPU_FORMAT;
}

/* Ids of which 0 means that there is none. */
static bool none_is_zero(const struct event_field *f)
{
	return f->offset == offsetof(struct event, holder) ||
	       f->offset == offsetof(struct event, parent) ||
	       f->offset == offsetof(struct event, frame) ||
	       f->offset == offsetof(struct event, caller) ||
	       f->offset == offsetof(struct event, line) ||
	       f->offset == offsetof(struct event, first_line) ||
	       f->offset == offsetof(struct event, seed_tid);
}

/* An address, or like one: not a quantity, and beyond what many readers take as an integer. */
static bool is_address(const struct event_field *f)
{
	return f->offset == offsetof(struct event, key) || f->offset == offsetof(struct event, gil);
}

static struct trace_row_value small(const struct event *ev, const struct event_field *f, u32 v)
{
	static const char *const open_names[] = { "hold", "wait", "collection", "io", "off_cpu" };

	if (ev->kind == EVENT_OPEN && f->offset == offsetof(struct event, what))
		return v < EVENT_OPEN_COUNT ? text(open_names[v]) : number(v);
	if (ev->kind == EVENT_OPEN && f->offset == offsetof(struct event, generation) &&
	    ev->what != EVENT_OPEN_COLLECTION)
		return NO_VALUE;
	if (f->offset == offsetof(struct event, blocked_in))
		return v ? text(fig_blocked_name(v)) : NO_VALUE;
	return !v && none_is_zero(f) ? NO_VALUE : number(v);
}

struct trace_row_value trace_row_value(const struct event *ev, const struct event_field *f)
{
	const char *member = (const char *)ev + f->offset;
	struct trace_row_value v = NO_VALUE;

	switch (f->type) {
	case EVENT_U32:
		return small(ev, f, *(const u32 *)member);
	case EVENT_U64:
		v.number = *(const u64 *)member;
		if (is_address(f))
			v.type = ROW_HEX;
		else if (v.number != EVENT_UNKNOWN)
			v.type = ROW_U64;
		return v;
	case EVENT_S64:
		v.type = ROW_S64;
		v.number = (u64) * (const s64 *)member;
		return v;
	case EVENT_FLAG:
		v.type = ROW_FLAG;
		v.number = !!*(const u32 *)member;
		return v;
	case EVENT_CALL:
		if (ev->kind == EVENT_OPEN && ev->what != EVENT_OPEN_IO)
			return v;
		return text(event_call_name(*(const u32 *)member));
	case EVENT_TEXT:
		return text(ev->text[f->offset] ? ev->text[f->offset] : "");
	case EVENT_PAD:
		break;
	}
	return v;
}
