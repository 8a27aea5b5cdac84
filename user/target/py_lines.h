/*
 * Line numbers: what a code object's table of lines says of an instruction.  Pure, so that it can
 * be tried on anything.
 */
#ifndef GS_USER_TARGET_PY_LINES_H
#define GS_USER_TARGET_PY_LINES_H

#include <stddef.h>

#include "bpf/types.h"
#include "user/target/layout_frames.h"

/*
 * py_line_at - the line of the instruction at @offset bytes; as PyCode_Addr2Line() of each version
 * @table, @n: co_lnotab or co_linetable
 * @first_line: co_firstlineno; also the answer for an @offset below 0 (not begun yet)
 *
 * Return: the line; 0 if the instruction has none, or the table does not reach it.
 */
s32 py_line_at(enum py_lines kind, const u8 *table, size_t n, s32 first_line, s32 offset);

#endif
