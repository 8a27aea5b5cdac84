/*
 * Weak references: they do not keep their target alive, and are told when it goes.
 *
 * Each object that can be weakly referenced has the first of its weak references at
 * type->weak_offset; the list is doubly linked through them.  A weak reference that lost its
 * target is in no list.
 */
#ifndef RT_WEAKREF_H
#define RT_WEAKREF_H

#include "runtime/rt_object.h"

struct rt_weakref {
	struct rt_object base;
	struct rt_object *target; /* not counted; NULL once it is gone */
	struct rt_object *callback; /* called with this reference; or NULL */
	struct rt_weakref *prev, *next;
};

extern const struct rt_type rt_weakref_type;

/*
 * A weak reference to @target.  @callback (or NULL) is called with it when the target goes,
 * provided the reference is still there.  Calling the reference gives the target or None.
 * Raises TypeError for types without (int, str, list, dict, tuple).
 */
struct rt_object *rt_weakref_new(struct rt_object *target, struct rt_object *callback);

/* The target, new; None if it is gone. */
struct rt_object *rt_weakref_get(struct rt_object *weakref);

/* How many weak references there are to @o. */
size_t rt_weakref_count(const struct rt_object *o);

/*
 * Clear all weak references to @o and put those whose callbacks are due, each with a
 * reference held, in front of @due.  Return: the new @due.  Runs no code.
 */
struct rt_weakref *rt_weakrefs_detach(struct rt_object *o, struct rt_weakref *due);

/* Run the callbacks of @due; errors they raise are unraisable. */
void rt_weakrefs_call(struct rt_weakref *due);

#endif
