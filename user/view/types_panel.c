/* Objects deallocated and created, by type, the busiest first. */
#include "user/view/panel_values.h"
#include "user/view/view.h"

#define GETTER(name, expr) \
	static double name(const void *row, u64 ns) \
	{ \
		const struct fig_type *t = row; \
\
		return expr; \
	}

GETTER(get_deallocs, per_second(t->deallocs, ns))
GETTER(get_allocs, per_second(t->allocs, ns))

static const char *get_type(const void *row)
{
	const struct fig_type *t = row;

	return t->type ? t->type : "-";
}

#define BY_DEALLOCS 1 /* column */

static const struct grid_column columns[] = {
	{ "TYPE", UNIT_TEXT, 20, 0, .text = get_type },
	{ "DEALLOCS/s", UNIT_REAL, 10, 0, get_deallocs },
	{ "ALLOCS/s", UNIT_REAL, 9, 0, get_allocs },
};

void types_panel(struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	struct grid g = {
		.columns = columns,
		.ncolumns = sizeof(columns) / sizeof(columns[0]),
		.sort = BY_DEALLOCS,
		.over_ns = p->measured_ns,
	};
	size_t count = 0;

	if (!p->types_measured) {
		panel_unmeasured(c, a, "TYPES", "refs");
		return;
	}
	if (p->types && view_rows(v, p->ntypes))
		for (; count < p->ntypes; count++)
			v->rows[count] = &p->types[count];
	grid_sort(&g, v->rows, count);
	if (p->types_coverage && a.rows > 2) {
		a.rows--;
		canvas_printf(c, a.row + a.rows, a.col, STYLE_DIM, "covers %s", p->types_coverage);
	}
	grid_draw(c, a, &g, v->rows, count, 0);
	if (!count && a.rows > 1)
		canvas_text(c, a.row + 1, a.col, a.cols, STYLE_DIM, "none seen yet");
}
