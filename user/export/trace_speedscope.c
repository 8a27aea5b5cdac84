/*
 * export --to speedscope: one evented profile per thread, for speedscope.app.
 *
 *   hold | wait | io CALL          one after the other
 *   gc generation N                within the holds of its thread
 *
 * "at" is in ns since the recording began.  Events of threads come mixed and in the order of their
 * ends; the format wants them by thread, ascending and strictly nested.  So spans are spooled by
 * thread; when a thread has ended, they are read backwards: by descending ends, what encloses
 * comes before what it encloses.  The opening and closing marks this makes, descending too, are
 * spooled and read backwards again.
 *
 *   spans --backwards--> marks --backwards--> "O" and "C" events
 *
 * A collection during which the GIL was released is shown in pieces, within the holds it lasted
 * over; without the gil family it stands alone.  Spans that overlap (the clocks of two CPUs) are
 * cut, never nested wrongly.  Lost ranges are a profile of their own; where the recording has
 * Python stacks, so are those of each thread (trace_speedscope_stacks.c), and the frames come last.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "bpf/state.h"
#include "user/base/spool.h"
#include "user/export/trace_exporter.h"
#include "user/export/trace_slots.h"
#include "user/export/trace_speedscope.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

struct span {
	u64 begin_ns; /* since the recording began */
	u64 ns : 48;
	u64 frame : 16;
};

struct mark {
	u64 at_ns;
	u32 frame;
	u32 opens;
};

struct lane {
	u32 tid, pid;
	u64 start_ns;
	char *name, *command; /* owned */
	struct spool_stream spans;
};

struct speedscope {
	struct out *out;
	u64 started_ns, last_ns; /* last_ns: since the recording began */
	bool gil; /* measured: collections go into holds */
	bool python; /* there are Python stacks */
	struct fig_labels functions; /* frames from FRAME_PYTHON on */
	struct spool *spool;
	struct trace_slots lanes; /* of struct lane, owned */
	struct spool_stream lost;
	u64 lost_count;
	u64 profiles; /* written */
};

/* Making marks from the spans of one lane, the latest first. */
struct walk {
	struct speedscope *p;
	struct spool_stream marks;
	u64 cursor_ns; /* nothing more comes behind this */
	u64 hold_begin_ns;
	u64 gc_begin_ns, gc_end_ns; /* a collection that may reach into earlier holds */
	u32 gc_frame; /* 0: none */
	bool in_hold;
};

static int begin(struct trace_export *x)
{
	struct speedscope *p = calloc(1, sizeof(*p));
	struct out *o = x->out;

	if (!p)
		return -ENOMEM;
	x->state = p;
	p->out = o;
	p->started_ns = x->info->started_ns;
	p->gil = trace_measures(x->info, GS_FAMILY_GIL);
	out_str(o, "{\"$schema\":\"" SCHEMA "\",\"exporter\":");
	out_json(o, "gilscope " GS_VERSION);
	out_str(o, ",\"name\":");
	out_json(o, x->info->directory);
	p->python = trace_measures(x->info, GS_FAMILY_STACKS);
	if (!p->python)
		speedscope_frames(o, &p->functions);
	out_str(o, ",\"profiles\":[\n");
	return spool_new(NULL, &p->spool);
}

static int put_mark(struct walk *w, u64 at_ns, u32 frame, bool opens)
{
	const struct mark m = { at_ns, frame, opens };

	w->cursor_ns = at_ns;
	return spool_append(w->p->spool, &w->marks, &m, sizeof(m));
}

/* A frame without anything in it. */
static int put_leaf(struct walk *w, u64 begin_ns, u64 end_ns, u32 frame)
{
	int err;

	end_ns = end_ns < w->cursor_ns ? end_ns : w->cursor_ns;
	if (begin_ns > end_ns)
		return 0;
	err = put_mark(w, end_ns, frame, false);
	return err ? err : put_mark(w, begin_ns, frame, true);
}

static int leave_hold(struct walk *w)
{
	if (!w->in_hold)
		return 0;
	w->in_hold = false;
	return put_mark(w, w->hold_begin_ns, FRAME_HOLD, true);
}

/* The part of the collection that lies in the hold. */
static int put_piece(struct walk *w)
{
	u64 from = w->gc_begin_ns > w->hold_begin_ns ? w->gc_begin_ns : w->hold_begin_ns;

	if (!w->gc_frame || w->gc_end_ns < from)
		return 0;
	return put_leaf(w, from, w->gc_end_ns, w->gc_frame);
}

static int walk_span(void *ctx, const void *record)
{
	const struct span *s = record;
	u64 end_ns = s->begin_ns + s->ns;
	struct walk *w = ctx;
	int err;

	if (s->frame >= FRAME_GC && s->frame < FRAME_IO && w->p->gil) {
		w->gc_begin_ns = s->begin_ns;
		w->gc_end_ns = end_ns;
		w->gc_frame = (u32)s->frame;
		return w->in_hold ? put_piece(w) : 0;
	}
	err = leave_hold(w);
	if (err || s->frame != FRAME_HOLD)
		return err ? err : put_leaf(w, s->begin_ns, end_ns, (u32)s->frame);
	end_ns = end_ns < w->cursor_ns ? end_ns : w->cursor_ns;
	if (s->begin_ns > end_ns)
		return 0;
	err = put_mark(w, end_ns, FRAME_HOLD, false);
	w->in_hold = true;
	w->hold_begin_ns = s->begin_ns;
	return err ? err : put_piece(w);
}

struct writer {
	struct out *out;
	bool any;
};

static int write_mark(void *ctx, const void *record)
{
	const struct mark *m = record;
	struct writer *w = ctx;

	out_str(w->out, w->any ? ",{\"type\":\"" : "{\"type\":\"");
	out_str(w->out, m->opens ? "O\",\"frame\":" : "C\",\"frame\":");
	out_u64(w->out, m->frame);
	out_str(w->out, ",\"at\":");
	out_u64(w->out, m->at_ns);
	out_char(w->out, '}');
	w->any = true;
	return 0;
}

/* One profile: the spans, which are dropped. */
static int write_profile(struct speedscope *p, const char *name, struct spool_stream *spans)
{
	struct walk w = { .p = p, .cursor_ns = UINT64_MAX };
	struct writer writer = { p->out, false };
	int err = spool_each(p->spool, spans, true, walk_span, &w), dropped;

	if (!err)
		err = leave_hold(&w);
	if (!err) {
		out_str(p->out, p->profiles++ ? ",\n{" : "{");
		out_str(p->out, "\"type\":\"evented\",\"unit\":\"nanoseconds\",\"name\":");
		out_json(p->out, name);
		out_str(p->out, ",\"startValue\":0,\"endValue\":");
		out_u64(p->out, p->last_ns);
		out_str(p->out, ",\"events\":[");
		err = spool_each(p->spool, &w.marks, true, write_mark, &writer);
		out_str(p->out, "]}");
	}
	dropped = spool_drop(p->spool, &w.marks);
	err = err ? err : dropped;
	dropped = spool_drop(p->spool, spans);
	return err ? err : dropped;
}

static void free_lane(struct speedscope *p, struct lane *l)
{
	if (p->spool)
		(void)spool_drop(p->spool, &l->spans);
	free(l->name);
	free(l->command);
	free(l);
}

/* The thread has ended: its profile. */
static int lane_gone(struct speedscope *p, u32 index)
{
	struct lane *l = index < p->lanes.n ? p->lanes.at[index] : NULL;
	char *name;
	int err = 0;

	if (!l)
		return 0;
	p->lanes.at[index] = NULL;
	if (l->spans.records) {
		if (asprintf(&name, "%s (tid %u) of %s (pid %u)", l->name, l->tid, l->command,
			     l->pid) < 0) {
			err = -ENOMEM;
		} else {
			err = write_profile(p, name, &l->spans);
			free(name);
		}
	}
	free_lane(p, l);
	return err;
}

static int name_lane(struct lane *l, const char *name)
{
	free(l->name);
	l->name = strdup(name);
	return l->name ? 0 : -ENOMEM;
}

/* The lane of the event's thread; NULL: none, or *@ret_err. */
static struct lane *lane_of(struct speedscope *p, const struct trace_thread *t, int *ret_err)
{
	void **slot = trace_slot(&p->lanes, t->index);
	struct lane *l = slot ? *slot : NULL;

	*ret_err = slot ? 0 : -ENOMEM;
	if (l && (l->tid != t->tid || l->start_ns != t->start_ns || l->pid != t->process->pid)) {
		*ret_err = lane_gone(p, t->index);
		l = NULL;
	}
	if (l || *ret_err)
		return l;
	l = calloc(1, sizeof(*l));
	if (!l || name_lane(l, t->name) || !(l->command = strdup(t->process->command))) {
		if (l)
			free_lane(p, l);
		*ret_err = -ENOMEM;
		return NULL;
	}
	l->tid = t->tid;
	l->pid = t->process->pid;
	l->start_ns = t->start_ns;
	*slot = l;
	return l;
}

static int add_span(struct speedscope *p, struct spool_stream *to, const struct event *ev,
		    u32 frame)
{
	u64 begin_ns = event_begin_ns(ev);
	struct span s = { .frame = frame };

	begin_ns = begin_ns > p->started_ns ? begin_ns : p->started_ns;
	s.begin_ns = begin_ns - p->started_ns;
	s.ns = ev->ts_ns > begin_ns ? ev->ts_ns - begin_ns : 0;
	return spool_append(p->spool, to, &s, sizeof(s));
}

/* The frame of a thread's span; -1: none. */
static int frame_of(const struct event *ev)
{
	enum event_kind kind = ev->kind;

	if (kind == EVENT_OPEN)
		kind = ev->what == EVENT_OPEN_HOLD	   ? EVENT_HOLD
		       : ev->what == EVENT_OPEN_WAIT	   ? EVENT_WAIT
		       : ev->what == EVENT_OPEN_COLLECTION ? EVENT_COLLECTION
		       : ev->what == EVENT_OPEN_IO	   ? EVENT_IO_WAIT
							   : EVENT_END;
	switch (kind) {
	case EVENT_HOLD:
		return FRAME_HOLD;
	case EVENT_WAIT:
		return FRAME_WAIT;
	case EVENT_COLLECTION:
		return FRAME_GC + (int)(ev->generation < 3 ? ev->generation : 3);
	case EVENT_IO_WAIT:
		return FRAME_IO + (int)(ev->call < GS_IO_COUNT ? ev->call : GS_IO_COUNT);
	default:
		return -1;
	}
}

/* All threads have ended, or those of process @pid, if it is not 0. */
static int lanes_gone(struct speedscope *p, u32 pid)
{
	int err = 0;

	for (u32 i = 0; i < p->lanes.n && !err; i++) {
		struct lane *l = p->lanes.at[i];

		if (l && (!pid || l->pid == pid))
			err = lane_gone(p, i);
	}
	return err;
}

static int event(struct trace_export *x, const struct event *ev)
{
	struct speedscope *p = x->state;
	int frame = frame_of(ev), err;
	struct lane *l;

	if (ev->ts_ns > p->started_ns && ev->ts_ns - p->started_ns > p->last_ns)
		p->last_ns = ev->ts_ns - p->started_ns;
	if (ev->kind == EVENT_LOST) {
		p->lost_count += ev->count;
		return add_span(p, &p->lost, ev, FRAME_LOST);
	}
	if (ev->kind == EVENT_PROCESS_EXIT)
		return ev->pid ? lanes_gone(p, ev->pid) : 0;
	if (!ev->thread || (frame < 0 && ev->kind != EVENT_THREAD && ev->kind != EVENT_THREAD_EXIT))
		return 0;
	l = lane_of(p, ev->thread, &err);
	if (!l)
		return err;
	if (ev->kind == EVENT_THREAD)
		return name_lane(l, ev->thread->name);
	if (ev->kind == EVENT_THREAD_EXIT)
		return lane_gone(p, ev->thread->index);
	return add_span(p, &l->spans, ev, (u32)frame);
}

static int end(struct trace_export *x, const struct figures *f)
{
	struct speedscope *p = x->state;
	struct spool_stream none = { 0 };
	char name[80];
	int err = lanes_gone(p, 0);

	if (!err && p->python)
		err = speedscope_stacks(p->out, f, &p->functions, &p->profiles);
	if (!err && p->lost.records) {
		snprintf(name, sizeof(name), "gilscope: %llu events lost",
			 (unsigned long long)p->lost_count);
		err = write_profile(p, name, &p->lost);
	}
	if (!err && !p->profiles) /* the viewer refuses a file without any */
		err = write_profile(p, "gilscope: nothing recorded", &none);
	out_char(p->out, ']');
	if (p->python)
		speedscope_frames(p->out, &p->functions);
	out_str(p->out, "}\n");
	return err;
}

static void done(struct trace_export *x)
{
	struct speedscope *p = x->state;

	if (!p)
		return;
	for (u32 i = 0; i < p->lanes.n; i++)
		if (p->lanes.at[i])
			free_lane(p, p->lanes.at[i]);
	trace_slots_free(&p->lanes);
	if (p->spool)
		(void)spool_drop(p->spool, &p->lost);
	spool_free(p->spool);
	fig_labels_done(&p->functions);
	free(p);
	x->state = NULL;
}

const struct trace_exporter_ops trace_speedscope_exporter = {
	.name = "speedscope",
	.help = "a profile per thread (hold, wait, gc, io), for speedscope.app",
	.wants_stacks = true,
	.begin = begin,
	.event = event,
	.end = end,
	.done = done,
};
