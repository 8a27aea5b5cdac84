/*
 * Figures at moments within a recording, and the lists.  The moments are held against a model of
 * the kernel side's bookkeeping that runs along while the stream is made: what it would have told
 * `stat` at each moment, the replay must find from the events alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/replay_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define THREADS 5
#define MOMENTS 200
#define STEPS 6000

/* What stat would say. */
struct truth {
	u64 held_ns, takes, wait_ns, contended_takes, contended_ns, handovers, holder;
	u64 thread_held[THREADS], thread_takes[THREADS];
};

struct sim {
	struct trace_thread tt[THREADS];
	u64 now; /* us */
	u64 wait_since[THREADS], hold_since[THREADS]; /* us + 1; 0: not */
	u64 takes[THREADS], held[THREADS], waits, waited; /* finished, us */
	int holder, last, waiters; /* threads, or -1 */
	u64 contended_since, contended, handovers;
	struct event *events;
	size_t n;
	u32 seed;
};

static u32 rnd(struct sim *m, u32 below)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % below;
}

static void wait_begins(struct sim *m, int t)
{
	m->wait_since[t] = m->now + 1;
	if (!m->waiters++)
		m->contended_since = m->now;
}

static void take(struct sim *m, int t)
{
	if (m->wait_since[t]) {
		u64 since = m->wait_since[t] - 1;
		struct event ev = span(EVENT_WAIT, &m->tt[t], since, m->now);
		bool last = !--m->waiters;

		m->waits++;
		m->waited += m->now - since;
		m->wait_since[t] = 0;
		if (last)
			m->contended += m->now - m->contended_since;
		ev.alone = last && m->contended_since == since;
		m->events[m->n++] = ev;
		if (last && !ev.alone)
			m->events[m->n++] =
				of_process(EVENT_CONTENDED, &proc_a, m->contended_since, m->now);
	}
	m->takes[t]++;
	m->hold_since[t] = m->now + 1;
	m->holder = t;
	m->handovers += m->last >= 0 && m->last != t;
	m->last = t;
}

static void release(struct sim *m)
{
	int t = m->holder;
	u64 since = m->hold_since[t] - 1;

	m->events[m->n++] = span(EVENT_HOLD, &m->tt[t], since, m->now);
	m->held[t] += m->now - since;
	m->hold_since[t] = 0;
	m->holder = -1;
}

static void step(struct sim *m)
{
	int t = (int)rnd(m, THREADS);

	if (m->holder < 0 || (m->holder != t && !m->wait_since[t] && rnd(m, 2))) {
		if (m->holder < 0 && (!m->waiters || m->wait_since[t]))
			take(m, t);
		else if (!m->wait_since[t])
			wait_begins(m, t);
	} else if (rnd(m, 2)) {
		release(m);
	}
}

static struct truth truth(const struct sim *m)
{
	struct truth v = { .contended_takes = m->waits, .handovers = m->handovers };

	v.wait_ns = m->waited * US;
	v.contended_ns = (m->contended + (m->waiters ? m->now - m->contended_since : 0)) * US;
	v.holder = m->holder < 0 ? 0 : m->tt[m->holder].tid;
	for (int t = 0; t < THREADS; t++) {
		u64 held = m->held[t];

		if (m->hold_since[t])
			held += m->now - (m->hold_since[t] - 1);
		if (m->wait_since[t])
			v.wait_ns += (m->now - (m->wait_since[t] - 1)) * US;
		v.thread_held[t] = held * US;
		v.thread_takes[t] = m->takes[t];
		v.held_ns += held * US;
		v.takes += m->takes[t];
	}
	return v;
}

static void finish(struct sim *m)
{
	for (int t = 0; t < THREADS; t++) {
		if (m->hold_since[t])
			m->events[m->n++] = open_event(&m->tt[t], EVENT_OPEN_HOLD,
						       m->hold_since[t] - 1, m->now);
		if (m->wait_since[t])
			m->events[m->n++] = open_event(&m->tt[t], EVENT_OPEN_WAIT,
						       m->wait_since[t] - 1, m->now);
	}
	m->events[m->n++] = of_process(EVENT_END, NULL, m->now, m->now);
}

struct checked {
	const struct truth *truth;
	size_t n;
	struct figures *last;
};

static int check(void *ctx, u64 moment_ns, struct figures *f)
{
	struct checked *c = ctx;
	const struct truth *v = &c->truth[c->n++];
	const struct fig_process *p = &f->procs[0];
	const struct fig_gil *g = p->gils;

	assert_int_equal(f->duration_ns, moment_ns - START_NS);
	assert_int_equal(g->held_ns, v->held_ns);
	assert_int_equal(g->takes, v->takes);
	assert_int_equal(g->wait_ns, v->wait_ns);
	assert_int_equal(g->contended_takes, v->contended_takes);
	assert_int_equal(g->contended_ns, v->contended_ns);
	assert_int_equal(g->handovers, v->handovers);
	assert_int_equal(g->holder_tid, v->holder);
	for (u32 t = 0; t < THREADS; t++) {
		const struct fig_thread *row = row_of(p, 300 + t, 0);

		assert_int_equal(row->held_ns, v->thread_held[t]);
		assert_int_equal(row->takes, v->thread_takes[t]);
		if (c->last) { /* an interval is figures_interval()'s business, but no more */
			const struct fig_thread *old = row_of(&c->last->procs[0], 300 + t, 0);

			assert_true(row->hold.count >= old->hold.count);
		}
	}
	figures_free(c->last);
	c->last = f;
	return 0;
}

static void simulate(u32 seed)
{
	struct sim m = { .holder = -1, .last = -1, .seed = seed };
	static struct truth truths[MOMENTS];
	u64 moments[MOMENTS];
	struct replay_opts o = { .at = check };
	struct checked c = { .truth = truths };
	struct replay_marks *marks;
	struct replay *r;
	struct trace_sink s;
	size_t next = 0;

	m.events = calloc(3 * STEPS + 100, sizeof(*m.events));
	m.events[m.n++] = process_event(&proc_a, 0, 0);
	for (u32 t = 0; t < THREADS; t++) {
		m.tt[t] = (struct trace_thread) {
			.tid = 300 + t, .index = t, .name = "t", .process = &proc_a
		};
		m.events[m.n++] = instant(EVENT_THREAD, &m.tt[t], 0);
	}
	for (size_t i = 0; i < STEPS; i++) {
		m.now += 1 + rnd(&m, 20);
		step(&m);
		if (i % (STEPS / MOMENTS) != STEPS / MOMENTS - 1)
			continue;
		moments[next] = AT(m.now); /* sometimes at the very end of a span */
		truths[next++] = truth(&m);
	}
	finish(&m);
	marks = replay_marks_new(moments, next);
	s = replay_marks_sink(marks);
	assert_int_equal(stream(&s, m.events, m.n), 0);
	o.marks = marks;
	o.ctx = &c;
	r = replay_new(&o);
	s = replay_sink(r);
	assert_int_equal(stream(&s, m.events, m.n), 0);
	figures_free(replay_figures(r));
	assert_int_equal(c.n, MOMENTS);
	figures_free(c.last);
	replay_free(r);
	replay_marks_free(marks);
	free(m.events);
}

static void moments_are_as_the_kernel_side_would_have_told_them(void **state)
{
	(void)state;
	for (u32 seed = 1; seed <= 20; seed++)
		simulate(seed);
}

static int keep(void *ctx, u64 moment_ns, struct figures *f)
{
	struct figures ***at = ctx;

	(void)moment_ns;
	*(*at)++ = f;
	return 0;
}

/* Figures of @events at @moments (us) into ret_f; returns the replay. */
static struct replay *at_moments(const struct event *events, size_t n, const u64 *moments,
				 size_t nmoments, struct figures **ret_f)
{
	struct replay_opts o = { .at = keep, .ctx = &ret_f };
	u64 ns[8];
	struct replay_marks *m;
	struct trace_sink s;
	struct replay *r;

	for (size_t i = 0; i < nmoments; i++)
		ns[i] = AT(moments[i]);
	m = replay_marks_new(ns, nmoments);
	s = replay_marks_sink(m);
	assert_int_equal(stream(&s, events, n), 0);
	o.marks = m;
	r = replay_new(&o);
	s = replay_sink(r);
	assert_int_equal(stream(&s, events, n), 0);
	figures_free(replay_figures(r));
	replay_marks_free(m);
	return r;
}

static void an_interval_has_its_own_maxima_and_processes(void **state)
{
	struct event off = span(EVENT_OFF_CPU, &thread_1, 110, 160);
	const struct event events[] = {
		process_event(&proc_a, 0, 0),
		span(EVENT_HOLD, &thread_1, 0, 40),
		span(EVENT_HOLD, &thread_1, 50, 55),
		process_event(&proc_b, 50, 201),
		(off.preempted = 1, off),
		span(EVENT_HOLD, &thread_1, 100, 170),
		of_process(EVENT_PROCESS_EXIT, &proc_b, 180, 180),
		lost_event("ring_full", 3, 185, 190),
		of_process(EVENT_END, NULL, 200, 200),
	};
	const u64 moments[] = { 45, 130, 200 };
	struct figures *f[3] = {}, *i;
	struct replay *r = at_moments(events, COUNT(events), moments, 3, f);

	(void)state;
	assert_int_equal(f[0]->nprocs, 1);
	assert_int_equal(f[0]->nlost, 0);
	i = figures_interval(f[0], f[1]);
	assert_int_equal(i->nprocs, 2);
	assert_int_equal(i->duration_ns, 85 * US);
	assert_int_equal(i->procs[0].gils[0].takes, 2);
	assert_int_equal(i->procs[0].gils[0].held_ns, (5 + 30) * US);
	assert_int_equal(i->procs[0].gils[0].held_offcpu_ns, 20 * US);
	assert_int_equal(i->procs[0].gils[0].held_preempted_ns, 20 * US);
	assert_int_equal(row_of(&i->procs[0], 101, 0)->hold.max_ns, 5 * US);
	assert_int_equal(i->procs[1].measured_ns, 80 * US);
	assert_int_equal(i->procs[1].gils[0].held_ns, 80 * US); /* it held all along */
	figures_free(i);
	i = figures_interval(f[1], f[2]);
	assert_int_equal(row_of(&i->procs[0], 101, 0)->hold.max_ns, 70 * US);
	assert_int_equal(i->procs[0].gils[0].held_ns, 40 * US);
	assert_int_equal(i->procs[0].gils[0].takes, 0);
	assert_true(i->procs[1].exited);
	assert_int_equal(i->procs[1].gils[0].held_ns, 50 * US);
	assert_int_equal(i->lost[0].count, 3);
	assert_true(i->overhead.tracer_cpu_ns == FIG_NULL);
	assert_false(i->longest_measured);
	figures_free(i);
	for (size_t n = 0; n < 3; n++)
		figures_free(f[n]);
	replay_free(r);
}

/* Every span of a thread lasts from the start: what is kept must not grow with their number. */
static void overlapping_spans_of_a_thread_cannot_fill_memory(void **state)
{
	static u64 moments[10000];
	struct replay_marks *m;
	struct trace_sink s;

	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++)
		moments[i] = AT(i);
	m = replay_marks_new(moments, COUNT(moments));
	s = replay_marks_sink(m);
	for (u64 i = 0; i < 100000; i++) { /* 5e8 entries, kept naively */
		struct event ev = span(EVENT_HOLD, &thread_1, 0, i / 10);

		assert_int_equal(s.event(s.ctx, &ev), 0);
	}
	replay_marks_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_as_the_kernel_side_would_have_told_them),
		cmocka_unit_test(an_interval_has_its_own_maxima_and_processes),
		cmocka_unit_test(overlapping_spans_of_a_thread_cannot_fill_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
