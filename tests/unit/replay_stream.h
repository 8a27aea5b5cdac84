/*
 * Hand-made event streams for the tests of the replay: what the reader would hand out.  Times are
 * in microseconds since the recording's start, which is at 1,000,000 us of the clock.
 */
#ifndef GS_TESTS_REPLAY_STREAM_H
#define GS_TESTS_REPLAY_STREAM_H

#include <string.h>

#include "bpf/families.h"
#include "bpf/state.h"
#include "user/trace/format.h"
#include "user/trace/replay.h"

#define US 1000ULL
#define START_NS (1000000 * US)
#define AT(us) (START_NS + (us)*US)
#define UNIX_NS 1700000000000000000ULL

static const struct trace_info stream_info = {
	.directory = "made-up",
	.gilscope = "0.0",
	.kernel = "6.1",
	.host = "here",
	.command = "gilscope record",
	.mode = "exact",
	.format = TRACE_FORMAT,
	.families = GS_FAMILY_BIT(GS_FAMILY_PROC) | GS_FAMILY_BIT(GS_FAMILY_GIL) |
		    GS_FAMILY_BIT(GS_FAMILY_GC) | GS_FAMILY_BIT(GS_FAMILY_IO) |
		    GS_FAMILY_BIT(GS_FAMILY_SCHED) | GS_FAMILY_BIT(GS_FAMILY_REFS),
	.started_unix_ns = UNIX_NS,
	.started_ns = START_NS,
	.hit_ns = 700,
};

static const struct trace_process proc_a = {
	.pid = 100,
	.ns_pid = 1,
	.index = 0,
	.gil = 0xabc0,
	.since_ns = START_NS,
	.version = "3.11.2",
	.path = "/usr/bin/python3.11",
	.build_id = "00ff",
	.command = "python3 a.py",
};
static const struct trace_process proc_b = {
	.pid = 200,
	.ns_pid = 200,
	.index = 1,
	.since_ns = START_NS + 50 * US,
	.version = "3.9.2",
	.path = "",
	.build_id = "",
	.command = "python3 b.py",
};

/* Threads 1 and 2 of process A, 3 of B; 4 has the number and the index of 2, later. */
static const struct trace_thread thread_1 = { 101, 11, 0, 0, "MainThread", &proc_a };
static const struct trace_thread thread_2 = { 102, 12, 1, 0, "worker", &proc_a };
static const struct trace_thread thread_3 = { 201, 201, 2, START_NS + 50 * US, "other", &proc_b };
static const struct trace_thread thread_4 = { 102, 14, 1, START_NS + 500 * US, "again", &proc_a };

/* A span of @t from @from to @to. */
static inline struct event span(enum event_kind kind, const struct trace_thread *t, u64 from,
				u64 to)
{
	return (struct event) {
		.kind = kind,
		.ts_ns = AT(to),
		.ns = (to - from) * US,
		.pid = t->process->pid,
		.tid = t->tid,
		.thread = t,
		.process = t->process,
		.text = { "", "", "", "", "", "" },
	};
}

static inline struct event instant(enum event_kind kind, const struct trace_thread *t, u64 at)
{
	return span(kind, t, at, at);
}

/* An event about a process, or about nobody if @p is NULL. */
static inline struct event of_process(enum event_kind kind, const struct trace_process *p, u64 from,
				      u64 to)
{
	return (struct event) {
		.kind = kind,
		.ts_ns = AT(to),
		.ns = (to - from) * US,
		.pid = p ? p->pid : 0,
		.process = p,
		.text = { "", "", "", "", "", "" },
	};
}

static inline struct event process_event(const struct trace_process *p, u64 at, u32 seed_tid)
{
	struct event ev = of_process(EVENT_PROCESS, p, at, at);

	ev.known = EVENT_KNOWN_FORCED | EVENT_KNOWN_GC_FOUND;
	ev.gil = p->gil;
	ev.seed_tid = seed_tid;
	return ev;
}

static inline struct event open_event(const struct trace_thread *t, enum event_open what, u64 from,
				      u64 to)
{
	struct event ev = span(EVENT_OPEN, t, from, to);

	ev.what = what;
	return ev;
}

static inline struct event lost_event(const char *cause, u64 count, u64 from, u64 to)
{
	struct event ev = of_process(EVENT_LOST, NULL, from, to);

	ev.count = count;
	ev.text[EVENT_LOST_CAUSE] = cause;
	return ev;
}

static inline int stream(const struct trace_sink *s, const struct event *events, size_t n)
{
	int err = s->begin(s->ctx, &stream_info);

	for (size_t i = 0; i < n && !err; i++)
		err = s->event(s->ctx, &events[i]);
	return err;
}

/* The thread @tid of a process's figures that began at @start_ns, or NULL. */
static inline const struct fig_thread *row_of(const struct fig_process *p, u32 tid, u64 start_ns)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].tid == tid && p->threads[i].start_ns == start_ns)
			return &p->threads[i];
	return NULL;
}

#endif
