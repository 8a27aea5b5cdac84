/*
 * sched, replayed: what holders slept in, and what the kernel told of the process's CPU time; as in
 * user/family/sched.c and bpf/offcpu.bpf.c.
 */
#include <stdlib.h>

#include "user/model/fig_blocked.h"
#include "user/trace/replay_private.h"

#define SPLIT_SINCE 5 /* version of the format */
#define MAX_KEPT 1024 /* rows of ended threads, but for those of tid 0 */

bool rp_has_split(const struct replay *r)
{
	return r->info->format >= SPLIT_SINCE;
}

void rp_blocked(struct rp_thread *t, const struct event *ev)
{
	u32 call = ev->blocked_in ? ev->blocked_in : GS_BLOCKED_REST;
	struct gs_blocked *b = t->sched.blocked;

	while (b < &t->sched.blocked[GS_BLOCKED_ROWS - 1] && b->call && b->call != call)
		b++;
	if (!b->call)
		b->call = b < &t->sched.blocked[GS_BLOCKED_ROWS - 1] ? call : GS_BLOCKED_REST;
	b->count++;
	b->ns += ev->ns;
	if (ev->ns > b->max_ns)
		b->max_ns = ev->ns;
}

static int thread_rows(const struct rp_thread *t, struct fig_process *out)
{
	int err = 0;

	for (int i = 0; i < GS_BLOCKED_ROWS && t->sched.blocked[i].call && !err; i++) {
		const struct gs_blocked *b = &t->sched.blocked[i];
		const struct fig_blocked row = { t->row.tid, fig_blocked_name(b->call), b->count,
						 b->ns, b->max_ns };

		err = fig_blocked_add(out, &row);
	}
	return err;
}

int rp_blocked_end(struct rp_thread *t)
{
	struct fig_process *kept = &t->p->sched.kept;
	int err = thread_rows(t, kept);

	return err ? err : fig_blocked_fold(kept, MAX_KEPT);
}

bool rp_blocked_rows(const struct rp_process *p, u64 now_ns, struct fig_process *out)
{
	int err = 0;

	out->blocked_measured = true;
	for (size_t i = 0; i < p->sched.kept.nblocked && !err; i++)
		err = fig_blocked_add(out, &p->sched.kept.blocked[i]);
	for (size_t i = 0; i < p->nthreads && !err; i++) {
		const struct rp_thread *t = p->threads[i];
		u64 since = t->open_ns[RP_OFF_CPU], ns = now_ns > since ? now_ns - since : 0;
		const struct fig_blocked going_on = { t->row.tid,
						      fig_blocked_name(t->sched.open_in), 0, ns,
						      ns };

		err = thread_rows(t, out);
		if (!err && t->open[RP_OFF_CPU] && !t->open_preempted && ns)
			err = fig_blocked_add(out, &going_on);
	}
	return !err;
}

int rp_cpu(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_told(r, ev);

	if (p)
		p->sched.cpu = (struct fig_cpu) {
			.switch_interval_ns = ev->switch_interval_ns,
			.cgroup_throttled = ev->throttled,
			.cgroup_throttled_ns = ev->throttled_ns,
		};
	return 0;
}

void rp_sched_init(struct rp_sched *s)
{
	s->cpu = (struct fig_cpu) { FIG_NULL, FIG_NULL, FIG_NULL };
}

void rp_sched_free(struct rp_sched *s)
{
	free(s->kept.blocked);
}
