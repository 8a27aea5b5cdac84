/*
 * What a free-threaded build has elsewhere: its GIL begins with `enabled`, its objects with an
 * owner, a mutex and two counts.
 */
#include "user/target/layout_free_threaded.h"

#define ENABLED_BYTES 8 /* int enabled, and what aligns the next member (pycore_gil.h) */
#define HEADER_MORE 16 /* of PyObject: 32 bytes instead of 16 (object.h) */
#define MANAGED_DICT 8 /* MANAGED_DICT_OFFSET (pycore_object.h): -1 word instead of -3 */

static void more(u32 *offset, u32 bytes)
{
	if (*offset != GS_NO_FIELD)
		*offset += bytes;
}

/* The state word of str has other bits from 3.14 on: no texts are read then. */
static void without_attributes(struct py_layout *l)
{
	l->interp_modules = l->ht_cached_keys = l->obj_values = l->obj_dict = GS_NO_FIELD;
	l->md_dict = l->ma_keys = l->ma_values = l->dv_values = GS_NO_FIELD;
}

void layout_free_threaded(u32 minor, struct py_layout *l)
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
	l->gil_enabled = 0;
	l->obj_dict = MANAGED_DICT;
	if (minor > GS_FREE_THREADED_FIRST)
		without_attributes(l);
}
