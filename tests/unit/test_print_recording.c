/* What only recordings have, as text and as JSON: the lists, and what is wrong with it. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "user/export/exporter.h"

#define UNIX_NS 1700000000000000000ULL

static const char *const damage[] = { "events_000000: packet at byte 4096: wrong CRC",
				      "events_000001: \x1b[31mred" };

static struct fig_recording recording = {
	.directory = "slow.rec",
	.gilscope = "9.8.7",
	.kernel = "5.10-recorded",
	.started_unix_ns = UNIX_NS,
	.format = 1,
	.damage = damage,
	.ndamage = 2,
};

static struct figures *recorded(void)
{
	struct figures *f = sample_figures(10, 3);

	f->recording = &recording;
	f->longest_measured = f->lost_ranges_measured = true;
	f->longest = calloc(3, sizeof(*f->longest));
	f->nlongest = 3;
	f->longest[0] = (struct fig_longest) {
		.kind = "hold",
		.since_start_ns = 1500000000,
		.begin_unix_ns = UNIX_NS + 1500000000,
		.ns = 20000000,
		.mid = true,
		.pid = 4711,
		.tid = 4712,
		.name = strdup("\x1b]0;evil"),
		.generation = FIG_NULL,
		.holder_tid = FIG_NULL,
	};
	f->longest[1] = f->longest[0];
	f->longest[1].kind = "wait";
	f->longest[1].mid = false;
	f->longest[1].name = strdup("worker");
	f->longest[1].holder_tid = 4799;
	f->longest[1].holder_name = strdup("hog");
	f->longest[2] = f->longest[0];
	f->longest[2].kind = "collection";
	f->longest[2].mid = false;
	f->longest[2].name = NULL;
	f->longest[2].generation = 2;
	f->lost_ranges = calloc(1, sizeof(*f->lost_ranges));
	f->nlost_ranges = 1;
	f->lost_ranges[0] = (struct fig_lost_range) {
		.cause = "ring_full",
		.count = 12,
		.from_unix_ns = UNIX_NS + 2000000001,
		.to_unix_ns = UNIX_NS + 2500000000,
		.merged = true,
	};
	return f;
}

static char *written(const struct figures *f, const char *format)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(exporter_find(format)->write(out, f), 0);
	fclose(out);
	return text;
}

static void the_table_has_the_lists(void **state)
{
	static const char *const parts[] = {
		"Longest holds of the GIL",
		"began before the measurement",
		"1.500000  1700000001.500000000     4711     4712",
		"held by 4799 hog",
		"generation 2",
		"2.000000 to     2.500000  12 ring_full (several times, told as one)",
		"The recording slow.rec is not whole: it was broken off",
		"packet at byte 4096: wrong CRC",
	};
	struct figures *f = recorded();
	char *text = written(f, "table");

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strstr(text, parts[i]))
			print_error("missing: %s\nin:\n%s\n", parts[i], text);
		assert_non_null(strstr(text, parts[i]));
	}
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "Longest ways"));
	free(text);
	figures_free(f);
}

static void json_has_the_lists_and_the_recorders_names(void **state)
{
	struct figures *f = recorded();
	char *text = written(f, "json");
	json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *longest = json_object_get(v, "longest"), *first = json_array_get(longest, 0);
	const json_t *range = json_array_get(json_object_get(v, "lost_ranges"), 0);
	const json_t *rec = json_object_get(v, "recording");

	(void)state;
	assert_int_equal(json_array_size(longest), 3);
	assert_true(json_integer_value(json_object_get(first, "begin_unix_ns")) ==
		    UNIX_NS + 1500000000);
	assert_true(json_is_true(json_object_get(first, "mid")));
	assert_true(json_is_null(json_object_get(first, "generation")));
	assert_true(json_is_null(json_object_get(first, "call")));
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(longest, 2), "generation")), 2);
	assert_true(json_integer_value(json_object_get(range, "from_unix_ns")) ==
		    UNIX_NS + 2000000001);
	assert_string_equal(json_string_value(json_object_get(v, "gilscope")), "9.8.7");
	assert_string_equal(json_string_value(json_object_get(v, "kernel")), "5.10-recorded");
	assert_string_equal(json_string_value(json_object_get(rec, "directory")), "slow.rec");
	assert_true(json_is_false(json_object_get(rec, "complete")));
	assert_int_equal(json_array_size(json_object_get(rec, "damage")), 2);
	json_decref(v);
	free(text);
	figures_free(f);
}

static void what_was_measured_live_has_none(void **state)
{
	struct figures *f = sample_figures(1, 1);
	char *text = written(f, "json");
	json_t *v = json_loads(text, 0, NULL);

	(void)state;
	assert_true(json_is_null(json_object_get(v, "longest")));
	assert_true(json_is_null(json_object_get(v, "lost_ranges")));
	assert_true(json_is_null(json_object_get(v, "recording")));
	assert_string_equal(json_string_value(json_object_get(v, "gilscope")), GS_VERSION);
	json_decref(v);
	free(text);
	text = written(f, "table");
	assert_null(strstr(text, "Longest"));
	assert_null(strstr(text, "The recording"));
	free(text);
	figures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_the_lists),
		cmocka_unit_test(json_has_the_lists_and_the_recorders_names),
		cmocka_unit_test(what_was_measured_live_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
