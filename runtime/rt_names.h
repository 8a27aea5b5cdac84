/*
 * Names: a namespace is a dict from names to objects.  Assignment binds a name to an object
 * and copies nothing; del unbinds the name, and the object goes only if that was its last
 * reference.
 */
#ifndef RT_NAMES_H
#define RT_NAMES_H

#include "runtime/rt_object.h"

/* name = value in @namespace.  0 or -1. */
int rt_name_bind(struct rt_object *namespace, const char *name, struct rt_object *value);

/* The object @name is bound to; NameError. */
struct rt_object *rt_name_load(struct rt_object *namespace, const char *name);

/* The same, looking through @n namespaces in turn: local, enclosing, global, built in. */
struct rt_object *rt_name_resolve(size_t n, struct rt_object *const *namespaces, const char *name);

/* del name.  0; -1: NameError. */
int rt_name_delete(struct rt_object *namespace, const char *name);

#endif
