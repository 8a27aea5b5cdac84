/* Findings on the screen: the worst in a line below the header, all of them on a screen of their
 * own. */
#include "user/base/fmt.h"
#include "user/model/findings.h"
#include "user/view/view.h"

#define LINES_EACH 4 /* what, who, remedy, a blank */

/* Its id and size; the columns taken. */
static int heading(const struct view *v, struct canvas *c, int row, int col,
		   const struct finding *x)
{
	enum style style = *x->severity == 'h' ? STYLE_BAD : STYLE_WARN;
	int at = canvas_printf(c, row, col, style, "%s", x->id);

	if (x->process && view_shows_all(v))
		at += canvas_printf(c, row, col + at, STYLE_NORMAL, " in %u", x->process->pid);
	if (x->ns != FIG_NULL)
		at += canvas_printf(c, row, col + at, STYLE_NORMAL, " %s, %s of the time",
				    fmt_ns(x->ns).s, fmt_percent(x->share).s);
	return at;
}

/* Is it about what is on show? */
static bool is_shown(const struct view *v, const struct finding *x)
{
	return !x->process || view_shows_all(v) || x->process == view_process(v);
}

static size_t count(const struct view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->findings.count; i++)
		n += is_shown(v, &v->findings.list[i]);
	return n;
}

bool findings_any(const struct view *v)
{
	return count(v) > 0;
}

void findings_line(const struct view *v, struct canvas *c, struct area a)
{
	size_t n = count(v), i = 0;
	int at;

	while (i < v->findings.count && !is_shown(v, &v->findings.list[i]))
		i++;
	if (i == v->findings.count)
		return;
	at = canvas_text(c, a.row, a.col, a.cols, STYLE_BOLD, "FOUND ");
	at += heading(v, c, a.row, a.col + at, &v->findings.list[i]);
	if (n > 1)
		at += canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, ", and %zu more", n - 1);
	canvas_printf(c, a.row, a.col + at, STYLE_DIM, " (f explains)");
}

static void who(const struct finding *x, struct canvas *c, int row)
{
	char place[128];
	int at = 4;

	for (size_t i = 0; i < x->nthreads; i++)
		at += canvas_printf(c, row, at, STYLE_NORMAL, "%s%s %u %s", i ? ", " : "",
				    x->threads[i].role, x->threads[i].tid,
				    x->threads[i].name ?: "?");
	if (x->generation != FIG_NULL)
		at += canvas_printf(c, row, at, STYLE_NORMAL, "mostly generation %llu",
				    (unsigned long long)x->generation);
	if (x->cause)
		at += canvas_printf(c, row, at, STYLE_NORMAL, "mostly %s", x->cause);
	if (!(x->function_share > 0))
		return;
	at += canvas_printf(c, row, at, STYLE_NORMAL, "; %s in ", fmt_percent(x->function_share).s);
	canvas_printf(c, row, at, STYLE_BOLD, "%s (%s)", x->function.text,
		      fig_label_place(x->function.file, x->function.first_line, 30, place,
				      sizeof(place)));
}

void findings_draw(struct view *v, struct canvas *c)
{
	size_t n = count(v), room = (size_t)(c->rows - 2) / (LINES_EACH + 1), at = 0;
	int row = 1;

	if (v->scroll >= n)
		v->scroll = n ? n - 1 : 0;
	v->page = room ? room : 1;
	canvas_text(c, 0, 0, c->cols, STYLE_TITLE, n ? "FINDINGS" : "FINDINGS  none now");
	for (size_t i = 0; i < v->findings.count && row + LINES_EACH < c->rows; i++) {
		const struct finding *x = &v->findings.list[i];

		if (!is_shown(v, x) || at++ < v->scroll)
			continue;
		heading(v, c, row, 0, x);
		canvas_text(c, row + 1, 4, c->cols - 4, STYLE_NORMAL, x->what);
		who(x, c, row + 2);
		canvas_text(c, row + 3, 4, c->cols - 4, STYLE_DIM, x->remedy);
		row += LINES_EACH + 1;
	}
	canvas_printf(c, c->rows - 1, 0, STYLE_DIM, "%zu in all; arrows scroll, f goes back", n);
}
