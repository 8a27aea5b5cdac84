/* Floating point numbers: a double.  They mix with ints, exactly where it is about equality. */
#ifndef RT_FLOAT_H
#define RT_FLOAT_H

#include "runtime/rt_object.h"

struct rt_float {
	struct rt_object base;
	double v;
};

extern const struct rt_type rt_float_type;

/* A float of value @v. */
struct rt_object *rt_float_new(double v);

/* The value of @o, a float or int, as a double.  0; -1: TypeError. */
int rt_float_value(struct rt_object *o, double *ret_v);

#endif
