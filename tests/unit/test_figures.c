/*
 * Interval arithmetic, over every column of every table: the tests walk the tables of the
 * model, so that a new figure is covered by being listed there.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "user/model/figures.h"

#define ROWS 3

/* Value of column number @c of row @row in reading @reading (1 older, 2 newer). */
static u64 made_up(size_t row, size_t c, u64 reading)
{
	return reading * 1000 + row * 100 + c;
}

static void fill_hist(struct fig_hist *h, u64 n)
{
	*h = (struct fig_hist) { .valid = true, .count = n, .sum_ns = n * 5 };
	h->max_ns = 5;
	h->interval_max_ns = 5;
	h->bucket[5] = (u32)n;
}

static const struct fig_frames some_frames = { .n = 0 };

/* Identities are the same in both readings; everything else differs. */
static void fill(const struct fig_column *columns, char *row, size_t n, u64 reading)
{
	for (size_t i = 0; columns[i].name; i++) {
		void *v = row + columns[i].offset;
		u64 same = made_up(n, i, 0), now = made_up(n, i, reading);

		switch (columns[i].kind) {
		case FIG_ID:
			*(u32 *)v = (u32)same;
			break;
		case FIG_KEY:
		case FIG_ADDRESS:
			*(u64 *)v = same;
			break;
		case FIG_LABEL:
			*(const char **)v = "label";
			break;
		case FIG_NAME:
			*(char **)v = strdup("name");
			break;
		case FIG_NUMBER:
			*(u32 *)v = (u32)now;
			break;
		case FIG_COUNT:
		case FIG_TIME:
		case FIG_LEVEL:
			*(u64 *)v = now;
			break;
		case FIG_REAL:
			*(double *)v = (double)reading;
			break;
		case FIG_FLAG:
			*(bool *)v = reading == 2;
			break;
		case FIG_STATIC:
			*(const char **)v = reading == 2 ? "newer" : "older";
			break;
		case FIG_TEXT:
			*(char **)v = strdup(reading == 2 ? "newer" : "older");
			break;
		case FIG_HIST:
			fill_hist(v, now);
			break;
		case FIG_FRAMES:
			*(const struct fig_frames **)v = &some_frames;
			break;
		}
	}
}

static void check(const struct fig_column *columns, const char *row, size_t n)
{
	for (size_t i = 0; columns[i].name; i++) {
		const void *v = row + columns[i].offset;
		const struct fig_hist *h = v;

		switch (columns[i].kind) {
		case FIG_ID:
			assert_int_equal(*(const u32 *)v, made_up(n, i, 0));
			break;
		case FIG_KEY:
		case FIG_ADDRESS:
			assert_int_equal(*(const u64 *)v, made_up(n, i, 0));
			break;
		case FIG_LABEL:
		case FIG_NAME:
			assert_non_null(*(char *const *)v);
			break;
		case FIG_NUMBER:
			assert_int_equal(*(const u32 *)v, made_up(n, i, 2));
			break;
		case FIG_COUNT:
		case FIG_TIME:
			assert_int_equal(*(const u64 *)v, 1000);
			break;
		case FIG_LEVEL:
			assert_int_equal(*(const u64 *)v, made_up(n, i, 2));
			break;
		case FIG_REAL:
			if (strncmp(columns[i].name, "held_", 5) &&
			    strcmp(columns[i].name, "hits_per_s")) /* worked out anew */
				assert_true(*(const double *)v == 2);
			break;
		case FIG_FLAG:
			assert_true(*(const bool *)v);
			break;
		case FIG_STATIC:
		case FIG_TEXT:
			assert_string_equal(*(char *const *)v, "newer");
			break;
		case FIG_HIST:
			assert_int_equal(h->count, 1000);
			assert_int_equal(h->sum_ns, 5000);
			assert_int_equal(h->bucket[5], 1000);
			assert_int_equal(h->max_ns, 5);
			break;
		case FIG_FRAMES:
			assert_ptr_equal(*(struct fig_frames *const *)v, &some_frames);
			break;
		}
	}
}

/* @rows rows in every table; labels and names are no identity by themselves: see below. */
static void fill_table(const struct fig_table_desc *t, void *base, u64 reading, size_t rows)
{
	char *array = calloc(rows, t->row_size);

	for (size_t i = 0; i < rows; i++)
		fill(t->columns, array + i * t->row_size, i, reading);
	*(char **)((char *)base + t->array) = array;
	*(size_t *)((char *)base + t->count) = rows;
	if (t->measured != FIG_ALWAYS)
		*(bool *)((char *)base + t->measured) = true;
}

/* Tables whose rows only labels tell apart hold one row here. */
static size_t rows_of(const struct fig_table_desc *t)
{
	for (const struct fig_column *c = t->columns; c->name; c++)
		if (c->kind == FIG_ID || c->kind == FIG_KEY || c->kind == FIG_ADDRESS)
			return ROWS;
	return 1;
}

static struct figures *reading(u64 n)
{
	struct figures *f = figures_new();

	f->procs = calloc(1, sizeof(*f->procs));
	f->nprocs = 1;
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		fill_table(&fig_tables[t], f->procs, n, rows_of(&fig_tables[t]));
	for (size_t t = 0; t < FIG_TOP_TABLE_COUNT; t++)
		fill_table(&fig_top_tables[t], f, n, rows_of(&fig_top_tables[t]));
	fill(fig_process_columns, (char *)f->procs, 0, n);
	fill(fig_python_columns, (char *)f->procs, 0, n);
	fill(fig_figures_columns, (char *)f, 0, n);
	fill(fig_overhead_columns, (char *)f, 0, n);
	return f;
}

static void check_tables(const struct fig_table_desc *tables, size_t count, const void *base)
{
	for (size_t t = 0; t < count; t++) {
		struct fig_rows rows = fig_rows(&tables[t], base);

		assert_true(rows.measured);
		assert_int_equal(rows.count, rows_of(&tables[t]));
		for (size_t i = 0; i < rows.count; i++)
			check(tables[t].columns, rows.row + i * tables[t].row_size, i);
	}
}

static void every_column_of_every_table_is_subtracted(void **state)
{
	struct figures *from = reading(1), *to = reading(2);
	struct figures *f = figures_interval(from, to);

	(void)state;
	assert_non_null(f);
	check_tables(fig_tables, FIG_TABLE_COUNT, f->procs);
	check_tables(fig_top_tables, FIG_TOP_TABLE_COUNT, f);
	check(fig_process_columns, (char *)f->procs, 0);
	check(fig_python_columns, (char *)f->procs, 0);
	check(fig_overhead_columns, (char *)f, 0);
	assert_int_equal(f->duration_ns, 1000);
	/* it begins where the older reading ended */
	assert_int_equal(f->started_ns, from->started_ns + from->duration_ns);
	assert_int_equal(f->started_unix_ns, from->started_unix_ns + from->duration_ns);
	for (size_t i = 0; i < f->procs->ngils; i++)
		assert_true(f->procs->gils[i].held_ratio == 1 &&
			    f->procs->gils[i].held_error_ratio == fig_sampling_error(1, 1000));
	figures_free(f);
	figures_free(from);
	figures_free(to);
}

/* Against the bounds of Wilson's interval as statistics packages give them. */
static void sampling_error(void **state)
{
	(void)state;
	assert_true(fabs(fig_sampling_error(0.5, 100) - 0.0962) < 0.0001);
	assert_true(fabs(fig_sampling_error(0, 100) - 0.0370) < 0.0001);
	assert_true(fabs(fig_sampling_error(1, 100) - 0.0370) < 0.0001);
	assert_true(fabs(fig_sampling_error(0.9, 1000) - 0.0201) < 0.0002);
	assert_true(isnan(fig_sampling_error(0.5, 0)));
	assert_true(isnan(fig_sampling_error(NAN, 10)));
}

/* A pair's row went where those of ended threads are kept together: what it had is no news. */
static void pairs_of_ended_threads_are_no_news(void **state)
{
	struct fig_blame before[] = { { 1, 2, 3, 300 }, { 1, 4, 5, 500 }, { 7, 2, 1, 100 } };
	struct fig_blame after[] = { { 0, 0, 6, 570 }, { 1, 2, 4, 410 }, { 0, 2, 1, 120 } };
	struct fig_process older = { .pid = 1, .blame = before, .nblame = 3 };
	struct fig_process newer = { .pid = 1, .blame = after, .nblame = 3 };
	struct figures from = { .procs = &older, .nprocs = 1 };
	struct figures to = { .procs = &newer, .nprocs = 1 };
	struct figures *f = figures_interval(&from, &to);

	(void)state;
	assert_non_null(f);
	assert_int_equal(f->procs->blame[0].wait_ns, 70);
	assert_int_equal(f->procs->blame[1].wait_ns, 110);
	assert_int_equal(f->procs->blame[2].wait_ns, 20);
	figures_free(f);
}

/* All of a row but its texts, which are other copies. */
static void assert_same_rows(const struct fig_table_desc *t, const void *a, const void *b)
{
	struct fig_rows x = fig_rows(t, a), y = fig_rows(t, b);

	assert_int_equal(x.count, y.count);
	for (size_t i = 0; i < x.count; i++) {
		for (const struct fig_column *c = t->columns; c->name; c++) {
			const char *u = x.row + i * t->row_size + c->offset;
			const char *v = y.row + i * t->row_size + c->offset;

			if (c->kind == FIG_TEXT || c->kind == FIG_NAME) {
				assert_ptr_not_equal(*(char *const *)u, *(char *const *)v);
				assert_string_equal(*(char *const *)u, *(char *const *)v);
			} else if (c->kind == FIG_HIST) {
				assert_memory_equal(u, v, sizeof(struct fig_hist));
			} else {
				assert_memory_equal(u, v, c->kind == FIG_FLAG ? 1 : 4);
			}
		}
	}
}

static void since_the_start_is_a_copy(void **state)
{
	struct figures *to = reading(2), *f = figures_interval(NULL, to);

	(void)state;
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		assert_same_rows(&fig_tables[t], f->procs, to->procs);
	for (size_t t = 0; t < FIG_TOP_TABLE_COUNT; t++)
		assert_same_rows(&fig_top_tables[t], f, to);
	assert_int_equal(f->duration_ns, to->duration_ns);
	figures_free(f);
	figures_free(to);
}

static void null_stays_null_and_nothing_goes_below_zero(void **state)
{
	struct figures *from = reading(1), *to = reading(2), *f;

	(void)state;
	to->procs->gils[0].takes = FIG_NULL;
	from->procs->gils[1].takes = FIG_NULL;
	from->procs->gils[2].takes = UINT64_MAX - 1;
	to->procs->gils[0].held_ns = FIG_NULL;
	to->procs->gils[1].held_ratio = NAN;
	to->procs->gc[0].pause.valid = false;
	to->procs->io_measured = false;
	f = figures_interval(from, to);
	assert_int_equal(f->procs->gils[0].takes, FIG_NULL);
	assert_int_equal(f->procs->gils[1].takes, to->procs->gils[1].takes);
	assert_int_equal(f->procs->gils[2].takes, 0);
	assert_true(isnan(f->procs->gils[0].held_ratio));
	assert_true(isnan(f->procs->gils[1].held_ratio));
	assert_false(f->procs->gc[0].pause.valid);
	assert_false(f->procs->io_measured);
	figures_free(f);
	figures_free(from);
	figures_free(to);
}

static void rows_match_by_identity_not_by_place(void **state)
{
	struct figures *from = sample_figures(4, 50), *to = sample_figures(10, 50), *f;
	struct fig_process *p = &to->procs[0];
	struct fig_thread first = p->threads[0], gone;

	(void)state;
	/* the newer reading has them the other way round, one ended, one's tid came back */
	p->threads[0] = p->threads[49];
	p->threads[49] = first;
	gone = p->threads[20];
	free(gone.name);
	p->threads[20] = p->threads[48];
	p->nthreads = 48;
	p->threads[48] = p->threads[49];
	p->nthreads = 49;
	p->threads[5].start_ns += 1000000;
	f = figures_interval(from, to);
	assert_int_equal(f->procs[0].nthreads, 49);
	assert_int_equal(f->procs[0].threads[48].tid, first.tid);
	assert_int_equal(f->procs[0].threads[48].takes, 6 * 9000);
	assert_int_equal(f->procs[0].threads[5].takes, p->threads[5].takes);
	assert_int_equal(f->procs[0].threads[7].takes, 10 * 9000 / 8 - 4 * 9000 / 8);
	figures_free(f);
	figures_free(from);
	figures_free(to);
}

static void a_pid_that_came_back_is_another_process(void **state)
{
	struct figures *from = sample_figures(4, 2), *to = sample_figures(10, 2), *f;

	(void)state;
	to->procs[1].pid = to->procs[0].pid; /* 8000 is gone; its pid is not in `to` */
	f = figures_interval(from, to);
	assert_int_equal(f->nprocs, 2);
	assert_int_equal(f->procs[0].measured_ns, 6 * SAMPLE_SEC);
	assert_int_equal(f->procs[1].measured_ns, 10 * SAMPLE_SEC);
	figures_free(f);
	figures_free(from);
	figures_free(to);
}

static void causes_that_lost_nothing_are_not_listed(void **state)
{
	struct figures *from = sample_figures(4, 1), *to = sample_figures(10, 1), *f;

	(void)state;
	to->lost[0].count = from->lost[0].count;
	f = figures_interval(from, to);
	assert_int_equal(f->nlost, 0);
	figures_free(f);
	figures_free(from);
	figures_free(to);
}

static void empty_figures_are_fine(void **state)
{
	struct figures *a = figures_new(), *f = figures_interval(a, a);

	(void)state;
	assert_non_null(f);
	assert_null(figures_free(f));
	assert_null(figures_free(a));
	assert_null(figures_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_of_every_table_is_subtracted),
		cmocka_unit_test(sampling_error),
		cmocka_unit_test(pairs_of_ended_threads_are_no_news),
		cmocka_unit_test(since_the_start_is_a_copy),
		cmocka_unit_test(null_stays_null_and_nothing_goes_below_zero),
		cmocka_unit_test(rows_match_by_identity_not_by_place),
		cmocka_unit_test(a_pid_that_came_back_is_another_process),
		cmocka_unit_test(causes_that_lost_nothing_are_not_listed),
		cmocka_unit_test(empty_figures_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
