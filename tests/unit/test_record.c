/* The recorder's parts: the queue sorts, the mirror knows who is who at a moment, triggers compare.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/record/known.h"
#include "user/record/pending.h"
#include "user/record/trigger.h"

static struct gs_record record_at(u64 end_ns, u32 tid)
{
	return (struct gs_record) { .end_ns = end_ns, .tid = tid, .kind = GS_REC_HOLD };
}

static void queue_sorts_and_keeps_the_order_of_equal_times(void **state)
{
	static const u64 times[] = { 30, 10, 20, 10, 40, 20 };
	struct pending p = {};

	(void)state;
	for (u32 i = 0; i < 6; i++) {
		struct gs_record r = record_at(times[i], i);

		assert_int_equal(pending_add_record(&p, &r, sizeof(r)), 0);
	}
	assert_int_equal(p.count, 6);
	for (size_t i = 1; i < p.count; i++) {
		const struct pending_item *a = &p.items[i - 1], *b = &p.items[i];

		assert_true(a->ts_ns < b->ts_ns ||
			    (a->ts_ns == b->ts_ns && a->record.r.tid < b->record.r.tid));
	}
	assert_int_equal(pending_upto(&p, 9), 0);
	assert_int_equal(pending_upto(&p, 10), 2);
	assert_int_equal(pending_upto(&p, 39), 5);
	pending_drop(&p, 5);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.items[0].ts_ns, 40);
	pending_done(&p);
}

static void queue_takes_no_records_of_other_sizes(void **state)
{
	struct pending p = {};
	u8 bytes[128] = { 0 };

	(void)state;
	assert_int_equal(pending_add_record(&p, bytes, sizeof(struct gs_record) - 1), -EINVAL);
	assert_int_equal(pending_add_record(&p, bytes, sizeof(bytes)), -EINVAL);
	assert_int_equal(p.count, 0);
	pending_done(&p);
}

/* What known_tell() tells, as text: "p1:name " a process, "t1:name " a thread. */
struct told {
	char text[256];
	int fail_at;
};

static int note(void *ctx, const struct event *ev)
{
	bool process = ev->kind == EVENT_PROCESS;
	size_t used = strlen(((struct told *)ctx)->text);
	struct told *t = ctx;

	snprintf(t->text + used, sizeof(t->text) - used, "%c%u:%s ", process ? 'p' : 't',
		 process ? ev->pid : ev->tid,
		 ev->text[process ? EVENT_PROCESS_COMMAND : EVENT_THREAD_NAME]);
	return t->fail_at && !--t->fail_at ? -ENOSPC : 0;
}

static void process_at(struct known *k, u64 ts_ns, u32 pid, const char *command)
{
	struct event ev = { .kind = EVENT_PROCESS, .ts_ns = ts_ns, .pid = pid };

	ev.text[EVENT_PROCESS_COMMAND] = command;
	assert_int_equal(known_event(k, &ev), 0);
}

static void thread_at(struct known *k, u64 ts_ns, u32 pid, u32 tid, const char *name)
{
	struct event ev = { .kind = EVENT_THREAD, .ts_ns = ts_ns, .pid = pid, .tid = tid };

	ev.text[EVENT_THREAD_NAME] = name;
	assert_int_equal(known_event(k, &ev), 0);
}

static void exit_at(struct known *k, enum event_kind kind, u64 ts_ns, u32 id)
{
	const struct event ev = { .kind = kind, .ts_ns = ts_ns, .pid = id, .tid = id };

	assert_int_equal(known_event(k, &ev), 0);
}

static void expect_told(const struct known *k, u64 at_ns, const char *text)
{
	struct told t = {};

	assert_int_equal(known_tell(k, at_ns, note, &t), 0);
	assert_string_equal(t.text, text);
}

/* A process executes another program: at a moment it is the one or the other. */
static void mirror_tells_what_was_there_at_a_moment(void **state)
{
	struct known *k = calloc(1, sizeof(*k));
	struct told t = { .fail_at = 1 };

	(void)state;
	assert_non_null(k);
	process_at(k, 10, 7, "old");
	thread_at(k, 11, 7, 7, "main");
	thread_at(k, 12, 7, 8, "worker");
	thread_at(k, 30, 7, 8, "renamed");
	exit_at(k, EVENT_PROCESS_EXIT, 40, 7);
	process_at(k, 40, 7, "new");
	expect_told(k, 20, "p7:old t7:main t8:renamed ");
	expect_told(k, 11, "p7:old t7:main ");
	expect_told(k, 50, "p7:new p7:old t7:main t8:renamed ");
	assert_string_equal(known_process(k, 7)->text[EVENT_PROCESS_COMMAND], "new");
	assert_null(known_thread(k, 8));
	assert_int_equal(known_tell(k, 50, note, &t), -ENOSPC);
	assert_string_equal(t.text, "p7:new ");
	known_forget(k, 41);
	expect_told(k, 50, "p7:new ");
	known_done(k);
	free(k);
}

/* A tid comes again: the living one counts, and that the one before ended is remembered. */
static void mirror_tells_threads_with_the_same_id_apart(void **state)
{
	struct event told = { .kind = EVENT_THREAD, .ts_ns = 15, .pid = 7, .tid = 9 };
	struct known *k = calloc(1, sizeof(*k));

	(void)state;
	assert_non_null(k);
	thread_at(k, 10, 7, 9, "first");
	assert_false(known_thread_over(k, &told));
	exit_at(k, EVENT_THREAD_EXIT, 20, 9);
	assert_null(known_thread(k, 9));
	assert_true(known_thread_over(k, &told));
	told.ts_ns = 25; /* a reading after its end that had not seen it */
	assert_true(known_thread_over(k, &told));
	told.start_ns = 24;
	assert_false(known_thread_over(k, &told));
	told.ts_ns = 20;
	assert_true(known_thread_over(k, &told));
	thread_at(k, 30, 7, 9, "second");
	assert_string_equal(known_thread(k, 9)->text[EVENT_THREAD_NAME], "second");
	expect_told(k, 25, "t9:first ");
	expect_told(k, 30, "t9:second t9:first ");
	known_done(k);
	free(k);
}

static void triggers_compare_spans_of_their_kind(void **state)
{
	struct trigger t[2];
	struct event ev = { .kind = EVENT_COLLECTION, .ns = 200000000 };
	struct err e = {};

	(void)state;
	assert_int_equal(trigger_parse("gc.pause>200ms", &t[0], &e), 0);
	assert_int_equal(trigger_parse("gil.wait>0.5", &t[1], &e), 0);
	assert_null(trigger_met(t, 2, &ev));
	ev.ns++;
	assert_ptr_equal(trigger_met(t, 2, &ev), &t[0]);
	ev.kind = EVENT_WAIT;
	assert_null(trigger_met(t, 2, &ev));
	ev.ns = 500000001;
	assert_ptr_equal(trigger_met(t, 2, &ev), &t[1]);
}

static void triggers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",	"gc.pause",    "gc.pause>",	 "gc.pause>x",	  "gc>1ms",
		">1ms", "gc.pause>-1", "gc.pause 200ms", "gc.pausex>1ms", "GC.PAUSE>1ms"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct trigger t;
		struct err e = {};

		assert_int_equal(trigger_parse(bad[i], &t, &e), -EINVAL);
		assert_int_equal(e.code, GS_EXIT_USAGE);
		assert_non_null(strstr(e.text, "--trigger"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_sorts_and_keeps_the_order_of_equal_times),
		cmocka_unit_test(queue_takes_no_records_of_other_sizes),
		cmocka_unit_test(mirror_tells_what_was_there_at_a_moment),
		cmocka_unit_test(mirror_tells_threads_with_the_same_id_apart),
		cmocka_unit_test(triggers_compare_spans_of_their_kind),
		cmocka_unit_test(triggers_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
