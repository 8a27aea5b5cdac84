/*
 * Fuzzing the reader of recordings.  The first byte says what the rest becomes:
 *
 *   0  raw: u16 size, the metadata, then the packets as they are
 *   1  packets: our metadata; chunks { u8 flags, u16 size, contents }, each a packet with a right
 *      checksum, header fields as the flags say, contents as they are
 *   2  events: our metadata; the bytes choose events that are well-formed, in right packets: this
 *      is what libbabeltrace2 gets to see
 *   3  values: the bytes are the values of the metadata's env; one packet that is good
 *
 * Whatever it is, the reader must not crash, hang or take much memory, and what it hands out must
 * be what its header promises.  Nor must the replay that makes figures of it, and of its stacks.
 */
#include <babeltrace2/babeltrace.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "user/base/str.h"
#include "user/trace/reader.h"
#include "user/trace/reader_private.h"
#include "user/trace/replay.h"
#include "user/trace/writer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

#define BYTES_MAX (2 * 1024 * 1024)

/* The input, taken piece by piece; zeros when it is used up. */
struct input {
	const u8 *at;
	size_t left;
};

/* A file with packets in the making. */
struct file {
	u8 *bytes;
	size_t used;
	u64 seq, end_ns;
};

static char directory[64];
static const u8 uuid[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const struct trace_info info = {
	.gilscope = "0.1.0",
	.kernel = "6.1",
	.host = "here",
	.command = "x",
	.mode = "exact",
	.format = TRACE_FORMAT,
	.families = UINT32_MAX,
	.started_unix_ns = 1795000000000000000,
	.started_ns = 1000,
};

static void take(struct input *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;

	memset(to, 0, size);
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

static u64 number(struct input *in, size_t bytes)
{
	u64 v = 0;

	take(in, &v, bytes);
	return v;
}

static void put(const char *name, const void *bytes, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

static void take_away(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
}

static void put_metadata(const struct trace_info *i)
{
	char *text = trace_metadata(i, uuid);

	CHECK(text);
	put("metadata", text, strlen(text));
	free(text);
}

static void seal(struct file *f, u8 *packet, struct trace_packet h)
{
	size_t size = (size_t)(f->bytes + f->used - packet);

	h.magic = TRACE_MAGIC;
	memcpy(h.uuid, uuid, sizeof(uuid));
	h.content_size = h.packet_size = size * 8;
	h.crc = 0;
	memcpy(packet, &h, sizeof(h));
	h.crc = (u32)crc32(0, packet, (uInt)size);
	memcpy(packet, &h, sizeof(h));
}

/* Mode 1: contents as they are. */
static void packets(struct input *in, struct file *f)
{
	while (in->left && f->used < BYTES_MAX / 2) {
		u32 flags = (u32)number(in, 1);
		size_t size = number(in, 2);
		u8 *packet = f->bytes + f->used;
		struct trace_packet h = { .packet_seq_num = f->seq, .timestamp_begin = f->end_ns };

		h.timestamp_end = f->end_ns + (flags & 1 ? number(in, 2) : 0);
		if (flags & 2)
			h.packet_seq_num = number(in, 8);
		if (flags & 4)
			h.timestamp_begin = number(in, 8);
		if (flags & 8)
			h.events_discarded = number(in, 8);
		if (flags & 16)
			h.stream_id = (u32)number(in, 1);
		size = size < in->left ? size : in->left;
		f->used += sizeof(h);
		take(in, f->bytes + f->used, size);
		f->used += size;
		f->seq++;
		f->end_ns = h.timestamp_end;
		seal(f, packet, h);
		if (flags & 32) /* a damaged one */
			packet[number(in, 2) % (sizeof(h) + size)] ^= 1;
	}
}

static void header(struct input *in, struct file *f, u8 kind)
{
	u8 *at = f->bytes + f->used;
	u64 step = number(in, 1), ts_ns = f->end_ns + step;
	u32 v = kind | (u32)(ts_ns << 5);

	if (step < 250) {
		memcpy(at, &v, sizeof(v));
		f->used += sizeof(v);
	} else {
		ts_ns = f->end_ns + (number(in, 7) >> (step - 250));
		v = kind;
		at[0] = TRACE_EXTENDED;
		memcpy(at + 1, &v, sizeof(v));
		memcpy(at + 5, &ts_ns, sizeof(ts_ns));
		f->used += TRACE_EXTENDED_SIZE;
	}
	f->end_ns = ts_ns;
}

/* Mode 2: events of the right form. */
static void events(struct input *in, struct file *f)
{
	struct checker c;

	checker_init(&c, TRACE_FORMAT, uuid);
	while (in->left && f->used < BYTES_MAX / 2) {
		u8 *packet = f->bytes + f->used;
		struct trace_packet h = { .packet_seq_num = f->seq++,
					  .timestamp_begin = f->end_ns };
		u64 n = number(in, 1) + 1;

		f->used += sizeof(h);
		while (n-- && in->left) {
			u8 kind = (u8)(number(in, 1) % c.kinds);

			header(in, f, kind);
			take(in, f->bytes + f->used, c.shapes[kind].numbers);
			f->used += c.shapes[kind].numbers;
			for (u32 i = 0; i < c.shapes[kind].texts; i++) {
				size_t len = number(in, 1) % 64 * (number(in, 1) % 4);

				for (size_t k = 0; k < len; k++)
					f->bytes[f->used++] = (u8)(number(in, 1) | 1);
				f->bytes[f->used++] = 0;
			}
		}
		h.timestamp_end = f->end_ns;
		seal(f, packet, h);
	}
}

/* Mode 3: a text up to a NUL. */
static const char *text(struct input *in, char *buf, size_t size)
{
	size_t n = 0;

	while (in->left && n + 1 < size) {
		buf[n] = (char)number(in, 1);
		if (!buf[n])
			break;
		n++;
	}
	buf[n] = 0;
	return buf;
}

static void values(struct input *in)
{
	static char texts[4][5000];
	struct trace_info i = info;

	i.mode = number(in, 1) & 1 ? "watch" : "exact";
	i.families = (u32)number(in, 4);
	i.started_ns = number(in, 8) >> 2;
	i.started_unix_ns = number(in, 8) >> 2;
	i.hit_ns = number(in, 8) >> 2;
	i.host = text(in, texts[0], sizeof(texts[0]));
	i.kernel = text(in, texts[1], sizeof(texts[1]));
	i.gilscope = text(in, texts[2], sizeof(texts[2]));
	i.command = text(in, texts[3], sizeof(texts[3]));
	put_metadata(&i);
}

static void one_packet(struct file *f)
{
	static const u8 hold[] = { EVENT_HOLD, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0 };
	u8 *packet = f->bytes;

	memcpy(packet + sizeof(struct trace_packet), hold, sizeof(hold));
	f->used = sizeof(struct trace_packet) + sizeof(hold);
	seal(f, packet, (struct trace_packet) { 0 });
}

static bool harmless(const char *s)
{
	char *copy = strdup(s);
	bool same;

	CHECK(copy);
	str_printable(copy);
	same = !strcmp(copy, s);
	free(copy);
	return same;
}

static int look(void *ctx, const struct event *ev)
{
	CHECK((u32)ev->kind < EVENT_KIND_COUNT && ev->kind != EVENT_LATE);
	for (u32 i = 0; i < EVENT_TEXTS; i++)
		CHECK(ev->text[i] && strlen(ev->text[i]) <= TRACE_TEXT_MAX &&
		      harmless(ev->text[i]));
	if (ev->thread)
		CHECK(ev->thread->name && ev->thread->process == ev->process &&
		      ev->thread->tid == ev->tid);
	if (ev->process)
		CHECK(ev->process->version && ev->process->path && ev->process->command);
	++*(u64 *)ctx;
	return 0;
}

/* Rows of a thread's stacks have frames that are whole. */
static int check_figures(void *ctx, u64 moment_ns, struct figures *f)
{
	(void)ctx;
	(void)moment_ns;
	for (size_t i = 0; i < f->nprocs; i++)
		for (size_t s = 0; s < f->procs[i].nstacks; s++) {
			const struct fig_frames *frames = f->procs[i].stacks[s].frames;

			CHECK(!frames == !f->procs[i].stacks[s].id);
			for (u32 n = 0; frames && n < frames->n; n++)
				CHECK(!frames->frame[n].function ||
				      harmless(frames->frame[n].function));
		}
	figures_free(f);
	return 0;
}

/* Figures of it all, and at some moments. */
static void replay_it(struct trace_reader *r)
{
	static const u64 moments[] = { 1001, 1300, 1000000, 1000000000 };
	struct replay_opts o = { .top = 3, .at = check_figures };
	struct replay_marks *marks = replay_marks_new(moments, 4);
	struct replay *replay;
	struct trace_sink sink;
	struct figures *f;
	struct err e = { 0 };

	CHECK(marks);
	sink = replay_marks_sink(marks);
	CHECK(!trace_read(r, &sink, &e));
	o.marks = marks;
	replay = replay_new(&o);
	CHECK(replay);
	sink = replay_sink(replay);
	CHECK(!trace_read(r, &sink, &e));
	f = replay_figures(replay);
	CHECK(f);
	check_figures(NULL, 0, f);
	replay_free(replay);
	replay_marks_free(marks);
}

/* Read it, @twice or once; whether it could be opened. */
static bool read_it(bool twice)
{
	u64 n = 0, again = 0;
	struct trace_sink sink = { .event = look, .ctx = &n };
	struct trace_reader *r;
	struct err e = { 0 };
	int err;

	if (trace_open(directory, &r, &e)) {
		CHECK(e.code == GS_EXIT_FAILED && e.text[0]);
		return false;
	}
	for (size_t i = 0; trace_damage(r, i); i++)
		CHECK(harmless(trace_damage(r, i)));
	err = trace_read(r, &sink, &e);
	if (err)
		fprintf(stderr, "%s\n", e.text);
	/* what has been checked, libbabeltrace2 can read */
	CHECK(!err && n);
	sink.ctx = &again;
	if (twice)
		CHECK(!trace_read(r, &sink, &e) && again == n);
	if (twice)
		replay_it(r);
	trace_close(r);
	return true;
}

/* The plugin is held here, so that it is not loaded anew for each input. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const bt_plugin *plugin;

	(void)argc;
	(void)argv;
	snprintf(directory, sizeof(directory), "%s/gilscope-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	CHECK(mkdtemp(directory));
	CHECK(!bt_plugin_find("ctf", BT_FALSE, BT_FALSE, BT_TRUE, BT_FALSE, BT_FALSE, &plugin));
	fprintf(stderr, "in %s\n", directory);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 bytes[BYTES_MAX];
	struct input in = { data, size };
	struct file f = { .end_ns = 1000 };
	u32 mode = (u32)number(&in, 1);
	size_t n;

	f.bytes = bytes;
	if (mode == 0) {
		n = number(&in, 2);
		n = n < in.left ? n : in.left;
		put("metadata", in.at, n);
		take(&in, f.bytes, n);
		f.used = in.left < BYTES_MAX ? in.left : BYTES_MAX;
		take(&in, f.bytes, f.used);
	} else if (mode == 3) {
		values(&in);
		one_packet(&f);
	} else {
		put_metadata(&info);
		(mode == 1 ? packets : events)(&in, &f);
	}
	/* in two files, if the input is odd */
	n = size % 2 && mode != 3 ? f.used / 2 : f.used;
	put("events_000000", f.bytes, n);
	if (n < f.used)
		put("events_000001", f.bytes + n, f.used - n);
	else
		take_away("events_000001");
	n = read_it(size % 16 == 3);
	CHECK(n || mode != 3);
	return 0;
}
