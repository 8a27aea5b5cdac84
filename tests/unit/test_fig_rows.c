/* Rows that are added, copied and summed; ended threads, one by one and as one row. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/model/fig_rows.h"

static struct fig_hist hist_of(u64 count)
{
	struct fig_hist h = { .valid = true, .count = count, .sum_ns = count * 3, .max_ns = 3 };

	h.interval_max_ns = 3;
	h.bucket[3] = (u32)count;
	return h;
}

static struct fig_thread *add_thread(struct fig_process *p, u32 tid, u64 takes, bool exited)
{
	struct fig_thread *t = fig_row_add(FIG_THREADS, p);

	assert_non_null(t);
	t->tid = tid;
	t->takes = takes;
	t->exited = exited;
	t->hold = hist_of(takes);
	t->name = strdup("a thread");
	return t;
}

static struct figures *one_process(void)
{
	struct figures *f = figures_new();

	f->procs = calloc(1, sizeof(*f->procs));
	f->nprocs = 1;
	f->procs[0].pid = 42;
	return f;
}

static void a_new_row_has_measured_nothing(void **state)
{
	struct figures *f = one_process();
	struct fig_thread *t;
	struct fig_gil *g;

	(void)state;
	for (int i = 0; i < 100; i++)
		t = fig_row_add(FIG_THREADS, &f->procs[0]);
	g = fig_row_add(FIG_GILS, &f->procs[0]);
	assert_int_equal(f->procs[0].nthreads, 100);
	assert_true(t->takes == FIG_NULL && t->wait_ns == FIG_NULL && !t->hold.valid);
	assert_true(g->handovers == FIG_NULL && isnan(g->held_ratio));
	figures_free(f);
}

static void a_copy_owns_its_texts(void **state)
{
	struct figures *f = one_process();
	struct fig_thread *t = add_thread(&f->procs[0], 7, 1, false), copy;

	(void)state;
	fig_row_copy(FIG_THREADS, &copy, t);
	assert_string_equal(copy.name, t->name);
	assert_ptr_not_equal(copy.name, t->name);
	fig_row_clear(FIG_THREADS, &copy);
	assert_null(copy.name);
	figures_free(f);
}

static void a_sum_is_null_only_if_all_parts_are(void **state)
{
	struct fig_thread sum, a = { .takes = 5, .wait_ns = FIG_NULL, .hold = hist_of(2) };

	(void)state;
	fig_thread_sum_init(&sum);
	assert_true(sum.takes == FIG_NULL && !sum.hold.valid);
	fig_thread_sum(&sum, &a);
	a.takes = FIG_NULL;
	fig_thread_sum(&sum, &a);
	assert_int_equal(sum.takes, 5);
	assert_true(sum.wait_ns == FIG_NULL);
	assert_int_equal(sum.hold.count, 4);
	assert_int_equal(fig_sum(FIG_NULL, FIG_NULL), FIG_NULL);
	assert_int_equal(fig_sum(1, FIG_NULL), 1);
}

static void ended_threads_of_a_process_that_goes_on_are_one_row(void **state)
{
	struct figures *f = one_process();
	struct fig_process *p = &f->procs[0];
	struct fig_ended ended;
	const void *list[5];

	(void)state;
	add_thread(p, 1, 10, false);
	add_thread(p, 2, 20, true);
	add_thread(p, 3, 30, true);
	assert_int_equal(fig_threads_shown(p, list, &ended), 2);
	assert_ptr_equal(list[1], &ended.sum);
	assert_int_equal(ended.sum.takes, 50);
	assert_int_equal(ended.sum.hold.count, 50);
	assert_string_equal(ended.sum.name, "[2 ended]");
	/* With the process all have ended: then each is worth its row. */
	p->exited = true;
	assert_int_equal(fig_threads_shown(p, list, &ended), 3);
	figures_free(f);
}

/* What a thread did before it went into the row of the ended is no news of the interval. */
static void folding_a_thread_adds_nothing_to_the_interval(void **state)
{
	struct figures *from = one_process(), *to = one_process(), *part;

	(void)state;
	add_thread(&from->procs[0], 0, 100, true); /* those folded before */
	add_thread(&from->procs[0], 5, 40, true);
	add_thread(&from->procs[0], 6, 7, false);
	add_thread(&to->procs[0], 0, 145, true); /* 5 more were counted, and 40 moved */
	add_thread(&to->procs[0], 6, 9, false);
	part = figures_interval(from, to);
	assert_int_equal(part->procs[0].threads[0].takes, 5);
	assert_int_equal(part->procs[0].threads[0].hold.count, 5);
	assert_int_equal(part->procs[0].threads[1].takes, 2);
	figures_free(part);
	figures_free(from);
	figures_free(to);
}

static void off_the_cpu(void **state)
{
	struct fig_process p = { .measured_ns = 1000000 };
	struct fig_gil *g = fig_row_add(FIG_GILS, &p);
	struct fig_thread t = { .held_ns = 10000, .held_offcpu_ns = 2500 };

	(void)state;
	assert_true(fig_offcpu_share(&p, &t) == 0.25);
	g->held_error_ratio = 0.01; /* just as long as chance may make it */
	assert_true(fig_offcpu_share(&p, &t) == 0.25);
	g->held_error_ratio = 0.011;
	assert_true(isnan(fig_offcpu_share(&p, &t)));
	g->held_error_ratio = NAN; /* a recording of watch mode */
	t.held_offcpu_ns = 20000;
	assert_true(fig_offcpu_share(&p, &t) == 1);
	t.held_offcpu_ns = FIG_NULL;
	assert_true(isnan(fig_offcpu_share(&p, &t)));
	t.held_offcpu_ns = t.held_ns = 0;
	assert_true(isnan(fig_offcpu_share(&p, &t)));
	free(p.gils);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_row_has_measured_nothing),
		cmocka_unit_test(a_copy_owns_its_texts),
		cmocka_unit_test(a_sum_is_null_only_if_all_parts_are),
		cmocka_unit_test(ended_threads_of_a_process_that_goes_on_are_one_row),
		cmocka_unit_test(folding_a_thread_adds_nothing_to_the_interval),
		cmocka_unit_test(off_the_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
