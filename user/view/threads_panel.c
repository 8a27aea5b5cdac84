/* The threads of the process, sorted by the column the user chose, filtered by name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "user/model/fig_rows.h"
#include "user/view/panel_values.h"
#include "user/view/view.h"

/* One getter: @expr of thread @t, over @ns. */
#define GETTER(name, expr) \
	static double name(const void *row, u64 ns) \
	{ \
		const struct fig_thread *t = row; \
\
		(void)ns; \
		return expr; \
	}

GETTER(get_tid, t->tid ? t->tid : NAN)
GETTER(get_held, fmt_ratio(t->held_ns, ns))
GETTER(get_wait, fmt_ratio(t->wait_ns, ns))
GETTER(get_takes, per_second(t->takes, ns))
GETTER(get_hold_p50, quantile_of(&t->hold, 0.5))
GETTER(get_hold_p99, quantile_of(&t->hold, 0.99))
GETTER(get_hold_max, quantile_of(&t->hold, 1))
GETTER(get_wait_p99, quantile_of(&t->wait, 0.99))
GETTER(get_forced, share_of(t->forced_releases, t->takes))
GETTER(get_offcpu, share_of(t->held_offcpu_ns, t->held_ns))

static const char *get_name(const void *row)
{
	const struct fig_thread *t = row;

	return t->name ? t->name : "-";
}

/* clang-format off */
const struct grid_column threads_columns[] = {
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

const int threads_ncolumns = sizeof(threads_columns) / sizeof(threads_columns[0]);

/* Ended threads step back, the one that holds the GIL stands out. */
static enum style row_style(const void *row, const void *arg)
{
	const struct fig_thread *t = row;
	const struct fig_gil *gil = arg;

	if (t->exited)
		return STYLE_DIM;
	return gil && gil->holder_tid == t->tid ? STYLE_BOLD : STYLE_NORMAL;
}

/* Pointers to the threads to show, into v->rows: those whose name has the filter in it, or all. */
static size_t choose(struct view *v, const struct fig_process *p)
{
	size_t count = 0;

	if (!p->threads || !view_rows(v, p->nthreads + 1))
		return 0;
	if (!*v->filter)
		return fig_threads_shown(p, v->rows, &v->ended);
	for (size_t i = 0; i < p->nthreads; i++)
		if (strcasestr(get_name(&p->threads[i]), v->filter))
			v->rows[count++] = &p->threads[i];
	return count;
}

void threads_panel(struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	char title[VIEW_FILTER + 48];
	struct grid g = {
		.columns = threads_columns,
		.ncolumns = (size_t)threads_ncolumns,
		.sort = v->sort,
		.reverse = v->reverse,
		.over_ns = p->measured_ns,
		.text_title = title,
		.row_style = row_style,
		.row_arg = view_gil(p),
	};
	size_t count = choose(v, p), page = a.rows > 1 ? (size_t)a.rows - 1 : 0;

	if (*v->filter)
		snprintf(title, sizeof(title), "/%s %zu:%zu", v->filter, count, p->nthreads);
	else
		snprintf(title, sizeof(title), "NAME (%zu)", count);
	v->page = page;
	if (v->scroll + page > count)
		v->scroll = count > page ? count - page : 0;
	grid_sort(&g, v->rows, count);
	grid_draw(c, a, &g, v->rows, count, v->scroll);
	if (!count && a.rows > 1)
		canvas_text(c, a.row + 1, a.col, a.cols, STYLE_DIM,
			    *v->filter ? "no thread has that in its name; Esc shows all"
				       : "no thread seen yet");
}
