/* What list and tuple have in common: comparison item by item, count() and index(). */
#ifndef RT_SEQUENCE_H
#define RT_SEQUENCE_H

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"
#include "runtime/rt_type.h"

/* @a op @b for two lists or two tuples: the first pair of unequal items decides. */
struct rt_object *rt_sequence_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op);

/* The methods count(value) and index(value); the latter raises ValueError. */
struct rt_object *rt_sequence_count(const struct rt_args *args);
struct rt_object *rt_sequence_find(const struct rt_args *args);

#endif
