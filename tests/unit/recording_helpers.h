/*
 * Recordings for tests: a directory of its own, made with the writer, read back with the reader.
 *
 * The reader's copies go where the test's own directory is, so that what it leaves can be seen.
 */
#ifndef GS_TESTS_RECORDING_HELPERS_H
#define GS_TESTS_RECORDING_HELPERS_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/trace/reader.h"
#include "user/trace/writer.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T0 5000000000ULL /* CLOCK_MONOTONIC of the recordings' beginning, ns */

static const struct trace_info sample_info = {
	.gilscope = "0.1.0",
	.kernel = "6.1.0-test",
	.host = "here",
	.command = "gilscope record -p 1 -o \"a dir\" \\",
	.mode = "exact",
	.families = 62,
	.started_unix_ns = 1795000000123456789,
	.started_ns = T0,
	.hit_ns = 800,
};

/* A path in the test's directory, in one of four buffers in turn. */
static char test_dir[64];
static inline const char *in_test_dir(const char *name)
{
	static char buf[4][512];
	static int turn;
	char *at = buf[turn++ % 4];

	snprintf(at, sizeof(buf[0]), "%s/%s", test_dir, name);
	return at;
}

static inline int make_test_dir(void **state)
{
	(void)state;
	strcpy(test_dir, "/tmp/gilscope-test-XXXXXX");
	if (!mkdtemp(test_dir) || mkdir(in_test_dir("tmp"), 0700))
		return -1;
	return setenv("TMPDIR", in_test_dir("tmp"), 1);
}

static inline int remove_test_dir(void **state)
{
	char command[128];

	(void)state;
	unsetenv("TMPDIR");
	snprintf(command, sizeof(command), "rm -rf '%s'", test_dir);
	return system(command);
}

/* How many entries there are in the directory @path. */
static inline size_t entries(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

/* Files as a whole; contents are the caller's to free. */
static inline u8 *get_file(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "re");
	u8 *bytes = malloc(TRACE_FILE_MAX + 1);

	assert_non_null(f);
	assert_non_null(bytes);
	*ret_size = fread(bytes, 1, TRACE_FILE_MAX + 1, f);
	fclose(f);
	return bytes;
}

static inline void put_file(const char *path, const void *bytes, size_t size)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* A recording being made. */
struct recording {
	struct trace_writer *writer;
	struct packet *packet;
};

static inline void recording_begin(struct recording *rec, const char *path)
{
	struct err e = { 0 };

	if (trace_writer_open(path, true, &sample_info, &rec->writer, &e))
		fail_msg("%s", e.text);
	rec->packet = packet_new(trace_writer_uuid(rec->writer), 0);
	assert_non_null(rec->packet);
}

static inline void recording_flush(struct recording *rec)
{
	struct err e = { 0 };

	packet_end(rec->packet, 0);
	if (trace_writer_packet(rec->writer, rec->packet->bytes, rec->packet->used, &e))
		fail_msg("%s", e.text);
	packet_next(rec->packet);
}

static inline void recording_add(struct recording *rec, const struct event *ev)
{
	int err = packet_add(rec->packet, ev);

	if (err) {
		recording_flush(rec);
		err = packet_add(rec->packet, ev);
	}
	assert_int_equal(err, 0);
}

static inline void recording_end(struct recording *rec)
{
	struct err e = { 0 };

	recording_flush(rec);
	assert_int_equal(trace_writer_close(rec->writer, &e), 0);
	free(rec->packet);
}

/*
 * @n packets of @per holds of thread 11 of process 10; the first one tells of them, too, the last
 * one has the END.  Holds are 1,000 ns apart.
 */
static inline void sample_recording(const char *path, size_t n, size_t per)
{
	const struct event process = { .kind = EVENT_PROCESS,
				       .ts_ns = T0,
				       .pid = 10,
				       .ns_id = 1,
				       .text = { "3.11.2", "/usr/bin/python3", "c0ffee",
						 "python3 x", "all" } };
	const struct event thread = { .kind = EVENT_THREAD,
				      .ts_ns = T0,
				      .pid = 10,
				      .tid = 11,
				      .ns_id = 2,
				      .text = { "MainThread" } };
	struct event hold = { .kind = EVENT_HOLD, .ts_ns = T0, .tid = 11, .ns = 500 };
	struct event end = { .kind = EVENT_END, .text = { "it was told to" } };
	struct recording rec;

	recording_begin(&rec, path);
	recording_add(&rec, &process);
	recording_add(&rec, &thread);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < per; k++) {
			hold.ts_ns += 1000;
			recording_add(&rec, &hold);
		}
		if (i + 1 < n)
			recording_flush(&rec);
	}
	end.ts_ns = hold.ts_ns;
	recording_add(&rec, &end);
	recording_end(&rec);
}

/* What a reading gave. */
struct reading {
	struct err e;
	int err; /* of trace_open(), or trace_read() */
	u64 events[EVENT_KIND_COUNT];
	u64 damage; /* lines */
	char first[1024]; /* of them */
	bool complete;
	u64 last_ns; /* of the last event */
	u64 lost, lost_ns; /* sums over the LOST events */
	bool disorder; /* an event was earlier than the one before */
};

static inline int reading_event(void *ctx, const struct event *ev)
{
	struct reading *rd = ctx;

	for (size_t i = 0; i < EVENT_TEXTS; i++)
		assert_non_null(ev->text[i]);
	rd->events[ev->kind]++;
	rd->disorder |= ev->ts_ns < rd->last_ns;
	rd->last_ns = ev->ts_ns;
	if (ev->kind == EVENT_LOST) {
		rd->lost += ev->count;
		rd->lost_ns += ev->ns;
	}
	return 0;
}

static inline struct reading read_recording(const char *path)
{
	struct reading rd = { 0 };
	const struct trace_sink sink = { .event = reading_event, .ctx = &rd };
	struct trace_reader *r = NULL;

	rd.err = trace_open(path, &r, &rd.e);
	if (rd.err)
		return rd;
	rd.err = trace_read(r, &sink, &rd.e);
	while (trace_damage(r, rd.damage))
		rd.damage++;
	if (rd.damage)
		snprintf(rd.first, sizeof(rd.first), "%s", trace_damage(r, 0));
	rd.complete = trace_complete(r);
	trace_close(r);
	return rd;
}

#endif
