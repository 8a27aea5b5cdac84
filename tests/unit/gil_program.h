/*
 * A made-up program under measurement, for exporters: threads that take a GIL in turn, wait for
 * it, sleep in system calls, collect (also across a release), begin, end and change their names.
 * Its events come as a reader would hand them out, in the order of their ends; and it knows the
 * truth about them.  As long as wanted, in constant memory, and always the same.
 *
 * Here: its state and how events leave it.  gil_program_run.h: what the threads do.
 */
#ifndef GS_TESTS_GIL_PROGRAM_H
#define GS_TESTS_GIL_PROGRAM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "bpf/state.h"
#include "user/model/trace.h"
#include "user/trace/format.h"

#define GP_THREADS 8
#define GP_START 5000000000ULL /* CLOCK_MONOTONIC ns */

static const char *const gp_names[GP_THREADS] = {
	"MainThread",
	"</script><script>alert(1)</script>",
	"quo\"te'\\back",
	"日本語スレッド",
	"worker &amp; <b>",
	"=cmd|' /C calc'!A0",
	"-",
	"asyncio_0",
};

struct gp_thread {
	struct trace_thread thread;
	char name[80];
	u64 wait_begin, blocked_since, wakes, collects_since, to_gil_since;
	u32 wait_holder, io_call;
	bool waiting, sleeping;
};

/* What is true of all events so far. */
struct gp_truth {
	u64 events[EVENT_KIND_COUNT], ns[EVENT_KIND_COUNT];
	u64 blamed; /* waits whose holder is told */
	u64 deallocs, lost;
	u64 last_ns;
	u64 all; /* events of all kinds */
};

struct gp {
	int (*sink)(void *ctx, const struct event *ev);
	void *ctx;
	struct trace_process process;
	struct gp_thread threads[GP_THREADS];
	struct gp_truth truth;
	u64 now, random, counted_at;
	u32 next_tid, nevents;
	struct event queue[32]; /* of one hold, to be put in order */
	int err;
};

static inline struct trace_info gp_info(void)
{
	return (struct trace_info) {
		.directory = "rec</script>",
		.gilscope = "0.0",
		.kernel = "6.1",
		.host = "h&\"<",
		.command = "gilscope record",
		.mode = "exact",
		.format = TRACE_FORMAT,
		.families = ~0U,
		.started_unix_ns = 1700000000123456789ULL,
		.started_ns = GP_START,
	};
}

static inline u64 gp_random(struct gp *g, u64 below)
{
	g->random = g->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (g->random >> 33) % below;
}

static inline void gp_emit(struct gp *g, struct event ev)
{
	for (int i = 0; i < EVENT_TEXTS; i++)
		if (!ev.text[i])
			ev.text[i] = "";
	if (ev.thread) {
		ev.tid = ev.thread->tid;
		ev.process = ev.thread->process;
	}
	ev.pid = ev.process ? ev.process->pid : 0;
	g->truth.events[ev.kind]++;
	g->truth.all++;
	g->truth.ns[ev.kind] += ev.ns;
	g->truth.blamed += ev.kind == EVENT_WAIT && ev.holder;
	g->truth.deallocs += ev.deallocs;
	g->truth.lost += ev.kind == EVENT_LOST ? ev.count : 0;
	g->truth.last_ns = ev.ts_ns;
	if (!g->err)
		g->err = g->sink(g->ctx, &ev);
}

static inline void gp_queue(struct gp *g, struct event ev)
{
	u32 i = g->nevents++;

	for (; i && g->queue[i - 1].ts_ns > ev.ts_ns; i--)
		g->queue[i] = g->queue[i - 1];
	g->queue[i] = ev;
}

static inline void gp_name(struct gp *g, struct gp_thread *t, const char *name)
{
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->thread.name = t->name;
	gp_emit(g, (struct event) { .kind = EVENT_THREAD,
				    .ts_ns = g->now,
				    .thread = &t->thread,
				    .start_ns = t->thread.start_ns,
				    .text = { t->name } });
}

static inline void gp_thread_begin(struct gp *g, u32 i)
{
	struct gp_thread *t = &g->threads[i];

	*t = (struct gp_thread) { 0 };
	t->thread = (struct trace_thread) { .tid = g->next_tid,
					    .ns_tid = g->next_tid % 1000,
					    .index = i,
					    .start_ns = g->now,
					    .process = &g->process };
	g->next_tid++;
	gp_name(g, t, gp_names[i]);
	t->waiting = true;
	t->wait_begin = g->now;
}

static inline void gp_process_begin(struct gp *g, u32 pid)
{
	g->process = (struct trace_process) {
		.pid = pid,
		.ns_pid = 1,
		.gil = 0x7f0012345678,
		.since_ns = g->now,
		.version = "3.11.2",
		.path = "/usr/bin/python3.11",
		.build_id = "0123456789abcdef",
		.command = "python3 <img src=x onerror=alert(2)> app.py",
	};
	gp_emit(g, (struct event) { .kind = EVENT_PROCESS,
				    .ts_ns = g->now,
				    .process = &g->process,
				    .gil = g->process.gil,
				    .text = { "3.11.2", "/usr/bin/python3.11", "0123",
					      g->process.command, "all" } });
	g->next_tid = pid;
	for (u32 i = 0; i < GP_THREADS; i++)
		gp_thread_begin(g, i);
}

#endif
