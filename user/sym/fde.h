/*
 * Where functions begin and end, from .eh_frame: kept by strip, exact, and a `.cold` part has
 * a range of its own.
 */
#ifndef GS_USER_SYM_FDE_H
#define GS_USER_SYM_FDE_H

#include <stddef.h>

#include "user/sym/elf_file.h"

struct code_range {
	u64 start, end; /* vaddrs; end is the first byte after it */
	bool part; /* begins with a frame already made: the `.cold` part of a function */
};

struct fde_table {
	struct code_range *ranges; /* owned; by start */
	size_t n;
};

/*
 * fde_table_read - all ranges of @f
 * Return: 0; -ENOENT without .eh_frame or none usable in it; -ENOMEM.  Free ret_t->ranges.
 */
int fde_table_read(struct elf_file *f, struct fde_table *ret_t);

/* The range that @vaddr is in, or NULL. */
const struct code_range *fde_find(const struct fde_table *t, u64 vaddr);

#endif
