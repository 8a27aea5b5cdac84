/* Exports of Python stacks: hostile names stay names, sums are the figures'. */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf/families.h"
#include "user/export/trace_exporter.h"
#include "user/trace/format.h"

#define HOSTILE "a;b\n\"</script><b>\x1b[31m 9"

static struct fig_frames *stack(const char *function, bool truncated)
{
	struct fig_frames *f = calloc(1, sizeof(*f) + 2 * sizeof(f->frame[0]));

	assert_non_null(f);
	f->n = 2;
	f->truncated = truncated;
	f->frame[0] = (struct fig_frame) { function, "/x/;y\".py", 12, 10, 0 };
	f->frame[1] = (struct fig_frame) { "main", NULL, 3, 1, 0 };
	return f;
}

static struct fig_frames *stacks[2];

/* Thread 7: 60 ns on the CPU, 30 preempted, 10 asleep in one; 5 without; it waited 4 in the other.
 */
static struct figures *make_figures(void)
{
	static const struct fig_stack rows[] = {
		{ .tid = 7, .id = 0, .held_ns = 5, .deallocs = FIG_NULL },
		{ .tid = 7,
		  .id = 1,
		  .samples = 6,
		  .held_ns = 100,
		  .held_offcpu_ns = 40,
		  .held_preempted_ns = 30,
		  .deallocs = FIG_NULL },
		{ .tid = 7, .id = 2, .wait_ns = 4, .paused_ns = 2, .deallocs = FIG_NULL },
	};
	struct figures *f = figures_new();
	struct fig_process *p;

	assert_non_null(f);
	f->mode = "exact";
	f->duration_ns = 1000;
	f->procs = p = calloc(1, sizeof(*p));
	f->nprocs = 1;
	p->pid = 6;
	p->command = strdup(HOSTILE);
	p->threads = calloc(1, sizeof(*p->threads));
	p->nthreads = 1;
	p->threads[0].tid = 7;
	p->threads[0].name = strdup("worker;\n");
	p->stacks_measured = true;
	p->stacks = calloc(3, sizeof(*p->stacks));
	memcpy(p->stacks, rows, sizeof(rows));
	p->nstacks = 3;
	stacks[0] = stack(HOSTILE, true);
	stacks[1] = stack("wait", false);
	p->stacks[1].frames = stacks[0];
	p->stacks[2].frames = stacks[1];
	return f;
}

/* What exporter @name makes of the figures, and of @events; to be freed. */
static char *export(const char *name, const char *by, const struct event *events, size_t n,
		    size_t *ret_size)
{
	const struct trace_info info = { .directory = "d",
					 .gilscope = "1",
					 .kernel = "6",
					 .host = "h",
					 .command = "c",
					 .mode = "exact",
					 .format = TRACE_FORMAT,
					 .started_ns = 1000,
					 .families = UINT32_MAX };
	const struct trace_exporter_ops *ops = trace_exporter_find(name);
	struct trace_export x = { .info = &info, .by = by };
	struct figures *f = make_figures();
	FILE *file = tmpfile();
	struct out out;
	char *text;

	assert_true(trace_exporter_wants_figures(ops, &info) == (strcmp(name, "perfetto") != 0));
	assert_non_null(file);
	assert_int_equal(out_init(&out, fileno(file)), 0);
	x.out = &out;
	assert_int_equal(ops->begin(&x), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ops->event(&x, &events[i]), 0);
	assert_int_equal(ops->end(&x, f), 0);
	assert_int_equal(out_flush(&out), 0);
	ops->done(&x);
	out_done(&out);
	*ret_size = (size_t)lseek(fileno(file), 0, SEEK_END);
	text = calloc(1, *ret_size + 1);
	assert_non_null(text);
	assert_int_equal(pread(fileno(file), text, *ret_size, 0), *ret_size);
	fclose(file);
	figures_free(f);
	free(stacks[0]);
	free(stacks[1]);
	return text;
}

static void folded_lines_are_what_the_thread_did(void **state)
{
	static const char expected[] =
		"a,b?\"</script><b>?[31m 9 [6];worker,? [7];on the CPU;(no stack) 5\n"
		"a,b?\"</script><b>?[31m 9 [6];worker,? [7];on the CPU;(older frames left out);"
		"main;a,b?\"</script><b>?[31m 9 (/x/,y\".py:10) 60\n"
		"a,b?\"</script><b>?[31m 9 [6];worker,? [7];preempted;(older frames left out);"
		"main;a,b?\"</script><b>?[31m 9 (/x/,y\".py:10) 30\n"
		"a,b?\"</script><b>?[31m 9 [6];worker,? [7];asleep;(older frames left out);"
		"main;a,b?\"</script><b>?[31m 9 (/x/,y\".py:10) 10\n";
	size_t size;
	char *text = export("folded", "held", NULL, 0, &size);

	(void)state;
	assert_string_equal(text, expected);
	free(text);
	text = export("folded", "waited", NULL, 0, &size);
	assert_non_null(strstr(text, ";waits for the GIL;main;wait (/x/,y\".py:10) 4\n"));
	free(text);
	text = export("folded", "paused", NULL, 0, &size);
	assert_non_null(strstr(text, ";collects;main;wait (/x/,y\".py:10) 2\n"));
	free(text);
}

static void speedscope_has_a_profile_for_each_weight(void **state)
{
	size_t size;
	char *text = export("speedscope", NULL, NULL, 0, &size);
	json_t *v = json_loads(text, 0, NULL), *profiles, *frames, *held;

	(void)state;
	assert_non_null(v);
	profiles = json_object_get(v, "profiles");
	frames = json_object_get(json_object_get(v, "shared"), "frames");
	assert_int_equal(json_array_size(profiles), 4); /* held, waited, blocked, paused */
	held = json_array_get(profiles, 0);
	assert_string_equal(json_string_value(json_object_get(held, "type")), "sampled");
	assert_int_equal(json_integer_value(json_object_get(held, "endValue")), 105);
	assert_int_equal(json_array_size(json_object_get(held, "samples")), 2);
	for (size_t i = 0; i < json_array_size(profiles); i++) {
		json_t *samples = json_object_get(json_array_get(profiles, i), "samples"), *at;
		size_t s, k;
		json_t *sample;

		json_array_foreach(samples, s, sample) json_array_foreach(sample, k, at)
			assert_in_range(json_integer_value(at), 0, json_array_size(frames) - 1);
	}
	json_decref(v);
	free(text);
}

/* The page's scripts are its own: as many ends as beginnings. */
static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void names_are_no_markup_in_the_page(void **state)
{
	size_t size;
	char *text = export("html", NULL, NULL, 0, &size);

	(void)state;
	assert_int_equal(strlen(text), size);
	assert_int_equal(count(text, "</script>"), count(text, "<script"));
	assert_int_equal(count(text, "id=\"flame-data\""), 1);
	assert_int_equal(count(text, "<b>\x1b"), 0);
	assert_int_equal(count(text, "\"</script><b>"), 0);
	free(text);
}

static void perfetto_tells_each_name_once(void **state)
{
	struct event events[] = {
		{ .kind = EVENT_FUNCTION,
		  .ts_ns = 1000,
		  .function = 1,
		  .text = { "unique_name", "f.py" } },
		{ .kind = EVENT_FRAME, .ts_ns = 1000, .frame = 1, .function = 1, .line = 3 },
		{ .kind = EVENT_FRAME, .ts_ns = 1000, .frame = 2, .caller = 1, .function = 9 },
		{ .kind = EVENT_STACK_COST,
		  .ts_ns = 2000,
		  .ns = 1000,
		  .pid = 6,
		  .tid = 7,
		  .frame = 1,
		  .samples = 4 },
		{ .kind = EVENT_STACK_COST,
		  .ts_ns = 3000,
		  .ns = 1000,
		  .pid = 6,
		  .tid = 7,
		  .frame = 2,
		  .samples = 2 },
		{ .kind = EVENT_STACK_COST,
		  .ts_ns = 3000,
		  .ns = 1000,
		  .pid = 6,
		  .tid = 7,
		  .frame = 5,
		  .samples = 2 },
		{ .kind = EVENT_STACK_COST,
		  .ts_ns = 3000,
		  .ns = 1000,
		  .pid = 6,
		  .tid = 7,
		  .frame = 1,
		  .samples = 1 << 23 },
	};
	size_t size, all, names = 0;
	char *text = export("perfetto", NULL, events, 5, &size);

	(void)state;
	for (char *at = text; (at = memmem(at, size - (size_t)(at - text), "unique_name", 11));
	     at++)
		names++;
	assert_int_equal(names, 1);
	assert_non_null(memmem(text, size, "(unknown)", 9));
	free(text);
	all = size;
	text = export("perfetto", NULL, events, 6,
		      &size); /* a stack that was not told: nothing more */
	assert_int_equal(size, all);
	free(text);
	text = export("perfetto", NULL, events, 7, &size); /* more than there can be: bounded */
	assert_true(size < all + 100000);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded_lines_are_what_the_thread_did),
		cmocka_unit_test(speedscope_has_a_profile_for_each_weight),
		cmocka_unit_test(names_are_no_markup_in_the_page),
		cmocka_unit_test(perfetto_tells_each_name_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
