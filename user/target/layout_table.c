/*
 * Layouts of CPython's versions, x86-64 Linux, default build.  Numbers are those of the debug
 * information of that version's libpython (gdb: ptype /o), the same in all its builds; a field's
 * name is the one CPython uses, after the prefix that tells its structure.
 */
#include "user/target/layout_table.h"

/* struct _gil_runtime_state, x86-64, not free-threaded: the same from 3.8 to 3.15. */
#define GIL_STRUCT \
	.gil_interval = 0, .gil_last_holder = 8, .gil_locked = 16, .gil_switch_number = 24, \
	.gil_cond = 32, .gil_cond_size = 48, .gil_mutex = 80, .gil_switch_cond = 120, \
	.gil_switch_mutex = 168, .gil_size = 208, .gil_enabled = GS_NO_FIELD

/* generation_stats: an array of three. */
#define NO_GC_RINGS \
	.gc_ring_items = { GS_NO_FIELD, GS_NO_FIELD, GS_NO_FIELD }, \
	.gc_ring_newest = { GS_NO_FIELD, GS_NO_FIELD, GS_NO_FIELD }, .gc_ring_row = GS_NO_FIELD

/* The GIL is one for all interpreters, in _PyRuntime. */
#define NO_INTERP_GIL .interp_gil_pointer = GS_NO_FIELD, .interp_gil = GS_NO_FIELD

/* The GIL is an interpreter's; where _PyRuntime and its structs have it, the build itself says. */
#define BY_DEBUG_OFFSETS \
	.runtime_gil = GS_NO_FIELD, .runtime_ceval = GS_NO_FIELD, \
	.runtime_interpreters_head = GS_NO_FIELD, .runtime_interpreters_main = GS_NO_FIELD, \
	.runtime_main_interpreter = GS_NO_FIELD, .runtime_gc = GS_NO_FIELD, \
	.interp_next = GS_NO_FIELD, .interp_id = GS_NO_FIELD, .interp_threads_head = GS_NO_FIELD, \
	.interp_gc = GS_NO_FIELD, .interp_modules = GS_NO_FIELD, \
	.interp_gil_pointer = GS_NO_FIELD, .interp_gil = GS_NO_FIELD, \
	.gc_generation_stats = GS_NO_FIELD, .gc_collecting = GS_NO_FIELD, \
	.tstate_next = GS_NO_FIELD, .tstate_interp = GS_NO_FIELD, .tstate_thread_id = GS_NO_FIELD, \
	.tstate_native_thread_id = GS_NO_FIELD

/* object.h, cpython/object.h: 3.8 to 3.15 */
#define OBJECT_STRUCTS \
	.ob_type = 8, .tp_name = 24, .tp_basicsize = 32, .tp_dealloc = 48, .tp_flags = 168, \
	.tp_dictoffset = 288

/* cpython/dictobject.h, cpython/unicodeobject.h, pycore_moduleobject.h: 3.8 to 3.15 */
#define DICT_STRUCT .md_dict = 16, .ma_keys = 32, .ma_values = 40
#define STR_STRUCT .str_length = 16, .str_state = 32

/* Objects/dict-common.h, cpython/unicodeobject.h, longintrepr.h: 3.8 to 3.10; instances have a dict
 */
#define ATTRIBUTES_3_8 \
	DICT_STRUCT, STR_STRUCT, .ht_cached_keys = GS_NO_FIELD, .obj_values = GS_NO_FIELD, \
				 .obj_dict = GS_NO_FIELD, .dv_values = GS_NO_FIELD, .dk_size = 8, \
				 .dk_log2_size = GS_NO_FIELD, .dk_log2_index_bytes = GS_NO_FIELD, \
				 .dk_kind = GS_NO_FIELD, .dk_nentries = 32, .dk_indices = 40, \
				 .str_ascii_data = 48, .str_compact_data = 72, .ob_size = 16, \
				 .lv_tag = GS_NO_FIELD, .ob_digit = 24

/* pycore_dict.h: 3.11 to 3.15 */
#define DICT_KEYS \
	.dk_size = GS_NO_FIELD, .dk_log2_size = 8, .dk_log2_index_bytes = 9, .dk_kind = 10, \
	.dk_nentries = 24, .dk_indices = 32

/* cpython/longintrepr.h, pycore_object.h, pycore_dict.h: 3.13 to 3.15 */
#define ATTRIBUTES_3_13 \
	DICT_STRUCT, STR_STRUCT, DICT_KEYS, .str_ascii_data = 40, .str_compact_data = 56, \
					    .obj_values = GS_NO_FIELD, .obj_dict = 24, \
					    .dv_values = 8, .ob_size = GS_NO_FIELD, .lv_tag = 16, \
					    .ob_digit = 24

/*
 * 3.15, pycore_interp_structs.h: struct gc_stats { struct { item[11]; int8_t index; } young;
 * struct { item[3]; int8_t index; } old[2]; ... }; an item has two times, then the numbers.
 */
#define GC_RINGS \
	.gc_ring_items = { 0, 712, 912 }, .gc_ring_newest = { 704, 904, 1104 }, .gc_ring_row = 16

const struct layout_row layout_table[] = {
	{
		.minor = 0x0308,
		.layout = {
			.found_by = "table",
			.runtime_gil = 1152,
			.runtime_ceval = 584,
			.runtime_interpreters_head = 32,
			.runtime_interpreters_main = 40,
			.runtime_main_interpreter = GS_NO_FIELD, /* from the heap */
			.runtime_gc = 344,
			.interp_next = 0,
			.interp_id = 16,
			.interp_threads_head = 8,
			.interp_gc = GS_NO_FIELD, /* the runtime's */
			NO_INTERP_GIL,
			GIL_STRUCT,
			.gc_generation_stats = 128,
			.gc_stats_stride = 24,
			.gc_collecting = 200,
			NO_GC_RINGS,
			.tstate_next = 8,
			.tstate_interp = 16,
			.tstate_thread_id = 176,
			.tstate_native_thread_id = GS_NO_FIELD,
			OBJECT_STRUCTS,
			.interp_modules = 56,
			ATTRIBUTES_3_8,
		},
	},
	{
		.minor = 0x0309,
		.layout = {
			.found_by = "table",
			.runtime_gil = 352,
			.runtime_ceval = 344,
			.runtime_interpreters_head = 32,
			.runtime_interpreters_main = 40,
			.runtime_main_interpreter = GS_NO_FIELD, /* from the heap */
			.runtime_gc = GS_NO_FIELD,
			.interp_next = 0,
			.interp_id = 24,
			.interp_threads_head = 8,
			.interp_gc = 616,
			NO_INTERP_GIL,
			GIL_STRUCT,
			.gc_generation_stats = 128,
			.gc_stats_stride = 24,
			.gc_collecting = 200,
			NO_GC_RINGS,
			.tstate_next = 8,
			.tstate_interp = 16,
			.tstate_thread_id = 176,
			.tstate_native_thread_id = GS_NO_FIELD,
			OBJECT_STRUCTS,
			.interp_modules = 856,
			ATTRIBUTES_3_8,
		},
	},
	{
		.minor = 0x030a,
		.layout = {
			.found_by = "table",
			.runtime_gil = 352,
			.runtime_ceval = 344,
			.runtime_interpreters_head = 32,
			.runtime_interpreters_main = 40,
			.runtime_main_interpreter = GS_NO_FIELD, /* from the heap */
			.runtime_gc = GS_NO_FIELD,
			.interp_next = 0,
			.interp_id = 24,
			.interp_threads_head = 8,
			.interp_gc = 616,
			NO_INTERP_GIL,
			GIL_STRUCT,
			.gc_generation_stats = 128,
			.gc_stats_stride = 24,
			.gc_collecting = 200,
			NO_GC_RINGS,
			.tstate_next = 8,
			.tstate_interp = 16,
			.tstate_thread_id = 176,
			.tstate_native_thread_id = GS_NO_FIELD,
			OBJECT_STRUCTS,
			.interp_modules = 856,
			ATTRIBUTES_3_8,
		},
	},
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
			.runtime_gc = GS_NO_FIELD,
			/* pycore_interp.h */
			.interp_next = 0,
			.interp_id = 48,
			.interp_threads_head = 16,
			.interp_modules = 888,
			.interp_gc = 648,
			NO_INTERP_GIL,
			/* pycore_gil.h */
			GIL_STRUCT,
			/* pycore_gc.h */
			.gc_generation_stats = 128,
			.gc_stats_stride = 24,
			.gc_collecting = 200,
			NO_GC_RINGS,
			/* cpython/pystate.h */
			.tstate_next = 8,
			.tstate_interp = 16,
			.tstate_thread_id = 152,
			.tstate_native_thread_id = 160,
			/* object.h, cpython/object.h */
			OBJECT_STRUCTS,
			.ht_cached_keys = 872,
			/* pycore_object.h: _PyObject_ValuesPointer(), _PyObject_ManagedDictPointer() */
			.obj_values = 32,
			.obj_dict = 24,
			DICT_STRUCT,
			.dv_values = 0,
			DICT_KEYS,
			STR_STRUCT,
			.str_ascii_data = 48,
			.str_compact_data = 72,
			/* cpython/longintrepr.h */
			.ob_size = 16,
			.lv_tag = GS_NO_FIELD,
			.ob_digit = 24,
		},
	},
	{
		.minor = 0x030c,
		.layout = {
			.found_by = "table",
			/* The GIL is an interpreter's, and it has no _Py_DebugOffsets yet. */
			.runtime_gil = GS_NO_FIELD,
			.runtime_ceval = GS_NO_FIELD,
			.runtime_interpreters_head = 40,
			.runtime_interpreters_main = 48,
			.runtime_main_interpreter = 76392,
			.runtime_gc = GS_NO_FIELD,
			.interp_next = 0,
			.interp_id = 8,
			.interp_threads_head = 72,
			.interp_gc = 112,
			.interp_gil_pointer = 384,
			.interp_gil = 1040,
			GIL_STRUCT,
			.gc_generation_stats = 128,
			.gc_stats_stride = 24,
			.gc_collecting = 200,
			NO_GC_RINGS,
			.tstate_next = 8,
			.tstate_interp = 16,
			.tstate_thread_id = 136,
			.tstate_native_thread_id = 144,
			OBJECT_STRUCTS,
			.interp_modules = 944,
			.ht_cached_keys = 880,
			/* pycore_object.h, _PyObject_DictOrValuesPointer(): one place for both */
			.obj_values = 24,
			.obj_dict = 24,
			DICT_STRUCT,
			.dv_values = 0,
			DICT_KEYS,
			STR_STRUCT,
			.str_ascii_data = 40,
			.str_compact_data = 56,
			.ob_size = GS_NO_FIELD,
			.lv_tag = 16,
			.ob_digit = 24,
		},
	},
	{
		.minor = 0x030d,
		.layout = {
			.found_by = "table",
			BY_DEBUG_OFFSETS,
			GIL_STRUCT,
			.gc_stats_stride = 24,
			NO_GC_RINGS,
			OBJECT_STRUCTS,
			ATTRIBUTES_3_13,
			.ht_cached_keys = 880,
		},
	},
	{
		.minor = 0x030e,
		.layout = {
			.found_by = "table",
			BY_DEBUG_OFFSETS,
			GIL_STRUCT,
			.gc_stats_stride = 24,
			NO_GC_RINGS,
			OBJECT_STRUCTS,
			ATTRIBUTES_3_13,
			.ht_cached_keys = 880,
		},
	},
	{
		.minor = 0x030f,
		.layout = {
			.found_by = "table",
			BY_DEBUG_OFFSETS,
			GIL_STRUCT,
			.gc_stats_stride = 64,
			GC_RINGS,
			OBJECT_STRUCTS,
			ATTRIBUTES_3_13,
			.ht_cached_keys = 888,
		},
	},
};

const size_t layout_table_rows = sizeof(layout_table) / sizeof(layout_table[0]);
