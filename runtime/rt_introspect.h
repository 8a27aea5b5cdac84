/* Introspection: asking an object at run time what it is and what it can do. */
#ifndef RT_INTROSPECT_H
#define RT_INTROSPECT_H

#include "runtime/rt_object.h"

/* type(o). */
struct rt_object *rt_type_of(struct rt_object *o);

/* isinstance(o, type), issubclass(type, of): 1 or 0; -1: not a type (nor a tuple of types). */
int rt_isinstance(struct rt_object *o, struct rt_object *type);
int rt_issubclass(struct rt_object *type, struct rt_object *of);

/* dir(o): a sorted list of the names of its attributes, inherited ones included. */
struct rt_object *rt_dir(struct rt_object *o);

/* vars(o): its own attributes, a dict that is live where it can be; TypeError if it has none. */
struct rt_object *rt_vars(struct rt_object *o);

/* signature(o): "(a, b=2, *args)" of what calling it takes; through wraps() too.  A str. */
struct rt_object *rt_signature(struct rt_object *o);

#endif
