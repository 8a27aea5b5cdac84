/* The replay's centre: which event goes where, and when figures are due; see replay.h. */
#include "user/trace/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/trace/replay_ft.h"
#include "user/trace/replay_loops.h"
#include "user/trace/replay_private.h"

#define MAX_INDEX (1U << 22) /* as many threads as a kernel can have */

int rp_room(void **array, size_t *room, size_t index, size_t size)
{
	size_t want = *room ? *room : 16;
	char *more;

	if (index < *room)
		return 0;
	if (index >= MAX_INDEX)
		return -EPROTO;
	while (want <= index)
		want *= 2;
	more = realloc(*array, want * size);
	if (!more)
		return -ENOMEM;
	memset(more + *room * size, 0, (want - *room) * size);
	*array = more;
	*room = want;
	return 0;
}

void rp_hist_add(struct fig_hist *h, u64 v)
{
	h->count++;
	h->sum_ns += v;
	if (v > h->max_ns)
		h->max_ns = v;
	if (v > h->interval_max_ns)
		h->interval_max_ns = v;
	h->bucket[gs_hist_index(v)]++;
}

bool rp_measures(const struct replay *r, u32 family)
{
	return trace_measures(r->info, family);
}

static void thread_new_interval(struct fig_thread *row)
{
	row->hold.interval_max_ns = 0;
	row->wait.interval_max_ns = 0;
}

void rp_new_interval(struct replay *r)
{
	for (size_t i = 0; i < r->nprocs; i++) {
		struct rp_process *p = r->procs[i];

		for (size_t j = 0; j < p->nthreads; j++)
			thread_new_interval(&p->threads[j]->row);
		for (size_t j = 0; j < p->nretired; j++)
			thread_new_interval(&p->retired[j]);
		thread_new_interval(&p->folded);
		rp_loops_new_interval(p);
		for (size_t j = 0; j < GS_FT_TIME_COUNT; j++)
			p->ft[j].interval_max_ns = 0;
		for (size_t j = 0; j < GS_GC_GENERATIONS; j++)
			p->gc[j].pause.interval_max_ns = 0;
		for (size_t j = 0; j < GS_IO_COUNT; j++) {
			p->io[j].blocked.interval_max_ns = 0;
			p->io[j].wake_to_run.interval_max_ns = 0;
			p->io[j].wake_to_gil.interval_max_ns = 0;
			p->io[j].wake_gil_wait.interval_max_ns = 0;
		}
	}
}

static int on_thread(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = ev->thread ? rp_meet(r, ev->thread) : NULL;

	if (t && rp_set_name(t, ev->thread->name))
		rp_longest_rename(r, t);
	return ev->thread && !t ? -ENOMEM : 0;
}

static int on_thread_exit(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = ev->thread ? rp_meet(r, ev->thread) : NULL;

	return t ? rp_thread_end(r, t, ev->ts_ns) : 0;
}

static int on_process(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_of(r, ev);

	if (!p)
		return ev->process ? -ENOMEM : 0;
	p->known = ev->known;
	p->seed_tid = ev->seed_tid;
	if (ev->gil)
		p->gil = ev->gil;
	if (!p->coverage)
		p->coverage = rp_text(ev->text[EVENT_PROCESS_COVERAGE]);
	return rp_seed(r, p);
}

static int on_process_exit(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_of(r, ev);

	return p ? rp_process_end(r, p, ev->ts_ns) : 0;
}

static int on_end(struct replay *r, const struct event *ev)
{
	r->complete = true;
	r->tracer_cpu_ns = ev->tracer_cpu_ns;
	r->target_cpu_ns = ev->target_cpu_ns;
	return 0;
}

static int ignore(struct replay *r, const struct event *ev)
{
	(void)r;
	(void)ev;
	return 0;
}

static int (*const handlers[EVENT_KIND_COUNT])(struct replay *, const struct event *) = {
	[EVENT_HOLD] = rp_hold,
	[EVENT_WAIT] = rp_wait,
	[EVENT_WAIT_PART] = rp_blame_part,
	[EVENT_CONTENDED] = rp_contended,
	[EVENT_OFF_CPU] = rp_off_cpu,
	[EVENT_GC_START] = rp_gc_start,
	[EVENT_COLLECTION] = rp_collection,
	[EVENT_IO_CALL] = rp_io_call,
	[EVENT_IO_WAIT] = rp_io_wait,
	[EVENT_IO_TO_GIL] = rp_io_to_gil,
	[EVENT_THREAD] = on_thread,
	[EVENT_THREAD_EXIT] = on_thread_exit,
	[EVENT_PROCESS] = on_process,
	[EVENT_PROCESS_EXIT] = on_process_exit,
	[EVENT_TYPE] = rp_type,
	[EVENT_TYPE_COUNT] = rp_type_count,
	[EVENT_LOST] = rp_lost,
	[EVENT_PROBE] = rp_probe,
	[EVENT_OPEN] = rp_open,
	[EVENT_LATE] = ignore,
	[EVENT_END] = on_end,
	[EVENT_ITERATION] = rp_iteration,
	[EVENT_STEP] = rp_step,
	[EVENT_WHICH_GIL] = rp_which_gil,
	[EVENT_CONTENDED_OTHER] = rp_contended_other,
	[EVENT_FT_TIME] = rp_ft_time,
	[EVENT_FT_CRITICAL] = rp_ft_critical,
	[EVENT_CPU] = rp_cpu,
	[EVENT_FUNCTION] = rp_stack,
	[EVENT_FRAME] = rp_stack,
	[EVENT_STACK_COST] = rp_stack_cost,
};

/* Figures for the moments before @until_ns. */
static int marks_due(struct replay *r, u64 until_ns)
{
	const struct replay_marks *m = r->o.marks;

	while (m && r->next_mark < m->n && m->marks[r->next_mark].moment_ns < until_ns) {
		const struct rp_mark *mark = &m->marks[r->next_mark++];
		struct figures *f;

		if (rp_blame_settle(r))
			return -ENOMEM;
		/* What is open at the end is told: OPEN events. */
		if (until_ns < UINT64_MAX)
			rp_mark_apply(r, mark, true);
		f = rp_figures(r, mark->moment_ns);
		rp_mark_apply(r, mark, false);
		if (!f)
			return -ENOMEM;
		f->overhead.tracer_cpu_ns = f->overhead.target_cpu_ns_estimate = FIG_NULL;
		rp_new_interval(r);
		r->at_err = r->o.at(r->o.ctx, mark->moment_ns, f);
		if (r->at_err)
			return r->at_err;
	}
	return 0;
}

/* What another thread did than the one asked for. */
static bool is_anothers(const struct replay *r, const struct event *ev)
{
	if (!r->o.tid || r->o.tid == ev->tid)
		return false;
	if (ev->kind == EVENT_FUNCTION || ev->kind == EVENT_FRAME)
		return false;
	return ev->kind <= EVENT_IO_TO_GIL || ev->kind >= EVENT_ITERATION;
}

static int on_event(void *ctx, const struct event *ev)
{
	struct replay *r = ctx;
	int err = 0;

	if (ev->ts_ns > r->now_ns) {
		err = marks_due(r, ev->ts_ns);
		r->now_ns = ev->ts_ns;
	}
	if (err || ev->kind >= EVENT_KIND_COUNT)
		return err;
	if (is_anothers(r, ev))
		return 0;
	return handlers[ev->kind](r, ev);
}

static int on_begin(void *ctx, const struct trace_info *info)
{
	struct replay *r = ctx;

	r->info = info;
	r->now_ns = info->started_ns;
	return 0;
}

struct replay *replay_new(const struct replay_opts *o)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->o = *o;
	r->tracer_cpu_ns = r->target_cpu_ns = FIG_NULL;
	for (size_t i = 0; i < RP_KIND_COUNT && o->top; i++) {
		r->longest[i].rows = calloc(o->top, sizeof(*r->longest[i].rows));
		if (!r->longest[i].rows)
			return replay_free(r);
	}
	return r;
}

struct trace_sink replay_sink(struct replay *r)
{
	return (struct trace_sink) { .begin = on_begin, .event = on_event, .ctx = r };
}

struct figures *replay_figures(struct replay *r)
{
	struct figures *f;

	r->all_read = true;
	if (!r->info || r->at_err || marks_due(r, UINT64_MAX) || rp_blame_settle(r))
		return NULL;
	f = rp_figures(r, r->now_ns);
	return !f || replay_lists(r, f) ? figures_free(f) : f;
}

struct replay *replay_free(struct replay *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->nprocs; i++)
		rp_process_free(r->procs[i]);
	stack_tree_done(&r->stacks);
	free(r->procs);
	free(r->by_index);
	free(r->threads);
	rp_lists_free(r);
	free(r);
	return NULL;
}
