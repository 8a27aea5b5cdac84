/* Stacks added up: by function, and as a tree; recursion, unknown frames, stacks not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/state.h"
#include "tests/unit/stacks_sample.h"
#include "user/model/fig_flame.h"

static struct figures *f;
static struct fig_process *p;
static struct fig_frames *kept[STACKS_KEPT];

static int start(void **state)
{
	(void)state;
	f = stacks_figures();
	p = &f->procs[0];
	sample_stacks(p, kept);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	figures_free(f);
	sample_stacks_done(kept);
	return 0;
}

static struct fig_functions functions_of(u32 tid)
{
	struct fig_functions l;

	assert_int_equal(fig_functions_of(p, 1, tid, &l), 0);
	return l;
}

static const struct fig_function *find(const struct fig_functions *l, const char *name)
{
	const struct fig_function *found = NULL;
	char text[64];

	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(fig_label_text(&l->list[i].label, text, sizeof(text)), name))
			continue;
		assert_null(found); /* each once */
		found = &l->list[i];
	}
	return found;
}

static void self_and_total_by_function(void **state)
{
	struct fig_functions l = functions_of(0);
	const struct fig_function *x = find(&l, "parse");
	u64 sum[FIG_BY_COUNT] = { 0 };

	(void)state;
	assert_int_equal(x->self[FIG_BY_HELD], 66 * STACKS_MS);
	assert_int_equal(x->total[FIG_BY_HELD], 66 * STACKS_MS);
	assert_int_equal(x->self[FIG_BY_CAUSED], 40 * STACKS_MS);
	assert_string_equal(x->label.file, "/srv/lib/parser.py");
	assert_int_equal(x->label.first_line, 'p');
	x = find(&l, "work"); /* twice in one stack, which counts once */
	assert_int_equal(x->self[FIG_BY_HELD], 20 * STACKS_MS);
	assert_int_equal(x->total[FIG_BY_HELD], 80 * STACKS_MS);
	x = find(&l, "main");
	assert_int_equal(x->self[FIG_BY_HELD], 10 * STACKS_MS);
	assert_int_equal(x->total[FIG_BY_HELD], 90 * STACKS_MS);
	x = find(&l, "(no stack)");
	assert_int_equal(x->self[FIG_BY_HELD], 7 * STACKS_MS);
	assert_int_equal(find(&l, "(unknown)")->self[FIG_BY_WAITED], 9 * STACKS_MS);
	for (size_t i = 0; i < l.n; i++)
		for (u32 by = 0; by < FIG_BY_DEALLOC; by++)
			sum[by] += l.list[i].self[by];
	for (u32 by = 0; by < FIG_BY_DEALLOC; by++)
		assert_int_equal(sum[by], l.all[by]);
	assert_int_equal(l.all[FIG_BY_HELD], 103 * STACKS_MS);
	fig_functions_done(&l);
}

/* What native functions did is, for findings, what the function of Python did that called them. */
static void native_functions_are_pythons(void **state)
{
	struct fig_functions l;
	u64 sum = 0;

	(void)state;
	kept[0]->frame[0].flags |= GS_FRAME_NATIVE; /* parse, called by work */
	kept[3]->frame[0].flags |= GS_FRAME_NATIVE; /* and by run */
	l = functions_of(0);
	assert_true(find(&l, "parse")->label.native);
	assert_false(find(&l, "work")->label.native);
	assert_int_equal(find(&l, "parse")->self[FIG_BY_HELD], 66 * STACKS_MS);
	assert_int_equal(find(&l, "parse")->python[FIG_BY_HELD], 0);
	assert_int_equal(find(&l, "work")->self[FIG_BY_HELD], 20 * STACKS_MS);
	assert_int_equal(find(&l, "work")->python[FIG_BY_HELD], 80 * STACKS_MS);
	assert_int_equal(find(&l, "run")->python[FIG_BY_HELD], 6 * STACKS_MS);
	assert_int_equal(find(&l, "main")->python[FIG_BY_HELD], 10 * STACKS_MS);
	for (size_t i = 0; i < l.n; i++)
		sum += l.list[i].python[FIG_BY_HELD];
	assert_int_equal(sum, l.all[FIG_BY_HELD]);
	fig_functions_done(&l);
}

static void what_is_not_measured_stays_null(void **state)
{
	struct fig_functions l = functions_of(0);

	(void)state;
	assert_int_equal(l.all[FIG_BY_DEALLOC], FIG_NULL);
	assert_int_equal(find(&l, "main")->self[FIG_BY_DEALLOC], FIG_NULL);
	assert_int_equal(find(&l, "main")->total[FIG_BY_DEALLOC], FIG_NULL);
	fig_functions_done(&l);
	p->stacks[0].deallocs = 12;
	l = functions_of(0);
	assert_int_equal(l.all[FIG_BY_DEALLOC], 12);
	assert_int_equal(find(&l, "parse")->self[FIG_BY_DEALLOC], 12);
	assert_int_equal(find(&l, "main")->self[FIG_BY_DEALLOC], 0);
	fig_functions_done(&l);
}

static void of_one_thread_only(void **state)
{
	struct fig_functions l = functions_of(2);

	(void)state;
	assert_int_equal(l.all[FIG_BY_HELD], 6 * STACKS_MS);
	assert_int_equal(find(&l, "parse")->self[FIG_BY_HELD], 6 * STACKS_MS);
	assert_null(find(&l, "main"));
	fig_functions_done(&l);
	l = functions_of(99);
	assert_int_equal(l.n, 0);
	assert_int_equal(l.all[FIG_BY_HELD], FIG_NULL);
	fig_functions_done(&l);
}

static void stacks_are_counted_by_how_they_ended(void **state)
{
	struct fig_functions l = functions_of(0);

	(void)state;
	assert_int_equal(l.stacks, 5);
	assert_int_equal(l.samples, 60 + 20 + 10 + 6 + 2);
	assert_int_equal(l.truncated, 1);
	assert_int_equal(l.torn, 1);
	fig_functions_done(&l);
}

static void sorted_by_what_is_asked_for(void **state)
{
	struct fig_functions l = functions_of(0);

	(void)state;
	fig_functions_sort(&l, FIG_BY_HELD, false);
	assert_string_equal(l.list[0].label.text, "parse");
	assert_string_equal(l.list[1].label.text, "work");
	fig_functions_sort(&l, FIG_BY_HELD, true);
	assert_string_equal(l.list[0].label.text, "main");
	fig_functions_sort(&l, FIG_BY_WAITED, false);
	assert_null(l.list[0].label.text);
	assert_string_equal(l.list[1].label.text, "parse");
	fig_functions_sort(&l, FIG_BY_DEALLOC, false); /* of no weight: by name */
	assert_string_equal(l.list[0].label.text, "main");
	fig_functions_done(&l);
}

/* Same name, other file or line: another function. */
static void names_alone_do_not_make_a_function(void **state)
{
	struct fig_functions l;
	size_t n, parses = 0;

	(void)state;
	l = functions_of(0);
	n = l.n;
	fig_functions_done(&l);
	kept[3]->frame[0].first_line = 7;
	l = functions_of(0);
	assert_int_equal(l.n, n + 1);
	for (size_t i = 0; i < l.n; i++)
		parses += l.list[i].label.text && !strcmp(l.list[i].label.text, "parse");
	assert_int_equal(parses, 2);
	fig_functions_done(&l);
	kept[3]->frame[0].file = NULL;
	kept[3]->frame[0].first_line = 'p';
	l = functions_of(0);
	assert_int_equal(l.n, n + 1);
	fig_functions_done(&l);
}

static void thousands_of_functions(void **state)
{
	enum { MANY = 5000 };
	static char names[MANY][16];
	struct fig_functions l;

	(void)state;
	for (u32 i = 0; i < MANY; i++) {
		struct fig_frames *fr = calloc(1, sizeof(*fr) + sizeof(*fr->frame));

		snprintf(names[i], sizeof(names[i]), "f%u", i);
		fr->n = 1;
		fr->frame[0] = (struct fig_frame) { .function = names[i], .file = "x.py" };
		sample_stack(p, 4, 100 + i, fr, i);
	}
	l = functions_of(4);
	assert_int_equal(l.n, MANY);
	fig_functions_sort(&l, FIG_BY_HELD, true);
	for (u32 i = 0; i < MANY; i++)
		assert_int_equal(l.list[i].total[FIG_BY_HELD], (MANY - 1 - i) * STACKS_MS);
	fig_functions_done(&l);
	for (size_t i = 0; i < p->nstacks; i++)
		if (p->stacks[i].tid == 4)
			free((void *)p->stacks[i].frames);
}

/* The tree as text: "depth name self/total" in ms. */
static const char *tree_of(enum fig_stack_weight by, u32 tid, bool with_process)
{
	static char text[2048];
	struct fig_flame t = { .by = by };
	struct fig_flame_part part = { p, tid, with_process };
	size_t used = 0;
	char name[64];

	text[0] = 0;
	assert_int_equal(fig_flame_add(&t, &part), 0);
	assert_int_equal(fig_flame_sort(&t), 0);
	for (u32 at = 0; t.n && at != FIG_FLAME_NONE; at = fig_flame_next(&t, at, true)) {
		const struct fig_flame_node *n = &t.list[at];
		u64 below = 0;

		for (u32 k = n->child; k != FIG_FLAME_NONE; k = t.list[k].next) {
			assert_int_equal(t.list[k].parent, at);
			assert_int_equal(t.list[k].depth, n->depth + 1);
			below += t.list[k].total;
		}
		assert_int_equal(n->total, n->self + below);
		assert_true(n->depth <= t.depth);
		fig_label_text(fig_flame_label(&t, at), name, sizeof(name));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%u %s %llu/%llu\n",
					 n->depth, name, (unsigned long long)(n->self / STACKS_MS),
					 (unsigned long long)(n->total / STACKS_MS));
		assert_true(used < sizeof(text));
	}
	fig_flame_done(&t);
	return text;
}

static void a_tree_of_calls(void **state)
{
	(void)state;
	assert_string_equal(tree_of(FIG_BY_HELD, 0, false), "0 all 0/103\n"
							    "1 ? [1] 0/94\n"
							    "2 main 10/90\n"
							    "3 work 0/80\n"
							    "4 parse 60/60\n"
							    "4 work 20/20\n"
							    "2 (no stack) 4/4\n"
							    "1 ? [2] 0/6\n"
							    "2 (older frames left out) 0/6\n"
							    "3 run 0/6\n"
							    "4 parse 6/6\n"
							    "1 ? [3] 0/3\n"
							    "2 (no stack) 3/3\n");
	assert_string_equal(tree_of(FIG_BY_WAITED, 2, true), "0 all 0/9\n"
							     "1 ? [77] 0/9\n"
							     "2 (older frames unreadable) 0/9\n"
							     "3 (unknown) 9/9\n");
	assert_string_equal(tree_of(FIG_BY_DEALLOC, 0, false), "");
	p->stacks[0].tid = 0; /* of threads that have ended */
	assert_non_null(
		strstr(tree_of(FIG_BY_HELD, 0, false), "1 (threads that have ended) 0/60\n"));
	assert_string_equal(tree_of(FIG_BY_BLOCKED, 0, false), "");
}

static void what_has_no_weight_has_no_node(void **state)
{
	struct fig_flame t = { .by = FIG_BY_BLOCKED };
	struct fig_flame_part part = { .process = p };

	(void)state;
	assert_int_equal(fig_flame_add(&t, &part), 0);
	assert_true(t.measured);
	assert_int_equal(t.n, 0);
	assert_int_equal(fig_flame_sort(&t), 0);
	fig_flame_done(&t);
	t.by = FIG_BY_DEALLOC;
	assert_int_equal(fig_flame_add(&t, &part), 0);
	assert_false(t.measured);
	fig_flame_done(&t);
}

static void places_keep_the_end_of_a_path(void **state)
{
	char to[64];

	(void)state;
	assert_string_equal(fig_label_place("/srv/lib/parser.py", 12, SIZE_MAX, to, sizeof(to)),
			    "/srv/lib/parser.py:12");
	assert_string_equal(fig_label_place("/srv/lib/parser.py", 12, 16, to, sizeof(to)),
			    "~parser.py:12");
	assert_string_equal(fig_label_place("/srv/lib/parser.py", 0, 15, to, sizeof(to)),
			    "~lib/parser.py");
	assert_string_equal(fig_label_place("averylongname.py", 1, 8, to, sizeof(to)), "~me.py:1");
	assert_string_equal(fig_label_place(NULL, 3, 8, to, sizeof(to)), "?");
	assert_string_equal(fig_label_place("a", 4000000000U, 3, to, 6), "~:400");
	assert_string_equal(fig_label_place("\u00e9\u00e9", 0, SIZE_MAX, to, 4), "\u00e9");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(self_and_total_by_function),
		TEST(native_functions_are_pythons),
		TEST(what_is_not_measured_stays_null),
		TEST(of_one_thread_only),
		TEST(stacks_are_counted_by_how_they_ended),
		TEST(sorted_by_what_is_asked_for),
		TEST(names_alone_do_not_make_a_function),
		TEST(thousands_of_functions),
		TEST(a_tree_of_calls),
		TEST(what_has_no_weight_has_no_node),
		TEST(places_keep_the_end_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
