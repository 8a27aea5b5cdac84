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

/* How a thread or loop is called in the diff: the names of a process are bounded. */
static const char *name_of(const struct diff_process *p, enum diff_group group, const char *name)
{
	size_t names = 0;

	for (size_t i = 0; i < p->nitems; i++) {
		if (p->items[i].group != group)
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
		name = name_of(d, DIFF_THREAD, p->threads[i].name ? p->threads[i].name : "?");
		fig_thread_sum_init(&sum);
		for (size_t j = i; j < p->nthreads; j++) {
			const char *other = p->threads[j].name ? p->threads[j].name : "?";

			if (done[j] ||
			    strcmp(name, name == others ? name_of(d, DIFF_THREAD, other) : other))
				continue;
			fig_thread_sum(&sum, &p->threads[j]);
			done[j] = true;
		}
		err = add_item(d, DIFF_THREAD, name, &(struct source) { &sum, time_ns, whole });
	}
	free(done);
	return err;
}

static void add_loop(struct fig_loop *sum, const struct fig_loop *l)
{
	sum->iterations += l->iterations;
	sum->steps += l->steps;
	sum->blocked += l->blocked;
	sum->blocked_ns += l->blocked_ns;
	sum->blocked_steps += l->blocked_steps;
	sum->iteration.count += l->iteration.count;
	sum->iteration.sum_ns += l->iteration.sum_ns;
	sum->step.count += l->step.count;
	sum->step.sum_ns += l->step.sum_ns;
}

/* Loops whose threads have the same name are one. */
static int add_loops(struct diff_process *d, const struct fig_process *p, u64 time_ns, bool whole)
{
	bool *done = calloc(p->nloops + 1, sizeof(*done));
	int err = done ? 0 : -ENOMEM;

	for (size_t i = 0; i < p->nloops && !err; i++) {
		struct fig_loop sum = {};
		const char *name;

		if (done[i])
			continue;
		name = name_of(d, DIFF_LOOP, p->loops[i].name);
		for (size_t j = i; j < p->nloops; j++) {
			if (done[j] || strcmp(name, name_of(d, DIFF_LOOP, p->loops[j].name)))
				continue;
			add_loop(&sum, &p->loops[j]);
			done[j] = true;
		}
		err = add_item(d, DIFF_LOOP, name, &(struct source) { &sum, time_ns, whole });
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
	if (p->asyncio_measured && !err)
		err = add_loops(d, p, time_ns, whole);
	for (size_t i = 0; i < p->nft && p->ft_measured && !err; i++)
		err = add_item(d, DIFF_FT, p->ft[i].what,
			       &(struct source) { &p->ft[i], time_ns, whole });
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
