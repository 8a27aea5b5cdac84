/* layout: rows for what is supported, a refusal by name for everything else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "user/target/layout.h"

static void has_311_consistent_with_itself(void **state)
{
	struct py_layout l;

	(void)state;
	assert_int_equal(layout_find(0x030b02f0, false, &l, NULL), 0);
	assert_string_equal(l.found_by, "table");
	assert_int_equal(l.runtime_gil, l.runtime_ceval + 8);
	assert_int_equal(l.gil_cond + l.gil_cond_size, l.gil_mutex);
	assert_int_equal(l.gil_switch_cond + l.gil_cond_size, l.gil_switch_mutex);
	assert_true(l.gil_switch_mutex < l.gil_size);
	assert_true(l.gil_locked < l.gil_cond);
	assert_true(l.interp_modules != 0 && l.tstate_native_thread_id > l.tstate_thread_id);
}

static void rows_of_other_versions(void **state)
{
	static const u32 hexes[] = { 0x030814f0, 0x03090000, 0x030a0cf0, 0x030c01f0,
				     0x030d05f0, 0x030e0af0, 0x030f02f0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hexes) / sizeof(hexes[0]); i++) {
		struct py_layout l;
		bool described = hexes[i] >> 16 >= 0x030d, rings = hexes[i] >> 16 == 0x030f;

		assert_int_equal(layout_find(hexes[i], false, &l, NULL), 0);
		assert_int_equal(l.gil_cond + l.gil_cond_size, l.gil_mutex);
		assert_int_equal(l.gil_locked, l.gil_last_holder + 8);
		/* The rest is in _Py_DebugOffsets, or nowhere. */
		assert_int_equal(l.runtime_gil == GS_NO_FIELD, hexes[i] >> 16 >= 0x030c);
		assert_int_equal(l.runtime_interpreters_main == GS_NO_FIELD, described);
		assert_int_equal(l.interp_gil_pointer != GS_NO_FIELD, hexes[i] >> 16 == 0x030c);
		/* One of the two has the collector's state. */
		assert_int_equal(l.runtime_gc != GS_NO_FIELD, hexes[i] >> 16 == 0x0308);
		assert_int_equal(l.interp_gc == GS_NO_FIELD, described || hexes[i] >> 16 == 0x0308);
		assert_int_equal(l.gc_ring_row != GS_NO_FIELD, rings);
		assert_int_equal(l.interp_modules == GS_NO_FIELD, described);
		/* What is read of an object: all or nothing. */
		assert_int_equal(l.dk_indices != GS_NO_FIELD, l.ma_keys != GS_NO_FIELD);
		assert_true(l.ma_keys == GS_NO_FIELD ||
			    (l.dk_size == GS_NO_FIELD) != (l.dk_log2_size == GS_NO_FIELD));
		assert_true(l.ma_keys == GS_NO_FIELD ||
			    (l.ob_size == GS_NO_FIELD) != (l.lv_tag == GS_NO_FIELD));
	}
}

/* Offsets as debug information of 3.8.18, 3.10.13 and 3.12.1 has them: names of threads. */
static void attributes_of_others(void **state)
{
	struct py_layout l;

	(void)state;
	assert_int_equal(layout_find(0x030812f0, false, &l, NULL), 0);
	assert_int_equal(l.interp_modules, 56);
	assert_int_equal(l.dk_size, 8);
	assert_int_equal(l.dk_nentries, 32);
	assert_int_equal(l.ob_digit, 24);
	assert_int_equal(layout_find(0x030a0df0, false, &l, NULL), 0);
	assert_int_equal(l.interp_modules, 856);
	assert_int_equal(l.dk_indices, 40);
	assert_int_equal(l.obj_dict, GS_NO_FIELD); /* tp_dictoffset says */
	assert_int_equal(layout_find(0x030c01f0, false, &l, NULL), 0);
	assert_int_equal(l.interp_modules, 944);
	assert_int_equal(l.ht_cached_keys, 880);
	assert_int_equal(l.dk_log2_size, 8);
	assert_int_equal(l.lv_tag, 16);
	assert_int_equal(l.str_ascii_data, 40);
	assert_int_equal(l.obj_values, l.obj_dict);
}

/* Offsets as debug information has them (configure --disable-gil). */
static void free_threaded_rows(void **state)
{
	struct py_layout t, l;

	(void)state;
	assert_int_equal(layout_find(0x030d05f0, false, &l, NULL), 0);
	assert_int_equal(l.gil_enabled, GS_NO_FIELD);
	assert_int_equal(layout_find(0x030d05f0, true, &t, NULL), 0);
	assert_int_equal(t.gil_enabled, 0);
	assert_int_equal(t.gil_last_holder, 16);
	assert_int_equal(t.gil_cond, 40);
	assert_int_equal(t.gil_cond_size, l.gil_cond_size);
	assert_int_equal(t.gil_mutex, 88);
	assert_int_equal(t.gil_switch_cond, 128);
	assert_int_equal(t.gil_size, 216);
	assert_int_equal(t.ob_type, 24);
	assert_int_equal(t.tp_name, 40);
	assert_int_equal(t.tp_dealloc, 64);
	assert_int_equal(t.tp_flags, 184);
	assert_int_equal(t.ht_cached_keys, 896);
	assert_int_equal(t.ma_keys, 48);
	assert_int_equal(t.dk_nentries, l.dk_nentries);
	assert_int_equal(t.str_ascii_data, 56);
	assert_int_equal(t.lv_tag, 32);
	assert_int_equal(t.obj_dict, 8);
	assert_int_equal(t.frames.str_state_shift, 0);
	/* The same in 3.14.7t and 3.15.0rc1t, but for the bits of str's state. */
	for (u32 hex = 0x030e00f0; hex <= 0x030f00f0; hex += 0x10000) {
		assert_int_equal(layout_find(hex, true, &t, NULL), 0);
		assert_int_equal(t.gil_last_holder, 16);
		assert_int_equal(t.ht_cached_keys, hex >> 16 == 0x030f ? 904 : 896);
		assert_int_equal(t.ma_keys, 48);
		assert_int_equal(t.ma_values, 56);
		assert_int_equal(t.md_dict, 32);
		assert_int_equal(t.dv_values, 8);
		assert_int_equal(t.str_ascii_data, 56);
		assert_int_equal(t.str_compact_data, 72);
		assert_int_equal(t.obj_dict, 8);
		assert_int_equal(t.frames.str_state_shift, 6);
	}
	/* The collector's books: one item each, 216 bytes in all (3.15). */
	assert_int_equal(t.gc_stats_stride, 64);
	assert_int_equal(t.gc_ring_row, 16);
	assert_int_equal(t.gc_ring_items[1], 72);
	assert_int_equal(t.gc_ring_newest[0], 64);
	assert_int_equal(t.gc_ring_newest[2], 208);
}

static void refuses_others_by_name(void **state)
{
	static const struct {
		u32 hex;
		bool free_threaded;
		const char *name;
	} rows[] = {
		{ 0x03070000, false, "3.7" },	       { 0x031000f0, false, "3.16" },
		{ 0x030c00f0, true, "free-threaded" }, { 0x031000f0, true, "3.16" },
		{ 0x04000000, false, "4.0" },	       { 0, false, "0.0" },
	};
	struct py_layout l = { .gil_cond = 12345 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };

		assert_int_equal(layout_find(rows[i].hex, rows[i].free_threaded, &l, &e), -ENOTSUP);
		assert_int_equal(e.code, GS_EXIT_UNSUPPORTED);
		assert_non_null(strstr(e.text, rows[i].name));
		assert_int_equal(l.gil_cond, 12345);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_311_consistent_with_itself),
		cmocka_unit_test(rows_of_other_versions),
		cmocka_unit_test(attributes_of_others),
		cmocka_unit_test(free_threaded_rows),
		cmocka_unit_test(refuses_others_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
