/*
 * gil: who held the GIL, who waited.
 *
 * A thread's time is that of its finished holds, plus the hold going on.  A thread that held
 * at the attach and has not been seen since has held all along: any release would have been
 * seen.  In watch mode the sampler tells the holds, the scheduler the waits.
 */
#include <errno.h>
#include <math.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"

static u64 since(u64 start_ns, u64 now_ns)
{
	return start_ns && now_ns > start_ns ? now_ns - start_ns : 0;
}

/* Watch mode, sampled by the kernel side: off the CPU as long as it took. */
static u64 held_off(const struct family_input *in, const struct gs_thread *t)
{
	return t->held_preempted_ns + t->held_blocked_ns + since(t->off_since_ns, in->now_ns);
}

/* Watch mode: what the scheduler saw of its waits, and its share of the samples. */
static void watch_thread(const struct family_input *in, const struct gs_thread *t,
			 struct fig_thread *row)
{
	u64 end = t->watch.ran_ns ? t->watch.ran_ns : in->now_ns;

	row->contended_takes = t->contended_takes;
	row->wait_runnable_ns = in->delay_known ? t->wait_runnable_ns : FIG_NULL;
	row->wait_ns = t->wait.sum + since(t->wait_since_ns, end);
	family_hist(&t->wait, in->epoch, &row->wait);
	if (in->ticks)
		row->held_ns = in->held_ns + held_off(in, t);
	else if (in->samples)
		row->held_ns = in->held_ns;
}

/* The hold of @g, of a subinterpreter, that was going on at the start, as long as no release told.
 */
static u64 seed_held(const struct family_input *in, const struct family_gil *g)
{
	if (!g->seed_tid || g->gil.mid_hold_end_ns)
		return 0;
	return g->gil.first_owned_ns ? since(in->proc->start_ns, g->gil.first_owned_ns)
				     : in->measured_ns;
}

/* Does @t, which is on record as the last owner of its GIL, hold it? */
static bool is_owner(const struct family_input *in, const struct gs_thread *t)
{
	if (!t->gil)
		return in->proc->gil.owner == t->slot + 1;
	for (size_t i = 0; i < in->ngils; i++)
		if (in->gils[i].which == t->gil)
			return in->gils[i].gil.owner == t->slot + 1;
	return false;
}

static void gil_thread(const struct family_input *in, const struct gs_thread *t,
		       struct fig_thread *row)
{
	const struct gs_gil *g = &in->proc->gil;

	if (in->gil_off)
		return;
	if (in->watch) {
		watch_thread(in, t, row);
		return;
	}
	row->takes = t->takes;
	row->contended_takes = t->contended_takes;
	row->forced_releases = in->forced_known ? t->forced_releases : FIG_NULL;
	row->held_ns = t->held_ns;
	row->wait_runnable_ns = in->delay_known ? t->wait_runnable_ns : FIG_NULL;
	row->wait_ns = t->wait.sum + since(t->wait_since_ns, in->now_ns);
	family_hist(&t->hold, in->epoch, &row->hold);
	family_hist(&t->wait, in->epoch, &row->wait);
	if (t->state == GS_SLOT_LIVE && is_owner(in, t))
		row->held_ns += since(t->hold_since_ns, in->now_ns);
	if (in->seed_tid && row->tid == in->seed_tid && !t->events)
		row->held_ns += g->first_owned_ns ? since(in->proc->start_ns, g->first_owned_ns)
						  : in->measured_ns;
	for (size_t i = 0; i < in->ngils && !t->events; i++)
		if (in->gils[i].seed_tid == row->tid)
			row->held_ns += seed_held(in, &in->gils[i]);
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
		g->wait_runnable_ns = fig_sum(g->wait_runnable_ns, t->wait_runnable_ns);
	}
}

static void exact_sums(const struct family_input *in, const struct gs_gil *gil, struct fig_gil *g)
{
	g->handovers = gil->handovers;
	g->held_source = "exact";
	g->held_error_ratio = 0;
	g->hold_floor_ns = in->hit_ns ? in->hit_ns : FIG_NULL;
}

/* Only which part of the CPU time it was held for is left to chance. */
static double ticks_error(const struct family_input *in, const struct fig_gil *g)
{
	u64 off = g->held_offcpu_ns == FIG_NULL ? 0 : g->held_offcpu_ns;
	double on = g->held_ns > off ? g->held_ns - off : 0, cpu = in->ticks_cpu_ns;

	if (!in->measured_ns)
		return NAN;
	if (!in->ticks_seen || !in->ticks_cpu_ns) /* it has hardly run */
		return fmin(1, cpu / in->measured_ns);
	return fmin(1,
		    cpu / in->measured_ns * fig_sampling_error(fmin(1, on / cpu), in->ticks_seen));
}

static void watch_sums(const struct family_input *in, const struct gs_gil *gil, struct fig_gil *g)
{
	g->takes = FIG_NULL; /* of no thread is no figure */
	if (!in->ticks || !in->samples)
		g->held_ns = FIG_NULL;
	g->ambiguous_waits = gil->ambiguous;
	g->held_source = "sampled";
	if (!in->samples)
		return;
	g->samples = in->samples;
	g->handovers = in->handovers;
	if (in->ticks)
		return;
	g->held_ns = in->held_ns;
	g->held_error_ratio = in->held_error_ratio;
}

/* What its threads are in the middle of, of the GIL of @row. */
static void add_open(const struct family_input *in, const struct family_gil *g, struct fig_gil *row)
{
	u32 end = in->ended ? 0 : kmaps_threads_end(in->maps);
	struct gs_thread t;

	for (u32 i = 0; i < end; i++) {
		u64 off;

		if (in->maps->threads[i].proc != in->index ||
		    in->maps->threads[i].gil != g->which || !kmaps_thread(in->maps, i, &t) ||
		    t.proc != in->index || t.gil != g->which || t.state != GS_SLOT_LIVE)
			continue;
		if (in->watch)
			row->wait_ns += since(t.wait_since_ns, t.watch.ran_ns ?: in->now_ns);
		else
			row->wait_ns += since(t.wait_since_ns, in->now_ns);
		if (!in->watch && g->gil.owner == t.slot + 1)
			row->held_ns += since(t.hold_since_ns, in->now_ns);
		off = t.hold_since_ns || in->watch ? since(t.off_since_ns, in->now_ns) : 0;
		row->held_ns += in->ticks ? off : 0;
		row->held_offcpu_ns += off;
		row->held_preempted_ns += t.off_preempted ? off : 0;
	}
}

/* Once all else is told of @row. */
static void ratio(const struct family_input *in, struct fig_gil *row)
{
	if (row->held_ns == FIG_NULL || !in->measured_ns)
		return;
	if (in->ticks) {
		if (row->held_ns > in->measured_ns)
			row->held_ns = in->measured_ns;
		row->held_error_ratio = ticks_error(in, row);
	}
	row->held_ratio = (double)row->held_ns / in->measured_ns;
}

static u64 contended(const struct family_input *in, const struct gs_gil *g)
{
	u64 ns = g->contended_ns;

	if (g->waiters && !in->ended)
		ns += since(g->contended_since_ns, in->now_ns);
	return ns;
}

/* The row of a GIL of a subinterpreter. */
static void other_gil(const struct family_input *in, const struct family_gil *g, bool sched,
		      struct fig_gil *row)
{
	struct family_input its = *in;

	row->address = g->gil.address;
	row->takes = g->gil.takes;
	row->contended_takes = g->gil.contended_takes;
	row->forced_releases = in->forced_known && !in->watch ? g->gil.forced_releases : FIG_NULL;
	row->held_ns = in->ticks ? g->held_ns + g->gil.held_preempted_ns + g->gil.held_blocked_ns
				 : g->gil.held_ns + seed_held(in, g);
	row->wait_ns = g->gil.wait_ns;
	row->wait_runnable_ns = in->delay_known ? g->gil.wait_runnable_ns : FIG_NULL;
	row->held_preempted_ns = g->gil.held_preempted_ns;
	row->held_offcpu_ns = g->gil.held_preempted_ns + g->gil.held_blocked_ns;
	add_open(in, g, row);
	if (!sched)
		row->held_offcpu_ns = row->held_preempted_ns = FIG_NULL;
	row->contended_ns = contended(in, &g->gil);
	row->holder_tid = in->ended ? 0 : g->holder_tid;
	its.samples = g->samples;
	its.held_ns = g->held_ns;
	its.handovers = g->handovers;
	its.held_error_ratio = g->held_error_ratio;
	if (in->watch)
		watch_sums(&its, &g->gil, row);
	else
		exact_sums(&its, &g->gil, row);
	ratio(in, row);
}

/*
 * The threads' figures less what the other GILs had of them.  Threads and GILs are not read in one
 * moment: what was shown before is not taken back.
 */
static void take_off(u64 *sum, u64 other, u64 *before)
{
	if (*sum == FIG_NULL || other == FIG_NULL)
		return;
	*sum = *sum > other ? *sum - other : 0;
	if (*before != FIG_NULL && *sum < *before)
		*sum = *before;
}

static void main_rest(const struct family_input *in, const struct fig_gil *others, size_t n,
		      struct fig_gil *g)
{
	struct fig_gil sum = {}, *before = in->main_gil;

	for (size_t i = 0; i < n; i++) {
		sum.takes = fig_sum(sum.takes, others[i].takes);
		sum.contended_takes = fig_sum(sum.contended_takes, others[i].contended_takes);
		sum.forced_releases = fig_sum(sum.forced_releases, others[i].forced_releases);
		sum.held_ns = fig_sum(sum.held_ns, others[i].held_ns);
		sum.wait_ns = fig_sum(sum.wait_ns, others[i].wait_ns);
		sum.held_offcpu_ns = fig_sum(sum.held_offcpu_ns, others[i].held_offcpu_ns);
		sum.held_preempted_ns = fig_sum(sum.held_preempted_ns, others[i].held_preempted_ns);
		sum.wait_runnable_ns = fig_sum(sum.wait_runnable_ns, others[i].wait_runnable_ns);
	}
	take_off(&g->takes, sum.takes, &before->takes);
	take_off(&g->contended_takes, sum.contended_takes, &before->contended_takes);
	take_off(&g->forced_releases, sum.forced_releases, &before->forced_releases);
	if (!in->watch || in->ticks)
		take_off(&g->held_ns, sum.held_ns, &before->held_ns);
	take_off(&g->wait_ns, sum.wait_ns, &before->wait_ns);
	take_off(&g->held_offcpu_ns, sum.held_offcpu_ns, &before->held_offcpu_ns);
	take_off(&g->held_preempted_ns, sum.held_preempted_ns, &before->held_preempted_ns);
	take_off(&g->wait_runnable_ns, sum.wait_runnable_ns, &before->wait_runnable_ns);
}

static int gil_process(const struct family_input *in, struct fig_process *out)
{
	bool sched = out->nthreads && out->threads[0].held_offcpu_ns != FIG_NULL;
	struct fig_gil *g;

	out->gil_measured = true;
	if (in->gil_off)
		return 0; /* there is none */
	g = fig_row_add(FIG_GILS, out);
	if (!g)
		return -ENOMEM;
	g->address = in->proc->gil.address;
	g->contended_ns = contended(in, &in->proc->gil);
	g->holder_tid = in->holder_tid;
	gil_sums(out, g);
	if (in->watch)
		watch_sums(in, &in->proc->gil, g);
	else
		exact_sums(in, &in->proc->gil, g);
	for (size_t i = 0; i < in->ngils; i++) {
		g = fig_row_add(FIG_GILS, out);
		if (!g)
			return -ENOMEM;
		other_gil(in, &in->gils[i], sched, g);
	}
	g = &out->gils[0];
	if (in->ngils)
		main_rest(in, g + 1, in->ngils, g);
	*in->main_gil = *g;
	ratio(in, g);
	return 0;
}

const struct family_ops gil_family = {
	.id = GS_FAMILY_GIL,
	.thread = gil_thread,
	.process = gil_process,
};
