/* Streams of records in a temporary file: what goes in mixed comes out by stream, either way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>

#include <cmocka.h>

#include "user/base/spool.h"

#define STREAMS 37

struct record {
	u64 stream, value;
};

struct expect {
	u64 stream, next, seen;
	s64 step;
};

static int same(void *ctx, const void *record)
{
	const struct record *r = record;
	struct expect *e = ctx;

	assert_int_equal(r->stream, e->stream);
	assert_int_equal(r->value, e->next);
	e->next += (u64)e->step;
	e->seen++;
	return 0;
}

static void holds(struct spool *s, const struct spool_stream *st, u64 stream, u64 n)
{
	struct expect forwards = { stream, 0, 0, 1 }, backwards = { stream, n - 1, 0, -1 };

	assert_int_equal(st->records, n);
	assert_int_equal(spool_each(s, st, false, same, &forwards), 0);
	assert_int_equal(forwards.seen, n);
	assert_int_equal(spool_each(s, st, true, same, &backwards), 0);
	assert_int_equal(backwards.seen, n);
}

static void each_stream_comes_back_whole_forwards_and_backwards(void **state)
{
	struct spool_stream st[STREAMS] = { 0 };
	u64 n[STREAMS] = { 0 };
	struct spool *s;

	(void)state;
	assert_int_equal(spool_new(NULL, &s), 0);
	srandom(7);
	for (u32 i = 0; i < 100000; i++) {
		u64 at = (u64)random() % STREAMS;
		struct record r = { at, n[at]++ };

		assert_int_equal(spool_append(s, &st[at], &r, sizeof(r)), 0);
		/* At any moment, with the block half full or just flushed. */
		if (i % 997 == 0)
			assert_int_equal(spool_flush(s, &st[at]), 0);
		if (i % 9973 == 0)
			holds(s, &st[at], at, n[at]);
	}
	for (u64 i = 0; i < STREAMS; i++)
		holds(s, &st[i], i, n[i]);
	for (u64 i = 0; i < STREAMS; i++)
		assert_int_equal(spool_drop(s, &st[i]), 0);
	spool_free(s);
}

static void dropped_blocks_are_used_again(void **state)
{
	struct spool_stream kept = { 0 }, st = { 0 };
	struct record r = { 1, 0 };
	u64 largest = 0;
	struct spool *s;

	(void)state;
	assert_int_equal(spool_new(NULL, &s), 0);
	for (u64 round = 0; round < 50; round++) {
		for (r.value = 0; r.value < 5000; r.value++)
			assert_int_equal(spool_append(s, &st, &r, sizeof(r)), 0);
		r.value = round;
		assert_int_equal(spool_append(s, &kept, &r, sizeof(r)), 0);
		assert_int_equal(spool_flush(s, &kept), 0);
		holds(s, &st, 1, 5000);
		assert_int_equal(spool_drop(s, &st), 0);
		assert_int_equal(st.records, 0);
		if (round == 0)
			largest = spool_bytes(s);
	}
	holds(s, &kept, 1, 50);
	assert_true(spool_bytes(s) <= largest + 51ULL * SPOOL_BLOCK);
	spool_drop(s, &kept);
	spool_free(s);
}

static int stop_at_third(void *ctx, const void *record)
{
	(void)record;
	return ++*(int *)ctx == 3 ? -ECANCELED : 0;
}

static void reading_ends_with_what_the_callee_returns(void **state)
{
	struct spool_stream st = { 0 };
	struct record r = { 0, 0 };
	struct spool *s;
	int calls = 0;

	(void)state;
	assert_int_equal(spool_new(NULL, &s), 0);
	assert_int_equal(spool_each(s, &st, false, stop_at_third, &calls), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(spool_append(s, &st, &r, sizeof(r)), 0);
	assert_int_equal(spool_each(s, &st, true, stop_at_third, &calls), -ECANCELED);
	assert_int_equal(calls, 3);
	spool_drop(s, &st);
	spool_free(s);
}

static void a_record_of_another_size_is_refused(void **state)
{
	u8 large[SPOOL_RECORD_MAX + 1] = { 0 };
	struct spool_stream st = { 0 };
	struct spool *s;

	(void)state;
	assert_int_equal(spool_new(NULL, &s), 0);
	assert_int_equal(spool_append(s, &st, large, sizeof(large)), -EINVAL);
	assert_int_equal(spool_append(s, &st, large, 0), -EINVAL);
	assert_int_equal(spool_append(s, &st, large, SPOOL_RECORD_MAX), 0);
	assert_int_equal(spool_append(s, &st, large, 8), -EINVAL);
	assert_int_equal(st.records, 1);
	spool_drop(s, &st);
	spool_free(s);
}

static void a_full_disk_is_told_and_what_was_there_stays(void **state)
{
	struct rlimit old, low = { 64 * 1024, 64 * 1024 };
	struct spool_stream st = { 0 };
	struct record r = { 9, 0 };
	struct spool *s;
	int err = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low.rlim_max = old.rlim_max;
	assert_int_equal(spool_new(NULL, &s), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	while (!err && r.value < 100000) {
		err = spool_append(s, &st, &r, sizeof(r));
		r.value += !err;
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(err, -EFBIG);
	holds(s, &st, 9, r.value);
	spool_drop(s, &st);
	spool_free(s);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	struct spool *s;

	(void)state;
	assert_int_equal(spool_new("/nonexistent/folder", &s), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stream_comes_back_whole_forwards_and_backwards),
		cmocka_unit_test(dropped_blocks_are_used_again),
		cmocka_unit_test(reading_ends_with_what_the_callee_returns),
		cmocka_unit_test(a_record_of_another_size_is_refused),
		cmocka_unit_test(a_full_disk_is_told_and_what_was_there_stays),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
