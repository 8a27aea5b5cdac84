/*
 * The self-description of 3.13 and later, of what a Python stack is made of.  Invariant: an offset
 * that gets out of here lies within its struct, where a compiler would put it.
 */
#include "user/target/debug_offsets_frames.h"

#include <errno.h>
#include <string.h>

#define STRUCT_MAX (1 << 20) /* of any of the structs; they are some kB at most */
#define MINORS 3 /* 3.13, 3.14, 3.15 */
#define MINOR_FIRST 0x030d

enum within { THREAD, FRAME, CODE, BYTES, STRUCTS };

/* Where each struct's size is; that of PyThreadState is the caller's. */
static const struct {
	const char *name;
	u16 at[MINORS];
} structs[STRUCTS] = {
	[THREAD] = { "thread_state", { 0, 0, 0 } },
	[FRAME] = { "interpreter_frame", { 224, 248, 312 } },
	[CODE] = { "code_object", { 272, 312, 376 } },
	[BYTES] = { "bytes_object", { 512, 592, 688 } },
};

#define FIELD(name) offsetof(struct py_frame_layout, name)

/* Names as in pycore_debug_offsets.h. */
static const struct field {
	const char *name;
	enum within within;
	u16 at[MINORS]; /* in the description; 0: this version has no such field */
	u8 size; /* bytes; of which it is a multiple */
	bool free_threaded; /* only such a build has it */
	size_t field;
} fields[] = {
	{ "current_frame", THREAD, { 184, 208, 208 }, 8, false, FIELD(tstate_frame) },
	{ "gil_requested", THREAD, { 0, 0, 280 }, 4, false, FIELD(tstate_gil_requested) },
	{ "previous", FRAME, { 232, 256, 320 }, 8, false, FIELD(previous) },
	{ "executable", FRAME, { 240, 264, 328 }, 8, false, FIELD(code) },
	{ "instr_ptr", FRAME, { 248, 272, 336 }, 8, false, FIELD(instr) },
	{ "owner", FRAME, { 264, 288, 352 }, 1, false, FIELD(owner) },
	{ "tlbc_index", FRAME, { 0, 304, 368 }, 4, true, FIELD(tlbc_index) },
	{ "filename", CODE, { 280, 320, 384 }, 8, false, FIELD(code_filename) },
	{ "name", CODE, { 288, 328, 392 }, 8, false, FIELD(code_name) },
	{ "qualname", CODE, { 296, 336, 400 }, 8, false, FIELD(code_qualname) },
	{ "linetable", CODE, { 304, 344, 408 }, 8, false, FIELD(code_lines) },
	{ "firstlineno", CODE, { 312, 352, 416 }, 4, false, FIELD(code_first_line) },
	{ "co_code_adaptive", CODE, { 344, 384, 448 }, 2, false, FIELD(code_adaptive) },
	{ "co_tlbc", CODE, { 0, 392, 456 }, 8, true, FIELD(code_tlbc) },
	{ "ob_size", BYTES, { 520, 600, 696 }, 8, false, FIELD(bytes_size) },
	{ "ob_sval", BYTES, { 528, 608, 704 }, 8, false, FIELD(bytes_data) },
};

static u64 u64_at(const struct debug_offsets_from *from, u32 at)
{
	u64 v;

	memcpy(&v, from->bytes + at, sizeof(v));
	return v;
}

static int read_field(const struct debug_offsets_from *from, u32 version, const struct field *f,
		      u64 struct_size, struct py_frame_layout *l, struct err *e)
{
	u64 at = u64_at(from, f->at[version]);
	u32 v = (u32)at;

	if (struct_size > STRUCT_MAX || at > struct_size || f->size > struct_size - at ||
	    at % f->size)
		return errf(
			e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			"%s: _Py_DebugOffsets says %s.%s is at 0x%lx, which is not in its 0x%lx "
			"bytes",
			from->path, structs[f->within].name, f->name, (unsigned long)at,
			(unsigned long)struct_size);
	memcpy((char *)l + f->field, &v, sizeof(v));
	return 0;
}

int debug_offsets_frames(const struct debug_offsets_from *from, u64 thread_size,
			 struct py_frame_layout *l, struct err *e)
{
	u32 version = (from->version_hex >> 16) - MINOR_FIRST;
	struct py_frame_layout told = *l;
	u64 sizes[STRUCTS];
	size_t i;

	if (version >= MINORS)
		return 0;
	for (i = 0; i < STRUCTS; i++)
		sizes[i] = i == THREAD ? thread_size : u64_at(from, structs[i].at[version]);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *f = &fields[i];

		if (!f->at[version] || (f->free_threaded && !from->free_threaded))
			continue;
		if (read_field(from, version, f, sizes[f->within], &told, e))
			return -ENOTSUP;
	}
	*l = told;
	return 0;
}
