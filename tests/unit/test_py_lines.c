/*
 * py_lines: tables of each kind, with every sort of entry; and tables that are nothing.  Those of
 * real compilers are in test_frames.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/target/py_lines.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct answer {
	s32 offset, line;
};

static void check(enum py_lines kind, const u8 *table, size_t n, s32 first,
		  const struct answer *answers, size_t count)
{
	/* Of its own size, so that a byte too far is seen. */
	u8 *exactly = malloc(n ? n : 1);

	assert_non_null(exactly);
	memcpy(exactly, table, n);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(py_line_at(kind, exactly, n, first, answers[i].offset),
				 answers[i].line);
	free(exactly);
}

static void lnotab_of_39(void **state)
{
	/* 10: at 0; 12 from 4 on; 9 (three back) from 10 on; 309, in three steps, from 12 on */
	static const u8 table[] = { 4, 2, 6, 0xfd, 2, 127, 0, 127, 0, 46 };
	static const struct answer answers[] = {
		{ -1, 10 }, { 0, 10 }, { 2, 10 },   { 4, 12 },
		{ 8, 12 },  { 10, 9 }, { 12, 309 }, { 4000, 309 }
	};

	(void)state;
	check(PY_LINES_LNOTAB, table, sizeof(table), 10, answers, LEN(answers));
	check(PY_LINES_LNOTAB, table, 0, 7, &(struct answer) { 100, 7 }, 1);
}

static void linetable_of_310(void **state)
{
	/* to 4: 11; to 6: none; to 10: 9; 254 + 6 more: 9 and then 136 */
	static const u8 table[] = { 4, 1, 2, 0x80, 4, 0xfe, 254, 0, 6, 127 };
	static const struct answer answers[] = { { -2, 10 },   { 0, 11 }, { 2, 11 },  { 4, 0 },
						 { 6, 9 },     { 8, 9 },  { 262, 9 }, { 264, 136 },
						 { 268, 136 }, { 270, 0 } };

	(void)state;
	check(PY_LINES_TABLE, table, sizeof(table), 10, answers, LEN(answers));
}

static void locations_of_311(void **state)
{
	static const u8 table[] = {
		0x80 | 15 << 3 | 0, /* none: one unit */
		0x80 | 0 << 3 | 1,  0x12, /* short: two units, same line */
		0x80 | 12 << 3 | 0, 3,	  4, /* two lines on */
		0x80 | 13 << 3 | 0, 0x05, /* no columns: -2 */
		0x80 | 14 << 3 | 3, 0x60, 0x12, 0, 1, 1, /* long: +592; four units */
		0x80 | 10 << 3 | 0, 1,	  2,
	};
	static const struct answer answers[] = { { -2, 10 },  { 0, 0 },	 { 2, 10 },	{ 4, 10 },
						 { 6, 12 },   { 8, 10 }, { 10, 602 },	{ 16, 602 },
						 { 18, 602 }, { 20, 0 }, { 1 << 30, 0 } };

	(void)state;
	check(PY_LINES_LOCATIONS, table, sizeof(table), 10, answers, LEN(answers));
}

/* Whatever the bytes: an end, and no line below 0. */
static void noise_has_an_end(void **state)
{
	u64 x = 88172645463325252ULL;

	(void)state;
	for (int round = 0; round < 30000; round++) {
		u8 table[40];
		size_t n = (size_t)round % (sizeof(table) + 1);
		struct answer a;

		for (size_t i = 0; i < sizeof(table); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			table[i] = (u8)(x >> 32);
		}
		a.offset = round % 7 ? (s32)(x % 400) : INT32_MAX;
		a.line = py_line_at((enum py_lines)(round % 3), table, n, (s32)x, a.offset);
		assert_true(a.line >= 0);
		check((enum py_lines)(round % 3), table, n, (s32)x, &a, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lnotab_of_39),
		cmocka_unit_test(linetable_of_310),
		cmocka_unit_test(locations_of_311),
		cmocka_unit_test(noise_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
