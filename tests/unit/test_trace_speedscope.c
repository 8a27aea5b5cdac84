/*
 * The speedscope exporter: what a viewer of its format adds up is what happened.  With PAGES=DIR in
 * the environment, a file and what the viewer must show of it are left there, for
 * tests/e2e/browser.sh.
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
#include "tests/unit/trace_sample.h"
#include "user/export/trace_exporter.h"

#define FRAMES 32

struct fixture {
	FILE *file;
	struct trace_info info;
	struct out out;
	struct trace_export x;
	struct gp program;
	json_t *root;
	u64 sum[FRAMES], opened[FRAMES]; /* of all profiles */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->file = tmpfile();
	f->info = gp_info();
	if (!f->file || out_init(&f->out, fileno(f->file)))
		return -1;
	f->x = (struct trace_export) { .out = &f->out, .info = &f->info };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	trace_speedscope_exporter.done(&f->x);
	json_decref(f->root);
	out_done(&f->out);
	fclose(f->file);
	free(f);
	return 0;
}

/* Play a profile as the viewer does: strictly nested, ascending, closed at the end. */
static void play(struct fixture *f, const json_t *profile)
{
	json_int_t stack[8], since[8],
		last = json_integer_value(json_object_get(profile, "startValue"));
	const json_t *events = json_object_get(profile, "events"), *e;
	size_t i, depth = 0;

	assert_string_equal(json_string_value(json_object_get(profile, "type")), "evented");
	assert_string_equal(json_string_value(json_object_get(profile, "unit")), "nanoseconds");
	json_array_foreach(events, i, e)
	{
		json_int_t frame = json_integer_value(json_object_get(e, "frame"));
		json_int_t at = json_integer_value(json_object_get(e, "at"));

		assert_true(at >= last);
		assert_in_range(frame, 0,
				json_array_size(json_object_get(json_object_get(f->root, "shared"),
								"frames")) -
					1);
		last = at;
		if (json_string_value(json_object_get(e, "type"))[0] == 'O') {
			assert_true(depth < 2);
			since[depth] = at;
			stack[depth++] = frame;
			f->opened[frame]++;
		} else {
			assert_true(depth > 0 && stack[--depth] == frame);
			f->sum[frame] += (u64)(at - since[depth]);
		}
	}
	assert_int_equal(depth, 0);
	assert_true(last <= json_integer_value(json_object_get(profile, "endValue")));
}

/* End the export, load it, play all profiles. */
static void load(struct fixture *f)
{
	json_t *profile;
	size_t i;

	assert_int_equal(trace_speedscope_exporter.end(&f->x, NULL), 0);
	assert_int_equal(out_flush(&f->out), 0);
	rewind(f->file);
	f->root = json_loadf(f->file, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(f->root);
	json_array_foreach(json_object_get(f->root, "profiles"), i, profile) play(f, profile);
}

static size_t frame(const struct fixture *f, const char *name)
{
	const json_t *frames = json_object_get(json_object_get(f->root, "shared"), "frames"), *one;
	size_t i;

	json_array_foreach(
		frames, i,
		one) if (!strcmp(json_string_value(json_object_get(one, "name")), name)) return i;
	fail_msg("no frame %s", name);
	return 0;
}

static u64 sum(const struct fixture *f, const char *name)
{
	return f->sum[frame(f, name)];
}

static u64 sum_io(const struct fixture *f)
{
	u64 ns = 0;

	for (u32 i = 0; i < GS_IO_COUNT; i++) {
		char name[40];

		snprintf(name, sizeof(name), "io %s", event_call_name(i));
		ns += sum(f, name);
	}
	return ns;
}

static const char *profile_name(const struct fixture *f, size_t i)
{
	return json_string_value(
		json_object_get(json_array_get(json_object_get(f->root, "profiles"), i), "name"));
}

struct open_sums {
	struct fixture *f;
	u64 wait_ns, io_ns;
};

static int to_exporter(void *ctx, const struct event *ev)
{
	struct open_sums *o = ctx;

	if (ev->kind == EVENT_OPEN && ev->what == EVENT_OPEN_WAIT)
		o->wait_ns += ev->ns;
	if (ev->kind == EVENT_OPEN && ev->what == EVENT_OPEN_IO)
		o->io_ns += ev->ns;
	return trace_speedscope_exporter.event(&o->f->x, ev);
}

static void every_nanosecond_held_and_waited_is_in_its_threads_profile(void **state)
{
	struct fixture *f = *state;
	const struct gp_truth *t = &f->program.truth;
	struct open_sums open = { f, 0, 0 };
	u64 gc;

	assert_int_equal(trace_speedscope_exporter.begin(&f->x), 0);
	assert_int_equal(gp_run(&f->program, 50000, to_exporter, &open), 0);
	load(f);
	assert_int_equal(sum(f, "hold"), t->ns[EVENT_HOLD]);
	assert_int_equal(f->opened[frame(f, "hold")], t->events[EVENT_HOLD]);
	assert_int_equal(sum(f, "wait"), t->ns[EVENT_WAIT] + open.wait_ns);
	assert_int_equal(sum_io(f), t->ns[EVENT_IO_WAIT] + open.io_ns);
	/* Some of a collection's time the GIL was not held: that is not shown. */
	gc = sum(f, "gc generation 0") + sum(f, "gc generation 1") + sum(f, "gc generation 2");
	assert_in_range(gc, t->ns[EVENT_COLLECTION] / 20, t->ns[EVENT_COLLECTION]);
	assert_int_equal(json_array_size(json_object_get(f->root, "profiles")),
			 t->events[EVENT_THREAD_EXIT] + 2 * GP_THREADS + 1);
}

/* What each thread of the first process did, until that ended; by tid. */
struct expected {
	struct fixture *f;
	u64 hold_ns[512], wait_ns[512];
	json_t *ended; /* in the order of the profiles */
	bool over;
};

static void expect_thread(struct expected *e, const struct trace_thread *t)
{
	u32 i = (t->tid - t->process->pid) % 512;
	char name[256];

	if (!e->hold_ns[i] && !e->wait_ns[i])
		return;
	snprintf(name, sizeof(name), "%s (tid %u) of %s (pid %u)", t->name, t->tid,
		 t->process->command, t->process->pid);
	json_array_append_new(e->ended, json_pack("{s:s, s:{s:I, s:I}}", "name", name, "totals",
						  "hold", (json_int_t)e->hold_ns[i], "wait",
						  (json_int_t)e->wait_ns[i]));
}

static int to_expected(void *ctx, const struct event *ev)
{
	struct expected *e = ctx;
	u32 i = ev->thread ? (ev->thread->tid - ev->thread->process->pid) % 512 : 0;

	if (!e->over && ev->kind == EVENT_HOLD)
		e->hold_ns[i] += ev->ns;
	if (!e->over && ev->kind == EVENT_WAIT)
		e->wait_ns[i] += ev->ns;
	if (!e->over && ev->kind == EVENT_THREAD_EXIT)
		expect_thread(e, ev->thread);
	if (!e->over && ev->kind == EVENT_PROCESS_EXIT) {
		for (u32 t = 0; t < GP_THREADS; t++)
			expect_thread(e, &e->f->program.threads[t].thread);
		e->over = true;
	}
	return trace_speedscope_exporter.event(&e->f->x, ev);
}

static void the_viewer_gets_a_file_and_what_it_must_show(void **state)
{
	struct fixture *f = *state;
	struct expected e = { .f = f, .ended = json_array() };
	const char *pages = getenv("PAGES");
	char path[4096];

	if (pages) {
		snprintf(path, sizeof(path), "%s/program.speedscope.json", pages);
		assert_non_null(freopen(path, "w+", f->file));
		f->out.fd = fileno(f->file);
	}
	assert_int_equal(trace_speedscope_exporter.begin(&f->x), 0);
	assert_int_equal(gp_run(&f->program, 4000, to_expected, &e), 0);
	load(f);
	assert_true(json_array_size(e.ended) >= GP_THREADS);
	for (size_t i = 0; i < json_array_size(e.ended); i++)
		assert_string_equal(
			profile_name(f, i),
			json_string_value(json_object_get(json_array_get(e.ended, i), "name")));
	if (pages) {
		snprintf(path, sizeof(path), "%s/program.expected.json", pages);
		assert_int_equal(json_dump_file(e.ended, path, 0), 0);
	}
	json_decref(e.ended);
}

static const struct trace_process process = { .pid = 70, .command = "a b" };
static const struct trace_thread thread = { .tid = 71,
					    .name = "t\"</script>",
					    .process = &process };

static void add(struct fixture *f, enum event_kind kind, u64 begin, u64 end)
{
	const struct event ev = { .kind = kind,
				  .ts_ns = GP_START + end,
				  .ns = end - begin,
				  .thread = &thread,
				  .generation = 2,
				  .text = { "cause" } };

	assert_int_equal(trace_speedscope_exporter.event(&f->x, &ev), 0);
}

static void a_collection_over_three_holds_is_shown_in_three_pieces(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(trace_speedscope_exporter.begin(&f->x), 0);
	add(f, EVENT_COLLECTION, 5, 8);
	add(f, EVENT_HOLD, 0, 100); /* the large one begins at 60 */
	add(f, EVENT_WAIT, 110, 150);
	add(f, EVENT_HOLD, 150, 200);
	add(f, EVENT_IO_WAIT, 210, 250);
	add(f, EVENT_COLLECTION, 60, 270);
	add(f, EVENT_COLLECTION, 280, 290);
	add(f, EVENT_HOLD, 250, 300);
	load(f);
	assert_int_equal(f->opened[frame(f, "gc generation 2")], 5);
	assert_int_equal(sum(f, "gc generation 2"), 3 + 40 + 50 + 20 + 10);
	assert_int_equal(sum(f, "hold"), 200);
	assert_string_equal(profile_name(f, 0), "t\"</script> (tid 71) of a b (pid 70)");
}

static void without_holds_a_collection_stands_alone(void **state)
{
	struct fixture *f = *state;

	f->info.families = GS_FAMILY_BIT(GS_FAMILY_GC);
	assert_int_equal(trace_speedscope_exporter.begin(&f->x), 0);
	add(f, EVENT_COLLECTION, 60, 270);
	load(f);
	assert_int_equal(sum(f, "gc generation 2"), 210);
}

static void spans_that_overlap_are_cut(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(trace_speedscope_exporter.begin(&f->x), 0);
	add(f, EVENT_HOLD, 0, 100);
	add(f, EVENT_WAIT, 90, 150);
	add(f, EVENT_HOLD, 80, 200); /* told last: it stays whole, others give way */
	add(f, EVENT_LOST, 20, 40);
	add(f, EVENT_LOST, 30, 60);
	load(f);
	assert_int_equal(sum(f, "hold"), 80 + 120);
	assert_int_equal(sum(f, "wait"), 0);
	assert_int_equal(sum(f, "events lost"), 40);
}

static void an_empty_recording_is_a_file_that_loads(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(trace_speedscope_exporter.begin(&f->x), 0);
	load(f);
	assert_int_equal(json_array_size(json_object_get(f->root, "profiles")), 1);
	assert_string_equal(profile_name(f, 0), "gilscope: nothing recorded");
}

static void a_recording_out_of_order_with_hostile_texts_is_told_whole(void **state)
{
	struct fixture *f = *state;
	struct trace_sample s;
	u64 hold = 0, wait = 0;

	trace_sample_make(&s, 300);
	f->info = s.info;
	assert_int_equal(trace_speedscope_exporter.begin(&f->x), 0);
	assert_int_equal(trace_sample_feed(&s, &trace_speedscope_exporter, &f->x), 0);
	for (size_t i = 0; i < s.n; i++) {
		const struct event *ev = &s.ev[i];
		bool open = ev->kind == EVENT_OPEN;

		if (!ev->thread)
			continue;
		hold += ev->kind == EVENT_HOLD || (open && ev->what == EVENT_OPEN_HOLD) ? ev->ns
											: 0;
		wait += ev->kind == EVENT_WAIT || (open && ev->what == EVENT_OPEN_WAIT) ? ev->ns
											: 0;
	}
	trace_sample_free(&s);
	load(f);
	assert_int_equal(sum(f, "hold"), hold);
	assert_int_equal(sum(f, "wait"), wait);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_nanosecond_held_and_waited_is_in_its_threads_profile),
		TEST(the_viewer_gets_a_file_and_what_it_must_show),
		TEST(a_collection_over_three_holds_is_shown_in_three_pieces),
		TEST(without_holds_a_collection_stands_alone),
		TEST(spans_that_overlap_are_cut),
		TEST(an_empty_recording_is_a_file_that_loads),
		TEST(a_recording_out_of_order_with_hostile_texts_is_told_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
