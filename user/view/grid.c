/* Tables on a canvas; see grid.h. */
#include "user/view/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "user/base/fmt.h"

#define TEXT_MAX 36 /* columns a column of text grows to */
#define GRID_COLUMNS 16

static int compare_values(double a, double b, bool reverse)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return reverse ? (a > b) - (a < b) : (a < b) - (a > b);
}

static int compare_rows(const void *va, const void *vb, void *arg)
{
	const struct grid *g = arg;
	const struct grid_column *col = &g->columns[g->sort];
	const void *a = *(const void *const *)va, *b = *(const void *const *)vb;
	int by;

	if (col->unit == UNIT_TEXT)
		by = strcasecmp(col->text(a), col->text(b)) * (g->reverse ? -1 : 1);
	else
		by = compare_values(col->value(a, g->over_ns), col->value(b, g->over_ns),
				    g->reverse);
	/* rows of one table: their addresses are the order in which they came */
	return by ? by : (a > b) - (a < b);
}

void grid_sort(const struct grid *g, const void **rows, size_t count)
{
	if (g->sort >= 0 && (size_t)g->sort < g->ncolumns && count)
		qsort_r(rows, count, sizeof(*rows), compare_rows, (void *)g);
}

static struct fmt write_value(const struct grid_column *col, double v)
{
	struct fmt f = { "-" };

	if (isnan(v))
		return f;
	switch (col->unit) {
	case UNIT_ID:
		snprintf(f.s, sizeof(f.s), "%.0f", v);
		return f;
	case UNIT_COUNT:
		return fmt_count((u64)v);
	case UNIT_REAL:
		return fmt_real(v);
	case UNIT_PERCENT:
		return fmt_percent(v);
	case UNIT_NS:
		return fmt_ns((u64)v);
	case UNIT_TEXT:
		break;
	}
	return f;
}

/* Widths of the columns within @cols; 0 for those left out.  One blank between columns. */
static void fit(const struct grid *g, int cols, int *width)
{
	int used = -1, worst;

	for (size_t i = 0; i < g->ncolumns; i++) {
		width[i] = g->columns[i].width;
		used += width[i] + 1;
	}
	while (used > cols) {
		worst = -1;
		for (size_t i = 0; i < g->ncolumns; i++)
			if (width[i] && g->columns[i].rank && (int)i != g->sort &&
			    (worst < 0 || g->columns[i].rank > g->columns[worst].rank))
				worst = (int)i;
		if (worst < 0)
			break;
		used -= width[worst] + 1;
		width[worst] = 0;
	}
	for (size_t i = 0; i < g->ncolumns; i++) {
		if (g->columns[i].unit != UNIT_TEXT || used >= cols)
			continue;
		worst = cols - used + width[i];
		worst = worst < TEXT_MAX ? worst : TEXT_MAX;
		used += worst > width[i] ? worst - width[i] : 0;
		width[i] = worst > width[i] ? worst : width[i];
	}
}

/* Text is to the left, cut if need be; figures to the right, whole or not at all. */
static void draw_cell(struct canvas *c, const struct area *a, int row, int at, int width, bool left,
		      enum style style, const char *s)
{
	if (left && at + width > a->cols)
		width = a->cols - at;
	if (at + width > a->cols)
		return;
	if (left)
		canvas_text(c, row, a->col + at, width, style, s);
	else
		canvas_right(c, row, a->col + at, width, style, s);
}

static void draw_titles(struct canvas *c, const struct area *a, const struct grid *g,
			const int *width)
{
	canvas_style(c, a->row, a->col, a->cols, STYLE_HEAD);
	for (int i = 0, at = 0; i < (int)g->ncolumns; i++) {
		const struct grid_column *col = &g->columns[i];
		bool left = col->unit == UNIT_TEXT;
		const char *title = left && g->text_title ? g->text_title : col->title;

		if (!width[i])
			continue;
		if (i == g->sort)
			canvas_style(c, a->row, a->col + at, width[i], STYLE_SORT);
		draw_cell(c, a, a->row, at, width[i], left, i == g->sort ? STYLE_SORT : STYLE_HEAD,
			  title);
		at += width[i] + 1;
	}
}

static void draw_row(struct canvas *c, const struct area *a, int row, const struct grid *g,
		     const int *width, const void *r)
{
	enum style base = g->row_style ? g->row_style(r, g->row_arg) : STYLE_NORMAL;

	for (size_t i = 0, at = 0; i < g->ncolumns; i++) {
		const struct grid_column *col = &g->columns[i];
		bool left = col->unit == UNIT_TEXT;
		double v = left ? NAN : col->value(r, g->over_ns);
		enum style style = base;

		if (!width[i])
			continue;
		if (col->warn > 0 && v >= col->warn)
			style = col->bad > 0 && v >= col->bad ? STYLE_BAD : STYLE_WARN;
		draw_cell(c, a, row, (int)at, width[i], left, style,
			  left ? col->text(r) : write_value(col, v).s);
		at += (size_t)width[i] + 1;
	}
}

void grid_draw(struct canvas *c, struct area a, const struct grid *g, const void *const *rows,
	       size_t count, size_t scroll)
{
	int width[GRID_COLUMNS] = { 0 };

	if (a.rows <= 0 || a.cols <= 0 || g->ncolumns > GRID_COLUMNS)
		return;
	fit(g, a.cols, width);
	draw_titles(c, &a, g, width);
	for (int i = 1; i < a.rows && scroll < count; i++, scroll++)
		draw_row(c, &a, a.row + i, g, width, rows[scroll]);
}
