/* Bound methods: a function and the object it is called on. */
#ifndef RT_METHOD_H
#define RT_METHOD_H

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"

struct rt_method {
	struct rt_object base;
	struct rt_object *function;
	struct rt_object *self;
};

extern const struct rt_type rt_method_type;

/* A method that calls @function with @self as first argument. */
struct rt_object *rt_method_new(struct rt_object *function, struct rt_object *self);

/* Call @function with @self put in front of @args. */
struct rt_object *rt_call_with_self(struct rt_object *function, struct rt_object *self,
				    const struct rt_args *args);

#endif
