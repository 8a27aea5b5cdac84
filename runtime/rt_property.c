/* Properties, static and class methods; see rt_property.h. */
#include "runtime/rt_property.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_method.h"
#include "runtime/rt_none.h"

/* All three of them. */
struct property {
	struct rt_object base;
	struct rt_object *get; /* or the function wrapped */
	struct rt_object *set; /* or NULL */
};

static struct rt_object *wrap(const struct rt_type *type, struct rt_object *get,
			      struct rt_object *set)
{
	struct property *p;

	if (!rt_expect(get, &rt_object_type))
		return NULL;
	p = rt_new(type);
	if (!p)
		return NULL;
	p->get = rt_ref(get);
	p->set = rt_ref(set);
	return &p->base;
}

struct rt_object *rt_property_new(struct rt_object *get, struct rt_object *set)
{
	return wrap(&rt_property_type, get, set);
}

struct rt_object *rt_staticmethod_new(struct rt_object *function)
{
	return wrap(&rt_staticmethod_type, function, NULL);
}

struct rt_object *rt_classmethod_new(struct rt_object *function)
{
	return wrap(&rt_classmethod_type, function, NULL);
}

struct rt_object *rt_property_bind_class(struct rt_object *found, struct rt_object *type)
{
	struct rt_object *bound;

	if (found->type == &rt_staticmethod_type)
		bound = rt_ref(((struct property *)found)->get);
	else if (found->type == &rt_classmethod_type)
		bound = rt_method_new(((struct property *)found)->get, type);
	else
		return found;
	rt_unref(found);
	return bound;
}

struct rt_object *rt_property_bind(struct rt_object *found, struct rt_object *self)
{
	struct rt_object *bound;

	if (found->type == &rt_function_type)
		bound = rt_method_new(found, self);
	else if (found->type == &rt_property_type)
		bound = rt_call(((struct property *)found)->get, 1, &self, NULL);
	else
		return rt_property_bind_class(found, rt_type_object(self->type));
	rt_unref(found);
	return bound;
}

int rt_property_set(struct rt_object *property, struct rt_object *self, struct rt_object *value)
{
	struct property *p = (struct property *)property;
	struct rt_object *result;

	if (!p->set || !value) {
		rt_raise(RT_ATTRIBUTE_ERROR, "property of '%s' object cannot be %s",
			 self->type->name, value ? "set" : "deleted");
		return -1;
	}
	result = rt_call(p->set, 2, (struct rt_object *[]) { self, value }, NULL);
	rt_unref(result);
	return result ? 0 : -1;
}

static int property_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct property *p = (struct property *)self;
	int r = rt_visit_one(p->get, visit, arg);

	return r ? r : rt_visit_one(p->set, visit, arg);
}

static void property_clear(struct rt_object *self)
{
	rt_assign(&((struct property *)self)->get, rt_none);
	rt_assign(&((struct property *)self)->set, NULL);
}

/* property(get, set=), staticmethod(function), classmethod(function): as decorators. */
static struct rt_object *property_construct(const struct rt_type *type, const struct rt_args *args)
{
	size_t most = type == &rt_property_type ? 2 : 1;

	if (args->n < 1 || args->n > most || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "%s() takes 1 to %zu arguments", type->name, most);
	return wrap(type, args->v[0], args->n > 1 ? args->v[1] : NULL);
}

#define PROPERTY_TYPE(name_) \
	{ \
		.base = RT_STATIC_TYPE, .name = name_, .size = sizeof(struct property), \
		.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL, .traverse = property_traverse, \
		.clear = property_clear, .construct = property_construct \
	}

const struct rt_type rt_property_type = PROPERTY_TYPE("property");
const struct rt_type rt_staticmethod_type = PROPERTY_TYPE("staticmethod");
const struct rt_type rt_classmethod_type = PROPERTY_TYPE("classmethod");
