/*
 * Attributes: o.name, o.name = value, del o.name; see rt_abstract.h.
 *
 * Where an attribute is looked for, in this order: computed ones of the type (getsets), the
 * object's own dict, then the type and all it inherits from.  A function found in the type
 * becomes a method bound to the object; a property is computed.
 */
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_none.h"
#include "runtime/rt_property.h"
#include "runtime/rt_str.h"

struct rt_object *rt_getattr(struct rt_object *o, const char *name)
{
	if (!rt_expect(o, &rt_object_type))
		return NULL;
	return o->type->getattr ? o->type->getattr(o, name) : rt_getattr_generic(o, name);
}

static int change_attribute(struct rt_object *o, const char *name, struct rt_object *value)
{
	if (!rt_expect(o, &rt_object_type))
		return -1;
	return o->type->setattr ? o->type->setattr(o, name, value)
				: rt_setattr_generic(o, name, value);
}

int rt_setattr(struct rt_object *o, const char *name, struct rt_object *value)
{
	return rt_expect(value, &rt_object_type) ? change_attribute(o, name, value) : -1;
}

int rt_delattr(struct rt_object *o, const char *name)
{
	return change_attribute(o, name, NULL);
}

int rt_hasattr(struct rt_object *o, const char *name)
{
	struct rt_object *found = rt_getattr(o, name);

	if (!found)
		return rt_error_catch(RT_ATTRIBUTE_ERROR) ? 0 : -1;
	rt_unref(found);
	return 1;
}

/* The computed attribute @name of @type's objects; NULL if there is none. */
static const struct rt_getset *find_getset(const struct rt_type *type, const char *name)
{
	for (; type; type = type == &rt_object_type ? NULL
			    : type->parent	    ? type->parent
						    : &rt_object_type)
		for (const struct rt_getset *g = type->getsets; g && g->name; g++)
			if (!strcmp(g->name, name))
				return g;
	return NULL;
}

/* Where @o keeps its dict of attributes; NULL if it has none. */
static struct rt_object **dict_slot(struct rt_object *o)
{
	if (!o->type->dict_offset || o->refs == RT_IMMORTAL)
		return NULL;
	return (struct rt_object **)((char *)o + o->type->dict_offset);
}

static void *no_attribute(const struct rt_object *o, const char *name)
{
	return rt_raise(RT_ATTRIBUTE_ERROR, "'%s' object has no attribute '%s'", o->type->name,
			name);
}

struct rt_object *rt_getattr_generic(struct rt_object *o, const char *name)
{
	const struct rt_getset *g = find_getset(o->type, name);
	struct rt_object **dict = dict_slot(o), *found;
	int r;

	if (g)
		return g->get(o);
	if (dict && *dict && rt_dict_find_name(*dict, name, &found) > 0)
		return found;
	r = rt_type_lookup(o->type, name, &found);
	if (r < 0)
		return NULL;
	if (r)
		return rt_property_bind(found, o);
	if (!strcmp(name, "__doc__"))
		return o->type->doc ? rt_str_new(o->type->doc) : rt_none;
	return no_attribute(o, name);
}

/* Set or delete @name in the dict of @o. */
static int change_dict(struct rt_object *o, struct rt_object **dict, const char *name,
		       struct rt_object *value)
{
	int r;

	if (!*dict && value)
		*dict = rt_dict_new();
	if (value)
		return *dict ? rt_dict_set_name(*dict, name, value) : -1;
	r = *dict ? rt_dict_delete_name(*dict, name) : 0;
	if (r == 0)
		no_attribute(o, name);
	return r > 0 ? 0 : -1;
}

int rt_setattr_generic(struct rt_object *o, const char *name, struct rt_object *value)
{
	const struct rt_getset *g = find_getset(o->type, name);
	struct rt_object **dict = dict_slot(o), *property = NULL;
	int r;

	if (g && g->set && value)
		return g->set(o, value);
	if (g) {
		rt_raise(RT_ATTRIBUTE_ERROR, "attribute '%s' of '%s' objects cannot be %s", name,
			 o->type->name, value ? "set" : "deleted");
		return -1;
	}
	r = o->type->flags & RT_TYPE_CLASS ? rt_type_lookup(o->type, name, &property) : 0;
	if (r > 0 && rt_is(property, &rt_property_type)) {
		r = rt_property_set(property, o, value);
		rt_unref(property);
		return r;
	}
	rt_unref(property);
	if (dict)
		return change_dict(o, dict, name, value);
	no_attribute(o, name);
	return -1;
}
