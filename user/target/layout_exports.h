/*
 * What a stripped interpreter still tells of its layout: the members and sizes that its exported
 * type objects name, and the fields that its exported accessors read.
 *
 * Nothing here goes by the version.  It is evidence beside the table's row, whose numbers it has
 * to confirm: what it cannot read it does not tell.
 */
#ifndef GS_USER_TARGET_LAYOUT_EXPORTS_H
#define GS_USER_TARGET_LAYOUT_EXPORTS_H

#include <stddef.h>

#include "user/target/layout.h"

struct elf_file;

#define LAYOUT_EXPORTS_MAX 40

/* One offset (or size) that was read. */
struct layout_export {
	const char *of, *what; /* "PyCode_Type", "co_name"; static */
	u32 at; /* the field: its place in struct py_layout */
	u32 value;
};

/*
 * layout_exports_read - what @f tells
 * @runtime, @runtime_size: _PyRuntime, a vaddr and bytes; 0: unknown
 * @l: where a type object has its parts
 * @functions: also decode the accessors; not of debug builds, whose assertions read other fields
 *
 * Return: how many are in @ret; at most LAYOUT_EXPORTS_MAX.
 */
size_t layout_exports_read(struct elf_file *f, u64 runtime, u64 runtime_size,
			   const struct py_layout *l, bool functions, struct layout_export *ret);

/*
 * layout_exports_agree - does @l say the same, of what it knows at all?
 * @path: of the file, for @e
 *
 * Return: how many of them @l knows; -ENOTSUP (5) with @e naming both that contradict each other.
 */
int layout_exports_agree(const struct layout_export *list, size_t n, const struct py_layout *l,
			 const char *path, struct err *e);

#endif
