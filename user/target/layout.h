/*
 * Where things are inside an interpreter: offsets in bytes, per version and build.
 * GS_NO_FIELD where this interpreter has no such field.  Never guessed: a version without a
 * row (and without a self-description) is an error with its name.
 */
#ifndef GS_USER_TARGET_LAYOUT_H
#define GS_USER_TARGET_LAYOUT_H

#include "bpf/types.h"
#include "user/base/err.h"
#include "user/target/layout_frames.h"

#define GS_NO_FIELD UINT32_MAX
#define GS_LAYOUT_VERSIONS "3.8 to 3.15" /* that have a row */

struct py_layout {
	const char *found_by; /* "table", "debug_offsets", "dwarf"; static */
	u32 confirmed; /* so many of its offsets the file's exports say as well */
	/* _PyRuntimeState */
	u32 runtime_gil; /* the GIL itself (3.8-3.11); GS_NO_FIELD: per interpreter */
	u32 runtime_ceval; /* &_PyRuntime.ceval, what drop_gil is given (3.8-3.11) */
	u32 runtime_interpreters_head;
	u32 runtime_interpreters_main;
	u32 runtime_main_interpreter; /* _main_interpreter, where it is embedded (3.11+) */
	u32 runtime_gc; /* struct _gc_runtime_state (3.8); GS_NO_FIELD: per interpreter */
	/* PyInterpreterState */
	u32 interp_next;
	u32 interp_id;
	u32 interp_threads_head;
	u32 interp_modules; /* imports' modules dict */
	u32 interp_gc;
	u32 interp_gil_pointer; /* ceval.gil: the GIL it uses, its own or a shared one (3.12+) */
	u32 interp_gil; /* _gil, embedded: what that of the main interpreter points to */
	/* struct _gil_runtime_state */
	u32 gil_interval; /* unsigned long, microseconds */
	u32 gil_last_holder;
	u32 gil_locked; /* int */
	u32 gil_switch_number;
	u32 gil_cond;
	u32 gil_cond_size;
	u32 gil_mutex;
	u32 gil_switch_cond;
	u32 gil_switch_mutex;
	u32 gil_size;
	u32 gil_enabled; /* int: 0: it is not used (free-threaded builds); GS_NO_FIELD: it always is
			  */
	/* struct _gc_runtime_state, and gc_generation_stats: collections, collected, uncollectable
	 */
	u32 gc_generation_stats;
	u32 gc_stats_stride;
	u32 gc_collecting;
	/*
	 * 3.15: generation_stats is a pointer to one ring per generation; here, of each, where its
	 * items are, and where the number of the newest (s8) is.  GS_NO_FIELD: an array of three.
	 * gc_stats_stride is an item's size then, gc_ring_row where its three numbers begin.
	 */
	u32 gc_ring_items[3];
	u32 gc_ring_newest[3];
	u32 gc_ring_row;
	/* PyThreadState */
	u32 tstate_next;
	u32 tstate_interp;
	u32 tstate_thread_id; /* pthread_self() */
	u32 tstate_native_thread_id; /* kernel tid as its pid namespace sees it */
	/* objects */
	u32 ob_type;
	u32 tp_name;
	u32 tp_dealloc;
	u32 tp_flags; /* unsigned long */
	u32 tp_basicsize;
	u32 tp_dictoffset;
	u32 ht_cached_keys; /* PyHeapTypeObject: keys that its instances share (3.11+) */
	u32 obj_values; /* of instances with Py_TPFLAGS_MANAGED_DICT: bytes before the object
			   (3.11, 3.12); GS_NO_FIELD: behind it, with Py_TPFLAGS_INLINE_VALUES
			   (3.13+) */
	u32 obj_dict; /* bytes before the object; one of the two is NULL, or where both are at one
			 place it is the address of the values less 1 if that is odd (3.12) */
	u32 md_dict; /* PyModuleObject */
	/* PyDictObject, PyDictKeysObject */
	u32 ma_keys;
	u32 ma_values;
	u32 dv_values; /* PyDictValues: where the values are */
	u32 dk_size; /* Py_ssize_t, indices; all entries of 24 bytes (3.8-3.10) */
	u32 dk_log2_size; /* u8; this and the next two 3.11+ */
	u32 dk_log2_index_bytes; /* u8 */
	u32 dk_kind; /* u8: 0 general, entries of 24 bytes; 1 and 2 with str keys, of 16 */
	u32 dk_nentries; /* Py_ssize_t */
	u32 dk_indices;
	/* str: PyASCIIObject, PyCompactUnicodeObject */
	u32 str_length;
	u32 str_state; /* u32 */
	u32 str_ascii_data;
	u32 str_compact_data;
	/* int */
	u32 ob_size; /* its digits, negative if it is (3.8-3.11) */
	u32 lv_tag; /* its digits << 3, its sign in the lower two bits (3.12+) */
	u32 ob_digit; /* u32[], 30 bits each */
	struct py_frame_layout frames; /* frames, code objects */
};

/*
 * layout_find - the layout of CPython @version_hex (PY_VERSION_HEX) by the table's row alone
 * Return: 0, or -ENOTSUP with @e set (exit code 5), naming the version.  Of 3.13 and later the
 * row has only what holds for every build of the minor version: see debug_offsets.h.  It is of
 * builds for use, not for debugging: what the latter need besides, layout_evidence.h adds.
 */
int layout_find(u32 version_hex, bool free_threaded, struct py_layout *ret_l, struct err *e);

#endif
