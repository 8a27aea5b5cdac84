/*
 * Where frames and code objects have what a Python stack is made of: a part of struct py_layout,
 * with a table of its own.
 */
#ifndef GS_USER_TARGET_LAYOUT_FRAMES_H
#define GS_USER_TARGET_LAYOUT_FRAMES_H

#include "bpf/frames.h"
#include "bpf/types.h"

/* How a code object tells its lines; names as in Objects/codeobject.c of the versions. */
enum py_lines {
	PY_LINES_LNOTAB, /* 3.8, 3.9: co_lnotab */
	PY_LINES_TABLE, /* 3.10: co_linetable, pairs */
	PY_LINES_LOCATIONS, /* 3.11+: co_linetable, entries of location information */
};

/* Offsets in bytes; GS_NO_FIELD where this version has no such field. */
struct py_frame_layout {
	/* PyThreadState, and the C frame (_PyCFrame) that has the newest frame in 3.11 and 3.12 */
	u32 tstate_frame;
	u32 cframe_frame;
	u32 tstate_gil_requested; /* int: it waits for the GIL (3.15) */
	/* PyFrameObject (3.8 to 3.10) */
	u32 object_back;
	u32 object_code;
	u32 object_lasti; /* int */
	/* _PyInterpreterFrame (3.11+) */
	u32 previous;
	u32 code;
	u32 instr;
	u32 owner; /* char */
	u32 is_entry; /* bool (3.11) */
	u32 tlbc_index; /* int (3.14+, free-threaded) */
	/* PyCodeObject */
	u32 code_flags; /* int */
	u32 code_first_line; /* int */
	u32 code_filename;
	u32 code_name;
	u32 code_qualname; /* 3.11+ */
	u32 code_lines; /* bytes */
	u32 code_adaptive; /* 3.11+ */
	u32 code_tlbc; /* 3.14+, free-threaded */
	/* bytes: PyBytesObject */
	u32 bytes_size;
	u32 bytes_data;
	/* What is no offset. */
	u32 lines; /* enum py_lines */
	u32 code_tags; /* bits of the pointer to the code that are no address */
	u32 lasti_bytes; /* one of lasti is so many */
	u32 str_state_shift; /* of str's state: below the bits that it has everywhere (3.14+,
			      * free-threaded: 6) */
};

/*
 * layout_frames_find - the frames of CPython @minor (PY_VERSION_HEX >> 16) by the table's row
 * What _Py_DebugOffsets tell is GS_NO_FIELD in it.  Of a version without a row all is, and
 * layout_frames_known() says so.
 */
void layout_frames_find(u32 minor, bool free_threaded, struct py_frame_layout *ret_l);

/* Is there all that a walk and the names need? */
bool layout_frames_known(const struct py_frame_layout *l);

/* What the walk is told (bpf/frames.h). */
struct gs_frame_layout layout_frames_walk(const struct py_frame_layout *l);

#endif
