/*
 * Threads, collections, I/O calls, types and blame as text, the most telling rows first.  No
 * more than TOP rows of each: the whole list is what --format json is for.
 */
#include "user/export/table_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/fig_rows.h"
#include "user/export/text_table.h"

#define TOP 20
#define INDENT 2
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

_Static_assert(TOP < TEXT_ROWS, "a table holds the top rows");

typedef int (*compare_fn)(const void *, const void *);

/* Descending; what was not measured goes last. */
static int compare_u64(u64 a, u64 b)
{
	a = a == FIG_NULL ? 0 : a;
	b = b == FIG_NULL ? 0 : b;
	return (a < b) - (a > b);
}

static int compare_threads(const void *va, const void *vb)
{
	const struct fig_thread *a = *(const struct fig_thread *const *)va;
	const struct fig_thread *b = *(const struct fig_thread *const *)vb;
	int by = compare_u64(a->held_ns, b->held_ns);

	if (!by)
		by = compare_u64(a->wait_ns, b->wait_ns);
	return by ? by : compare_u64(b->tid, a->tid);
}

static int compare_types(const void *va, const void *vb)
{
	const struct fig_type *a = *(const struct fig_type *const *)va;
	const struct fig_type *b = *(const struct fig_type *const *)vb;
	int by = compare_u64(a->deallocs, b->deallocs);

	return by ? by : compare_u64(a->allocs, b->allocs);
}

static int compare_loops(const void *va, const void *vb)
{
	const struct fig_loop *a = *(const struct fig_loop *const *)va;
	const struct fig_loop *b = *(const struct fig_loop *const *)vb;
	int by = compare_u64(a->blocked_ns, b->blocked_ns);

	return by ? by : compare_u64(a->iteration.sum_ns, b->iteration.sum_ns);
}

static int compare_blame(const void *va, const void *vb)
{
	const struct fig_blame *a = *(const struct fig_blame *const *)va;
	const struct fig_blame *b = *(const struct fig_blame *const *)vb;

	return compare_u64(a->wait_ns, b->wait_ns);
}

/* Pointers to @p's rows of table @id in @by's order; *@ret_sorted NULL if there are none. */
static int sorted(const struct fig_process *p, enum fig_table id, compare_fn by,
		  const char ***ret_sorted, size_t *ret_count)
{
	struct fig_rows rows = fig_rows(&fig_tables[id], p);
	const char **list = NULL;

	if (rows.row && rows.count) {
		list = malloc(rows.count * sizeof(*list));
		if (!list)
			return -ENOMEM;
		for (size_t i = 0; i < rows.count; i++)
			list[i] = rows.row + i * fig_tables[id].row_size;
		qsort(list, rows.count, sizeof(*list), by);
	}
	*ret_sorted = list;
	*ret_count = list ? rows.count : 0;
	return 0;
}

static void ns_cell(struct text_table *t, u64 ns)
{
	text_table_cell(t, fmt_ns(ns).s);
}

static void quantile_cell(struct text_table *t, const struct fig_hist *h, double q)
{
	ns_cell(t, fig_hist_quantile(h, q));
}

static void count_cell(struct text_table *t, u64 n)
{
	text_table_cell(t, fmt_count(n).s);
}

static void rate_cell(struct text_table *t, u64 n, const struct fig_process *p)
{
	text_table_cell(t, fmt_rate(n, p->measured_ns).s);
}

static void share_cell(struct text_table *t, u64 part, u64 whole)
{
	text_table_cell(t, fmt_percent(fmt_ratio(part, whole)).s);
}

/* A part that cannot be more than all: at an interval's edges a release may fall into the one
 * after its take's. */
static void part_cell(struct text_table *t, u64 part, u64 whole)
{
	share_cell(t, part > whole && part != FIG_NULL ? whole : part, whole);
}

static void and_more(FILE *out, size_t count)
{
	if (count > TOP)
		fprintf(out, "%*s... and %zu more\n", INDENT, "", count - TOP);
}

static bool section(FILE *out, const char *title, bool measured, size_t rows)
{
	if (measured && rows) {
		fprintf(out, "\n%s\n", title);
		return true;
	}
	fprintf(out, "\n%s: %s\n", title, measured ? "none seen" : "not measured");
	return false;
}

int table_threads(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "TID" },	{ "NAME", true }, { "HELD%" },	  { "WAIT%" },
		{ "TAKES/s" },	{ "FORCED%" },	  { "OFFCPU%" },  { "HOLD p50" },
		{ "HOLD p99" }, { "HOLD max" },	  { "WAIT p99" }, { "WAIT max" },
	};
	const void **list = malloc((p->nthreads + 1) * sizeof(*list));
	struct fig_ended ended;
	struct text_table t;
	size_t count;

	if (!list)
		return -ENOMEM;
	count = fig_threads_shown(p, list, &ended);
	qsort(list, count, sizeof(*list), compare_threads);
	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; i < count && i < TOP; i++) {
		const struct fig_thread *th = list[i];
		char tid[16] = "-";

		if (th->tid)
			snprintf(tid, sizeof(tid), "%u%s", th->tid, th->exited ? "x" : "");
		text_table_row(&t);
		text_table_cell(&t, tid);
		text_table_cell(&t, th->name ? th->name : "-");
		share_cell(&t, th->held_ns, p->measured_ns);
		share_cell(&t, th->wait_ns, p->measured_ns);
		rate_cell(&t, th->takes, p);
		part_cell(&t, th->forced_releases, th->takes);
		text_table_cell(&t, fmt_percent(fig_offcpu_share(p, th)).s);
		quantile_cell(&t, &th->hold, 0.5);
		quantile_cell(&t, &th->hold, 0.99);
		quantile_cell(&t, &th->hold, 1);
		quantile_cell(&t, &th->wait, 0.99);
		quantile_cell(&t, &th->wait, 1);
	}
	free(list);
	if (section(out, "Threads, by time they held the GIL (x: ended)", true, count)) {
		text_table_print(&t, out, INDENT);
		and_more(out, count);
	}
	return 0;
}

int table_gc(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "GEN" },	 { "COUNT" },	  { "PER s" },	       { "PAUSE p50" },
		{ "PAUSE p99" }, { "PAUSE max" }, { "PAUSED" },	       { "PAUSED%" },
		{ "STALLED" },	 { "COLLECTED" }, { "UNCOLLECTABLE" },
	};
	struct text_table t;

	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; p->gc && i < p->ngc && i < TOP; i++) {
		const struct fig_gc *gc = &p->gc[i];
		u64 paused_ns = gc->pause.valid ? gc->pause.sum_ns : FIG_NULL;

		text_table_row(&t);
		count_cell(&t, gc->generation);
		count_cell(&t, gc->collections);
		rate_cell(&t, gc->collections, p);
		quantile_cell(&t, &gc->pause, 0.5);
		quantile_cell(&t, &gc->pause, 0.99);
		quantile_cell(&t, &gc->pause, 1);
		ns_cell(&t, paused_ns);
		share_cell(&t, paused_ns, p->measured_ns);
		ns_cell(&t, gc->stalled_ns);
		count_cell(&t, gc->collected);
		count_cell(&t, gc->uncollectable);
	}
	if (section(out, "Garbage collections", p->gc_measured, p->ngc))
		text_table_print(&t, out, INDENT);
	return 0;
}

int table_io(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "CALL", true }, { "CALLS/s" },    { "WAKE-UPS/s" },  { "EVENTS/CALL" },
		{ "TIMEOUTS" },	  { "ERRORS" },	    { "BLOCKED p50" }, { "TO RUN p99" },
		{ "TO GIL p50" }, { "TO GIL p99" }, { "TO GIL max" },
	};
	struct text_table t;

	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; p->io && i < p->nio && i < TOP; i++) {
		const struct fig_io *io = &p->io[i];
		double per_call = fmt_ratio(io->events, io->calls);
		char text[32];

		snprintf(text, sizeof(text), per_call == per_call ? "%.2f" : "-", per_call);
		text_table_row(&t);
		text_table_cell(&t, io->call);
		rate_cell(&t, io->calls, p);
		rate_cell(&t, io->wakeups, p);
		text_table_cell(&t, text);
		count_cell(&t, io->timeouts);
		count_cell(&t, io->errors);
		quantile_cell(&t, &io->blocked, 0.5);
		quantile_cell(&t, &io->wake_to_run, 0.99);
		quantile_cell(&t, &io->wake_to_gil, 0.5);
		quantile_cell(&t, &io->wake_to_gil, 0.99);
		quantile_cell(&t, &io->wake_to_gil, 1);
	}
	if (section(out, "I/O wake-ups (woken, to running, to owning the GIL)", p->io_measured,
		    p->nio))
		text_table_print(&t, out, INDENT);
	return 0;
}

int table_loops(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "TID" },	{ "NAME", true }, { "ITERATIONS/s" }, { "BUSY%" },
		{ "ITER p50" }, { "ITER p99" },	  { "ITER max" },     { "STEPS/s" },
		{ "STEP p50" }, { "STEP p99" },	  { "STEP max" },     { "BLOCKED" },
		{ "TIME" },	{ "NOW" },
	};
	const char **list;
	struct text_table t;
	size_t count;
	int err;

	if (!p->asyncio_measured)
		return 0;
	err = sorted(p, FIG_ASYNCIO, compare_loops, &list, &count);
	if (err)
		return err;
	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; i < count && i < TOP; i++) {
		const struct fig_loop *l = (const struct fig_loop *)list[i];
		char tid[16] = "-";

		if (l->tid)
			snprintf(tid, sizeof(tid), "%u%s", l->tid, l->exited ? "x" : "");
		text_table_row(&t);
		text_table_cell(&t, tid);
		text_table_cell(&t, l->name ? l->name : "-");
		rate_cell(&t, l->iterations, p);
		share_cell(&t, l->iteration.valid ? l->iteration.sum_ns : FIG_NULL, p->measured_ns);
		quantile_cell(&t, &l->iteration, 0.5);
		quantile_cell(&t, &l->iteration, 0.99);
		quantile_cell(&t, &l->iteration, 1);
		rate_cell(&t, l->steps, p);
		quantile_cell(&t, &l->step, 0.5);
		quantile_cell(&t, &l->step, 0.99);
		quantile_cell(&t, &l->step, 1);
		count_cell(&t, l->blocked);
		ns_cell(&t, l->blocked_ns);
		ns_cell(&t, l->running_ns);
	}
	free(list);
	if (section(out, "Event loops (asyncio)", true, count)) {
		text_table_print(&t, out, INDENT);
		and_more(out, count);
	}
	return 0;
}

int table_types(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "TYPE", true }, { "DEALLOCS" }, { "DEALLOCS/s" },
		{ "ALLOCS" },	  { "ALLOCS/s" }, { "+-" },
	};
	bool sampled = p->types_source && !strcmp(p->types_source, "sampled"), unbounded = false;
	const char **list;
	struct text_table t;
	size_t count;
	int err = sorted(p, FIG_TYPES, compare_types, &list, &count);

	if (err)
		return err;
	text_table_init(&t, columns, COUNT(columns) - !sampled); /* exact: no error */
	for (size_t i = 0; i < count && i < TOP; i++) {
		const struct fig_type *type = (const struct fig_type *)list[i];

		text_table_row(&t);
		text_table_cell(&t, type->type ? type->type : "-");
		count_cell(&t, type->deallocs);
		rate_cell(&t, type->deallocs, p);
		count_cell(&t, type->allocs);
		rate_cell(&t, type->allocs, p);
		if (sampled)
			text_table_cell(&t, fmt_percent(type->error_ratio).s);
		unbounded |= sampled && isnan(type->error_ratio) && p->types_bursts > 1 &&
			     type->deallocs_counted;
	}
	free(list);
	if (!section(out, "Objects, by type", p->types_measured, count))
		return 0;
	text_table_print(&t, out, INDENT);
	and_more(out, count);
	if (sampled)
		fprintf(out, "%*ssampled: estimated from %s bursts, %s in all\n", INDENT, "",
			fmt_count(p->types_bursts).s, fmt_ns(p->types_observed_ns).s);
	if (unbounded)
		fprintf(out,
			"%*swhere no error is told: at least so many; the probes took nearly all "
			"of "
			"the time\n",
			INDENT, "");
	if (p->types_coverage)
		fprintf(out, "%*scoverage: %s\n", INDENT, "", p->types_coverage);
	return 0;
}

int table_blame(FILE *out, const struct fig_process *p)
{
	static const struct text_column columns[] = {
		{ "HOLDER" }, { "WAITER" }, { "WAITS" }, { "TIME" }, { "WAIT%" },
	};
	const char **list;
	struct text_table t;
	size_t count;
	int err;

	if (!p->blame_measured)
		return 0;
	err = sorted(p, FIG_BLAME, compare_blame, &list, &count);
	if (err)
		return err;
	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; i < count && i < TOP; i++) {
		const struct fig_blame *b = (const struct fig_blame *)list[i];
		char tid[16];

		text_table_row(&t);
		snprintf(tid, sizeof(tid), "%u", b->holder_tid);
		text_table_cell(&t, tid);
		snprintf(tid, sizeof(tid), "%u", b->waiter_tid);
		text_table_cell(&t, tid);
		count_cell(&t, b->waits);
		ns_cell(&t, b->wait_ns);
		share_cell(&t, b->wait_ns, p->measured_ns);
	}
	free(list);
	if (section(out, "Who made whom wait", true, count)) {
		text_table_print(&t, out, INDENT);
		and_more(out, count);
	}
	return 0;
}
