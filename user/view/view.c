/* The state of the dashboard between keys and readings; see view.h. */
#include "user/view/view.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/view/spark.h"

void view_init(struct view *v, const struct dash_opts *opts)
{
	*v = (struct view) {
		.interval_ns = opts->interval_ns,
		.save = opts->save,
	};
	/* by HELD% */
	while (v->sort < threads_ncolumns && strcmp(threads_columns[v->sort].title, "HELD%"))
		v->sort++;
	while (v->sort_processes < processes_ncolumns &&
	       strcmp(processes_columns[v->sort_processes].title, "HELD%"))
		v->sort_processes++;
}

void view_done(struct view *v)
{
	findings_done(&v->findings);
	figures_free(v->interval);
	figures_free(v->total);
	free(v->history);
	free(v->rows);
	free(v->threads);
	*v = (struct view) { 0 };
}

const struct figures *view_figures(const struct view *v)
{
	const struct figures *first = v->since_start ? v->total : v->interval;

	return first ? first : v->since_start ? v->interval : v->total;
}

const struct fig_process *view_process(const struct view *v)
{
	const struct figures *f = view_figures(v);

	if (!f || !f->nprocs)
		return NULL;
	return &f->procs[v->proc < f->nprocs ? v->proc : f->nprocs - 1];
}

bool view_shows_all(const struct view *v)
{
	const struct figures *f = view_figures(v);

	return v->all && f && f->nprocs > 1;
}

const struct history *view_history(const struct view *v)
{
	const struct fig_process *p = view_process(v);

	for (size_t i = 0; p && i < v->nhistory; i++)
		if (v->history[i].pid == p->pid)
			return &v->history[i];
	return NULL;
}

const struct fig_gil *view_gil(const struct fig_process *p)
{
	const struct fig_gil *best = NULL;

	for (size_t i = 0; p->gil_measured && p->gils && i < p->ngils; i++)
		if (!best || (p->gils[i].held_ns != FIG_NULL &&
			      (best->held_ns == FIG_NULL || p->gils[i].held_ns > best->held_ns)))
			best = &p->gils[i];
	return best;
}

void view_switch(struct view *v, int step)
{
	const struct figures *f = view_figures(v);

	if (!f || !f->nprocs)
		return;
	v->chosen = true;
	v->all = false;
	v->proc = (v->proc + f->nprocs + (size_t)step) % f->nprocs;
	v->pid = f->procs[v->proc].pid;
	v->scroll = 0;
	v->marked = false; /* a thread of another process */
	if (v->screen == SCREEN_THREAD || v->flame_tid)
		v->screen = SCREEN_PANELS;
	v->flame_tid = 0;
}

bool view_rows(struct view *v, size_t count)
{
	const void **more;

	if (count <= v->nrows)
		return true;
	more = realloc(v->rows, count * sizeof(*more));
	if (!more)
		return false;
	v->rows = more;
	v->nrows = count;
	return true;
}

static struct history *history_of(struct view *v, u32 pid)
{
	struct history *more;

	for (size_t i = 0; i < v->nhistory; i++)
		if (v->history[i].pid == pid)
			return &v->history[i];
	more = realloc(v->history, (v->nhistory + 1) * sizeof(*more));
	if (!more)
		return NULL;
	v->history = more;
	more = &more[v->nhistory++];
	*more = (struct history) { .pid = pid };
	return more;
}

/* One more value per process; processes that are no longer there are forgotten. */
static int remember(struct view *v, const struct figures *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->nhistory; i++)
		v->history[i].seen = false;
	for (size_t i = 0; i < f->nprocs; i++) {
		const struct fig_gil *gil = view_gil(&f->procs[i]);
		struct history *h = history_of(v, f->procs[i].pid);

		if (!h)
			return -ENOMEM;
		h->seen = true;
		if (h->n == VIEW_HISTORY)
			memmove(h->held, h->held + 1, --h->n);
		h->held[h->n++] = gil && !isnan(gil->held_ratio)
					  ? (u8)(fmin(gil->held_ratio, 1) * 100)
					  : SPARK_NONE;
	}
	for (size_t i = 0; i < v->nhistory; i++)
		if (v->history[i].seen)
			v->history[kept++] = v->history[i];
	v->nhistory = kept;
	return 0;
}

static int copy(const struct figures *f, struct figures **ret_copy)
{
	*ret_copy = f ? figures_interval(NULL, f) : NULL;
	return f && !*ret_copy ? -ENOMEM : 0;
}

/* Stay on the same process, wherever it is in the new reading. */
static void follow_process(struct view *v)
{
	const struct figures *f = view_figures(v);

	for (size_t i = 0; f && i < f->nprocs; i++) {
		if (f->procs[i].pid == v->pid) {
			v->proc = i;
			return;
		}
	}
	v->proc = 0;
	v->pid = f && f->nprocs ? f->procs[0].pid : 0;
}

int view_show(struct view *v, const struct figures *interval, const struct figures *total)
{
	struct figures *own_interval, *own_total;

	if (v->paused)
		return 0; /* the trend stands still as well */
	if (interval && remember(v, interval))
		return -ENOMEM;
	if (copy(interval, &own_interval))
		return -ENOMEM;
	if (copy(total, &own_total)) {
		figures_free(own_interval);
		return -ENOMEM;
	}
	figures_free(v->interval);
	figures_free(v->total);
	v->interval = own_interval;
	v->total = own_total;
	follow_process(v);
	if (!v->chosen && view_figures(v) && view_figures(v)->nprocs > 1)
		v->all = true;
	return 0;
}
