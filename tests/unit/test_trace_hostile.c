/* Packets made to harm: with a good checksum and bad contents, with extreme times, without end. */
#include <errno.h>
#include <zlib.h>

#include "tests/unit/damage_sample.h"

static void seal(u8 *packet, size_t size)
{
	struct trace_packet h;

	memcpy(&h, packet, sizeof(h));
	h.packet_size = h.content_size = htole64((u64)size * 8);
	h.crc = 0;
	memcpy(packet, &h, sizeof(h));
	h.crc = htole32((u32)crc32(0, packet, (uInt)size));
	memcpy(packet, &h, sizeof(h));
}

/* The sample's second packet with @size bytes of events instead, in place of it. */
static struct reading read_with(const u8 *events, size_t size, u64 begin_ns, u64 end_ns)
{
	u8 *bytes = calloc(1, sample.size + sizeof(struct trace_packet) + size);
	u8 *packet = bytes + sample.at[1];
	size_t used = sizeof(struct trace_packet) + size;
	struct trace_packet h;

	assert_non_null(bytes);
	memcpy(bytes, sample.packets, sample.at[2]);
	memcpy(&h, packet, sizeof(h));
	if (begin_ns)
		h.timestamp_begin = htole64(begin_ns);
	h.timestamp_end = end_ns ? htole64(end_ns) : h.timestamp_begin;
	memcpy(packet, &h, sizeof(h));
	memcpy(packet + sizeof(h), events, size);
	seal(packet, used);
	memcpy(packet + used, sample.packets + sample.at[2], sample.size - sample.at[2]);
	put_file(sample.file, bytes, sample.at[1] + used + sample.size - sample.at[2]);
	free(bytes);
	return read_sample();
}

#define BEGIN (T0 + HOLDS * 1000) /* of the second packet */
#define HEADER(kind, ts) \
	(u8)((kind) | (ts) << 5), (u8)((ts) >> 3), (u8)((ts) >> 11), (u8)((ts) >> 19)

static void made_up_packets_are_left_out(void **state)
{
	static const u8 long_text[5000] = { HEADER(EVENT_END, BEGIN) };
	const u64 b = BEGIN;
	const u8 kind[] = { HEADER(20, b), 0, 0, 0 };
	const u8 call[] = { HEADER(EVENT_IO_CALL, b), 1, 0, 0, 7, 0, 0, 0, 0 };
	const u8 generation[] = { HEADER(EVENT_GC_START, b), 1, 0, 0xc0 };
	const u8 what[] = {
		HEADER(EVENT_OPEN, b), 1, 0, 0, EVENT_OPEN_COUNT, 0, 0, 1, 1, 1, 1, 1, 1
	};
	const u8 cut[] = { HEADER(EVENT_GC_START, b), 1, 0 };
	const u8 header[] = { HEADER(EVENT_GC_START, b), 1, 0, 0, 1, 2 };
	const u8 late[] = { HEADER(EVENT_LATE, b), 1, 0, 0, 0, 0, 0 };
	const u8 text[] = { HEADER(EVENT_LOST, b), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 'x' };
	const u8 time[] = { HEADER(EVENT_GC_START, b + 1), 1, 0, 0 };
	const u8 extended[] = { 31, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0 };
	const u8 good[] = { HEADER(EVENT_GC_START, b), 1, 0, 0x80 };
	const struct {
		const u8 *events;
		size_t size;
		u64 begin_ns, end_ns;
	} cases[] = {
		{ kind, sizeof(kind), 0, 0 },
		{ call, sizeof(call), 0, 0 },
		{ generation, sizeof(generation), 0, 0 },
		{ what, sizeof(what), 0, 0 },
		{ cut, sizeof(cut), 0, 0 },
		{ header, sizeof(header), 0, 0 },
		{ late, sizeof(late), 0, 0 },
		{ text, sizeof(text), 0, 0 },
		{ time, sizeof(time), 0, 0 },
		{ extended, sizeof(extended), 0, 0 },
		{ extended, 5, 0, 0 },
		{ good, 3, 0, 0 },
		{ long_text, sizeof(long_text), 0, 0 },
		{ good, 0, 0, 0 },
		{ good, sizeof(good), BEGIN, BEGIN + 1 },
		{ good, sizeof(good), T0, BEGIN },
		{ good, sizeof(good), BEGIN, 1ULL << 62 },
		{ good, sizeof(good), BEGIN, BEGIN - 1 },
	};
	struct reading rd;

	(void)state;
	restore();
	rd = read_with(good, sizeof(good), 0, 0);
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 0);
	assert_int_equal(rd.events[EVENT_GC_START], 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		rd = read_with(cases[i].events, cases[i].size, cases[i].begin_ns, cases[i].end_ns);
		assert_int_equal(rd.err, 0);
		assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(PACKETS - 1));
		if (rd.damage != 1 || rd.lost != 1)
			fail_msg("case %zu", i);
	}
}

/* Times at the end of what is allowed still add up within the library. */
static void the_largest_time_is_read(void **state)
{
	const struct event event = { .kind = EVENT_THREAD_EXIT,
				     .tid = 1,
				     .ts_ns = (1ULL << 62) - 1 };
	struct trace_info info = sample_info;
	struct trace_writer *w;
	struct packet *p;
	struct reading rd;
	struct err e = { 0 };

	(void)state;
	info.started_unix_ns = (1ULL << 62) - 1;
	info.started_ns = 0;
	assert_int_equal(trace_writer_open(in_test_dir("largest"), true, &info, &w, &e), 0);
	p = packet_new(trace_writer_uuid(w), UINT64_MAX);
	assert_int_equal(packet_add(p, &event), 0);
	packet_end(p, UINT64_MAX);
	assert_int_equal(trace_writer_packet(w, p->bytes, p->used, &e), 0);
	trace_writer_close(w, &e);
	free(p);
	rd = read_recording(in_test_dir("largest"));
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.last_ns, event.ts_ns);
}

/* Packets within packets, each to be checked: patience has an end, and lines of damage, too. */
static void endless_damage_ends(void **state)
{
	struct trace_packet h;
	u8 *bytes = calloc(1, TRACE_FILE_MAX);
	struct trace_reader *r;
	struct err e = { 0 };
	size_t lines = 0;

	(void)state;
	assert_non_null(bytes);
	restore();
	memcpy(bytes, sample.packets, sample.at[1]);
	memcpy(&h, bytes, sizeof(h));
	h.packet_size = h.content_size = htole64(TRACE_PACKET_MAX * 8);
	for (size_t at = sample.at[1]; at + sizeof(h) < TRACE_FILE_MAX; at += sizeof(h))
		memcpy(bytes + at, &h, sizeof(h));
	put_file(sample.file, bytes, TRACE_FILE_MAX);
	free(bytes);
	assert_int_equal(trace_open(sample.path, &r, &e), 0);
	while (trace_damage(r, lines))
		lines++;
	assert_in_range(lines, 100, 101);
	assert_non_null(strstr(trace_damage(r, lines - 1), "more places"));
	trace_close(r);
}

/* Between trace_open() and trace_read(): what libbabeltrace2 then says becomes one line. */
static void files_changed_behind_our_back_are_an_error(void **state)
{
	struct reading rd = { 0 };
	const struct trace_sink sink = { .event = reading_event, .ctx = &rd };
	struct trace_reader *r;

	(void)state;
	restore();
	assert_int_equal(trace_open(sample.path, &r, &rd.e), 0);
	assert_int_equal(truncate(sample.file, (off_t)sample.at[2] + 100), 0);
	assert_int_equal(trace_read(r, &sink, &rd.e), -EIO);
	assert_int_equal(rd.e.code, GS_EXIT_FAILED);
	assert_non_null(strstr(rd.e.text, "/sample: libbabeltrace2 "));
	rd = (struct reading) { 0 };
	restore();
	put_file(sample.metadata_file, "/* CTF 1.8 */ nonsense", 22);
	assert_int_equal(trace_read(r, &sink, &rd.e), -EIO);
	assert_non_null(strstr(rd.e.text, "/sample: libbabeltrace2 "));
	rd = (struct reading) { 0 };
	restore();
	assert_int_equal(trace_read(r, &sink, &rd.e), 0);
	assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(PACKETS));
	trace_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_up_packets_are_left_out),
		cmocka_unit_test(the_largest_time_is_read),
		cmocka_unit_test(endless_damage_ends),
		cmocka_unit_test(files_changed_behind_our_back_are_an_error),
	};

	return cmocka_run_group_tests(tests, make_sample, remove_sample);
}
