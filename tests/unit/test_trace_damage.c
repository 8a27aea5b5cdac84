/* Damaged recordings: cut off, flipped, reordered.  What is good is read, the rest is told. */
#include <errno.h>

#include "tests/unit/damage_sample.h"

static void the_sample_is_good(void **state)
{
	struct reading rd;

	(void)state;
	restore();
	rd = read_sample();
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 0);
	assert_true(rd.complete);
	assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(PACKETS));
}

/* Whatever the length: the whole packets before it, and a word about the rest. */
static void cut_off_anywhere(void **state)
{
	struct reading rd;
	size_t whole;
	char want[64];

	(void)state;
	restore();
	for (size_t size = 0; size < sample.size; size += 1024) {
		put_file(sample.file, sample.packets, size);
		rd = read_sample();
		whole = packet_of(size);
		if (!whole) {
			assert_int_equal(rd.err, -ENODATA);
			assert_non_null(strstr(rd.e.text, size ? "events_000000: offset 0: cut off"
							       : "nothing in it can be read"));
			continue;
		}
		assert_int_equal(rd.err, 0);
		assert_false(rd.complete);
		assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(whole));
		if (size == sample.at[whole])
			continue;
		assert_int_equal(rd.damage, 1);
		snprintf(want, sizeof(want), "events_000000: offset %zu: cut off",
			 sample.at[whole]);
		assert_non_null(strstr(rd.first, want));
		assert_int_equal(rd.lost, 1);
	}
}

static u64 next_random(u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* One bit anywhere costs one packet, and is told: with its place, and the time it covered. */
static void flipped_bits_cost_a_packet(void **state)
{
	u64 seed = 4711;
	struct reading rd;

	(void)state;
	restore();
	for (int i = 0; i < 400; i++) {
		size_t at = next_random(&seed) % sample.size, hit = packet_of(at);
		u8 bit = (u8)(1 << next_random(&seed) % 8);
		char want[64];

		sample.packets[at] ^= bit;
		put_file(sample.file, sample.packets, sample.size);
		sample.packets[at] ^= bit;
		rd = read_sample();
		assert_int_equal(rd.err, 0);
		assert_int_equal(rd.damage, 1);
		snprintf(want, sizeof(want), "/events_000000: offset %zu: ", sample.at[hit]);
		assert_non_null(strstr(rd.first, want));
		assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(PACKETS - 1));
		assert_int_equal(rd.lost, 1);
		/* of the first and the last one, one side is not known */
		if (hit && hit != PACKETS - 1)
			assert_int_equal(rd.lost_ns, HOLDS * 1000);
		assert_int_equal(rd.complete, hit != PACKETS - 1);
	}
}

static void many_flips_leave_what_is_good(void **state)
{
	u64 seed = 815;
	struct reading rd;

	(void)state;
	restore();
	for (int round = 0; round < 100; round++) {
		u8 *bytes = malloc(sample.size);
		bool hit[PACKETS] = { false };
		u64 good = 0;

		assert_non_null(bytes);
		memcpy(bytes, sample.packets, sample.size);
		for (int i = 0; i < 6; i++) {
			size_t at = next_random(&seed) % sample.size;

			bytes[at] ^= (u8)(1 << next_random(&seed) % 8);
			hit[packet_of(at)] = true;
		}
		put_file(sample.file, bytes, sample.size);
		free(bytes);
		for (size_t i = 0; i < PACKETS; i++)
			good += !hit[i];
		rd = read_sample();
		assert_int_equal(rd.err, 0);
		assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(good));
		/* before the first good one and behind the last, packets have no numbers */
		if (hit[0] || hit[PACKETS - 1])
			assert_in_range(rd.lost, 1, PACKETS - good);
		else
			assert_int_equal(rd.lost, PACKETS - good);
	}
}

static void missing_packets_and_files_are_told(void **state)
{
	struct reading rd;

	(void)state;
	restore();
	put_part(0, 0, 3);
	put_part(1, 5, 6); /* 3 and 4 are missing */
	put_part(3, 9, PACKETS); /* and a file with 6, 7 and 8 */
	rd = read_sample();
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 2);
	assert_non_null(strstr(rd.first, "events_000001: offset 0: packets before this place"));
	assert_int_equal(rd.lost, 5);
	assert_int_equal(rd.lost_ns, 5 * HOLDS * 1000);
	assert_int_equal(rd.events[EVENT_LOST], 2);
	assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(PACKETS - 5));
	assert_true(rd.complete);
}

static void a_recording_may_begin_later(void **state)
{
	struct reading rd;

	(void)state;
	restore();
	unlink(sample.file);
	put_part(7, 4, 8);
	put_part(8, 8, PACKETS);
	rd = read_sample();
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 0);
	assert_int_equal(rd.lost, 0);
	assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(PACKETS - 4));
}

static void packets_out_of_order_are_left_out(void **state)
{
	struct reading rd;

	(void)state;
	restore();
	put_part(0, 0, 6);
	put_part(1, 2, 4); /* again */
	put_part(2, 6, PACKETS);
	rd = read_sample();
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 2);
	assert_non_null(strstr(rd.first, "events_000001: offset 0: a packet is out of order"));
	assert_int_equal(rd.lost, 0); /* nothing is missing */
	assert_int_equal(rd.events[EVENT_HOLD], FIRST_HOLDS_OF(PACKETS));
}

/* The file @bytes as files of @each packets; how many files. */
static u32 split(const char *path, const u8 *bytes, size_t size, u32 each)
{
	size_t from = 0, at = 0;
	struct trace_packet h;
	char file[600];
	u32 files = 0;

	for (u32 n = 1; at < size; n++) {
		memcpy(&h, bytes + at, sizeof(h));
		at += le64toh(h.packet_size) / 8;
		if (n % each && at < size)
			continue;
		snprintf(file, sizeof(file), "%s/events_%06u", path, files++);
		put_file(file, bytes + from, at - from);
		from = at;
	}
	return files;
}

/* More than libbabeltrace2 gets at once; files without any packet are between them. */
static void many_packets_in_many_files_stay_in_order(void **state)
{
	const char *path = in_test_dir("many");
	struct reading rd;
	char file[600];
	size_t size;
	u8 *bytes;

	(void)state;
	sample_recording(path, 30000, 1);
	snprintf(file, sizeof(file), "%s/events_000000", path);
	bytes = get_file(file, &size);
	assert_int_equal(split(path, bytes, size, 2500), 12);
	rd = read_recording(path);
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 0);
	assert_false(rd.disorder);
	assert_int_equal(rd.events[EVENT_HOLD], 30000);
	assert_int_equal(split(path, bytes, size, 15000), 2);
	snprintf(file, sizeof(file), "%s/events_000002", path);
	put_file(file, "junk", 4);
	snprintf(file, sizeof(file), "%s/events_000003", path);
	put_file(file, "", 0);
	free(bytes);
	rd = read_recording(path);
	assert_int_equal(rd.err, 0);
	assert_false(rd.disorder);
	assert_int_equal(rd.events[EVENT_HOLD], 30000);
	assert_int_equal(entries(in_test_dir("tmp")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_is_good),
		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(flipped_bits_cost_a_packet),
		cmocka_unit_test(many_flips_leave_what_is_good),
		cmocka_unit_test(missing_packets_and_files_are_told),
		cmocka_unit_test(a_recording_may_begin_later),
		cmocka_unit_test(packets_out_of_order_are_left_out),
		cmocka_unit_test(many_packets_in_many_files_stay_in_order),
	};

	return cmocka_run_group_tests(tests, make_sample, remove_sample);
}
