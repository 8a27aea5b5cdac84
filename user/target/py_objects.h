/*
 * Reading Python objects out of another process, which changes them meanwhile: everything read
 * is checked and bounded, and a wrong answer is possible only where the object was changing.
 */
#ifndef GS_USER_TARGET_PY_OBJECTS_H
#define GS_USER_TARGET_PY_OBJECTS_H

#include <stddef.h>
#include <sys/types.h>

#include "bpf/types.h"
#include "user/target/layout.h"

#define PY_DICT_ENTRIES_MAX 65536
#define PY_STR_MAX 256 /* bytes of UTF-8, the terminator included */

struct py_memory {
	pid_t pid;
	const struct py_layout *layout;
};

struct py_entry {
	u64 key, value; /* addresses of objects; key 0: unused */
};

struct py_entries {
	struct py_entry *list; /* owned */
	size_t n;
};

/* The entries of the dict at @addr.  0; -E2BIG, -EFAULT, -ENOMEM...  Free ret_e->list. */
int py_dict_read(const struct py_memory *m, u64 addr, struct py_entries *ret_e);

/* The attributes of the instance at @addr of a class written in Python.  As above. */
int py_attributes_read(const struct py_memory *m, u64 addr, struct py_entries *ret_e);

/* The str at @addr as UTF-8, cut at a character when longer than @size.  0 or an errno. */
int py_str_read(const struct py_memory *m, u64 addr, char *text, size_t size);

/* The int at @addr, if it is in 0..2^63-1.  0 or a negative errno. */
int py_int_read(const struct py_memory *m, u64 addr, u64 *ret_v);

/* The value under the str key @name; 0 if there is none. */
u64 py_entry_find(const struct py_memory *m, const struct py_entries *e, const char *name);

/* The attribute @name of the module @module of the interpreter at @interp; 0: there is none (yet).
 */
u64 py_module_attribute(const struct py_memory *m, u64 interp, const char *module,
			const char *name);

int py_read_u64(const struct py_memory *m, u64 addr, u64 *ret_v);

#endif
