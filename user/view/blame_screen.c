/*
 * Who made whom wait, as a matrix: a row for each holder, a column for each waiter, the largest
 * first; cells are shares of the time.
 */
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/view/view.h"

#define NAMES 26 /* columns of a holder's tid and name */
#define CELL 8
#define WARN 0.05
#define BAD 0.25

/* A thread with what it made others wait, or waited. */
struct side {
	u32 tid;
	u64 ns;
};

struct matrix {
	const struct fig_process *p;
	const struct fig_blame **cells; /* owned; by holder, then waiter */
	struct side *holders, *waiters; /* owned; the largest first */
	size_t n, nholders, nwaiters;
};

static int compare_cells(const void *va, const void *vb)
{
	const struct fig_blame *a = *(const struct fig_blame *const *)va;
	const struct fig_blame *b = *(const struct fig_blame *const *)vb;

	if (a->holder_tid != b->holder_tid)
		return a->holder_tid < b->holder_tid ? -1 : 1;
	return (a->waiter_tid > b->waiter_tid) - (a->waiter_tid < b->waiter_tid);
}

static int compare_tids(const void *va, const void *vb)
{
	const struct side *a = va, *b = vb;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

static int compare_sums(const void *va, const void *vb)
{
	const struct side *a = va, *b = vb;

	return a->ns != b->ns ? (a->ns < b->ns ? 1 : -1) : compare_tids(va, vb);
}

static void matrix_done(struct matrix *m)
{
	free(m->cells);
	free(m->holders);
	free(m->waiters);
}

/* Sums by thread, the largest first; returns how many. */
static size_t add_up(struct side *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof(*list), compare_tids);
	for (size_t i = 0; i < n; i++) {
		if (kept && list[kept - 1].tid == list[i].tid)
			list[kept - 1].ns += list[i].ns;
		else
			list[kept++] = list[i];
	}
	qsort(list, kept, sizeof(*list), compare_sums);
	return kept;
}

static bool matrix_make(struct matrix *m, const struct fig_process *p)
{
	*m = (struct matrix) { .p = p, .n = p->nblame };
	m->cells = calloc(m->n + 1, sizeof(struct fig_blame *));
	m->holders = calloc(m->n + 1, sizeof(*m->holders));
	m->waiters = calloc(m->n + 1, sizeof(*m->waiters));
	if (!m->cells || !m->holders || !m->waiters) {
		matrix_done(m);
		return false;
	}
	for (size_t i = 0; i < m->n; i++) {
		const struct fig_blame *b = &p->blame[i];
		u64 ns = b->wait_ns == FIG_NULL ? 0 : b->wait_ns;

		m->cells[i] = b;
		m->holders[i] = (struct side) { b->holder_tid, ns };
		m->waiters[i] = (struct side) { b->waiter_tid, ns };
	}
	qsort(m->cells, m->n, sizeof(*m->cells), compare_cells);
	m->nholders = add_up(m->holders, m->n);
	m->nwaiters = add_up(m->waiters, m->n);
	return true;
}

static const char *name_of(const struct fig_process *p, u32 tid)
{
	for (size_t i = 0; p->threads && i < p->nthreads; i++)
		if (p->threads[i].tid == tid && p->threads[i].name)
			return p->threads[i].name;
	return tid ? "?" : "(unknown)";
}

static void share(struct canvas *c, int row, int col, const struct matrix *m, u64 ns)
{
	double part = fmt_ratio(ns, m->p->measured_ns);

	canvas_right(c, row, col, CELL,
		     part >= BAD    ? STYLE_BAD
		     : part >= WARN ? STYLE_WARN
				    : STYLE_NORMAL,
		     fmt_percent(part).s);
}

static void titles(const struct view *v, struct canvas *c, struct area a, const struct matrix *m,
		   size_t columns)
{
	canvas_style(c, a.row + 1, a.col, a.cols, STYLE_HEAD);
	canvas_text(c, a.row + 1, a.col, NAMES, STYLE_HEAD, "HOLDER, by waiter:");
	canvas_right(c, a.row + 1, a.col + NAMES, CELL, STYLE_HEAD, "ALL");
	for (size_t k = 0; k < columns; k++) {
		u32 tid = m->waiters[v->across + k].tid;
		int col = a.col + NAMES + CELL * (int)(k + 1);

		canvas_text(c, a.row, col + 1, CELL - 1, STYLE_DIM, name_of(m->p, tid));
		canvas_printf(c, a.row + 1, col, STYLE_HEAD, "%*u", CELL, tid);
	}
}

static void holder(const struct view *v, struct canvas *c, struct area a, const struct matrix *m,
		   const struct side *h, size_t columns)
{
	int at = canvas_printf(c, a.row, a.col, STYLE_NORMAL, "%7u ", h->tid);

	canvas_text(c, a.row, a.col + at, NAMES - at, STYLE_NORMAL, name_of(m->p, h->tid));
	share(c, a.row, a.col + NAMES, m, h->ns);
	for (size_t k = 0; k < columns; k++) {
		const struct fig_blame key = { .holder_tid = h->tid,
					       .waiter_tid = m->waiters[v->across + k].tid };
		const struct fig_blame *wanted = &key, **cell;
		int col = a.col + NAMES + CELL * (int)(k + 1);

		cell = bsearch(&wanted, m->cells, m->n, sizeof(*m->cells), compare_cells);
		if (cell && (*cell)->wait_ns)
			share(c, a.row, col, m, (*cell)->wait_ns);
		else
			canvas_right(c, a.row, col, CELL, STYLE_DIM, ".");
	}
}

static void draw(struct view *v, struct canvas *c, struct area a, const struct matrix *m)
{
	size_t room = a.cols > NAMES + 2 * CELL ? (size_t)(a.cols - NAMES - CELL) / CELL : 1;
	size_t page = a.rows > 3 ? (size_t)a.rows - 3 : 1, columns;

	if (v->across + room > m->nwaiters)
		v->across = m->nwaiters > room ? m->nwaiters - room : 0;
	if (v->scroll + page > m->nholders)
		v->scroll = m->nholders > page ? m->nholders - page : 0;
	v->page = page;
	columns = m->nwaiters - v->across < room ? m->nwaiters - v->across : room;
	canvas_printf(c, a.row, a.col, STYLE_TITLE, "BLAME");
	canvas_printf(c, a.row, a.col + 6, STYLE_DIM,
		      "who made whom wait, share of the time: %zu holders, %zu waiters",
		      m->nholders, m->nwaiters);
	a.row++;
	titles(v, c, a, m, columns);
	a.row += 2;
	for (size_t i = 0; i < page && v->scroll + i < m->nholders; i++, a.row++)
		holder(v, c, a, m, &m->holders[v->scroll + i], columns);
}

void blame_screen(struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	struct matrix m;

	if (!p->blame_measured) {
		canvas_text(c, a.row, a.col, a.cols, STYLE_TITLE, "BLAME");
		canvas_text(c, a.row, a.col + 6, a.cols - 6, STYLE_DIM,
			    "not measured (--mode watch)");
		return;
	}
	if (!p->nblame) {
		canvas_text(c, a.row, a.col, a.cols, STYLE_TITLE, "BLAME  nobody waited");
		return;
	}
	if (!matrix_make(&m, p))
		return;
	draw(v, c, a, &m);
	matrix_done(&m);
}
