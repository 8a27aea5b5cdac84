/* Writing an exposition of metrics: labels, values, histograms; and the rows they are of. */
#ifndef GS_USER_EXPORT_TRACE_METRICS_H
#define GS_USER_EXPORT_TRACE_METRICS_H

#include "user/base/out.h"
#include "user/model/figures.h"

/* A row of a process's table, with labels that no other row of the table has. */
struct trace_metric_row {
	enum fig_table table;
	const void *row; /* of the figures, or `sum` */
	void *sum; /* owned; of rows whose labels are the same; NULL: it is one row */
	char *labels; /* owned; "" for none */
};

/*
 * The two formats disagree on how a counter's type is told (of the name with _total, or without),
 * and each refuses the other's form.  A file is valid as both: its counters have HELP and no TYPE.
 */
enum trace_metric_form { METRICS_BOTH, METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/* A metric that is a member of each row of a table of the processes. */
struct trace_metric {
	const char *name; /* without _total */
	const char *unit; /* "seconds": from ns; "" */
	enum fig_table table;
	enum trace_metric_type { METRIC_COUNTER, METRIC_LEVEL, METRIC_HISTOGRAM } type;
	size_t offset;
	const char *help;
};

/* All of them; in trace_openmetrics.c. */
extern const struct trace_metric trace_metric_list[];
extern const size_t trace_metric_count;

/* Bounds of histograms that are written, +Inf left out. */
#define TRACE_METRIC_BOUNDS 14

/* Who takes the metrics as they are, instead of their text; labels as trace_metric_labels(). */
struct trace_metric_sink {
	void (*begin)(void *ctx, const char *name, const char *type, const char *unit,
		      const char *help);
	/* @name is that of begin(); @seconds: @v is in ns */
	void (*value)(void *ctx, const char *labels, u64 v, bool seconds);
	/* in seconds; @below: at or below each bound */
	void (*histogram)(void *ctx, const char *labels, const u64 below[TRACE_METRIC_BOUNDS],
			  u64 count, u64 sum_ns);
};

struct trace_metrics {
	struct out *out;
	enum trace_metric_form form;
	const struct trace_metric_sink *sink; /* NULL: text into out */
	void *sink_ctx;
	struct trace_metric_row *rows; /* owned; by table, then by labels */
	size_t count;
	char **pids; /* owned; the label of each process */
	size_t npids;
};

/*
 * trace_metrics_rows - collect the rows of @f
 *
 * A pid that comes again (after an exec, or used again) is told apart as "4711#2".
 * Return: 0 or -ENOMEM; free in both cases.
 */
int trace_metrics_rows(struct trace_metrics *m, const struct figures *f);
void trace_metrics_free(struct trace_metrics *m);

/*
 * Labels: @prefix, other labels or "", then pairs of name and text (NULL is ""), up to a NULL
 * name.  To be freed; NULL without memory.
 */
char *trace_metric_labels(const char *prefix, const char *const *pairs);

/*
 * trace_metric_begin - describe a metric
 * @type: NULL: a counter; then its samples have the suffix _total
 * @unit: what the name ends in; "" for none
 */
void trace_metric_begin(struct trace_metrics *m, const char *name, const char *type,
			const char *unit, const char *help);

/* A sample; none for FIG_NULL.  @seconds: @v is in ns. */
void trace_metric_value(struct trace_metrics *m, const char *name, const char *suffix,
			const char *labels, u64 v, bool seconds);

/* The label by which row @row of @table is told apart, but for threads: NULL, or its name, and
 * its value in *@ret_value, which may be in @room. */
const char *trace_metric_key(enum fig_table table, const void *row, char room[32],
			     const char **ret_value);

/* Bound @i of TRACE_METRIC_BOUNDS, in ns: a value of just so many is at or below it. */
u64 trace_metric_bound(u32 i);

/* How many values of @h are at or below each bound. */
void trace_metric_below(const struct fig_hist *h, u64 ret_below[TRACE_METRIC_BOUNDS]);

/* A histogram in seconds whose values were counted into @below. */
void trace_metric_counted(struct trace_metrics *m, const char *name, const char *labels,
			  const u64 below[TRACE_METRIC_BOUNDS], u64 count, u64 sum_ns);

/* A histogram in seconds; none if it is not valid. */
void trace_metric_hist(struct trace_metrics *m, const char *name, const char *labels,
		       const struct fig_hist *h);

#endif
