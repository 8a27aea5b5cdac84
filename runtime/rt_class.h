/*
 * Classes: types made at run time, and their instances.
 *
 * A class is a type whose slots look special methods (__add__, __len__ ...) up in a dict, in
 * the order of its MRO, each time: so replacing one has effect at once, for all instances.
 * Classes may inherit from classes, from object and from exceptions; the memory layout of
 * their instances is that of the latter two.
 *
 *   instance ──► class ──► dict: functions, values
 *     │            └─────► mro: (class, base, ..., object)
 *     └──► dict: its own attributes
 */
#ifndef RT_CLASS_H
#define RT_CLASS_H

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"
#include "runtime/rt_type.h"

struct rt_class {
	struct rt_type type; /* type.parent: the static type that gives the layout */
	struct rt_object *name; /* str */
	struct rt_object *bases; /* tuple of types */
	struct rt_object *mro; /* tuple of types, itself first */
	struct rt_object *dict;
	struct rt_weakref *weak;
};

struct rt_instance {
	struct rt_object base;
	struct rt_object *dict; /* NULL while there are no attributes */
	struct rt_weakref *weak;
};

/*
 * A class called @name with @bases (tuple; NULL: of object) and the attributes of @dict
 * (copied; NULL: none).  TypeError for bases that cannot be inherited from, or not together.
 */
struct rt_object *rt_class_new(const char *name, struct rt_object *bases, struct rt_object *dict);

/* A class with one @base (NULL: object) and methods in C; @methods ends with a NULL name. */
struct rt_object *rt_class_from_methods(const char *name, struct rt_object *base,
					const struct rt_function_spec *methods);

/* An instance of @type, a class: made as its layout says, then given to __init__. */
struct rt_object *rt_class_instantiate(const struct rt_type *type, const struct rt_args *args);

/* The method resolution order of @class with @bases, by C3: a tuple with @class first. */
struct rt_object *rt_mro_new(struct rt_object *class, struct rt_object *bases);

/* Slots of the type of types, and the attributes all types have. */
int rt_class_traverse(struct rt_object *self, rt_visit visit, void *arg);
void rt_class_clear(struct rt_object *self);
void rt_class_release(struct rt_object *self);
int rt_class_setattr(struct rt_object *self, const char *name, struct rt_object *value);
extern const struct rt_getset rt_class_getsets[];

/* Set the slots of @type, a class, to those that look special methods up. */
void rt_class_set_slots(struct rt_type *type);

#endif
