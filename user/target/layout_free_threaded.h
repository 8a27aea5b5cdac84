/* Rows of free-threaded builds (configure --disable-gil), made from those of the default builds. */
#ifndef GS_USER_TARGET_LAYOUT_FREE_THREADED_H
#define GS_USER_TARGET_LAYOUT_FREE_THREADED_H

#include "user/target/layout.h"

#define GS_FREE_THREADED_FIRST 0x030d /* 3.13, PY_VERSION_HEX >> 16 */

/*
 * layout_free_threaded - turn the row *@l of a version's default build into that of its
 * free-threaded one
 *
 * Offsets are those of debug information of 3.13.5t, 3.14.7t and 3.15.0rc1t.  The build's own
 * description is held against them afterwards (debug_offsets.h).
 */
void layout_free_threaded(struct py_layout *l);

#endif
