/* First and last lines: what is watched, what watching costs, what was lost; keys. */
#include <stdio.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/view/view.h"

static const struct figures *with_losses(const struct view *v)
{
	return v->total ? v->total : v->interval;
}

static bool is_thinned(const struct figures *f)
{
	return f && f->budget_share > 0 && f->budget.state && !strcmp(f->budget.state, "thinned");
}

/* Does the budget's line show?  Figures since the start are mixed once the mode has changed. */
static bool is_slow_or_watch(const struct view *v)
{
	const struct figures *f = view_figures(v);

	return fig_fell_back(f) || fig_distorted(f) ||
	       (f && v->since_start && f->fallback.switches);
}

int header_rows(const struct view *v)
{
	const struct figures *f = with_losses(v);

	return 2 + is_thinned(view_figures(v)) + is_slow_or_watch(v) + (f && f->nlost) +
	       findings_any(v);
}

static void process_line(const struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = view_figures(v);
	const struct fig_process *p = view_process(v);
	char right[96], which[32] = "";
	int at, left;

	if (view_shows_all(v)) {
		at = canvas_text(c, a.row, a.col, a.cols, STYLE_TITLE, "gilscope ");
		canvas_printf(c, a.row, a.col + at, STYLE_BOLD, "all processes");
		canvas_right(c, a.row, a.col, a.cols, STYLE_NORMAL, f->mode ?: "");
		return;
	}
	snprintf(right, sizeof(right), "Python %.16s%s  %s", p->python.version ?: "?",
		 p->python.free_threaded ? " free-threaded" : "", f->mode ?: "");
	if (f->nprocs > 1)
		snprintf(which, sizeof(which), " (%zu of %zu)", v->proc + 1, f->nprocs);
	at = canvas_text(c, a.row, a.col, a.cols, STYLE_TITLE, "gilscope ");
	at += canvas_printf(c, a.row, a.col + at, STYLE_BOLD, "%u", p->pid);
	at += canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, "%s%s  ", which,
			    p->exited ? " ended" : "");
	left = a.cols - at - (int)strlen(right) - 2;
	canvas_text(c, a.row, a.col + at, left, STYLE_BOLD, p->command ?: "-");
	canvas_right(c, a.row, a.col, a.cols, STYLE_NORMAL, right);
}

static void cost_line(const struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = view_figures(v);
	int at = 0;

	if (v->paused)
		at += canvas_text(c, a.row, a.col, a.cols, STYLE_WARN, "PAUSED ");
	at += canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, "%s %s",
			    v->since_start ? "since start," : "last", fmt_ns(f->duration_ns).s);
	at += canvas_printf(c, a.row, a.col + at, STYLE_DIM, "  gilscope ");
	at += canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, "%s CPU",
			    fmt_percent(fmt_ratio(f->overhead.tracer_cpu_ns, f->duration_ns)).s);
	at += canvas_printf(c, a.row, a.col + at, STYLE_DIM, "  probes ");
	at += canvas_printf(
		c, a.row, a.col + at, STYLE_NORMAL, "%s/s x %s, ~%s CPU",
		fmt_rate(f->overhead.probe_hits, f->duration_ns).s, fmt_ns(f->overhead.hit_ns).s,
		fmt_percent(fmt_ratio(f->overhead.target_cpu_ns_estimate, f->duration_ns)).s);
	canvas_printf(c, a.row, a.col + at, STYLE_DIM, " of target");
}

/* What is counted in bursts only, since when, and why. */
static void budget_line(const struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = view_figures(v);
	const struct fig_budget *b = &f->budget;
	u64 end = f->started_unix_ns + f->duration_ns;
	int at = canvas_printf(c, a.row, a.col, STYLE_WARN, "THINNED %s", b->family);

	at += canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, " for %s, seen %s of the time",
			    fmt_ns(end > b->since_unix_ns ? end - b->since_unix_ns : 0).s,
			    fmt_percent(b->observed_ratio).s);
	canvas_printf(c, a.row, a.col + at, STYLE_DIM, ": all would cost more than %s of a CPU",
		      fmt_percent(f->budget_share).s);
}

/* Exact mode that was given up for its cost, since when and why; or that should be. */
static void mode_line(const struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = view_figures(v);
	const struct fig_fallback *b = &f->fallback;
	u64 end = f->started_unix_ns + f->duration_ns;
	int at;

	if (!fig_fell_back(f) && f->fallback.switches && v->since_start) {
		at = canvas_printf(c, a.row, a.col, STYLE_WARN, "PARTLY WATCHED %s", b->family);
		canvas_printf(c, a.row, a.col + at, STYLE_NORMAL,
			      ", not exact: the probes took %s of a CPU; exact again for %s",
			      fmt_percent(b->last_cost_ratio).s,
			      fmt_ns(end > b->since_unix_ns ? end - b->since_unix_ns : 0).s);
		return;
	}
	if (!fig_fell_back(f)) {
		at = canvas_text(c, a.row, a.col, a.cols, STYLE_WARN, "DISTORTED");
		canvas_text(c, a.row, a.col + at, a.cols - at, STYLE_NORMAL,
			    " the probes slow the program; use --mode watch, or --budget 1%");
		return;
	}
	at = canvas_printf(c, a.row, a.col, STYLE_WARN, "WATCH, NOT EXACT %s", b->family);
	at += canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, " for %s: probes took %s of a CPU",
			    fmt_ns(end > b->since_unix_ns ? end - b->since_unix_ns : 0).s,
			    fmt_percent(b->last_cost_ratio).s);
	at += canvas_printf(c, a.row, a.col + at, STYLE_DIM, ", budget %s",
			    fmt_percent(b->share).s);
	if (b->retry_unix_ns != FIG_NULL && b->retry_unix_ns > end)
		canvas_printf(c, a.row, a.col + at, STYLE_DIM, "; again in %s",
			      fmt_ns(b->retry_unix_ns - end).s);
}

/* Losses since the start; in red while they go on. */
static void lost_line(const struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = with_losses(v);
	bool now = v->interval && v->interval->nlost;
	enum style style = now ? STYLE_BAD : STYLE_WARN;
	int at = canvas_text(c, a.row, a.col, a.cols, style, "LOST");

	for (size_t i = 0; i < f->nlost && at < a.cols; i++)
		at += canvas_printf(c, a.row, a.col + at, style, "%s %s %s", i ? "," : "",
				    f->lost[i].cause, fmt_count(f->lost[i].count).s);
	canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, "%s",
		      now ? " since start, and now (? explains)" : " since start (? explains)");
}

void header_draw(const struct view *v, struct canvas *c, struct area a)
{
	const struct figures *f = with_losses(v);

	process_line(v, c, a);
	a.row++;
	cost_line(v, c, a);
	a.row++;
	if (is_thinned(view_figures(v))) {
		budget_line(v, c, a);
		a.row++;
	}
	if (is_slow_or_watch(v)) {
		mode_line(v, c, a);
		a.row++;
	}
	if (f && f->nlost) {
		lost_line(v, c, a);
		a.row++;
	}
	if (findings_any(v))
		findings_line(v, c, a);
}

static void screen_footer(const struct view *v, struct canvas *c, struct area a)
{
	const char *weight = v->screen == SCREEN_BLAME ? "" : "w next weight  ";

	canvas_printf(c, a.row, a.col, STYLE_DIM,
		      "Esc goes back  %sF flame  b blame  arrows scroll  t total  p pause", weight);
}

void footer_draw(const struct view *v, struct canvas *c, struct area a)
{
	static const char *const keys[][2] = {
		{ "q", "quit" },   { "?", "help" },  { "Enter", "open" }, { "b", "blame" },
		{ "F", "flame" },  { "p", "pause" }, { "t", "total" },	  { "s", "sort" },
		{ "/", "filter" }, { "n", "next" },  { "a", "all" },	  { "+-", "interval" },
		{ "S", "save" },
	};
	int at = 0;

	if (v->filtering) {
		at = canvas_text(c, a.row, a.col, a.cols, STYLE_BOLD, "Thread name contains: ");
		canvas_printf(c, a.row, a.col + at, STYLE_NORMAL, "%s_", v->filter);
		return;
	}
	if (*v->message) {
		canvas_text(c, a.row, a.col, a.cols, STYLE_BOLD, v->message);
		return;
	}
	if (v->screen != SCREEN_PANELS) {
		screen_footer(v, c, a);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *key = keys[i][0], *what = keys[i][1];
		int width;

		if (*keys[i][0] == 't' && v->since_start)
			what = "last";
		if (*keys[i][0] == 'E' && view_shows_all(v))
			what = "this one";
		if (*keys[i][0] == 'a' && view_shows_all(v))
			continue;
		width = (int)(strlen(key) + 1 + strlen(what));
		if (at + width > a.cols)
			break;
		at += canvas_printf(c, a.row, a.col + at, STYLE_BOLD, "%s", key);
		at += canvas_printf(c, a.row, a.col + at, STYLE_DIM, " %s", what) + 2;
	}
}
