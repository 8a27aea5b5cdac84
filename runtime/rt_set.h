/* Sets: hashable objects, each once.  Unlike CPython's, they keep the order of insertion. */
#ifndef RT_SET_H
#define RT_SET_H

#include "runtime/rt_object.h"
#include "runtime/rt_table.h"

struct rt_set {
	struct rt_object base;
	struct rt_table table; /* values are NULL */
	struct rt_weakref *weak;
};

extern const struct rt_type rt_set_type;

/* An empty set; a set of what @iterable gives. */
struct rt_object *rt_set_new(void);
struct rt_object *rt_set_from_iterable(struct rt_object *iterable);

/* Number of items; @set is taken for granted to be one. */
size_t rt_set_len(const struct rt_object *set);

/* Add @item: 1 if it is new, 0 if it was there, -1. */
int rt_set_add(struct rt_object *set, struct rt_object *item);

/* Remove @item: 1; 0 if it was not there; -1. */
int rt_set_discard(struct rt_object *set, struct rt_object *item);

#endif
