/*
 * The flame view: the tree of calls from the top down, as wide as its part of the weight chosen.
 *
 * A piece begins with a bar and its name; what is hot in itself is coloured.  A frame without room
 * for one column is left out, and with it what hangs below.
 */
#include <stdio.h>
#include <stdlib.h>

#include "user/base/fmt.h"
#include "user/model/fig_flame.h"
#include "user/view/view.h"

#define HOT 0.1 /* of all, in itself */
#define HOTTEST 0.25

static void piece(struct canvas *c, int row, int col, int width, const struct fig_flame *f, u32 at)
{
	const struct fig_flame_node *n = &f->list[at];
	double all = (double)f->list[0].total, self = (double)n->self / all;
	enum style style = self >= HOTTEST ? STYLE_BAD : self >= HOT ? STYLE_WARN : STYLE_NORMAL;
	wchar_t bar = c->utf8 ? L'\u258f' : '|', line = c->utf8 ? L'\u2500' : '-';
	char text[256], percent[sizeof(struct fmt) + 2];
	int used;

	canvas_char(c, row, col, STYLE_DIM, bar);
	used = 1 + canvas_text(c, row, col + 1, width - 1, style,
			       fig_label_text(fig_flame_label(f, at), text, sizeof(text)));
	snprintf(percent, sizeof(percent), " %s", fmt_percent((double)n->total / all).s);
	if (used + 8 <= width)
		used += canvas_text(c, row, col + used, width - used, STYLE_DIM, percent);
	for (used++; used < width; used++)
		canvas_char(c, row, col + used, STYLE_DIM, line);
}

/* Rows from v->scroll on, in @a. */
static void pieces(const struct view *v, struct canvas *c, struct area a, const struct fig_flame *f)
{
	u64 *begin = calloc(f->depth + 2, sizeof(*begin));
	double scale = a.cols / (double)f->list[0].total;
	u32 at = 0;

	while (begin && at != FIG_FLAME_NONE) {
		const struct fig_flame_node *n = &f->list[at];
		int from = (int)((double)begin[n->depth] * scale + 1e-6), to, row;

		begin[n->depth + 1] = begin[n->depth];
		begin[n->depth] += n->total;
		to = (int)((double)begin[n->depth] * scale + 1e-6);
		row = (int)n->depth - (int)v->scroll;
		if (to > from && row >= 0 && row < a.rows)
			piece(c, a.row + row, a.col + from, to - from, f, at);
		at = fig_flame_next(f, at, to > from);
	}
	free(begin);
}

static void title(const struct view *v, struct canvas *c, struct area a, const struct fig_flame *f)
{
	enum fig_stack_weight by = v->by;
	u64 all = f->n ? f->list[0].total : 0;
	int at = canvas_text(c, a.row, a.col, a.cols, STYLE_TITLE, "FLAME ");

	if (v->flame_tid)
		at += canvas_printf(c, a.row, a.col + at, STYLE_BOLD, "thread %u ", v->flame_tid);
	at += canvas_printf(c, a.row, a.col + at, STYLE_BOLD, "%s", fig_weights[by].help);
	canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, ": %s",
		      !f->measured ? "not measured"
		      : !all	   ? "none"
				   : (fig_weights[by].is_time ? fmt_ns(all) : fmt_count(all)).s);
}

void flame_screen(struct view *v, struct canvas *c, struct area a)
{
	struct fig_flame f = { .by = v->by };
	const struct fig_flame_part part = { .process = view_process(v), .tid = v->flame_tid };
	size_t rows = a.rows > 2 ? (size_t)a.rows - 1 : 1;

	if (!part.process->stacks_measured) {
		panel_unmeasured(c, a, "FLAME", "stacks");
		return;
	}
	if (!fig_flame_add(&f, &part) && !fig_flame_sort(&f)) {
		title(v, c, a, &f);
		v->page = rows;
		if (v->scroll + rows > f.depth + 1)
			v->scroll = f.depth + 1 > rows ? f.depth + 1 - rows : 0;
		a.row++;
		a.rows = (int)rows;
		if (f.n)
			pieces(v, c, a, &f);
	}
	fig_flame_done(&f);
}
