/* UTF-8, strictly: what this accepts, every JSON reader and terminal accepts too. */
#ifndef GS_USER_BASE_UTF8_H
#define GS_USER_BASE_UTF8_H

#include <stddef.h>

#include "bpf/types.h"

/*
 * utf8_decode - the first character of a NUL-terminated string
 * @ret_cp: its code point; untouched if it is not valid
 *
 * Overlong forms, surrogates and values above U+10FFFF are not valid.
 *
 * Return: its length in bytes, 1 to 4; 0 at the end of the string or if not valid.
 */
size_t utf8_decode(const char *s, u32 *ret_cp);

/*
 * utf8_fit - how much of @s fits into @columns of a terminal
 * @ret_width: columns it takes, at most @columns
 *
 * A character is as wide as the locale says, 1 if it does not know it.
 *
 * Return: bytes; all of @s if it fits.
 */
size_t utf8_fit(const char *s, size_t columns, size_t *ret_width);

#endif
