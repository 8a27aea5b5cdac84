/*
 * All processes at once: their sums in two lines, a row for each, and the threads of all of them.
 * The marked row is the process that Enter narrows the view to.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "user/model/fig_totals.h"
#include "user/view/panel_values.h"
#include "user/view/view.h"

#define SUM_ROWS 2
#define PROCESSES_LEAST 4 /* with their titles */

/* One getter: @expr of process @p, its sums being @t, over the time it was measured. */
#define GETTER(name, expr) \
	static double name(const void *row, u64 ns) \
	{ \
		const struct fig_process *p = row; \
		struct fig_totals t; \
\
		fig_totals_of(p, &t); \
		ns = p->measured_ns; \
		(void)ns; \
		return expr; \
	}

GETTER(get_pid, p->pid)
GETTER(get_ns_pid, p->ns_pid && p->ns_pid != p->pid ? p->ns_pid : NAN)
GETTER(get_threads, t.threads)
GETTER(get_held, fmt_ratio(t.held_ns, ns))
GETTER(get_wait, fmt_ratio(t.wait_ns, ns))
GETTER(get_takes, per_second(t.takes, ns))
GETTER(get_contended, per_second(t.contended_takes, ns))
GETTER(get_collections, per_second(t.collections, ns))
GETTER(get_paused, fmt_ratio(t.gc_pause_ns, ns))
GETTER(get_wakes, per_second(t.io_wakeups, ns))

static const char *get_command(const void *row)
{
	const struct fig_process *p = row;

	return p->command ? p->command : "-";
}

/* clang-format off */
const struct grid_column processes_columns[] = {
	{ "PID", UNIT_ID, 7, 0, get_pid, .help = "process, as the host counts" },
	{ "NS-PID", UNIT_ID, 6, 5, get_ns_pid, .help = "as its container counts, where that differs" },
	{ "HELD%", UNIT_PERCENT, 6, 0, get_held, .help = "share of the time its GIL was held" },
	{ "WAIT%", UNIT_PERCENT, 6, 0, get_wait, .warn = 0.1, .bad = 0.5,
	  .help = "waits of its threads for it; several at once add up" },
	{ "TAKES/s", UNIT_REAL, 7, 3, get_takes },
	{ "CONT/s", UNIT_REAL, 6, 2, get_contended, .help = "takes a second that found it taken" },
	{ "GC/s", UNIT_REAL, 5, 4, get_collections, .help = "collections a second" },
	{ "PAUSED", UNIT_PERCENT, 6, 1, get_paused, .warn = 0.05, .bad = 0.2,
	  .help = "share of the time they took" },
	{ "WAKES/s", UNIT_REAL, 7, 6, get_wakes, .help = "wake-ups of epoll, poll and select" },
	{ "THR", UNIT_ID, 4, 0, get_threads, .help = "threads" },
	{ "COMMAND", UNIT_TEXT, 20, 0, .text = get_command },
};
/* clang-format on */

const int processes_ncolumns = sizeof(processes_columns) / sizeof(processes_columns[0]);

static enum style row_style(const void *row, const void *arg)
{
	const struct fig_process *p = row;

	if (p == arg)
		return STYLE_SORT;
	return p->exited ? STYLE_DIM : STYLE_NORMAL;
}

static void sums(struct canvas *c, struct area a, const struct figures *f)
{
	u64 ns = f->duration_ns;
	struct fig_totals t;
	int at;

	fig_totals(f, &t);
	at = canvas_text(c, a.row, a.col, a.cols, STYLE_TITLE, "ALL  ");
	at += canvas_printf(c, a.row, a.col + at, STYLE_NORMAL,
			    "%u processes, %u running, %u threads", t.processes, t.running,
			    t.threads);
	canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, "  GILs held %s of one  waits %s",
		      fmt_percent(fmt_ratio(t.held_ns, ns)).s,
		      fmt_percent(fmt_ratio(t.wait_ns, ns)).s);
	canvas_printf(c, a.row + 1, a.col + 5, STYLE_NORMAL,
		      "takes %s/s  contended %s/s  collections %s/s, %s of the time  wake-ups %s/s",
		      fmt_rate(t.takes, ns).s, fmt_rate(t.contended_takes, ns).s,
		      fmt_rate(t.collections, ns).s, fmt_percent(fmt_ratio(t.gc_pause_ns, ns)).s,
		      fmt_rate(t.io_wakeups, ns).s);
}

/* The marked row, @v->move rows further on. */
static size_t move_mark(struct view *v, const struct figures *f, size_t count)
{
	size_t at = 0, step = (size_t)(v->move < 0 ? -v->move : v->move);

	while (at < count && v->rows[at] != view_process(v))
		at++;
	if (at == count)
		at = 0;
	if (v->move < 0)
		at -= step < at ? step : at;
	else
		at = step < count - 1 - at ? at + step : count - 1;
	v->move = 0;
	v->proc = (size_t)((const struct fig_process *)v->rows[at] - f->procs);
	v->pid = f->procs[v->proc].pid;
	return at;
}

static void list(struct view *v, struct canvas *c, struct area a, const struct figures *f)
{
	struct grid g = {
		.columns = processes_columns,
		.ncolumns = (size_t)processes_ncolumns,
		.sort = v->sort_processes,
		.reverse = v->reverse,
		.over_ns = f->duration_ns,
		.row_style = row_style,
	};
	size_t page = a.rows > 1 ? (size_t)a.rows - 1 : 0, at;

	if (!view_rows(v, f->nprocs))
		return;
	for (size_t i = 0; i < f->nprocs; i++)
		v->rows[i] = &f->procs[i];
	grid_sort(&g, v->rows, f->nprocs);
	at = move_mark(v, f, f->nprocs);
	g.row_arg = view_process(v);
	v->page = page;
	if (at < v->scroll)
		v->scroll = at;
	if (page && at >= v->scroll + page)
		v->scroll = at - page + 1;
	if (v->scroll + page > f->nprocs)
		v->scroll = f->nprocs > page ? f->nprocs - page : 0;
	grid_draw(c, a, &g, v->rows, f->nprocs, v->scroll);
}

void processes_panel(struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = view_figures(v);
	int room = a.rows - SUM_ROWS, want = (int)(f->nprocs < 1000 ? f->nprocs : 1000) + 1;
	int most = room / 2 > PROCESSES_LEAST ? room / 2 : PROCESSES_LEAST;

	sums(c, a, f);
	a.row += SUM_ROWS;
	a.rows = want < most ? want : most;
	list(v, c, a, f);
	a.row += a.rows + 1;
	a.rows = room - a.rows - 1;
	if (a.rows > 1)
		threads_of_all(v, c, a);
}
