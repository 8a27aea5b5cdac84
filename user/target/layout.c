/* Layouts by version.  Invariant: a version or build without a row is refused by its name. */
#include "user/target/layout.h"

#include <errno.h>
#include <stddef.h>

#include "user/target/layout_free_threaded.h"
#include "user/target/layout_table.h"

int layout_find(u32 version_hex, bool free_threaded, struct py_layout *ret_l, struct err *e)
{
	u32 major = version_hex >> 24, minor = version_hex >> 16 & 0xff;
	size_t i;

	if (free_threaded && version_hex >> 16 < GS_FREE_THREADED_FIRST)
		return errf(
			e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			"CPython %u.%u, free-threaded build: there is none of that version that "
			"is known; run the default build",
			major, minor);
	for (i = 0; i < layout_table_rows; i++) {
		if (layout_table[i].minor == version_hex >> 16) {
			*ret_l = layout_table[i].layout;
			layout_frames_find(layout_table[i].minor, free_threaded, &ret_l->frames);
			if (free_threaded)
				layout_free_threaded(ret_l);
			return 0;
		}
	}
	return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "CPython %u.%u: not a supported version; supported: " GS_LAYOUT_VERSIONS, major,
		    minor);
}
