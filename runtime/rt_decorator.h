/*
 * Decorators: callables that take a function and return what takes its place.
 *
 *	@tag("b")                f = tag("b")(twice(f))
 *	@twice            is     rt_decorate(f, 2, { tag("b"), twice })
 *	def f(): ...
 */
#ifndef RT_DECORATOR_H
#define RT_DECORATOR_H

#include "runtime/rt_object.h"

/*
 * Give @wrapper the name, documentation and attributes of @wrapped, which it remembers as
 * __wrapped__.  Return: @wrapper, new.
 */
struct rt_object *rt_wraps(struct rt_object *wrapper, struct rt_object *wrapped);

/* @function decorated: @decorators in source order, so the last is applied first. */
struct rt_object *rt_decorate(struct rt_object *function, size_t n,
			      struct rt_object *const *decorators);

/*
 * A module with one of each kind:
 *
 *   twice(f)     plain: calls f two times with the arguments it got; the second result
 *   repeat(n)    with an argument of its own: a decorator that calls n times
 *   tag(name)    the same: puts the text f returns between <name> and </name>
 *   CountCalls   a class: an instance takes the place of f and counts in .calls
 *   wraps(w, f)  rt_wraps()
 */
struct rt_object *rt_decorators_module(void);

#endif
