/*
 * The HTML exporter: the page is complete in itself, hostile texts stay text, and the recording
 * in it is the one that went in.  What a browser makes of it is tests/e2e/browser.sh's; it gets its
 * pages from here: with PAGES=DIR in the environment the tests leave theirs there.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/gil_program_run.h"
#include "tests/unit/html_events.h"
#include "tests/unit/trace_sample.h"
#include "user/export/json_figures.h"
#include "user/export/trace_exporter.h"
#include "user/trace/replay.h"

/* What goes into the page and, alongside, into the figures. */
struct both {
	const struct trace_exporter_ops *ops;
	struct trace_export *x;
	struct trace_sink replay;
};

static int to_both(void *ctx, const struct event *ev)
{
	struct both *b = ctx;
	int err = b->replay.event(b->replay.ctx, ev);

	return err ? err : b->ops->event(b->x, ev);
}

static char *read_all(FILE *f)
{
	long size;
	char *s;

	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	s = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(s, 1, (size_t)size, f), size);
	return s;
}

static FILE *create(const char *name)
{
	const char *pages = getenv("PAGES");
	char path[4096];
	FILE *f;

	if (!pages)
		return tmpfile();
	snprintf(path, sizeof(path), "%s/%s", pages, name);
	f = fopen(path, "w+");
	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	return f;
}

/* The figures as `report --format json` prints them. */
static json_t *as_reported(const struct figures *f)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	json_t *v;

	assert_int_equal(json_print(to, json_figures(f), 0), 0);
	fclose(to);
	v = json_loads(text, 0, NULL);
	free(text);
	return v;
}

/* Beside the page, what its tables must show. */
static void leave_figures(const char *name, const struct figures *f)
{
	char path[4096];
	json_t *v;

	if (!getenv("PAGES"))
		return;
	snprintf(path, sizeof(path), "%s/%s.json", getenv("PAGES"), name);
	v = as_reported(f);
	assert_int_equal(json_dump_file(v, path, JSON_REAL_PRECISION(9)), 0);
	json_decref(v);
}

/* The page of a program of @events events; its figures in @ret_figures if not NULL. */
static char *page_of_program(const char *name, u64 events, struct gp_truth *ret_truth,
			     json_t **ret_figures)
{
	const struct replay_opts opts = { .top = 5 };
	struct replay *replay = replay_new(&opts);
	struct trace_info info = gp_info();
	struct out out;
	struct trace_export x = { .out = &out, .info = &info };
	struct both both = { &trace_html_exporter, &x, replay_sink(replay) };
	struct gp *program = malloc(sizeof(*program));
	struct figures *f;
	FILE *file = create(name);
	char *page;

	assert_int_equal(out_init(&out, fileno(file)), 0);
	assert_int_equal(both.replay.begin(both.replay.ctx, &info), 0);
	assert_int_equal(trace_html_exporter.begin(&x), 0);
	assert_int_equal(gp_run(program, events, to_both, &both), 0);
	f = replay_figures(replay);
	assert_non_null(f);
	assert_int_equal(trace_html_exporter.end(&x, f), 0);
	trace_html_exporter.done(&x);
	assert_int_equal(out_flush(&out), 0);
	if (ret_figures)
		*ret_figures = as_reported(f);
	leave_figures(name, f);
	if (ret_truth)
		*ret_truth = program->truth;
	figures_free(f);
	replay_free(replay);
	out_done(&out);
	free(program);
	page = read_all(file);
	fclose(file);
	return page;
}

#define WHO "<script type=\"application/json\" class=\"who\">"
#define FIGURES "<script type=\"application/json\" id=\"figures\">"

/* Of event loops what blocked them; of a free-threaded build what its threads waited for. */
static void loops_and_mutexes_are_in_the_page(void **state)
{
	struct trace_process process = { .pid = 5, .command = "python3 app.py" };
	struct trace_thread thread = { .tid = 6, .name = "loop", .process = &process };
	const struct event events[] = {
		{ .kind = EVENT_ITERATION, .ns = 150000000, .slow = 1 },
		{ .kind = EVENT_ITERATION, .ns = 1000 },
		{ .kind = EVENT_STEP, .ns = 120000000, .slow = 1 },
		{ .kind = EVENT_FT_TIME, .ns = 7000, .ft_time = 2, .holder = 9 },
		{ .kind = EVENT_FT_TIME, .ns = 30, .ft_time = 1 },
		{ .kind = EVENT_FT_CRITICAL },
	};
	struct trace_info info = gp_info();
	FILE *file = create("loops.html");
	struct figures *f = figures_new();
	struct out out;
	struct trace_export x = { .out = &out, .info = &info };
	struct sums s;
	char *page;

	(void)state;
	assert_int_equal(out_init(&out, fileno(file)), 0);
	assert_int_equal(trace_html_exporter.begin(&x), 0);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct event ev = events[i];

		ev.ts_ns = info.started_ns + (i + 1) * 200000000;
		ev.thread = &thread;
		assert_int_equal(trace_html_exporter.event(&x, &ev), 0);
	}
	assert_int_equal(trace_html_exporter.end(&x, f), 0);
	trace_html_exporter.done(&x);
	assert_int_equal(out_flush(&out), 0);
	figures_free(f);
	out_done(&out);
	page = read_all(file);
	fclose(file);
	s = events_of(page);
	assert_int_equal(s.events[8], 1);
	assert_int_equal(s.ns[8], 150000000);
	assert_int_equal(s.events[9], 1);
	assert_int_equal(s.ns[9], 120000000);
	assert_int_equal(s.events[10], 2);
	assert_int_equal(s.ns[10], 7030);
	free(page);
}

static void the_recording_in_the_page_is_the_one_that_went_in(void **state)
{
	static const struct {
		u8 kind;
		enum event_kind event;
	} kinds[] = { { 0, EVENT_HOLD },
		      { 1, EVENT_WAIT },
		      { 2, EVENT_COLLECTION },
		      { 3, EVENT_IO_WAIT },
		      { 4, EVENT_IO_TO_GIL } };
	struct gp_truth t;
	char *page = page_of_program("program.html", 40000, &t, NULL);
	struct sums s = events_of(page);

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(s.events[kinds[i].kind], t.events[kinds[i].event]);
		assert_int_equal(s.ns[kinds[i].kind], t.ns[kinds[i].event]);
	}
	free(page);
}

static void the_pages_figures_are_the_reports(void **state)
{
	json_t *expected, *seen;
	char *page = page_of_program("figures.html", 5000, NULL, &expected), *text;
	const char *at = page;

	(void)state;
	text = script(&at, FIGURES);
	seen = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(seen);
	assert_true(json_equal(seen, expected));
	assert_true(json_array_size(json_object_get(seen, "processes")) >= 1);
	json_decref(expected);
	json_decref(seen);
	free(text);
	free(page);
}

/* Outside of scripts of ours there is no script, and within them no end of one. */
static void only_markup_of_ours(const char *page)
{
	size_t begins = 0, ends = 0, ours = 1;

	for (const char *at = page; (at = strstr(at, "<script")); at++)
		begins++;
	for (const char *at = page; (at = strstr(at, "</script")); at++)
		ends++;
	for (const char *at = page; (at = strstr(at, "<script type=\"")); at++)
		ours++;
	assert_int_equal(begins, ours);
	assert_int_equal(ends, ours);
	assert_null(strstr(page, "<img"));
	assert_null(strstr(page, "alert(1)<"));
	for (const char *at = page; (at = strstr(at, "://")); at++)
		assert_true(!strncmp(at - 4, "http://www.w3.org/2000/svg", 26));
}

static void the_page_loads_nothing_and_hostile_names_stay_text(void **state)
{
	char *page = page_of_program("hostile.html", 3000, NULL, NULL), *text;
	const char *at = page;
	bool found = false;
	json_t *who, *one;
	size_t i;

	(void)state;
	only_markup_of_ours(page);
	assert_non_null(strstr(page, "default-src 'none'"));
	while ((text = script(&at, WHO))) {
		who = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(who);
		json_array_foreach(who, i, one)
		{
			const char *name = json_string_value(json_object_get(one, "name"));

			found |= name && !strcmp(name, "</script><script>alert(1)</script>");
		}
		json_decref(who);
		free(text);
	}
	assert_true(found);
	free(page);
}

static void a_recording_out_of_order_with_hostile_texts_is_told_whole(void **state)
{
	struct trace_sample s;
	struct sums seen;
	u64 holds = 0, held_ns = 0;
	char *page;

	(void)state;
	trace_sample_make(&s, 300);
	page = trace_sample_bytes(&s, &trace_html_exporter, NULL, NULL, NULL);
	assert_non_null(page);
	for (size_t i = 0; i < s.n; i++)
		if (s.ev[i].kind == EVENT_HOLD && s.ev[i].thread) {
			holds++;
			held_ns += s.ev[i].ns;
		}
	trace_sample_free(&s);
	seen = events_of(page);
	assert_int_equal(seen.events[0], holds);
	assert_int_equal(seen.ns[0], held_ns);
	assert_non_null(strstr(page, "\"skipped\":1}"));
	assert_non_null(strstr(page, FIGURES "null</script>"));
	only_markup_of_ours(page);
	free(page);
}

/* For the browser's test only: it takes a second. */
static void a_million_events(void **state)
{
	(void)state;
	if (!getenv("PAGES"))
		skip();
	free(page_of_program("million.html", 1000000, NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_recording_in_the_page_is_the_one_that_went_in),
		cmocka_unit_test(loops_and_mutexes_are_in_the_page),
		cmocka_unit_test(the_pages_figures_are_the_reports),
		cmocka_unit_test(the_page_loads_nothing_and_hostile_names_stay_text),
		cmocka_unit_test(a_recording_out_of_order_with_hostile_texts_is_told_whole),
		cmocka_unit_test(a_million_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
