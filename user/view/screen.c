/*
 * Where the panels go.  From the top, most important first; what a small screen has no room
 * for is left out from the bottom, the threads keeping THREADS_LEAST lines.
 */
#include "user/view/view.h"

#define THREADS_LEAST 5 /* with their titles */
#define ROOMY 40 /* rows from which panels get a blank line between them */

/* Panels below the threads. */
enum low { LOW_GC, LOW_IO, LOW_ASYNCIO, LOW_TYPES, LOW_ROWS };

/* Rows the panel wants: a title and its figures, one line if there are none. */
static int rows_for(bool measured, size_t count)
{
	if (!measured)
		return 1;
	return count ? (int)(count < 64 ? count : 64) + 1 : 2;
}

/* What is left of @room for a panel that wants @want rows, after @gap; 0: it does not fit. */
static int grant(int *room, int want, int least, int gap)
{
	int rows = want < *room - gap ? want : *room - gap;

	if (!want || rows < least)
		return 0;
	*room -= rows + gap;
	return rows;
}

/* Split the rows below the GIL: threads get rows[0], the panels below them those from rows[1] on.
 */
static void split(const struct fig_process *p, int room, int gap, int *rows)
{
	int want[LOW_ROWS] = {
		[LOW_GC] = rows_for(p->gc_measured, p->ngc),
		[LOW_IO] = rows_for(p->io_measured, p->nio),
		/* few programs have event loops: no line to say that they are not measured */
		[LOW_ASYNCIO] = p->asyncio_measured ? rows_for(true, p->nloops) : 0,
		/* and a line on what the figures cover */
		[LOW_TYPES] =
			rows_for(p->types_measured, p->ntypes) + (p->types_measured && p->ntypes),
	};
	int threads = rows_for(true, p->nthreads);
	int spare = room - (threads < THREADS_LEAST ? threads : THREADS_LEAST);
	int types_most = gap ? 12 : 4, more;

	for (int i = 0; i < LOW_ROWS; i++) {
		int first = i == LOW_TYPES && want[i] > types_most ? types_most : want[i];

		rows[1 + i] = grant(&spare, first, first < 2 ? first : 2, gap);
		room -= rows[1 + i] ? rows[1 + i] + gap : 0;
	}
	rows[0] = threads < room ? threads : room;
	more = want[LOW_TYPES] - rows[1 + LOW_TYPES];
	if (rows[1 + LOW_TYPES] && more > 0)
		rows[1 + LOW_TYPES] += more < room - rows[0] ? more : room - rows[0];
}

static void draw_process(struct view *v, struct canvas *c, const struct fig_process *p)
{
	int gap = c->rows >= ROOMY, rows[1 + LOW_ROWS];
	struct area a = { 0, 0, header_rows(v), c->cols };

	header_draw(v, c, a);
	a.row = a.rows + gap;
	a.rows = gil_panel_rows(p, c->rows);
	gil_panel(v, c, a);
	a.row += a.rows + gap;
	split(p, c->rows - a.row - 1, gap, rows);
	a.rows = rows[0];
	threads_panel(v, c, a);
	a.row += a.rows + gap;
	a.rows = rows[1 + LOW_GC];
	if (a.rows)
		gc_panel(v, c, a);
	a.row += a.rows ? a.rows + gap : 0;
	a.rows = rows[1 + LOW_IO];
	if (a.rows)
		io_panel(v, c, a);
	a.row += a.rows ? a.rows + gap : 0;
	a.rows = rows[1 + LOW_ASYNCIO];
	if (a.rows)
		asyncio_panel(v, c, a);
	a.row += a.rows ? a.rows + gap : 0;
	a.rows = rows[1 + LOW_TYPES];
	if (a.rows)
		types_panel(v, c, a);
}

static void draw_all(struct view *v, struct canvas *c)
{
	int gap = c->rows >= ROOMY;
	struct area a = { 0, 0, header_rows(v), c->cols };

	header_draw(v, c, a);
	a.row = a.rows + gap;
	a.rows = c->rows - a.row - 1;
	processes_panel(v, c, a);
}

/* What takes the place of all panels. */
static void draw_screen(struct view *v, struct canvas *c)
{
	static void (*const screens[])(struct view *, struct canvas *, struct area) = {
		[SCREEN_THREAD] = thread_screen,
		[SCREEN_BLAME] = blame_screen,
		[SCREEN_FLAME] = flame_screen,
	};
	struct area a = { 0, 0, header_rows(v), c->cols };

	header_draw(v, c, a);
	a.row = a.rows + (c->rows >= ROOMY);
	a.rows = c->rows - a.row - 1;
	screens[v->screen](v, c, a);
}

void view_draw(struct view *v, struct canvas *c)
{
	const struct fig_process *p = view_process(v);
	struct area last = { c->rows - 1, 0, 1, c->cols };

	findings_done(&v->findings);
	if (view_figures(v)) /* without memory there are none to show */
		(void)findings_of(view_figures(v), &v->findings);
	canvas_clear(c);
	if (c->rows < VIEW_MIN_ROWS || c->cols < VIEW_MIN_COLS) {
		canvas_text(c, 0, 0, c->cols, STYLE_BOLD, "terminal too small");
		canvas_printf(c, 1, 0, STYLE_NORMAL, "%dx%d, needs %dx%d", c->cols, c->rows,
			      VIEW_MIN_COLS, VIEW_MIN_ROWS);
		return;
	}
	if (v->help) {
		help_draw(v, c);
		return;
	}
	if (v->listing) {
		findings_draw(v, c);
		return;
	}
	if (p && v->screen != SCREEN_PANELS)
		draw_screen(v, c);
	else if (p && view_shows_all(v))
		draw_all(v, c);
	else if (p)
		draw_process(v, c, p);
	else
		canvas_text(c, 0, 0, c->cols, STYLE_BOLD,
			    view_figures(v) ? "gilscope: no process to show"
					    : "gilscope: measuring...");
	footer_draw(v, c, last);
}
