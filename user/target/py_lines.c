/* Invariant: every entry moves on in the table, so reading it ends with it. */
#include "user/target/py_lines.h"

#define NO_LINE (-128) /* 3.10: of an entry's difference */
#define LOCATION_NONE 15 /* PY_CODE_LOCATION_INFO_NONE (3.11 cpython/code.h) */
#define LOCATION_LONG 14
#define LOCATION_NO_COLUMNS 13
#define LOCATION_ONE_LINE 10 /* 10, 11, 12: so many lines further less 10 */

/* Differences are added to what may be any number: as unsigned, which wraps. */
static s32 plus(s32 line, s32 more)
{
	return (s32)((u32)line + (u32)more);
}

/* Pairs: so many bytes further, so many lines (3.9 Objects/codeobject.c, PyCode_Addr2Line()). */
static s32 by_lnotab(const u8 *table, size_t n, s32 line, s32 offset)
{
	s32 at = 0;
	size_t i;

	for (i = 0; i + 1 < n; i += 2) {
		at += table[i];
		if (at > offset)
			break;
		line = plus(line, (s8)table[i + 1]);
	}
	return line;
}

/* Pairs: an instruction range's bytes, and lines from the one before (3.10). */
static s32 by_linetable(const u8 *table, size_t n, s32 line, s32 offset)
{
	s32 end = 0;
	size_t i;

	for (i = 0; i + 1 < n; i += 2) {
		s8 more = (s8)table[i + 1];

		end += table[i];
		if (more != NO_LINE)
			line = plus(line, more);
		if (end > offset)
			return more == NO_LINE ? 0 : line;
	}
	return 0;
}

/* A signed number of 6 bits a byte, the sign in the lowest (3.11 Objects/locations.md). */
static s32 signed_varint(const u8 *table, size_t n, size_t at)
{
	u32 v = 0, shift = 0;

	for (; at < n && shift < 32; at++, shift += 6) {
		v |= (u32)(table[at] & 63) << shift;
		if (!(table[at] & 64))
			break;
	}
	return v & 1 ? -(s32)(v >> 1) : (s32)(v >> 1);
}

/* Entries of a first byte, with its highest bit set, and more without it. */
static s32 by_locations(const u8 *table, size_t n, s32 line, s32 offset)
{
	s64 end = 0;
	size_t i = 0;

	while (i < n) {
		u8 code = table[i] >> 3 & 15;

		end += ((table[i] & 7) + 1) * 2;
		if (code == LOCATION_LONG || code == LOCATION_NO_COLUMNS)
			line = plus(line, signed_varint(table, n, i + 1));
		else if (code >= LOCATION_ONE_LINE && code < LOCATION_NO_COLUMNS)
			line = plus(line, code - LOCATION_ONE_LINE);
		if (end > offset)
			return code == LOCATION_NONE ? 0 : line;
		for (i++; i < n && !(table[i] & 128); i++)
			;
	}
	return 0;
}

s32 py_line_at(enum py_lines kind, const u8 *table, size_t n, s32 first_line, s32 offset)
{
	s32 line = first_line;

	if (offset >= 0 && kind == PY_LINES_LNOTAB)
		line = by_lnotab(table, n, first_line, offset);
	else if (offset >= 0 && kind == PY_LINES_TABLE)
		line = by_linetable(table, n, first_line, offset);
	else if (offset >= 0)
		line = by_locations(table, n, first_line, offset);
	return line > 0 ? line : 0;
}
