/* Strings: making untrusted ones safe to show, parsing numbers strictly. */
#ifndef GS_USER_BASE_STR_H
#define GS_USER_BASE_STR_H

#include <stddef.h>

#include "bpf/types.h"

/*
 * Replace, in place, every byte that could move a cursor, end a line, reorder or hide text
 * (C0, DEL, C1 controls as UTF-8, bidirectional and invisible characters, and bytes that are
 * not valid UTF-8) by '?'.
 */
void str_printable(char *s);

/*
 * Parse all of @s as an unsigned decimal number within @min..@max.
 * Return: 0, -EINVAL if it is not a number, -ERANGE if outside; *@ret_v is
 * untouched on error.
 */
int str_to_u64(const char *s, u64 min, u64 max, u64 *ret_v);

/*
 * Parse all of @s as seconds: decimal, optionally with a fraction and one of the
 * suffixes s, ms, us, ns, m.  "2", "0.5", "250ms".
 * Return: 0, -EINVAL or -ERANGE (0 is out of range); *@ret_ns untouched on error.
 */
int str_to_duration(const char *s, u64 *ret_ns);

#endif
