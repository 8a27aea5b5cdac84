/* Python stacks and the scheduler's split of a recording, from streams made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf/offcpu.h"
#include "tests/unit/replay_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WITH_STACKS (EVENT_KNOWN_STACKS | EVENT_KNOWN_RUNNABLE)

static struct event known(u32 bits)
{
	struct event ev = process_event(&proc_a, 0, 0);

	ev.known |= bits;
	return ev;
}

static struct event function(u32 number, const char *name)
{
	struct event ev = of_process(EVENT_FUNCTION, NULL, 0, 0);

	ev.function = number;
	ev.first_line = 10 * number;
	ev.text[EVENT_FUNCTION_NAME] = name;
	ev.text[EVENT_FUNCTION_FILE] = "a.py";
	return ev;
}

static struct event frame(u32 number, u32 caller, u32 in)
{
	struct event ev = of_process(EVENT_FRAME, NULL, 0, 0);

	ev.frame = number;
	ev.caller = caller;
	ev.function = in;
	ev.line = 10 * in + number;
	return ev;
}

static struct event cost(const struct trace_thread *t, u64 at, u32 of, u32 samples)
{
	struct event ev = instant(EVENT_STACK_COST, t, at);

	ev.frame = of;
	ev.samples = samples;
	return ev;
}

static struct event slept(struct event ev, u32 in)
{
	ev.blocked_in = in;
	return ev;
}

/* Thread 1 holds 10 to 50, asleep in it 20 to 30; thread 2 waits for it, could have run for a
 * while. */
static size_t two_threads(struct event *events)
{
	struct event wait = span(EVENT_WAIT, &thread_2, 15, 50), slept_1, waited;
	size_t n = 0;

	wait.runnable_ns = 3 * US;
	wait.holder = 101;
	slept_1 = cost(&thread_1, 60, 2, 3);
	slept_1.off_blocked_ns = 10 * US;
	waited = cost(&thread_2, 60, 3, 0);
	waited.wait_ns = 30 * US;
	events[n++] = known(WITH_STACKS);
	events[n++] = instant(EVENT_THREAD, &thread_1, 0);
	events[n++] = instant(EVENT_THREAD, &thread_2, 0);
	events[n++] = function(1, "main");
	events[n++] = function(2, "work");
	events[n++] = frame(1, 0, 1);
	events[n++] = frame(2, 1, 2);
	events[n++] = frame(3, 1, 1);
	events[n++] = slept(span(EVENT_OFF_CPU, &thread_1, 20, 30), GS_BLOCKED_FAULT);
	events[n++] = span(EVENT_HOLD, &thread_1, 10, 50);
	events[n++] = wait;
	events[n++] = slept_1;
	events[n++] = cost(&thread_1, 60, 3, 1);
	events[n++] = waited;
	events[n++] = span(EVENT_END, &thread_1, 70, 70);
	return n;
}

static struct figures *figures_of(struct replay *r, const struct event *events, size_t n,
				  u32 families)
{
	struct trace_sink sink = replay_sink(r);
	static struct trace_info info;

	info = stream_info;
	info.families |= families;
	assert_int_equal(sink.begin(sink.ctx, &info), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(sink.event(sink.ctx, &events[i]), 0);
	return replay_figures(r);
}

static const struct fig_stack *stack_of(const struct fig_process *p, u32 tid, u64 id)
{
	for (size_t i = 0; i < p->nstacks; i++)
		if (p->stacks[i].tid == tid && p->stacks[i].id == id)
			return &p->stacks[i];
	return NULL;
}

static void assert_adds_up(const struct fig_process *p)
{
	for (size_t i = 0; i < p->nthreads; i++) {
		u64 held = 0, waited = 0, off = 0;

		for (size_t s = 0; s < p->nstacks; s++)
			if (p->stacks[s].tid == p->threads[i].tid) {
				held += p->stacks[s].held_ns;
				waited += p->stacks[s].wait_ns;
				off += p->stacks[s].held_offcpu_ns;
			}
		assert_int_equal(held, p->threads[i].held_ns);
		assert_int_equal(waited, p->threads[i].wait_ns);
		assert_int_equal(off, p->threads[i].held_offcpu_ns);
	}
}

static void rows_of_a_thread_add_up_to_its_own_figures(void **state)
{
	const struct replay_opts o = { .top = 0 };
	struct replay *r = replay_new(&o);
	const struct fig_process *p;
	const struct fig_stack *s;
	struct event events[32];
	struct figures *f =
		figures_of(r, events, two_threads(events), GS_FAMILY_BIT(GS_FAMILY_STACKS));

	(void)state;
	p = &f->procs[0];
	assert_true(p->stacks_measured);
	assert_adds_up(p);
	s = stack_of(p, 101, 2);
	assert_int_equal(s->frames->n, 2);
	assert_string_equal(s->frames->frame[0].function, "work");
	assert_string_equal(s->frames->frame[1].function, "main");
	/* 30 us on the CPU, 3 of 4 samples of it; and 10 us asleep */
	assert_int_equal(s->held_ns, 22500 + 10000);
	assert_int_equal(s->held_offcpu_ns, 10 * US);
	assert_int_equal(stack_of(p, 101, 3)->held_ns, 7500);
	assert_int_equal(stack_of(p, 102, 3)->wait_ns, 30 * US);
	assert_int_equal(stack_of(p, 102, 0)->wait_ns, 5 * US);
	assert_null(stack_of(p, 102, 0)->frames);
	figures_free(f);
	replay_free(r);
}

static void without_the_family_there_are_none(void **state)
{
	const struct replay_opts o = { .top = 0 };
	struct replay *r = replay_new(&o);
	struct event events[32];
	struct figures *f = figures_of(r, events, two_threads(events), 0);

	(void)state;
	assert_false(f->procs[0].stacks_measured);
	assert_int_equal(f->procs[0].nstacks, 0);
	figures_free(f);
	replay_free(r);
}

/* Stacks that were never told, of threads and processes that are not known, and far too many. */
static void what_cannot_be_is_no_stack(void **state)
{
	const struct replay_opts o = { .top = 0 };
	struct replay *r = replay_new(&o);
	struct event *events = calloc(20100, sizeof(*events));
	const struct fig_process *p;
	struct figures *f;
	size_t n;

	(void)state;
	assert_non_null(events);
	n = two_threads(events) - 1;
	events[n++] = cost(&thread_1, 61, 77, 4);
	events[n] = cost(&thread_1, 61, 2, 1);
	events[n].process = NULL;
	events[n++].pid = 4711;
	for (u32 i = 4; i < 10004; i++) {
		events[n++] = frame(i, 1, 2);
		events[n++] = cost(&thread_1, 62, i, 1);
	}
	f = figures_of(r, events, n, GS_FAMILY_BIT(GS_FAMILY_STACKS));
	p = &f->procs[0];
	assert_adds_up(p);
	assert_true(p->nstacks <= 8192 + 16);
	assert_true(stack_of(p, 101, 0)->samples >= 4 + 10000 - 8192);
	assert_int_equal(f->nlost, 1);
	assert_string_equal(f->lost[0].cause, "stacks_full");
	figures_free(f);
	replay_free(r);
	free(events);
}

static void the_split_is_as_it_was_told(void **state)
{
	const struct replay_opts o = { .top = 0 };
	struct replay *r = replay_new(&o);
	struct event events[32], cpu = of_process(EVENT_CPU, &proc_a, 65, 65);
	size_t n = two_threads(events) - 1;
	const struct fig_process *p;
	struct figures *f;

	(void)state;
	cpu.switch_interval_ns = 5000000;
	cpu.throttled = 3;
	cpu.throttled_ns = EVENT_UNKNOWN;
	events[n++] = cpu;
	events[n] = span(EVENT_OFF_CPU, &thread_1, 62, 63);
	events[n++].preempted = 1;
	events[n] = open_event(&thread_1, EVENT_OPEN_HOLD, 60, 70);
	events[++n] = slept(open_event(&thread_1, EVENT_OPEN_OFF_CPU, 66, 70), GS_BLOCKED_FAULT);
	events[++n] = span(EVENT_END, &thread_1, 70, 70);
	f = figures_of(r, events, n + 1, 0);
	p = &f->procs[0];
	assert_int_equal(row_of(p, 102, 0)->wait_runnable_ns, 3 * US);
	assert_int_equal(p->gils[0].wait_runnable_ns, 3 * US);
	assert_true(p->blocked_measured);
	assert_int_equal(p->nblocked, 1);
	assert_int_equal(p->blocked[0].tid, 101);
	assert_string_equal(p->blocked[0].call, "page_fault");
	assert_int_equal(p->blocked[0].count, 1);
	assert_int_equal(p->blocked[0].ns, 14 * US);
	assert_int_equal(p->blocked[0].max_ns, 10 * US);
	assert_int_equal(p->cpu.switch_interval_ns, 5000000);
	assert_int_equal(p->cpu.cgroup_throttled, 3);
	assert_true(p->cpu.cgroup_throttled_ns == FIG_NULL);
	figures_free(f);
	replay_free(r);
}

/* A recording of an older version does not know. */
static void what_was_not_recorded_is_null(void **state)
{
	const struct replay_opts o = { .top = 0 };
	struct replay *r = replay_new(&o);
	struct trace_sink sink = replay_sink(r);
	struct trace_info info = stream_info;
	struct event events[32];
	size_t n = two_threads(events);
	struct figures *f;

	(void)state;
	info.format = 4;
	events[0] = known(0);
	assert_int_equal(sink.begin(sink.ctx, &info), 0);
	for (size_t i = 0; i < n; i++)
		if (events[i].kind < EVENT_CPU)
			assert_int_equal(sink.event(sink.ctx, &events[i]), 0);
	f = replay_figures(r);
	assert_true(f->procs[0].threads[0].wait_runnable_ns == FIG_NULL);
	assert_true(f->procs[0].gils[0].wait_runnable_ns == FIG_NULL);
	assert_false(f->procs[0].blocked_measured);
	assert_false(f->procs[0].stacks_measured);
	assert_true(f->procs[0].cpu.switch_interval_ns == FIG_NULL);
	figures_free(f);
	replay_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_a_thread_add_up_to_its_own_figures),
		cmocka_unit_test(without_the_family_there_are_none),
		cmocka_unit_test(what_cannot_be_is_no_stack),
		cmocka_unit_test(the_split_is_as_it_was_told),
		cmocka_unit_test(what_was_not_recorded_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
