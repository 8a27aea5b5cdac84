/*
 * The layout of one build, by all there is to tell it: _Py_DebugOffsets, debug information, what
 * the file exports, the version's row.
 */
#ifndef GS_USER_TARGET_LAYOUT_EVIDENCE_H
#define GS_USER_TARGET_LAYOUT_EVIDENCE_H

#include "user/target/layout.h"

struct elf_file;
struct py_binary;

/*
 * layout_evidence - where things are in @f, whose version and build id @b has
 * @root: where the process's root is, for its debug files: "/proc/PID/root", or ""
 *
 * Debug information is read where it adds something: for builds before 3.13, and for debug
 * builds, which need it.  It is the file's own or that of the debug file with its build id
 * (debug_file.h).  What all of them have to agree with is what the file exports (layout_exports.h).
 * Return: 0; -ENOTSUP (5) with @e naming the two pieces of evidence that contradict each other,
 * or the one that is missing; then @ret_l is as before.
 */
int layout_evidence(struct elf_file *f, const struct py_binary *b, const char *root,
		    struct py_layout *ret_l, struct err *e);

/*
 * layout_agree - does @dwarf (of the file @where) say of all that @l has what @l says?
 * Return: 1; 0 if it agrees, but does not know all; -ENOTSUP with @e naming what they differ in.
 */
int layout_agree(const struct py_layout *l, const struct py_layout *dwarf, const char *where,
		 struct err *e);

#endif
