/* _Py_DebugOffsets: the layouts of known builds, and descriptions full of lies. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "user/target/debug_offsets.h"

#define BYTES 1024

struct field {
	u32 at;
	u64 value;
};

struct build {
	u32 hex;
	u64 runtime_size;
	struct field fields[48]; /* { 0, 0 } ends */
	u32 owner_at; /* of interpreter_frame.owner, which may be at any byte */
};

/* As in the .PyRuntime sections of Debian's 3.13.5, 3.14.10 and 3.15.2. */
static const struct build builds[] = {
	{ 0x030d05f0,
	  283376,
	  { { 40, 632 },  { 48, 194976 }, { 56, 7272 },	 { 64, 7264 },	{ 72, 7344 }, { 80, 7400 },
	    { 112, 16 },  { 120, 7752 },  { 136, 7768 }, { 144, 7760 }, { 152, 304 }, { 168, 8 },
	    { 176, 16 },  { 192, 152 },	  { 200, 160 },	 { 360, 8 },	{ 376, 24 },  { 392, 168 },
	    { 568, 240 }, { 576, 200 },	  { 184, 72 },	 { 224, 80 },	{ 232, 8 },   { 240, 0 },
	    { 248, 56 },  { 264, 70 },	  { 272, 208 },	 { 280, 112 },	{ 288, 120 }, { 296, 128 },
	    { 304, 136 }, { 312, 68 },	  { 344, 200 },	 { 512, 40 },	{ 520, 16 },  { 528, 32 } },
	  264 },
	{ 0x030e0af0,
	  316616,
	  { { 40, 808 },  { 48, 225864 }, { 56, 7280 },	 { 64, 7272 },	{ 72, 7344 }, { 88, 7408 },
	    { 120, 16 },  { 128, 7784 },  { 144, 7800 }, { 152, 7792 }, { 176, 832 }, { 192, 8 },
	    { 200, 16 },  { 216, 152 },	  { 224, 160 },	 { 408, 8 },	{ 424, 24 },  { 440, 168 },
	    { 648, 264 }, { 656, 192 },	  { 208, 72 },	 { 248, 88 },	{ 256, 8 },   { 264, 0 },
	    { 272, 56 },  { 288, 74 },	  { 312, 216 },	 { 320, 112 },	{ 328, 120 }, { 336, 128 },
	    { 344, 136 }, { 352, 68 },	  { 384, 208 },	 { 592, 40 },	{ 600, 16 },  { 608, 32 } },
	  288 },
	{ 0x030f02f0,
	  346568,
	  { { 40, 936 },  { 48, 226240 }, { 56, 7272 },	 { 64, 7264 },	{ 72, 7336 }, { 88, 7400 },
	    { 120, 16 },  { 128, 7736 },  { 144, 7752 }, { 152, 7744 }, { 176, 888 }, { 192, 8 },
	    { 200, 16 },  { 240, 176 },	  { 248, 184 },	 { 472, 8 },	{ 488, 24 },  { 504, 168 },
	    { 752, 176 }, { 760, 112 },	  { 776, 1120 }, { 784, 104 },	{ 208, 72 },  { 280, 40 },
	    { 312, 88 },  { 320, 8 },	  { 328, 0 },	 { 336, 56 },	{ 352, 74 },  { 376, 216 },
	    { 384, 112 }, { 392, 120 },	  { 400, 128 },	 { 408, 136 },	{ 416, 68 },  { 448, 208 },
	    { 688, 40 },  { 696, 16 },	  { 704, 32 } },
	  352 },
};

static u8 bytes[BYTES];

static void put(u32 at, u64 value)
{
	memcpy(bytes + at, &value, sizeof(value));
}

static struct debug_offsets_from describe(const struct build *b)
{
	size_t i;

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, "xdebugpy", 8);
	put(8, b->hex);
	for (i = 0; b->fields[i].at; i++)
		put(b->fields[i].at, b->fields[i].value);
	return (struct debug_offsets_from) {
		.path = "a-python",
		.version_hex = b->hex,
		.version_found_by = "Py_Version",
		.bytes = bytes,
		.nbytes = debug_offsets_size(b->hex),
		.runtime_size = b->runtime_size,
	};
}

static int read_it(const struct debug_offsets_from *from, struct py_layout *l, struct err *e)
{
	assert_int_equal(layout_find(from->version_hex, false, l, NULL), 0);
	return debug_offsets_read(from, l, e);
}

static void known_builds(void **state)
{
	/* gil, main interpreter, statistics, thread ids: from those builds' debug information */
	static const u32 expected[][6] = {
		{ 7752, 88400, 128, 152, 160, 640 },
		{ 7784, 90752, 120, 152, 160, 816 },
		{ 7736, 120328, 104, 176, 184, 944 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		struct debug_offsets_from from = describe(&builds[i]);
		struct py_layout l;

		assert_int_equal(read_it(&from, &l, NULL), 0);
		assert_string_equal(l.found_by, "debug_offsets");
		assert_int_equal(l.interp_gil, expected[i][0]);
		assert_int_equal(l.runtime_main_interpreter, expected[i][1]);
		assert_int_equal(l.gc_generation_stats, expected[i][2]);
		assert_int_equal(l.tstate_thread_id, expected[i][3]);
		assert_int_equal(l.tstate_native_thread_id, expected[i][4]);
		assert_int_equal(l.runtime_interpreters_main, expected[i][5]);
		assert_int_equal(l.interp_gil_pointer, 16);
		assert_int_equal(l.runtime_gil, GS_NO_FIELD);
		assert_true(layout_frames_known(&l.frames));
		assert_int_equal(l.frames.tstate_frame, 72);
		assert_int_equal(l.frames.owner, i ? 74 : 70);
		assert_int_equal(l.frames.code_qualname, 128);
		assert_int_equal(l.frames.code_adaptive, i ? 208 : 200);
		assert_int_equal(l.frames.tstate_gil_requested, i == 2 ? 40 : GS_NO_FIELD);
		assert_int_equal(l.frames.tlbc_index, GS_NO_FIELD);
	}
}

static void refused(const struct debug_offsets_from *from, const char *why)
{
	struct py_layout l, before;
	struct err e = { 0 };

	assert_int_equal(layout_find(from->version_hex, false, &l, NULL), 0);
	before = l;
	assert_int_equal(debug_offsets_read(from, &l, &e), -ENOTSUP);
	assert_int_equal(e.code, GS_EXIT_UNSUPPORTED);
	if (!strstr(e.text, why))
		fail_msg("expected a text with \"%s\", seen: %s", why, e.text);
	assert_memory_equal(&l, &before, sizeof(l));
}

/* Every field in turn, with numbers that are outside, odd, huge or wrap around. */
static void lies_are_refused(void **state)
{
	static const u64 lies[] = { ~0ULL, 1ULL << 63, 1ULL << 32, 0xfffffff8, 1 };
	size_t i, k, n;

	(void)state;
	for (i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		const struct build *b = &builds[i];

		for (k = 0; b->fields[k].at; k++) {
			for (n = 0; n < sizeof(lies) / sizeof(lies[0]); n++) {
				struct debug_offsets_from from = describe(b);

				if (b->fields[k].at == b->owner_at && lies[n] == 1)
					continue;
				put(b->fields[k].at, lies[n]);
				refused(&from, "_Py_DebugOffsets says");
			}
		}
	}
}

static void contradictions_name_both(void **state)
{
	struct debug_offsets_from from = describe(&builds[0]);

	(void)state;
	put(8, 0x030d04f0);
	refused(&from, "Py_Version says 0x30d05f0");
	from = describe(&builds[0]);
	put(16, 1);
	refused(&from, "what it exports");
	from = describe(&builds[0]);
	put(136, 7776); /* gil.locked, as in a free-threaded build */
	refused(&from, "the table of layouts");
	from = describe(&builds[0]);
	from.version_hex = 0x030d0000; /* by name: nothing to contradict */
	assert_int_equal(read_it(&from, &(struct py_layout) { 0 }, NULL), 0);
}

static void damaged_or_missing(void **state)
{
	struct debug_offsets_from from = describe(&builds[1]);

	(void)state;
	bytes[0] ^= 1;
	refused(&from, "without its _Py_DebugOffsets");
	from = describe(&builds[1]);
	from.nbytes--;
	refused(&from, "without its _Py_DebugOffsets");
	from.bytes = NULL;
	from.nbytes = 0;
	refused(&from, "without its _Py_DebugOffsets");
	from = describe(&builds[1]);
	from.runtime_size = 0; /* no size in the symbol table */
	refused(&from, "outside its 0x0 bytes");
	assert_int_equal(debug_offsets_size(0x030b0000), 0);
	assert_int_equal(debug_offsets_size(0x03100000), 0); /* 3.16: not known */
}

/* Whatever the bytes are, what comes out lies within the structs. */
static void noise(void **state)
{
	u64 x = 88172645463325252ULL;
	int round, k;

	(void)state;
	for (round = 0; round < 20000; round++) {
		const struct build *b = &builds[round % 3];
		struct debug_offsets_from from = describe(b);
		struct py_layout l;

		for (k = 0; k < 3; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bytes[24 + x % (from.nbytes - 24)] = (u8)(x >> 40);
		}
		if (read_it(&from, &l, NULL))
			continue;
		assert_true(l.runtime_interpreters_main + 8ULL <= from.runtime_size);
		assert_true(l.runtime_main_interpreter < from.runtime_size);
		assert_true((u64)l.runtime_main_interpreter + l.interp_gil + l.gil_size <=
			    from.runtime_size);
		assert_true((u64)l.runtime_main_interpreter + l.interp_gc + l.gc_generation_stats +
				    8 <=
			    from.runtime_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_builds),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(contradictions_name_both),
		cmocka_unit_test(damaged_or_missing),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
