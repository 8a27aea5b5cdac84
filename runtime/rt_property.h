/*
 * What a class may hold besides plain values, and how it shows through an instance: a
 * function as a bound method, a property computed, a static method as it is, a class method
 * bound to the class.
 */
#ifndef RT_PROPERTY_H
#define RT_PROPERTY_H

#include "runtime/rt_object.h"

extern const struct rt_type rt_property_type;
extern const struct rt_type rt_staticmethod_type, rt_classmethod_type;

/* An attribute read by calling @get(self) and written by @set(self, value), or NULL. */
struct rt_object *rt_property_new(struct rt_object *get, struct rt_object *set);

/* Wrappers for a function in a class that gets no self, or the class instead. */
struct rt_object *rt_staticmethod_new(struct rt_object *function);
struct rt_object *rt_classmethod_new(struct rt_object *function);

/* What @found (stolen), an attribute of @self's type, is when looked up through @self. */
struct rt_object *rt_property_bind(struct rt_object *found, struct rt_object *self);

/* The same when looked up in the class @type itself: functions stay what they are. */
struct rt_object *rt_property_bind_class(struct rt_object *found, struct rt_object *type);

/* Set @property of @self to @value.  0 or -1 (AttributeError if it is read-only). */
int rt_property_set(struct rt_object *property, struct rt_object *self, struct rt_object *value);

#endif
