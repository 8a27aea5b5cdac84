/*
 * gil: who held the GIL, who waited.
 *
 * A thread's time is that of its finished holds, plus the hold going on.  A thread that held
 * at the attach and has not been seen since has held all along: any release would have been
 * seen.  In watch mode the sampler tells the holds, the scheduler the waits.
 */
#include <errno.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"

static u64 since(u64 start_ns, u64 now_ns)
{
	return start_ns && now_ns > start_ns ? now_ns - start_ns : 0;
}

/* Watch mode: what the scheduler saw of its waits, and its share of the samples. */
static void watch_thread(const struct family_input *in, const struct gs_thread *t,
			 struct fig_thread *row)
{
	u64 end = t->watch.ran_ns ? t->watch.ran_ns : in->now_ns;

	row->contended_takes = t->contended_takes;
	row->wait_ns = t->wait.sum + since(t->wait_since_ns, end);
	family_hist(&t->wait, in->epoch, &row->wait);
	if (in->samples)
		row->held_ns = in->held_ns;
}

static void gil_thread(const struct family_input *in, const struct gs_thread *t,
		       struct fig_thread *row)
{
	const struct gs_gil *g = &in->proc->gil;

	if (in->watch) {
		watch_thread(in, t, row);
		return;
	}
	row->takes = t->takes;
	row->contended_takes = t->contended_takes;
	row->forced_releases = in->forced_known ? t->forced_releases : FIG_NULL;
	row->held_ns = t->held_ns;
	row->wait_ns = t->wait.sum + since(t->wait_since_ns, in->now_ns);
	family_hist(&t->hold, in->epoch, &row->hold);
	family_hist(&t->wait, in->epoch, &row->wait);
	if (t->state == GS_SLOT_LIVE && g->owner == t->slot + 1)
		row->held_ns += since(t->hold_since_ns, in->now_ns);
	if (in->seed_tid && row->tid == in->seed_tid && !t->events)
		row->held_ns += g->first_owned_ns ? since(in->proc->start_ns, g->first_owned_ns)
						  : in->measured_ns;
}

static void gil_sums(const struct fig_process *p, struct fig_gil *g)
{
	if (!p->nthreads) /* a process without a thread we know of: nothing was held */
		g->held_ns = g->takes = g->contended_takes = g->wait_ns = 0;
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		g->held_ns = fig_sum(g->held_ns, t->held_ns);
		g->takes = fig_sum(g->takes, t->takes);
		g->contended_takes = fig_sum(g->contended_takes, t->contended_takes);
		g->forced_releases = fig_sum(g->forced_releases, t->forced_releases);
		g->wait_ns = fig_sum(g->wait_ns, t->wait_ns);
		g->held_offcpu_ns = fig_sum(g->held_offcpu_ns, t->held_offcpu_ns);
		g->held_preempted_ns = fig_sum(g->held_preempted_ns, t->held_preempted_ns);
	}
}

static void exact_sums(const struct family_input *in, struct fig_gil *g)
{
	g->handovers = in->proc->gil.handovers;
	g->held_source = "exact";
	g->held_error_ratio = 0;
	g->hold_floor_ns = in->hit_ns ? in->hit_ns : FIG_NULL;
}

static void watch_sums(const struct family_input *in, struct fig_gil *g)
{
	g->takes = g->held_ns = FIG_NULL; /* of no thread is no figure */
	g->ambiguous_waits = in->proc->gil.ambiguous;
	g->held_source = "sampled";
	if (!in->samples)
		return;
	g->samples = in->samples;
	g->held_ns = in->held_ns;
	g->held_error_ratio = in->held_error_ratio;
	g->handovers = in->handovers;
}

static int gil_process(const struct family_input *in, struct fig_process *out)
{
	struct fig_gil *g = fig_row_add(FIG_GILS, out);

	if (!g)
		return -ENOMEM;
	out->gil_measured = true;
	g->address = in->proc->gil.address;
	g->contended_ns = in->proc->gil.contended_ns;
	if (in->proc->gil.waiters && !in->ended)
		g->contended_ns += since(in->proc->gil.contended_since_ns, in->now_ns);
	g->holder_tid = in->holder_tid;
	gil_sums(out, g);
	if (in->watch)
		watch_sums(in, g);
	else
		exact_sums(in, g);
	if (g->held_ns != FIG_NULL && in->measured_ns)
		g->held_ratio = (double)g->held_ns / in->measured_ns;
	return 0;
}

const struct family_ops gil_family = {
	.id = GS_FAMILY_GIL,
	.thread = gil_thread,
	.process = gil_process,
};
