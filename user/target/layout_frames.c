/*
 * Frames and code objects of each version, x86-64 Linux.  Numbers are those of the debug
 * information of that version's builds (gdb: ptype /o).  Invariant: what _Py_DebugOffsets tell of a
 * version is not in its row.
 */
#include "user/target/layout_frames.h"

#include <stddef.h>

#include "user/target/layout.h"

#define NO_OBJECT_FRAMES \
	.object_back = GS_NO_FIELD, .object_code = GS_NO_FIELD, .object_lasti = GS_NO_FIELD, \
	.lasti_bytes = 0

#define NO_INTERPRETER_FRAMES \
	.cframe_frame = GS_NO_FIELD, .previous = GS_NO_FIELD, .code = GS_NO_FIELD, \
	.instr = GS_NO_FIELD, .owner = GS_NO_FIELD, .is_entry = GS_NO_FIELD, \
	.code_qualname = GS_NO_FIELD, .code_adaptive = GS_NO_FIELD

#define NOT_YET \
	.tstate_gil_requested = GS_NO_FIELD, .tlbc_index = GS_NO_FIELD, .code_tlbc = GS_NO_FIELD

#define STR_HASH 24 /* PyASCIIObject.hash of a build with a GIL, all versions */

/* 3.8 to 3.12; of default builds, which these versions have alone */
#define BYTES_STRUCT .bytes_size = 16, .bytes_data = 32

/* 3.13+: the build itself says. */
#define BY_DEBUG_OFFSETS \
	.tstate_frame = GS_NO_FIELD, .cframe_frame = GS_NO_FIELD, \
	.tstate_gil_requested = GS_NO_FIELD, .previous = GS_NO_FIELD, .code = GS_NO_FIELD, \
	.instr = GS_NO_FIELD, .owner = GS_NO_FIELD, .is_entry = GS_NO_FIELD, \
	.tlbc_index = GS_NO_FIELD, .code_first_line = GS_NO_FIELD, .code_filename = GS_NO_FIELD, \
	.code_name = GS_NO_FIELD, .code_qualname = GS_NO_FIELD, .code_lines = GS_NO_FIELD, \
	.code_adaptive = GS_NO_FIELD, .code_tlbc = GS_NO_FIELD, .bytes_size = GS_NO_FIELD, \
	.bytes_data = GS_NO_FIELD, .lines = PY_LINES_LOCATIONS

/* 3.8 to 3.10: cpython/frameobject.h, cpython/code.h */
#define OBJECT_FRAMES \
	.tstate_frame = 24, NO_INTERPRETER_FRAMES, NOT_YET, .object_back = 24, .object_code = 32, \
	.code_flags = 36, .code_first_line = 40, .code_filename = 104, .code_name = 112, \
	.code_lines = 120, BYTES_STRUCT

static const struct {
	u32 minor; /* PY_VERSION_HEX >> 16 */
	bool free_threaded;
	struct py_frame_layout layout;
} table[] = {
	{ .minor = 0x0308,
	  .layout = { OBJECT_FRAMES, .object_lasti = 104, .lines = PY_LINES_LNOTAB,
		      .lasti_bytes = 1 } },
	{ .minor = 0x0309,
	  .layout = { OBJECT_FRAMES, .object_lasti = 104, .lines = PY_LINES_LNOTAB,
		      .lasti_bytes = 1 } },
	{ .minor = 0x030a,
	  .layout = { OBJECT_FRAMES, .object_lasti = 96, .lines = PY_LINES_TABLE,
		      .lasti_bytes = 2 } },
	{ .minor = 0x030b,
	  .layout = { .tstate_frame = 56,
		      .cframe_frame = 8,
		      NO_OBJECT_FRAMES,
		      NOT_YET,
		      /* pycore_frame.h */
		      .previous = 48,
		      .code = 32,
		      .instr = 56,
		      .owner = 69,
		      .is_entry = 68,
		      /* cpython/code.h */
		      .code_flags = 48,
		      .code_first_line = 72,
		      .code_filename = 112,
		      .code_name = 120,
		      .code_qualname = 128,
		      .code_lines = 136,
		      .code_adaptive = 184,
		      BYTES_STRUCT,
		      .lines = PY_LINES_LOCATIONS } },
	{ .minor = 0x030c,
	  .layout = { .tstate_frame = 56,
		      .cframe_frame = 0,
		      NO_OBJECT_FRAMES,
		      NOT_YET,
		      .previous = 8,
		      .code = 0,
		      .instr = 56,
		      .owner = 70,
		      .is_entry = GS_NO_FIELD,
		      .code_flags = 48,
		      .code_first_line = 68,
		      .code_filename = 112,
		      .code_name = 120,
		      .code_qualname = 128,
		      .code_lines = 136,
		      .code_adaptive = 192,
		      BYTES_STRUCT,
		      .lines = PY_LINES_LOCATIONS } },
	{ .minor = 0x030d, .layout = { BY_DEBUG_OFFSETS, NO_OBJECT_FRAMES, .code_flags = 48 } },
	{ .minor = 0x030e,
	  .layout = { BY_DEBUG_OFFSETS, NO_OBJECT_FRAMES, .code_flags = 48, .code_tags = 3 } },
	{ .minor = 0x030f,
	  .layout = { BY_DEBUG_OFFSETS, NO_OBJECT_FRAMES, .code_flags = 48, .code_tags = 3 } },
	{ .minor = 0x030d,
	  .free_threaded = true,
	  .layout = { BY_DEBUG_OFFSETS, NO_OBJECT_FRAMES, .code_flags = 64 } },
	{ .minor = 0x030e,
	  .free_threaded = true,
	  .layout = { BY_DEBUG_OFFSETS, NO_OBJECT_FRAMES, .code_flags = 64, .code_tags = 3,
		      .str_state_shift = 6 } },
	{ .minor = 0x030f,
	  .free_threaded = true,
	  .layout = { BY_DEBUG_OFFSETS, NO_OBJECT_FRAMES, .code_flags = 64, .code_tags = 3,
		      .str_state_shift = 6 } },
};

void layout_frames_find(u32 minor, bool free_threaded, struct py_frame_layout *ret_l)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].minor == minor && table[i].free_threaded == free_threaded) {
			*ret_l = table[i].layout;
			return;
		}
	}
	*ret_l = (struct py_frame_layout) { BY_DEBUG_OFFSETS, NO_OBJECT_FRAMES,
					    .code_flags = GS_NO_FIELD };
}

bool layout_frames_known(const struct py_frame_layout *l)
{
	bool objects = l->object_back != GS_NO_FIELD && l->object_code != GS_NO_FIELD &&
		       l->object_lasti != GS_NO_FIELD;
	bool frames = l->previous != GS_NO_FIELD && l->code != GS_NO_FIELD &&
		      l->instr != GS_NO_FIELD && l->owner != GS_NO_FIELD &&
		      l->code_adaptive != GS_NO_FIELD;

	return (objects || frames) && l->tstate_frame != GS_NO_FIELD &&
	       l->code_flags != GS_NO_FIELD && l->code_first_line != GS_NO_FIELD &&
	       l->code_filename != GS_NO_FIELD && l->code_name != GS_NO_FIELD &&
	       l->code_lines != GS_NO_FIELD && l->bytes_size != GS_NO_FIELD &&
	       l->bytes_data != GS_NO_FIELD;
}

/* From where its first line is to where its lines are, a code object stays as it is made. */
static void find_marks(const struct py_frame_layout *l, struct gs_frame_layout *w)
{
	u32 from = l->code_first_line & ~7U, words;

	w->str_hash = w->code_id_name = GS_FRAME_NONE;
	if (l->code_first_line == GS_NO_FIELD || l->code_lines == GS_NO_FIELD ||
	    l->code_name == GS_NO_FIELD || l->code_lines < l->code_name || l->code_name < from ||
	    l->code_name % 8)
		return;
	words = (l->code_lines - from) / 8 + 1;
	if (words > GS_FRAME_ID_WORDS)
		return;
	w->code_id = from;
	w->code_id_words = words;
	if (l->str_state_shift || l->code_tlbc != GS_NO_FIELD)
		return;
	w->code_id_name = (l->code_name - from) / 8;
	w->str_hash = STR_HASH;
}

struct gs_frame_layout layout_frames_walk(const struct py_frame_layout *l)
{
	bool objects = l->object_back != GS_NO_FIELD;
	struct gs_frame_layout walk;

	_Static_assert(GS_NO_FIELD == GS_FRAME_NONE, "one value says that there is no such field");
	walk = (struct gs_frame_layout) {
		.tstate_frame = l->tstate_frame,
		.cframe_frame = l->cframe_frame,
		.previous = objects ? l->object_back : l->previous,
		.code = objects ? l->object_code : l->code,
		.instr = objects ? l->object_lasti : l->instr,
		.owner = l->owner,
		.is_entry = l->is_entry,
		.tlbc_index = l->tlbc_index,
		.code_adaptive = l->code_adaptive,
		.code_tlbc = l->code_tlbc,
		.code_tags = l->code_tags,
		.instr_bytes = l->lasti_bytes,
	};
	find_marks(l, &walk);
	return walk;
}
