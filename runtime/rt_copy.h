/*
 * Copying.  Shallow: a new container with the same items, so that changing an item is seen
 * through both.  Deep: the items are copied too, each once, however often and in whatever
 * circles they are referred to.
 *
 * What cannot change is not copied: numbers, strings, functions, types, and tuples whose items
 * all stayed the same.  Classes may define __copy__ and __deepcopy__(memo).
 */
#ifndef RT_COPY_H
#define RT_COPY_H

#include "runtime/rt_object.h"

/* A shallow copy; TypeError for what cannot be copied (generators, files). */
struct rt_object *rt_copy(struct rt_object *o);

/* A deep copy. */
struct rt_object *rt_deepcopy(struct rt_object *o);

/*
 * The same within a __deepcopy__: @memo, a dict, has the copies made so far by the id() of
 * what they were made from.
 */
struct rt_object *rt_deepcopy_with(struct rt_object *o, struct rt_object *memo);

#endif
