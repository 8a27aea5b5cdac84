/* Event loops of asyncio, the busiest first.  Drawn where they are measured only. */
#include "user/view/panel_values.h"
#include "user/view/view.h"

#define GETTER(name, expr) \
	static double name(const void *row, u64 ns) \
	{ \
		const struct fig_loop *l = row; \
\
		(void)ns; \
		return expr; \
	}

GETTER(get_tid, l->tid ? (double)l->tid : NAN)
GETTER(get_iterations, per_second(l->iterations, ns))
GETTER(get_busy, fmt_ratio(l->iteration.valid ? l->iteration.sum_ns : FIG_NULL, ns))
GETTER(get_p50, quantile_of(&l->iteration, 0.5))
GETTER(get_p99, quantile_of(&l->iteration, 0.99))
GETTER(get_max, quantile_of(&l->iteration, 1))
GETTER(get_steps, per_second(l->steps, ns))
GETTER(get_step99, quantile_of(&l->step, 0.99))
GETTER(get_step_max, quantile_of(&l->step, 1))
GETTER(get_blocked, value_of(l->blocked))
GETTER(get_blocked_ns, value_of(l->blocked_ns))
GETTER(get_running, value_of(l->running_ns))

static const char *get_name(const void *row)
{
	const struct fig_loop *l = row;

	return l->name ? l->name : "-";
}

#define BY_BUSY 3 /* column */

/* clang-format off */
static const struct grid_column columns[] = {
	{ "LOOP", UNIT_ID, 7, 0, get_tid },
	{ "THREAD", UNIT_TEXT, 12, 0, .text = get_name },
	{ "ITER/s", UNIT_REAL, 7, 0, get_iterations },
	{ "BUSY%", UNIT_PERCENT, 6, 0, get_busy, .warn = 0.7, .bad = 0.9 },
	{ "ITER50", UNIT_NS, 7, 3, get_p50 },
	{ "ITER99", UNIT_NS, 7, 0, get_p99, .warn = 20e6, .bad = 100e6 },
	{ "ITERMAX", UNIT_NS, 7, 0, get_max, .warn = 20e6, .bad = 100e6 },
	{ "STEPS/s", UNIT_REAL, 7, 2, get_steps },
	{ "STEP99", UNIT_NS, 7, 4, get_step99 },
	{ "STEPMAX", UNIT_NS, 7, 1, get_step_max },
	{ "BLOCKED", UNIT_COUNT, 7, 0, get_blocked, .warn = 1 },
	{ "BLKTIME", UNIT_NS, 7, 0, get_blocked_ns },
	{ "NOW", UNIT_NS, 7, 0, get_running, .warn = 20e6, .bad = 100e6 },
};
/* clang-format on */

void asyncio_panel(struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	struct grid g = {
		.columns = columns,
		.ncolumns = sizeof(columns) / sizeof(columns[0]),
		.sort = BY_BUSY,
		.over_ns = p->measured_ns,
	};
	size_t count = 0;

	if (p->loops && view_rows(v, p->nloops))
		for (; count < p->nloops; count++)
			v->rows[count] = &p->loops[count];
	grid_sort(&g, v->rows, count);
	grid_draw(c, a, &g, v->rows, count, 0);
	if (!count && a.rows > 1)
		canvas_text(c, a.row + 1, a.col, a.cols, STYLE_DIM,
			    "no task of an event loop was run yet");
}
