/*
 * Fuzzing the walk over CPython's frames and the tables of lines: the input is a layout, then
 * memory. An address is taken modulo the input's size, so that pointers lead somewhere.
 */
#include <stdlib.h>
#include <string.h>

#include "bpf/frames.h"
#include "user/target/py_lines.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

struct memory {
	struct gs_memory ops; /* first */
	const u8 *bytes;
	size_t size;
	u64 reads;
};

static int read_input(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	struct memory *m = (struct memory *)ops;
	size_t at = (size_t)(from % m->size);

	m->reads++;
	if (from >> 60 || at + size > m->size)
		return -1;
	memcpy(to, m->bytes + at, size);
	return 0;
}

/* A layout: a byte each, 255 for what this version has not. */
static struct gs_frame_layout layout_of(const u8 *data)
{
	u32 v[sizeof(struct gs_frame_layout) / sizeof(u32)];
	struct gs_frame_layout l;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		v[i] = data[i] == 255 ? GS_FRAME_NONE : data[i];
	memcpy(&l, v, sizeof(l));
	return l;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const size_t head = sizeof(struct gs_frame_layout) / sizeof(u32);
	struct memory m = { .ops.read = read_input };
	struct gs_frame_layout l;
	struct gs_frames out;
	s32 line;

	if (size <= head + 8)
		return 0;
	l = layout_of(data);
	m.size = size - head;
	m.bytes = data + head;
	gs_frames_walk(&l, &m.ops, data[0], &out);
	CHECK(out.n <= GS_FRAMES_MAX && out.end <= GS_FRAMES_TORN);
	CHECK(m.reads <= GS_FRAMES_STEPS * 10ULL);
	for (u32 i = 0; i < out.n; i++) {
		CHECK(out.frame[i].code && !(out.frame[i].code & 7));
		CHECK(out.frame[i].offset >= -2 && out.frame[i].offset < GS_FRAME_OFFSET_MAX);
		line = py_line_at((enum py_lines)(data[1] % 3), m.bytes, m.size, data[2],
				  out.frame[i].offset);
		CHECK(line >= 0);
	}
	line = py_line_at((enum py_lines)(data[1] % 3), m.bytes, m.size, (s32)((u32)data[2] << 24),
			  data[3] << (data[4] % 23));
	CHECK(line >= 0);
	return 0;
}
