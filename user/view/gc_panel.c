/* Collections of each generation and what they cost. */
#include "user/view/panel_values.h"
#include "user/view/view.h"

#define GC_ROWS 8 /* generations there will ever be */

#define GETTER(name, expr) \
	static double name(const void *row, u64 ns) \
	{ \
		const struct fig_gc *gc = row; \
\
		(void)ns; \
		return expr; \
	}

GETTER(get_generation, gc->generation)
GETTER(get_rate, per_second(gc->collections, ns))
GETTER(get_p50, quantile_of(&gc->pause, 0.5))
GETTER(get_p99, quantile_of(&gc->pause, 0.99))
GETTER(get_max, quantile_of(&gc->pause, 1))
GETTER(get_share, fmt_ratio(gc->pause.valid ? gc->pause.sum_ns : FIG_NULL, ns))
GETTER(get_stalled, value_of(gc->stalled_ns))
GETTER(get_collected, value_of(gc->collected))
GETTER(get_uncollectable, value_of(gc->uncollectable))

/* clang-format off */
static const struct grid_column columns[] = {
	{ "GC GEN", UNIT_ID, 7, 0, get_generation },
	{ "COUNT/s", UNIT_REAL, 8, 0, get_rate },
	{ "PAUSE50", UNIT_NS, 7, 0, get_p50 },
	{ "PAUSE99", UNIT_NS, 7, 0, get_p99 },
	{ "PAUSEMAX", UNIT_NS, 8, 0, get_max },
	{ "PAUSED", UNIT_PERCENT, 6, 0, get_share, .warn = 0.05, .bad = 0.2 },
	{ "STALLED", UNIT_NS, 7, 0, get_stalled },
	{ "FREED", UNIT_COUNT, 6, 0, get_collected },
	{ "UNCOLLECT", UNIT_COUNT, 9, 1, get_uncollectable, .warn = 1 },
};
/* clang-format on */

void panel_unmeasured(struct canvas *c, struct area a, const char *title, const char *family)
{
	int at = canvas_printf(c, a.row, a.col, STYLE_TITLE, "%s  ", title);

	canvas_printf(c, a.row, a.col + at, STYLE_DIM, "not measured (--with %s)", family);
}

void gc_panel(const struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	const void *rows[GC_ROWS];
	size_t count = 0;
	struct grid g = {
		.columns = columns,
		.ncolumns = sizeof(columns) / sizeof(columns[0]),
		.sort = -1,
		.over_ns = p->measured_ns,
	};

	if (!p->gc_measured) {
		panel_unmeasured(c, a, "GC", "gc");
		return;
	}
	for (; p->gc && count < p->ngc && count < GC_ROWS; count++)
		rows[count] = &p->gc[count];
	grid_draw(c, a, &g, rows, count, 0);
}
