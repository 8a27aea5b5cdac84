/* native: Python and native frames of a stack, put together: every way they can and cannot go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/target/native_merge.h"

static struct native_name names[NATIVE_FRAMES_MAX];
static struct native_frames native;
static struct gs_frames python;
static struct native_merged merged;

/* Newest first: E is an evaluation, any other letter a function. */
static void set_native(const char *letters, bool whole)
{
	native.n = (u32)strlen(letters);
	native.whole = whole;
	for (u32 i = 0; i < native.n; i++) {
		names[i].eval = letters[i] == 'E';
		native.frame[i] = &names[i];
	}
}

/* Newest first: a function each; a capital is called by C. */
static void set_python(const char *letters, u32 end)
{
	python.n = (u32)strlen(letters);
	python.end = end;
	for (u32 i = 0; i < python.n; i++)
		python.frame[i].flags =
			letters[i] < 'a' ? GS_FRAME_FROM_C : GS_FRAME_GENERATOR * (i % 2);
}

/* The result as letters; native ones first in @natives, those of Python in @pythons. */
static void expect(const char *natives, bool whole, const char *pythons, u32 end,
		   enum native_how how, const char *result)
{
	char text[NATIVE_MERGED_MAX + 1];

	set_native(natives, whole);
	set_python(pythons, end);
	memset(&merged, 0xff, sizeof(merged));
	native_merge(&python, &native, &merged);
	for (u32 i = 0; i < merged.n; i++)
		text[i] = (merged.frame[i].native ? natives : pythons)[merged.frame[i].at];
	text[merged.n] = 0;
	assert_string_equal(text, result);
	assert_int_equal(merged.how, how);
}

#define WHOLE GS_FRAMES_WHOLE, NATIVE_MERGED

static void together(void **state)
{
	(void)state;
	/* A key function called by a sort, called by two functions of one evaluation. */
	expect("zEsrEm", true, "KaB", WHOLE, "zKsraB");
	/* Before 3.11 each function has an evaluation. */
	expect("zEcEcEm", true, "PQR", WHOLE, "zPcQcR");
	/* The evaluation itself is the newest. */
	expect("EsEm", true, "KB", WHOLE, "KsB");
	/* Nothing native between: one evaluation calls the other. */
	expect("EE", true, "aKB", WHOLE, "aKB");
	/* No Python at all, and no frames at all. */
	expect("zym", true, "", WHOLE, "zym");
	expect("", true, "", WHOLE, "");
	/* What starts the thread is left out. */
	expect("Emnop", true, "A", WHOLE, "A");
}

static void beginning(void **state)
{
	(void)state;
	/* The newest evaluation has no frame yet, or no more. */
	expect("EsEm", true, "B", WHOLE, "sB");
	expect("Em", true, "", WHOLE, "m");
	/* But where it has called something it must have one. */
	expect("zEsEm", true, "B", GS_FRAMES_WHOLE, NATIVE_UNMERGED, "zB");
}

static void cut_short(void **state)
{
	(void)state;
	expect("zEsEc", false, "KBcD", GS_FRAMES_WHOLE, NATIVE_CUT, "zKsBccD");
	expect("z", false, "KB", GS_FRAMES_WHOLE, NATIVE_CUT, "zKB");
	expect("", false, "KB", GS_FRAMES_WHOLE, NATIVE_CUT, "KB");
	/* All Python frames have theirs: what is missing only started the thread. */
	expect("zEsE", false, "KB", WHOLE, "zKsB");
	expect("z", false, "", WHOLE, "z");
	/* More evaluations than calls cannot be, however it ended. */
	expect("zEsE", false, "B", GS_FRAMES_WHOLE, NATIVE_UNMERGED, "zB");
	expect("EsE", false, "B", GS_FRAMES_WHOLE, NATIVE_UNMERGED, "B");
}

static void not_together(void **state)
{
	(void)state;
	/* An evaluation too few, or two too many: greenlets, a program that changed meanwhile. */
	expect("zEsm", true, "KB", GS_FRAMES_WHOLE, NATIVE_UNMERGED, "zKB");
	expect("EsEtEm", true, "B", GS_FRAMES_WHOLE, NATIVE_UNMERGED, "B");
	expect("zym", true, "B", GS_FRAMES_WHOLE, NATIVE_UNMERGED, "zymB");
	expect("zEm", true, "", GS_FRAMES_WHOLE, NATIVE_UNMERGED, "z");
	/* Torn Python frames say nothing of how many there are. */
	expect("zEm", true, "A", GS_FRAMES_TORN, NATIVE_UNMERGED, "zA");
	expect("zEm", false, "", GS_FRAMES_TORN, NATIVE_UNMERGED, "z");
}

static void truncated(void **state)
{
	(void)state;
	/* Older Python frames were not walked: native ones up to the last that was. */
	expect("zEsEtEm", true, "KaBc", GS_FRAMES_TRUNCATED, NATIVE_MERGED, "zKsaBtc");
	expect("zEsEtEm", true, "Kab", GS_FRAMES_TRUNCATED, NATIVE_MERGED, "zKsab");
	expect("zEsEt", false, "KB", GS_FRAMES_TRUNCATED, NATIVE_MERGED, "zKsB");
	/* The last one that was walked has a caller, so there is one evaluation more. */
	expect("zEsEm", true, "KB", GS_FRAMES_TRUNCATED, NATIVE_UNMERGED, "zKB");
	expect("zEm", true, "KBc", GS_FRAMES_TRUNCATED, NATIVE_UNMERGED, "zKBc");
	expect("zEs", false, "KBc", GS_FRAMES_TRUNCATED, NATIVE_CUT, "zKsBc");
}

/* As many as there can be of both. */
static void most(void **state)
{
	static char natives[NATIVE_FRAMES_MAX + 1], pythons[GS_FRAMES_MAX + 1];

	(void)state;
	memset(natives, 'n', NATIVE_FRAMES_MAX);
	memset(pythons, 'K', GS_FRAMES_MAX);
	for (u32 i = 0; i < GS_FRAMES_MAX; i++)
		natives[4 * i + 3] = 'E';
	set_native(natives, false);
	set_python(pythons, GS_FRAMES_WHOLE);
	native_merge(&python, &native, &merged);
	assert_int_equal(merged.how, NATIVE_MERGED);
	assert_int_equal(merged.n, 4 * GS_FRAMES_MAX);
	memset(natives, 'n', NATIVE_FRAMES_MAX);
	set_native(natives, true);
	native_merge(&python, &native, &merged);
	assert_int_equal(merged.how, NATIVE_UNMERGED);
	assert_int_equal(merged.n, NATIVE_MERGED_MAX);
}

/* Whatever the two are: each frame at most once, in order, Python's all. */
static void anything(void **state)
{
	char natives[41], pythons[41];

	(void)state;
	srand(1);
	for (u32 round = 0; round < 200000; round++) {
		u32 n = (u32)rand() % 40, p = (u32)rand() % 40, next[2] = {};

		for (u32 i = 0; i < n; i++)
			natives[i] = "Ennn"[rand() % 4];
		for (u32 i = 0; i < p; i++)
			pythons[i] = "aK"[rand() % 2];
		natives[n] = pythons[p] = 0;
		set_native(natives, rand() % 2);
		set_python(pythons, (u32)rand() % 3);
		native_merge(&python, &native, &merged);
		for (u32 i = 0; i < merged.n; i++) {
			bool is = merged.frame[i].native;

			assert_true(merged.frame[i].at >= next[is]);
			assert_true(is ? merged.frame[i].at < n : merged.frame[i].at == next[0]);
			assert_true(!is || natives[merged.frame[i].at] != 'E');
			next[is] = merged.frame[i].at + 1;
		}
		assert_int_equal(next[0], p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(together),  cmocka_unit_test(beginning),
		cmocka_unit_test(cut_short), cmocka_unit_test(not_together),
		cmocka_unit_test(truncated), cmocka_unit_test(most),
		cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
