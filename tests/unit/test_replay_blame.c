/* Who made whom wait, from streams made by hand; and the same rules as the kernel side has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf/blame.h"
#include "tests/unit/replay_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct trace_thread worker_3 = { 103, 13, 3, 0, "third", &proc_a };

static struct figures *figures_of(const struct event *events, size_t n, u32 tid)
{
	struct replay_opts opts = { .tid = tid };
	struct replay *r = replay_new(&opts);
	struct trace_sink s = replay_sink(r);
	struct figures *f;

	assert_int_equal(stream(&s, events, n), 0);
	f = replay_figures(r);
	assert_non_null(f);
	replay_free(r);
	return f;
}

/* Waits of @waiter for @holder, in us; 0: no row. */
static u64 blamed(const struct figures *f, u32 holder, u32 waiter, u64 *ret_waits)
{
	const struct fig_process *p = &f->procs[0];

	for (size_t i = 0; i < p->nblame; i++) {
		if (p->blame[i].holder_tid != holder || p->blame[i].waiter_tid != waiter)
			continue;
		if (ret_waits)
			*ret_waits = p->blame[i].waits;
		return p->blame[i].wait_ns / US;
	}
	return 0;
}

static void a_wait_is_split_over_all_it_was_for(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		instant(EVENT_THREAD, &worker_3, 0),
		span(EVENT_HOLD, &thread_1, 10, 40),
		/* nobody holds for 5 us: that is thread 1's, too */
		span(EVENT_HOLD, &thread_2, 45, 60),
		span(EVENT_HOLD, &thread_1, 60, 65),
		span(EVENT_HOLD, &thread_1, 66, 70),
		span(EVENT_WAIT, &worker_3, 20, 72),
		span(EVENT_HOLD, &worker_3, 72, 80),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(events, COUNT(events), 0);
	u64 waits;

	(void)state;
	assert_true(f->procs[0].blame_measured);
	assert_int_equal(f->procs[0].nblame, 2);
	assert_int_equal(blamed(f, 101, 103, &waits), 25 + 12);
	assert_int_equal(waits, 2);
	assert_int_equal(blamed(f, 102, 103, &waits), 15);
	assert_int_equal(waits, 1);
	figures_free(f);
	/* With one thread's events only, that cannot be told. */
	f = figures_of(events, COUNT(events), 103);
	assert_false(f->procs[0].blame_measured);
	figures_free(f);
}

static void who_is_told_late_counts_all_the_same(void **state)
{
	struct event late = span(EVENT_HOLD, &thread_2, 30, 50);
	const struct event events[] = {
		process_event(&proc_a, 0, 101),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		instant(EVENT_THREAD, &worker_3, 0),
		/* thread 1 holds from before the measurement, and again around thread 2 */
		span(EVENT_HOLD, &thread_1, 0, 30),
		span(EVENT_WAIT, &worker_3, 5, 50),
		late,
		span(EVENT_HOLD, &worker_3, 50, 51),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(events, COUNT(events), 0);

	(void)state;
	assert_int_equal(f->procs[0].nblame, 2);
	assert_int_equal(blamed(f, 101, 103, NULL), 25);
	assert_int_equal(blamed(f, 102, 103, NULL), 20);
	figures_free(f);
}

static void a_hold_between_two_of_another_is_put_there(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		instant(EVENT_THREAD, &worker_3, 0),
		span(EVENT_HOLD, &thread_1, 10, 20),
		span(EVENT_HOLD, &thread_1, 40, 50),
		/* its release was seen late: it ended before */
		span(EVENT_HOLD, &thread_2, 20, 50),
		span(EVENT_WAIT, &worker_3, 10, 60),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(events, COUNT(events), 0);

	(void)state;
	assert_int_equal(blamed(f, 101, 103, NULL), 10 + 20);
	assert_int_equal(blamed(f, 102, 103, NULL), 20);
	figures_free(f);
}

static void a_wait_that_is_open_is_for_who_holds(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 101),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		instant(EVENT_THREAD, &worker_3, 0),
		span(EVENT_HOLD, &thread_2, 60, 70),
		open_event(&thread_2, EVENT_OPEN_WAIT, 90, 100),
		open_event(&worker_3, EVENT_OPEN_WAIT, 40, 100),
		open_event(&thread_1, EVENT_OPEN_HOLD, 80, 100),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = figures_of(events, COUNT(events), 0);

	(void)state;
	assert_int_equal(blamed(f, 101, 103, NULL), 20 + 20);
	assert_int_equal(blamed(f, 102, 103, NULL), 20);
	assert_int_equal(blamed(f, 101, 102, NULL), 10);
	figures_free(f);
}

/* Walk the wait of @waiter from @from to @now; the sum of all parts, and in @by the parts by tid.
 */
static u64 walk(const struct gs_gil *g, u64 from, u64 now, u32 waiter, u64 by[8])
{
	struct gs_blame_walk w = { .ns = from, .holder = 7 };
	u64 sum = 0, ns;
	int calls = 0;
	u32 holder;

	memset(by, 0, 8 * sizeof(by[0]));
	while (gs_blame_next(&w, g, g->passes, now, waiter, &holder, &ns)) {
		assert_true(++calls <= GS_PASSES + 1);
		assert_true(holder < 8);
		by[holder] += ns;
		sum += ns;
	}
	return sum;
}

static void pass(struct gs_gil *g, u64 ns, u32 tid)
{
	g->pass[g->passes++ % GS_PASSES] = (struct gs_pass) { .ns = ns, .tid = tid };
}

static void the_kernel_side_splits_likewise(void **state)
{
	struct gs_gil g = {};
	u64 by[8];

	(void)state;
	pass(&g, 50, 1);
	pass(&g, 120, 2);
	pass(&g, 130, 3); /* the waiter: not its own yet when it began to wait */
	pass(&g, 150, 4);
	assert_int_equal(walk(&g, 100, 200, 3, by), 100);
	assert_int_equal(by[1], 20);
	assert_int_equal(by[2], 10);
	assert_int_equal(by[3], 0);
	assert_int_equal(by[4], 70); /* with what the waiter was said to hold */
	/* Nobody was told after that: then it is nobody's. */
	assert_int_equal(walk(&g, 100, 140, 3, by), 40);
	assert_int_equal(by[0], 10);
	/* Of more than are kept the oldest are nobody's, and the sum is the wait still. */
	for (u64 i = 0; i < 3 * GS_PASSES; i++)
		pass(&g, 200 + i, 5 + i % 2);
	assert_int_equal(walk(&g, 100, 500, 3, by), 400);
	assert_int_equal(by[0], 100 + 2 * GS_PASSES);
	assert_int_equal(by[5] + by[6], 300 - 2 * GS_PASSES);
}

static struct event with_holder(struct event ev, u32 tid)
{
	ev.holder = tid;
	return ev;
}

/* Watch mode tells no holds: a wait has its holder, or its parts do. */
static struct figures *watched(const struct event *events, size_t n, u32 format)
{
	struct trace_info info = stream_info;
	struct replay_opts opts = {};
	struct replay *r = replay_new(&opts);
	struct trace_sink s = replay_sink(r);
	struct figures *f;

	info.mode = "watch";
	info.format = format;
	assert_int_equal(s.begin(s.ctx, &info), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(s.event(s.ctx, &events[i]), 0);
	f = replay_figures(r);
	assert_non_null(f);
	replay_free(r);
	return f;
}

static void in_watch_mode_parts_tell_the_holders(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		instant(EVENT_THREAD, &worker_3, 0),
		with_holder(span(EVENT_WAIT, &worker_3, 5, 10), 101),
		with_holder(span(EVENT_WAIT_PART, &worker_3, 20, 25), 101),
		/* another's in between, which has had one holder only */
		with_holder(span(EVENT_WAIT, &thread_2, 21, 29), 101),
		with_holder(span(EVENT_WAIT_PART, &worker_3, 25, 32), 102),
		with_holder(span(EVENT_WAIT_PART, &worker_3, 32, 40), 101),
		with_holder(span(EVENT_WAIT, &worker_3, 20, 40), 101),
		/* the last part is missing: it was the same one's; and one of a wait that is open
		 */
		with_holder(span(EVENT_WAIT_PART, &worker_3, 50, 51), 102),
		with_holder(span(EVENT_WAIT, &worker_3, 50, 60), 102),
		with_holder(span(EVENT_WAIT_PART, &worker_3, 70, 74), 102),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = watched(events, COUNT(events), TRACE_FORMAT);
	u64 waits;

	(void)state;
	assert_true(f->procs[0].blame_measured);
	assert_int_equal(f->procs[0].nblame, 3);
	assert_int_equal(blamed(f, 101, 103, &waits), 5 + 5 + 8);
	assert_int_equal(waits, 3);
	assert_int_equal(blamed(f, 102, 103, &waits), 7 + 10 + 4);
	assert_int_equal(waits, 3);
	assert_int_equal(blamed(f, 101, 102, &waits), 8);
	assert_int_equal(waits, 1);
	figures_free(f);
	/* Before format 6 there are no parts: it is not told. */
	f = watched(events, COUNT(events), 5);
	assert_false(f->procs[0].blame_measured);
	figures_free(f);
}

static void parts_whose_wait_was_lost_are_not_the_next_ones(void **state)
{
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		instant(EVENT_THREAD, &thread_1, 0),
		instant(EVENT_THREAD, &thread_2, 0),
		instant(EVENT_THREAD, &worker_3, 0),
		with_holder(span(EVENT_WAIT_PART, &worker_3, 20, 25), 102),
		with_holder(span(EVENT_WAIT, &worker_3, 50, 60), 101),
		of_process(EVENT_END, NULL, 100, 100),
	};
	struct figures *f = watched(events, COUNT(events), TRACE_FORMAT);

	(void)state;
	assert_int_equal(blamed(f, 101, 103, NULL), 10);
	assert_int_equal(blamed(f, 102, 103, NULL), 0);
	figures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_is_split_over_all_it_was_for),
		cmocka_unit_test(who_is_told_late_counts_all_the_same),
		cmocka_unit_test(a_hold_between_two_of_another_is_put_there),
		cmocka_unit_test(a_wait_that_is_open_is_for_who_holds),
		cmocka_unit_test(the_kernel_side_splits_likewise),
		cmocka_unit_test(in_watch_mode_parts_tell_the_holders),
		cmocka_unit_test(parts_whose_wait_was_lost_are_not_the_next_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
