/* The cache of interpreters' files: one py_binary per file, however many processes run it. */
#ifndef GS_USER_TARGET_BINARIES_H
#define GS_USER_TARGET_BINARIES_H

#include <sys/stat.h>

#include "user/base/err.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"

struct binaries;

/*
 * binaries_get - the py_binary of @f, made if it is new (or has changed: dev, inode, mtime)
 * Borrowed from the cache, which keeps it until binaries_free().  As binary_new().
 */
int binaries_get(struct binaries *c, struct elf_file *f, const char *path, const char *root,
		 const struct stat *st, struct py_binary **ret_b, struct err *e);

/* The same of a file as binary_new_module() takes it.  0 or -ENOMEM. */
int binaries_get_module(struct binaries *c, struct elf_file *f, const char *path,
			const struct stat *st, struct py_binary **ret_b);

#endif
