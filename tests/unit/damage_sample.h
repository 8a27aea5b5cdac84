/*
 * A recording of twelve packets to damage, its contents as they were, and where its packets begin.
 */
#ifndef GS_TESTS_DAMAGE_SAMPLE_H
#define GS_TESTS_DAMAGE_SAMPLE_H

#include <endian.h>

#include "tests/unit/recording_helpers.h"

#define PACKETS 12
#define HOLDS 400 /* in each */
#define FIRST_HOLDS_OF(n) ((u64)(n)*HOLDS)

/* The sample: its files' contents, and where its packets begin. */
static struct sample {
	char path[512], file[600], metadata_file[600];
	u8 *metadata, *packets;
	size_t metadata_size, size;
	size_t at[PACKETS + 1];
} sample;

static inline int make_sample(void **state)
{
	struct trace_packet h;
	size_t at = 0;

	if (make_test_dir(state))
		return -1;
	snprintf(sample.path, sizeof(sample.path), "%s", in_test_dir("sample"));
	snprintf(sample.file, sizeof(sample.file), "%s/events_000000", sample.path);
	snprintf(sample.metadata_file, sizeof(sample.metadata_file), "%s/metadata", sample.path);
	sample_recording(sample.path, PACKETS, HOLDS);
	sample.metadata = get_file(sample.metadata_file, &sample.metadata_size);
	sample.metadata[sample.metadata_size] = 0;
	sample.packets = get_file(sample.file, &sample.size);
	for (size_t i = 0; i < PACKETS; i++) {
		sample.at[i] = at;
		memcpy(&h, sample.packets + at, sizeof(h));
		at += le64toh(h.packet_size) / 8;
	}
	sample.at[PACKETS] = at;
	return at != sample.size;
}

static inline int remove_sample(void **state)
{
	free(sample.metadata);
	free(sample.packets);
	return remove_test_dir(state);
}

/* Back to what it was, with file 0 as the only one. */
static inline void restore(void)
{
	char file[600];

	for (int i = 1; i < 10; i++) {
		snprintf(file, sizeof(file), "%s/events_%06d", sample.path, i);
		unlink(file);
	}
	put_file(sample.file, sample.packets, sample.size);
	put_file(sample.metadata_file, sample.metadata, sample.metadata_size);
}

/* Which packet offset @at is in. */
static inline size_t packet_of(size_t at)
{
	size_t i = 0;

	while (at >= sample.at[i + 1])
		i++;
	return i;
}

static inline void put_part(u32 number, size_t from, size_t to)
{
	char file[600];

	snprintf(file, sizeof(file), "%s/events_%06u", sample.path, number);
	put_file(file, sample.packets + sample.at[from], sample.at[to] - sample.at[from]);
}

static inline struct reading read_sample(void)
{
	struct reading rd = read_recording(sample.path);

	assert_int_equal(entries(in_test_dir("tmp")), 0); /* no copy is left */
	if (!rd.err)
		assert_false(rd.disorder);
	return rd;
}

#endif
