/*
 * asyncio, replayed: a row for each thread that has run a task's step, as in user/family/asyncio.c.
 * A row stays when its thread has ended.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/fig_rows.h"
#include "user/trace/replay_loops.h"

#define MAX_LOOPS 65536 /* of a process; the others go into one row, with tid 0 */

static int new_row(const struct replay *r, struct rp_thread *t)
{
	struct rp_process *p = t->p;
	struct fig_loop *row;
	int err;

	if (p->nloops > MAX_LOOPS) {
		t->loop = p->nloops;
		return 0;
	}
	err = rp_room((void **)&p->loops, &p->loops_room, p->nloops, sizeof(*p->loops));
	if (err)
		return err;
	row = &p->loops[p->nloops++];
	*row = (struct fig_loop) {
		.tid = p->nloops > MAX_LOOPS ? 0 : t->row.tid,
		.start_ns = p->nloops > MAX_LOOPS ? 0 : t->row.start_ns,
		.blocked_over_ns = FIG_NULL,
		.running_ns = FIG_NULL,
		.iteration.valid = true,
		.step.valid = true,
		.step_delay.valid = rp_has_split(r) && rp_measures(r, GS_FAMILY_IO),
	};
	t->loop = p->nloops;
	return 0;
}

static int row_of(struct replay *r, const struct event *ev, struct fig_loop **ret_row)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	int err = t && !t->loop ? new_row(r, t) : 0;

	*ret_row = t && !err ? &t->p->loops[t->loop - 1] : NULL;
	return err;
}

int rp_iteration(struct replay *r, const struct event *ev)
{
	struct fig_loop *row;
	int err = row_of(r, ev, &row);

	if (!row)
		return err;
	row->iterations++;
	row->blocked += ev->slow;
	row->blocked_ns += ev->slow ? ev->ns : 0;
	rp_hist_add(&row->iteration, ev->ns);
	return 0;
}

int rp_step(struct replay *r, const struct event *ev)
{
	struct fig_loop *row;
	int err = row_of(r, ev, &row);

	if (!row)
		return err;
	row->steps++;
	row->blocked_steps += ev->slow;
	rp_hist_add(&row->step, ev->ns);
	if (ev->delay_ns != EVENT_UNKNOWN)
		rp_hist_add(&row->step_delay, ev->delay_ns);
	return 0;
}

void rp_loop_end(struct rp_thread *t)
{
	struct fig_loop *row = t->loop ? &t->p->loops[t->loop - 1] : NULL;

	if (!row || !row->tid)
		return;
	row->exited = true;
	row->name = rp_text(t->row.name);
}

static const char *name_of(const struct rp_process *p, size_t loop)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i]->loop == loop)
			return p->threads[i]->row.name;
	return "?";
}

bool rp_loop_rows(const struct rp_process *p, struct fig_process *out)
{
	out->asyncio_measured = true;
	for (size_t i = 0; i < p->nloops; i++) {
		const struct fig_loop *from = &p->loops[i];
		struct fig_loop *row = fig_row_add(FIG_ASYNCIO, out);
		const char *name = from->name ? from->name : name_of(p, i + 1);

		if (!row)
			return false;
		*row = *from;
		row->name = strdup(from->tid ? name : "[other threads]");
		if (!row->name)
			return false;
	}
	return true;
}

void rp_loops_new_interval(struct rp_process *p)
{
	for (size_t i = 0; i < p->nloops; i++) {
		p->loops[i].iteration.interval_max_ns = p->loops[i].step.interval_max_ns = 0;
		p->loops[i].step_delay.interval_max_ns = 0;
	}
}

void rp_loops_free(struct rp_process *p)
{
	for (size_t i = 0; i < p->nloops; i++)
		free(p->loops[i].name);
	free(p->loops);
}
