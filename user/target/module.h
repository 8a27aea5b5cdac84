/*
 * Extension modules: shared libraries of the interpreter's that have probe sites of their own.
 * A process maps one when it imports it, which may be long after the attach.
 */
#ifndef GS_USER_TARGET_MODULE_H
#define GS_USER_TARGET_MODULE_H

#include <sys/types.h>

#include "user/base/err.h"
#include "user/target/binary.h"

struct binaries;

struct module {
	const struct py_binary *binary; /* borrowed from the cache */
	char open_path[128]; /* as in struct py_process */
};

/*
 * module_find - the extension module @name ("_asyncio") of @pid, with its sites
 * @families: GS_FAMILY_BIT()s whose sites are wanted
 *
 * Return: 0; -ENOENT it has not mapped it (yet); or a negative errno with @e set: -ENOTSUP (5)
 * evidence is missing, others that the file cannot be read.
 */
int module_find(pid_t pid, const char *name, u32 families, struct binaries *cache,
		struct module *ret_m, struct err *e);

/* Is @path that of extension module @name: NAME.so, or NAME.cpython-….so? */
bool module_name_is(const char *path, const char *name);

#endif
