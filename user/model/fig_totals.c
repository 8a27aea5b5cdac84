/* Invariant: a total is the sum of the rows that are shown, so that it can be added up by hand. */
#include "user/model/fig_totals.h"

#include <string.h>

#include "user/model/fig_rows.h"

/* clang-format off */
#define COL(kind, member) { #member, kind, offsetof(struct fig_totals, member), false }

const struct fig_column fig_totals_columns[] = {
	COL(FIG_NUMBER, processes),
	COL(FIG_NUMBER, running),
	COL(FIG_NUMBER, threads),
	COL(FIG_TIME, measured_ns),
	COL(FIG_TIME, held_ns),
	COL(FIG_COUNT, takes),
	COL(FIG_COUNT, contended_takes),
	COL(FIG_COUNT, handovers),
	COL(FIG_COUNT, forced_releases),
	COL(FIG_TIME, wait_ns),
	COL(FIG_TIME, held_offcpu_ns),
	COL(FIG_COUNT, collections),
	COL(FIG_COUNT, collected),
	COL(FIG_COUNT, uncollectable),
	COL(FIG_TIME, gc_pause_ns),
	COL(FIG_TIME, stalled_ns),
	COL(FIG_COUNT, io_calls),
	COL(FIG_COUNT, io_wakeups),
	COL(FIG_COUNT, io_timeouts),
	COL(FIG_COUNT, io_events),
	COL(FIG_COUNT, deallocs),
	{ NULL, FIG_ID, 0, false },
};
/* clang-format on */

/* Nothing, and nothing measured. */
static void clear(struct fig_totals *t)
{
	memset(t, 0, sizeof(*t));
	for (const struct fig_column *c = fig_totals_columns; c->name; c++)
		if (c->kind != FIG_NUMBER)
			*(u64 *)((char *)t + c->offset) = FIG_NULL;
}

static void add(u64 *to, u64 v)
{
	*to = fig_sum(*to, v);
}

static void add_gils(struct fig_totals *t, const struct fig_process *p)
{
	for (size_t i = 0; p->gil_measured && i < p->ngils; i++) {
		const struct fig_gil *g = &p->gils[i];

		add(&t->held_ns, g->held_ns);
		add(&t->takes, g->takes);
		add(&t->contended_takes, g->contended_takes);
		add(&t->handovers, g->handovers);
		add(&t->forced_releases, g->forced_releases);
		add(&t->wait_ns, g->wait_ns);
		add(&t->held_offcpu_ns, g->held_offcpu_ns);
	}
}

static void add_gc(struct fig_totals *t, const struct fig_process *p)
{
	for (size_t i = 0; p->gc_measured && i < p->ngc; i++) {
		const struct fig_gc *gc = &p->gc[i];

		add(&t->collections, gc->collections);
		add(&t->collected, gc->collected);
		add(&t->uncollectable, gc->uncollectable);
		add(&t->gc_pause_ns, gc->pause.valid ? gc->pause.sum_ns : FIG_NULL);
		add(&t->stalled_ns, gc->stalled_ns);
	}
}

static void add_io(struct fig_totals *t, const struct fig_process *p)
{
	if (p->io_measured)
		add(&t->io_wakeups, 0); /* without a row there were none; in both modes */
	for (size_t i = 0; p->io_measured && i < p->nio; i++) {
		add(&t->io_calls, p->io[i].calls);
		add(&t->io_wakeups, p->io[i].wakeups);
		add(&t->io_timeouts, p->io[i].timeouts);
		add(&t->io_events, p->io[i].events);
	}
}

static void add_process(struct fig_totals *t, const struct fig_process *p)
{
	t->processes++;
	t->running += !p->exited;
	for (size_t i = 0; i < p->nthreads; i++)
		t->threads += !p->threads[i].exited && !p->exited;
	add(&t->measured_ns, p->measured_ns);
	add_gils(t, p);
	add_gc(t, p);
	add_io(t, p);
	for (size_t i = 0; p->types_measured && i < p->ntypes; i++)
		add(&t->deallocs, p->types[i].deallocs);
}

void fig_totals_of(const struct fig_process *p, struct fig_totals *ret_t)
{
	clear(ret_t);
	add_process(ret_t, p);
}

void fig_totals(const struct figures *f, struct fig_totals *ret_t)
{
	clear(ret_t);
	for (size_t i = 0; i < f->nprocs; i++)
		add_process(ret_t, &f->procs[i]);
}
