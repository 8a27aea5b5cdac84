/*
 * The first pass: what was open at each of some moments, learnt from when it ended.
 *
 * Spans of one thread and kind do not overlap and come in the order of their ends, so once one has
 * been noted at a moment, none that comes later is open at this one or an earlier moment.  That
 * bounds what a recording can make us keep: one entry per moment, thread and kind; and of stacks
 * MAX_COSTS (replay_stacks.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "user/trace/replay_private.h"

struct marks_thread {
	u64 start_ns;
	u32 tid;
	u32 next[RP_OPEN_COUNT]; /* the first mark nothing has been noted at */
	u64 gil; /* as told last; 0: the main interpreter's */
};

struct marks_process {
	u64 since_ns;
	u32 pid;
	u32 next;
	u64 contended_end_ns, stretch_ns; /* as in replay_gil.c */
	u64 open_ns; /* of the stretch going on at the recording's end; 0: none */
};

struct replay_marks *replay_marks_new(const u64 *moments_ns, size_t n)
{
	struct replay_marks *m = n < UINT32_MAX ? calloc(1, sizeof(*m)) : NULL;

	if (!m)
		return NULL;
	m->n = n;
	m->marks = calloc(n ? n : 1, sizeof(*m->marks));
	if (!m->marks) {
		free(m);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		m->marks[i].moment_ns = moments_ns[i];
	return m;
}

void replay_marks_free(struct replay_marks *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++) {
		free(m->marks[i].spans);
		free(m->marks[i].costs.list);
	}
	free(m->marks);
	free(m->threads);
	free(m->procs);
	free(m);
}

static int note(struct rp_mark *mark, const struct rp_mark_span *span)
{
	if (mark->count == mark->room) {
		u32 room = mark->room ? 2 * mark->room : 4;
		struct rp_mark_span *more = realloc(mark->spans, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		mark->spans = more;
		mark->room = room;
	}
	mark->spans[mark->count++] = *span;
	return 0;
}

/* @span is open at all marks from its beginning up to mark @end, that one not included. */
static int note_all(struct replay_marks *m, size_t end, const struct rp_mark_span *span, u32 *next)
{
	size_t i = end;
	int err = 0;

	while (i > *next && m->marks[i - 1].moment_ns >= span->begin_ns && !err)
		err = note(&m->marks[--i], span);
	if (i < end)
		*next = end;
	return err;
}

static struct marks_thread *thread_at(struct replay_marks *m, const struct trace_thread *tt)
{
	struct marks_thread *t;

	if (rp_room((void **)&m->threads, &m->threads_room, tt->index, sizeof(*m->threads)))
		return NULL;
	t = &m->threads[tt->index];
	if (t->tid != tt->tid || t->start_ns != tt->start_ns)
		*t = (struct marks_thread) { .tid = tt->tid, .start_ns = tt->start_ns };
	return t;
}

static struct marks_process *process_at(struct replay_marks *m, const struct trace_process *tp)
{
	struct marks_process *p;

	if (rp_room((void **)&m->procs, &m->procs_room, tp->index, sizeof(*m->procs)))
		return NULL;
	p = &m->procs[tp->index];
	if (p->pid != tp->pid || p->since_ns != tp->since_ns)
		*p = (struct marks_process) { .pid = tp->pid, .since_ns = tp->since_ns };
	return p;
}

static int note_thread(struct replay_marks *m, size_t end, const struct event *ev,
		       enum rp_open what)
{
	struct rp_mark_span span = { .what = what };
	struct marks_thread *t;

	if (!ev->thread)
		return 0;
	t = thread_at(m, ev->thread);
	if (!t)
		return -ENOMEM;
	span.index = ev->thread->index;
	span.tid = t->tid;
	span.begin_ns = rp_begin_ns(ev, ev->thread->process->since_ns);
	span.identity = t->start_ns;
	span.mid = ev->mid;
	span.preempted = ev->preempted;
	span.blocked_in = ev->blocked_in;
	span.gil = t->gil;
	return note_all(m, end, &span, &t->next[what]);
}

static int note_contended(struct replay_marks *m, size_t end, u32 index, struct marks_process *p,
			  u64 begin_ns)
{
	struct rp_mark_span span = {
		.what = RP_OPEN_COUNT,
		.index = index,
		.tid = p->pid,
		.identity = p->since_ns,
		.begin_ns = begin_ns,
	};

	return note_all(m, end, &span, &p->next);
}

static int stretch(struct replay_marks *m, const struct event *ev, const struct trace_process *tp)
{
	struct marks_process *p = tp ? process_at(m, tp) : NULL;

	if (!p)
		return tp ? -ENOMEM : 0;
	p->contended_end_ns = ev->ts_ns;
	p->stretch_ns = 0;
	return note_contended(m, m->cur, tp->index, p, event_begin_ns(ev));
}

/* Is the thread's wait for the GIL of a subinterpreter?  Those stretches are not noted. */
static bool is_others(struct replay_marks *m, const struct trace_thread *tt)
{
	const struct marks_thread *t = thread_at(m, tt);

	return t && t->gil;
}

static int on_which_gil(struct replay_marks *m, const struct event *ev)
{
	struct marks_thread *t = ev->thread ? thread_at(m, ev->thread) : NULL;

	if (t)
		t->gil = ev->gil;
	return ev->thread && !t ? -ENOMEM : 0;
}

static int on_wait(struct replay_marks *m, const struct event *ev)
{
	u64 begin = event_begin_ns(ev);
	struct marks_process *p;
	int err = note_thread(m, m->cur, ev, RP_WAIT);

	if (err || !ev->thread || is_others(m, ev->thread))
		return err;
	if (ev->alone)
		return stretch(m, ev, ev->thread->process);
	p = process_at(m, ev->thread->process);
	if (!p)
		return -ENOMEM;
	if (ev->ts_ns > p->contended_end_ns && (!p->stretch_ns || begin < p->stretch_ns))
		p->stretch_ns = begin;
	return 0;
}

/* Still going on at the end: it is open at all marks from its beginning on. */
static int on_open(struct replay_marks *m, const struct event *ev)
{
	u64 since = event_begin_ns(ev);
	struct marks_process *p;
	int err;

	if (ev->what == EVENT_OPEN_HOLD)
		return note_thread(m, m->n, ev, RP_HOLD);
	if (ev->what == EVENT_OPEN_OFF_CPU)
		return note_thread(m, m->n, ev, RP_OFF_CPU);
	if (ev->what != EVENT_OPEN_WAIT || !ev->thread)
		return 0;
	err = note_thread(m, m->n, ev, RP_WAIT);
	if (err || is_others(m, ev->thread))
		return err;
	p = process_at(m, ev->thread->process);
	if (!p)
		return -ENOMEM;
	if (p->stretch_ns && p->stretch_ns < since)
		since = p->stretch_ns;
	if (!p->open_ns || since < p->open_ns)
		p->open_ns = since;
	return 0;
}

static int on_end(struct replay_marks *m)
{
	int err = 0;

	for (size_t i = 0; i < m->procs_room && !err; i++)
		if (m->procs[i].open_ns)
			err = note_contended(m, m->n, (u32)i, &m->procs[i], m->procs[i].open_ns);
	return err;
}

static int on_event(void *ctx, const struct event *ev)
{
	struct replay_marks *m = ctx;

	while (m->cur < m->n && m->marks[m->cur].moment_ns < ev->ts_ns)
		m->cur++;
	switch (ev->kind) {
	case EVENT_HOLD:
		return note_thread(m, m->cur, ev, RP_HOLD);
	case EVENT_WAIT:
		return on_wait(m, ev);
	case EVENT_OFF_CPU:
		return note_thread(m, m->cur, ev, RP_OFF_CPU);
	case EVENT_CONTENDED:
		return stretch(m, ev, ev->process);
	case EVENT_OPEN:
		return on_open(m, ev);
	case EVENT_WHICH_GIL:
		return on_which_gil(m, ev);
	case EVENT_STACK_COST:
		return rp_marks_cost(m, ev);
	case EVENT_END:
		return on_end(m);
	default:
		return 0;
	}
}

static int on_begin(void *ctx, const struct trace_info *info)
{
	(void)ctx;
	(void)info;
	return 0;
}

struct trace_sink replay_marks_sink(struct replay_marks *m)
{
	return (struct trace_sink) { .begin = on_begin, .event = on_event, .ctx = m };
}

static void apply_contended(const struct replay *r, const struct rp_mark_span *s, bool set)
{
	struct rp_process *p = rp_process_at(r, s->index, s->tid, s->identity);

	if (p)
		p->mark_contended_ns = set ? s->begin_ns : 0;
}

void rp_mark_apply(const struct replay *r, const struct rp_mark *m, bool set)
{
	rp_mark_costs_apply(r, &m->costs, set);
	for (u32 i = 0; i < m->count; i++) {
		const struct rp_mark_span *s = &m->spans[i];
		struct rp_thread *t;

		if (s->what == RP_OPEN_COUNT) {
			apply_contended(r, s, set);
			continue;
		}
		t = rp_thread_at(r, s->index, s->tid, s->identity);
		if (!t || t->open[s->what] != (set ? RP_NOT_OPEN : RP_BY_MARK))
			continue;
		t->open[s->what] = set ? RP_BY_MARK : RP_NOT_OPEN;
		t->open_ns[s->what] = s->begin_ns;
		t->open_gil[s->what] = rp_gil_index(t->p, s->gil);
		if (set && s->what == RP_HOLD)
			t->open_mid = s->mid;
		if (set && s->what == RP_OFF_CPU) {
			t->open_preempted = s->preempted;
			t->sched.open_in = s->blocked_in;
		}
	}
}
