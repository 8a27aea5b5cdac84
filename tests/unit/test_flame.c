/*
 * Flame graphs: folded lines, the data in pictures and pages, hostile names.  What a browser makes
 * of them is tests/e2e/browser.sh's; it gets its files from here: with PAGES=DIR in the environment
 * the tests leave theirs there.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/stacks_sample.h"
#include "user/export/flame.h"

/* What names a program can choose: markup, ends of scripts, what ends a line or a frame. */
static const char *const hostile[] = {
	"</script><script>alert(1)</script>",
	"]]></script><image href=x onerror=alert(2)>",
	"\"><svg onload=alert(3)>",
	"a;b 12\nc \"d\" 'e' &lt; \\u003c",
	"\x01\x1b[31m\x7f",
	"\xff\xfe\xc3",
	"\xef\xbf\xbe\xef\xbf\xbf",
	"\u202e\u65e5\u672c\u8a9e",
};
#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

static struct figures *f;
static struct fig_process *p;
static struct fig_frames *kept[STACKS_KEPT];

static int start(void **state)
{
	(void)state;
	f = stacks_figures();
	p = &f->procs[0];
	p->command = strdup("python3 <b>app</b>.py");
	return 0;
}

static int finish(void **state)
{
	(void)state;
	figures_free(f);
	return 0;
}

static FILE *create(const char *name)
{
	const char *pages = getenv("PAGES");
	char path[4096];
	FILE *file;

	if (!pages)
		return tmpfile();
	snprintf(path, sizeof(path), "%s/%s", pages, name);
	file = fopen(path, "w+");
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	return file;
}

/* What @path would hold of @by. */
static char *written(const char *path, enum fig_stack_weight by)
{
	const struct flame_format *format = flame_format_of(path);
	struct fig_flame t = { .by = by };
	const struct fig_flame_part part = { .process = p };
	struct fig_functions l;
	struct flame_about about = { p->command, "watch", 2000 * STACKS_MS, &l };
	FILE *file = create(path);
	struct out o;
	char *s;

	assert_non_null(format);
	assert_int_equal(out_init(&o, fileno(file)), 0);
	assert_int_equal(fig_functions_of(p, 1, 0, &l), 0);
	fig_functions_sort(&l, by, false);
	assert_int_equal(fig_flame_add(&t, &part), 0);
	assert_int_equal(fig_flame_sort(&t), 0);
	assert_int_equal(format->write(&o, &t, &about), 0);
	assert_int_equal(out_flush(&o), 0);
	s = calloc(1, o.total + 1);
	rewind(file);
	assert_int_equal(fread(s, 1, o.total, file), o.total);
	fclose(file);
	out_done(&o);
	fig_flame_done(&t);
	fig_functions_done(&l);
	return s;
}

/* The data in a picture or a page. */
static json_t *data_of(const char *text)
{
	const char *from = strstr(text, "id=\"flame-data\">"), *to;
	json_t *v;

	assert_non_null(from);
	from = strchr(from, '>') + 1;
	to = strstr(from, "</script>");
	assert_non_null(to);
	v = json_loadb(from, (size_t)(to - from), 0, NULL);
	assert_non_null(v);
	return v;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void the_suffix_says_the_format(void **state)
{
	(void)state;
	assert_ptr_equal(flame_format_of("a/x.svg")->write, flame_svg);
	assert_ptr_equal(flame_format_of("x.y.html")->write, flame_html);
	assert_ptr_equal(flame_format_of("x.folded")->write, flame_folded);
	assert_ptr_equal(flame_format_of("-")->write, flame_folded);
	assert_null(flame_format_of("x.svgz"));
	assert_null(flame_format_of("x"));
	assert_null(flame_format_of(""));
	assert_null(flame_format_of(".svg"));
	assert_null(flame_format_of("dir/.svg"));
	assert_null(flame_format_of("x.SVG"));
}

static void folded_lines(void **state)
{
	char *text;

	(void)state;
	sample_stacks(p, kept);
	text = written("flame-program.folded", FIG_BY_HELD);
	assert_string_equal(
		text, "? [1];main (/srv/app.py:109) 10000000\n"
		      "? [1];main (/srv/app.py:109);work (/srv/app.py:119);"
		      "parse (/srv/lib/parser.py:112) 60000000\n"
		      "? [1];main (/srv/app.py:109);work (/srv/app.py:119);work (/srv/app.py:119) "
		      "20000000\n"
		      "? [1];(no stack) 4000000\n"
		      "? [2];(older frames left out);run (/srv/app.py:114);"
		      "parse (/srv/lib/parser.py:112) 6000000\n"
		      "? [3];(no stack) 3000000\n");
	free(text);
	text = written("flame-dealloc.folded", FIG_BY_DEALLOC);
	assert_string_equal(text, "");
	free(text);
	sample_stacks_done(kept);
}

/* Nodes: [depth, label, total] each; children are within their parents. */
static void check_data(json_t *data, u64 all)
{
	json_t *nodes = json_object_get(data, "nodes"), *labels = json_object_get(data, "labels");
	u64 left[256] = { 0 };
	size_t depth = 0;

	assert_int_equal(json_array_size(nodes) % 3, 0);
	assert_int_equal(json_integer_value(json_array_get(nodes, 0)), 0);
	assert_int_equal(json_integer_value(json_array_get(nodes, 2)), all);
	for (size_t i = 0; i < json_array_size(nodes); i += 3) {
		size_t d = (size_t)json_integer_value(json_array_get(nodes, i));
		u64 total = (u64)json_integer_value(json_array_get(nodes, i + 2));

		assert_true(i ? d >= 1 && d <= depth + 1 : !d);
		assert_true((u64)json_integer_value(json_array_get(nodes, i + 1)) <
			    json_array_size(labels));
		assert_true(total > 0);
		if (d) {
			assert_true(total <= left[d - 1]);
			left[d - 1] -= total;
		}
		left[d] = total;
		depth = d;
	}
}

static void the_data_is_the_tree(void **state)
{
	static const char *const names[] = { "flame-program.svg", "flame-program.html" };

	(void)state;
	sample_stacks(p, kept);
	for (int i = 0; i < 2; i++) {
		char *text = written(names[i], FIG_BY_HELD);
		json_t *data = data_of(text);

		check_data(data, 103 * STACKS_MS);
		assert_int_equal(json_array_size(json_object_get(data, "nodes")), 3 * 13);
		assert_string_equal(json_string_value(json_object_get(data, "weight")), "held");
		assert_non_null(strstr(
			text, "<title>parse\n/srv/lib/parser.py:112\n60.0 ms held, 58.3% of all"));
		assert_non_null(
			strstr(text, "time the GIL was held: 103 ms in 2.00 s, watch mode"));
		assert_non_null(strstr(text, "too deep 1, torn 1"));
		json_decref(data);
		free(text);
	}
	sample_stacks_done(kept);
}

static void no_stack_at_all(void **state)
{
	static const char *const names[] = { "flame-empty.svg", "flame-empty.html",
					     "flame-empty.folded" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		char *text = written(names[i], FIG_BY_WAITED);

		if (i < 2) {
			json_t *data = data_of(text);

			assert_int_equal(json_array_size(json_object_get(data, "nodes")), 0);
			json_decref(data);
		} else {
			assert_string_equal(text, "");
		}
		free(text);
	}
}

static void hostile_names_stay_text(void **state)
{
	static const char *const names[] = { "flame-hostile.svg", "flame-hostile.html" };
	const char *plain[] = { "p", NULL };
	struct fig_frames *frames[HOSTILE];

	(void)state;
	for (size_t i = 0; i < HOSTILE; i++) {
		frames[i] = stack_frames(plain, false, false);
		frames[i]->frame[0].function = hostile[i];
		frames[i]->frame[0].file = hostile[HOSTILE - 1 - i];
		sample_stack(p, 1, i + 1, frames[i], 10 + i);
	}
	sample_stack(p, 2, 99, NULL, 0)->held_ns = 1000; /* less than 0.1 %: "<" is ours */
	for (int i = 0; i < 2; i++) {
		char *text = written(names[i], FIG_BY_HELD);
		json_t *data = data_of(text);

		check_data(data, (8 * 10 + 28) * STACKS_MS + 1000);
		assert_int_equal(count(text, "<0"), 0);
		assert_int_equal(count(text, "&lt;0.1%"), i ? 3 : 1);
		/* Of what is not ours only text is left. */
		assert_int_equal(count(text, "<script"), 2);
		assert_int_equal(count(text, "</script"), 2);
		assert_int_equal(count(text, "]]>"), i ? 0 : 1);
		assert_int_equal(count(text, "<image"), 0);
		assert_int_equal(count(text, "<svg"), 1);
		assert_int_equal(count(text, "<b>"), 0);
		assert_int_equal(count(text, "\xef\xbf\xbe") + count(text, "\u202e"), 0);
		assert_true(count(text, "&lt;/script&gt;&lt;script&gt;alert(1)") >= 1);
		json_decref(data);
		free(text);
	}
	free(written("flame-hostile.folded", FIG_BY_HELD));
	for (size_t i = 0; i < HOSTILE; i++)
		free(frames[i]);
}

/* A frame is one field of one line, whatever its name. */
static void hostile_names_stay_in_their_field(void **state)
{
	const char *plain[] = { "p", NULL };
	struct fig_frames *frames[HOSTILE];
	size_t lines = 0;
	char *text;

	(void)state;
	for (size_t i = 0; i < HOSTILE; i++) {
		frames[i] = stack_frames(plain, false, false);
		frames[i]->frame[0].function = hostile[i];
		frames[i]->frame[0].file = hostile[i];
		sample_stack(p, 1, i + 1, frames[i], 10);
	}
	text = written("flame-fields.folded", FIG_BY_HELD);
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
		*end = 0;
		assert_int_equal(count(line, ";"), 1);
		assert_string_equal(strrchr(line, ' '), " 10000000");
	}
	assert_int_equal(lines, HOSTILE);
	free(text);
	for (size_t i = 0; i < HOSTILE; i++)
		free(frames[i]);
}

#define WIDE 3000

/* Thousands of frames, most narrower than a pixel: drawn as few, kept as data. */
static void narrow_frames_are_drawn_as_one(void **state)
{
	static char names[WIDE][16];
	struct fig_frames *frames[WIDE];
	json_t *data;
	char *text;

	(void)state;
	for (u32 i = 0; i < WIDE; i++) {
		snprintf(names[i], sizeof(names[i]), "f%u", i);
		frames[i] = stack_frames((const char *[]) { names[i], "main", NULL }, false, false);
		sample_stack(p, 1, i + 1, frames[i], i ? 1 : WIDE);
	}
	text = written("flame-wide.svg", FIG_BY_HELD);
	data = data_of(text);
	check_data(data, (2 * WIDE - 1) * STACKS_MS);
	assert_int_equal(json_array_size(json_object_get(data, "nodes")), 3 * (WIDE + 3));
	assert_int_equal(count(text, "<g class=\"frame"), 5); /* all, thread, main, f0, the rest */
	assert_non_null(
		strstr(text, "<title>2999 too narrow to be shown\n3.00 s held, 50.0% of all"));
	json_decref(data);
	free(text);
	free(written("flame-wide.folded", FIG_BY_HELD));
	for (u32 i = 0; i < WIDE; i++)
		free(frames[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_suffix_says_the_format),     TEST(folded_lines),
		TEST(the_data_is_the_tree),	      TEST(no_stack_at_all),
		TEST(hostile_names_stay_text),	      TEST(hostile_names_stay_in_their_field),
		TEST(narrow_frames_are_drawn_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
