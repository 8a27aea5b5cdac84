/* Adding figures of two stretches of time: what is added, what is null, who is who. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "user/model/fig_rows.h"
#include "user/model/figures_sum.h"

static struct fig_thread *add_thread(struct fig_process *p, u32 tid, u64 start_ns, u64 takes)
{
	struct fig_thread *t = fig_row_add(FIG_THREADS, p);

	t->tid = tid;
	t->start_ns = start_ns;
	t->takes = takes;
	t->contended_takes = 10;
	t->wait_ns = 1000;
	t->name = strdup("thread");
	t->wait = sample_hist(10, 100);
	if (takes != FIG_NULL)
		t->hold = sample_hist(20, 50);
	return t;
}

/* One process with a GIL, exact or watched, from @start for @ns. */
static struct figures *stretch(bool exact, u64 start, u64 ns)
{
	struct figures *f = figures_new();
	struct fig_process *p = f->procs = calloc(1, sizeof(*f->procs));
	struct fig_gil *g;
	struct fig_gc *gc;

	f->nprocs = 1;
	f->mode = exact ? "exact" : "watch";
	f->started_ns = f->started_unix_ns = start;
	f->duration_ns = ns;
	f->overhead.probe_hits = 100;
	f->overhead.target_cpu_ns_estimate = 1000;
	p->pid = 7;
	p->command = strdup("python");
	p->measured_ns = ns;
	g = fig_row_add(FIG_GILS, p);
	p->gil_measured = p->gc_measured = true;
	g->address = 0x1000;
	g->held_ns = ns / 2;
	g->held_source = exact ? "exact" : "sampled";
	g->held_error_ratio = exact ? 0 : 0.1;
	g->takes = exact ? 500 : FIG_NULL;
	g->contended_takes = 40;
	g->samples = exact ? FIG_NULL : 64;
	gc = fig_row_add(FIG_GC, p);
	gc->generation = 2;
	gc->collections = 3;
	gc->pause = sample_hist(3, 1000);
	return f;
}

static const struct fig_thread *find(const struct fig_process *p, u32 tid, u64 start_ns)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].tid == tid && p->threads[i].start_ns == start_ns)
			return &p->threads[i];
	return NULL;
}

static void test_exact_and_watch(void **state)
{
	struct figures *a = stretch(true, 1000, 3000), *b = stretch(false, 3900, 1100);
	struct figures *f = figures_sum(a, b);
	const struct fig_gil *g = f->procs[0].gils;
	const struct fig_gc *gc = f->procs[0].gc;

	(void)state;
	assert_int_equal(f->nprocs, 1);
	assert_int_equal(f->started_ns, 1000);
	assert_int_equal(f->duration_ns, 4000);
	assert_int_equal(f->procs[0].measured_ns, 4000); /* not 4100: no longer than the whole */
	assert_int_equal(f->overhead.probe_hits, 200);
	assert_int_equal(f->overhead.target_cpu_ns_estimate, 2000);
	assert_string_equal(f->mode, "exact");
	assert_int_equal(f->procs[0].ngils, 1);
	assert_true(g->takes == FIG_NULL);
	assert_int_equal(g->contended_takes, 80);
	assert_int_equal(g->held_ns, 1500 + 550);
	assert_true(fabs(g->held_ratio - 0.5) < 1e-9);
	assert_string_equal(g->held_source, "mixed");
	assert_true(fabs(g->held_error_ratio - 0.1 * 1100 / 4100) < 1e-9);
	assert_int_equal(g->samples, 64);
	assert_int_equal(f->procs[0].ngc, 1);
	assert_int_equal(gc->collections, 6);
	assert_int_equal(gc->pause.count, 6);
	figures_free(f);
	figures_free(b);
	figures_free(a);
}

/* 10: there all the time; 20: ended before; 30: begun in the first, goes on; 40: new. */
static void test_threads(void **state)
{
	struct figures *a = stretch(true, 1000, 3000), *b = stretch(false, 4000, 1000), *f;
	const struct fig_thread *t;

	(void)state;
	add_thread(a->procs, 10, 0, 5);
	add_thread(a->procs, 20, 0, 6)->exited = true;
	add_thread(a->procs, 30, 1500, 7);
	add_thread(b->procs, 40, 4500, FIG_NULL);
	add_thread(b->procs, 30, 0, FIG_NULL);
	add_thread(b->procs, 20, 0, FIG_NULL)->start_ns = 4600; /* another one with its tid */
	add_thread(b->procs, 10, 0, FIG_NULL);
	f = figures_sum(a, b);
	assert_int_equal(f->procs[0].nthreads, 5);
	t = find(f->procs, 10, 0);
	assert_non_null(t);
	assert_true(t->takes == FIG_NULL);
	assert_false(t->hold.valid);
	assert_int_equal(t->contended_takes, 20);
	assert_int_equal(t->wait.count, 20);
	t = find(f->procs, 20, 0);
	assert_non_null(t);
	assert_int_equal(t->takes, 6);
	assert_int_equal(t->hold.count, 20);
	assert_true(t->exited);
	t = find(f->procs, 30, 1500);
	assert_non_null(t);
	assert_int_equal(t->contended_takes, 20);
	assert_non_null(find(f->procs, 20, 4600));
	assert_non_null(find(f->procs, 40, 4500));
	figures_free(f);
	figures_free(b);
	figures_free(a);
}

static void test_processes(void **state)
{
	struct figures *a = stretch(true, 1000, 3000), *b = stretch(true, 4000, 1000), *f;

	(void)state;
	a->procs->exited = true; /* its pid has come back: two processes */
	f = figures_sum(a, b);
	assert_int_equal(f->nprocs, 2);
	assert_true(f->procs[0].exited);
	assert_int_equal(f->procs[0].gils->takes, 500);
	assert_int_equal(f->procs[1].gils->takes, 500);
	figures_free(f);
	a->procs->exited = false;
	f = figures_sum(a, b);
	assert_int_equal(f->nprocs, 1);
	assert_int_equal(f->procs[0].gils->takes, 1000);
	assert_string_equal(f->procs[0].gils->held_source, "exact");
	figures_free(f);
	b->procs->gc_measured = false;
	f = figures_sum(a, b);
	assert_false(f->procs[0].gc_measured);
	figures_free(f);
	figures_free(b);
	figures_free(a);
}

static bool grows(enum fig_kind kind)
{
	return kind == FIG_COUNT || kind == FIG_TIME;
}

/* Every column of every table: an interval added to what was before it is what there is now. */
static void test_undoes_interval(void **state)
{
	struct figures *old = sample_figures(3, 4), *now = sample_figures(5, 4);
	struct figures *part = figures_interval(old, now), *sum = figures_sum(old, part);

	(void)state;
	assert_int_equal(sum->nprocs, now->nprocs);
	assert_int_equal(sum->duration_ns, now->duration_ns);
	for (size_t i = 0; i < now->nprocs; i++)
		for (size_t t = 0; t < FIG_TABLE_COUNT; t++) {
			const struct fig_table_desc *d = &fig_tables[t];
			struct fig_rows x = fig_rows(d, &sum->procs[i]);
			struct fig_rows y = fig_rows(d, &now->procs[i]);

			assert_int_equal(x.count, y.count);
			for (size_t n = 0; n < y.count * d->row_size; n += d->row_size)
				for (const struct fig_column *c = d->columns; c->name; c++)
					if (grows(c->kind))
						assert_int_equal(*(u64 *)(x.row + n + c->offset),
								 *(u64 *)(y.row + n + c->offset));
		}
	figures_free(sum);
	figures_free(part);
	figures_free(now);
	figures_free(old);
}

static void test_of_one(void **state)
{
	struct figures *b = stretch(false, 4000, 1000), *f = figures_sum(NULL, b);

	(void)state;
	assert_int_equal(f->duration_ns, 1000);
	assert_string_equal(f->procs[0].gils->held_source, "sampled");
	assert_ptr_not_equal(f->procs[0].gils, b->procs[0].gils);
	figures_free(f);
	figures_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_and_watch), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_processes),	cmocka_unit_test(test_undoes_interval),
		cmocka_unit_test(test_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
