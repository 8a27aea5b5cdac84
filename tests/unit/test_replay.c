/* Figures from events: streams made by hand, of which every figure is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/replay_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct replay *replay;

/* The figures of a whole stream; freed with done(). */
static struct figures *figures_of(const struct event *events, size_t n,
				  const struct replay_opts *opts)
{
	static const struct replay_opts none;
	struct trace_sink s;
	struct figures *f;

	replay = replay_new(opts ? opts : &none);
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

static struct event with_flags(struct event ev, u32 forced, u32 mid, u32 alone)
{
	ev.forced = forced;
	ev.mid = mid;
	ev.alone = alone;
	return ev;
}

static void holds_and_waits_make_the_gil_figures(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		span(EVENT_HOLD, &thread_1, 10, 30),
		with_flags(span(EVENT_WAIT, &thread_2, 20, 30), 0, 0, 1),
		with_flags(span(EVENT_HOLD, &thread_2, 30, 70), 1, 0, 0),
		/* two wait at the same time: the stretch is told on its own */
		span(EVENT_WAIT, &thread_1, 40, 70),
		span(EVENT_HOLD, &thread_1, 70, 80),
		span(EVENT_WAIT, &thread_2, 60, 80),
		of_process(EVENT_CONTENDED, &proc_a, 40, 80),
		span(EVENT_HOLD, &thread_2, 80, 90),
		span(EVENT_HOLD, &thread_2, 95, 99),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(events, COUNT(events), NULL);
	const struct fig_process *p = &f->procs[0];
	const struct fig_gil *g = p->gils;
	const struct fig_thread *t1 = row_of(p, 101, 0), *t2 = row_of(p, 102, 0);

	(void)state;
	assert_int_equal(f->nprocs, 1);
	assert_int_equal(f->duration_ns, 100 * US);
	assert_int_equal(f->started_unix_ns, UNIX_NS);
	assert_int_equal(p->measured_ns, 100 * US);
	assert_string_equal(p->python.version, "3.11.2");
	assert_int_equal(g->address, 0xabc0);
	assert_int_equal(g->held_ns, (20 + 40 + 10 + 10 + 4) * US);
	assert_true(fabs(g->held_ratio - 0.84) < 1e-9);
	assert_int_equal(g->takes, 5);
	assert_int_equal(g->contended_takes, 3);
	assert_int_equal(g->handovers, 3);
	assert_int_equal(g->forced_releases, 1);
	assert_int_equal(g->wait_ns, (10 + 30 + 20) * US);
	assert_int_equal(g->contended_ns, (10 + 40) * US);
	assert_int_equal(g->hold_floor_ns, 700);
	assert_int_equal(g->holder_tid, 0);
	assert_int_equal(t1->takes, 2);
	assert_int_equal(t1->hold.count, 2);
	assert_int_equal(t1->hold.max_ns, 20 * US);
	assert_int_equal(t2->takes, 3);
	assert_int_equal(t2->hold.sum_ns, 54 * US);
	assert_int_equal(t2->wait.count, 2);
	assert_int_equal(t2->ns_tid, 12);
	assert_string_equal(t2->name, "worker");
	assert_true(p->blame_measured); /* test_replay_blame.c has more */
	done(f);
}

static void what_is_open_at_the_end_counts_up_to_it(void **state)
{
	struct event mid = open_event(&thread_3, EVENT_OPEN_HOLD, 50, 100);
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		process_event(&proc_b, 50, 0),
		span(EVENT_HOLD, &thread_1, 0, 30),
		/* a stretch that goes on: this wait was part of it */
		span(EVENT_WAIT, &thread_2, 20, 60),
		open_event(&thread_2, EVENT_OPEN_HOLD, 60, 100),
		open_event(&thread_1, EVENT_OPEN_WAIT, 40, 100),
		(mid.mid = 1, mid),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(events, COUNT(events), NULL);
	const struct fig_gil *a = f->procs[0].gils, *b = f->procs[1].gils;

	(void)state;
	assert_int_equal(a->takes, 2);
	assert_int_equal(a->held_ns, 70 * US);
	assert_int_equal(a->handovers, 1);
	assert_int_equal(a->holder_tid, 102);
	assert_int_equal(a->wait_ns, 100 * US);
	assert_int_equal(a->contended_takes, 1);
	assert_int_equal(a->contended_ns, 80 * US); /* from 20 on */
	assert_int_equal(row_of(&f->procs[0], 102, 0)->hold.count, 0);
	assert_int_equal(b->takes, 0);
	assert_int_equal(b->held_ns, 50 * US);
	assert_true(fabs(b->held_ratio - 1) < 1e-9);
	assert_int_equal(b->holder_tid, 201);
	assert_int_equal(f->procs[1].measured_ns, 50 * US);
	assert_null(f->procs[1].python.path);
	done(f);
}

static void the_holder_at_the_beginning_counts_until_it_is_seen(void **state)
{
	const struct event silent[] = {
		process_event(&proc_a, 0, 101),
		of_process(EVENT_END, NULL, 100, 100),
	};
	const struct event seen[] = {
		process_event(&proc_a, 0, 101),
		instant(EVENT_THREAD, &thread_1, 0),
		with_flags(span(EVENT_HOLD, &thread_1, 0, 40), 0, 1, 0),
		span(EVENT_HOLD, &thread_2, 45, 50),
		of_process(EVENT_END, NULL, 100, 100),
	};
	/* its release is lost: it held up to the next acquisition at most */
	const struct event lost[] = {
		process_event(&proc_a, 0, 101),
		instant(EVENT_THREAD, &thread_1, 0),
		span(EVENT_HOLD, &thread_2, 30, 50),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(silent, COUNT(silent), NULL);

	(void)state;
	assert_int_equal(f->procs[0].gils[0].held_ns, 100 * US);
	assert_int_equal(f->procs[0].gils[0].takes, 0);
	assert_int_equal(f->procs[0].gils[0].holder_tid, 101);
	assert_int_equal(f->procs[0].nthreads, 1);
	done(f);
	f = figures_of(seen, COUNT(seen), NULL);
	assert_int_equal(f->procs[0].nthreads, 2);
	assert_int_equal(f->procs[0].gils[0].held_ns, 45 * US);
	assert_int_equal(f->procs[0].gils[0].takes, 1);
	assert_int_equal(f->procs[0].gils[0].handovers, 0);
	assert_int_equal(row_of(&f->procs[0], 101, 0)->hold.count, 0);
	assert_int_equal(f->procs[0].gils[0].holder_tid, 0);
	done(f);
	f = figures_of(lost, COUNT(lost), NULL);
	assert_int_equal(row_of(&f->procs[0], 101, 0)->held_ns, 30 * US);
	assert_int_equal(f->procs[0].gils[0].held_ns, 50 * US);
	done(f);
}

static void a_release_told_late_is_put_back_in_order(void **state)
{
	/* in truth 1, 2, 1, 2: three handovers */
	const struct event events[] = {
		process_event(&proc_a, 0, 0),	     span(EVENT_HOLD, &thread_1, 0, 10),
		span(EVENT_HOLD, &thread_1, 20, 21), span(EVENT_HOLD, &thread_2, 10, 20),
		span(EVENT_HOLD, &thread_2, 21, 30), of_process(EVENT_END, NULL, 40, 40),
	};
	struct figures *f = figures_of(events, COUNT(events), NULL);

	(void)state;
	assert_int_equal(f->procs[0].gils[0].handovers, 3);
	assert_int_equal(f->procs[0].gils[0].held_ns, 30 * US);
	done(f);
}

static struct event collection(u64 from, u64 to, u32 generation, u64 collected)
{
	struct event ev = span(EVENT_COLLECTION, &thread_1, from, to);

	ev.generation = generation;
	ev.collected = collected;
	ev.uncollectable = collected == EVENT_UNKNOWN ? EVENT_UNKNOWN : 1;
	return ev;
}

static void waits_are_held_against_collections(void **state)
{
	struct event start = instant(EVENT_GC_START, &thread_1, 200);
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		collection(10, 20, 0, 7),
		collection(30, 50, 2, EVENT_UNKNOWN),
		span(EVENT_WAIT, &thread_2, 15, 60), /* 5 of the first, 20 of the second */
		collection(70, 90, 0, 3),
		span(EVENT_WAIT, &thread_2, 80, 85 + 10),
		(start.generation = 1, start),
		span(EVENT_WAIT, &thread_2, 190, 215), /* 15 of the one going on */
		collection(200, 230, 1, 0),
		span(EVENT_WAIT, &thread_2, 100, 240), /* 30 of generation 1 */
		of_process(EVENT_END, NULL, 300, 300),
	};
	struct figures *f = figures_of(events, COUNT(events), NULL);
	const struct fig_gc *gc = f->procs[0].gc;

	(void)state;
	assert_int_equal(f->procs[0].ngc, 3);
	assert_int_equal(gc[0].collections, 2);
	assert_int_equal(gc[0].collected, 10);
	assert_int_equal(gc[0].uncollectable, 2);
	assert_int_equal(gc[0].pause.sum_ns, 30 * US);
	assert_int_equal(gc[0].stalled_ns, (5 + 10) * US);
	assert_int_equal(gc[1].stalled_ns, (15 + 30) * US);
	assert_int_equal(gc[2].collections, 1);
	assert_int_equal(gc[2].collected, 0);
	assert_int_equal(gc[2].stalled_ns, 20 * US);
	done(f);
}

static void more_collections_than_are_kept_lose_the_oldest_only(void **state)
{
	static struct event events[REPLAY_MAX_COLLECTIONS + 200];
	const size_t n = COUNT(events) - 3;
	struct figures *f;

	(void)state;
	events[0] = process_event(&proc_a, 0, 0);
	for (size_t i = 0; i < n; i++)
		events[1 + i] = collection(10 + 10 * i, 15 + 10 * i, i % 2, 0);
	events[1 + n] = span(EVENT_WAIT, &thread_2, 10, 10 + 10 * n);
	events[2 + n] = of_process(EVENT_END, NULL, 10 + 10 * n, 10 + 10 * n);
	f = figures_of(events, n + 3, NULL);
	assert_int_equal(f->procs[0].gc[0].collections + f->procs[0].gc[1].collections, n);
	assert_int_equal(f->procs[0].gc[0].stalled_ns + f->procs[0].gc[1].stalled_ns,
			 REPLAY_MAX_COLLECTIONS * 5 * US);
	done(f);
}

static struct event io(enum event_kind kind, u32 call, s64 result, u64 from, u64 to)
{
	struct event ev = span(kind, &thread_1, from, to);

	ev.call = call;
	ev.result = result;
	ev.blocked_ns = (to - from) * US / 2;
	ev.to_run_ns = result == 9 ? EVENT_UNKNOWN : 3 * US;
	return ev;
}

static void calls_sleep_wake_and_fail(void **state)
{
	struct event polled = io(EVENT_IO_CALL, GS_IO_POLL, 0, 5, 5);
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		io(EVENT_IO_CALL, GS_IO_POLL, 0, 4, 4),
		(polled.timeout = 1, polled),
		io(EVENT_IO_CALL, GS_IO_POLL, 2, 6, 6),
		io(EVENT_IO_WAIT, GS_IO_POLL, 3, 10, 20),
		io(EVENT_IO_WAIT, GS_IO_POLL, 9, 20, 40), /* nobody saw it run */
		io(EVENT_IO_WAIT, GS_IO_POLL, 0, 40, 50),
		io(EVENT_IO_WAIT, GS_IO_POLL, -4, 50, 52),
		io(EVENT_IO_TO_GIL, GS_IO_POLL, 0, 18, 22),
		io(EVENT_IO_CALL, GS_IO_SELECT, -1, 60, 60),
		io(EVENT_IO_CALL, 99, 1, 60, 60),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(events, COUNT(events), NULL);
	const struct fig_io *row = f->procs[0].io;

	(void)state;
	assert_int_equal(f->procs[0].nio, 2);
	assert_string_equal(row[0].call, "poll");
	assert_int_equal(row[0].calls, 7);
	assert_int_equal(row[0].events, 14);
	assert_int_equal(row[0].errors, 1);
	assert_int_equal(row[0].timeouts, 2);
	assert_int_equal(row[0].wakeups, 2);
	assert_int_equal(row[0].blocked.count, 4);
	assert_int_equal(row[0].blocked.sum_ns, 21 * US);
	assert_int_equal(row[0].wake_to_run.count, 1);
	assert_int_equal(row[0].wake_to_gil.sum_ns, 4 * US);
	assert_string_equal(row[1].call, "select");
	assert_int_equal(row[1].errors, 1);
	done(f);
}

static void a_thread_number_that_came_back_is_another_thread(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		span(EVENT_HOLD, &thread_2, 10, 20),
		instant(EVENT_THREAD_EXIT, &thread_2, 400),
		instant(EVENT_THREAD, &thread_4, 500),
		span(EVENT_HOLD, &thread_4, 510, 540),
		instant(EVENT_THREAD, &thread_1, 550), /* does nothing, and leaves no row */
		instant(EVENT_THREAD_EXIT, &thread_1, 560),
		of_process(EVENT_END, NULL, 600, 600),
	};
	struct figures *f = figures_of(events, COUNT(events), NULL);
	const struct fig_process *p = &f->procs[0];

	(void)state;
	assert_int_equal(p->nthreads, 2);
	assert_true(row_of(p, 102, 0)->exited);
	assert_int_equal(row_of(p, 102, 0)->held_ns, 10 * US);
	assert_string_equal(row_of(p, 102, 0)->name, "worker");
	assert_false(row_of(p, 102, AT(500))->exited);
	assert_int_equal(row_of(p, 102, AT(500))->held_ns, 30 * US);
	assert_string_equal(row_of(p, 102, AT(500))->name, "again");
	assert_int_equal(p->gils[0].handovers, 1);
	done(f);
}

static void threads_that_end_are_folded_and_nothing_is_lost(void **state)
{
	const size_t n = 3 * REPLAY_MAX_RETIRED;
	struct trace_thread tt = { .index = 5, .name = "request", .process = &proc_a };
	struct replay_opts o = {};
	struct trace_sink s;
	struct figures *f;
	struct event ev = process_event(&proc_a, 0, 0);

	(void)state;
	replay = replay_new(&o);
	s = replay_sink(replay);
	assert_int_equal(stream(&s, &ev, 1), 0);
	for (size_t i = 0; i < n; i++) {
		tt.tid = 1000 + i;
		tt.start_ns = AT(10 * i);
		ev = span(EVENT_HOLD, &tt, 10 * i, 10 * i + 2);
		assert_int_equal(s.event(s.ctx, &ev), 0);
		ev = instant(EVENT_THREAD_EXIT, &tt, 10 * i + 3);
		assert_int_equal(s.event(s.ctx, &ev), 0);
	}
	f = replay_figures(replay);
	assert_true(f->procs[0].nthreads <= REPLAY_MAX_RETIRED + 1);
	assert_int_equal(f->procs[0].gils[0].takes, n);
	assert_int_equal(f->procs[0].gils[0].held_ns, n * 2 * US);
	assert_int_equal(f->procs[0].gils[0].handovers, n - 1);
	done(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_and_waits_make_the_gil_figures),
		cmocka_unit_test(what_is_open_at_the_end_counts_up_to_it),
		cmocka_unit_test(the_holder_at_the_beginning_counts_until_it_is_seen),
		cmocka_unit_test(a_release_told_late_is_put_back_in_order),
		cmocka_unit_test(waits_are_held_against_collections),
		cmocka_unit_test(more_collections_than_are_kept_lose_the_oldest_only),
		cmocka_unit_test(calls_sleep_wake_and_fail),
		cmocka_unit_test(a_thread_number_that_came_back_is_another_thread),
		cmocka_unit_test(threads_that_end_are_folded_and_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
