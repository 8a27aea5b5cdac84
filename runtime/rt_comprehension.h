/*
 * Comprehensions: [element(x) for x in iterable if condition(x)], as a list, set, dict or,
 * made only when asked for, as a generator.
 *
 * @element and @condition are callables of one argument; NULL stands for x itself and for no
 * condition.
 */
#ifndef RT_COMPREHENSION_H
#define RT_COMPREHENSION_H

#include "runtime/rt_object.h"

/* The whole list, or set, at once. */
struct rt_object *rt_list_comprehension(struct rt_object *element, struct rt_object *iterable,
					struct rt_object *condition);
struct rt_object *rt_set_comprehension(struct rt_object *element, struct rt_object *iterable,
				       struct rt_object *condition);

/* {key(x): value(x) for x in iterable if condition(x)}. */
struct rt_object *rt_dict_comprehension(struct rt_object *key, struct rt_object *value,
					struct rt_object *iterable, struct rt_object *condition);

/* A generator of the elements: one exists at a time. */
struct rt_object *rt_generator_expression(struct rt_object *element, struct rt_object *iterable,
					  struct rt_object *condition);

#endif
