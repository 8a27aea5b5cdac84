/* Stacks in recordings: numbers given by the recorder say the same when they are read, and those
 * that a damaged or hostile recording gives do no harm. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/model/stack_tree.h"
#include "user/record/stack_numbers.h"

#define DEEP 127

static const struct event no_text = { .text = { "", "", "", "", "", "" } };

static void function(struct stack_tree *t, u32 number, const char *name, const char *file, u32 line)
{
	struct event ev = no_text;

	ev.kind = EVENT_FUNCTION;
	ev.function = number;
	ev.first_line = line;
	ev.text[EVENT_FUNCTION_NAME] = name;
	ev.text[EVENT_FUNCTION_FILE] = file;
	assert_int_equal(stack_tree_event(t, &ev), 0);
}

static void frame(struct stack_tree *t, u32 number, u32 caller, u32 in, u32 line, u32 flags)
{
	struct event ev = no_text;

	ev.kind = EVENT_FRAME;
	ev.frame = number;
	ev.caller = caller;
	ev.function = in;
	ev.line = line;
	ev.frame_flags = flags;
	assert_int_equal(stack_tree_event(t, &ev), 0);
}

static void a_frame_stands_for_its_stack(void **state)
{
	struct stack_tree t = {};
	const struct fig_frames *f;

	(void)state;
	function(&t, 1, "main", "app.py", 10);
	function(&t, 2, "load", "lib.py", 3);
	frame(&t, 1, 0, 1, 12, 0);
	frame(&t, 2, 1, 2, 4, 2);
	frame(&t, 3, 1, 2, 5, EVENT_FRAME_CUT); /* of the oldest only */
	f = stack_tree_frames(&t, 2);
	assert_non_null(f);
	assert_int_equal(f->n, 2);
	assert_string_equal(f->frame[0].function, "load");
	assert_string_equal(f->frame[0].file, "lib.py");
	assert_int_equal(f->frame[0].line, 4);
	assert_int_equal(f->frame[0].first_line, 3);
	assert_int_equal(f->frame[0].flags, 2);
	assert_string_equal(f->frame[1].function, "main");
	assert_int_equal(f->frame[1].line, 12);
	assert_false(f->truncated || f->torn);
	assert_false(stack_tree_frames(&t, 3)->truncated);
	assert_ptr_equal(stack_tree_frames(&t, 2), f);
	stack_tree_done(&t);
}

static void what_is_not_known_is_said(void **state)
{
	struct stack_tree t = {};
	const struct fig_frames *f;

	(void)state;
	function(&t, 1, "f", "", 0);
	frame(&t, 5, 4, 1, 1, 0); /* its caller's event is lost */
	frame(&t, 6, 0, 9, 7, 0); /* so is its function's */
	assert_null(stack_tree_frames(&t, 0));
	assert_null(stack_tree_frames(&t, 4));
	assert_null(stack_tree_frames(&t, UINT32_MAX));
	f = stack_tree_frames(&t, 5);
	assert_int_equal(f->n, 1);
	assert_true(f->torn);
	assert_null(f->frame[0].file);
	f = stack_tree_frames(&t, 6);
	assert_null(f->frame[0].function);
	assert_int_equal(f->frame[0].line, 7);
	assert_false(f->torn);
	stack_tree_done(&t);
}

static void hostile_numbers_do_no_harm(void **state)
{
	struct stack_tree t = {};
	const struct fig_frames *f;

	(void)state;
	function(&t, 0, "none", "x", 1);
	function(&t, STACK_TREE_MAX + 1, "far", "x", 1);
	frame(&t, 0, 0, 1, 1, 0);
	frame(&t, STACK_TREE_MAX + 1, 0, 1, 1, 0);
	frame(&t, 3, 3, 1, 1, 0); /* calls itself */
	frame(&t, 3, 4, 1, 1, 0); /* by a later one */
	assert_int_equal(t.functions_room, 0);
	assert_int_equal(t.frames_room, 0);
	frame(&t, 1, 0, 1, 1, 0);
	for (u32 i = 2; i <= 1000; i++) /* deeper than any that was taken */
		frame(&t, i, i - 1, 1, i, 0);
	f = stack_tree_frames(&t, 1000);
	assert_int_equal(f->n, DEEP);
	assert_true(f->truncated);
	assert_int_equal(f->frame[DEEP - 1].line, 1000 - DEEP + 1);
	frame(&t, 7, 0, 1, 999, 0); /* told again, as something else */
	assert_int_equal(stack_tree_frames(&t, 7)->n, 7);
	stack_tree_done(&t);
}

/* Stacks for which there is no room are none: it does not grow without end. */
static void memory_is_bounded(void **state)
{
	char text[4097];
	struct stack_tree t = {};
	u32 known = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	for (u32 i = 1; i <= 20000; i++)
		function(&t, i, text, "", 1);
	assert_true(t.bytes <= STACK_TREE_BYTES);
	for (u32 i = 1; i <= 20000; i++) {
		frame(&t, i, i - 1, i, 1, 0);
		known += stack_tree_frames(&t, i) != NULL;
	}
	assert_true(known < 20000);
	assert_true(t.bytes <= STACK_TREE_BYTES);
	stack_tree_done(&t);
}

/* What was told goes straight into a tree. */
static int told;
static int to_tree(void *ctx, const struct event *ev)
{
	told++;
	return stack_tree_event(ctx, ev);
}

static struct fig_frames *stack(u32 n, const struct fig_frame *frames)
{
	struct fig_frames *f = calloc(1, sizeof(*f) + n * sizeof(f->frame[0]));

	assert_non_null(f);
	f->n = n;
	memcpy(f->frame, frames, n * sizeof(f->frame[0]));
	return f;
}

static void assert_same(const struct fig_frames *a, const struct fig_frames *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->truncated, b->truncated);
	assert_int_equal(a->torn, b->torn);
	for (u32 i = 0; i < a->n; i++) {
		assert_string_equal(a->frame[i].function, b->frame[i].function);
		assert_string_equal(a->frame[i].file, b->frame[i].file);
		assert_int_equal(a->frame[i].line, b->frame[i].line);
		assert_int_equal(a->frame[i].first_line, b->frame[i].first_line);
		assert_int_equal(a->frame[i].flags, b->frame[i].flags);
	}
}

static void numbers_say_what_was_numbered(void **state)
{
	static const struct fig_frame frames[] = {
		{ "parse", "a.py", 31, 30, 1 },
		{ "load", "a.py", 12, 10, 0 },
		{ "main", "b.py", 5, 1, 2 },
	};
	struct fig_frames *list[4] = { stack(3, frames), stack(2, frames + 1), stack(3, frames),
				       stack(3, frames) };
	struct stack_numbers n = {};
	struct stack_tree t = {}, later = {};
	u32 number[4], again;

	(void)state;
	list[2]->truncated = true;
	list[3]->frame[0].line = 32;
	told = 0;
	for (int i = 0; i < 4; i++)
		assert_int_equal(stack_numbers_of(&n, list[i], 7, to_tree, &t, &number[i]), 0);
	/* main, load, parse; the cut ones; parse at another line; three functions */
	assert_int_equal(told, 3 + 3 + 1 + 3);
	assert_int_equal(stack_numbers_of(&n, list[0], 8, to_tree, &t, &again), 0);
	assert_int_equal(again, number[0]);
	assert_int_equal(told, 10);
	assert_int_equal(stack_numbers_tell(&n, 9, to_tree, &later), 0);
	for (int i = 0; i < 4; i++) {
		assert_same(list[i], stack_tree_frames(&t, number[i]));
		assert_same(list[i], stack_tree_frames(&later, number[i]));
		free(list[i]);
	}
	stack_numbers_done(&n);
	stack_tree_done(&t);
	stack_tree_done(&later);
}

static void many_stacks_have_numbers_of_their_own(void **state)
{
	struct stack_numbers n = {};
	struct stack_tree t = {};

	(void)state;
	for (u32 i = 0; i < 3000; i++) {
		const struct fig_frame frames[] = { { "f", "x.py", i + 1, 1, 0 },
						    { "g", "x.py", i / 100 + 1, 50, 0 } };
		struct fig_frames *f = stack(2, frames);
		u32 number;

		assert_int_equal(stack_numbers_of(&n, f, 1, to_tree, &t, &number), 0);
		assert_same(f, stack_tree_frames(&t, number));
		free(f);
	}
	assert_int_equal(n.nfunctions, 2);
	assert_int_equal(n.nframes, 3000 + 30);
	stack_numbers_done(&n);
	stack_tree_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_stands_for_its_stack),
		cmocka_unit_test(what_is_not_known_is_said),
		cmocka_unit_test(hostile_numbers_do_no_harm),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(numbers_say_what_was_numbered),
		cmocka_unit_test(many_stacks_have_numbers_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
