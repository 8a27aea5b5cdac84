/* Which Python a file is: implementation, version, build. */
#ifndef GS_USER_TARGET_VERSION_H
#define GS_USER_TARGET_VERSION_H

#include "user/base/err.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"

/*
 * version_find - fill in @b's version, build and _PyRuntime from @f and its name (@b->path)
 *
 * The version is the exported Py_Version (3.11+: Include/pylifecycle.h), else what the file's
 * name or soname says, else the version string in its read-only data.
 * Return: 0; -ENOEXEC (4) not CPython; -ENOTSUP (5) too old to have _PyRuntime; @e is set.
 */
int version_find(struct elf_file *f, struct py_binary *b, struct err *e);

/* Does the name of a file (its path) look like an interpreter's: python3*, libpython3*? */
bool version_name_is_python(const char *path);

/* Of PyPy, or Python 2: a name for it, static; NULL: neither. */
const char *version_name_is_other(const char *path);

/* The last part of @path, without the " (deleted)" that /proc adds: a pointer into @path and
 * its length. */
const char *version_base_name(const char *path, size_t *ret_len);

#endif
