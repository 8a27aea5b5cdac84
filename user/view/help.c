/* The help screen: keys, what the columns mean, and what the losses of this run mean. */
#include <stdio.h>

#include "user/base/fmt.h"
#include "user/view/view.h"

#define KEY_WIDTH 12

static const char *const keys[][2] = {
	{ "q", "quit" },
	{ "?", "this help" },
	{ "p, Space", "pause; measuring goes on" },
	{ "t", "figures of the last interval / since the start" },
	{ "s > <", "sort threads by the next or previous column" },
	{ "r", "reverse the order" },
	{ "f", "findings: what the figures show, the largest first, and remedies" },
	{ "/", "show threads with a text in their name; Esc shows all again" },
	{ "+ -", "longer or shorter interval, 0.1 s to 60 s" },
	{ "a", "all processes in a table, and back" },
	{ "Enter", "show the marked process alone; open the marked thread: its functions," },
	{ "", "who made it wait, whom it made wait; Esc goes back" },
	{ "b", "blame: who made whom wait, holders by waiters; arrows scroll" },
	{ "F", "flame view of the functions (--with stacks); in an opened thread: its own" },
	{ "w", "there: weigh functions by time held, waited, others waited, blocked," },
	{ "", "paused in collections, objects deallocated" },
	{ "Tab, n, N", "next, previous process" },
	{ "arrows", "move the mark, or scroll; PgUp, PgDn, Home and End too" },
	{ "S", "save the figures as gilscope-PID-TIME.json in the current folder" },
};

static const char *const panels[][2] = {
	{ "GIL bar", "solid: held while others waited, at most (waits are a sum over threads);" },
	{ "", "grey: held, nobody waited; light: idle.  Trend: share held, per interval" },
	{ "contended", "takes that found the GIL taken" },
	{ "forced", "releases another thread asked for (switch interval)" },
	{ "handovers", "takes by another thread than the one before" },
	{ "waiters", "threads that waited for the GIL, on average" },
	{ "STALLED", "waits of other threads while a collection went on" },
	{ "TORUN TOGIL", "from the wake-up to running, and to owning the GIL" },
	{ "LOOP ITER",
	  "asyncio (--with asyncio): from a return of the selector's call to the next" },
	{ "STEP", "a task's coroutine resumed, until it comes back" },
	{ "BLOCKED", "iterations longer than --slow (100 ms), BLKTIME their time; NOW: the one" },
	{ "", "going on has taken so long" },
};

/* Lines are drawn through this: those above the scroll position are only counted. */
struct help_page {
	struct canvas *c;
	int line;
	int skip;
};

static void put(struct help_page *h, enum style style, const char *left, const char *right)
{
	int row = h->line++ - h->skip, at;

	if (row < 0 || row >= h->c->rows - 1)
		return;
	at = canvas_printf(h->c, row, 0, style, "%-*s ", KEY_WIDTH, left);
	canvas_text(h->c, row, at, h->c->cols, STYLE_NORMAL, right);
}

static void put_pairs(struct help_page *h, const char *const (*pairs)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		put(h, STYLE_BOLD, pairs[i][0], pairs[i][1]);
}

static void put_losses(struct help_page *h, const struct figures *f)
{
	put(h, STYLE_NORMAL, "", "");
	put(h, STYLE_TITLE, "LOST", f && f->nlost ? "" : "nothing so far");
	for (size_t i = 0; f && i < f->nlost; i++) {
		char text[256];

		snprintf(text, sizeof(text), "%s (%s)", f->lost[i].cause, f->lost[i].families);
		put(h, STYLE_BAD, fmt_count(f->lost[i].count).s, text);
		put(h, STYLE_NORMAL, "", f->lost[i].help);
	}
}

void help_draw(struct view *v, struct canvas *c)
{
	struct help_page h = { .c = c, .skip = (int)(v->scroll < 1000 ? v->scroll : 1000) };
	int page = c->rows - 1, twice;

	v->page = (size_t)page;
	/* once to count the lines, and again if that shows the page scrolled too far */
	for (twice = 0; twice < 2; twice++) {
		canvas_clear(c);
		h.line = 0;
		put(&h, STYLE_TITLE, "KEYS", "");
		put_pairs(&h, keys, sizeof(keys) / sizeof(keys[0]));
		put(&h, STYLE_NORMAL, "", "");
		put(&h, STYLE_TITLE, "COLUMNS", "");
		for (int i = 0; i < threads_ncolumns; i++)
			put(&h, STYLE_BOLD, threads_columns[i].title, threads_columns[i].help);
		put_pairs(&h, panels, sizeof(panels) / sizeof(panels[0]));
		put(&h, STYLE_NORMAL, "", "");
		put(&h, STYLE_TITLE, "PROCESSES", "the columns that threads do not have");
		for (int i = 0; i < processes_ncolumns; i++)
			if (processes_columns[i].help)
				put(&h, STYLE_BOLD, processes_columns[i].title,
				    processes_columns[i].help);
		put_losses(&h, v->total ? v->total : v->interval);
		if (h.line - h.skip >= page)
			break;
		h.skip = h.line > page ? h.line - page : 0;
	}
	v->scroll = (size_t)h.skip;
	canvas_printf(c, c->rows - 1, 0, STYLE_DIM,
		      "line %d to %d of %d; arrows scroll, ? goes back", h.skip + 1,
		      h.line < h.skip + page ? h.line : h.skip + page, h.line);
}
