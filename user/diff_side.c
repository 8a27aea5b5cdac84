/*
 * One recording of two: its figures over windows; see diff.h.
 *
 * A window in which a thread, generation or call did not show counts 0 for its shares and rates,
 * if its process was measured then; a mean has no value there.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/diff.h"
#include "user/model/fig_rows.h"

static const char others[] = "[others]";

/* clang-format off */
#define SHARE(name, row, part) { name, DIFF_SHARE, offsetof(struct row, part), 0 }
#define RATE(name, row, part) { name, DIFF_RATE, offsetof(struct row, part), 0 }
#define MEAN(name, row, part, of) \
	{ name, DIFF_MEAN_NS, offsetof(struct row, part), offsetof(struct row, of) }
#define END { NULL, 0, 0, 0 }

static const struct diff_figure gil_figures[] = {
	SHARE("held", fig_gil, held_ns),
	SHARE("waiting", fig_gil, wait_ns),
	SHARE("contended", fig_gil, contended_ns),
	SHARE("held_offcpu", fig_gil, held_offcpu_ns),
	SHARE("held_preempted", fig_gil, held_preempted_ns),
	RATE("takes", fig_gil, takes),
	RATE("contended_takes", fig_gil, contended_takes),
	RATE("handovers", fig_gil, handovers),
	RATE("forced_releases", fig_gil, forced_releases),
	MEAN("mean_hold", fig_gil, held_ns, takes),
	MEAN("mean_wait", fig_gil, wait_ns, contended_takes),
	END,
};

static const struct diff_figure thread_figures[] = {
	SHARE("held", fig_thread, held_ns),
	SHARE("waiting", fig_thread, wait_ns),
	RATE("takes", fig_thread, takes),
	RATE("forced_releases", fig_thread, forced_releases),
	MEAN("mean_hold", fig_thread, hold.sum_ns, hold.count),
	MEAN("mean_wait", fig_thread, wait.sum_ns, wait.count),
	END,
};

static const struct diff_figure gc_figures[] = {
	SHARE("paused", fig_gc, pause.sum_ns),
	SHARE("stalled", fig_gc, stalled_ns),
	RATE("collections", fig_gc, collections),
	RATE("collected", fig_gc, collected),
	MEAN("mean_pause", fig_gc, pause.sum_ns, pause.count),
	END,
};

static const struct diff_figure io_figures[] = {
	RATE("calls", fig_io, calls),
	RATE("wakeups", fig_io, wakeups),
	RATE("timeouts", fig_io, timeouts),
	RATE("errors", fig_io, errors),
	RATE("events", fig_io, events),
	MEAN("mean_blocked", fig_io, blocked.sum_ns, blocked.count),
	MEAN("mean_wake_to_run", fig_io, wake_to_run.sum_ns, wake_to_run.count),
	MEAN("mean_wake_to_gil", fig_io, wake_to_gil.sum_ns, wake_to_gil.count),
	END,
};
/* clang-format on */

#define FITS(figures) \
	_Static_assert(sizeof(figures) / sizeof((figures)[0]) <= DIFF_FIGURES + 1, #figures)
FITS(gil_figures);
FITS(thread_figures);
FITS(gc_figures);
FITS(io_figures);

const struct diff_figure *const diff_figures[DIFF_GROUP_COUNT] = {
	[DIFF_GIL] = gil_figures,
	[DIFF_THREAD] = thread_figures,
	[DIFF_GC] = gc_figures,
	[DIFF_IO] = io_figures,
};

const char *const diff_group_names[DIFF_GROUP_COUNT] = {
	[DIFF_GIL] = "gil",
	[DIFF_THREAD] = "thread",
	[DIFF_GC] = "gc",
	[DIFF_IO] = "io",
};

/* A row that figures are taken from: of a window, or of the whole recording. */
struct source {
	const void *row;
	u64 time_ns;
	bool whole;
};

static double value_of(const struct diff_figure *f, const struct source *from)
{
	u64 part = *(const u64 *)((const char *)from->row + f->part);
	u64 of = *(const u64 *)((const char *)from->row + f->of);

	if (part == FIG_NULL || (f->unit != DIFF_MEAN_NS && !from->time_ns))
		return NAN;
	switch (f->unit) {
	case DIFF_SHARE:
		return (double)part / (double)from->time_ns;
	case DIFF_RATE:
		return (double)part / ((double)from->time_ns / 1e9);
	case DIFF_MEAN_NS:
		break;
	}
	return of && of != FIG_NULL ? (double)part / (double)of : NAN;
}

static void add_value(struct diff_series *s, double v, bool whole)
{
	if (whole) {
		s->whole = v;
	} else if (isfinite(v)) {
		s->sum += v;
		s->squares += v * v;
		s->n++;
	}
}

static struct diff_item *item_of(struct diff_process *p, enum diff_group group, const char *name)
{
	struct diff_item *more;

	for (size_t i = 0; i < p->nitems; i++)
		if (p->items[i].group == group && !strcmp(p->items[i].name, name))
			return &p->items[i];
	more = realloc(p->items, (p->nitems + 1) * sizeof(*more));
	if (!more)
		return NULL;
	p->items = more;
	more[p->nitems] = (struct diff_item) { .group = group, .name = strdup(name) };
	if (!more[p->nitems].name)
		return NULL;
	for (size_t i = 0; i < DIFF_FIGURES; i++)
		more[p->nitems].series[i].whole = NAN;
	return &more[p->nitems++];
}

static int add_item(struct diff_process *p, enum diff_group group, const char *name,
		    const struct source *from)
{
	const struct diff_figure *f = diff_figures[group];
	struct diff_item *item = item_of(p, group, name);

	if (!item)
		return -ENOMEM;
	for (size_t i = 0; f[i].name; i++)
		add_value(&item->series[i], value_of(&f[i], from), from->whole);
	return 0;
}

/* How a thread is called in the diff: the names of a process are bounded. */
static const char *name_of(const struct diff_process *p, const char *name)
{
	size_t names = 0;

	for (size_t i = 0; i < p->nitems; i++) {
		if (p->items[i].group != DIFF_THREAD)
			continue;
		if (!strcmp(p->items[i].name, name))
			return name;
		names++;
	}
	return names < DIFF_MAX_NAMES ? name : others;
}

static int add_threads(struct diff_process *d, const struct fig_process *p, u64 time_ns, bool whole)
{
	bool *done = calloc(p->nthreads + 1, sizeof(*done));
	int err = done ? 0 : -ENOMEM;

	for (size_t i = 0; i < p->nthreads && !err; i++) {
		struct fig_thread sum;
		const char *name;

		if (done[i])
			continue;
		name = name_of(d, p->threads[i].name ? p->threads[i].name : "?");
		fig_thread_sum_init(&sum);
		for (size_t j = i; j < p->nthreads; j++) {
			const char *other = p->threads[j].name ? p->threads[j].name : "?";

			if (done[j] || strcmp(name, name == others ? name_of(d, other) : other))
				continue;
			fig_thread_sum(&sum, &p->threads[j]);
			done[j] = true;
		}
		err = add_item(d, DIFF_THREAD, name, &(struct source) { &sum, time_ns, whole });
	}
	free(done);
	return err;
}

static int add_process(struct diff_process *d, const struct fig_process *p, u64 time_ns, bool whole)
{
	int err = 0;

	if (p->gil_measured && p->ngils)
		err = add_item(d, DIFF_GIL, "", &(struct source) { &p->gils[0], time_ns, whole });
	if (!err && p->gil_measured)
		err = add_threads(d, p, time_ns, whole);
	for (size_t i = 0; i < p->ngc && p->gc_measured && !err; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", p->gc[i].generation);
		err = add_item(d, DIFF_GC, name, &(struct source) { &p->gc[i], time_ns, whole });
	}
	for (size_t i = 0; i < p->nio && p->io_measured && !err; i++)
		err = add_item(d, DIFF_IO, p->io[i].call,
			       &(struct source) { &p->io[i], time_ns, whole });
	return err;
}

static struct diff_process *process_of(struct diff_side *s, u32 pid, size_t nth,
				       const struct fig_process *p)
{
	struct diff_process *more, *d;

	for (size_t i = 0; i < s->nprocs; i++)
		if (s->procs[i].pid == pid && s->procs[i].nth == nth)
			return &s->procs[i];
	more = realloc(s->procs, (s->nprocs + 1) * sizeof(*more));
	if (!more)
		return NULL;
	s->procs = more;
	d = &more[s->nprocs++];
	*d = (struct diff_process) { .pid = pid, .nth = nth };
	d->command = strdup(p && p->command ? p->command : "");
	d->version = strdup(p && p->python.version ? p->python.version : "");
	return d->command && d->version ? d : NULL;
}

static size_t nth_of_pid(const struct figures *f, size_t proc)
{
	size_t nth = 0;

	for (size_t i = 0; i < proc; i++)
		nth += f->procs[i].pid == f->procs[proc].pid;
	return nth;
}

/* All GILs as one. */
static int add_total(struct diff_side *s, const struct figures *f, bool whole)
{
	struct diff_process *d = process_of(s, 0, 0, NULL);
	struct fig_process sum = {};
	struct fig_gil *g = fig_row_add(FIG_GILS, &sum);
	int err = -ENOMEM;

	for (size_t i = 0; g && i < f->nprocs; i++) {
		if (!f->procs[i].gil_measured || !f->procs[i].ngils)
			continue;
		for (const struct fig_column *c = fig_tables[FIG_GILS].columns; c->name; c++) {
			u64 *to = (u64 *)((char *)g + c->offset);

			if (c->kind == FIG_COUNT || c->kind == FIG_TIME)
				*to = fig_sum(*to, *(const u64 *)((const char *)f->procs[i].gils +
								  c->offset));
		}
	}
	if (d && g) {
		d->windows += !whole;
		err = add_item(d, DIFF_GIL, "", &(struct source) { g, f->duration_ns, whole });
	}
	free(sum.gils);
	return err;
}

/* The figures of a window, or of the whole recording. */
static int add_figures(struct diff_side *s, const struct figures *f, bool whole)
{
	int err = add_total(s, f, whole);

	for (size_t i = 0; i < f->nprocs && !err; i++) {
		const struct fig_process *p = &f->procs[i];
		struct diff_process *d;

		/* A part of a window that is too small tells more of its edges. */
		if (!whole && p->measured_ns < f->duration_ns / 2)
			continue;
		d = process_of(s, p->pid, nth_of_pid(f, i), p);
		if (!d)
			return -ENOMEM;
		d->windows += !whole;
		err = add_process(d, p, p->measured_ns, whole);
	}
	return err;
}

static int at(void *ctx, u64 moment_ns, struct figures *f)
{
	struct diff_side *s = ctx;
	struct figures *part = s->last ? figures_interval(s->last, f) : NULL;

	(void)moment_ns;
	if (part)
		s->err = add_figures(s, part, false);
	else if (s->last)
		s->err = -ENOMEM;
	figures_free(part);
	figures_free(s->last);
	s->last = f;
	return s->err;
}

int diff_side_read(struct diff_side *s, struct err *e)
{
	const struct trace_info *info = trace_info(s->run.reader);
	const struct replay_opts o = { .at = at, .ctx = s };
	u64 moments[DIFF_MAX_WINDOWS + 1], begin, end;
	size_t n;
	int err;

	trace_range(s->run.reader, &begin, &end);
	if (begin < info->started_ns)
		begin = info->started_ns;
	s->duration_ns = end > begin ? end - begin : 0;
	n = s->duration_ns / DIFF_MIN_WINDOW_NS < DIFF_MAX_WINDOWS
		    ? s->duration_ns / DIFF_MIN_WINDOW_NS
		    : DIFF_MAX_WINDOWS;
	s->windows = n;
	for (size_t i = 0; i <= n; i++)
		moments[i] = begin + s->duration_ns / (n ? n : 1) * i;
	err = replay_run(&s->run, &o, moments, n + 1, e);
	if (!err)
		err = add_figures(s, s->run.figures, true);
	figures_free(s->last);
	s->last = NULL;
	return err ? errf(e, GS_EXIT_FAILED, err, "%s: %s", info->directory, strerror(-err)) : 0;
}

void diff_side_done(struct diff_side *s)
{
	for (size_t i = 0; i < s->nprocs; i++) {
		for (size_t j = 0; j < s->procs[i].nitems; j++)
			free(s->procs[i].items[j].name);
		free(s->procs[i].items);
		free(s->procs[i].command);
		free(s->procs[i].version);
	}
	free(s->procs);
	replay_run_done(&s->run);
}
