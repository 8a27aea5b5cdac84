/*
 * Tuples: a fixed number of objects, never changed once made.  There is one empty tuple.
 */
#ifndef RT_TUPLE_H
#define RT_TUPLE_H

#include "runtime/rt_object.h"

struct rt_tuple {
	struct rt_object base;
	size_t n;
	struct rt_object *item[];
};

extern const struct rt_type rt_tuple_type;

/* A tuple of the @n arguments, each stolen; NULL if one of them is NULL (an error). */
struct rt_object *rt_tuple_of(size_t n, ...);

/* A tuple of the @n objects at @items. */
struct rt_object *rt_tuple_from(size_t n, struct rt_object *const *items);

/* A tuple of what @iterable gives. */
struct rt_object *rt_tuple_from_iterable(struct rt_object *iterable);

/* Number of items; @tuple is taken for granted to be one. */
size_t rt_tuple_len(const struct rt_object *tuple);

/* Item @i, borrowed; NULL with IndexError or TypeError raised. */
struct rt_object *rt_tuple_at(struct rt_object *tuple, size_t i);

#endif
