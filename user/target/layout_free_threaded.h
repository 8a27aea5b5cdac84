/* Rows of free-threaded builds (configure --disable-gil), made from those of the default builds. */
#ifndef GS_USER_TARGET_LAYOUT_FREE_THREADED_H
#define GS_USER_TARGET_LAYOUT_FREE_THREADED_H

#include "user/target/layout.h"

#define GS_FREE_THREADED_FIRST 0x030d /* 3.13, PY_VERSION_HEX >> 16 */

/*
 * layout_free_threaded - turn the row *@l of the default build of @minor (PY_VERSION_HEX >> 16)
 * into that of the free-threaded one
 *
 * Offsets are those of debug information of 3.13t to 3.15t.  The build's own description is held
 * against them afterwards (debug_offsets.h).
 */
void layout_free_threaded(u32 minor, struct py_layout *l);

#endif
