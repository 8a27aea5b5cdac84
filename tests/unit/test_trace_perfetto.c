/*
 * The Perfetto exporter, held against an independent reader of its format (perfetto_check.py),
 * which gets the file and what is true of the program.  Tests run in the project's folder.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/gil_program_run.h"
#include "tests/unit/trace_sample.h"
#include "user/export/trace_exporter.h"

#define CHECK "tests/unit/perfetto_check.py"

struct fixture {
	char trace[64], truth[64];
	struct trace_info info;
	struct out out;
	struct trace_export x;
	struct gp program;
	u64 open_count, open_ns;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->trace, "/tmp/gilscope-test-XXXXXX");
	strcpy(f->truth, "/tmp/gilscope-test-XXXXXX");
	close(mkstemp(f->truth));
	f->info = gp_info();
	if (out_init(&f->out, mkstemp(f->trace)))
		return -1;
	f->x = (struct trace_export) { .out = &f->out, .info = &f->info };
	*state = f;
	return trace_perfetto_exporter.begin(&f->x);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	trace_perfetto_exporter.done(&f->x);
	close(f->out.fd);
	out_done(&f->out);
	unlink(f->trace);
	unlink(f->truth);
	free(f);
	return 0;
}

static int to_exporter(void *ctx, const struct event *ev)
{
	struct fixture *f = ctx;

	if (ev->kind == EVENT_OPEN) {
		f->open_count++;
		f->open_ns += ev->ns;
	}
	return trace_perfetto_exporter.event(&f->x, ev);
}

static void finish(struct fixture *f)
{
	assert_int_equal(trace_perfetto_exporter.end(&f->x, NULL), 0);
	assert_int_equal(out_flush(&f->out), 0);
}

/* Run the check with the truth in @f->truth; its exit code. */
static int run_check(const struct fixture *f)
{
	char command[256];
	int rc;

	assert_int_equal(access(CHECK, R_OK), 0);
	snprintf(command, sizeof(command), "/usr/bin/python3 -B " CHECK " %s %s", f->trace,
		 f->truth);
	rc = system(command); /* NOLINT: nothing in it comes from outside */
	assert_true(WIFEXITED(rc));
	return WEXITSTATUS(rc);
}

/* What the program knows, @lie added to the time of its holds. */
static void write_truth(const struct fixture *f, u64 lie)
{
	static const struct {
		const char *name;
		enum event_kind kind;
	} kinds[] = {
		{ "wait", EVENT_WAIT },
		{ "collection", EVENT_COLLECTION },
		{ "io", EVENT_IO_WAIT },
		{ "lost", EVENT_LOST },
		{ "wake-up to GIL", EVENT_IO_TO_GIL },
	};
	const struct gp_truth *t = &f->program.truth;
	FILE *out = fopen(f->truth, "w");

	fprintf(out, "{\"count\":{\"hold\":%" PRIu64 ",\"owner\":%" PRIu64, t->events[EVENT_HOLD],
		t->events[EVENT_HOLD]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		fprintf(out, ",\"%s\":%" PRIu64, kinds[i].name, t->events[kinds[i].kind]);
	fprintf(out, ",\"open\":%" PRIu64 "},\"ns\":{\"hold\":%" PRIu64 ",\"owner\":%" PRIu64,
		f->open_count, t->ns[EVENT_HOLD] + lie, t->ns[EVENT_HOLD]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		fprintf(out, ",\"%s\":%" PRIu64, kinds[i].name, t->ns[kinds[i].kind]);
	fprintf(out, ",\"open\":%" PRIu64 "},\"flows\":%" PRIu64 ",\"lost\":%" PRIu64, f->open_ns,
		t->blamed, t->lost);
	fprintf(out, ",\"held_ns\":%" PRIu64 ",\"deallocs\":%" PRIu64, t->ns[EVENT_HOLD],
		t->deallocs);
	fprintf(out, ",\"started_ns\":%" PRIu64 ",\"started_unix_ns\":%" PRIu64, f->info.started_ns,
		f->info.started_unix_ns);
	fprintf(out, ",\"names\":[\"MainThread\",\"</script><script>alert(1)</script>\","
		     "\"quo\\\"te'\\\\back\",\"日本語スレッド\","
		     "\"python3 <img src=x onerror=alert(2)> app.py\"]}");
	fclose(out);
}

static void an_independent_reader_finds_every_span_counter_and_arrow(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gp_run(&f->program, 40000, to_exporter, f), 0);
	finish(f);
	assert_true(f->program.truth.blamed > 1000);
	assert_true(f->program.truth.events[EVENT_THREAD_EXIT] > 10);
	write_truth(f, 0);
	assert_int_equal(run_check(f), 0);
}

/* Of the sample's events, those of a known thread or process. */
static u64 sample_sum(const struct trace_sample *s, enum event_kind kind, bool count)
{
	u64 sum = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->ev[i].kind == kind && (s->ev[i].thread || kind == EVENT_LOST))
			sum += count ? 1 : s->ev[i].ns;
	return sum;
}

static void a_recording_out_of_order_with_hostile_texts_is_told_whole(void **state)
{
	static const struct {
		const char *name;
		enum event_kind kind;
	} kinds[] = {
		{ "hold", EVENT_HOLD },
		{ "wait", EVENT_WAIT },
		{ "io", EVENT_IO_WAIT },
		{ "open", EVENT_OPEN },
		{ "collection", EVENT_COLLECTION },
	};
	struct fixture *f = *state;
	struct trace_sample s;
	FILE *out = fopen(f->truth, "w");

	trace_sample_make(&s, 300);
	f->info = s.info;
	/* The fixture's clocks are another recording's: begin again. */
	trace_perfetto_exporter.done(&f->x);
	f->out.used = 0;
	assert_int_equal(trace_perfetto_exporter.begin(&f->x), 0);
	assert_int_equal(trace_sample_feed(&s, &trace_perfetto_exporter, &f->x), 0);
	finish(f);
	for (int ns = 0; ns < 2; ns++) {
		fprintf(out, "%s", ns ? "},\"ns\":{\"\":0" : "{\"count\":{\"\":0");
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			fprintf(out, ",\"%s\":%" PRIu64, kinds[i].name,
				sample_sum(&s, kinds[i].kind, !ns));
	}
	fprintf(out,
		"},\"instants\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"started_ns\":%" PRIu64
		",\"started_unix_ns\":%" PRIu64 ",\"names\":[\"renamed, \\\"1\\\"\\n\"]}",
		sample_sum(&s, EVENT_IO_CALL, true), (u64)(7 + 8 + (1ULL << 40) + 1 + 1),
		s.info.started_ns, s.info.started_unix_ns);
	fclose(out);
	trace_sample_free(&s);
	assert_int_equal(run_check(f), 0);
}

static void the_reader_notices_a_nanosecond(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gp_run(&f->program, 2000, to_exporter, f), 0);
	finish(f);
	write_truth(f, 1);
	assert_int_equal(run_check(f), 1);
}

/* Two threads, to put single events together. */
struct pair {
	struct trace_process process;
	struct trace_thread a, b;
};

static struct pair make_pair(void)
{
	return (struct pair) {
		.process = { .pid = 70, .version = "", .path = "", .build_id = "", .command = "p" },
		.a = { .tid = 71, .index = 0, .name = "a" },
		.b = { .tid = 72, .index = 1, .name = "bad \xff\xc3 \xed\xa0\x80" },
	};
}

static void add(struct fixture *f, struct event ev)
{
	for (int i = 0; i < EVENT_TEXTS; i++)
		ev.text[i] = ev.text[i] ? ev.text[i] : "";
	ev.ts_ns += GP_START;
	assert_int_equal(trace_perfetto_exporter.event(&f->x, &ev), 0);
}

static void check_text(struct fixture *f, const char *truth)
{
	FILE *out = fopen(f->truth, "w");

	fprintf(out, "{%s,\"started_ns\":%" PRIu64 ",\"started_unix_ns\":%" PRIu64 "}", truth,
		f->info.started_ns, f->info.started_unix_ns);
	fclose(out);
	finish(f);
	assert_int_equal(run_check(f), 0);
}

static void a_hold_told_after_the_wait_it_blocked_is_joined_too(void **state)
{
	struct fixture *f = *state;
	struct pair t = make_pair();

	t.a.process = t.b.process = &t.process;
	add(f, (struct event) {
		       .kind = EVENT_WAIT, .ts_ns = 900, .ns = 600, .thread = &t.b, .holder = 71 });
	add(f, (struct event) { .kind = EVENT_HOLD, .ts_ns = 890, .ns = 700, .thread = &t.a });
	check_text(f, "\"count\":{\"hold\":1,\"wait\":1},\"ns\":{\"hold\":700,\"wait\":600},"
		      "\"flows\":1,\"names\":[\"bad \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd\"]");
}

static void waits_on_a_hold_long_written_have_no_arrow(void **state)
{
	struct fixture *f = *state;
	struct pair t = make_pair();

	t.a.process = t.b.process = &t.process;
	for (u64 i = 1; i <= 1100; i++)
		add(f, (struct event) {
			       .kind = EVENT_HOLD, .ts_ns = i * 10, .ns = 5, .thread = &t.a });
	add(f, (struct event) { .kind = EVENT_WAIT,
				.ts_ns = 11005,
				.ns = 10998,
				.thread = &t.b,
				.holder = 71 });
	check_text(f, "\"count\":{\"hold\":1100,\"wait\":1},\"ns\":{\"hold\":5500,\"wait\":10998},"
		      "\"flows\":0");
}

static void one_hold_can_block_many(void **state)
{
	struct fixture *f = *state;
	struct pair t = make_pair();
	struct trace_thread many[300];

	t.a.process = &t.process;
	add(f, (struct event) { .kind = EVENT_HOLD, .ts_ns = 500, .ns = 400, .thread = &t.a });
	for (u32 i = 0; i < 300; i++) {
		many[i] = (struct trace_thread) {
			.tid = 100 + i, .index = 1 + i, .name = "m", .process = &t.process
		};
		add(f, (struct event) { .kind = EVENT_WAIT,
					.ts_ns = 600 + i,
					.ns = 300 + i,
					.thread = &many[i],
					.holder = 71 });
	}
	check_text(f, "\"count\":{\"wait\":300},\"ns\":{\"wait\":134850},\"flows\":300");
}

static void a_late_event_is_moved_not_reordered(void **state)
{
	struct fixture *f = *state;
	struct pair t = make_pair();

	t.a.process = &t.process;
	add(f, (struct event) { .kind = EVENT_HOLD, .ts_ns = 500, .ns = 400, .thread = &t.a });
	add(f, (struct event) { .kind = EVENT_HOLD, .ts_ns = 600, .ns = 150, .thread = &t.a });
	check_text(f, "\"count\":{\"hold\":2},\"ns\":{\"hold\":500}");
}

/* From a recording that lies: the largest times, and what has no thread. */
static void impossible_times_do_no_harm(void **state)
{
	struct fixture *f = *state;
	struct pair t = make_pair();

	t.a.process = t.b.process = &t.process;
	add(f, (struct event) {
		       .kind = EVENT_HOLD, .ts_ns = 1000, .ns = (1ULL << 48) - 1, .thread = &t.a });
	add(f, (struct event) { .kind = EVENT_HOLD,
				.ts_ns = 0 - GP_START - 1,
				.ns = 1ULL << 47,
				.thread = &t.a });
	add(f, (struct event) { .kind = EVENT_WAIT,
				.ts_ns = 0 - GP_START - 1,
				.ns = 1ULL << 47,
				.thread = &t.b,
				.holder = 71 });
	add(f, (struct event) { .kind = EVENT_HOLD, .ts_ns = 5, .ns = 5 });
	add(f, (struct event) { .kind = EVENT_CONTENDED, .ts_ns = 5, .ns = 5 });
	check_text(f, "\"count\":{\"hold\":2,\"lost\":1},\"ns\":{\"hold\":140742488356328,"
		      "\"lost\":0},\"lost\":2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_independent_reader_finds_every_span_counter_and_arrow),
		TEST(a_recording_out_of_order_with_hostile_texts_is_told_whole),
		TEST(the_reader_notices_a_nanosecond),
		TEST(a_hold_told_after_the_wait_it_blocked_is_joined_too),
		TEST(waits_on_a_hold_long_written_have_no_arrow),
		TEST(one_hold_can_block_many),
		TEST(a_late_event_is_moved_not_reordered),
		TEST(impossible_times_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
