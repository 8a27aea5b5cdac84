/*
 * One row per CPython minor version, x86-64 Linux, default build.  Numbers are those of the
 * debug information of that version's libpython (gdb: ptype /o), the same in all its builds;
 * a field's name is the one CPython uses, after the prefix that tells its structure.
 */
#ifndef GS_USER_TARGET_LAYOUT_TABLE_H
#define GS_USER_TARGET_LAYOUT_TABLE_H

#include "user/target/layout.h"

static const struct layout_row {
	u32 minor; /* PY_VERSION_HEX >> 16 */
	struct py_layout layout;
} layout_table[] = {
	{
		.minor = 0x030b,
		.layout = {
			.found_by = "table",
			/* Include/internal/pycore_runtime.h, pycore_ceval.h */
			.runtime_gil = 360,
			.runtime_ceval = 352,
			.runtime_interpreters_head = 40,
			.runtime_interpreters_main = 48,
			.runtime_main_interpreter = 58936,
			/* pycore_interp.h */
			.interp_next = 0,
			.interp_id = 48,
			.interp_threads_head = 16,
			.interp_modules = 888,
			.interp_gc = 648,
			/* pycore_gil.h */
			.gil_interval = 0,
			.gil_last_holder = 8,
			.gil_locked = 16,
			.gil_switch_number = 24,
			.gil_cond = 32,
			.gil_cond_size = 48,
			.gil_mutex = 80,
			.gil_switch_cond = 120,
			.gil_switch_mutex = 168,
			.gil_size = 208,
			/* pycore_gc.h */
			.gc_generation_stats = 128,
			.gc_stats_stride = 24,
			.gc_collecting = 200,
			/* cpython/pystate.h */
			.tstate_next = 8,
			.tstate_interp = 16,
			.tstate_thread_id = 152,
			.tstate_native_thread_id = 160,
			/* object.h, cpython/object.h */
			.ob_type = 8,
			.tp_name = 24,
			.tp_dealloc = 48,
			.tp_flags = 168,
			.ht_cached_keys = 872,
			/* pycore_object.h: _PyObject_ValuesPointer(), _PyObject_ManagedDictPointer() */
			.obj_values = 32,
			.obj_dict = 24,
			.md_dict = 16,
			/* cpython/dictobject.h, pycore_dict.h */
			.ma_keys = 32,
			.ma_values = 40,
			.dk_log2_size = 8,
			.dk_log2_index_bytes = 9,
			.dk_kind = 10,
			.dk_nentries = 24,
			.dk_indices = 32,
			/* cpython/unicodeobject.h */
			.str_length = 16,
			.str_state = 32,
			.str_ascii_data = 48,
			.str_compact_data = 72,
			/* cpython/longintrepr.h */
			.ob_size = 16,
			.ob_digit = 24,
		},
	},
};

#endif
