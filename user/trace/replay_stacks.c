/*
 * stacks, replayed: what was counted in each adds up as it did live (user/model/stack_rows.h), and
 * is shared out over the figures of this replay.
 *
 * It was told some times a second.  For a moment in between, the first pass has noted what is told
 * next, for a time that the moment is in: of that counts as much as the thread's own figures then
 * have room for.  Rows so add up, and never shrink.
 */
#include <errno.h>
#include <stdlib.h>

#include "user/trace/replay_private.h"

#define MAX_COSTS \
	(1U << 20) /* noted at all marks together; of more nothing is known in between \
		    */
#define MAX_ROWS 8192 /* of a process; the others are in the rows of no stack */

int rp_stack(struct replay *r, const struct event *ev)
{
	return stack_tree_event(&r->stacks, ev);
}

/* The row of the event's thread and stack; NULL without memory. */
static struct stack_row *row_of(struct replay *r, struct stack_rows *s, const struct event *ev)
{
	const struct fig_frames *f = stack_tree_frames(&r->stacks, ev->frame);
	struct stack_row *row;

	if (f && s->n >= MAX_ROWS) {
		r->lost[GS_LOSS_STACKS_FULL]++;
		f = NULL;
	}
	row = stack_rows_row(s, ev->tid, f ? ev->frame : 0);
	if (row)
		row->frames = f;
	return row;
}

int rp_stack_cost(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_told(r, ev);
	struct stack_row *row;

	if (!p)
		return 0;
	if (!p->stacks)
		p->stacks = calloc(1, sizeof(*p->stacks));
	row = p->stacks ? row_of(r, p->stacks, ev) : NULL;
	if (!row)
		return -ENOMEM;
	p->stacks->period_ns = ev->sample_ns;
	row->cost.samples += ev->samples;
	row->cost.waiters += ev->waiters;
	row->cost.off_caused_ns += ev->caused_ns;
	row->cost.off_preempted_ns += ev->off_preempted_ns;
	row->cost.off_blocked_ns += ev->off_blocked_ns;
	row->cost.wait_ns += ev->wait_ns;
	row->cost.paused_ns += ev->paused_ns;
	row->cost.deallocs += ev->deallocs;
	return 0;
}

static int note(struct rp_mark_costs *c, const struct event *ev)
{
	if (c->n == c->room) {
		u32 room = c->room ? 2 * c->room : 8;
		struct rp_mark_cost *more = realloc(c->list, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		c->list = more;
		c->room = room;
	}
	c->list[c->n++] = (struct rp_mark_cost) {
		.pid = ev->pid,
		.tid = ev->tid,
		.frame = ev->frame,
		.wait_ns = ev->wait_ns,
		.off_preempted_ns = ev->off_preempted_ns,
		.off_blocked_ns = ev->off_blocked_ns,
	};
	return 0;
}

int rp_marks_cost(struct replay_marks *m, const struct event *ev)
{
	u64 begin = event_begin_ns(ev);
	int err = 0;

	if (!ev->frame || (!ev->wait_ns && !ev->off_preempted_ns && !ev->off_blocked_ns))
		return 0;
	for (size_t i = m->cur; i-- > 0 && m->marks[i].moment_ns >= begin && !err;) {
		if (m->ncosts == MAX_COSTS)
			return 0;
		m->ncosts++;
		err = note(&m->marks[i].costs, ev);
	}
	return err;
}

static struct stack_rows *rows_of(const struct replay *r, u32 pid)
{
	for (size_t i = r->nprocs; i-- > 0;)
		if (r->procs[i]->pid == pid && !r->procs[i]->exited)
			return r->procs[i]->stacks;
	return NULL;
}

void rp_mark_costs_apply(const struct replay *r, const struct rp_mark_costs *c, bool set)
{
	for (u32 i = 0; i < c->n; i++) {
		const struct rp_mark_cost *m = &c->list[i];
		struct stack_rows *rows = rows_of(r, m->pid);
		struct stack_row *row = rows ? stack_rows_find(rows, m->tid, m->frame) : NULL;

		if (!row)
			continue;
		row->open_wait_ns = set ? m->wait_ns : 0;
		row->open_preempted_ns = set ? m->off_preempted_ns : 0;
		row->open_blocked_ns = set ? m->off_blocked_ns : 0;
	}
}

bool rp_stacks_rows(const struct replay *r, const struct rp_process *p, struct fig_process *out)
{
	struct stack_rows none = {}, *rows = p->stacks ? p->stacks : &none;
	int err;

	if (!rp_measures(r, GS_FAMILY_STACKS) || !(p->known & EVENT_KNOWN_STACKS))
		return true;
	out->stacks_measured = true;
	rows->one_thread = r->o.tid;
	err = stack_rows_share(rows, out);
	free(none.rows);
	return !err;
}

void rp_stacks_free(struct rp_process *p)
{
	if (p->stacks)
		free(p->stacks->rows);
	free(p->stacks);
}
