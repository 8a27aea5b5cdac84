/*
 * The fields of struct py_layout that debug information tells, each with its path there: the
 * struct (or the typedef of one) and its members as CPython calls them; after a bar, what older
 * versions call it.
 */
#ifndef GS_USER_TARGET_LAYOUT_FIELDS_H
#define GS_USER_TARGET_LAYOUT_FIELDS_H

#include <stddef.h>
#include <string.h>

#include "user/target/layout.h"

/* X(field, its size instead of its offset, path) */
#define LAYOUT_FIELD_LIST(X) \
	X(runtime_gil, false, "pyruntimestate.ceval.gil") \
	X(runtime_ceval, false, "pyruntimestate.ceval") \
	X(runtime_interpreters_head, false, "pyruntimestate.interpreters.head") \
	X(runtime_interpreters_main, false, "pyruntimestate.interpreters.main") \
	X(runtime_main_interpreter, false, "pyruntimestate._main_interpreter") \
	X(runtime_gc, false, "pyruntimestate.gc") \
	X(interp_next, false, "_is.next") \
	X(interp_id, false, "_is.id") \
	X(interp_threads_head, false, "_is.threads.head|_is.tstate_head") \
	X(interp_modules, false, "_is.modules|_is.imports.modules") \
	X(interp_gc, false, "_is.gc") \
	X(interp_gil_pointer, false, "_is.ceval.gil") \
	X(interp_gil, false, "_is._gil") \
	X(gil_interval, false, "_gil_runtime_state.interval") \
	X(gil_last_holder, false, "_gil_runtime_state.last_holder") \
	X(gil_locked, false, "_gil_runtime_state.locked") \
	X(gil_switch_number, false, "_gil_runtime_state.switch_number") \
	X(gil_cond, false, "_gil_runtime_state.cond") \
	X(gil_cond_size, true, "_gil_runtime_state.cond") \
	X(gil_mutex, false, "_gil_runtime_state.mutex") \
	X(gil_switch_cond, false, "_gil_runtime_state.switch_cond") \
	X(gil_switch_mutex, false, "_gil_runtime_state.switch_mutex") \
	X(gil_size, true, "_gil_runtime_state") \
	X(gc_generation_stats, false, "_gc_runtime_state.generation_stats") \
	X(gc_stats_stride, true, "gc_generation_stats") \
	X(gc_collecting, false, "_gc_runtime_state.collecting") \
	X(tstate_next, false, "_ts.next") \
	X(tstate_interp, false, "_ts.interp") \
	X(tstate_thread_id, false, "_ts.thread_id") \
	X(tstate_native_thread_id, false, "_ts.native_thread_id") \
	X(ob_type, false, "_object.ob_type") \
	X(tp_name, false, "_typeobject.tp_name") \
	X(tp_dealloc, false, "_typeobject.tp_dealloc") \
	X(tp_flags, false, "_typeobject.tp_flags") \
	X(tp_basicsize, false, "_typeobject.tp_basicsize") \
	X(tp_dictoffset, false, "_typeobject.tp_dictoffset") \
	X(ht_cached_keys, false, "_heaptypeobject.ht_cached_keys") \
	X(md_dict, false, "PyModuleObject.md_dict") \
	X(ma_keys, false, "PyDictObject.ma_keys") \
	X(ma_values, false, "PyDictObject.ma_values") \
	X(dv_values, false, "_dictvalues.values") \
	X(dk_size, false, "_dictkeysobject.dk_size") \
	X(dk_log2_size, false, "_dictkeysobject.dk_log2_size") \
	X(dk_log2_index_bytes, false, "_dictkeysobject.dk_log2_index_bytes") \
	X(dk_kind, false, "_dictkeysobject.dk_kind") \
	X(dk_nentries, false, "_dictkeysobject.dk_nentries") \
	X(dk_indices, false, "_dictkeysobject.dk_indices") \
	X(str_length, false, "PyASCIIObject.length") \
	X(str_state, false, "PyASCIIObject.state") \
	X(str_ascii_data, true, "PyASCIIObject") \
	X(str_compact_data, true, "PyCompactUnicodeObject") \
	X(ob_size, false, "PyVarObject.ob_size") \
	X(lv_tag, false, "_longobject.long_value.lv_tag") \
	X(ob_digit, false, "_longobject.ob_digit|_longobject.long_value.ob_digit") \
	X(frames.tstate_frame, false, "_ts.frame|_ts.cframe|_ts.current_frame") \
	X(frames.cframe_frame, false, "_PyCFrame.current_frame") \
	X(frames.tstate_gil_requested, false, "_ts.gil_requested") \
	X(frames.object_back, false, "_frame.f_back") \
	X(frames.object_code, false, "_frame.f_code") \
	X(frames.object_lasti, false, "_frame.f_lasti") \
	X(frames.previous, false, "_PyInterpreterFrame.previous") \
	X(frames.code, false, "_PyInterpreterFrame.f_code|_PyInterpreterFrame.f_executable") \
	X(frames.instr, false, "_PyInterpreterFrame.prev_instr|_PyInterpreterFrame.instr_ptr") \
	X(frames.owner, false, "_PyInterpreterFrame.owner") \
	X(frames.is_entry, false, "_PyInterpreterFrame.is_entry") \
	X(frames.tlbc_index, false, "_PyInterpreterFrame.tlbc_index") \
	X(frames.code_flags, false, "PyCodeObject.co_flags") \
	X(frames.code_first_line, false, "PyCodeObject.co_firstlineno") \
	X(frames.code_filename, false, "PyCodeObject.co_filename") \
	X(frames.code_name, false, "PyCodeObject.co_name") \
	X(frames.code_qualname, false, "PyCodeObject.co_qualname") \
	X(frames.code_lines, false, "PyCodeObject.co_linetable|PyCodeObject.co_lnotab") \
	X(frames.code_adaptive, false, "PyCodeObject.co_code_adaptive") \
	X(frames.code_tlbc, false, "PyCodeObject.co_tlbc") \
	X(frames.bytes_size, false, "PyVarObject.ob_size") \
	X(frames.bytes_data, false, "PyBytesObject.ob_sval")

static const struct layout_path {
	const char *name, *path; /* static */
	bool size;
	u32 at; /* in struct py_layout */
} layout_fields[] = {
#define X(field, is_size, way) { #field, way, is_size, offsetof(struct py_layout, field) },
	LAYOUT_FIELD_LIST(X)
#undef X
};

#define LAYOUT_FIELDS (sizeof(layout_fields) / sizeof(layout_fields[0]))

/* Field @i of @l. */
static inline u32 layout_field(const struct py_layout *l, size_t i)
{
	u32 v;

	memcpy(&v, (const char *)l + layout_fields[i].at, sizeof(v));
	return v;
}

static inline void layout_field_set(struct py_layout *l, size_t i, u32 v)
{
	memcpy((char *)l + layout_fields[i].at, &v, sizeof(v));
}

#endif
