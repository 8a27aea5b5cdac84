/*
 * Fuzzing _Py_DebugOffsets: the input is a version, flags, and the first bytes of _PyRuntime.  What
 * is believed must keep within the runtime and contradict nothing that is known of the version.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/debug_offsets.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static void believed(const struct py_layout *row, const struct py_layout *l, u64 runtime_size)
{
	static const struct py_layout none;

	CHECK(memcmp(l, &none, sizeof(none)));
	CHECK(l->gil_locked == row->gil_locked && l->gil_cond == row->gil_cond);
	CHECK(l->runtime_interpreters_head < runtime_size);
	if (l->runtime_main_interpreter != GS_NO_FIELD)
		CHECK(l->runtime_main_interpreter < runtime_size);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u32 versions[] = { 0x030d05f0, 0x030e04f0, 0x030e0af0,
					0x030f02f0, 0x030b02f0, 0x031000f0 };
	u8 *exactly;
	struct debug_offsets_from from = { .path = "a-python", .version_found_by = "Py_Version" };
	struct py_layout row, l;
	struct err e = { 0 };
	int r;

	if (size < 10)
		return 0;
	from.version_hex = versions[data[0] % (sizeof(versions) / sizeof(versions[0]))];
	from.free_threaded = data[1] & 1;
	memcpy(&from.runtime_size, data + 2, sizeof(from.runtime_size));
	from.nbytes = size - 10;
	/* Of that size, so that a byte too far is seen. */
	exactly = malloc(from.nbytes ? from.nbytes : 1);
	CHECK(exactly);
	memcpy(exactly, data + 10, from.nbytes);
	from.bytes = exactly;
	if (!layout_find(from.version_hex, from.free_threaded, &row, &e)) {
		l = row;
		r = debug_offsets_read(&from, &l, &e);
		CHECK(!r || (r == -ENOTSUP && e.code == GS_EXIT_UNSUPPORTED && e.text[0]));
		if (r)
			CHECK(!memcmp(&l, &row, sizeof(l)));
		else if (debug_offsets_size(from.version_hex))
			believed(&row, &l, from.runtime_size);
	}
	free(exactly);
	return 0;
}
