/*
 * One thread, opened: the functions it held the GIL in (or waited in, ...), the threads that made
 * it wait, and those that it made wait.
 */
#include <stdio.h>
#include <stdlib.h>

#include "user/base/fmt.h"
#include "user/model/fig_functions.h"
#include "user/view/view.h"

#define PLACE 40 /* columns of where a function is */
#define FIGURES 33 /* columns of a function's figures, before its name */
#define LEAST 3 /* rows of a part: its title and some */

static const char *name_of(const struct fig_process *p, u32 tid)
{
	const char *name = NULL;

	for (size_t i = 0; p->threads && i < p->nthreads; i++)
		if (p->threads[i].tid == tid && (!name || !p->threads[i].exited))
			name = p->threads[i].name;
	return name ? name : "?";
}

static const struct fig_thread *thread_of(const struct fig_process *p, u32 tid)
{
	const struct fig_thread *found = NULL;

	for (size_t i = 0; p->threads && i < p->nthreads; i++)
		if (p->threads[i].tid == tid && (!found || !p->threads[i].exited))
			found = &p->threads[i];
	return found;
}

static void title(const struct view *v, struct canvas *c, struct area a,
		  const struct fig_process *p)
{
	const struct fig_thread *t = thread_of(p, v->tid);
	int at = canvas_printf(c, a.row, a.col, STYLE_TITLE, "THREAD %u ", v->tid);

	at += canvas_printf(c, a.row, a.col + at, STYLE_BOLD, "%s", name_of(p, v->tid));
	if (!t) {
		canvas_printf(c, a.row, a.col + at, STYLE_DIM, "  not seen in this interval");
		return;
	}
	canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, "%s  held %s, off the CPU %s, waited %s",
		      t->exited ? " ended" : "",
		      fmt_percent(fmt_ratio(t->held_ns, p->measured_ns)).s,
		      fmt_percent(fmt_ratio(t->held_offcpu_ns, p->measured_ns)).s,
		      fmt_percent(fmt_ratio(t->wait_ns, p->measured_ns)).s);
}

static struct fmt amount(enum fig_stack_weight by, u64 n)
{
	return fig_weights[by].is_time ? fmt_ns(n) : fmt_count(n);
}

static void function(struct canvas *c, struct area a, const struct fig_functions *l, size_t i,
		     enum fig_stack_weight by)
{
	const struct fig_function *fn = &l->list[i];
	int at = a.col + FIGURES, room = a.cols - FIGURES - PLACE;
	double share = fmt_ratio(fn->self[by], l->all[by]);
	char text[256];

	canvas_right(c, a.row, a.col, 8, STYLE_NORMAL, amount(by, fn->self[by]).s);
	canvas_right(c, a.row, a.col + 8, 7, share >= 0.25 ? STYLE_WARN : STYLE_NORMAL,
		     fmt_percent(share).s);
	canvas_right(c, a.row, a.col + 15, 9, STYLE_NORMAL, amount(by, fn->total[by]).s);
	canvas_right(c, a.row, a.col + 24, 7, STYLE_NORMAL,
		     fmt_percent(fmt_ratio(fn->total[by], l->all[by])).s);
	if (room < 20)
		room = a.cols - FIGURES;
	canvas_text(c, a.row, at, room - 1, STYLE_BOLD,
		    fig_label_text(&fn->label, text, sizeof(text)));
	if (fn->label.kind == FIG_LABEL_FUNCTION && room < a.cols - FIGURES)
		canvas_text(c, a.row, at + room, PLACE, STYLE_DIM,
			    fig_label_place(fn->label.file, fn->label.first_line, PLACE, text,
					    sizeof(text)));
}

static void functions(struct view *v, struct canvas *c, struct area a,
		      const struct fig_functions *l)
{
	size_t page = a.rows > 2 ? (size_t)a.rows - 2 : 1, shown = 0;
	u64 all = l->all[v->by];

	canvas_printf(c, a.row++, a.col, STYLE_TITLE, "FUNCTIONS  by %s%s", fig_weights[v->by].help,
		      all == FIG_NULL ? ": not measured"
		      : all	      ? ""
				      : ": none");
	if (all == FIG_NULL || !all)
		return;
	canvas_style(c, a.row, a.col, a.cols, STYLE_HEAD);
	canvas_text(c, a.row++, a.col, a.cols, STYLE_HEAD,
		    "    SELF  SELF%    TOTAL TOTAL%  FUNCTION");
	while (shown < l->n && l->list[shown].total[v->by])
		shown++;
	v->page = page;
	if (v->scroll + page > shown)
		v->scroll = shown > page ? shown - page : 0;
	for (size_t i = v->scroll; i < shown && i < v->scroll + page; i++, a.row++)
		function(c, a, l, i, v->by);
}

static int compare_blame(const void *va, const void *vb)
{
	const struct fig_blame *a = *(const struct fig_blame *const *)va;
	const struct fig_blame *b = *(const struct fig_blame *const *)vb;

	return (a->wait_ns < b->wait_ns) - (a->wait_ns > b->wait_ns);
}

/* Who made it wait; or, @holds, whom it made wait. */
static void blame(struct view *v, struct canvas *c, struct area a, const struct fig_process *p,
		  bool holds)
{
	size_t n = 0;

	if (!p->blame_measured) {
		canvas_printf(c, a.row, a.col, STYLE_TITLE, "%s",
			      holds ? "MADE WAIT" : "WAITED FOR");
		canvas_printf(c, a.row, a.col + 12, STYLE_DIM, "not measured (--mode watch)");
		return;
	}
	for (size_t i = 0; view_rows(v, p->nblame) && i < p->nblame; i++)
		if ((holds ? p->blame[i].holder_tid : p->blame[i].waiter_tid) == v->tid)
			v->rows[n++] = &p->blame[i];
	if (n)
		qsort(v->rows, n, sizeof(*v->rows), compare_blame);
	canvas_printf(c, a.row, a.col, STYLE_TITLE, "%s  %s", holds ? "MADE WAIT" : "WAITED FOR",
		      n ? "" : "nobody");
	for (size_t i = 0; i < n && (int)i + 1 < a.rows; i++) {
		const struct fig_blame *b = v->rows[i];
		u32 tid = holds ? b->waiter_tid : b->holder_tid;
		int row = a.row + 1 + (int)i;

		canvas_right(c, row, a.col, 8, STYLE_NORMAL, fmt_ns(b->wait_ns).s);
		canvas_right(c, row, a.col + 8, 7, STYLE_NORMAL,
			     fmt_percent(fmt_ratio(b->wait_ns, p->measured_ns)).s);
		canvas_printf(c, row, a.col + 17, STYLE_NORMAL, "%7u %.40s", tid, name_of(p, tid));
		canvas_printf(c, row, a.col + a.cols - 12, STYLE_DIM, "%5s waits",
			      fmt_count(b->waits).s);
	}
}

/* A part's rows: so many, or what is left if that is less. */
static int take(int *room, int want)
{
	int rows = want < *room ? want : *room;

	*room -= rows;
	return rows;
}

void thread_screen(struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	int room = a.rows - 2, low = room / 4 < LEAST ? LEAST : room / 4;
	struct area part = { a.row + 2, a.col, 0, a.cols };
	struct fig_functions l;

	title(v, c, a, p);
	part.rows = take(&room, room - 2 * low > LEAST ? room - 2 * low : LEAST);
	if (!p->stacks_measured) {
		panel_unmeasured(c, part, "FUNCTIONS", "stacks");
		part.rows = LEAST - 1;
	} else if (!fig_functions_of(p, 1, v->tid, &l)) {
		fig_functions_sort(&l, v->by, false);
		functions(v, c, part, &l);
		fig_functions_done(&l);
	}
	part.row += part.rows;
	part.rows = take(&room, low);
	blame(v, c, part, p, false);
	part.row += part.rows;
	part.rows = take(&room, low);
	if (part.rows > 0)
		blame(v, c, part, p, true);
}
