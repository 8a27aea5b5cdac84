/* Findings on the dashboard: a line in the header, the list behind it, and the way back. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "user/view/view.h"

static struct view v;
static struct canvas c;

static bool shows(const char *part)
{
	char line[512];

	view_draw(&v, &c);
	for (int r = 0; r < c.rows; r++) {
		canvas_line(&c, r, line, sizeof(line));
		if (strstr(line, part))
			return true;
	}
	return false;
}

/* Two processes, the first of which collects for @gc_ns in 10 s. */
static void show(u64 gc_ns)
{
	struct figures *f = sample_figures(10, 3);
	struct fig_gc *gc = f->procs[0].gc;

	gc[0].pause.sum_ns = gc[1].pause.sum_ns = 0;
	gc[2].pause.sum_ns = gc_ns;
	assert_int_equal(view_show(&v, f, f), 0);
	figures_free(f);
}

static void a_line_and_a_list(void **state)
{
	(void)state;
	show(3 * SAMPLE_SEC);
	assert_true(shows("FOUND gc-dominates in 4711 3.00 s, 30.0% of the time (f explains)"));
	view_key(&v, VIEW_KEY_ENTER);
	assert_true(shows("FOUND gc-dominates 3.00 s, 30.0% of the time (f explains)"));
	view_key(&v, 'f');
	assert_true(shows("FINDINGS"));
	assert_true(shows("mostly generation 2"));
	assert_true(shows("gc.freeze()"));
	assert_false(shows("FOUND"));
	view_key(&v, VIEW_KEY_DOWN);
	view_key(&v, VIEW_KEY_END); /* the last one stays in sight */
	assert_true(shows("gc-dominates"));
	view_key(&v, 'f');
	assert_true(shows("FOUND gc-dominates"));
}

static void only_of_what_is_on_show(void **state)
{
	(void)state;
	show(3 * SAMPLE_SEC);
	view_key(&v, 'n');
	view_key(&v, VIEW_KEY_ENTER);
	assert_false(shows("FOUND"));
	view_key(&v, 'f');
	assert_true(shows("none now"));
	view_key(&v, VIEW_KEY_ESC);
	assert_false(shows("FINDINGS"));
}

static void it_goes_when_it_is_over(void **state)
{
	(void)state;
	show(3 * SAMPLE_SEC);
	assert_true(shows("FOUND"));
	show(SAMPLE_SEC / 2);
	assert_false(shows("FOUND"));
	view_key(&v, 'f');
	assert_true(shows("none now"));
}

static int start(void **state)
{
	const struct dash_opts opts = { .interval_ns = SAMPLE_SEC };

	(void)state;
	view_init(&v, &opts);
	return !setlocale(LC_CTYPE, "C.UTF-8") || canvas_resize(&c, 24, 80);
}

static int finish(void **state)
{
	(void)state;
	view_done(&v);
	canvas_free(&c);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_and_a_list),
		TEST(only_of_what_is_on_show),
		TEST(it_goes_when_it_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
