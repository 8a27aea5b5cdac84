/* Bytes: any, never changed once made.  Items are ints of 0 to 255. */
#ifndef RT_BYTES_H
#define RT_BYTES_H

#include "runtime/rt_object.h"

struct rt_bytes {
	struct rt_object base;
	size_t size;
	char s[]; /* ends with a 0 that does not count */
};

extern const struct rt_type rt_bytes_type;

/* A bytes object with the @size bytes at @p. */
struct rt_object *rt_bytes_from(const void *p, size_t size);

/* The bytes, borrowed, and their number.  @bytes is taken for granted to be one. */
const char *rt_bytes_data(const struct rt_object *bytes);
size_t rt_bytes_size(const struct rt_object *bytes);

#endif
