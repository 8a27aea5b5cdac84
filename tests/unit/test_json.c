/*
 * gilscope.stat/1: the output is checked against the contract, written out below: key names,
 * types, and where null may be.
 */
#include <errno.h>
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
#include "user/export/json_figures.h"

/* What follows a key: i integer, r real, s string, b boolean, a array, o object, H histogram;
 * a '?' after it: or null. */
struct key {
	const char *name, *type;
};

static const struct key top[] = {
	{ "schema", "s" },
	{ "gilscope", "s" },
	{ "kernel", "s" },
	{ "mode", "s" },
	{ "started_unix_ns", "i" },
	{ "duration_ns", "i" },
	{ "processes", "a" },
	{ "probes", "a" },
	{ "lost", "a" },
	{ "overhead", "o" },
	{ NULL },
};
static const struct key process[] = {
	{ "pid", "i" },		{ "ns_pid", "i" },  { "exited", "b" },		{ "python", "o" },
	{ "gils", "a?" },	{ "threads", "a" }, { "blame", "a?" },		{ "gc", "a?" },
	{ "io", "a?" },		{ "types", "a?" },  { "types_coverage", "s?" }, { "command", "s?" },
	{ "measured_ns", "i" }, { NULL },
};
static const struct key python[] = {
	{ "version", "s?" },	  { "path", "s?" }, { "build_id", "s?" },
	{ "free_threaded", "b" }, { "debug", "b" }, { NULL },
};
static const struct key gils[] = {
	{ "address", "s" },	     { "held_ns", "i?" },	   { "held_ratio", "r?" },
	{ "held_source", "s?" },     { "held_error_ratio", "r?" }, { "takes", "i?" },
	{ "contended_takes", "i?" }, { "handovers", "i?" },	   { "forced_releases", "i?" },
	{ "wait_ns", "i?" },	     { "held_offcpu_ns", "i?" },   { NULL },
};
static const struct key threads[] = {
	{ "tid", "i" },
	{ "ns_tid", "i" },
	{ "name", "s?" },
	{ "takes", "i?" },
	{ "contended_takes", "i?" },
	{ "held_ns", "i?" },
	{ "held_offcpu_ns", "i?" },
	{ "wait_ns", "i?" },
	{ "hold", "H?" },
	{ "wait", "H?" },
	{ NULL },
};
static const struct key blame[] = {
	{ "holder_tid", "i" },
	{ "waiter_tid", "i" },
	{ "waits", "i?" },
	{ "wait_ns", "i?" },
	{ NULL },
};
static const struct key gc[] = {
	{ "generation", "i" },
	{ "collections", "i?" },
	{ "collected", "i?" },
	{ "uncollectable", "i?" },
	{ "pause", "H?" },
	{ "stalled_ns", "i?" },
	{ NULL },
};
static const struct key io[] = {
	{ "call", "s" },	 { "calls", "i?" },  { "wakeups", "i?" }, { "timeouts", "i?" },
	{ "errors", "i?" },	 { "events", "i?" }, { "blocked", "H?" }, { "wake_to_run", "H?" },
	{ "wake_to_gil", "H?" }, { NULL },
};
static const struct key types[] = { { "type", "s" },
				    { "deallocs", "i?" },
				    { "deallocs_counted", "i?" },
				    { "error_ratio", "r?" },
				    { NULL } };
static const struct key probes[] = {
	{ "family", "s" },    { "event", "s" },	       { "file", "s?" }, { "offset", "s?" },
	{ "found_by", "s?" }, { "instruction", "s?" }, { "hits", "i?" }, { NULL },
};
static const struct key lost[] = { { "cause", "s" }, { "count", "i" }, { NULL } };
static const struct key overhead[] = {
	{ "tracer_cpu_ns", "i?" }, { "probe_hits", "i?" }, { "target_cpu_ns_estimate", "i?" },
	{ "hit_ns", "i?" },	   { "hits_per_s", "r?" }, { NULL },
};
static const struct key hist[] = {
	{ "count", "i" },   { "sum_ns", "i" },	{ "max_ns", "i" }, { "p50_ns", "i?" },
	{ "p90_ns", "i?" }, { "p99_ns", "i?" }, { NULL },
};

static void check(const json_t *object, const struct key *keys);

static bool fits(const json_t *v, char type)
{
	switch (type) {
	case 'i':
		return json_is_integer(v) && json_integer_value(v) >= 0;
	case 'r':
		return json_is_real(v);
	case 's':
		return json_is_string(v);
	case 'b':
		return json_is_boolean(v);
	case 'a':
		return json_is_array(v);
	case 'o':
		return json_is_object(v);
	case 'H':
		if (json_is_object(v))
			check(v, hist);
		return json_is_object(v);
	}
	return false;
}

static void check(const json_t *object, const struct key *keys)
{
	assert_true(json_is_object(object));
	for (; keys->name; keys++) {
		const json_t *v = json_object_get(object, keys->name);
		bool ok = v && (json_is_null(v) ? keys->type[1] == '?' : fits(v, *keys->type));

		if (!ok)
			print_error("%s: not as in the contract\n", keys->name);
		assert_true(ok);
	}
}

static void check_rows(const json_t *object, const char *name, const struct key *keys)
{
	const json_t *rows = json_object_get(object, name);

	for (size_t i = 0; i < json_array_size(rows); i++)
		check(json_array_get(rows, i), keys);
}

static void check_contract(const json_t *v)
{
	const json_t *procs = json_object_get(v, "processes");

	check(v, top);
	assert_string_equal(json_string_value(json_object_get(v, "schema")), "gilscope.stat/1");
	assert_string_equal(json_string_value(json_object_get(v, "gilscope")), GS_VERSION);
	check(json_object_get(v, "overhead"), overhead);
	check_rows(v, "probes", probes);
	check_rows(v, "lost", lost);
	for (size_t i = 0; i < json_array_size(procs); i++) {
		const json_t *p = json_array_get(procs, i);

		check(p, process);
		check(json_object_get(p, "python"), python);
		check_rows(p, "gils", gils);
		check_rows(p, "threads", threads);
		check_rows(p, "blame", blame);
		check_rows(p, "gc", gc);
		check_rows(p, "io", io);
		check_rows(p, "types", types);
	}
}

/* Our own writer's layout is jansson's, byte for byte. */
static void check_layout(const json_t *v, const char *text, bool indent)
{
	char *same =
		json_dumps(v, (indent ? JSON_INDENT(2) : JSON_COMPACT) | JSON_REAL_PRECISION(9));

	assert_non_null(same);
	assert_int_equal(strlen(text), strlen(same) + 1);
	assert_memory_equal(text, same, strlen(same));
	free(same);
}

/* What @format writes of @f, parsed again; *@ret_text to free. */
static json_t *written(const struct figures *f, const char *format, char **ret_text)
{
	size_t size;
	FILE *out = open_memstream(ret_text, &size);
	json_error_t e;
	json_t *v;

	assert_int_equal(exporter_find(format)->write(out, f), 0);
	fclose(out);
	v = json_loads(*ret_text, JSON_REJECT_DUPLICATES, &e);
	if (!v)
		print_error("%s\n", e.text);
	assert_non_null(v);
	check_layout(v, *ret_text, !strcmp(format, "json"));
	return v;
}

static void numbers_look_as_jansson_writes_them(void **state)
{
	static const double reals[] = { 0,
					1,
					-3,
					0.5,
					1e-7,
					-2.5e-300,
					1e21,
					1e308,
					123456789.125,
					1234567890,
					99999999.99999999,
					1.0 / 3 };
	struct figures *f = sample_figures(1, 1);
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
		f->procs[0].gils[0].held_error_ratio = reals[i];
		f->procs[0].gils[0].takes = i ? UINT64_MAX - i : 0;
		json_decref(written(f, "jsonl", &text));
		free(text);
	}
	figures_free(f);
}

static const json_t *at(const json_t *v, size_t proc, const char *table, size_t row,
			const char *key)
{
	v = json_array_get(json_object_get(v, "processes"), proc);
	return json_object_get(json_array_get(json_object_get(v, table), row), key);
}

static void a_full_measurement_keeps_the_contract(void **state)
{
	struct figures *f = sample_figures(10, 30);
	char *text;
	json_t *v = written(f, "json", &text);

	(void)state;
	check_contract(v);
	assert_string_equal(json_string_value(at(v, 0, "gils", 0, "address")), "0x7f00deadbe00");
	assert_int_equal(json_integer_value(at(v, 0, "gils", 0, "takes")), 200000);
	assert_string_equal(json_string_value(at(v, 0, "io", 0, "call")), "epoll_wait");
	assert_true(json_is_null(at(v, 1, "types", 2, "allocs")));
	assert_null(at(v, 1, "types", 0, "key"));
	json_decref(v);
	free(text);
	figures_free(f);
}

static void not_measured_is_null_never_zero(void **state)
{
	struct figures *f = sample_figures(10, 3);
	struct fig_process *p = &f->procs[0];
	char *text;
	json_t *v, *first;

	(void)state;
	p->gils[0].takes = FIG_NULL;
	p->gils[0].held_ratio = NAN;
	p->threads[0].hold.valid = false;
	p->threads[1].wait = (struct fig_hist) { .valid = true };
	free(p->python.build_id);
	p->python.build_id = NULL;
	f->overhead.target_cpu_ns_estimate = FIG_NULL;
	p->io_measured = false;
	v = written(f, "json", &text);
	check_contract(v);
	first = json_array_get(json_object_get(v, "processes"), 0);
	assert_true(json_is_null(json_object_get(first, "types")));
	assert_true(json_is_null(json_object_get(first, "blame")));
	assert_true(json_is_null(json_object_get(first, "io")));
	assert_true(json_is_null(json_object_get(json_object_get(first, "python"), "build_id")));
	assert_true(json_is_null(at(v, 0, "gils", 0, "takes")));
	assert_true(json_is_null(at(v, 0, "gils", 0, "held_ratio")));
	assert_true(json_is_null(at(v, 0, "threads", 0, "hold")));
	assert_int_equal(
		json_integer_value(json_object_get(at(v, 0, "threads", 1, "wait"), "count")), 0);
	assert_true(json_is_null(json_object_get(at(v, 0, "threads", 1, "wait"), "p99_ns")));
	json_decref(v);
	free(text);
	figures_free(f);
}

static void hostile_names_become_harmless_text(void **state)
{
	static const char *const names[] = {
		"\x1b]0;PWNED\x07",
		"\"},{\"pid\":1",
		"\xff\xfe\x80",
		"tab\tnew\nline\\",
		"\xc2\x9b"
		"31m",
		"\xed\xa0\x80",
		"caf\xc3\xa9",
		"\xe2\x80\xae"
		"bidi",
		"",
	};
	struct figures *f = sample_figures(1, 10);
	char *text, *big = malloc(10001);
	json_t *v;

	(void)state;
	memset(big, 'x', 10000);
	big[10000] = '\0';
	for (size_t i = 0; i < 10; i++) {
		free(f->procs[0].threads[i].name);
		f->procs[0].threads[i].name = strdup(i < 9 ? names[i] : big);
	}
	v = written(f, "jsonl", &text);
	check_contract(v);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
	for (const char *c = text; c[1]; c++)
		assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	assert_string_equal(json_string_value(at(v, 0, "threads", 1, "name")), names[1]);
	assert_string_equal(json_string_value(at(v, 0, "threads", 6, "name")), names[6]);
	assert_int_equal(json_string_length(at(v, 0, "threads", 9, "name")), 10000);
	json_decref(v);
	free(text);
	free(big);
	figures_free(f);
}

static void an_empty_measurement_keeps_the_contract(void **state)
{
	struct figures *f = figures_new();
	char *text;
	json_t *v;

	(void)state;
	f->mode = "exact";
	v = written(f, "json", &text);
	check_contract(v);
	json_decref(v);
	free(text);
	figures_free(f);
}

static void a_full_disk_is_reported(void **state)
{
	static const char *const formats[] = {
#define X(name) #name,
		EXPORTERS(X)
#undef X
	};
	struct figures *f = sample_figures(1, 1);
	FILE *out;

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		out = fopen("/dev/full", "w");
		if (!out)
			skip();
		assert_int_equal(exporter_find(formats[i])->write(out, f), -ENOSPC);
		fclose(out);
	}
	assert_null(exporter_find("xml"));
	figures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_measurement_keeps_the_contract),
		cmocka_unit_test(numbers_look_as_jansson_writes_them),
		cmocka_unit_test(not_measured_is_null_never_zero),
		cmocka_unit_test(hostile_names_become_harmless_text),
		cmocka_unit_test(an_empty_measurement_keeps_the_contract),
		cmocka_unit_test(a_full_disk_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
