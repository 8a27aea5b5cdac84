/*
 * export --to perfetto: Perfetto's native trace, for ui.perfetto.dev and trace_processor.
 *
 *   process ─┬─ GIL owner           a slice per hold, named by the thread that held it
 *            ├─ GIL contended       at least one thread waited
 *            ├─ GIL held, GIL waiters, deallocations      counters
 *            └─ thread              hold and wait; an arrow from a hold to each wait it began
 *                 ├─ collector      a slice per collection
 *                 ├─ I/O            waits for events, calls that had not to wait
 *                 ├─ wake-up to GIL
 *                 └─ off CPU with the GIL
 *   gilscope: lost                  where events are missing
 *
 * Where the recording has Python stacks, threads have samples of them, too.
 *
 * Times are nanoseconds; what a slice is about and its exact figures are its details.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/export/trace_exporter.h"
#include "user/export/trace_perfetto.h"
#include "user/model/fig_blocked.h"

#define LOST_TRACKS (sizeof(((struct pf *)0)->lost) / sizeof(((struct pf *)0)->lost[0]))
#define NOTE(title, kind, v) ((struct pf_note) { .name = title, .type = kind, .value = v })

static int begin(struct trace_export *x)
{
	struct pf *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->out = x->out;
	p->info = x->info;
	x->state = p;
	pf_clocks(p);
	return 0;
}

static struct pf_slice slice_of(const struct event *ev, const char *name, const char *category)
{
	return (struct pf_slice) {
		.begin_ns = event_begin_ns(ev),
		.end_ns = ev->ts_ns,
		.name = name,
		.category = category,
	};
}

/* A track of a thread or process that is made when there is something on it. */
static struct pf_track *lazily(struct pf *p, struct pf_track *t, const struct pf_track *parent,
			       const char *name)
{
	if (!t->uuid)
		pf_track_new(p, t, parent, name);
	return t;
}

static void note_known(struct pf_slice *s, const char *name, u64 v)
{
	if (v != EVENT_UNKNOWN)
		pf_note(s, NOTE(name, PF_U64, v));
}

static void note_open(struct pf_slice *s, const struct event *ev)
{
	if (ev->mid)
		pf_note(s, NOTE("began before the measurement", PF_BOOL, 1));
	if (ev->kind == EVENT_OPEN)
		pf_note(s, NOTE("not over when the recording ended", PF_BOOL, 1));
}

static int add_gil(struct pf *p, struct pf_thread *t, const struct event *ev, bool wait)
{
	const struct pf_span span = {
		.begin_ns = event_begin_ns(ev),
		.end_ns = ev->ts_ns,
		.holder = wait ? ev->holder : 0,
		.wait = wait,
		.forced = ev->forced != 0,
		.mid = ev->mid != 0,
		.open = ev->kind == EVENT_OPEN,
	};
	int err = pf_counters_add(p, t->process, wait, span.begin_ns, span.end_ns);

	return err ? err : pf_pending_add(p, t, &span);
}

static void add_collection(struct pf *p, struct pf_thread *t, const struct event *ev)
{
	static const char *const names[] = { "GC generation 0", "GC generation 1",
					     "GC generation 2" };
	struct pf_slice s = slice_of(ev, ev->generation < 3 ? names[ev->generation] : "GC", "gc");

	pf_note(&s, NOTE("generation", PF_U64, ev->generation));
	if (ev->kind == EVENT_COLLECTION) {
		note_known(&s, "collected", ev->collected);
		note_known(&s, "uncollectable", ev->uncollectable);
	}
	note_open(&s, ev);
	pf_slice(p, lazily(p, &t->gc, &t->self, "collector"), &s);
}

static void add_io(struct pf *p, struct pf_thread *t, const struct event *ev)
{
	struct pf_slice s = slice_of(ev, event_call_name(ev->call), "io");
	struct pf_track *track = lazily(p, &t->io, &t->self, "I/O");

	note_open(&s, ev);
	if (ev->kind != EVENT_OPEN)
		pf_note(&s, NOTE("result", PF_S64, (u64)ev->result));
	if (ev->timeout)
		pf_note(&s, NOTE("timed out", PF_BOOL, 1));
	if (ev->kind == EVENT_IO_CALL) {
		pf_instant(p, track, ev->ts_ns, &s);
		return;
	}
	if (ev->kind == EVENT_IO_WAIT) {
		note_known(&s, "blocked ns", ev->blocked_ns);
		note_known(&s, "woken to running ns", ev->to_run_ns);
	}
	pf_slice(p, track, &s);
}

static void add_to_gil(struct pf *p, struct pf_thread *t, const struct event *ev)
{
	struct pf_slice s = slice_of(ev, "wake-up to GIL", "io");

	pf_note(&s, (struct pf_note) { "call", PF_STR, 0, event_call_name(ev->call) });
	pf_slice(p, lazily(p, &t->to_gil, &t->self, "wake-up to GIL"), &s);
}

static void add_off_cpu(struct pf *p, struct pf_thread *t, const struct event *ev)
{
	struct pf_slice s = slice_of(ev, ev->preempted ? "preempted" : "asleep", "gil");

	if (ev->blocked_in)
		pf_note(&s, (struct pf_note) { "asleep in", PF_STR, 0,
					       fig_blocked_name(ev->blocked_in) });
	pf_slice(p, lazily(p, &t->off_cpu, &t->self, "off CPU with the GIL"), &s);
}

/* Only what blocked the loop: all steps and iterations would be most of the trace. */
static void add_loop(struct pf *p, struct pf_thread *t, const struct event *ev)
{
	struct pf_slice s =
		slice_of(ev, ev->kind == EVENT_STEP ? "task step" : "blocked", "asyncio");

	if (ev->slow)
		pf_slice(p, lazily(p, &t->loop, &t->self, "event loop"), &s);
}

static void add_ft(struct pf *p, struct pf_thread *t, const struct event *ev)
{
	struct pf_slice s = slice_of(ev, event_ft_name(ev->ft_time), "ft");

	if (ev->holder)
		pf_note(&s, NOTE("released by", PF_U64, ev->holder));
	pf_slice(p, lazily(p, &t->ft, &t->self, "mutexes and stops"), &s);
}

/* Losses of different causes overlap: a track each, of one name, which viewers show as one. */
static void add_lost(struct pf *p, const struct event *ev)
{
	char cause[PF_TEXT];
	struct pf_slice s = slice_of(ev, cause, "lost");
	size_t i = 0;

	pf_text(cause, ev->text[EVENT_LOST_CAUSE]);
	while (i < LOST_TRACKS - 1 && p->lost[i].track.uuid &&
	       strncmp(p->lost[i].cause, cause, sizeof(p->lost[i].cause) - 1))
		i++;
	if (!p->lost[i].track.uuid) {
		pf_track_new(p, &p->lost[i].track, NULL, "gilscope: lost");
		memcpy(p->lost[i].cause, cause, sizeof(p->lost[i].cause) - 1);
	}
	pf_note(&s, NOTE("events lost", PF_U64, ev->count));
	pf_slice(p, &p->lost[i].track, &s);
}

static int add_open(struct pf *p, struct pf_thread *t, const struct event *ev)
{
	switch (ev->what) {
	case EVENT_OPEN_HOLD:
	case EVENT_OPEN_WAIT:
		return add_gil(p, t, ev, ev->what == EVENT_OPEN_WAIT);
	case EVENT_OPEN_COLLECTION:
		add_collection(p, t, ev);
		return 0;
	case EVENT_OPEN_IO:
		add_io(p, t, ev);
		return 0;
	case EVENT_OPEN_OFF_CPU:
		add_off_cpu(p, t, ev);
		return 0;
	}
	return 0;
}

static int add_to_thread(struct pf *p, const struct event *ev)
{
	int err;
	struct pf_thread *t = pf_thread_of(p, ev, &err);

	if (!t) {
		p->unknown += !err;
		return err;
	}
	switch (ev->kind) {
	case EVENT_HOLD:
	case EVENT_WAIT:
		return add_gil(p, t, ev, ev->kind == EVENT_WAIT);
	case EVENT_OPEN:
		return add_open(p, t, ev);
	case EVENT_OFF_CPU:
		add_off_cpu(p, t, ev);
		break;
	case EVENT_COLLECTION:
		add_collection(p, t, ev);
		break;
	case EVENT_IO_CALL:
	case EVENT_IO_WAIT:
		add_io(p, t, ev);
		break;
	case EVENT_IO_TO_GIL:
		add_to_gil(p, t, ev);
		break;
	case EVENT_ITERATION:
	case EVENT_STEP:
		add_loop(p, t, ev);
		break;
	case EVENT_FT_TIME:
		add_ft(p, t, ev);
		break;
	case EVENT_THREAD:
		return pf_thread_named(p, t, ev->thread->name);
	case EVENT_THREAD_EXIT:
		pf_thread_gone(p, ev->thread->index);
		break;
	default:
		break;
	}
	return 0;
}

static int add_to_process(struct pf *p, const struct event *ev)
{
	int err;
	struct pf_process *proc = pf_process_of(p, ev->process, &err);

	if (!proc) {
		p->unknown += !err;
		return err;
	}
	if (ev->kind == EVENT_CONTENDED) {
		struct pf_slice s = slice_of(ev, "contended", "gil");

		pf_slice(p, lazily(p, &proc->contended, &proc->self, "GIL contended"), &s);
	} else if (ev->kind == EVENT_TYPE_COUNT) {
		pf_deallocs(p, proc, ev);
	} else if (ev->kind == EVENT_PROCESS_EXIT) {
		pf_process_gone(p, ev->process->index);
	}
	return 0;
}

static int event(struct trace_export *x, const struct event *ev)
{
	struct pf *p = x->state;

	switch (ev->kind) {
	case EVENT_HOLD:
	case EVENT_WAIT:
	case EVENT_OFF_CPU:
	case EVENT_COLLECTION:
	case EVENT_IO_CALL:
	case EVENT_IO_WAIT:
	case EVENT_IO_TO_GIL:
	case EVENT_THREAD:
	case EVENT_THREAD_EXIT:
	case EVENT_OPEN:
	case EVENT_ITERATION:
	case EVENT_STEP:
	case EVENT_FT_TIME:
		return add_to_thread(p, ev);
	case EVENT_CONTENDED:
	case EVENT_PROCESS:
	case EVENT_PROCESS_EXIT:
	case EVENT_TYPE_COUNT:
		return add_to_process(p, ev);
	case EVENT_LOST:
		add_lost(p, ev);
		return 0;
	case EVENT_FUNCTION:
	case EVENT_FRAME:
		return stack_tree_event(&p->stacks, ev);
	case EVENT_STACK_COST:
		return pf_stack_cost(p, ev);
	case EVENT_CPU:
	case EVENT_FT_CRITICAL: /* counted: their sleeps tell more */
	case EVENT_GC_START: /* collections tell it */
	case EVENT_WAIT_PART: /* waits do */
	case EVENT_TYPE:
	case EVENT_PROBE:
	case EVENT_LATE:
	case EVENT_WHICH_GIL:
	case EVENT_CONTENDED_OTHER:
	case EVENT_END:
	case EVENT_KIND_COUNT:
		break;
	}
	return 0;
}

static int end(struct trace_export *x, const struct figures *f)
{
	struct pf *p = x->state;

	(void)f;
	pf_all_gone(p);
	if (p->unknown) {
		const struct event ev = {
			.kind = EVENT_LOST,
			.ts_ns = x->info->started_ns,
			.count = p->unknown,
			.text = { [EVENT_LOST_CAUSE] = "thread or process not known" },
		};

		add_lost(p, &ev);
	}
	return 0;
}

static void done(struct trace_export *x)
{
	struct pf *p = x->state;

	if (!p)
		return;
	pf_all_gone(p);
	pf_stacks_done(p);
	free(p);
	x->state = NULL;
}

const struct trace_exporter_ops trace_perfetto_exporter = {
	.name = "perfetto",
	.help = "Perfetto's protobuf trace, for ui.perfetto.dev and trace_processor",
	.begin = begin,
	.event = event,
	.end = end,
	.done = done,
};
