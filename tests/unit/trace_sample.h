/*
 * A made-up recording of two processes, for tests of trace exporters: every kind of event a
 * reader hands out, hostile texts, unknown and huge numbers, a little out of order as after LATE.
 *
 * In each process three threads take the GIL in turn: while one holds it the next one waits, and
 * the one before is in I/O.  So holds of a process are disjoint, and so are hold, wait and io_wait
 * of a thread; off-CPU lies within a hold; collections do too, but for some that last over three
 * holds, as after a finalizer that released the GIL.  Deterministic.
 */
#ifndef GS_TESTS_TRACE_SAMPLE_H
#define GS_TESTS_TRACE_SAMPLE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/families.h"
#include "bpf/state.h"
#include "user/export/trace_exporter.h"

#define TS_START 123456789012345ULL /* CLOCK_MONOTONIC at the recording's beginning */
#define TS_THREADS 8 /* 0-2 of the first process, 3-5 of the second, 6 and 7 with one tid */

struct trace_sample {
	struct trace_info info;
	struct trace_process procs[2];
	struct trace_thread threads[TS_THREADS];
	struct event *ev; /* owned */
	size_t n, room;
	u64 end_ns; /* CLOCK_MONOTONIC at its end */
};

static const char *const ts_names[TS_THREADS] = {
	"Main\"Thread\\</script><b>&'",
	"new\nline\rtab\t;semi, comma",
	"\x01\x1b[31mctl\x7f{}",
	"bad\xff\xc3(utf\xe2\x82",
	"日本語 thread",
	"",
	"first of its tid",
	"second of its tid",
};

/* Append an event; texts empty, thread and process as of @t (may be NULL). */
static inline struct event *ts_add(struct trace_sample *s, enum event_kind kind, u64 ts_ns, u64 ns,
				   const struct trace_thread *t)
{
	struct event *ev;

	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 1024;
		s->ev = realloc(s->ev, s->room * sizeof(*s->ev));
		if (!s->ev)
			abort();
	}
	ev = &s->ev[s->n++];
	*ev = (struct event) { .kind = kind, .ts_ns = ts_ns, .ns = ns, .thread = t };
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		ev->text[i] = "";
	if (t) {
		ev->tid = t->tid;
		ev->pid = t->process->pid;
		ev->process = t->process;
	}
	return ev;
}

static inline void ts_actors(struct trace_sample *s)
{
	static const char *const commands[] = { "python3 app.py --title=\"</script>;,\n\xff\"",
						"gunicorn: worker [w]" };

	for (u32 i = 0; i < 2; i++)
		s->procs[i] = (struct trace_process) {
			.pid = i ? 8000 : 4711,
			.ns_pid = 1 + i,
			.parent = i ? 4711 : 0,
			.index = i,
			.gil = 0x7f00deadbe00 + i,
			.since_ns = TS_START,
			.version = "3.11.2",
			.path = "/usr/bin/python3.11",
			.build_id = i ? "" : "0123456789abcdef",
			.command = commands[i],
		};
	for (u32 i = 0; i < TS_THREADS; i++)
		s->threads[i] = (struct trace_thread) {
			.tid = i < 3   ? 4711 + i
			       : i < 6 ? 8000 + i - 3
				       : 5000,
			.ns_tid = 1 + i,
			.index = i < 7 ? i : 6,
			.start_ns = i == 7 ? TS_START + 9000 : 0,
			.name = ts_names[i],
			.process = &s->procs[i >= 3 && i < 6],
		};
}

/* Everybody's first event. */
static inline void ts_begin(struct trace_sample *s)
{
	for (u32 i = 0; i < 2; i++) {
		const struct trace_process *p = &s->procs[i];
		struct event *ev = ts_add(s, EVENT_PROCESS, TS_START, 0, NULL);

		ev->process = p;
		ev->pid = p->pid;
		ev->ns_id = p->ns_pid;
		ev->parent = p->parent;
		ev->seed_tid = p->pid;
		ev->known = EVENT_KNOWN_FORCED | EVENT_KNOWN_GC_FOUND;
		ev->gil = p->gil;
		ev->text[EVENT_PROCESS_VERSION] = p->version;
		ev->text[EVENT_PROCESS_PATH] = p->path;
		ev->text[EVENT_PROCESS_BUILD_ID] = p->build_id;
		ev->text[EVENT_PROCESS_COMMAND] = p->command;
		ev->text[EVENT_PROCESS_COVERAGE] = i ? "all, \"nearly\"" : "";
	}
	for (u32 i = 0; i < TS_THREADS; i++) {
		const struct trace_thread *t = &s->threads[i];
		struct event *ev = ts_add(s, EVENT_THREAD, TS_START + (i == 7 ? 9000 : i), 0, t);

		ev->ns_id = t->ns_tid;
		ev->start_ns = t->start_ns;
		ev->text[EVENT_THREAD_NAME] = t->name;
	}
	ts_add(s, EVENT_IO_CALL, TS_START + 7000, 0, &s->threads[6])->result = -4;
	ts_add(s, EVENT_THREAD_EXIT, TS_START + 8000, 0, &s->threads[6]);
	ts_add(s, EVENT_IO_CALL, TS_START + 9500, 0, &s->threads[7])->result = INT32_MAX;
	for (u32 i = 0; i < 2; i++) {
		struct event *ev = ts_add(s, EVENT_TYPE, TS_START + 10 + i, 0, NULL);

		ev->process = &s->procs[1];
		ev->pid = 8000;
		ev->key = UINT64_MAX - 1 - i;
		ev->text[EVENT_TYPE_NAME] = i ? "dict" : "my,\"type\"\n</script>\xfe";
	}
}

/* What the thread before the holder does meanwhile: a call that sleeps, or one that does not. */
static inline void ts_io(struct trace_sample *s, struct trace_thread *t, u64 from, u64 to, u32 k,
			 u64 *ret_woken_ns)
{
	struct event *ev;

	*ret_woken_ns = 0;
	if (k % 6 == 5) {
		ts_add(s, EVENT_IO_CALL, to, 0, t)->call = GS_IO_POLL;
		return;
	}
	ev = ts_add(s, EVENT_IO_WAIT, to, to - from, t);
	ev->call = k % GS_IO_COUNT;
	ev->timeout = k % 4 == 0;
	ev->result = ev->timeout ? 0 : (s64)(k % 9) - 1;
	ev->blocked_ns = (to - from) * 3 / 4;
	ev->to_run_ns = k % 11 ? (to - from) / 8 : EVENT_UNKNOWN;
	*ret_woken_ns = from + ev->blocked_ns;
}

/* What goes on within a hold from @take on, @h ns long. */
static inline void ts_within(struct trace_sample *s, struct trace_thread *a, u64 take, u64 h, u32 k,
			     u64 *gc_from)
{
	struct event *ev = NULL;

	if (k % 5 == 1)
		ts_add(s, EVENT_OFF_CPU, take + h / 2, h / 8, a)->preempted = k & 1;
	if (*gc_from && k % 16 == 12) {
		ev = ts_add(s, EVENT_COLLECTION, take + h / 8, take + h / 8 - *gc_from, a);
		*gc_from = 0;
	} else if (!*gc_from && k % 16 == 9) {
		*gc_from = take + h * 3 / 4;
		ts_add(s, EVENT_GC_START, *gc_from, 0, a)->generation = 2;
	} else if (!*gc_from && k % 7 == 2) {
		ts_add(s, EVENT_GC_START, take + h / 4, 0, a)->generation = k % 3;
		ev = ts_add(s, EVENT_COLLECTION, take + h * 3 / 8, h * 3 / 8 - h / 4, a);
	}
	if (ev) {
		ev->generation = k % 16 == 12 ? 2 : k % 3;
		ev->collected = k % 2 ? (1ULL << 53) + 1 : k;
		ev->uncollectable = k % 4 ? 0 : EVENT_UNKNOWN;
	}
}

/* One process's threads take turns. */
static inline void ts_turns(struct trace_sample *s, struct trace_thread *threads, u32 rounds)
{
	u64 take = TS_START, gc_from = 0, woken[3] = { 0 }, end;
	struct trace_thread *collector = threads;
	struct event *ev;

	for (u32 k = 0; k < rounds; k++) {
		struct trace_thread *a = &threads[k % 3], *b = &threads[(k + 1) % 3];
		u64 h = k % 40 == 39 ? 150123456 : 50001 + k * 7919ULL % 1000 * 1000;
		u64 wait_from = take + h / 4, free_at = take + h, next = free_at + 201 + k % 7;

		if (!gc_from)
			collector = a;
		ts_within(s, a, take, h, k, &gc_from);
		if (k)
			ts_io(s, &threads[(k + 2) % 3], take + 10, take + h / 2, k,
			      &woken[(k + 2) % 3]);
		ev = ts_add(s, EVENT_HOLD, free_at, h, a);
		ev->mid = k == 0;
		ev->forced = k % 4 == 1;
		ev = ts_add(s, EVENT_WAIT, next, next - wait_from, b);
		ev->holder = k % 25 == 24 ? 0 : a->tid;
		ev->alone = k % 2;
		if (k % 2 == 0) {
			ev = ts_add(s, EVENT_CONTENDED, next, next - wait_from, NULL);
			ev->process = a->process;
			ev->pid = a->process->pid;
		}
		if (woken[(k + 1) % 3]) {
			ev = ts_add(s, EVENT_IO_TO_GIL, next, next - woken[(k + 1) % 3], b);
			ev->call = GS_IO_EPOLL_WAIT;
			woken[(k + 1) % 3] = 0;
		}
		take = next;
		if (take > s->end_ns)
			s->end_ns = take;
	}
	/* nobody gets it any more: that is still going on at the end */
	end = take + 1000;
	ts_add(s, EVENT_OPEN, end, 1000, &threads[rounds % 3])->what = EVENT_OPEN_HOLD;
	ts_add(s, EVENT_OPEN, end, 700, &threads[(rounds + 1) % 3])->what = EVENT_OPEN_WAIT;
	if (gc_from)
		ts_add(s, EVENT_OPEN, end, end - gc_from, collector)->what = EVENT_OPEN_COLLECTION;
	ev = ts_add(s, EVENT_OPEN, end, 300, &threads[(rounds + 2) % 3]);
	ev->what = EVENT_OPEN_IO;
	ev->call = GS_IO_SELECT;
}

#include "tests/unit/trace_sample_feed.h"

#endif
