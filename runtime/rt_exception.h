/*
 * Exception objects: arguments, a cause, and attributes.  Classes may inherit from them.
 */
#ifndef RT_EXCEPTION_H
#define RT_EXCEPTION_H

#include "runtime/rt_error.h"
#include "runtime/rt_object.h"

struct rt_exception {
	struct rt_object base;
	struct rt_object *attributes; /* dict, or NULL while there are none */
	struct rt_object *args; /* tuple; NULL: empty */
	struct rt_object *cause; /* exception, or NULL */
};

/* An exception of @type with @args, a tuple (stolen, NULL passes an error on). */
struct rt_object *rt_exception_new(const struct rt_type *type, struct rt_object *args);

/* Argument @i, borrowed; NULL without an error if there are fewer. */
struct rt_object *rt_exception_arg(struct rt_object *exception, size_t i);

/* The value a StopIteration carries; None if it carries none. */
struct rt_object *rt_exception_value(struct rt_object *exception);

/* What the exception was raised from, borrowed; NULL if from nothing. */
struct rt_object *rt_exception_cause(struct rt_object *exception);

#endif
