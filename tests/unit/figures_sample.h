/*
 * A made-up reading of two processes, as families would fill it: cumulative, so that the
 * reading after @seconds less an earlier one is an interval.  Deterministic.
 */
#ifndef GS_TESTS_FIGURES_SAMPLE_H
#define GS_TESTS_FIGURES_SAMPLE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/figures.h"

#define SAMPLE_SEC 1000000000ULL

/* @n values spread over one decade from @from_ns. */
static inline struct fig_hist sample_hist(u64 n, u64 from_ns)
{
	struct fig_hist h = { .valid = true };

	for (u64 i = 0; i < n; i++) {
		u64 v = from_ns + from_ns * 9 * (i % 97) * (i % 97) / (96 * 96);

		h.count++;
		h.sum_ns += v;
		h.max_ns = v > h.max_ns ? v : h.max_ns;
		h.bucket[gs_hist_index(v)]++;
	}
	h.interval_max_ns = h.max_ns;
	return h;
}

static inline void sample_threads(struct fig_process *p, u64 seconds, size_t count)
{
	static const char *const names[] = { "MainThread", "worker", "asyncio_0", "日本語スレッド",
					     "flush-é" };

	p->threads = calloc(count, sizeof(*p->threads));
	p->nthreads = count;
	for (size_t i = 0; i < count; i++) {
		struct fig_thread *t = &p->threads[i];
		char name[64];

		snprintf(name, sizeof(name), "%s-%zu", names[i % 5], i);
		*t = (struct fig_thread) {
			.tid = p->pid + (u32)i,
			.ns_tid = 1 + (u32)i,
			.name = strdup(i ? name : names[0]),
			.exited = i == 7,
			.start_ns = 1000 + i,
			.takes = seconds * 9000 / (i + 1),
			.contended_takes = seconds * 3000 / (i + 1),
			.forced_releases = seconds * 190 / (i + 1),
			.held_ns = seconds * SAMPLE_SEC * 4 / 10 / (i + 1),
			.held_offcpu_ns = seconds * SAMPLE_SEC / 20 / (i + 1),
			.held_preempted_ns = seconds * SAMPLE_SEC / 50 / (i + 1),
			.wait_ns = seconds * SAMPLE_SEC / 6 / (count - i),
			.hold = sample_hist(seconds * 100 / (i + 1), 42000 + 1000 * i),
			.wait = sample_hist(seconds * 50 / (i + 1), 5000000),
		};
	}
}

static inline void sample_gil(struct fig_process *p, u64 seconds)
{
	p->gils = calloc(1, sizeof(*p->gils));
	p->ngils = 1;
	p->gil_measured = true;
	p->gils[0] = (struct fig_gil) {
		.address = 0x7f00deadbe00,
		.held_ns = seconds * SAMPLE_SEC * 8 / 10,
		.held_ratio = 0.8,
		.held_source = "exact",
		.takes = seconds * 20000,
		.contended_takes = seconds * 7000,
		.handovers = seconds * 6500,
		.forced_releases = seconds * 420,
		.wait_ns = seconds * SAMPLE_SEC * 13 / 10,
		.held_offcpu_ns = seconds * SAMPLE_SEC / 10,
		.held_preempted_ns = seconds * SAMPLE_SEC / 30,
		.hold_floor_ns = 900,
		.holder_tid = p->pid + 1,
	};
}

static inline void sample_gc(struct fig_process *p, u64 seconds)
{
	p->gc = calloc(3, sizeof(*p->gc));
	p->ngc = 3;
	p->gc_measured = true;
	for (u32 i = 0; i < 3; i++)
		p->gc[i] = (struct fig_gc) {
			.generation = i,
			.collections = seconds * 40 / (1 + 9 * i),
			.collected = seconds * 900 * i,
			.uncollectable = i == 2 ? seconds * 3 : 0,
			.pause = sample_hist(seconds * 40 / (1 + 9 * i), 200000ULL << (3 * i)),
			.stalled_ns = seconds * 2000000 * i,
		};
}

static inline void sample_io(struct fig_process *p, u64 seconds)
{
	static const char *const calls[] = { "epoll_wait", "select" };

	p->io = calloc(2, sizeof(*p->io));
	p->nio = 2;
	p->io_measured = true;
	for (u64 i = 0; i < 2; i++)
		p->io[i] = (struct fig_io) {
			.call = calls[i],
			.calls = seconds * 1500 / (i + 1),
			.wakeups = seconds * 1200 / (i + 1),
			.timeouts = seconds * 4,
			.errors = i,
			.events = seconds * 2700 / (i + 1),
			.blocked = sample_hist(seconds * 120, 300000),
			.wake_to_run = sample_hist(seconds * 120, 9000),
			.wake_to_gil = sample_hist(seconds * 120, 70000),
		};
}

static inline void sample_types(struct fig_process *p, u64 seconds)
{
	static const char *const types[] = { "dict", "tuple", "myapp.models.Row", "int", "float" };

	p->types = calloc(5, sizeof(*p->types));
	p->ntypes = 5;
	p->types_measured = true;
	p->types_coverage = strdup("all but int and str freed inside the evaluation loop");
	for (u64 i = 0; i < 5; i++)
		p->types[i] = (struct fig_type) {
			.type = strdup(types[i]),
			.key = 0x1000 + i,
			.deallocs = seconds * 40000 / (i + 1),
			.allocs = i == 2 ? FIG_NULL : seconds * 41000 / (i + 1),
		};
}

static inline void sample_process(struct fig_process *p, u32 pid, u64 seconds, size_t threads)
{
	p->pid = pid;
	p->ns_pid = 1;
	p->command = strdup("python3 app.py --port 8080");
	p->measured_ns = seconds * SAMPLE_SEC;
	p->python.version = strdup("3.11.2");
	p->python.path = strdup("/usr/bin/python3.11");
	p->python.build_id = strdup("0123456789abcdef");
	sample_gil(p, seconds);
	sample_threads(p, seconds, threads);
	sample_gc(p, seconds);
	sample_io(p, seconds);
}

/* The first process has @threads threads; the second one 2, and types but no GC or I/O. */
static inline struct figures *sample_figures(u64 seconds, size_t threads)
{
	struct figures *f = figures_new();

	f->mode = "exact";
	f->started_unix_ns = 1700000000 * SAMPLE_SEC;
	f->started_ns = 5 * SAMPLE_SEC;
	f->duration_ns = seconds * SAMPLE_SEC;
	f->procs = calloc(2, sizeof(*f->procs));
	f->nprocs = 2;
	sample_process(&f->procs[0], 4711, seconds, threads);
	sample_process(&f->procs[1], 8000, seconds, 2);
	sample_types(&f->procs[1], seconds);
	f->procs[1].gc_measured = false;
	f->procs[1].io_measured = false;
	f->probes = calloc(1, sizeof(*f->probes));
	f->nprobes = 1;
	f->probes[0] = (struct fig_probe) {
		.family = "gil",
		.event = "acquired",
		.file = strdup("/usr/bin/python3.11"),
		.offset = 0x1c3d5e,
		.found_by = "decode",
		.instruction = strdup("call"),
		.hits = seconds * 20000,
	};
	f->lost = calloc(1, sizeof(*f->lost));
	f->nlost = 1;
	f->lost[0] = (struct fig_lost) { "threads_full", "gil gc io sched",
					 "events of threads that got no slot; raise --max-threads",
					 seconds * 12 };
	f->overhead.tracer_cpu_ns = seconds * SAMPLE_SEC / 250;
	f->overhead.probe_hits = seconds * 41000;
	f->overhead.hit_ns = 640;
	f->overhead.target_cpu_ns_estimate = seconds * SAMPLE_SEC / 100;
	return f;
}

#endif
