/*
 * A trace exporter writes the events of a recording in the format of another tool.
 *
 *   begin -> { event }* -> end -> done          (done always, however it ended)
 *
 * It sees one event at a time, in the order of their ends, and keeps a bounded amount of memory
 * per thread and process that lives, whatever the length of the recording; what a format wants
 * sorted otherwise goes through user/base/spool.h.
 *
 * Every exporter, one line each: X(name).  A new one adds its line and user/export/trace_<name>.c.
 */
#ifndef GS_USER_EXPORT_TRACE_EXPORTER_H
#define GS_USER_EXPORT_TRACE_EXPORTER_H

#include "user/base/out.h"
#include "user/model/trace.h"

#define TRACE_EXPORTERS(X) \
	X(perfetto) \
	X(chrome) \
	X(openmetrics) \
	X(folded) \
	X(speedscope) \
	X(html) \
	X(jsonl) \
	X(csv)

/* One export.  Zeroed at first but for the members up to `ncolumns`. */
struct trace_export {
	struct out *out;
	const struct trace_info *info; /* lives until done */
	const char *by; /* option --by: what the format weighs; NULL: its default */
	const char *const *columns; /* option --column: NAME=VALUE, names that no row has itself */
	size_t ncolumns;
	void *state; /* the exporter's own, owned by it */
};

/* All return 0 or a negative errno; errors of `out` need not be passed on: they are kept there. */
struct trace_exporter_ops {
	const char *name; /* as in --to */
	const char *help;
	bool takes_by; /* has a choice for --by; the others are not given one */
	bool takes_columns; /* its rows can have columns of --column; others are given none */
	bool wants_figures; /* needs `figures` in end(): the replay runs alongside */
	bool wants_stacks; /* likewise, of a recording that has Python stacks */
	int (*begin)(struct trace_export *x);
	int (*event)(struct trace_export *x, const struct event *ev); /* NULL: not interested */
	/* @f: the whole recording's figures if it wants them, with findings; else NULL. */
	int (*end)(struct trace_export *x, const struct figures *f);
	void (*done)(struct trace_export *x); /* frees x->state; may be NULL */
};

#define X(name) extern const struct trace_exporter_ops trace_##name##_exporter;
TRACE_EXPORTERS(X)
#undef X

/* Does @ops want figures of this recording? */
bool trace_exporter_wants_figures(const struct trace_exporter_ops *ops,
				  const struct trace_info *info);

/* The exporter called @name, or NULL. */
const struct trace_exporter_ops *trace_exporter_find(const char *name);

/* Their names, one by one: NULL ends. */
const struct trace_exporter_ops *trace_exporter_at(size_t i);

#endif
