/* Figures of a process with several GILs, from streams made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/replay_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OTHER 0x7f0000001000ULL
#define THIRD 0x7f0000002000ULL

static struct event which(const struct trace_thread *t, u64 at, u64 gil)
{
	struct event ev = instant(EVENT_WHICH_GIL, t, at);

	ev.gil = gil;
	return ev;
}

static struct event contended_other(u64 gil, u64 from, u64 to)
{
	struct event ev = of_process(EVENT_CONTENDED_OTHER, &proc_a, from, to);

	ev.gil = gil;
	return ev;
}

static struct event alone(struct event ev)
{
	ev.alone = 1;
	return ev;
}

static struct event forced(struct event ev)
{
	ev.forced = 1;
	return ev;
}

/* Thread 1 uses the main GIL, then another, then the main one again; thread 2 the other only. */
static const struct event *two_in_turn(size_t *ret_n)
{
	static struct event events[32];
	const struct event made[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		span(EVENT_HOLD, &thread_1, 10, 20),
		which(&thread_2, 40, OTHER),
		span(EVENT_OFF_CPU, &thread_2, 25, 35),
		forced(span(EVENT_HOLD, &thread_2, 15, 40)),
		which(&thread_1, 40, OTHER),
		alone(span(EVENT_WAIT, &thread_1, 30, 40)),
		span(EVENT_HOLD, &thread_1, 40, 60),
		span(EVENT_WAIT, &thread_2, 50, 60),
		contended_other(OTHER, 50, 60),
		which(&thread_1, 90, 0),
		span(EVENT_HOLD, &thread_1, 65, 90),
		of_process(EVENT_END, NULL, 100, 100),
	};

	memcpy(events, made, sizeof(made));
	*ret_n = COUNT(made);
	return events;
}

static void each_gil_has_its_part(void **state)
{
	static const struct replay_opts none;
	size_t n;
	const struct event *events = two_in_turn(&n);
	struct replay *r = replay_new(&none);
	struct trace_sink s = replay_sink(r);
	struct figures *f;
	const struct fig_gil *main, *other;
	const struct fig_thread *t;

	(void)state;
	assert_int_equal(stream(&s, events, n), 0);
	f = replay_figures(r);
	assert_non_null(f);
	assert_int_equal(f->procs[0].ngils, 2);
	main = &f->procs[0].gils[0];
	other = &f->procs[0].gils[1];
	assert_int_equal(main->address, 0xabc0);
	assert_int_equal(main->held_ns, (10 + 25) * US);
	assert_int_equal(main->takes, 2);
	assert_int_equal(main->handovers, 0);
	assert_int_equal(main->contended_takes, 0);
	assert_int_equal(main->wait_ns, 0);
	assert_int_equal(main->contended_ns, 0);
	assert_int_equal(main->forced_releases, 0);
	assert_int_equal(main->held_offcpu_ns, 0);
	assert_int_equal(other->address, OTHER);
	assert_int_equal(other->held_ns, (25 + 20) * US);
	assert_int_equal(other->takes, 2);
	assert_int_equal(other->handovers, 1);
	assert_int_equal(other->contended_takes, 2);
	assert_int_equal(other->wait_ns, (10 + 10) * US);
	assert_int_equal(other->contended_ns, (10 + 10) * US);
	assert_int_equal(other->forced_releases, 1);
	assert_int_equal(other->held_offcpu_ns, 10 * US);
	t = row_of(&f->procs[0], 101, 0);
	assert_int_equal(t->held_ns, (10 + 20 + 25) * US);
	assert_int_equal(t->takes, 3);
	figures_free(f);
	replay_free(r);
}

/* What goes on at the end is told by OPEN events, which are of the GIL told before. */
static void what_is_open_is_its_gils(void **state)
{
	static const struct replay_opts none;
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		span(EVENT_HOLD, &thread_1, 10, 20),
		which(&thread_2, 100, THIRD),
		open_event(&thread_2, EVENT_OPEN_HOLD, 30, 100),
		which(&thread_1, 100, THIRD),
		open_event(&thread_1, EVENT_OPEN_WAIT, 60, 100),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct replay *r = replay_new(&none);
	struct trace_sink s = replay_sink(r);
	struct figures *f;
	const struct fig_gil *main, *third;

	(void)state;
	assert_int_equal(stream(&s, events, COUNT(events)), 0);
	f = replay_figures(r);
	assert_non_null(f);
	assert_int_equal(f->procs[0].ngils, 2);
	main = &f->procs[0].gils[0];
	third = &f->procs[0].gils[1];
	assert_int_equal(main->held_ns, 10 * US);
	assert_int_equal(main->wait_ns, 0);
	assert_int_equal(main->contended_ns, 0);
	assert_int_equal(main->holder_tid, 0);
	assert_int_equal(third->held_ns, 70 * US);
	assert_int_equal(third->takes, 1);
	assert_int_equal(third->wait_ns, 40 * US);
	assert_int_equal(third->holder_tid, 102);
	figures_free(f);
	replay_free(r);
}

struct moments {
	u64 main_ns[4], other_ns[4];
	size_t n;
};

static int at_moment(void *ctx, u64 moment_ns, struct figures *f)
{
	struct moments *m = ctx;
	const struct fig_process *p = f->nprocs ? &f->procs[0] : NULL;

	(void)moment_ns;
	if (p && m->n < COUNT(m->main_ns)) {
		m->main_ns[m->n] = p->gils[0].held_ns;
		m->other_ns[m->n++] = p->ngils > 1 ? p->gils[1].held_ns : 0;
	}
	figures_free(f);
	return 0;
}

static struct event mid(struct event ev)
{
	ev.mid = 1;
	return ev;
}

/* A hold from before the recording that did not end in it: its GIL's from the beginning on. */
static void a_hold_of_the_whole_recording_is_told(void **state)
{
	static const struct replay_opts none;
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		span(EVENT_HOLD, &thread_1, 10, 20),
		which(&thread_2, 100, OTHER),
		mid(open_event(&thread_2, EVENT_OPEN_HOLD, 0, 100)),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct replay *r = replay_new(&none);
	struct trace_sink s = replay_sink(r);
	const struct fig_gil *other;
	struct figures *f;

	(void)state;
	assert_int_equal(stream(&s, events, COUNT(events)), 0);
	f = replay_figures(r);
	assert_non_null(f);
	assert_int_equal(f->procs[0].gils[0].held_ns, 10 * US);
	other = &f->procs[0].gils[1];
	assert_int_equal(other->address, OTHER);
	assert_int_equal(other->held_ns, 100 * US);
	assert_int_equal(other->takes, 0);
	assert_int_equal(other->handovers, 0);
	assert_int_equal(other->holder_tid, 102);
	assert_int_equal(row_of(&f->procs[0], 102, 0)->held_ns, 100 * US);
	figures_free(f);
	replay_free(r);
}

/* A snapshot's processes are measured from later on than its recorder's: no more is counted. */
static void a_hold_from_before_a_snapshot_counts_from_its_beginning(void **state)
{
	struct trace_process later = proc_a;
	struct trace_thread one = thread_1, two = thread_2;
	const struct event events[] = {
		process_event(&later, 60, 0),
		instant(EVENT_THREAD, &one, 60),
		instant(EVENT_THREAD, &two, 60),
		mid(span(EVENT_HOLD, &one, 5, 70)),
		which(&two, 100, OTHER),
		mid(open_event(&two, EVENT_OPEN_HOLD, 5, 100)),
		of_process(EVENT_END, NULL, 100, 100),
	};
	static const u64 at_ns[] = { AT(80) };
	struct replay_marks *marks = replay_marks_new(at_ns, COUNT(at_ns));
	struct moments m = { .n = 0 };
	struct replay_opts opts = { .marks = marks, .at = at_moment, .ctx = &m };
	struct trace_sink s = replay_marks_sink(marks);
	struct replay *r;
	struct figures *f;

	(void)state;
	later.since_ns = AT(60);
	one.process = two.process = &later;
	assert_int_equal(stream(&s, events, COUNT(events)), 0);
	r = replay_new(&opts);
	s = replay_sink(r);
	assert_int_equal(stream(&s, events, COUNT(events)), 0);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.main_ns[0], 10 * US);
	assert_int_equal(m.other_ns[0], 20 * US);
	f = replay_figures(r);
	assert_non_null(f);
	assert_int_equal(f->procs[0].measured_ns, 40 * US);
	assert_int_equal(f->procs[0].gils[0].held_ns, 10 * US);
	assert_int_equal(f->procs[0].gils[1].held_ns, 40 * US);
	figures_free(f);
	replay_free(r);
	replay_marks_free(marks);
}

static struct event collection(const struct trace_thread *t, u32 generation, u64 from, u64 to)
{
	struct event ev = span(EVENT_COLLECTION, t, from, to);

	ev.generation = generation;
	return ev;
}

static struct event gc_start(const struct trace_thread *t, u32 generation, u64 at)
{
	struct event ev = instant(EVENT_GC_START, t, at);

	ev.generation = generation;
	return ev;
}

/*
 * Two interpreters collect at the same time.  Thread 2 waits for the other's GIL, and so for the
 * collector there only; thread 1 for the main one, while the other's goes on.
 */
static struct figures *collections_of_two(u32 known)
{
	static const struct replay_opts none;
	static const struct trace_thread third = { 103, 13, 5, 0, "third", &proc_a };
	struct event process = process_event(&proc_a, 0, 0);
	const struct event events[] = {
		(process.known |= known, process),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		instant(EVENT_THREAD, &third, 0),
		which(&third, 10, OTHER),
		gc_start(&third, 2, 10),
		gc_start(&thread_2, 1, 20),
		collection(&thread_2, 1, 20, 30),
		span(EVENT_HOLD, &thread_2, 15, 35),
		alone(span(EVENT_WAIT, &thread_1, 18, 35)), /* 10 of it */
		collection(&third, 2, 10, 60),
		span(EVENT_HOLD, &third, 5, 65),
		which(&thread_2, 66, OTHER),
		alone(span(EVENT_WAIT, &thread_2, 40, 66)), /* 20 of it */
		gc_start(&thread_2, 2, 70),
		/* It gives the GIL away in the middle of it, and the collection goes on. */
		span(EVENT_HOLD, &thread_2, 66, 75),
		alone(span(EVENT_WAIT, &third, 68, 75)), /* 5 of it */
		span(EVENT_HOLD, &thread_1, 35, 90),
		alone(span(EVENT_WAIT, &thread_1, 91, 92)),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct replay *r = replay_new(&none);
	struct trace_sink s = replay_sink(r);
	struct figures *f;

	assert_int_equal(stream(&s, events, COUNT(events)), 0);
	f = replay_figures(r);
	assert_non_null(f);
	replay_free(r);
	return f;
}

static void a_wait_is_for_the_collector_of_its_gil(void **state)
{
	struct figures *f = collections_of_two(EVENT_KNOWN_GC_GIL);
	const struct fig_gc *gc = f->procs[0].gc;

	(void)state;
	assert_int_equal(gc[0].stalled_ns, 0);
	assert_int_equal(gc[1].stalled_ns, 10 * US);
	assert_int_equal(gc[2].stalled_ns, (20 + 5) * US);
	assert_int_equal(gc[1].collections, 1);
	assert_int_equal(gc[2].collections, 1);
	figures_free(f);
	/* Recordings made before that was told do not say which. */
	f = collections_of_two(0);
	assert_true(f->procs[0].gc[1].stalled_ns == FIG_NULL);
	assert_true(f->procs[0].gc[2].stalled_ns == FIG_NULL);
	figures_free(f);
}

/* At a moment in the middle of a hold whose GIL is told only when it ends. */
static void a_hold_going_on_is_its_gils_at_every_moment(void **state)
{
	static const u64 at_ns[] = { AT(18), AT(30), AT(50), AT(80) };
	struct replay_marks *marks = replay_marks_new(at_ns, COUNT(at_ns));
	struct moments m = { .n = 0 };
	struct replay_opts opts = { .marks = marks, .at = at_moment, .ctx = &m };
	struct trace_sink s = replay_marks_sink(marks);
	size_t n;
	const struct event *events = two_in_turn(&n);
	struct replay *r;

	(void)state;
	assert_int_equal(stream(&s, events, n), 0);
	r = replay_new(&opts);
	s = replay_sink(r);
	assert_int_equal(stream(&s, events, n), 0);
	assert_int_equal(m.n, 4);
	assert_int_equal(m.main_ns[0], 8 * US);
	assert_int_equal(m.other_ns[0], 3 * US);
	assert_int_equal(m.main_ns[1], 10 * US);
	assert_int_equal(m.other_ns[1], 15 * US);
	assert_int_equal(m.main_ns[2], 10 * US);
	assert_int_equal(m.other_ns[2], (25 + 10) * US);
	assert_int_equal(m.main_ns[3], (10 + 15) * US);
	assert_int_equal(m.other_ns[3], (25 + 20) * US);
	replay_free(r);
	replay_marks_free(marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gil_has_its_part),
		cmocka_unit_test(what_is_open_is_its_gils),
		cmocka_unit_test(a_hold_going_on_is_its_gils_at_every_moment),
		cmocka_unit_test(a_hold_of_the_whole_recording_is_told),
		cmocka_unit_test(a_hold_from_before_a_snapshot_counts_from_its_beginning),
		cmocka_unit_test(a_wait_is_for_the_collector_of_its_gil),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
