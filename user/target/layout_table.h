/* One row per CPython minor version. */
#ifndef GS_USER_TARGET_LAYOUT_TABLE_H
#define GS_USER_TARGET_LAYOUT_TABLE_H

#include <stddef.h>

#include "user/target/layout.h"

struct layout_row {
	u32 minor; /* PY_VERSION_HEX >> 16 */
	struct py_layout layout;
};

extern const struct layout_row layout_table[];
extern const size_t layout_table_rows;

#endif
