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

struct trace_metrics {
	struct out *out;
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

/* A histogram in seconds; none if it is not valid. */
void trace_metric_hist(struct trace_metrics *m, const char *name, const char *labels,
		       const struct fig_hist *h);

#endif
