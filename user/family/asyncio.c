/*
 * asyncio: a row for each thread that runs an event loop, told by its having run a task's step.
 *
 * Rows of ended threads are kept: one by one for a while, the oldest folded into one of tid 0.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"

#define MAX_KEPT 256 /* loops of ended threads with a row each */

/* A loop that was closed leaves its last iteration open; its selector's descriptor is gone. */
static bool has_selector(u32 pid, const struct gs_loop *l)
{
	char path[64], to[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, l->selector - 1);
	n = readlink(path, to, sizeof(to) - 1);
	to[n < 0 ? 0 : n] = 0;
	return strstr(to, "[eventpoll]");
}

static u64 running_ns(const struct family_input *in, const struct gs_loop *l)
{
	bool is_loop = l->steps != l->steps_before;
	u64 ns;

	if (in->ended || !l->since_ns || !is_loop || in->now_ns < l->since_ns)
		return 0;
	ns = in->now_ns - l->since_ns;
	/* A short one is no news, and not worth asking for. */
	return ns < in->slow_ns || has_selector(in->pid, l) ? ns : 0;
}

/* What the thread of slot @t has done, as a row of @out.  0 or -ENOMEM. */
static int loop_row(const struct family_input *in, const struct gs_thread *t, const char *name,
		    struct fig_process *out)
{
	struct fig_loop *row;
	struct gs_loop l;

	if (!kmaps_loop(in->maps, t->slot, &l) || !l.steps)
		return 0;
	row = fig_row_add(FIG_ASYNCIO, out);
	if (!row)
		return -ENOMEM;
	row->tid = t->tid;
	row->name = name ? strdup(name) : NULL;
	row->exited = t->state == GS_SLOT_EXITED;
	row->start_ns = t->born_ns > in->proc->start_ns ? t->born_ns : 0;
	row->iterations = l.iteration.count;
	row->steps = l.steps;
	row->blocked = l.slow;
	row->blocked_ns = l.slow_ns;
	row->blocked_steps = l.slow_steps;
	row->blocked_over_ns = in->slow_ns;
	row->running_ns = row->exited ? 0 : running_ns(in, &l);
	family_hist(&l.iteration, in->epoch, &row->iteration);
	family_hist(&l.step, in->epoch, &row->step);
	if (in->wakeups_seen)
		family_hist(&l.step_delay, in->epoch, &row->step_delay);
	return 0;
}

/* The oldest goes into the row of tid 0, which is the first one. */
static int fold(struct fig_process *kept)
{
	struct fig_loop *sum = kept->loops;

	if (sum->tid) {
		free(sum->name);
		sum->name = strdup("[ended threads]");
		sum->tid = 0;
		sum->start_ns = 0;
		if (!sum->name)
			return -ENOMEM;
		return 0;
	}
	fig_row_sum(FIG_ASYNCIO, sum, &kept->loops[1]);
	fig_row_clear(FIG_ASYNCIO, &kept->loops[1]);
	kept->nloops--;
	memmove(&kept->loops[1], &kept->loops[2], (kept->nloops - 1) * sizeof(*sum));
	return 0;
}

static int asyncio_ended(const struct family_input *in, const struct gs_thread *t, const char *name,
			 struct fig_process *kept)
{
	int err = 0;

	while (!err && kept->nloops >= MAX_KEPT)
		err = fold(kept);
	return err ? err : loop_row(in, t, name, kept);
}

static const char *name_of(const struct fig_process *p, u32 tid)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].tid == tid && !p->threads[i].exited)
			return p->threads[i].name;
	return NULL;
}

static int live_rows(const struct family_input *in, struct fig_process *out)
{
	u32 end = kmaps_threads_end(in->maps);
	struct gs_thread t;
	int err = 0;

	for (u32 i = 0; i < end && !err; i++) {
		if (in->maps->threads[i].state == GS_SLOT_FREE ||
		    in->maps->threads[i].proc != in->index || !in->maps->loops[i].steps ||
		    !kmaps_thread(in->maps, i, &t) || t.proc != in->index)
			continue;
		err = loop_row(in, &t, name_of(out, t.tid), out);
	}
	return err;
}

static int asyncio_process(const struct family_input *in, struct fig_process *out)
{
	int err = in->closed || !in->maps->loops ? 0 : live_rows(in, out);

	out->asyncio_measured = true;
	for (size_t i = 0; in->kept && i < in->kept->nloops && !err; i++) {
		struct fig_loop *row = fig_row_add(FIG_ASYNCIO, out);

		if (!row)
			return -ENOMEM;
		fig_row_copy(FIG_ASYNCIO, row, &in->kept->loops[i]);
	}
	return err;
}

const struct family_ops asyncio_family = {
	.id = GS_FAMILY_ASYNCIO,
	.process = asyncio_process,
	.ended = asyncio_ended,
};
