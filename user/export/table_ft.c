/* Free-threaded builds: what took the threads' time, and whose it was, as text. */
#include <errno.h>
#include <stdlib.h>

#include "user/base/fmt.h"
#include "user/export/table_rows.h"
#include "user/export/text_table.h"

#define TOP 20
#define INDENT 2
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

_Static_assert(TOP < TEXT_ROWS, "a table holds the top rows");

static void ns_cell(struct text_table *t, u64 ns)
{
	text_table_cell(t, fmt_ns(ns).s);
}

int table_ft(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "WHAT", true }, { "COUNT" }, { "TIME" }, { "p50" }, { "p99" }, { "max" },
	};
	struct text_table t;

	if (!p->ft_measured)
		return 0;
	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; i < p->nft; i++) {
		const struct fig_ft *row = &p->ft[i];

		text_table_row(&t);
		text_table_cell(&t, row->what);
		text_table_cell(&t, fmt_count(row->time.count).s);
		ns_cell(&t, row->time.sum_ns);
		ns_cell(&t, fig_hist_quantile(&row->time, 0.5));
		ns_cell(&t, fig_hist_quantile(&row->time, 0.99));
		ns_cell(&t, fig_hist_quantile(&row->time, 1));
	}
	fputs("\nInstead of the GIL\n", out);
	text_table_print(&t, out, INDENT);
	for (size_t i = 0; i < p->nft; i++)
		fprintf(out, "%*s%s: %s\n", INDENT, "", p->ft[i].what, p->ft[i].meaning);
	return 0;
}

/* What the thread waited, or made others wait. */
static u64 weight(const struct fig_thread *t)
{
	return t->ft.stops == FIG_NULL ? 0
				       : t->ft.stopping_ns + t->ft.stopped_ns + t->ft.mutex_wait_ns;
}

static int heavier(const void *va, const void *vb)
{
	u64 a = weight(*(const struct fig_thread *const *)va);
	u64 b = weight(*(const struct fig_thread *const *)vb);

	return (a < b) - (a > b);
}

static void thread_row(struct text_table *t, const struct fig_thread *th)
{
	char tid[16];

	text_table_row(t);
	snprintf(tid, sizeof(tid), "%u%s", th->tid, th->exited ? "x" : "");
	text_table_cell(t, tid);
	text_table_cell(t, th->name ? th->name : "-");
	text_table_cell(t, fmt_count(th->ft.stops).s);
	ns_cell(t, th->ft.stopping_ns);
	ns_cell(t, th->ft.stopped_ns);
	ns_cell(t, th->ft.suspended_ns);
	text_table_cell(t, fmt_count(th->ft.critical_waits).s);
	text_table_cell(t, fmt_count(th->ft.mutex_waits).s);
	ns_cell(t, th->ft.mutex_wait_ns);
	ns_cell(t, th->ft.mutex_wait_max_ns);
	snprintf(tid, sizeof(tid), "%u", (unsigned int)th->ft.mutex_holder_tid);
	text_table_cell(t, th->ft.mutex_holder_tid == FIG_NULL ? "-" : tid);
}

int table_ft_threads(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "TID" },	 { "NAME", true }, { "STOPS" },	   { "STOPPING" },
		{ "STOPPED" },	 { "SUSPENDED" },  { "CRITICAL" }, { "MUTEX WAITS" },
		{ "WAIT TIME" }, { "WAIT max" },   { "BY" },
	};
	const struct fig_thread **list;
	struct text_table t;

	if (!p->ft_measured || !p->nthreads)
		return 0;
	list = malloc(p->nthreads * sizeof(struct fig_thread *));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < p->nthreads; i++)
		list[i] = &p->threads[i];
	qsort(list, p->nthreads, sizeof(struct fig_thread *), heavier);
	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; i < p->nthreads && i < TOP; i++)
		thread_row(&t, list[i]);
	free(list);
	fputs("\nStops of the world and waits for mutexes, by thread\n", out);
	text_table_print(&t, out, INDENT);
	if (p->nthreads > TOP)
		fprintf(out, "%*s... and %zu more\n", INDENT, "", p->nthreads - TOP);
	return 0;
}
