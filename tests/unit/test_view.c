/* The dashboard without a terminal: keys in, canvas out. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "user/view/view.h"

static struct view v;
static struct canvas c;
static char text[65536];
static char saved[128];

static int save(const struct figures *f, const char *path)
{
	(void)f;
	snprintf(saved, sizeof(saved), "%s", path);
	return strstr(path, "4711") ? 0 : -13; /* EACCES */
}

static void show_all(u64 from, u64 to, size_t threads)
{
	struct figures *a = sample_figures(from, threads), *b = sample_figures(to, threads);
	struct figures *interval = figures_interval(a, b);

	assert_int_equal(view_show(&v, interval, b), 0);
	figures_free(a);
	figures_free(b);
	figures_free(interval);
}

/* The same, narrowed to the first process as a user would. */
static void show(u64 from, u64 to, size_t threads)
{
	bool chosen = v.chosen;

	show_all(from, to, threads);
	if (!chosen)
		view_key(&v, VIEW_KEY_ENTER);
}

static int start(void **state)
{
	const struct dash_opts opts = { .interval_ns = SAMPLE_SEC, .save = save };

	(void)state;
	view_init(&v, &opts);
	c.utf8 = true;
	return !setlocale(LC_CTYPE, "C.UTF-8") || canvas_resize(&c, 24, 80);
}

static int finish(void **state)
{
	(void)state;
	view_done(&v);
	canvas_free(&c);
	return 0;
}

/* The screen as text, a line each. */
static const char *screen(void)
{
	size_t len = 0;

	view_draw(&v, &c);
	for (int r = 0; r < c.rows; r++) {
		canvas_line(&c, r, text + len, sizeof(text) - len - 1);
		len += strlen(text + len);
		text[len++] = '\n';
	}
	text[len] = '\0';
	return text;
}

static void assert_shows(const char *part)
{
	bool there = strstr(screen(), part);

	if (!there)
		print_error("missing: %s\non:\n%s", part, text);
	assert_true(there);
}

static void assert_hides(const char *part)
{
	bool there = strstr(screen(), part);

	if (there)
		print_error("unexpected: %s\non:\n%s", part, text);
	assert_false(there);
}

static void type(const char *keys)
{
	for (; *keys; keys++)
		assert_int_equal(view_key(&v, (u32)*keys), DASH_NONE);
}

static void everything_is_on_80_by_24(void **state)
{
	(void)state;
	assert_shows("measuring");
	show(4, 5, 30);
	assert_shows("gilscope 4711 (1 of 2)  python3 app.py --port 8080");
	assert_shows("Python 3.11.2  exact\n");
	assert_shows(
		"last 1.00 s  gilscope 0.4% CPU  probes 41.0k/s x 640 ns, ~1.0% CPU of target\n");
	assert_shows("LOST threads_full 60");
	assert_shows("GIL  held 80.0%");
	assert_shows("takes 20.0k/s  contended 35.0%  forced 420/s  handovers 6500/s\n");
	assert_shows("waiters 1.30  off-CPU 12.5%  now 4712 worker-1\n");
	assert_shows("    TID NAME (30)    HELD%  WAIT% TAKES/s");
	assert_shows("   4711 MainThread   40.0%   0.6%    9000");
	assert_shows(" GC GEN  COUNT/s PAUSE50");
	assert_shows("epoll_wait          1500    1200");
	assert_shows("TYPES  not measured (--with refs)\n");
	assert_shows("q quit  ? help");
}

static void several_processes_are_shown_at_once(void **state)
{
	(void)state;
	show_all(4, 5, 30);
	assert_shows("gilscope all processes");
	assert_shows("ALL  2 processes, 2 running, 31 threads  GILs held 160.0% of one");
	assert_shows("takes 40.0k/s  contended 14.0k/s  collections 46.0/s, 8.6%");
	assert_shows("    PID     TID NAME (31)");
	assert_shows("   8000    8001 worker-1");
	/* Narrow the view to the second one, and back. */
	view_key(&v, VIEW_KEY_DOWN);
	screen();
	view_key(&v, VIEW_KEY_ENTER);
	assert_shows("gilscope 8000 (2 of 2)");
	assert_shows("GC");
	type("a");
	assert_shows("gilscope all processes");
	view_key(&v, VIEW_KEY_HOME);
	screen();
	assert_int_equal(v.pid, 4711);
	/* The mark ends at the ends, and stays on its process. */
	view_key(&v, VIEW_KEY_END);
	screen();
	assert_int_equal(v.pid, 8000);
	show_all(5, 6, 3);
	screen();
	assert_int_equal(v.pid, 8000);
	/* Sorted by another column, reversed, filtered, at any size. */
	type("sr/worker");
	view_key(&v, VIEW_KEY_ENTER);
	assert_shows("/worker");
	for (int size = 60; size < 220; size += 13) {
		assert_int_equal(canvas_resize(&c, size / 4, size), 0);
		screen();
	}
}

static void no_size_breaks_it(void **state)
{
	static const int sizes[][2] = { { 1, 1 },    { 5, 20 },	  { 12, 60 },
					{ 12, 59 },  { 13, 300 }, { 60, 200 },
					{ 200, 60 }, { 24, 80 },  { 0, 0 } };

	(void)state;
	show(4, 5, 1200);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(canvas_resize(&c, sizes[i][0], sizes[i][1]), 0);
		for (int help = 0; help < 2; help++) {
			v.help = help;
			screen();
		}
		v.help = false;
		if (sizes[i][0] >= VIEW_MIN_ROWS && sizes[i][1] >= VIEW_MIN_COLS)
			assert_shows("MainThread");
		else if (sizes[i][1] >= 20)
			assert_shows("terminal too small");
	}
}

static void a_large_screen_shows_all_columns_and_more_threads(void **state)
{
	(void)state;
	show(4, 5, 30);
	canvas_resize(&c, 60, 200);
	assert_shows("OFFCPU");
	assert_shows("worker-26");
	assert_shows("日本語スレッド-8 ");
}

static void threads_sort_by_any_column(void **state)
{
	(void)state;
	show(4, 5, 30);
	for (int i = 0; i < threads_ncolumns; i++) {
		type("s");
		assert_shows(threads_columns[v.sort].title[0] == 'N'
				     ? "NAME (30)"
				     : threads_columns[v.sort].title);
	}
	type("<<"); /* from HELD% to TID */
	assert_int_equal(v.sort, 0);
	assert_shows("\n   4740 ");
	type("r");
	assert_shows("\n   4711 MainThread ");
	assert_hides("   4740 ");
}

static void scrolling_stops_at_both_ends(void **state)
{
	(void)state;
	show(4, 5, 30);
	screen();
	for (int i = 0; i < 100; i++)
		view_key(&v, VIEW_KEY_PAGE_DOWN);
	assert_shows("4740");
	assert_int_equal(v.scroll, 30 - v.page);
	view_key(&v, VIEW_KEY_PAGE_UP);
	assert_hides("4740");
	view_key(&v, VIEW_KEY_END);
	assert_shows("4740");
	view_key(&v, VIEW_KEY_HOME);
	view_key(&v, VIEW_KEY_UP);
	assert_shows("4711 MainThread");
	assert_int_equal(v.scroll, 0);
}

static void filtering_by_name(void **state)
{
	(void)state;
	show(4, 5, 30);
	type("/WORKq");
	assert_shows("Thread name contains: WORKq_");
	assert_shows("no thread has that in its name");
	view_key(&v, VIEW_KEY_BACKSPACE);
	assert_shows("worker-1 ");
	assert_hides("4711 MainThread");
	view_key(&v, VIEW_KEY_ENTER);
	assert_shows("/WORK 6:30");
	view_key(&v, VIEW_KEY_ESC);
	assert_shows("4711 MainThread");
	type("/");
	view_key(&v, 0xe9);
	assert_shows("flush-é-4");
	view_key(&v, VIEW_KEY_BACKSPACE);
	assert_string_equal(v.filter, "");
	for (int i = 0; i < 200; i++)
		view_key(&v, 0x65e5);
	assert_true(strlen(v.filter) < VIEW_FILTER);
	view_key(&v, VIEW_KEY_ESC);
	assert_false(v.filtering);
}

static void processes_and_totals_switch(void **state)
{
	(void)state;
	show(4, 5, 30);
	type("n");
	assert_shows("gilscope 8000 (2 of 2)");
	assert_shows("GC  not measured (--with gc)");
	assert_shows("dict                                      40.0k     41.0k");
	assert_shows("covers all but int");
	type("t");
	assert_shows("since start, 5.00 s");
	show(5, 6, 30);
	assert_shows("gilscope 8000 (2 of 2)");
	assert_shows("since start, 6.00 s");
	view_key(&v, VIEW_KEY_BACK_TAB);
	assert_shows("gilscope 4711 (1 of 2)");
	type("N");
	assert_shows("gilscope 8000 (2 of 2)");
	view_key(&v, VIEW_KEY_TAB);
	assert_shows("gilscope 4711 (1 of 2)");
}

static void pausing_keeps_the_figures(void **state)
{
	(void)state;
	show(4, 5, 30);
	type("p");
	show(5, 8, 30);
	assert_shows("PAUSED last 1.00 s");
	type(" ");
	show(5, 8, 30);
	assert_shows("\nlast 3.00 s");
}

static void the_interval_changes_within_bounds(void **state)
{
	enum dash_action last = DASH_NONE;

	(void)state;
	assert_int_equal(view_key(&v, '+'), DASH_INTERVAL);
	assert_int_equal(v.interval_ns, 2 * SAMPLE_SEC);
	for (int i = 0; i < 20; i++)
		last = view_key(&v, '+');
	assert_int_equal(v.interval_ns, 60 * SAMPLE_SEC);
	assert_int_equal(last, DASH_NONE);
	for (int i = 0; i < 20; i++)
		view_key(&v, '-');
	assert_int_equal(v.interval_ns, SAMPLE_SEC / 10);
}

static void snapshots_tell_how_it_went(void **state)
{
	(void)state;
	type("S");
	assert_string_equal(v.message, "Nothing to save yet.");
	show(4, 5, 30);
	type("S");
	assert_int_equal(strncmp(saved, "gilscope-4711-20", 16), 0);
	assert_null(strchr(saved, '/'));
	assert_shows("Saved gilscope-4711-20");
	type("nS");
	assert_shows("not saved: Permission denied");
}

static void help_lists_keys_columns_and_losses(void **state)
{
	(void)state;
	show(4, 5, 30);
	type("?");
	assert_shows("previous column");
	for (int i = 0; i < 100; i++)
		view_key(&v, VIEW_KEY_DOWN);
	screen();
	assert_shows("raise --max-threads");
	type("q");
	assert_shows("MainThread");
	assert_int_equal(view_key(&v, 'q'), DASH_QUIT);
}

static void hostile_names_stay_in_their_column(void **state)
{
	struct figures *f = sample_figures(5, 3);
	char *name = malloc(5001);

	(void)state;
	for (int i = 0; i < 5000; i++)
		name[i] = "\xcc\x81\x1b["[i % 4];
	name[5000] = '\0';
	free(f->procs[0].threads[1].name);
	f->procs[0].threads[1].name = name;
	assert_int_equal(view_show(&v, NULL, f), 0);
	assert_shows(" 20.0%   ");
	assert_null(strchr(text, 0x1b));
	figures_free(f);
}

static void losses_stand_out_while_they_go_on(void **state)
{
	(void)state;
	show(4, 5, 3);
	screen();
	assert_int_equal(c.cell[2 * c.cols].style, STYLE_BAD);
	show(5, 5, 3);
	screen();
	assert_int_equal(c.cell[2 * c.cols].style, STYLE_WARN);
}

static void there_may_be_no_process(void **state)
{
	struct figures *f = figures_new();

	(void)state;
	assert_int_equal(view_show(&v, f, f), 0);
	assert_shows("no process to show");
	type("ntsr/x");
	screen();
	figures_free(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_on_80_by_24),
		TEST(several_processes_are_shown_at_once),
		TEST(no_size_breaks_it),
		TEST(a_large_screen_shows_all_columns_and_more_threads),
		TEST(threads_sort_by_any_column),
		TEST(scrolling_stops_at_both_ends),
		TEST(filtering_by_name),
		TEST(processes_and_totals_switch),
		TEST(pausing_keeps_the_figures),
		TEST(the_interval_changes_within_bounds),
		TEST(snapshots_tell_how_it_went),
		TEST(help_lists_keys_columns_and_losses),
		TEST(hostile_names_stay_in_their_column),
		TEST(losses_stand_out_while_they_go_on),
		TEST(there_may_be_no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
