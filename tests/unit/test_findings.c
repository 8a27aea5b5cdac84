/* Each rule on made-up figures: silent below its threshold, at it and above it told. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/export/exporter.h"
#include "user/model/fig_rows.h"
#include "user/model/findings.h"

#define MS 1000000ULL
#define SECONDS 10000000000ULL

static struct figures *f;
static struct fig_process *p;

static struct fig_hist many(u64 n, u64 ns)
{
	struct fig_hist h = { .valid = true, .count = n, .sum_ns = n * ns, .max_ns = ns };

	h.bucket[gs_hist_index(ns)] = (u32)n;
	return h;
}

static int start(void **state)
{
	(void)state;
	f = figures_new();
	f->mode = "exact";
	f->duration_ns = SECONDS;
	f->overhead.hit_ns = f->overhead.target_cpu_ns_estimate = FIG_NULL;
	f->procs = calloc(1, sizeof(*f->procs));
	f->nprocs = 1;
	p = &f->procs[0];
	p->pid = 77;
	p->measured_ns = SECONDS;
	p->gil_measured = true;
	return 0;
}

static int finish(void **state)
{
	(void)state;
	figures_free(f);
	return 0;
}

/* A thread that held @held in @takes and waited @n times for @each. */
static struct fig_thread *thread(u32 tid, u64 held, u64 n, u64 each)
{
	struct fig_thread *t = fig_row_add(FIG_THREADS, p);

	t->tid = tid;
	t->name = strdup("t");
	t->held_ns = held;
	t->takes = 1000;
	t->forced_releases = 0;
	t->held_offcpu_ns = t->held_preempted_ns = 0;
	t->hold = many(1000, held / 1000);
	t->wait_ns = n * each;
	t->wait = many(n, each);
	return t;
}

static void contended(u64 ns)
{
	struct fig_gil *g = fig_row_add(FIG_GILS, p);

	g->contended_ns = ns;
}

/* How many findings of @id there are; the first of them into @ret. */
static size_t found(const char *id, struct finding *ret)
{
	struct findings l;
	size_t n = 0;

	assert_int_equal(findings_of(f, &l), 0);
	for (size_t i = 0; i < l.count; i++)
		if (!strcmp(l.list[i].id, id) && !n++ && ret)
			*ret = l.list[i];
	findings_done(&l);
	return n;
}

static size_t all(void)
{
	struct findings l;
	size_t n;

	assert_int_equal(findings_of(f, &l), 0);
	n = l.count;
	findings_done(&l);
	return n;
}

static void nothing_measured_nothing_found(void **state)
{
	(void)state;
	assert_int_equal(all(), 0);
	p->gil_measured = false;
	fig_row_add(FIG_THREADS, p);
	assert_int_equal(all(), 0);
	p->gil_measured = true;
	fig_row_add(FIG_GILS, p);
	fig_row_add(FIG_GC, p);
	p->gc_measured = true;
	fig_row_add(FIG_ASYNCIO, p);
	p->asyncio_measured = true;
	assert_int_equal(all(), 0);
	p->measured_ns = 0;
	assert_int_equal(all(), 0);
}

static void a_convoy(void **state)
{
	struct fig_thread *t;
	struct finding x;

	(void)state;
	thread(1, 9 * SECONDS / 10, 0, 0)->forced_releases = 500;
	thread(2, SECONDS / 100, 200, FINDING_CONVOY_NS); /* exactly 5 % of the time */
	assert_int_equal(found("convoy", &x), 1);
	assert_int_equal(x.ns, 200 * FINDING_CONVOY_NS);
	assert_true(x.share > 0.049 && x.share < 0.051);
	assert_string_equal(x.severity, "low");
	assert_int_equal(x.threads[0].tid, 1);
	assert_int_equal(x.threads[1].tid, 2);
	t = &p->threads[1];
	t->wait_ns--; /* less than 5 % */
	assert_int_equal(found("convoy", NULL), 0);
	t->wait = many(400, FINDING_CONVOY_NS - 1); /* ordinary contention */
	t->wait_ns = t->wait.sum_ns;
	assert_int_equal(found("convoy", NULL), 0);
	t->wait = many(FINDING_WAITS - 1, 40 * MS);
	t->wait_ns = t->wait.sum_ns;
	assert_int_equal(found("convoy", NULL), 0);
	t->wait = many(FINDING_WAITS, 40 * MS);
	t->wait_ns = t->wait.sum_ns;
	assert_int_equal(found("convoy", NULL), 1);
	t->held_ns = t->wait_ns / 4 + 1; /* it computes as well */
	assert_int_equal(found("convoy", NULL), 0);
	t->held_ns = 0;
	p->threads[0].hold = many(100, SECONDS / 200); /* it does not give way when asked */
	assert_int_equal(found("convoy", NULL), 0);
	p->threads[0].hold = many(1000, MS);
	assert_int_equal(found("convoy", NULL), 1);
	p->threads[0].forced_releases = 499; /* the other gives way by itself */
	assert_int_equal(found("convoy", NULL), 0);
	p->threads[0].forced_releases = FIG_NULL; /* watch mode cannot know */
	assert_int_equal(found("convoy", NULL), 0);
	t->wait = many(100, FINDING_CONVOY_UNSURE_NS - 1);
	t->wait_ns = t->wait.sum_ns;
	assert_int_equal(found("convoy", NULL), 1);
	p->threads[0].held_ns = FIG_NULL;
	assert_int_equal(found("convoy", NULL), 0);
}

static void a_call_that_keeps_the_gil(void **state)
{
	const u64 length = fig_hist_low(gs_hist_index(60 * MS));
	struct fig_thread *h, *w;
	struct finding x;

	(void)state;
	thread(1, 0, 0, 0);
	thread(2, 0, 9, length);
	h = &p->threads[0];
	w = &p->threads[1];
	h->hold = many(9, length);
	h->held_ns = h->hold.sum_ns;
	assert_int_equal(found("gil-holding-call", &x), 1);
	assert_int_equal(x.ns, 9 * length);
	h->held_preempted_ns = FIG_NULL; /* not known whether it ran */
	assert_int_equal(found("gil-holding-call", NULL), 0);
	h->held_preempted_ns = h->held_ns / 2; /* less than 5 % are its own */
	assert_int_equal(found("gil-holding-call", NULL), 0);
	h->held_preempted_ns = 0;
	h->hold = many(1, 9 * length); /* long, at a time when nobody waited as long */
	assert_int_equal(found("gil-holding-call", NULL), 0);
	h->hold = many(90, FINDING_LONG_NS / 2);
	assert_int_equal(found("gil-holding-call", NULL), 0);
	h->hold = many(9, length);
	w->wait = many(0, 0); /* nobody wanted it */
	assert_int_equal(found("gil-holding-call", NULL), 0);
	w->wait = many(9, length);
	h->hold.valid = false; /* watch mode */
	assert_int_equal(found("gil-holding-call", NULL), 0);
}

static void a_starved_thread(void **state)
{
	struct fig_thread *t;
	struct finding x;

	(void)state;
	for (u32 i = 1; i <= 4; i++)
		thread(i, SECONDS / 5, 100, 60 * MS);
	thread(5, MS, SECONDS / 4 / FINDING_STARVE_NS, FINDING_STARVE_NS);
	t = &p->threads[4];
	assert_int_equal(found("starvation", &x), 1);
	assert_int_equal(x.threads[0].tid, 5);
	assert_int_equal(x.ns, SECONDS / 4);
	t->wait_ns--;
	assert_int_equal(found("starvation", NULL), 0);
	t->wait = many(200, FINDING_STARVE_NS - 1);
	t->wait_ns = t->wait.sum_ns;
	assert_int_equal(found("starvation", NULL), 0);
	t->wait = many(100, FINDING_STARVE_NS);
	t->wait_ns = t->wait.sum_ns;
	t->wait = many(0, 0); /* the same wait all the time */
	assert_int_equal(found("starvation", NULL), 1);
	t->held_ns = SECONDS / 20; /* near its fair share */
	assert_int_equal(found("starvation", NULL), 0);
	t->held_ns = MS;
	p->threads[0].held_ns = 9 * SECONDS / 10; /* it is one that keeps it */
	assert_int_equal(found("starvation", NULL), 0);
}

static void a_busy_collector(void **state)
{
	struct finding x;
	struct fig_gc *g;

	(void)state;
	for (u32 i = 0; i < 3; i++) {
		g = fig_row_add(FIG_GC, p);
		g->generation = i;
		g->pause = many(i, SECONDS / 30); /* 1/30 and 2/30: 10 % together */
	}
	p->gc_measured = true;
	p->gc[2].pause.sum_ns += 10; /* what the divisions left */
	assert_int_equal(found("gc-dominates", &x), 1);
	assert_int_equal(x.generation, 2);
	p->gc[2].pause.sum_ns -= 20;
	assert_int_equal(found("gc-dominates", NULL), 0);
	p->gc[2].pause.sum_ns += MS;
	p->gc_measured = false;
	assert_int_equal(found("gc-dominates", NULL), 0);
}

static void a_holder_off_the_cpu(void **state)
{
	struct fig_thread *t;

	(void)state;
	t = thread(1, SECONDS / 2, 0, 0);
	contended(SECONDS);
	t->held_preempted_ns = SECONDS / 20;
	t->held_offcpu_ns = t->held_preempted_ns + SECONDS / 50;
	assert_int_equal(found("holder-preempted", NULL), 1);
	assert_int_equal(found("holder-blocked", NULL), 1);
	t->held_preempted_ns--;
	t->held_offcpu_ns -= 2;
	assert_int_equal(found("holder-preempted", NULL), 0);
	assert_int_equal(found("holder-blocked", NULL), 0);
	t->held_offcpu_ns = t->held_preempted_ns = SECONDS / 3;
	assert_int_equal(found("holder-preempted", NULL), 1);
	assert_int_equal(found("holder-blocked", NULL), 0);
	p->gils[0].contended_ns = SECONDS / 20 - 1; /* hardly anybody waited */
	assert_int_equal(found("holder-preempted", NULL), 0);
	p->gils[0].contended_ns = SECONDS;
	t->held_offcpu_ns = t->held_preempted_ns = FIG_NULL;
	assert_int_equal(all(), 0);
}

static void a_blocked_loop(void **state)
{
	struct fig_loop *l;
	struct finding x;

	(void)state;
	thread(9, 0, 0, 0);
	l = fig_row_add(FIG_ASYNCIO, p);
	p->asyncio_measured = true;
	l->tid = 9;
	l->blocked = 1;
	l->blocked_ns = SECONDS / 20;
	assert_int_equal(found("event-loop-blocked", &x), 1);
	assert_int_equal(x.threads[0].tid, 9);
	l->blocked_ns--;
	assert_int_equal(found("event-loop-blocked", NULL), 0);
	l->blocked_ns = SECONDS;
	l->blocked = FIG_NULL;
	assert_int_equal(found("event-loop-blocked", NULL), 0);
}

static void lost_events(void **state)
{
	struct finding x;

	(void)state;
	f->lost = calloc(2, sizeof(*f->lost));
	f->nlost = 2;
	f->lost[0] = (struct fig_lost) { "ring_full", "all", "raise it", 1 };
	f->lost[1] = (struct fig_lost) { "attach_mid_hold", "gil", "", 500 };
	f->overhead.probe_hits = 999;
	assert_int_equal(found("events-lost", &x), 1);
	assert_string_equal(x.cause, "ring_full");
	assert_true(x.ns == FIG_NULL && !x.process);
	f->overhead.probe_hits = 1001;
	assert_int_equal(found("events-lost", NULL), 0);
	f->lost[0].cause = "attach_mid_wait";
	f->lost[0].count = 5000;
	assert_int_equal(found("events-lost", NULL), 0);
}

static void what_limits_the_figures(void **state)
{
	(void)state;
	f->budget_share = 0.01;
	f->budget.state = "full";
	f->budget.observed_ratio = 1;
	assert_int_equal(all(), 0);
	f->budget.state = "thinned";
	f->budget.observed_ratio = 0.1;
	assert_int_equal(found("budget-thinned", NULL), 1);
	f->fallback.family = "gil";
	f->fallback.state = "exact";
	assert_int_equal(found("watch-not-exact", NULL), 0);
	f->fallback.state = "watch";
	assert_int_equal(found("watch-not-exact", NULL), 1);
	f->overhead.target_cpu_ns_estimate = SECONDS / 10;
	assert_int_equal(found("probes-distort", NULL), 0);
	f->overhead.target_cpu_ns_estimate += SECONDS / 1000;
	assert_int_equal(found("probes-distort", NULL), 1);
}

static char *written(const struct exporter_ops *ops)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(ops->write(out, f), 0);
	fclose(out);
	return text;
}

static void the_largest_is_told_first(void **state)
{
	struct findings l;
	char *text;

	(void)state;
	a_holder_off_the_cpu(state);
	what_limits_the_figures(state);
	p->threads[0].held_preempted_ns = SECONDS / 4;
	p->threads[0].held_offcpu_ns = SECONDS;
	assert_int_equal(findings_of(f, &l), 0);
	assert_int_equal(l.count, 5);
	assert_string_equal(l.list[0].id, "holder-blocked");
	assert_string_equal(l.list[1].id, "holder-preempted");
	assert_true(l.list[2].ns == FIG_NULL);
	findings_done(&l);
	text = written(&jsonl_exporter);
	assert_null(strstr(text, "\"findings\""));
	free(text);
	f->with_findings = true;
	text = written(&jsonl_exporter);
	assert_non_null(strstr(text,
			       "\"findings\":[{\"id\":\"holder-blocked\",\"severity\":\"high\","
			       "\"pid\":77,\"ns\":7500000000,\"share\":0.75"));
	free(text);
	text = written(&table_exporter);
	assert_non_null(
		strstr(text, "high    holder-blocked, process 77: 7.50 s, 75.0% of the time"));
	assert_non_null(strstr(text, "holder off cpu 7.50 s"));
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_measured_nothing_found),
		TEST(a_convoy),
		TEST(a_call_that_keeps_the_gil),
		TEST(a_starved_thread),
		TEST(a_busy_collector),
		TEST(a_holder_off_the_cpu),
		TEST(a_blocked_loop),
		TEST(lost_events),
		TEST(what_limits_the_figures),
		TEST(the_largest_is_told_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
