/* Two recordings side by side: written, read and compared; what was changed must be found. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "bpf/families.h"
#include "user/diff.h"
#include "user/trace/writer.h"

#define START_NS 5000000000ULL
#define MS 1000000ULL

/* How a made-up program behaves. */
struct program {
	const char *name;
	u64 ms; /* how long it runs */
	u64 hold_us; /* of each millisecond, give or take */
	u64 pause_us; /* of a collection, every 10 ms; 0: none */
	u32 seed;
	bool second; /* there is another process */
	u64 iteration_us; /* of an event loop, each millisecond; 0: there is none */
	u64 mutex_us; /* a wait for a mutex, each millisecond: a free-threaded build; 0: a GIL */
};

static char base[] = "/tmp/gilscope-diff-XXXXXX";

static u32 rnd(u32 *seed, u32 below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

struct sheet {
	struct trace_writer *w;
	struct packet *p;
};

static void put(struct sheet *s, struct event ev)
{
	struct err e = {};

	if (packet_add(s->p, &ev) == 0)
		return;
	packet_end(s->p, 0);
	assert_int_equal(trace_writer_packet(s->w, s->p->bytes, s->p->used, &e), 0);
	packet_next(s->p);
	assert_int_equal(packet_add(s->p, &ev), 0);
}

static void put_process(struct sheet *s, u32 pid, const char *command, u32 known)
{
	put(s, (struct event) {
		       .kind = EVENT_PROCESS,
		       .ts_ns = START_NS,
		       .pid = pid,
		       .ns_id = pid,
		       .known = EVENT_KNOWN_GC_FOUND | known,
		       .text = { "3.11.2", "/usr/bin/python3", "", command, "" },
	       });
	put(s, (struct event) {
		       .kind = EVENT_THREAD,
		       .ts_ns = START_NS,
		       .tid = pid,
		       .pid = pid,
		       .ns_id = pid,
		       .text = { "MainThread" },
	       });
}

static void put_work(struct sheet *s, const struct program *p, u64 at_ns, u32 *seed)
{
	u64 hold = (p->hold_us + rnd(seed, 100)) * 1000;
	bool collects = p->pause_us && at_ns / MS % 10 == 0;

	if (collects)
		put(s, (struct event) { .kind = EVENT_COLLECTION,
					.ts_ns = at_ns - 1000,
					.ns = (p->pause_us + rnd(seed, 20)) * 1000,
					.tid = 100,
					.generation = 1,
					.collected = 5 });
	put(s, (struct event) { .kind = EVENT_HOLD, .ts_ns = at_ns, .ns = hold, .tid = 100 });
	if (p->iteration_us)
		put(s, (struct event) { .kind = EVENT_ITERATION,
					.ts_ns = at_ns,
					.ns = (p->iteration_us + rnd(seed, 20)) * 1000,
					.tid = 100,
					.slow = p->iteration_us > 500 });
	if (p->mutex_us)
		put(s, (struct event) { .kind = EVENT_FT_TIME,
					.ts_ns = at_ns,
					.ns = (p->mutex_us + rnd(seed, 20)) * 1000,
					.tid = 100,
					.ft_time = 2,
					.holder = 900 });
	if (p->second)
		put(s,
		    (struct event) { .kind = EVENT_HOLD, .ts_ns = at_ns, .ns = 1000, .tid = 900 });
}

/* Record @p; returns the directory, to be freed. */
static char *recorded(const struct program *p)
{
	struct trace_info info = {
		.gilscope = GS_VERSION,
		.kernel = "6.1",
		.host = "here",
		.command = "gilscope record",
		.mode = "exact",
		.format = TRACE_FORMAT,
		.families = GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_GC) |
			    GS_FAMILY_BIT(GS_FAMILY_ASYNCIO) | GS_FAMILY_BIT(GS_FAMILY_FT),
		.started_ns = START_NS,
		.started_unix_ns = 1700000000000000000ULL,
	};
	u64 end = START_NS + p->ms * MS;
	u32 seed = p->seed;
	struct err e = {};
	struct sheet s;
	char *dir;

	assert_true(asprintf(&dir, "%s/%s", base, p->name) > 0);
	info.directory = dir;
	assert_int_equal(trace_writer_open(dir, true, &info, &s.w, &e), 0);
	s.p = packet_new(trace_writer_uuid(s.w), 0);
	put_process(&s, 100, "python3 app.py", p->mutex_us ? EVENT_KNOWN_FREE_THREADED : 0);
	if (p->second)
		put_process(&s, 900, "python3 helper.py", 0);
	for (u64 at = START_NS + MS; at < end; at += MS)
		put_work(&s, p, at, &seed);
	put(&s, (struct event) { .kind = EVENT_END,
				 .ts_ns = end,
				 .target_cpu_ns = EVENT_UNKNOWN,
				 .text = { "the time is over" } });
	packet_end(s.p, 0);
	assert_int_equal(trace_writer_packet(s.w, s.p->bytes, s.p->used, &e), 0);
	assert_int_equal(trace_writer_close(s.w, &e), 0);
	free(s.p);
	return dir;
}

/* The comparison of two programs' recordings; free with done(). */
struct result {
	struct diff_side side[2];
	struct trace_reader *reader[2];
	struct diff d;
};

static struct result *compared(const struct program *a, const struct program *b)
{
	struct result *r = calloc(1, sizeof(*r));
	const struct program *p[2] = { a, b };

	for (size_t i = 0; i < 2; i++) {
		char *dir = recorded(p[i]);
		struct err e = {};
		int err = trace_open(dir, &r->reader[i], &e);

		r->side[i].run.reader = r->reader[i];
		if (!err)
			err = diff_side_read(&r->side[i], &e);
		if (err)
			print_error("%s\n", e.text);
		assert_int_equal(err, 0);
		free(dir);
	}
	assert_int_equal(diff_compare(&r->side[0], &r->side[1], 3, &r->d), 0);
	return r;
}

static void done(struct result *r)
{
	diff_done(&r->d);
	for (size_t i = 0; i < 2; i++) {
		diff_side_done(&r->side[i]);
		trace_close(r->reader[i]);
	}
	free(r);
}

static const struct diff_row *row(const struct result *r, u32 pid, enum diff_group group,
				  const char *item, const char *figure)
{
	for (size_t i = 0; i < r->d.nrows; i++) {
		const struct diff_row *row = &r->d.rows[i];
		const struct diff_process *p = row->a ? row->a : row->b;

		if (p->pid == pid && row->group == group && !strcmp(row->item, item) &&
		    !strcmp(row->figure->name, figure))
			return row;
	}
	print_error("no %s\n", figure);
	fail();
	return NULL;
}

static void what_was_changed_is_found_and_nothing_else(void **state)
{
	const struct program a = { "a", 3000, 200, 40, 1, false };
	const struct program b = { "b", 3000, 450, 40, 2, false };
	struct result *r = compared(&a, &b);
	const struct diff_row *held = row(r, 100, DIFF_GIL, "", "held");

	(void)state;
	assert_int_equal(r->side[0].windows, 60);
	assert_int_equal(held->verdict, DIFF_GREW);
	assert_true(fabs(held->value[0] - 0.25) < 0.01);
	assert_true(fabs(held->value[1] - 0.5) < 0.01);
	assert_true(fabs(held->relative - 1) < 0.05);
	assert_true(held->noise > 0 && held->noise < 0.02);
	assert_int_equal(held->windows[0], 60);
	assert_int_equal(row(r, 100, DIFF_GIL, "", "mean_hold")->verdict, DIFF_GREW);
	assert_int_equal(row(r, 100, DIFF_THREAD, "MainThread", "held")->verdict, DIFF_GREW);
	assert_int_equal(row(r, 100, DIFF_GIL, "", "takes")->verdict, DIFF_NOISE);
	assert_int_equal(row(r, 100, DIFF_GC, "1", "paused")->verdict, DIFF_NOISE);
	assert_int_equal(row(r, 100, DIFF_GC, "1", "collections")->verdict, DIFF_NOISE);
	assert_true(r->d.rows[0].verdict == DIFF_GREW); /* those that count are on top */
	done(r);
	r = compared(&b, &a);
	held = row(r, 100, DIFF_GIL, "", "held");
	assert_int_equal(held->verdict, DIFF_SHRANK);
	assert_true(held->difference < 0);
	done(r);
}

static void the_same_program_twice_does_not_differ(void **state)
{
	const struct program a = { "a", 3000, 300, 80, 11, true };
	const struct program b = { "b", 6000, 300, 80, 12, true }; /* longer, not more */
	struct result *r = compared(&a, &b);

	(void)state;
	for (size_t i = 0; i < r->d.nrows; i++) {
		if (r->d.rows[i].verdict <= DIFF_SHRANK)
			print_error("%s differs\n", r->d.rows[i].figure->name);
		assert_true(r->d.rows[i].verdict > DIFF_SHRANK);
	}
	assert_true(fabs(row(r, 0, DIFF_GIL, "", "takes")->value[0] - 2000) < 5);
	assert_true(fabs(row(r, 900, DIFF_GIL, "", "takes")->value[1] - 1000) < 5);
	done(r);
}

static void too_short_is_said(void **state)
{
	const struct program a = { "a", 300, 100, 0, 1, false }, b = { "b", 300, 800, 0, 2, false };
	struct result *r = compared(&a, &b);

	(void)state;
	assert_int_equal(r->side[0].windows, 6);
	assert_int_equal(row(r, 100, DIFF_GIL, "", "held")->verdict, DIFF_UNKNOWN);
	done(r);
}

static void what_is_in_one_only_is_said(void **state)
{
	const struct program a = { "a", 2000, 100, 0, 1, false };
	const struct program b = { "b", 2000, 100, 50, 2, true };
	struct result *r = compared(&a, &b);
	const struct diff_row *gc = row(r, 100, DIFF_GC, "1", "collections");
	const struct diff_row *other = row(r, 900, DIFF_GIL, "", "held");

	(void)state;
	assert_int_equal(gc->verdict, DIFF_GREW); /* none is a number */
	assert_true(gc->value[0] == 0 && isnan(gc->relative));
	assert_int_equal(row(r, 100, DIFF_GC, "1", "mean_pause")->verdict, DIFF_ONE_SIDED);
	assert_null(other->a);
	assert_int_equal(other->verdict, DIFF_ONE_SIDED);
	done(r);
}

static void event_loops_and_mutexes_are_compared(void **state)
{
	const struct program a = { "a", 1500, 100, 0, 1, false, 300, 0 };
	const struct program b = { "b", 1500, 100, 0, 2, false, 600, 0 };
	const struct program c = { "b", 1500, 100, 0, 3, false, 300, 50 };
	const struct program d = { "a", 1500, 100, 0, 4, false, 300, 150 };
	struct result *r = compared(&a, &b);

	(void)state;
	assert_int_equal(row(r, 100, DIFF_LOOP, "MainThread", "busy")->verdict, DIFF_GREW);
	assert_true(fabs(row(r, 100, DIFF_LOOP, "MainThread", "busy")->value[0] - 0.31) < 0.01);
	assert_int_equal(row(r, 100, DIFF_LOOP, "MainThread", "mean_iteration")->verdict,
			 DIFF_GREW);
	assert_int_equal(row(r, 100, DIFF_LOOP, "MainThread", "iterations")->verdict, DIFF_NOISE);
	assert_true(row(r, 100, DIFF_LOOP, "MainThread", "blocked")->value[0] == 0);
	assert_int_equal(row(r, 100, DIFF_LOOP, "MainThread", "blocked")->verdict, DIFF_GREW);
	done(r);
	r = compared(&c, &d);
	assert_int_equal(row(r, 100, DIFF_FT, "mutex", "time")->verdict, DIFF_GREW);
	assert_int_equal(row(r, 100, DIFF_FT, "mutex", "times")->verdict, DIFF_NOISE);
	assert_int_equal(row(r, 100, DIFF_LOOP, "MainThread", "busy")->verdict, DIFF_NOISE);
	done(r);
	/* A build with a GIL does not wait for none: there is no such thing. */
	r = compared(&a, &c);
	assert_int_equal(row(r, 100, DIFF_FT, "mutex", "times")->verdict, DIFF_ONE_SIDED);
	done(r);
}

static void the_output_keeps_the_contract(void **state)
{
	const struct program a = { "a", 1000, 100, 30, 1, false };
	const struct program b = { "b", 1000, 300, 0, 2, true };
	struct result *r = compared(&a, &b);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const json_t *rows, *first;
	json_t *v;

	(void)state;
	assert_int_equal(diff_json(out, &r->d), 0);
	fclose(out);
	v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	assert_string_equal(json_string_value(json_object_get(v, "schema")), "gilscope.diff/1");
	assert_true(json_is_true(json_object_get(json_object_get(v, "a"), "complete")));
	rows = json_object_get(v, "figures");
	assert_int_equal(json_array_size(rows), r->d.nrows);
	first = json_array_get(rows, 0);
	assert_non_null(json_object_get(first, "verdict"));
	assert_true(json_is_number(json_object_get(first, "difference")));
	json_decref(v);
	out = open_memstream(&text, &size);
	assert_int_equal(diff_table(out, &r->d), 0);
	fclose(out);
	assert_non_null(strstr(text, "grew  "));
	assert_non_null(strstr(text, "900 in B"));
	free(text);
	out = fopen("/dev/full", "w");
	assert_int_not_equal(diff_table(out, &r->d), 0);
	fclose(out);
	done(r);
}

static int make_base(void **state)
{
	(void)state;
	return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
	static const char *const files[] = {
		"a/metadata", "a/events_000000", "b/metadata", "b/events_000000", "a", "b", ""
	};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", base, files[i]);
		if (remove(path))
			print_error("%s stays\n", path);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_changed_is_found_and_nothing_else),
		cmocka_unit_test(the_same_program_twice_does_not_differ),
		cmocka_unit_test(too_short_is_said),
		cmocka_unit_test(what_is_in_one_only_is_said),
		cmocka_unit_test(event_loops_and_mutexes_are_compared),
		cmocka_unit_test(the_output_keeps_the_contract),
	};

	return cmocka_run_group_tests(tests, make_base, remove_base);
}
