/*
 * Text: valid UTF-8, never changed once made.  Lengths and indexes are in code points.
 *
 * Functions that only ask take a str for granted in release builds and assert it in RT_DEBUG
 * ones; those that return objects or int check, and raise TypeError.
 */
#ifndef RT_STR_H
#define RT_STR_H

#include <stdarg.h>

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"

struct rt_str {
	struct rt_object base;
	size_t size; /* bytes, without the final 0 */
	size_t points; /* code points */
	uint64_t hash; /* 0: not computed yet */
	char s[]; /* ends with a 0 that does not count */
};

extern const struct rt_type rt_str_type;
extern const struct rt_function_spec rt_str_methods[];

/* A str with the text @s; with the @size bytes at @s.  Raises UnicodeError if not UTF-8. */
struct rt_object *rt_str_new(const char *s);
struct rt_object *rt_str_from(const char *s, size_t size);

/* A str made as by printf(). */
struct rt_object *rt_str_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct rt_object *rt_str_vformat(const char *format, va_list ap)
	__attribute__((format(printf, 1, 0)));

/* The bytes, which end with a 0 and are borrowed; their number; the code points. */
const char *rt_str_chars(const struct rt_object *str);
size_t rt_str_size(const struct rt_object *str);
size_t rt_str_points(const struct rt_object *str);

/* Whether @str is a str with just the text @s. */
bool rt_str_is(const struct rt_object *str, const char *s);

/* The hash of a str with the @size bytes at @s. */
uint64_t rt_str_hash_bytes(const char *s, size_t size);

/* Byte offset of @part in @str from byte @from on; -1 without an error if it is not there. */
ssize_t rt_str_find(const struct rt_object *str, const struct rt_object *part, size_t from);

#endif
