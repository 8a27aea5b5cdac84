/* Who owns the GIL: the share of time it was held, and how it changes hands. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/view/spark.h"
#include "user/view/view.h"

#define INDENT 5 /* below "GIL" */
#define GIL_ROWS 3
#define LABELS 34 /* columns the words of the first line take */

static double at_most(double v, double most)
{
	return v < most ? v : most;
}

/* The share of time in which somebody waited; a thread waits on while the GIL changes hands. */
static double contended(const struct fig_process *p, const struct fig_gil *g)
{
	return at_most(fmt_ratio(g->contended_ns, p->measured_ns), g->held_ratio);
}

static void ownership(const struct view *v, struct canvas *c, struct area a,
		      const struct fig_process *p, const struct fig_gil *g)
{
	double wanted = contended(p, g), held = g->held_ratio;
	struct bar_part parts[] = {
		{ wanted, 2, STYLE_WARN },
		{ held - (isnan(wanted) ? 0 : wanted), 1, STYLE_GOOD },
		{ 1 - held, 0, STYLE_DIM },
	};
	const struct history *h = view_history(v);
	int room = a.cols - INDENT - LABELS, bar = room * 2 / 3, at = a.col;

	at += canvas_printf(c, a.row, at, STYLE_TITLE, "%-*s", INDENT, "GIL");
	at += canvas_printf(c, a.row, at, STYLE_DIM, "held ");
	at += canvas_printf(c, a.row, at, STYLE_BOLD, "%-7s", fmt_percent(held).s);
	bar_draw(c, a.row, at, bar, parts, sizeof(parts) / sizeof(parts[0]));
	at += bar;
	at += canvas_printf(c, a.row, at, STYLE_DIM, " idle ");
	at += canvas_printf(c, a.row, at, STYLE_NORMAL, "%-7s", fmt_percent(1 - held).s);
	at += canvas_printf(c, a.row, at, STYLE_DIM, " trend ");
	if (h)
		spark_draw(c, a.row, at, a.col + a.cols - at, STYLE_GOOD, h->held, h->n);
}

static int labelled(struct canvas *c, int row, int at, const char *label, const char *value,
		    enum style style)
{
	int used = canvas_printf(c, row, at, STYLE_DIM, "%s ", label);

	used += canvas_printf(c, row, at + used, style, "%s", value);
	return at + used + 2;
}

static void changes(struct canvas *c, struct area a, const struct fig_process *p,
		    const struct fig_gil *g)
{
	char per_s[32];
	int at = a.col + INDENT;

	snprintf(per_s, sizeof(per_s), "%s/s", fmt_rate(g->takes, p->measured_ns).s);
	at = labelled(c, a.row, at, "takes", per_s, STYLE_NORMAL);
	at = labelled(c, a.row, at, "contended",
		      fmt_percent(fmt_ratio(g->contended_takes, g->takes)).s, STYLE_NORMAL);
	snprintf(per_s, sizeof(per_s), "%s/s", fmt_rate(g->forced_releases, p->measured_ns).s);
	at = labelled(c, a.row, at, "forced", per_s, STYLE_NORMAL);
	snprintf(per_s, sizeof(per_s), "%s/s", fmt_rate(g->handovers, p->measured_ns).s);
	labelled(c, a.row, at, "handovers", per_s, STYLE_NORMAL);
}

static void holder(const struct fig_process *p, u64 tid, char *buf, size_t size)
{
	const char *name = "";

	for (size_t i = 0; p->threads && i < p->nthreads; i++)
		if (p->threads[i].tid == tid && !p->threads[i].exited && p->threads[i].name)
			name = p->threads[i].name;
	if (tid == FIG_NULL)
		snprintf(buf, size, "-");
	else if (!tid)
		snprintf(buf, size, "nobody");
	else
		snprintf(buf, size, "%u %s", (unsigned int)tid, name);
}

static void waiting(struct canvas *c, struct area a, const struct fig_process *p,
		    const struct fig_gil *g)
{
	double waiters = fmt_ratio(g->wait_ns, p->measured_ns), wanted = contended(p, g);
	char text[160];
	int at = a.col + INDENT;

	snprintf(text, sizeof(text), "%s", fmt_percent(wanted).s);
	at = labelled(c, a.row, at, "contended time", text,
		      wanted >= 0.1 ? STYLE_WARN : STYLE_NORMAL);
	snprintf(text, sizeof(text), isnan(waiters) ? "-" : "%.2f", waiters);
	at = labelled(c, a.row, at, "waiters", text, STYLE_NORMAL);
	at = labelled(c, a.row, at, "off-CPU",
		      fmt_percent(fmt_ratio(g->held_offcpu_ns, g->held_ns)).s, STYLE_NORMAL);
	holder(p, g->holder_tid, text, sizeof(text));
	at = labelled(c, a.row, at, "now", text, STYLE_BOLD);
	if (p->ngils > 1) {
		snprintf(text, sizeof(text), "busiest of %zu", p->ngils);
		at = labelled(c, a.row, at, "GIL", text, STYLE_NORMAL);
	}
	if (strcmp(g->held_source ?: "exact", "exact")) {
		snprintf(text, sizeof(text), "+-%s", fmt_percent(g->held_error_ratio).s);
		labelled(c, a.row, at, g->held_source, text, STYLE_NORMAL);
	}
}

/* One of several GILs, in a line of its own. */
static void one_of_several(struct canvas *c, struct area a, const struct fig_process *p,
			   const struct fig_gil *g, bool main)
{
	double waiters = fmt_ratio(g->wait_ns, p->measured_ns);
	char text[160];
	int at = a.col + INDENT;

	snprintf(text, sizeof(text), main ? "%#llx main" : "%#llx", (unsigned long long)g->address);
	at += canvas_printf(c, a.row, at, STYLE_NORMAL, "%-20s ", text);
	snprintf(text, sizeof(text), "%-7s", fmt_percent(g->held_ratio).s);
	at = labelled(c, a.row, at, "held", text, STYLE_BOLD);
	snprintf(text, sizeof(text), "%-7s", fmt_percent(contended(p, g)).s);
	at = labelled(c, a.row, at, "contended", text,
		      contended(p, g) >= 0.1 ? STYLE_WARN : STYLE_NORMAL);
	snprintf(text, sizeof(text), isnan(waiters) ? "-" : "%.2f", waiters);
	at = labelled(c, a.row, at, "waiters", text, STYLE_NORMAL);
	holder(p, g->holder_tid, text, sizeof(text));
	labelled(c, a.row, at, "now", text, STYLE_NORMAL);
}

/* All of them, the main interpreter's first, as far as there is room. */
static void several(struct canvas *c, struct area a, const struct fig_process *p)
{
	size_t room = a.rows > 0 ? (size_t)a.rows : 0, n = p->ngils;

	if (n > room)
		n = room ? room - 1 : 0;
	for (size_t i = 0; i < n; i++, a.row++)
		one_of_several(c, a, p, &p->gils[i], !i);
	if (n < p->ngils && room)
		canvas_printf(c, a.row, a.col + INDENT, STYLE_DIM, "and %zu more", p->ngils - n);
}

/* A free-threaded build: what its threads wait for instead. */
static void without_gil(struct canvas *c, struct area a, const struct fig_process *p)
{
	size_t i = 0;
	char text[96];

	canvas_text(c, a.row, a.col, a.cols, STYLE_BOLD,
		    "GIL  none: a free-threaded build, its threads run beside each other");
	for (int row = 1; p->ft_measured && row < a.rows && i < p->nft; row++) {
		int at = a.col + INDENT;

		for (int k = 0; k < 2 && i < p->nft; k++, i++) {
			const struct fig_hist *h = &p->ft[i].time;

			snprintf(text, sizeof(text), "%s/s, %s of the time, max %s",
				 fmt_rate(h->count, p->measured_ns).s,
				 fmt_percent(fmt_ratio(h->sum_ns, p->measured_ns)).s,
				 fmt_ns(fig_hist_quantile(h, 1)).s);
			at = labelled(c, a.row + row, at, p->ft[i].what, text, STYLE_NORMAL);
		}
	}
}

int gil_panel_rows(const struct fig_process *p, int screen_rows)
{
	int more = p->gil_measured && p->ngils > 1 ? (int)p->ngils : 0;

	return GIL_ROWS + (more < screen_rows / 4 ? more : screen_rows / 4);
}

void gil_panel(const struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	const struct fig_gil *g = view_gil(p);

	if (!g) {
		if (p->python.free_threaded)
			without_gil(c, a, p);
		else if (p->gil_measured)
			canvas_text(c, a.row, a.col, a.cols, STYLE_DIM, "GIL  none seen yet");
		else
			panel_unmeasured(c, a, "GIL", "gil");
		return;
	}
	if (a.rows > 0)
		ownership(v, c, a, p, g);
	a.row++;
	if (a.rows > 1)
		changes(c, a, p, g);
	a.row++;
	if (a.rows > 2)
		waiting(c, a, p, g);
	a.row++;
	a.rows -= GIL_ROWS;
	if (p->ngils > 1)
		several(c, a, p);
}
