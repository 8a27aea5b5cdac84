/*
 * Functions as values: a C function, a signature, default values and closure cells.
 *
 * The signature is text: "a, b, step=, *args, **kwargs".  A parameter with "=" may be left
 * out: it then has its default, or is NULL if the function was made without one.  The C
 * function finds one argument per named parameter, in order; with "*args" the further ones
 * follow; with "**kwargs" the left-over keywords are in a dict.
 */
#ifndef RT_FUNCTION_H
#define RT_FUNCTION_H

#include "runtime/rt_object.h"

#define RT_MAX_PARAMETERS 16

/* What a call passes.  Everything is borrowed and lives as long as the call. */
struct rt_args {
	struct rt_object *callee; /* the function object: its cells */
	size_t n; /* positional arguments */
	struct rt_object *const *v;
	struct rt_object *kwargs; /* dict, or NULL */
};

/* Return: new, or NULL with an error raised. */
typedef struct rt_object *(*rt_cfunction)(const struct rt_args *args);

/* What never changes about a function; usually static, must outlive the object. */
struct rt_function_spec {
	const char *name;
	rt_cfunction call;
	const char *params; /* signature; NULL: takes nothing */
	const char *doc; /* or NULL */
};

extern const struct rt_type rt_function_type;

/*
 * A function from @spec.  @defaults: tuple with the values of the last parameters that have
 * "=", or NULL; @cells: tuple of cells, the closure, or NULL.
 */
struct rt_object *rt_function_new(const struct rt_function_spec *spec, struct rt_object *defaults,
				  struct rt_object *cells);

/* The same with a closure over @n values, each put into a new cell. */
struct rt_object *rt_closure_new(const struct rt_function_spec *spec, size_t n,
				 struct rt_object *const *values);

/* Within a call: the value of cell @i of the function called; NameError if it is empty. */
struct rt_object *rt_args_free_variable(const struct rt_args *args, size_t i);

/* Within a call: put @value into cell @i ("nonlocal").  0; -1: no such cell. */
int rt_args_set_free_variable(const struct rt_args *args, size_t i, struct rt_object *value);

/* What @function was made from, and its defaults in *@ret_defaults, borrowed, or NULL. */
const struct rt_function_spec *rt_function_get(struct rt_object *function,
					       struct rt_object **ret_defaults);

/* "(a, b=2, *args)", with defaults as repr().  A str. */
struct rt_object *rt_function_signature(struct rt_object *function);

/*
 * Arrange @args as the signature of @spec asks, call it with them and return its result.
 * @defaults as in rt_function_new().  Raises TypeError for missing, unknown, doubled or too
 * many arguments.
 */
struct rt_object *rt_bind_and_call(const struct rt_function_spec *spec, struct rt_object *defaults,
				   const struct rt_args *args);

#endif
