/*
 * GILs of subinterpreters, replayed.
 *
 * A thread's holds, waits and collections are of the GIL that WHICH_GIL has told of it last, at
 * first of the main interpreter's.  The others have their part in the threads' sums apart; the main
 * one has the rest.  Of a contended stretch of theirs nothing is known before it ends.
 */
#include <stdlib.h>

#include "user/base/fmt.h"
#include "user/model/fig_rows.h"
#include "user/trace/replay_private.h"

u32 rp_gil_index(struct rp_process *p, u64 address)
{
	struct rp_gil *more;

	if (!address || address == p->gil)
		return 0;
	for (u32 i = 0; i < p->ngils; i++)
		if (p->gils[i].address == address)
			return i + 1;
	if (p->ngils == RP_MAX_GILS)
		return 0;
	if (!(p->ngils & (p->ngils - 1))) {
		more = realloc(p->gils, (p->ngils ? 2 * p->ngils : 1) * sizeof(*more));
		if (!more)
			return 0;
		p->gils = more;
	}
	p->gils[p->ngils] = (struct rp_gil) { .address = address };
	return ++p->ngils;
}

struct rp_gil *rp_gil_at(struct rp_process *p, u32 gil)
{
	return gil && gil <= p->ngils ? &p->gils[gil - 1] : NULL;
}

struct rp_collections *rp_collections_of(struct rp_process *p, u32 gil)
{
	struct rp_gil *g = rp_gil_at(p, gil);

	return g ? &g->collections : &p->collections;
}

int rp_which_gil(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);

	if (t)
		t->gil = rp_gil_index(t->p, ev->gil);
	return 0;
}

int rp_contended_other(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_of(r, ev);
	struct rp_gil *g = p ? rp_gil_at(p, rp_gil_index(p, ev->gil)) : NULL;

	if (g)
		g->contended_ns += ev->ns;
	return 0;
}

static u64 since(u64 start_ns, u64 now_ns)
{
	return now_ns > start_ns ? now_ns - start_ns : 0;
}

/* What is open at the moment, of the GIL with index @gil - 1. */
static void add_open(const struct rp_process *p, u32 gil, u64 now_ns, struct fig_gil *row)
{
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct rp_thread *t = p->threads[i];

		if (t->open[RP_HOLD] && t->open_gil[RP_HOLD] == gil) {
			row->held_ns += since(t->open_ns[RP_HOLD], now_ns);
			row->takes += !t->open_mid;
			row->holder_tid = t->row.tid;
		}
		if (t->open[RP_WAIT] && t->open_gil[RP_WAIT] == gil)
			row->wait_ns += since(t->open_ns[RP_WAIT], now_ns);
		if (t->open[RP_OFF_CPU] && t->open_gil[RP_OFF_CPU] == gil) {
			u64 off = since(t->open_ns[RP_OFF_CPU], now_ns);

			row->held_offcpu_ns += off;
			row->held_preempted_ns += t->open_preempted ? off : 0;
		}
	}
}

/* @ns less @other, in a column that is not null. */
static void take_off(u64 *ns, u64 other)
{
	if (*ns != FIG_NULL && other != FIG_NULL)
		*ns = *ns > other ? *ns - other : 0;
}

static u64 like(u64 of, u64 v)
{
	return of == FIG_NULL ? FIG_NULL : v;
}

static void one_row(const struct rp_process *p, const struct rp_gil *g, u32 gil, u64 now_ns,
		    const struct fig_gil *main, struct fig_gil *row)
{
	row->address = g->address;
	row->takes = g->takes;
	row->contended_takes = g->contended_takes;
	row->forced_releases = g->forced_releases;
	row->held_ns = g->held_ns;
	row->wait_ns = g->wait_ns;
	row->held_offcpu_ns = g->held_offcpu_ns;
	row->held_preempted_ns = g->held_preempted_ns;
	row->wait_runnable_ns = like(main->wait_runnable_ns, g->wait_runnable_ns);
	row->holder_tid = 0;
	add_open(p, gil, now_ns, row);
	row->takes = like(main->takes, row->takes);
	row->contended_takes = like(main->contended_takes, row->contended_takes);
	row->forced_releases = like(main->forced_releases, row->forced_releases);
	row->held_ns = like(main->held_ns, row->held_ns);
	row->wait_ns = like(main->wait_ns, row->wait_ns);
	row->held_offcpu_ns = like(main->held_offcpu_ns, row->held_offcpu_ns);
	row->held_preempted_ns = like(main->held_preempted_ns, row->held_preempted_ns);
	row->handovers = like(main->handovers, g->owners.handovers);
	row->contended_ns = like(main->contended_ns, g->contended_ns);
	row->holder_tid = like(main->holder_tid, row->holder_tid);
	row->hold_floor_ns = main->hold_floor_ns;
	row->held_source = main->held_source;
	row->held_error_ratio = main->held_error_ratio;
}

bool rp_gil_rows(const struct rp_process *p, u64 now_ns, struct fig_process *out)
{
	struct fig_gil *main, *row;

	for (u32 i = 0; i < p->ngils; i++) {
		row = fig_row_add(FIG_GILS, out);
		if (!row)
			return false;
		main = &out->gils[0];
		one_row(p, &p->gils[i], i + 1, now_ns, main, row);
		if (row->held_ns != FIG_NULL && out->measured_ns)
			row->held_ratio = (double)row->held_ns / out->measured_ns;
	}
	for (u32 i = 0; i < p->ngils; i++) {
		main = &out->gils[0];
		row = &out->gils[1 + i];
		take_off(&main->takes, row->takes);
		take_off(&main->contended_takes, row->contended_takes);
		take_off(&main->forced_releases, row->forced_releases);
		take_off(&main->held_ns, row->held_ns);
		take_off(&main->wait_ns, row->wait_ns);
		take_off(&main->held_offcpu_ns, row->held_offcpu_ns);
		take_off(&main->held_preempted_ns, row->held_preempted_ns);
		take_off(&main->wait_runnable_ns, row->wait_runnable_ns);
	}
	return true;
}
