/*
 * sched: the part of each thread's holds that it spent off the CPU, and what it slept in; a row for
 * each thread and system call.
 *
 * Rows of ended threads are kept: one by one for a while, the oldest folded into those of tid 0.
 */
#include "user/family/family.h"
#include "user/model/fig_blocked.h"

#define MAX_KEPT 1024 /* rows of ended threads, but for those of tid 0 */

/* The stretch going on. */
static u64 open_ns(const struct family_input *in, const struct gs_thread *t)
{
	bool holds = t->hold_since_ns || (!t->events && t->tid == in->seed_tid);
	u64 off = t->off_since_ns;

	/* A switch back that the kernel did not pass on leaves it set: then there is no hold. */
	return off && in->now_ns > off && (holds || in->watch) ? in->now_ns - off : 0;
}

static void sched_thread(const struct family_input *in, const struct gs_thread *t,
			 struct fig_thread *row)
{
	u64 open = open_ns(in, t);

	row->held_preempted_ns = t->held_preempted_ns + (t->off_preempted ? open : 0);
	row->held_offcpu_ns = t->held_preempted_ns + t->held_blocked_ns + open;
}

/* What the thread of slot @t slept in, as rows of @out. */
static int thread_rows(const struct family_input *in, const struct gs_thread *t,
		       struct fig_process *out)
{
	u64 open = t->state == GS_SLOT_LIVE && !t->off_preempted ? open_ns(in, t) : 0;
	struct fig_blocked going_on = { t->tid, fig_blocked_name(t->off_call), 0, open, open };
	int err = 0;

	for (int i = 0; i < GS_BLOCKED_ROWS && t->blocked[i].call && !err; i++) {
		const struct gs_blocked *b = &t->blocked[i];
		struct fig_blocked row = { t->tid, fig_blocked_name(b->call), b->count, b->ns,
					   b->max_ns };

		err = fig_blocked_add(out, &row);
	}
	return err || !open ? err : fig_blocked_add(out, &going_on);
}

static int sched_ended(const struct family_input *in, const struct gs_thread *t, const char *name,
		       struct fig_process *kept)
{
	int err = thread_rows(in, t, kept);

	(void)name;
	return err ? err : fig_blocked_fold(kept, MAX_KEPT);
}

static int sched_process(const struct family_input *in, struct fig_process *out)
{
	u32 end = in->closed ? 0 : kmaps_threads_end(in->maps);
	struct gs_thread t;
	int err = 0;

	out->blocked_measured = !in->gil_off;
	for (size_t i = 0; i < in->kept->nblocked && !err; i++)
		err = fig_blocked_add(out, &in->kept->blocked[i]);
	for (u32 i = 0; i < end && !err; i++)
		if (in->maps->threads[i].proc == in->index && kmaps_thread(in->maps, i, &t) &&
		    t.proc == in->index)
			err = thread_rows(in, &t, out);
	return err;
}

const struct family_ops sched_family = {
	.id = GS_FAMILY_SCHED,
	.thread = sched_thread,
	.process = sched_process,
	.ended = sched_ended,
};
