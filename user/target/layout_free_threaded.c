/*
 * What a free-threaded build has elsewhere: its GIL begins with `enabled`, its objects with an
 * owner, a mutex and two counts.
 */
#include "user/target/layout_free_threaded.h"

#define ENABLED_BYTES 8 /* int enabled, and what aligns the next member (pycore_gil.h) */
#define HEADER_MORE 16 /* of PyObject: 32 bytes instead of 16 (object.h) */
#define GC_BOOKS_ITEM 72 /* struct gc_young_stats_buffer (3.15): 64 bytes, and its index */
#define MANAGED_DICT 8 /* MANAGED_DICT_OFFSET (pycore_object.h): -1 word instead of -3 */

static void more(u32 *offset, u32 bytes)
{
	if (*offset != GS_NO_FIELD)
		*offset += bytes;
}

/* The rings of the collector's books (3.15, pycore_interp_structs.h) have an item each. */
static void rings_of_one(struct py_layout *l)
{
	for (u32 i = 0; i < 3 && l->gc_ring_row != GS_NO_FIELD; i++) {
		l->gc_ring_items[i] = i * GC_BOOKS_ITEM;
		l->gc_ring_newest[i] = i * GC_BOOKS_ITEM + l->gc_stats_stride;
	}
}

void layout_free_threaded(struct py_layout *l)
{
	u32 *const gil[] = {
		&l->gil_interval,      &l->gil_last_holder,  &l->gil_locked,
		&l->gil_switch_number, &l->gil_cond,	     &l->gil_mutex,
		&l->gil_switch_cond,   &l->gil_switch_mutex, &l->gil_size,
	};
	u32 *const objects[] = {
		&l->ob_type,	    &l->tp_name,	  &l->tp_dealloc,     &l->tp_flags,
		&l->tp_basicsize,   &l->tp_dictoffset,	  &l->ht_cached_keys, &l->md_dict,
		&l->ma_keys,	    &l->ma_values,	  &l->str_length,     &l->str_state,
		&l->str_ascii_data, &l->str_compact_data, &l->lv_tag,	      &l->ob_digit,
	};

	for (u32 i = 0; i < sizeof(gil) / sizeof(gil[0]); i++)
		more(gil[i], ENABLED_BYTES);
	for (u32 i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		more(objects[i], HEADER_MORE);
	rings_of_one(l);
	l->gil_enabled = 0;
	l->obj_dict = MANAGED_DICT;
}
