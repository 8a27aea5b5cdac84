/* A build's layout from its debug information. */
#ifndef GS_USER_TARGET_LAYOUT_DWARF_H
#define GS_USER_TARGET_LAYOUT_DWARF_H

#include "user/target/layout.h"

struct layout_dwarf_from {
	int fd; /* borrowed; a file with .debug_info */
	const char *build_id; /* that it must have, hex; NULL: any */
	const struct py_layout *wanted; /* only what this has is looked for */
	int limit_ms; /* to wait for it at most; 0: 10 s */
};

/*
 * layout_dwarf_read - set the fields of layout_fields.h in @ret_l to what DWARF says
 *
 * GS_NO_FIELD where it says nothing; other fields of @ret_l stay as they are.  Takes as long as
 * the file makes it, 3 s of a CPU at most, and @from->limit_ms with waits for a disk and for a CPU.
 * Return: 0; -EBADMSG if it cannot be read; -ETIME: not in that time; or another negative errno.
 */
int layout_dwarf_read(const struct layout_dwarf_from *from, struct py_layout *ret_l);

/*
 * What the child process of layout_dwarf_read() does, without limits: the value of each field in
 * layout_fields.h, or GS_NO_FIELD, into @values.  For tests.
 */
void layout_dwarf_fields(const struct layout_dwarf_from *from, u32 *values);

#endif
