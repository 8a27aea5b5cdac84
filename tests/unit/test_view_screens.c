/* What takes the panels' place: an opened thread, the blame matrix, the flame view; and their keys.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "tests/unit/stacks_sample.h"
#include "user/view/view.h"

#define FIRST 4711 /* tid of the sample's first thread */

static struct view v;
static struct canvas c;
static struct fig_frames *kept[STACKS_KEPT];

static const char *screen(void)
{
	static char text[65536];
	size_t used = 0;

	view_draw(&v, &c);
	for (int r = 0; r < c.rows; r++) {
		canvas_line(&c, r, text + used, 1024);
		used += strlen(text + used);
		text[used++] = '\n';
	}
	text[used] = 0;
	return text;
}

static void assert_shows(const char *part)
{
	if (!strstr(screen(), part))
		fail_msg("expected: %s\non:\n%s", part, screen());
}

static void assert_hides(const char *part)
{
	if (strstr(screen(), part))
		fail_msg("unexpected: %s\non:\n%s", part, screen());
}

static void type(const char *keys)
{
	for (; *keys; keys++)
		view_key(&v, (u32)*keys);
}

static void add_blame(struct fig_process *p, u32 holder, u32 waiter, u64 ms)
{
	struct fig_blame *b = fig_row_add(FIG_BLAME, p);

	*b = (struct fig_blame) { FIRST + holder, FIRST + waiter, 3, ms * STACKS_MS };
}

/* One process of ten threads, measured for a second; stacks of the first three. */
static void show(bool stacks, bool blame)
{
	struct figures *f = sample_figures(1, 10);
	struct fig_process *p = &f->procs[0];

	f->nprocs = 1;
	p->measured_ns = 1000 * STACKS_MS;
	free(p->blame);
	p->blame = NULL;
	p->nblame = 0;
	p->blame_measured = blame;
	if (blame) {
		add_blame(p, 1, 0, 300);
		add_blame(p, 2, 0, 10);
		add_blame(p, 0, 1, 60);
		add_blame(p, 0, 2, 5);
	}
	if (stacks) {
		sample_stacks(p, kept);
		for (size_t i = 0; i < p->nstacks; i++)
			p->stacks[i].tid += FIRST - 1;
	}
	assert_int_equal(view_show(&v, f, f), 0);
	f->nprocs = 2;
	figures_free(f);
}

static void the_mark_moves_and_opens(void **state)
{
	(void)state;
	show(true, true);
	screen();
	assert_int_equal(v.tid, FIRST); /* it holds most */
	view_key(&v, VIEW_KEY_DOWN);
	screen();
	assert_int_equal(v.tid, FIRST + 1);
	view_key(&v, VIEW_KEY_ENTER);
	assert_shows("THREAD 4712 worker-1");
	assert_hides("HELD%");
	view_key(&v, VIEW_KEY_ESC);
	assert_shows("HELD%");
	assert_hides("THREAD 4712");
	type("s"); /* another order: from the top again */
	screen();
	view_key(&v, VIEW_KEY_ENTER);
	assert_hides("THREAD 4712");
}

static void the_mark_stays_on_its_thread(void **state)
{
	(void)state;
	show(false, false);
	screen();
	view_key(&v, VIEW_KEY_DOWN);
	view_key(&v, VIEW_KEY_DOWN);
	screen();
	assert_int_equal(v.tid, FIRST + 2);
	for (int i = 0; i < 3; i++) {
		show(false, false);
		screen();
		assert_int_equal(v.tid, FIRST + 2);
	}
	view_key(&v, VIEW_KEY_END);
	screen();
	view_key(&v, VIEW_KEY_DOWN); /* ends at the end */
	screen();
	view_key(&v, VIEW_KEY_ENTER);
	assert_true(v.screen == SCREEN_THREAD || strstr(v.message, "No thread"));
}

static void an_opened_thread(void **state)
{
	(void)state;
	show(true, true);
	screen();
	view_key(&v, VIEW_KEY_ENTER);
	assert_shows("THREAD 4711 MainThread");
	assert_shows("FUNCTIONS  by time the GIL was held");
	assert_shows("\n 60.0 ms  63.8%  60.0 ms  63.8%  parse  ");
	assert_shows("\n 20.0 ms  21.3%  80.0 ms  85.1%  work  ");
	assert_shows("/srv/lib/parser.py:112");
	assert_shows("WAITED FOR");
	assert_shows("\n  300 ms  30.0%     4712 worker-1");
	assert_shows("MADE WAIT");
	assert_shows("\n 60.0 ms   6.0%     4712 worker-1");
	type("w");
	assert_shows("FUNCTIONS  by time waited for the GIL");
	assert_shows("\n 5.00 ms  83.3%  5.00 ms  83.3%  parse  ");
	type("wwww"); /* dealloc */
	assert_shows("FUNCTIONS  by objects deallocated: not measured");
	type("w");
	assert_shows("FUNCTIONS  by time the GIL was held");
}

static void without_stacks_it_says_how_to_get_them(void **state)
{
	(void)state;
	show(false, true);
	screen();
	view_key(&v, VIEW_KEY_ENTER);
	assert_shows("FUNCTIONS  not measured (--with stacks)");
	assert_shows("\n  300 ms  30.0%     4712 worker-1");
	type("F");
	assert_shows("FLAME  not measured (--with stacks)");
	show(false, false);
	type("b");
	assert_shows("BLAME not measured (--mode watch)");
}

static void the_blame_matrix(void **state)
{
	(void)state;
	show(false, true);
	type("b");
	assert_shows("3 holders, 3 waiters");
	assert_shows("HOLDER, by waiter:             ALL    4711    4712    4713");
	assert_shows("\n   4712 worker-1             30.0%   30.0%       .       .");
	assert_shows("\n   4711 MainThread            6.5%       .    6.0%    0.5%");
	assert_shows("\n   4713 asyncio_0-2           1.0%    1.0%       .       .");
	assert_int_equal(canvas_resize(&c, 24, 60), 0); /* room for three of them */
	view_key(&v, VIEW_KEY_RIGHT);
	view_key(&v, VIEW_KEY_RIGHT);
	assert_shows("4713");
	assert_true(v.across <= 1);
	view_key(&v, VIEW_KEY_LEFT);
	view_key(&v, VIEW_KEY_LEFT);
	screen();
	assert_int_equal(v.across, 0);
	view_key(&v, VIEW_KEY_ESC);
	assert_shows("HELD%");
}

static void a_matrix_larger_than_the_screen_scrolls(void **state)
{
	struct figures *f = sample_figures(1, 60);
	struct fig_process *p = &f->procs[0];

	(void)state;
	f->nprocs = 1;
	p->blame_measured = true;
	p->measured_ns = 1000 * STACKS_MS;
	for (u32 i = 0; i < 60; i++)
		for (u32 k = 0; k < 60; k++)
			add_blame(p, i, k, 1 + (i == 59) + (k == 59));
	assert_int_equal(view_show(&v, f, f), 0);
	f->nprocs = 2;
	figures_free(f);
	type("b");
	assert_shows("\n   4770 "); /* the largest is first */
	view_key(&v, VIEW_KEY_END);
	assert_hides("\n   4770 ");
	assert_shows("\n   4769 "); /* of equal ones by tid */
	for (int i = 0; i < 100; i++)
		view_key(&v, VIEW_KEY_RIGHT);
	assert_shows("    4769");
	view_key(&v, VIEW_KEY_HOME);
	assert_shows("\n   4770 ");
}

static void the_flame_view(void **state)
{
	(void)state;
	assert_int_equal(canvas_resize(&c, 24, 103), 0); /* a column a millisecond */
	c.utf8 = false;
	show(true, true);
	type("F");
	assert_shows("FLAME time the GIL was held: 103 ms");
	assert_shows("\n|all 100.0% ----");
	assert_shows("\n|MainThread [4711] 91.3% ----");
	assert_shows("\n|main 87.4% ----");
	assert_shows("|work 77.7% ---");
	assert_shows("|parse 58.3% -----------------------------------------------|work 19.4% "
		     "--------  ");
	assert_shows("|(no");
	type("w");
	assert_shows("FLAME time waited for the GIL: 15.0 ms");
	type("www"); /* paused */
	assert_shows("FLAME time in collections: 7.00 ms");
	type("q");
	assert_shows("HELD%");
}

static void the_flame_view_of_a_thread(void **state)
{
	(void)state;
	show(true, true);
	screen();
	view_key(&v, VIEW_KEY_ENTER);
	type("F");
	assert_shows("FLAME thread 4711 time the GIL was held: 94.0 ms");
	assert_hides("run");
	view_key(&v, VIEW_KEY_ESC);
	assert_shows("THREAD 4711");
	type("b");
	assert_shows("BLAME");
	view_key(&v, VIEW_KEY_ESC);
	assert_shows("HELD%");
}

static void deep_stacks_scroll(void **state)
{
	const char *names[121];
	struct figures *f = sample_figures(1, 3);
	struct fig_frames *frames;

	(void)state;
	for (int i = 0; i < 120; i++)
		names[i] = i ? "deep" : "leaf";
	names[120] = NULL;
	frames = stack_frames(names, false, false);
	f->procs[0].stacks_measured = true;
	sample_stack(&f->procs[0], FIRST, 1, frames, 50);
	assert_int_equal(view_show(&v, f, f), 0);
	type("a"); /* one process */
	type("F");
	assert_shows("all 100.0%");
	assert_hides("leaf");
	view_key(&v, VIEW_KEY_END);
	assert_shows("leaf 100.0%");
	assert_hides("all 100.0%");
	figures_free(f);
	view_done(&v);
	free(frames);
}

static void no_size_and_no_name_breaks_them(void **state)
{
	static const char *const keys[] = { "b", "F", "w", "wwwwb", "F" };
	struct figures *f = sample_figures(1, 3);
	const char *const name[] = { "n", NULL };
	struct fig_frames *frames = stack_frames(name, false, false);
	char *evil = malloc(3001);

	(void)state;
	for (int i = 0; i < 3000; i++)
		evil[i] = "\xcc\x81\x1b[\xe6\x97\xa5"[i % 7];
	evil[3000] = 0;
	frames->frame[0].function = frames->frame[0].file = evil;
	f->procs[0].stacks_measured = true;
	sample_stack(&f->procs[0], FIRST, 1, frames, 50);
	assert_int_equal(view_show(&v, f, f), 0);
	type("a");
	for (int size = 1; size < 240; size += 13) {
		assert_int_equal(canvas_resize(&c, size / 3 + 1, size), 0);
		screen();
		view_key(&v, VIEW_KEY_ENTER);
		screen();
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			type(keys[i]);
			assert_null(strchr(screen(), '\x1b'));
			view_key(&v, VIEW_KEY_END);
			screen();
		}
		type("qq");
	}
	figures_free(f);
	view_done(&v);
	free(frames);
	free(evil);
}

static void other_keys_work_there(void **state)
{
	(void)state;
	show(true, true);
	type("F");
	type("?");
	assert_shows("KEYS");
	type("?");
	assert_shows("FLAME");
	type("t");
	assert_shows("since start");
	type("pq"); /* q goes back, once more quits */
	assert_shows("PAUSED");
	assert_int_equal(view_key(&v, 'q'), DASH_QUIT);
}

static int start(void **state)
{
	const struct dash_opts opts = { .interval_ns = SAMPLE_SEC };

	(void)state;
	memset(kept, 0, sizeof(kept));
	view_init(&v, &opts);
	c.utf8 = true;
	return !setlocale(LC_CTYPE, "C.UTF-8") || canvas_resize(&c, 30, 100);
}

static int finish(void **state)
{
	(void)state;
	view_done(&v);
	sample_stacks_done(kept);
	canvas_free(&c);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_mark_moves_and_opens), TEST(the_mark_stays_on_its_thread),
		TEST(an_opened_thread),		TEST(without_stacks_it_says_how_to_get_them),
		TEST(the_blame_matrix),		TEST(a_matrix_larger_than_the_screen_scrolls),
		TEST(the_flame_view),		TEST(the_flame_view_of_a_thread),
		TEST(deep_stacks_scroll),	TEST(no_size_and_no_name_breaks_them),
		TEST(other_keys_work_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
