/*
 * The threads of the process, or of all of them, sorted by the column the user chose, filtered by
 * name.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/fig_rows.h"
#include "user/view/panel_values.h"
#include "user/view/view.h"

/* One getter: @expr of thread @t, over the @ns its process was measured. */
#define GETTER(name, expr) \
	static double name(const void *row, u64 ns) \
	{ \
		const struct view_thread *r = row; \
		const struct fig_thread *t = r->thread; \
\
		ns = r->process->measured_ns; \
		(void)ns; \
		(void)t; \
		return expr; \
	}

GETTER(get_pid, r->process->pid)
GETTER(get_tid, t->tid ? t->tid : NAN)
GETTER(get_held, fmt_ratio(t->held_ns, ns))
GETTER(get_wait, fmt_ratio(t->wait_ns, ns))
GETTER(get_takes, per_second(t->takes, ns))
GETTER(get_hold_p50, quantile_of(&t->hold, 0.5))
GETTER(get_hold_p99, quantile_of(&t->hold, 0.99))
GETTER(get_hold_max, quantile_of(&t->hold, 1))
GETTER(get_wait_p99, quantile_of(&t->wait, 0.99))
GETTER(get_forced, share_of(t->forced_releases, t->takes))
GETTER(get_offcpu, fig_offcpu_share(r->process, t))

static const char *get_name(const void *row)
{
	const struct view_thread *r = row;

	return r->thread->name ? r->thread->name : "-";
}

/* clang-format off */
static const struct grid_column columns[] = {
	{ "PID", UNIT_ID, 7, 0, get_pid, .help = "process, as the host counts" },
	{ "TID", UNIT_ID, 7, 0, get_tid, .help = "thread, as the host counts" },
	{ "NAME", UNIT_TEXT, 11, 0, .text = get_name, .help = "Python's name, else the system's" },
	{ "HELD%", UNIT_PERCENT, 6, 0, get_held, .help = "share of the time it held the GIL" },
	{ "WAIT%", UNIT_PERCENT, 6, 0, get_wait, .warn = 0.1, .bad = 0.5,
	  .help = "share of the time it waited for the GIL" },
	{ "TAKES/s", UNIT_REAL, 7, 0, get_takes, .help = "times a second it took the GIL" },
	{ "HOLD50", UNIT_NS, 7, 2, get_hold_p50, .help = "half of its holds are no longer" },
	{ "HOLD99", UNIT_NS, 7, 0, get_hold_p99, .help = "99 % of its holds are no longer" },
	{ "HOLDMAX", UNIT_NS, 7, 0, get_hold_max, .help = "its longest hold" },
	{ "WAIT99", UNIT_NS, 7, 1, get_wait_p99, .help = "99 % of its waits are no longer" },
	{ "FORCED", UNIT_PERCENT, 6, 3, get_forced,
	  .help = "share of releases another thread asked for" },
	{ "OFFCPU", UNIT_PERCENT, 6, 4, get_offcpu, .warn = 0.2,
	  .help = "share of its holds it was not running" },
};
/* clang-format on */

/* Of one process: without the first one. */
const struct grid_column *const threads_columns = columns + 1;
const int threads_ncolumns = sizeof(columns) / sizeof(columns[0]) - 1;

/* Ended threads step back, the one that holds the GIL stands out. */
static enum style row_style(const void *row, const void *arg)
{
	const struct view_thread *r = row;

	if (r == arg)
		return STYLE_SORT;
	if (r->thread->exited)
		return STYLE_DIM;
	return r->holds ? STYLE_BOLD : STYLE_NORMAL;
}

/* Room for @count rows, and pointers to them. */
static bool make_room(struct view *v, size_t count)
{
	struct view_thread *more;

	if (count > v->nthreads) {
		more = realloc(v->threads, count * sizeof(*more));
		if (!more)
			return false;
		v->threads = more;
		v->nthreads = count;
	}
	return view_rows(v, count);
}

/* Pointers to the threads of @p to show, into v->rows: with the filter in their name, or all. */
static size_t choose(struct view *v, const struct fig_process *p)
{
	size_t count = 0;

	if (!p->threads || !make_room(v, p->nthreads + 1))
		return 0;
	if (!*v->filter)
		return fig_threads_shown(p, v->rows, &v->ended);
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].name && strcasestr(p->threads[i].name, v->filter))
			v->rows[count++] = &p->threads[i];
	return count;
}

/* v->rows point to threads of @p: let them point to rows from v->threads[@from] on. */
static void wrap(struct view *v, const struct fig_process *p, size_t from, size_t count)
{
	const struct fig_gil *gil = view_gil(p);

	for (size_t i = 0; i < count; i++) {
		const struct fig_thread *t = v->rows[i];

		v->threads[from + i] = (struct view_thread) {
			.thread = t,
			.process = p,
			.holds = gil && gil->holder_tid == t->tid,
		};
	}
	for (size_t i = 0; i < count; i++)
		v->rows[i] = &v->threads[from + i];
}

/* The marked row, v->move rows further on, is on the page; it is the first until one is chosen. */
static const struct view_thread *mark(struct view *v, size_t count, size_t page)
{
	size_t at = 0, step = (size_t)(v->move < 0 ? -v->move : v->move);

	if (!count) {
		v->tid = 0;
		return NULL;
	}
	while (v->marked && at < count &&
	       ((const struct view_thread *)v->rows[at])->thread->tid != v->tid)
		at++;
	if (at == count)
		at = 0;
	if (v->move < 0)
		at -= step < at ? step : at;
	else
		at = step < count - 1 - at ? at + step : count - 1;
	v->marked |= v->move != 0;
	v->move = 0;
	v->tid = ((const struct view_thread *)v->rows[at])->thread->tid;
	if (at < v->scroll)
		v->scroll = at;
	if (page && at >= v->scroll + page)
		v->scroll = at - page + 1;
	if (v->scroll + page > count)
		v->scroll = count > page ? count - page : 0;
	return v->rows[at];
}

static void draw(struct view *v, struct canvas *c, struct area a, struct grid *g, size_t count,
		 size_t of)
{
	char title[VIEW_FILTER + 48];

	if (*v->filter)
		snprintf(title, sizeof(title), "/%s %zu:%zu", v->filter, count, of);
	else
		snprintf(title, sizeof(title), "NAME (%zu)", count);
	g->text_title = title;
	g->reverse = v->reverse;
	g->row_style = row_style;
	grid_sort(g, v->rows, count);
	if (!view_shows_all(v))
		g->row_arg = mark(v, count, v->page);
	grid_draw(c, a, g, v->rows, count, view_shows_all(v) ? 0 : v->scroll);
	if (!count && a.rows > 1)
		canvas_text(c, a.row + 1, a.col, a.cols, STYLE_DIM,
			    *v->filter ? "no thread has that in its name; Esc shows all"
				       : "no thread seen yet");
}

void threads_panel(struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	struct grid g = {
		.columns = threads_columns,
		.ncolumns = (size_t)threads_ncolumns,
		.sort = v->sort,
		.over_ns = p->measured_ns,
	};
	size_t count = choose(v, p), page = a.rows > 1 ? (size_t)a.rows - 1 : 0;

	wrap(v, p, 0, count);
	v->page = page;
	draw(v, c, a, &g, count, p->nthreads);
}

/* Those that run, or have the filter in their name; scrolling is the processes'. */
void threads_of_all(struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = view_figures(v);
	struct grid g = {
		.columns = columns,
		.ncolumns = (size_t)threads_ncolumns + 1,
		.sort = v->sort + 1,
		.over_ns = f->duration_ns,
	};
	size_t most = 0, count = 0;

	for (size_t i = 0; i < f->nprocs; i++)
		most += f->procs[i].nthreads;
	if (!make_room(v, most + 1))
		return;
	for (size_t i = 0; i < f->nprocs; i++) {
		const struct fig_process *p = &f->procs[i];
		size_t n = 0;

		for (size_t k = 0; k < p->nthreads; k++) {
			const struct fig_thread *t = &p->threads[k];

			if (!*v->filter ? !t->exited && !p->exited
					: t->name && strcasestr(t->name, v->filter))
				v->rows[n++] = t;
		}
		wrap(v, p, count, n);
		count += n;
	}
	for (size_t i = 0; i < count; i++)
		v->rows[i] = &v->threads[i];
	draw(v, c, a, &g, count, most);
}
