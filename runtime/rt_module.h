/* Modules: a name and a namespace.  Replacing an attribute is seen by all who use it. */
#ifndef RT_MODULE_H
#define RT_MODULE_H

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"

extern const struct rt_type rt_module_type;

/* A module called @name with @functions (may be NULL; ends with a NULL name). */
struct rt_object *rt_module_new(const char *name, const struct rt_function_spec *functions);

/* Its namespace, a dict, borrowed. */
struct rt_object *rt_module_dict(struct rt_object *module);

#endif
