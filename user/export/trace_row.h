/*
 * An event as a row of a table: what jsonl and csv share.
 *
 * Every row begins with the common columns, in this order; after them come the fields of its kind
 * (event_descs), under their own names.  The schema is written down in docs/export.md.
 */
#ifndef GS_USER_EXPORT_TRACE_ROW_H
#define GS_USER_EXPORT_TRACE_ROW_H

#include "user/model/trace.h"

enum trace_row_type { ROW_NULL, ROW_U64, ROW_S64, ROW_FLAG, ROW_HEX, ROW_TEXT };

struct trace_row_value {
	enum trace_row_type type;
	u64 number; /* U64, HEX, FLAG; S64 as two's complement */
	const char *text; /* TEXT: the event's, or static */
};

/* X(name): the common columns. */
#define TRACE_ROW_COMMON(X) \
	X(kind) X(begin_unix_ns) X(ts_unix_ns) X(ts_ns) X(duration_ns) X(pid) X(tid) X(thread)

enum trace_row_common {
#define X(name) ROW_##name,
	TRACE_ROW_COMMON(X)
#undef X
		ROW_COMMON_COUNT
};

/* The common columns of @ev. */
void trace_row_common(const struct trace_info *info, const struct event *ev,
		      struct trace_row_value ret[ROW_COMMON_COUNT]);

/* Whether @f has a column of its own: not one of the common ones, and not padding. */
bool trace_row_has(const struct event_field *f);

/* Whether a row of some kind has a column called @name, of @len bytes; case does not count. */
bool trace_row_named(const char *name, size_t len);

/* Of a NAME=VALUE: how long NAME is, and VALUE. */
size_t trace_row_split(const char *column, const char **ret_value);

/* Whether the events of @kind have @f in the recording @info, and it has a column: versions and
 * families differ in what there is. */
bool trace_row_tells(const struct trace_info *info, u32 kind, const struct event_field *f);

/* Field @f of @ev; ROW_NULL where it is not known or says nothing in this event. */
struct trace_row_value trace_row_value(const struct event *ev, const struct event_field *f);

#endif
