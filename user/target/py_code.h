/*
 * Code objects of another process: the name, file and lines of a function, kept by address.
 *
 * The program runs on: a code object may die, and its memory become another's, or anything.  What
 * was kept is compared with the memory at each use; what cannot be a code object is unknown.
 */
#ifndef GS_USER_TARGET_PY_CODE_H
#define GS_USER_TARGET_PY_CODE_H

#include <sys/types.h>

#include "bpf/types.h"
#include "user/target/layout.h"

#define PY_CODE_TEXT_MAX 4096 /* bytes of a name or a path, the terminator included */

enum py_code_kind {
	PY_CODE_FUNCTION, /* or a class body, a module, a comprehension */
	PY_CODE_GENERATOR,
	PY_CODE_COROUTINE,
	PY_CODE_ASYNC_GENERATOR,
};

struct py_code {
	const char *function; /* co_qualname; co_name before 3.11; printable */
	const char *file; /* co_filename; printable */
	s32 first_line;
	u32 mark; /* as gs_frames_mark(); 0: none */
	enum py_code_kind kind;
};

struct py_codes; /* what is kept of one process */

/* @layout: borrowed; one of which layout_frames_known() is true.  NULL without memory. */
struct py_codes *py_codes_new(pid_t pid, const struct py_layout *layout);
void py_codes_free(struct py_codes *c); /* NULL is fine */

/*
 * py_codes_find - the code object at @addr, as it is now
 * Return: it, valid until py_codes_trim(); NULL if there is none, or no memory for it.
 */
const struct py_code *py_codes_find(struct py_codes *c, u64 addr);

/*
 * Is @code the interpreter's own?  Between a call of a class and its __init__() it makes a frame of
 * one (3.12+; Python/specialize.c, _Py_InitCleanup), which tracebacks leave out.
 */
bool py_code_is_own(const struct py_code *code);

/* The line of the instruction @offset bytes into @code (one of ours); 0: it has none. */
s32 py_code_line(const struct py_codes *c, const struct py_code *code, s32 offset);

/* Forget all that is kept if it has become too much.  Pointers to it end here. */
void py_codes_trim(struct py_codes *c);

#endif
