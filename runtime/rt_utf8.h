/* UTF-8: decoding, encoding, checking.  Overlong forms, surrogates and > U+10FFFF are invalid. */
#ifndef RT_UTF8_H
#define RT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at @s, of which @n bytes are there.  Return: its bytes, 1..4; 0: invalid. */
size_t rt_utf8_decode(const char *s, size_t n, uint32_t *ret_code);

/* Put @code into @s.  Return: the bytes written, 1..4; 0: not a valid code point. */
size_t rt_utf8_encode(uint32_t code, char s[4]);

/* Whether the @n bytes at @s are valid; *@ret_points: how many code points. */
bool rt_utf8_check(const char *s, size_t n, size_t *ret_points);

/* Bytes before code point @point of @s, which is valid and has more than that many. */
size_t rt_utf8_offset(const char *s, size_t point);

#endif
