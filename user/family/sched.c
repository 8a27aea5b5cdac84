/*
 * sched: the part of each thread's holds that it spent off the CPU, and what it slept in; a row for
 * each thread and system call.
 *
 * Rows of ended threads are kept: one by one for a while, the oldest folded into those of tid 0.
 */
#include <errno.h>
#include <string.h>

#include "user/base/syscall_name.h"
#include "user/family/family.h"
#include "user/model/fig_rows.h"

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

static const char *call_name(u32 call)
{
	const char *name;

	if (call == GS_BLOCKED_FAULT)
		return "page_fault";
	name = call >= GS_BLOCKED_CALL ? syscall_name(call - GS_BLOCKED_CALL) : NULL;
	return name ? name : "other";
}

/* The row of @tid and @call, which has a static name, of @out; made if there is none. */
static struct fig_blocked *row_of(struct fig_process *out, u32 tid, const char *call)
{
	struct fig_blocked *row;

	for (size_t i = out->nblocked; i-- > 0;)
		if (out->blocked[i].tid == tid && !strcmp(out->blocked[i].call, call))
			return &out->blocked[i];
	row = fig_row_add(FIG_BLOCKED, out);
	if (row)
		*row = (struct fig_blocked) { .tid = tid, .call = call };
	return row;
}

static int add(struct fig_process *out, const struct fig_blocked *b)
{
	struct fig_blocked *row = row_of(out, b->tid, b->call);

	if (!row)
		return -ENOMEM;
	row->count += b->count;
	row->ns += b->ns;
	if (b->max_ns > row->max_ns)
		row->max_ns = b->max_ns;
	return 0;
}

/* What the thread of slot @t slept in, as rows of @out. */
static int thread_rows(const struct family_input *in, const struct gs_thread *t,
		       struct fig_process *out)
{
	u64 open = t->state == GS_SLOT_LIVE && !t->off_preempted ? open_ns(in, t) : 0;
	struct fig_blocked going_on = { t->tid, call_name(t->off_call), 0, open, open };
	int err = 0;

	for (int i = 0; i < GS_BLOCKED_ROWS && t->blocked[i].call && !err; i++) {
		const struct gs_blocked *b = &t->blocked[i];
		struct fig_blocked row = { t->tid, call_name(b->call), b->count, b->ns, b->max_ns };

		err = add(out, &row);
	}
	return err || !open ? err : add(out, &going_on);
}

/* The oldest row of a thread goes into the one of tid 0 of the same call. */
static int fold(struct fig_process *kept)
{
	size_t i = 0;
	struct fig_blocked b;

	while (i < kept->nblocked && !kept->blocked[i].tid)
		i++;
	if (i == kept->nblocked)
		return 0;
	b = kept->blocked[i];
	memmove(&kept->blocked[i], &kept->blocked[i + 1], (--kept->nblocked - i) * sizeof(b));
	b.tid = 0;
	return add(kept, &b);
}

static int sched_ended(const struct family_input *in, const struct gs_thread *t, const char *name,
		       struct fig_process *kept)
{
	int err = thread_rows(in, t, kept);

	(void)name;
	while (!err && kept->nblocked > MAX_KEPT)
		err = fold(kept);
	return err;
}

static int sched_process(const struct family_input *in, struct fig_process *out)
{
	u32 end = in->closed ? 0 : kmaps_threads_end(in->maps);
	struct gs_thread t;
	int err = 0;

	out->blocked_measured = !in->gil_off;
	for (size_t i = 0; i < in->kept->nblocked && !err; i++)
		err = add(out, &in->kept->blocked[i]);
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
