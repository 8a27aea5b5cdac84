/*
 * _Py_DebugOffsets: what CPython 3.13 and later say of themselves, in the first bytes of
 * _PyRuntime (Include/internal/pycore_debug_offsets.h).  It is data of the traced program's
 * file, so every number is checked against the others and against what is known otherwise.
 */
#ifndef GS_USER_TARGET_DEBUG_OFFSETS_H
#define GS_USER_TARGET_DEBUG_OFFSETS_H

#include <stddef.h>

#include "user/base/err.h"
#include "user/target/layout.h"

/* What is known of the file without them. */
struct debug_offsets_from {
	const char *path; /* for errors */
	u32 version_hex; /* PY_VERSION_HEX */
	const char *version_found_by;
	bool free_threaded;
	const u8 *bytes; /* of _PyRuntime */
	size_t nbytes;
	u64 runtime_size; /* of the symbol _PyRuntime, bytes */
};

/* How many bytes they are in this minor version; 0: it has none, or is not known. */
size_t debug_offsets_size(u32 version_hex);

/*
 * debug_offsets_read - complete @l, the table's row, with what @from says
 *
 * Where both know a field they must agree.  Return: 0; -ENOTSUP with @e naming both pieces of
 * evidence that contradict each other, or what is missing; then @l is as before.
 */
int debug_offsets_read(const struct debug_offsets_from *from, struct py_layout *l, struct err *e);

#endif
