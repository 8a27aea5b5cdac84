/* What types have in common, and the types object and type themselves; see rt_type.h. */
#include "runtime/rt_type.h"

#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_none.h"
#include "runtime/rt_property.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"

bool rt_is_type(const struct rt_object *o)
{
	return o && o->type == &rt_type_type;
}

static const struct rt_type *parent_of(const struct rt_type *type)
{
	if (type == &rt_object_type)
		return NULL;
	return type->parent ? type->parent : &rt_object_type;
}

bool rt_type_inherits(const struct rt_type *type, const struct rt_type *of)
{
	struct rt_object *mro;

	if (type == of || of == &rt_object_type)
		return true;
	mro = type->flags & RT_TYPE_CLASS ? ((const struct rt_class *)type)->mro : NULL;
	for (size_t i = 0; mro && i < rt_tuple_len(mro); i++)
		if (((struct rt_tuple *)mro)->item[i] == rt_type_object(of))
			return true;
	for (; type; type = parent_of(type))
		if (type == of)
			return true;
	return false;
}

bool rt_is(const struct rt_object *o, const struct rt_type *type)
{
	return o && (o->type == type || rt_type_inherits(o->type, type));
}

bool rt_expect(const struct rt_object *o, const struct rt_type *type)
{
	if (rt_is(o, type))
		return true;
	if (o)
		rt_raise(RT_TYPE_ERROR, "expected %s, not '%s'", type->name, o->type->name);
	else if (!rt_error_pending()) /* else it is the error that made it NULL */
		rt_raise(RT_SYSTEM_ERROR, "expected %s, not NULL", type->name);
	return false;
}

/* Look @name up in the methods of @type alone. */
static int lookup_method(const struct rt_type *type, const char *name, struct rt_object **ret)
{
	for (const struct rt_function_spec *m = type->methods; m && m->name; m++) {
		if (!strcmp(m->name, name)) {
			*ret = rt_function_new(m, NULL, NULL);
			return *ret ? 1 : -1;
		}
	}
	return 0;
}

int rt_type_lookup(const struct rt_type *type, const char *name, struct rt_object **ret)
{
	struct rt_object *mro;
	const struct rt_type *t;
	int r = 0;

	if (!(type->flags & RT_TYPE_CLASS)) {
		for (t = type; t && !r; t = parent_of(t))
			r = lookup_method(t, name, ret);
		return r;
	}
	mro = ((const struct rt_class *)type)->mro; /* NULL: the class is being freed */
	for (size_t i = 0; mro && !r && i < rt_tuple_len(mro); i++) {
		t = (const struct rt_type *)((struct rt_tuple *)mro)->item[i];
		if (!(t->flags & RT_TYPE_CLASS))
			r = lookup_method(t, name, ret);
		else if (((const struct rt_class *)t)->dict)
			r = rt_dict_find_name(((const struct rt_class *)t)->dict, name, ret);
	}
	return r;
}

int rt_traverse(struct rt_object *o, rt_visit visit, void *arg)
{
	int r = o->type->traverse ? o->type->traverse(o, visit, arg) : 0;

	if (!r && (o->type->flags & RT_TYPE_CLASS))
		r = visit(rt_type_object(o->type), arg);
	return r;
}

static struct rt_object *get_class(struct rt_object *self)
{
	return rt_ref(rt_type_object(self->type));
}

static struct rt_object *get_dict(struct rt_object *self)
{
	struct rt_object **dict = (struct rt_object **)((char *)self + self->type->dict_offset);

	if (!self->type->dict_offset || self->refs == RT_IMMORTAL)
		return rt_raise(RT_ATTRIBUTE_ERROR, "'%s' object has no attribute '__dict__'",
				self->type->name);
	if (!*dict)
		*dict = rt_dict_new();
	return rt_ref(*dict);
}

static const struct rt_getset object_getsets[] = {
	{ "__class__", get_class },
	{ "__dict__", get_dict },
	{ 0 },
};

static struct rt_object *object_construct(const struct rt_type *type, const struct rt_args *args)
{
	if (!(type->flags & RT_TYPE_CLASS) && (args->n || args->kwargs))
		return rt_raise(RT_TYPE_ERROR, "object() takes no arguments");
	return rt_new(type);
}

const struct rt_type rt_object_type = {
	.base = RT_STATIC_TYPE,
	.name = "object",
	.size = sizeof(struct rt_object),
	.construct = object_construct,
	.getsets = object_getsets,
};

static struct rt_object *type_repr(struct rt_object *self)
{
	return rt_str_format("<class '%s'>", ((const struct rt_type *)self)->name);
}

/* Calling a type makes an object of it; type(o) tells the type of one. */
static struct rt_object *type_call(struct rt_object *self, const struct rt_args *args)
{
	const struct rt_type *type = (const struct rt_type *)self;

	if (type == &rt_type_type && args->n == 1)
		return get_class(args->v[0]);
	if (type->flags & RT_TYPE_CLASS)
		return rt_class_instantiate(type, args);
	if (!type->construct)
		return rt_raise(RT_TYPE_ERROR, "cannot create '%s' instances", type->name);
	return type->construct(type, args);
}

static struct rt_object *type_getattr(struct rt_object *self, const char *name)
{
	const struct rt_type *type = (const struct rt_type *)self;
	struct rt_object *found;
	int r;

	for (const struct rt_getset *g = rt_class_getsets; g->name; g++)
		if (!strcmp(g->name, name))
			return g->get(self);
	r = rt_type_lookup(type, name, &found);
	if (r)
		return r < 0 ? NULL : rt_property_bind_class(found, self);
	return rt_raise(RT_ATTRIBUTE_ERROR, "type object '%s' has no attribute '%s'", type->name,
			name);
}

const struct rt_type rt_type_type = {
	.base = RT_STATIC_TYPE,
	.name = "type",
	.size = sizeof(struct rt_class),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.weak_offset = offsetof(struct rt_class, weak),
	.traverse = rt_class_traverse,
	.clear = rt_class_clear,
	.release = rt_class_release,
	.repr = type_repr,
	.call = type_call,
	.getattr = type_getattr,
	.setattr = rt_class_setattr,
};
