/* Slices (start:stop:step) and indexes: what goes between the brackets. */
#ifndef RT_SLICE_H
#define RT_SLICE_H

#include "runtime/rt_object.h"

struct rt_slice {
	struct rt_object base;
	struct rt_object *start, *stop, *step; /* ints or None */
};

struct rt_slice_range { /* a slice of a sequence of known length: always within it */
	ssize_t start;
	ssize_t step; /* not 0; may be negative */
	size_t count; /* items */
};

extern const struct rt_type rt_slice_type;

/* A slice; NULL stands for None. */
struct rt_object *rt_slice_new(struct rt_object *start, struct rt_object *stop,
			       struct rt_object *step);

/* o[start:stop], both in items; negative ones count from the end, INT64_MAX is the end. */
struct rt_object *rt_getslice(struct rt_object *o, int64_t start, int64_t stop);

/* What @slice means for a sequence of @len items.  0; -1: TypeError, or step is 0. */
int rt_slice_resolve(struct rt_object *slice, size_t len, struct rt_slice_range *ret_range);

/*
 * The index @key means for @self, a sequence of @len items; negative ones count from the end.
 * 0; -1: TypeError, or IndexError "list index out of range".
 */
int rt_sequence_index(const struct rt_object *self, struct rt_object *key, size_t len,
		      size_t *ret_index);

#endif
