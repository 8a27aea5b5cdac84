/* Functions where figures are printed: in JSON, in the table, in findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/stacks_sample.h"
#include "user/export/exporter.h"
#include "user/export/json_figures.h"
#include "user/model/findings.h"

#define SECONDS 10000000000ULL

static struct figures *f;
static struct fig_process *p;
static struct fig_frames *kept[STACKS_KEPT];

static int start(void **state)
{
	(void)state;
	f = stacks_figures();
	f->mode = "watch";
	f->duration_ns = SECONDS;
	f->overhead.hit_ns = f->overhead.target_cpu_ns_estimate = FIG_NULL;
	p = &f->procs[0];
	p->measured_ns = SECONDS;
	p->gil_enabled = true;
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

static json_t *process_of(json_t *v)
{
	return json_array_get(json_object_get(v, "processes"), 0);
}

static void assert_number(json_t *row, const char *name, u64 want)
{
	json_t *v = json_object_get(row, name);

	if (!json_is_integer(v) || (u64)json_integer_value(v) != want)
		fail_msg("%s: expected %llu", name, (unsigned long long)want);
}

static void in_json(void **state)
{
	json_t *v = json_figures(f), *list = json_object_get(process_of(v), "functions"), *row;

	(void)state;
	assert_int_equal(json_array_size(list), 6);
	row = json_array_get(list, 0); /* it held most */
	assert_string_equal(json_string_value(json_object_get(row, "function")), "parse");
	assert_string_equal(json_string_value(json_object_get(row, "file")), "/srv/lib/parser.py");
	assert_string_equal(json_string_value(json_object_get(row, "kind")), "function");
	assert_number(row, "first_line", 'p');
	assert_number(row, "held_self_ns", 66 * STACKS_MS);
	assert_number(row, "held_total_ns", 66 * STACKS_MS);
	assert_number(row, "caused_wait_self_ns", 40 * STACKS_MS);
	assert_number(row, "paused_total_ns", 7 * STACKS_MS);
	assert_number(row, "held_offcpu_total_ns", 0);
	assert_true(json_is_null(json_object_get(row, "deallocs_self")));
	assert_true(json_is_null(json_object_get(row, "deallocs_total")));
	row = json_array_get(list, 1);
	assert_number(row, "held_self_ns", 20 * STACKS_MS);
	assert_number(row, "held_total_ns", 80 * STACKS_MS);
	row = json_array_get(list, 3);
	assert_string_equal(json_string_value(json_object_get(row, "kind")), "no_stack");
	assert_number(row, "held_self_ns", 7 * STACKS_MS);
	assert_true(json_is_null(json_object_get(row, "function")));
	json_decref(v);
	p->stacks_measured = false;
	v = json_figures(f);
	assert_true(json_is_null(json_object_get(process_of(v), "functions")));
	json_decref(v);
}

/* Either exporter's text of the figures; to be freed. */
static char *printed(const struct exporter_ops *ops)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_int_equal(ops->write(to, f), 0);
	fclose(to);
	assert_non_null(text);
	return text;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("expected: %s\nin:\n%s", part, text);
}

static void in_the_table(void **state)
{
	char *text = printed(&table_exporter);

	(void)state;
	assert_says(text,
		    "\nFunctions, by the time they held the GIL themselves\n"
		    "  FUNCTION    WHERE                      SELF  SELF%    TOTAL  TOTAL%\n"
		    "  parse       /srv/lib/parser.py:112  66.0 ms  64.1%  66.0 ms   64.1%\n"
		    "  work        /srv/app.py:119         20.0 ms  19.4%  80.0 ms   77.7%\n"
		    "  main        /srv/app.py:109         10.0 ms   9.7%  90.0 ms   87.4%\n"
		    "  (no stack)  -                       7.00 ms   6.8%  7.00 ms    6.8%\n\n");
	assert_says(text, "\nFunctions, by how long others waited for them\n");
	assert_says(text,
		    "\nFunctions, by how long they waited for the GIL\n"
		    "  FUNCTION    WHERE                      SELF  SELF%    TOTAL  TOTAL%\n"
		    "  (unknown)   ?                       9.00 ms  60.0%  9.00 ms   60.0%\n");
	assert_says(text, "stacks: 5 different, of them 1 too deep to be whole, 1 torn; samples "
			  "on the CPU: 98\n");
	free(text);
	p->stacks_measured = false;
	text = printed(&table_exporter);
	assert_null(strstr(text, "Functions"));
	free(text);
}

static void none_seen_is_said(void **state)
{
	char *text;

	(void)state;
	p->nstacks = 0;
	text = printed(&table_exporter);
	assert_says(text, "\nFunctions: none seen; stacks: 0 different");
	free(text);
}

/* A collector that takes three seconds of ten. */
static void collector(void)
{
	struct fig_gc *gc = fig_row_add(FIG_GC, p);

	p->gc_measured = true;
	gc->collections = 10;
	gc->stalled_ns = 0;
	gc->pause = (struct fig_hist) { .valid = true, .count = 10, .sum_ns = 3 * SECONDS / 10 };
	f->with_findings = true;
}

static void in_findings(void **state)
{
	struct findings l;
	char *text;

	(void)state;
	collector();
	assert_int_equal(findings_of(f, &l), 0);
	assert_int_equal(l.count, 1);
	assert_string_equal(l.list[0].function.text, "parse");
	assert_true(l.list[0].function_share > 0.99);
	findings_done(&l);
	text = printed(&table_exporter);
	assert_says(text, "100.0% of it in parse (/srv/lib/parser.py:112)\n");
	free(text);
	text = printed(&jsonl_exporter);
	assert_says(text, "\"function\":{\"function\":\"parse\",\"file\":\"/srv/lib/parser.py\","
			  "\"first_line\":112,\"share\":1.0}");
	free(text);
}

static void a_finding_without_stacks_names_none(void **state)
{
	struct findings l;
	char *text;

	(void)state;
	collector();
	p->stacks[0].paused_ns = 0; /* nothing was seen to collect */
	assert_int_equal(findings_of(f, &l), 0);
	assert_true(!(l.list[0].function_share > 0));
	findings_done(&l);
	p->stacks[0].paused_ns = 7 * STACKS_MS;
	p->stacks_measured = false;
	assert_int_equal(findings_of(f, &l), 0);
	assert_true(!(l.list[0].function_share > 0));
	findings_done(&l);
	text = printed(&jsonl_exporter);
	assert_says(text, "\"function\":null,\"evidence\"");
	free(text);
}

/* No function has a tenth of it: none is named. */
static void a_finding_all_over_the_place_names_none(void **state)
{
	struct fig_frames *frames[12];
	char names[12][8];
	struct findings l;

	(void)state;
	collector();
	p->nstacks = 0;
	for (u32 i = 0; i < 12; i++) {
		snprintf(names[i], sizeof(names[i]), "f%u", i);
		frames[i] = stack_frames((const char *[]) { names[i], NULL }, false, false);
		sample_stack(p, 1, i + 1, frames[i], 0)->paused_ns = STACKS_MS;
	}
	assert_int_equal(findings_of(f, &l), 0);
	assert_true(!(l.list[0].function_share > 0));
	findings_done(&l);
	for (int i = 0; i < 12; i++)
		free(frames[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_json),
		TEST(in_the_table),
		TEST(none_seen_is_said),
		TEST(in_findings),
		TEST(a_finding_without_stacks_names_none),
		TEST(a_finding_all_over_the_place_names_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
