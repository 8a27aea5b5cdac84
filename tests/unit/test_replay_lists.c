/* Types, probes, losses, the longest spans, and threads nobody told of: hand-made streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/replay_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct replay *replay;

static struct figures *figures_of(const struct event *events, size_t n,
				  const struct replay_opts *opts)
{
	struct trace_sink s;
	struct figures *f;

	replay = replay_new(opts);
	assert_non_null(replay);
	s = replay_sink(replay);
	assert_int_equal(stream(&s, events, n), 0);
	f = replay_figures(replay);
	assert_non_null(f);
	return f;
}

static void done(struct figures *f)
{
	figures_free(f);
	replay = replay_free(replay);
}

static struct event type(enum event_kind kind, u64 key, u64 deallocs, u64 allocs, const char *name)
{
	struct event ev = of_process(kind, &proc_a, 10, 10);

	ev.key = key;
	ev.deallocs = deallocs;
	ev.allocs = allocs;
	ev.text[EVENT_TYPE_NAME] = name;
	return ev;
}

static void types_are_counted_even_after_the_end(void **state)
{
	struct event late = type(EVENT_TYPE_COUNT, 7, 5, EVENT_UNKNOWN, "");
	struct event events[200] = {
		process_event(&proc_a, 0, 0),
		type(EVENT_TYPE, 7, 0, 0, "dict"),
		type(EVENT_TYPE_COUNT, 7, 3, EVENT_UNKNOWN, ""),
		type(EVENT_TYPE, 8, 0, 0, "Row"),
		type(EVENT_TYPE_COUNT, 8, 1, 0, ""),
		type(EVENT_TYPE_COUNT, 8, 1, 4, ""),
		of_process(EVENT_PROCESS_EXIT, &proc_a, 20, 20),
	};
	const struct replay_opts none = {};
	struct figures *f;
	size_t n = 7;

	(void)state;
	late.ts_ns = AT(30);
	late.process = NULL; /* the reader has forgotten it */
	events[n++] = late;
	for (u64 i = 0; i < 150; i++) /* more than there was room for at first */
		events[n++] = type(EVENT_TYPE_COUNT, 0x1000 + i, i, EVENT_UNKNOWN, "");
	for (size_t i = 8; i < n; i++)
		events[i].process = NULL;
	f = figures_of(events, n, &none);
	assert_int_equal(f->nprocs, 1);
	assert_int_equal(f->procs[0].ntypes, 152);
	assert_string_equal(f->procs[0].types[0].type, "dict");
	assert_int_equal(f->procs[0].types[0].deallocs, 8);
	assert_true(f->procs[0].types[0].allocs == FIG_NULL);
	assert_int_equal(f->procs[0].types[1].deallocs, 2);
	assert_int_equal(f->procs[0].types[1].allocs, 4);
	assert_int_equal(f->procs[0].types[151].deallocs, 149);
	assert_string_equal(f->procs[0].types[151].type, "?");
	done(f);
}

static struct event probe(const char *event, u64 offset, u64 hits)
{
	struct event ev = of_process(EVENT_PROBE, NULL, 0, 0);

	ev.offset = offset;
	ev.count = hits;
	ev.text[EVENT_PROBE_FAMILY] = "gil";
	ev.text[EVENT_PROBE_EVENT] = event;
	ev.text[EVENT_PROBE_FILE] = "/usr/bin/python3";
	return ev;
}

static void probes_have_their_last_count(void **state)
{
	struct event end = of_process(EVENT_END, NULL, 100, 100);
	const struct event events[] = {
		probe("owned", 1, 0),
		probe("released", 1, 0),
		probe("owned", 2, 0),
		probe("owned", 1, 500),
		probe("released", 1, 3),
		probe("owned", 2, 40),
		(end.tracer_cpu_ns = 11, end.target_cpu_ns = EVENT_UNKNOWN, end),
	};
	const struct replay_opts none = {};
	struct figures *f = figures_of(events, COUNT(events), &none);

	(void)state;
	assert_int_equal(f->nprobes, 3);
	assert_string_equal(f->probes[1].event, "released");
	assert_int_equal(f->probes[0].hits, 500);
	assert_int_equal(f->probes[1].hits, 3);
	assert_int_equal(f->overhead.probe_hits, 543);
	assert_int_equal(f->overhead.tracer_cpu_ns, 11);
	assert_true(f->overhead.target_cpu_ns_estimate == FIG_NULL);
	done(f);
}

static void losses_are_summed_and_placed(void **state)
{
	const struct event events[] = {
		lost_event("ring_full", 10, 20, 30),
		lost_event("read_fault", 4, 0, 90), /* at any time: no range */
		lost_event("ring_full", 5, 60, 70),
		lost_event("a_cause_of_the_future", 1, 80, 85),
		of_process(EVENT_END, NULL, 90, 90),
	};
	const struct replay_opts none = {};
	struct figures *f = figures_of(events, COUNT(events), &none);

	(void)state;
	assert_int_equal(f->nlost, 3);
	assert_string_equal(f->lost[0].cause, "read_fault");
	assert_string_equal(f->lost[1].cause, "ring_full");
	assert_int_equal(f->lost[1].count, 15);
	assert_string_equal(f->lost[2].cause, "other_cause");
	assert_true(f->lost_ranges_measured);
	assert_int_equal(f->nlost_ranges, 3);
	assert_string_equal(f->lost_ranges[1].cause, "ring_full");
	assert_int_equal(f->lost_ranges[1].count, 5);
	assert_true(f->lost_ranges[1].from_unix_ns == UNIX_NS + 60 * US);
	assert_true(f->lost_ranges[1].to_unix_ns == UNIX_NS + 70 * US);
	assert_false(f->lost_ranges[1].merged);
	done(f);
}

static void too_many_ranges_become_fewer_but_lose_nothing(void **state)
{
	static struct event events[10 * REPLAY_MAX_RANGES + 1];
	const struct replay_opts none = {};
	u64 counted = 0;
	bool merged = false;
	struct figures *f;

	(void)state;
	for (size_t i = 0; i < COUNT(events) - 1; i++)
		events[i] =
			lost_event(i % 3 ? "ring_full" : "read_fault", 1, 10 * i + 1, 10 * i + 2);
	events[COUNT(events) - 1] = of_process(EVENT_END, NULL, 200000, 200000);
	f = figures_of(events, COUNT(events), &none);
	assert_true(f->nlost_ranges <= REPLAY_MAX_RANGES);
	assert_true(f->nlost_ranges > REPLAY_MAX_RANGES / 4);
	for (size_t i = 0; i < f->nlost_ranges; i++) {
		counted += f->lost_ranges[i].count;
		merged |= f->lost_ranges[i].merged;
	}
	assert_int_equal(counted, COUNT(events) - 1);
	assert_true(merged);
	done(f);
}

static void the_longest_are_the_longest(void **state)
{
	static struct event events[2003];
	const struct replay_opts o = { .top = 5 },
				 part = { .top = 5, .from_ns = AT(10000), .to_ns = AT(10200) };
	struct event wake = span(EVENT_IO_TO_GIL, &thread_1, 10, 12);
	struct figures *f;
	u64 last = UINT64_MAX;
	size_t holds = 0;

	(void)state;
	events[0] = process_event(&proc_a, 0, 0);
	for (u64 i = 0; i < 2000; i++) { /* lengths 1 to 1999, each once, in no order */
		events[1 + i] = span(i % 2 ? EVENT_HOLD : EVENT_WAIT, &thread_1, 10000 + i,
				     10000 + i + i * 1237 % 2000);
		events[1 + i].holder = i % 2 ? 0 : 102;
		events[1 + i].ts_ns = AT(10000 + i);
	}
	events[2001] = (wake.call = GS_IO_SELECT, wake);
	events[2002] = of_process(EVENT_END, NULL, 30000, 30000);
	f = figures_of(events, COUNT(events), &o);
	assert_int_equal(f->nlongest, 11);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(f->longest[i].kind, "hold");
		assert_int_equal(f->longest[i].ns, (1999 - 2 * i) * US);
		assert_string_equal(f->longest[i].name, "MainThread");
		assert_int_equal(f->longest[i].begin_unix_ns,
				 UNIX_NS + f->longest[i].since_start_ns);
		assert_int_equal(f->longest[5 + i].ns, (1998 - 2 * i) * US);
		assert_int_equal(f->longest[5 + i].holder_tid, 102);
		assert_true(f->longest[i].holder_tid == FIG_NULL);
	}
	assert_string_equal(f->longest[10].kind, "wake_up");
	assert_string_equal(f->longest[10].call, "select");
	done(f);
	f = figures_of(events, COUNT(events), &part);
	for (size_t i = 0; i < f->nlongest; i++) {
		u64 end = f->longest[i].begin_unix_ns - UNIX_NS + f->longest[i].ns;

		assert_true(end > 10000 * US && end <= 10200 * US);
		if (strcmp(f->longest[i].kind, "hold"))
			continue;
		assert_true(f->longest[i].ns <= last);
		last = f->longest[i].ns;
		holds++;
	}
	assert_int_equal(holds, 5);
	done(f);
}

static struct event nobody(enum event_kind kind, u32 tid, u64 from, u64 to)
{
	struct event ev = span(kind, &thread_1, from, to);

	ev.thread = NULL;
	ev.process = NULL;
	ev.pid = 0;
	ev.tid = tid;
	return ev;
}

static void threads_nobody_told_of_are_counted_or_said_to_be_lost(void **state)
{
	const struct event one_process[] = {
		process_event(&proc_a, 0, 0),
		nobody(EVENT_HOLD, 102, 10, 20),
		nobody(EVENT_HOLD, 103, 30, 35),
		instant(EVENT_THREAD, &thread_2, 40), /* it is 102, as it turns out */
		span(EVENT_HOLD, &thread_2, 50, 60),
		of_process(EVENT_END, NULL, 100, 100),
	};
	const struct event two[] = {
		process_event(&proc_a, 0, 0),
		process_event(&proc_b, 50, 0),
		nobody(EVENT_HOLD, 102, 60, 70),
		of_process(EVENT_END, NULL, 100, 100),
	};
	const struct replay_opts none = {};
	struct figures *f = figures_of(one_process, COUNT(one_process), &none);

	(void)state;
	assert_int_equal(f->procs[0].nthreads, 2);
	assert_int_equal(row_of(&f->procs[0], 102, 0)->held_ns, 20 * US);
	assert_string_equal(row_of(&f->procs[0], 102, 0)->name, "worker");
	assert_string_equal(row_of(&f->procs[0], 103, 0)->name, "?");
	assert_int_equal(f->procs[0].gils[0].handovers, 2);
	assert_int_equal(f->nlost, 0);
	done(f);
	f = figures_of(two, COUNT(two), &none);
	assert_int_equal(f->procs[0].nthreads + f->procs[1].nthreads, 0);
	assert_string_equal(f->lost[0].cause, "unknown_thread");
	assert_int_equal(f->lost[0].count, 1);
	done(f);
}

static void one_thread_alone_leaves_the_rest_null(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 0),	     process_event(&proc_b, 50, 0),
		span(EVENT_HOLD, &thread_1, 10, 30), span(EVENT_HOLD, &thread_2, 30, 60),
		span(EVENT_HOLD, &thread_3, 60, 80), of_process(EVENT_END, NULL, 100, 100),
	};
	const struct replay_opts o = { .tid = 102, .top = 3 };
	struct figures *f = figures_of(events, COUNT(events), &o);

	(void)state;
	assert_int_equal(f->nprocs, 1);
	assert_int_equal(f->procs[0].nthreads, 1);
	assert_int_equal(f->procs[0].threads[0].held_ns, 30 * US);
	assert_false(f->procs[0].gil_measured);
	assert_false(f->procs[0].gc_measured);
	assert_int_equal(f->nlongest, 1);
	done(f);
}

/* Who waited for a thread that ended is told of after that end. */
static void a_holder_that_has_ended_keeps_its_name(void **state)
{
	struct event events[] = {
		process_event(&proc_a, 0, 0),
		span(EVENT_HOLD, &thread_2, 10, 30),
		instant(EVENT_THREAD_EXIT, &thread_2, 35),
		span(EVENT_WAIT, &thread_1, 12, 40),
		of_process(EVENT_END, NULL, 100, 100),
	};
	const struct replay_opts o = { .top = 1 };
	struct figures *f;

	(void)state;
	events[3].holder = 102;
	f = figures_of(events, COUNT(events), &o);
	assert_int_equal(f->nlongest, 2);
	assert_string_equal(f->longest[1].kind, "wait");
	assert_string_equal(f->longest[1].holder_name, "worker");
	done(f);
}

/* A recording can claim anything: no field may be trusted to fit. */
static void nonsense_is_survived(void **state)
{
	const struct replay_opts o = { .top = 3 };
	struct event ev;
	struct trace_sink s;

	(void)state;
	replay = replay_new(&o);
	s = replay_sink(replay);
	assert_int_equal(s.begin(s.ctx, &stream_info), 0);
	for (u32 i = 0; i < 20000; i++) {
		u32 x = i * 2654435761U;

		ev = span(x % 23, x & 64 ? &thread_1 : &thread_3, 0, 0);
		ev.ts_ns = (u64)x << (x % 33);
		ev.ns = (u64)x << (x % 31);
		ev.generation = x % 7;
		ev.call = x % 11;
		ev.what = x % 9;
		ev.result = (s32)x;
		ev.key = x % 100;
		ev.seed_tid = x % 3 ? 0 : 101;
		if (x & 32)
			ev.thread = NULL;
		if (x & 16)
			ev.process = NULL;
		assert_int_equal(s.event(s.ctx, &ev), 0);
	}
	figures_free(replay_figures(replay));
	replay = replay_free(replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_counted_even_after_the_end),
		cmocka_unit_test(probes_have_their_last_count),
		cmocka_unit_test(losses_are_summed_and_placed),
		cmocka_unit_test(too_many_ranges_become_fewer_but_lose_nothing),
		cmocka_unit_test(the_longest_are_the_longest),
		cmocka_unit_test(a_holder_that_has_ended_keeps_its_name),
		cmocka_unit_test(threads_nobody_told_of_are_counted_or_said_to_be_lost),
		cmocka_unit_test(one_thread_alone_leaves_the_rest_null),
		cmocka_unit_test(nonsense_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
