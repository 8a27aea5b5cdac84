/*
 * An interpreter's file: evidence -> sites -> layout.
 *
 * One per file (device and inode), shared by the processes that run it and kept in a cache.
 * Everything in it was read from the file as mapped by a process, so deleted files, chroots
 * and containers work.
 */
#ifndef GS_USER_TARGET_BINARY_H
#define GS_USER_TARGET_BINARY_H

#include <stddef.h>
#include <sys/types.h>

#include "user/base/err.h"
#include "user/target/layout.h"
#include "user/target/probe.h"

struct elf_file;

struct py_binary {
	char *path; /* owned; as the process that showed it to us sees it */
	u64 dev, ino;
	s64 mtime_ns; /* the file has changed if that has */
	s64 ctime_ns; /* of the inode: overlays of one file below show the same */
	char *build_id; /* owned, hex; NULL: none */
	u32 version_hex; /* PY_VERSION_HEX */
	char version[24]; /* "3.11.2", "3.14.0rc2" */
	const char *version_found_by; /* static */
	bool free_threaded, debug;
	bool by_notes; /* no CPython: a runtime that marks its events with notes (rt_notes.h) */
	bool is_library; /* libpythonX.Y.so rather than the executable */
	bool stripped; /* has no .symtab */
	u64 runtime_vaddr; /* of _PyRuntime */
	struct py_layout layout;
	u32 families; /* GS_FAMILY_BIT()s whose sites were looked for, and found */
	struct probe_site *sites; /* owned; by offset */
	size_t nsites;
	const char *count_symbol; /* borrowed; the function that the calls family counts; or NULL */
	char *types_coverage; /* owned; what the refs sites cover; NULL: not looked for */
};

/*
 * binary_new - which CPython is @f?
 * @path: as the process sees it; copied
 * @root: where the root of that process is, for its debug files: "/proc/PID/root", or ""
 *
 * Return: 0; -ENOEXEC (4) it is not CPython, and what it is where that can be told; -ENOTSUP
 * (5) a version or build that is not supported; @e is set.
 */
int binary_new(struct elf_file *f, const char *path, const char *root, struct py_binary **ret_b,
	       struct err *e);

/* The same for a file that is no interpreter but a library of one's: no version, no layout.  0 or
 * -ENOMEM. */
int binary_new_module(struct elf_file *f, const char *path, struct py_binary **ret_b);

/*
 * binary_find_sites - complete @b with the sites of @families that it does not have yet
 * @pid:       a process that runs it, for what only memory tells (types)
 * @load_bias: address in that process - address in the file
 *
 * Return: 0, or -ENOTSUP (5) with @e naming the evidence that is missing; then @b is as before.
 */
int binary_find_sites(struct py_binary *b, struct elf_file *f, u32 families, pid_t pid,
		      u64 load_bias, struct err *e);

/* Free.  NULL is fine.  Returns NULL. */
struct py_binary *binary_free(struct py_binary *b);

#endif
