/* Cells: clipping, wide and combining characters, ASCII fall-back, bars and sparklines. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "user/view/canvas.h"
#include "user/view/spark.h"

static struct canvas c;
static char line[1024];

static const char *row(int r)
{
	canvas_line(&c, r, line, sizeof(line));
	return line;
}

static int start(void **state)
{
	(void)state;
	c.utf8 = true;
	return !setlocale(LC_CTYPE, "C.UTF-8") || canvas_resize(&c, 3, 10);
}

static int finish(void **state)
{
	(void)state;
	canvas_free(&c);
	return 0;
}

static void text_is_clipped_at_every_edge(void **state)
{
	(void)state;
	assert_int_equal(canvas_text(&c, 0, 6, 99, STYLE_BOLD, "abcdef"), 4);
	assert_string_equal(row(0), "      abcd");
	assert_int_equal(canvas_text(&c, 1, 2, 3, STYLE_NORMAL, "abcdef"), 3);
	assert_string_equal(row(1), "  abc");
	canvas_text(&c, -1, 0, 5, STYLE_NORMAL, "x");
	canvas_text(&c, 3, 0, 5, STYLE_NORMAL, "x");
	canvas_text(&c, 0, 99, 5, STYLE_NORMAL, "x");
	canvas_text(&c, 0, 0, -5, STYLE_NORMAL, "x");
	canvas_char(&c, 99, 99, STYLE_NORMAL, L'x');
	canvas_style(&c, 0, 8, 99, STYLE_BAD);
	canvas_right(&c, 2, 0, 10, STYLE_NORMAL, "right");
	assert_string_equal(row(2), "     right");
	assert_int_equal(c.cell[9].style, STYLE_BAD);
}

static void wide_characters_never_stick_out(void **state)
{
	(void)state;
	assert_int_equal(
		canvas_text(&c, 0, 0, 5, STYLE_NORMAL, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"), 4);
	canvas_text(&c, 0, 4, 6, STYLE_NORMAL, "|");
	assert_string_equal(row(0), "\xe6\x97\xa5\xe6\x9c\xac|");
	/* half of one overwritten: the other half goes */
	canvas_text(&c, 0, 1, 1, STYLE_NORMAL, "x");
	assert_string_equal(row(0), " x\xe6\x9c\xac|");
	canvas_text(&c, 0, 2, 1, STYLE_NORMAL, "y");
	assert_string_equal(row(0), " xy |");
}

static void marks_controls_and_bad_bytes_take_one_cell_or_none(void **state)
{
	(void)state;
	assert_int_equal(canvas_text(&c, 0, 0, 10, STYLE_NORMAL, "e\xcc\x81|"), 2);
	assert_string_equal(row(0), "e|");
	assert_int_equal(canvas_text(&c, 1, 0, 10, STYLE_NORMAL, "\x1b[2J\xff|"), 6);
	assert_string_equal(row(1), "?[2J?|");
}

static void ascii_terminals_get_ascii(void **state)
{
	const u8 values[] = { 0, 50, 100, SPARK_NONE, 100 };
	const struct bar_part parts[] = { { 0.5, 2, STYLE_GOOD }, { 0.5, 0, STYLE_DIM } };

	(void)state;
	c.utf8 = false;
	canvas_text(&c, 0, 0, 10, STYLE_NORMAL, "caf\xc3\xa9");
	assert_string_equal(row(0), "caf?");
	spark_draw(&c, 1, 0, 10, STYLE_NORMAL, values, 5);
	assert_string_equal(row(1), "     _-# #");
	bar_draw(&c, 2, 0, 10, parts, 2);
	assert_string_equal(row(2), "#####.....");
}

static void bars_fill_their_width_and_show_small_shares(void **state)
{
	const struct bar_part parts[] = {
		{ 0.001, 2, STYLE_BAD },
		{ 0.0 / 1, 1, STYLE_GOOD },
		{ 0.999, 0, STYLE_DIM },
	};
	const struct bar_part too_much[] = { { 0.9, 2, STYLE_BAD }, { 0.9, 0, STYLE_DIM } };

	(void)state;
	bar_draw(&c, 0, 0, 10, parts, 3);
	assert_string_equal(row(0), "█░░░░░░░░░");
	bar_draw(&c, 1, 0, 8, too_much, 2);
	assert_string_equal(row(1), "███████░");
	bar_draw(&c, 2, 0, 0, parts, 3);
	bar_draw(&c, 2, 0, -3, parts, 3);
	assert_string_equal(row(2), "");
}

static void sparklines_show_the_latest(void **state)
{
	u8 values[50];

	(void)state;
	for (size_t i = 0; i < sizeof(values); i++)
		values[i] = i < 40 ? 0 : 100;
	spark_draw(&c, 0, 0, 10, STYLE_NORMAL, values, sizeof(values));
	assert_string_equal(row(0), "██████████");
	spark_draw(&c, 1, 0, 10, STYLE_NORMAL, values, 2);
	assert_string_equal(row(1), "        ▁▁");
}

static void a_canvas_may_be_empty(void **state)
{
	(void)state;
	assert_int_equal(canvas_resize(&c, 0, 0), 0);
	canvas_text(&c, 0, 0, 5, STYLE_NORMAL, "x");
	canvas_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_is_clipped_at_every_edge, start, finish),
		cmocka_unit_test_setup_teardown(wide_characters_never_stick_out, start, finish),
		cmocka_unit_test_setup_teardown(marks_controls_and_bad_bytes_take_one_cell_or_none,
						start, finish),
		cmocka_unit_test_setup_teardown(ascii_terminals_get_ascii, start, finish),
		cmocka_unit_test_setup_teardown(bars_fill_their_width_and_show_small_shares, start,
						finish),
		cmocka_unit_test_setup_teardown(sparklines_show_the_latest, start, finish),
		cmocka_unit_test_setup_teardown(a_canvas_may_be_empty, start, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
