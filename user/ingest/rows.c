/* Rows of processes and threads; see rows.h. */
#include "user/ingest/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/fmt.h"
#include "user/base/str.h"
#include "user/family/family.h"
#include "user/ingest/blame.h"
#include "user/ingest/gils.h"
#include "user/ingest/sampler.h"
#include "user/ingest/ticks.h"
#include "user/ingest/stacks.h"
#include "user/load/burst.h"
#include "user/model/fig_rows.h"

static bool is_on(const struct collector *c, u32 family)
{
	return families[family] && (c->families & GS_FAMILY_BIT(family));
}

static bool has_event(const struct py_binary *b, enum gs_event event)
{
	for (size_t i = 0; i < b->nsites; i++)
		if (b->sites[i].event == event)
			return true;
	return false;
}

/*
 * A free-threaded build's GIL comes into use when a module is imported that needs it.  Once it has
 * been seen in use, or taken, it is shown.
 */
static void note_enabled(struct measured *m)
{
	if (!m->py->binary->free_threaded) {
		m->gil_enabled = true;
		return;
	}
	if (!m->exited)
		m->gil_enabled = process_gil_enabled(m->py);
	m->gil_used |= m->gil_enabled || m->last.gil.first_owned_ns;
}

static struct family_input input(const struct collector *c, const struct measured *m, u64 now_ns,
				 u32 epoch)
{
	return (struct family_input) {
		.maps = c->maps,
		.proc = &m->last,
		.index = m->index,
		.pid = m->py->pid,
		.read = process_read,
		.now_ns = now_ns,
		.ended = m->exited,
		.measured_ns = now_ns > m->start_ns ? now_ns - m->start_ns : 0,
		.epoch = epoch,
		.hit_ns = c->hit_ns,
		.seed_tid = m->seed_tid,
		.forced_known = has_event(m->py->binary, GS_EVENT_GIL_FORCED) ||
				has_event(m->py->binary, GS_EVENT_GIL_RELEASED_WHY),
		.free_threaded = m->py->binary->free_threaded,
		.gil_off = m->py->binary->free_threaded && !m->gil_used,
		.gc_found_known = m->last.config.gc_stats || m->py->binary->by_notes,
		.watch = c->watch,
		.closed = m->closed,
		.delay_known = c->delay_known,
		.wakeups_seen = c->families & GS_FAMILY_BIT(GS_FAMILY_IO),
		.slow_ns = c->slow_ns,
		.ticks = c->ticks,
		.ticks_seen = m->ticks.seen,
		.ticks_cpu_ns = m->ticks.cpu_ns - m->ticks.cpu_begin_ns,
		.stacks = stacks_rows(m),
		.kept = &m->kept,
		.gils = m->gils,
		.ngils = m->ngils,
		.holder_tid = 0,
		.types_coverage = m->py->binary->types_coverage,
	};
}

static char *thread_name(const struct measured *m, const struct gs_thread *t, pid_t tid)
{
	const struct thread_info *info = thread_list_find(&m->threads, tid);
	char comm[GS_COMM_LEN + 1];

	if (info)
		return strdup(info->name);
	memcpy(comm, t->comm, GS_COMM_LEN);
	comm[GS_COMM_LEN] = 0;
	str_printable(comm);
	return strdup(comm);
}

static void fill_thread(const struct collector *c, const struct family_input *in,
			const struct measured *m, const struct gs_thread *t, pid_t tid,
			struct fig_thread *row)
{
	const struct thread_info *info = thread_list_find(&m->threads, tid);
	struct family_input its = *in;

	row->tid = tid;
	row->ns_tid = info ? info->ns_tid : m->py->ns_pid == m->py->pid ? tid : 0;
	row->name = thread_name(m, t, tid);
	if (c->ticks)
		its.held_ns = t->state ? ticks_thread(c->ticks, m, t) : 0;
	else if (m->sampled)
		its.held_ns = t->state == GS_SLOT_EXITED
				      ? sampled_thread_take(m->sampled, row->ns_tid)
				      : sampled_thread(m->sampled, row->ns_tid);
	if (!t->state && c->slots_ran_out)
		return; /* its figures stay null: what it did was lost, not nothing */
	for (u32 id = 1; id < GS_FAMILY_END; id++)
		if (is_on(c, id) && families[id]->thread)
			families[id]->thread(&its, t, row);
}

int rows_thread(const struct collector *c, struct measured *m, const struct gs_thread *t, pid_t tid,
		u64 now_ns, u32 epoch, struct fig_thread *ret_row)
{
	struct fig_process one = {};
	struct fig_thread *row = fig_row_add(FIG_THREADS, &one);
	struct family_input in;

	if (!row)
		return -ENOMEM;
	note_enabled(m);
	in = input(c, m, now_ns, epoch);
	fill_thread(c, &in, m, t, tid, row);
	*ret_row = *row; /* what it owns goes along */
	free(row);
	return 0;
}

int rows_ended(const struct collector *c, struct measured *m, const struct gs_thread *t,
	       const char *name, u64 now_ns, u32 epoch)
{
	struct family_input in = input(c, m, now_ns, epoch);
	int err = 0;

	for (u32 id = 1; id < GS_FAMILY_END && !err; id++)
		if (is_on(c, id) && families[id]->ended)
			err = families[id]->ended(&in, t, name, &m->kept);
	return err;
}

/* The threads that had an event: they have a slot. */
static int live_rows(const struct collector *c, struct measured *m, const struct family_input *in,
		     struct fig_process *out)
{
	u32 end = kmaps_threads_end(c->maps);
	struct gs_thread t;

	for (u32 i = 0; i < end; i++) {
		struct thread_info *info;
		struct fig_thread *row;

		if (c->maps->threads[i].state == GS_SLOT_FREE ||
		    c->maps->threads[i].proc != m->index || !kmaps_thread(c->maps, i, &t) ||
		    t.proc != m->index)
			continue;
		row = fig_row_add(FIG_THREADS, out);
		if (!row)
			return -ENOMEM;
		fill_thread(c, in, m, &t, t.tid, row);
		info = thread_list_find(&m->threads, t.tid);
		if (info)
			info->has_slot = true;
	}
	return 0;
}

/* The threads that exist but did nothing we look at. */
static int idle_rows(const struct collector *c, struct measured *m, const struct family_input *in,
		     struct fig_process *out)
{
	static const struct gs_thread nothing;

	for (size_t i = 0; i < m->threads.count; i++) {
		struct thread_info *info = &m->threads.threads[i];
		struct fig_thread *row;

		if (info->has_slot) {
			info->has_slot = false; /* for the next reading */
			continue;
		}
		row = fig_row_add(FIG_THREADS, out);
		if (!row)
			return -ENOMEM;
		fill_thread(c, in, m, &nothing, info->tid, row);
	}
	return 0;
}

static int retired_rows(const struct measured *m, struct fig_process *out)
{
	for (size_t i = 0; i < m->nretired; i++) {
		struct fig_thread *row = fig_row_add(FIG_THREADS, out);

		if (!row)
			return -ENOMEM;
		fig_row_copy(FIG_THREADS, row, &m->retired[i]);
	}
	if (m->nfolded) {
		struct fig_thread *row = fig_row_add(FIG_THREADS, out);

		if (!row)
			return -ENOMEM;
		*row = m->folded;
		row->name = strdup("[ended threads]");
	}
	return 0;
}

/* Who holds it: the thread seen to own it, or the one that held at the attach, until seen. */
static u64 holder(const struct collector *c, const struct measured *m)
{
	u32 owner = m->last.gil.owner;

	if (m->exited)
		return 0;
	if (!owner)
		return (u64)m->seed_tid;
	if (owner > c->maps->max_threads || !c->maps->threads[owner - 1].hold_since_ns ||
	    c->maps->threads[owner - 1].gil)
		return 0;
	return c->maps->threads[owner - 1].tid;
}

/* Refs under a budget: what was counted of the time up to @now_ns. */
static void seen_input(const struct collector *c, const struct measured *m, u64 now_ns,
		       struct burst_seen *seen, struct family_input *in)
{
	struct burst_state state;

	burst_seen(c->burst, m->py->pid, m->start_ns, now_ns, seen);
	burst_state(c->burst, &state);
	in->seen = seen;
	in->refs_hit_ns = state.hit_ns;
	in->busy = 1;
	if (m->cpu_ns > m->cpu_begin_ns && m->cpu_ns - m->cpu_begin_ns < in->measured_ns)
		in->busy = fmt_ratio(m->cpu_ns - m->cpu_begin_ns, in->measured_ns);
}

static void describe(const struct measured *m, struct fig_process *out)
{
	const struct py_binary *b = m->py->binary;

	out->pid = m->py->pid;
	out->ns_pid = m->py->ns_pid;
	out->exited = m->exited;
	out->execed = m->execed;
	out->command = m->py->command ? strdup(m->py->command) : NULL;
	out->cgroup = m->py->cgroup ? strdup(m->py->cgroup) : NULL;
	out->start_ns = m->start_ns;
	out->python.version = strdup(b->version);
	out->python.path = b->path ? strdup(b->path) : NULL;
	out->python.build_id = b->build_id ? strdup(b->build_id) : NULL;
	out->python.free_threaded = b->free_threaded;
	out->gil_enabled = m->gil_enabled;
	out->python.debug = b->debug;
	out->types_observed_ns = out->types_bursts = FIG_NULL;
	out->cpu.switch_interval_ns = m->interval_ns ? m->interval_ns : FIG_NULL;
	out->cpu.cgroup_throttled = m->cpu_group.id ? m->throttled : FIG_NULL;
	out->cpu.cgroup_throttled_ns = m->cpu_group.id ? m->throttled_ns : FIG_NULL;
}

/* Watch mode: what the samples say up to now. */
static void sampled_input(const struct measured *m, struct family_input *in)
{
	struct sampled_now now;

	sampled_read(m->sampled, &now);
	in->samples = now.samples;
	in->held_ns = now.held_ns;
	in->handovers = now.handovers;
	in->holder_tid = !now.held ? 0 : FIG_NULL;
	for (size_t i = 0; now.held && i < m->threads.count; i++)
		if (m->threads.threads[i].ns_tid == now.holder_ns_tid)
			in->holder_tid = m->threads.threads[i].tid;
	in->held_error_ratio =
		fig_sampling_error((double)now.held_ns / (in->measured_ns ?: 1), now.samples);
}

/* Watch mode: time of holders that are no thread we know, as one of the ended threads. */
static int sampled_rest(struct measured *m, struct fig_process *out)
{
	struct fig_thread *row;

	m->rest_held_ns += sampled_rest_take(m->sampled);
	if (!m->rest_held_ns)
		return 0;
	if (m->nfolded) {
		row = &out->threads[out->nthreads - 1]; /* the last of retired_rows() */
		row->held_ns = fig_sum(row->held_ns, m->rest_held_ns);
		return 0;
	}
	row = fig_row_add(FIG_THREADS, out);
	if (!row)
		return -ENOMEM;
	row->exited = true;
	row->held_ns = m->rest_held_ns;
	row->name = strdup("[ended threads]");
	return 0;
}

int rows_process(const struct collector *c, struct measured *m, u32 epoch, struct fig_process *out)
{
	u64 now = m->exited ? m->exit_ns : clock_mono_ns();
	struct family_input in;
	struct burst_seen seen;
	int err = 0;

	note_enabled(m);
	if (!m->exited)
		measured_read_cpu(m);
	describe(m, out);
	if (!m->closed)
		err = thread_list_refresh(&m->threads, m->py);
	in = input(c, m, now, epoch);
	if (!c->watch)
		in.holder_tid = holder(c, m);
	else if (m->sampled)
		sampled_input(m, &in);
	if (c->burst)
		seen_input(c, m, now, &seen, &in);
	out->measured_ns = in.measured_ns;
	if (!err)
		err = gils_copy(c, m);
	in.gils = m->gils;
	in.ngils = m->ngils;
	if (!err && !m->closed)
		err = live_rows(c, m, &in, out);
	if (!err && !m->exited)
		err = idle_rows(c, m, &in, out);
	if (!err)
		err = retired_rows(m, out);
	if (!err && m->sampled)
		err = sampled_rest(m, out);
	if (!err && blame_is_kept(c, m))
		err = blame_rows(c, m, now, out);
	if (!err)
		err = gils_copy(c, m); /* as of the threads' rows, not before */
	in.gils = m->gils;
	in.ngils = m->ngils;
	in.main_gil = &m->main_gil;
	for (u32 id = 1; id < GS_FAMILY_END && !err; id++)
		if (is_on(c, id) && families[id]->process)
			err = families[id]->process(&in, out);
	return err;
}

void rows_forget(const struct collector *c, const struct measured *m)
{
	for (u32 id = 1; id < GS_FAMILY_END; id++)
		if (is_on(c, id) && families[id]->forget)
			families[id]->forget(c->maps, m->py->pid);
}
