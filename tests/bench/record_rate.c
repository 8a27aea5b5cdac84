/*
 * record_rate: how many events a second the recorder keeps up with, and their size on disk.
 *
 * usage: record_rate DIR SECONDS EVENTS_PER_SECOND [RING_BYTES]
 *
 * A BPF program makes records in a loop on this thread, through the ring, by the functions that the
 * families use; the recorder's one reader thread writes them to DIR.  Prints one JSON object.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/load/skel.h"
#include "user/record/recorder.h"

#define BATCH 2048 /* holds in a run of the program: BENCH_HOLDS in bpf/bench.bpf.c */

/* In small batches, evenly in time. */
static int produce(struct skel *s, double seconds, double rate, u64 *ret_made)
{
	int fd = bpf_program__fd(skel_program(s, "gs_bench_records"));
	u64 made = 0, from = clock_mono_ns(), now = from;

	while (now - from < seconds * 1e9) {
		LIBBPF_OPTS(bpf_test_run_opts, opts);
		int err = 0;

		if (made <= rate * ((now - from) / 1e9)) {
			err = bpf_prog_test_run_opts(fd, &opts);
			made += BATCH + BATCH / 4;
		}
		if (err)
			return err;
		now = clock_mono_ns();
	}
	*ret_made = made;
	return 0;
}

/* CPU time of this thread, which makes the records; the rest of the process's is the reader's. */
static u64 own_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void report(u64 made, u64 ns, u64 cpu_ns, const struct recorder_state *st)
{
	printf("{\"made\": %llu, \"seconds\": %.3f, \"made_per_s\": %.0f, \"lost\": %llu, "
	       "\"recorded\": %llu, \"bytes\": %llu, \"bytes_per_event\": %.2f, "
	       "\"reader_cpu_s\": %.3f}\n",
	       (unsigned long long)made, ns / 1e9, made / (ns / 1e9),
	       (unsigned long long)st->ring_full, (unsigned long long)st->events,
	       (unsigned long long)st->bytes, st->events ? (double)st->bytes / st->events : 0,
	       cpu_ns / 1e9);
}

/* The process and the threads that the records are about. */
static int add_who(struct recorder *r, u64 now)
{
	struct event process = {
		.kind = EVENT_PROCESS,
		.ts_ns = now,
		.pid = 4000,
		.ns_id = 4000,
		.text = { "3.11.2", "/usr/bin/python3.11", "", "bench", "" },
	};
	int err = recorder_add(r, &process);

	for (u32 tid = 4001; tid <= 4002 && !err; tid++) {
		struct event thread = {
			.kind = EVENT_THREAD,
			.ts_ns = now,
			.pid = 4000,
			.tid = tid,
			.ns_id = tid,
			.text = { tid & 1 ? "ping" : "pong" },
		};

		err = recorder_add(r, &thread);
	}
	return err;
}

static int run(struct skel *s, const char *directory, double seconds, double rate, struct err *e)
{
	struct recorder_opts o = { .maps = skel_maps(s), .directory = directory };
	struct event end = { .kind = EVENT_END, .text = { "bench" } };
	struct trace_info info = {
		.directory = directory,
		.gilscope = GS_VERSION,
		.kernel = "",
		.host = "",
		.command = "record_rate",
		.mode = "exact",
		.families = GS_FAMILY_BIT(GS_FAMILY_GIL),
	};
	struct recorder_state state;
	struct recorder *r;
	u64 made = 0, cpu;
	int err = recorder_open(&o, &r, e);

	if (err)
		return err;
	info.started_ns = clock_mono_ns();
	info.started_unix_ns = clock_real_ns();
	cpu = clock_cpu_ns() - own_cpu_ns();
	err = add_who(r, info.started_ns);
	if (!err)
		err = recorder_start(r, &info, e);
	if (!err)
		err = produce(s, seconds, rate, &made);
	end.ts_ns = clock_mono_ns();
	if (!err)
		err = recorder_stop(r, end.ts_ns, &end, e);
	state = recorder_state(r);
	if (!err)
		report(made, end.ts_ns - info.started_ns, clock_cpu_ns() - own_cpu_ns() - cpu,
		       &state);
	recorder_free(r);
	return err;
}

int main(int argc, char **argv)
{
	struct skel_opts so = {
		.config = {
			.families = GS_FAMILY_BIT(GS_FAMILY_GIL),
			.max_threads = 16,
			.max_processes = 1,
			.max_sites = 16,
			.record = 1,
		},
		.max_types = 16,
		.bench = true,
		.sites_multi = true,
	};
	struct err e = {};
	struct skel *s;
	int err;

	if (argc < 4) {
		fprintf(stderr, "usage: record_rate DIR SECONDS EVENTS_PER_SECOND [RING_BYTES]\n");
		return 2;
	}
	so.record_bytes = argc > 4 ? strtoul(argv[4], NULL, 0) : 8 << 20;
	err = skel_load(&so, &s, &e);
	if (!err) {
		err = run(s, argv[1], atof(argv[2]), atof(argv[3]), &e);
		skel_free(s);
	}
	if (err)
		fprintf(stderr, "record_rate: %s (%d)\n", e.text, err);
	return err != 0;
}
