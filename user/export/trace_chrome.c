/*
 * chrome: Trace Event JSON, as the Perfetto UI and chrome://tracing load it.
 *
 * Entries need not be sorted, so each event is written when it comes; only the counters, which
 * no span is final for until the process has ended, are kept until then.  See docs/export.md.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "user/export/trace_chrome.h"
#include "user/export/trace_exporter.h"

static int chrome_begin(struct trace_export *x)
{
	struct chrome *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	x->state = c;
	c->out = x->out;
	c->info = x->info;
	chrome_open(c);
	return 0;
}

/* Notes that only few have. */
static void flags(struct chrome *c, const struct event *ev)
{
	if (ev->mid)
		chrome_arg_true(c, "began_before_the_recording");
	if (ev->forced)
		chrome_arg_true(c, "forced");
	if (ev->timeout)
		chrome_arg_true(c, "timeout");
	if (ev->kind == EVENT_OPEN)
		chrome_arg_true(c, "goes_on_at_the_end");
}

/* What a slice of the GIL's row is called. */
static const char *who(const struct event *ev)
{
	if (!ev->thread)
		return "unknown thread";
	return *ev->thread->name ? ev->thread->name : "unnamed thread";
}

static int hold(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_SELF, &row);
	struct chrome_process *p = chrome_process_of(c, ev->process, &err);
	u64 begin = event_begin_ns(ev);

	chrome_slice(c, &row, begin, ev->ts_ns, "hold");
	flags(c, ev);
	chrome_entry_end(c);
	if (!err)
		err = chrome_process_row(c, ev, CHROME_GIL, &row);
	chrome_slice(c, &row, begin, ev->ts_ns, who(ev));
	chrome_arg_u64(c, "tid", ev->tid);
	flags(c, ev);
	chrome_entry_end(c);
	if (!err && p)
		err = trace_series_add(&p->held, begin, ev->ts_ns, ev->ts_ns - begin);
	return err;
}

static int wait(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_SELF, &row);
	struct chrome_process *p = chrome_process_of(c, ev->process, &err);
	u64 begin = event_begin_ns(ev);

	chrome_slice(c, &row, begin, ev->ts_ns, "wait for the GIL");
	if (ev->holder)
		chrome_arg_u64(c, "holder_tid", ev->holder);
	flags(c, ev);
	chrome_entry_end(c);
	/* an arrow out of the hold that blocked, into this wait: both where the wait begins */
	if (ev->holder) {
		c->flow++;
		chrome_flow(c, 's', c->flow, ev->pid, ev->holder, begin);
		chrome_flow(c, 'f', c->flow, row.pid, row.tid, begin);
	}
	if (!err && p)
		err = trace_series_add(&p->waiting, begin, ev->ts_ns, ev->ts_ns - begin);
	return err;
}

static int contended(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_process_row(c, ev, CHROME_CONTENDED, &row);

	chrome_slice(c, &row, event_begin_ns(ev), ev->ts_ns, "contended");
	chrome_entry_end(c);
	return err;
}

static int off_cpu(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_OFF_CPU, &row);

	chrome_slice(c, &row, event_begin_ns(ev), ev->ts_ns,
		     ev->preempted ? "preempted" : "asleep");
	chrome_entry_end(c);
	return err;
}

static int collection(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_GC, &row);
	char name[40];

	snprintf(name, sizeof(name), "gc generation %u", ev->generation);
	chrome_slice(c, &row, event_begin_ns(ev), ev->ts_ns, name);
	chrome_arg_u64(c, "generation", ev->generation);
	if (ev->kind == EVENT_COLLECTION) {
		chrome_arg_u64(c, "collected", ev->collected);
		chrome_arg_u64(c, "uncollectable", ev->uncollectable);
	}
	flags(c, ev);
	chrome_entry_end(c);
	return err;
}

static int io_call(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_SELF, &row);

	chrome_instant(c, row.pid, row.tid, ev->ts_ns, 't', event_call_name(ev->call));
	chrome_arg_s64(c, "result", ev->result);
	flags(c, ev);
	chrome_entry_end(c);
	return err;
}

static int io_wait(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_SELF, &row);

	chrome_slice(c, &row, event_begin_ns(ev), ev->ts_ns, event_call_name(ev->call));
	if (ev->kind == EVENT_IO_WAIT) {
		chrome_arg_s64(c, "result", ev->result);
		chrome_arg_u64(c, "blocked_ns", ev->blocked_ns);
		chrome_arg_u64(c, "to_run_ns", ev->to_run_ns);
	}
	flags(c, ev);
	chrome_entry_end(c);
	return err;
}

static int io_to_gil(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_TO_GIL, &row);

	chrome_slice(c, &row, event_begin_ns(ev), ev->ts_ns, "woken until it owned the GIL");
	chrome_arg_text(c, "call", event_call_name(ev->call));
	chrome_entry_end(c);
	return err;
}

/* Only what blocked the loop: all steps and iterations would be most of the trace. */
static int iteration(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err;

	if (!ev->slow)
		return 0;
	err = chrome_thread_row(c, ev, ev->kind == EVENT_STEP ? CHROME_STEP : CHROME_LOOP, &row);
	chrome_slice(c, &row, event_begin_ns(ev), ev->ts_ns,
		     ev->kind == EVENT_STEP ? "task step" : "blocked");
	chrome_entry_end(c);
	return err;
}

static int ft_time(struct chrome *c, const struct event *ev)
{
	struct chrome_row row;
	int err = chrome_thread_row(c, ev, CHROME_SELF, &row);

	chrome_slice(c, &row, event_begin_ns(ev), ev->ts_ns, event_ft_name(ev->ft_time));
	if (ev->holder)
		chrome_arg_u64(c, "released_by", ev->holder);
	chrome_entry_end(c);
	return err;
}

static int open_span(struct chrome *c, const struct event *ev)
{
	switch (ev->what) {
	case EVENT_OPEN_HOLD:
		return hold(c, ev);
	case EVENT_OPEN_WAIT:
		return wait(c, ev);
	case EVENT_OPEN_COLLECTION:
		return collection(c, ev);
	case EVENT_OPEN_IO:
		return io_wait(c, ev);
	case EVENT_OPEN_OFF_CPU:
		return off_cpu(c, ev);
	}
	return 0; /* of a kind that is not known yet */
}

static int thread_exit(struct chrome *c, const struct event *ev)
{
	chrome_instant(c, ev->pid, ev->tid, ev->ts_ns, 't', "the thread has ended");
	chrome_entry_end(c);
	chrome_thread_gone(c, ev->thread);
	return 0;
}

static int process(struct chrome *c, const struct event *ev)
{
	int err = 0;

	if (chrome_process_of(c, ev->process, &err))
		chrome_process_named(c, ev->process);
	chrome_instant(c, ev->pid, 0, ev->ts_ns, 'p', "measured from here on");
	chrome_arg_u64(c, "pid_in_its_namespace", ev->ns_id);
	if (ev->parent)
		chrome_arg_u64(c, "forked_from", ev->parent);
	chrome_arg_text(c, "path", ev->text[EVENT_PROCESS_PATH]);
	chrome_arg_text(c, "build_id", ev->text[EVENT_PROCESS_BUILD_ID]);
	chrome_entry_end(c);
	return err;
}

static int process_exit(struct chrome *c, const struct event *ev)
{
	chrome_instant(c, ev->pid, 0, ev->ts_ns, 'p',
		       ev->execed ? "it executed another program" : "the process has ended");
	chrome_entry_end(c);
	chrome_process_gone(c, ev->process);
	return 0;
}

static int type_count(struct chrome *c, const struct event *ev)
{
	int err = 0;
	struct chrome_process *p = chrome_process_of(c, ev->process, &err);
	u64 begin = event_begin_ns(ev);

	if (p && ev->deallocs != EVENT_UNKNOWN)
		err = trace_series_add(&p->deallocs, begin, ev->ts_ns, ev->deallocs);
	if (p && !err && ev->allocs != EVENT_UNKNOWN)
		err = trace_series_add(&p->allocs, begin, ev->ts_ns, ev->allocs);
	return err;
}

/* A line through everything where the range ends, and the range itself. */
static int lost(struct chrome *c, const struct event *ev)
{
	const char *name = "events are missing";

	c->lost++;
	chrome_range(c, 'b', c->lost, event_begin_ns(ev), name);
	chrome_arg_u64(c, "count", ev->count);
	chrome_arg_text(c, "cause", ev->text[EVENT_LOST_CAUSE]);
	chrome_entry_end(c);
	chrome_range(c, 'e', c->lost, ev->ts_ns, name);
	chrome_entry_end(c);
	chrome_instant(c, CHROME_RECORDING, 0, ev->ts_ns, 'g', name);
	chrome_arg_u64(c, "count", ev->count);
	chrome_arg_u64(c, "in_ns", ev->ns);
	chrome_arg_text(c, "cause", ev->text[EVENT_LOST_CAUSE]);
	chrome_entry_end(c);
	return 0;
}

static int probe(struct chrome *c, const struct event *ev)
{
	chrome_instant(c, CHROME_RECORDING, 0, ev->ts_ns, 't', "probe");
	chrome_arg_text(c, "family", ev->text[EVENT_PROBE_FAMILY]);
	chrome_arg_text(c, "event", ev->text[EVENT_PROBE_EVENT]);
	chrome_arg_text(c, "file", ev->text[EVENT_PROBE_FILE]);
	chrome_arg_u64(c, "offset", ev->offset);
	chrome_arg_u64(c, "hits", ev->count);
	chrome_arg_text(c, "found_by", ev->text[EVENT_PROBE_FOUND_BY]);
	chrome_arg_text(c, "instruction", ev->text[EVENT_PROBE_INSTRUCTION]);
	chrome_entry_end(c);
	return 0;
}

static int finish(struct chrome *c, const struct event *ev)
{
	chrome_instant(c, CHROME_RECORDING, 0, ev->ts_ns, 'g', "the recording ended");
	chrome_arg_text(c, "reason", ev->text[EVENT_END_REASON]);
	chrome_arg_u64(c, "tracer_cpu_ns", ev->tracer_cpu_ns);
	chrome_arg_u64(c, "target_cpu_ns", ev->target_cpu_ns);
	chrome_entry_end(c);
	return 0;
}

static int chrome_event(struct trace_export *x, const struct event *ev)
{
	/* GC_START: its COLLECTION, or its OPEN, says more.  TYPE: counted over all types. */
	static int (*const of[EVENT_KIND_COUNT])(struct chrome *, const struct event *) = {
		[EVENT_HOLD] = hold,
		[EVENT_WAIT] = wait,
		[EVENT_CONTENDED] = contended,
		[EVENT_OFF_CPU] = off_cpu,
		[EVENT_COLLECTION] = collection,
		[EVENT_IO_CALL] = io_call,
		[EVENT_IO_WAIT] = io_wait,
		[EVENT_IO_TO_GIL] = io_to_gil,
		[EVENT_THREAD_EXIT] = thread_exit,
		[EVENT_PROCESS] = process,
		[EVENT_PROCESS_EXIT] = process_exit,
		[EVENT_TYPE_COUNT] = type_count,
		[EVENT_LOST] = lost,
		[EVENT_PROBE] = probe,
		[EVENT_OPEN] = open_span,
		[EVENT_END] = finish,
		[EVENT_ITERATION] = iteration,
		[EVENT_STEP] = iteration,
		[EVENT_FT_TIME] = ft_time,
	};
	struct chrome *c = x->state;

	if (ev->kind == EVENT_THREAD)
		return chrome_thread_named(c, ev->thread);
	return of[ev->kind] ? of[ev->kind](c, ev) : 0;
}

static int chrome_end(struct trace_export *x, const struct figures *f)
{
	struct chrome *c = x->state;

	(void)f;
	chrome_all_gone(c, true);
	chrome_close(c);
	return 0;
}

static void chrome_done(struct trace_export *x)
{
	struct chrome *c = x->state;

	if (c)
		chrome_all_gone(c, false);
	free(c);
	x->state = NULL;
}

const struct trace_exporter_ops trace_chrome_exporter = {
	.name = "chrome",
	.help = "Trace Event JSON for the Perfetto UI and chrome://tracing",
	.begin = chrome_begin,
	.event = chrome_event,
	.end = chrome_end,
	.done = chrome_done,
};
