/*
 * Integers of 64 bits.  What does not fit raises OverflowError; nothing wraps around.
 *
 * -5 to 256 exist once and for all: two 256 are the same object, two 257 are not.
 * bool inherits from int: True is a 1 that prints differently.
 */
#ifndef RT_INT_H
#define RT_INT_H

#include "runtime/rt_object.h"
#include "runtime/rt_type.h"

struct rt_int {
	struct rt_object base;
	int64_t v;
};

extern const struct rt_type rt_int_type;
extern const struct rt_type rt_bool_type;
extern struct rt_int rt_true[1], rt_false[1]; /* immortal */

/* An int of value @v. */
struct rt_object *rt_int_new(int64_t v);

/* The value of @o, an int or bool.  0; -1: TypeError. */
int rt_int_value(struct rt_object *o, int64_t *ret_v);

/* rt_true or rt_false: immortal, so neither borrowed nor new matters. */
struct rt_object *rt_bool(bool v);

/* rt_bool() of a three-way result: NULL if @r is negative. */
struct rt_object *rt_bool_if(int r);

/* The slots bool shares. */
struct rt_object *rt_int_binary(enum rt_op op, struct rt_object *a, struct rt_object *b);
struct rt_object *rt_int_unary(enum rt_unary_op op, struct rt_object *a);
struct rt_object *rt_int_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op);
int rt_int_hash(struct rt_object *self, uint64_t *ret_hash);
int rt_int_truth(struct rt_object *self);

#endif
