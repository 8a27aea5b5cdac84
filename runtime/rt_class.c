/* Classes; see rt_class.h.  What instances do is in rt_class_slots.c. */
#include "runtime/rt_class.h"

#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_exception.h"
#include "runtime/rt_method.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"

/* The static type that gives instances of a class with @bases their layout; NULL: error. */
static const struct rt_type *layout_of(struct rt_object *bases)
{
	const struct rt_type *layout = &rt_object_type, *t;

	for (size_t i = 0; i < rt_tuple_len(bases); i++) {
		t = (const struct rt_type *)rt_tuple_at(bases, i);
		if (!rt_is_type(&t->base) || (t->flags & RT_TYPE_FINAL))
			return rt_raise(RT_TYPE_ERROR, "'%s' is not an acceptable base type",
					rt_is_type(&t->base) ? t->name : t->base.type->name);
		if (t->flags & RT_TYPE_CLASS)
			t = t->parent;
		if (layout == &rt_object_type || rt_type_inherits(t, layout))
			layout = t;
	}
	return layout;
}

/* What instances consist of: a plain one, or an exception. */
static void set_layout(struct rt_type *type, const struct rt_type *layout)
{
	bool plain = layout == &rt_object_type;

	type->parent = layout;
	type->flags = RT_TYPE_CLASS | RT_TYPE_CONTAINER;
	type->size = plain ? sizeof(struct rt_instance) : layout->size;
	type->dict_offset = plain ? offsetof(struct rt_instance, dict) : layout->dict_offset;
	type->weak_offset = plain ? offsetof(struct rt_instance, weak) : 0;
	rt_class_set_slots(type);
}

struct rt_object *rt_class_new(const char *name, struct rt_object *bases, struct rt_object *dict)
{
	const struct rt_type *layout;
	struct rt_class *c;

	if ((bases && !rt_expect(bases, &rt_tuple_type)) ||
	    (dict && !rt_expect(dict, &rt_dict_type)))
		return NULL;
	c = rt_new(&rt_type_type);
	if (!c)
		return NULL;
	c->type.name = "?"; /* until it has its own */
	if (bases && rt_tuple_len(bases))
		c->bases = rt_ref(bases);
	else
		c->bases = rt_tuple_of(1, rt_type_object(&rt_object_type));
	layout = c->bases ? layout_of(c->bases) : NULL;
	if (!layout)
		goto failed;
	set_layout(&c->type, layout);
	c->name = rt_str_new(name);
	c->dict = dict ? rt_dict_copy(dict) : rt_dict_new();
	if (!c->name || !c->dict)
		goto failed;
	c->type.name = rt_str_chars(c->name);
	c->mro = rt_mro_new(&c->type.base, c->bases);
	if (!c->mro)
		goto failed;
	return &c->type.base;
failed:
	return rt_unref(&c->type.base);
}

struct rt_object *rt_class_from_methods(const char *name, struct rt_object *base,
					const struct rt_function_spec *methods)
{
	struct rt_object *dict = rt_dict_new(), *bases = NULL, *class = NULL, *f;
	int r = dict ? 0 : -1;

	for (const struct rt_function_spec *m = methods; r == 0 && m && m->name; m++) {
		f = rt_function_new(m, NULL, NULL);
		r = f ? rt_dict_set_name(dict, m->name, f) : -1;
		rt_unref(f);
	}
	if (r == 0 && base && !(bases = rt_tuple_from(1, &base)))
		r = -1;
	if (r == 0)
		class = rt_class_new(name, bases, dict);
	rt_unref(bases);
	rt_unref(dict);
	return class;
}

/* Call __init__, if there is one, with @o in front of @args.  0 or -1. */
static int initialise(struct rt_object *o, const struct rt_args *args)
{
	struct rt_object *init, *result;
	int r = rt_type_lookup(o->type, "__init__", &init);

	if (r < 0)
		return -1;
	if (!r && (args->n || args->kwargs) && o->type->parent == &rt_object_type) {
		rt_raise(RT_TYPE_ERROR, "%s() takes no arguments", o->type->name);
		return -1;
	}
	if (!r)
		return 0;
	result = rt_call_with_self(init, o, args);
	rt_unref(init);
	if (result && result != rt_none) {
		rt_raise(RT_TYPE_ERROR, "__init__() should return None, not '%s'",
			 result->type->name);
		rt_unref(result);
		return -1;
	}
	return result ? 0 : -1;
}

struct rt_object *rt_class_instantiate(const struct rt_type *type, const struct rt_args *args)
{
	struct rt_object *o = type->parent->construct(type, args);

	if (o && initialise(o, args) < 0)
		o = rt_unref(o);
	return o;
}

int rt_class_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_class *c = (struct rt_class *)self;
	int r = rt_visit_one(c->bases, visit, arg);

	if (!r)
		r = rt_visit_one(c->mro, visit, arg);
	return r ? r : rt_visit_one(c->dict, visit, arg);
}

void rt_class_clear(struct rt_object *self)
{
	struct rt_class *c = (struct rt_class *)self;

	rt_assign(&c->dict, NULL);
	rt_assign(&c->mro, NULL);
	rt_assign(&c->bases, NULL);
}

/* The name goes last: instances that are freed after rt_class_clear() still show it. */
void rt_class_release(struct rt_object *self)
{
	rt_unref(((struct rt_class *)self)->name);
}

int rt_class_setattr(struct rt_object *self, const char *name, struct rt_object *value)
{
	struct rt_class *c = (struct rt_class *)self;
	int r;

	if (!(c->type.flags & RT_TYPE_CLASS)) {
		rt_raise(RT_TYPE_ERROR, "cannot set '%s' attribute of immutable type '%s'", name,
			 c->type.name);
		return -1;
	}
	for (const struct rt_getset *g = rt_class_getsets; g->name; g++) {
		if (!strcmp(g->name, name) && strcmp(name, "__doc__") != 0) {
			rt_raise(RT_ATTRIBUTE_ERROR, "attribute '%s' of a class cannot be set",
				 name);
			return -1;
		}
	}
	if (value)
		return rt_dict_set_name(c->dict, name, value);
	r = rt_dict_delete_name(c->dict, name);
	if (r == 0)
		rt_raise(RT_ATTRIBUTE_ERROR, "type object '%s' has no attribute '%s'", c->type.name,
			 name);
	return r > 0 ? 0 : -1;
}

static struct rt_object *get_class(struct rt_object *self)
{
	(void)self;
	return rt_ref(rt_type_object(&rt_type_type));
}

static struct rt_object *get_name(struct rt_object *self)
{
	return rt_str_new(((const struct rt_type *)self)->name);
}

static struct rt_object *get_bases(struct rt_object *self)
{
	const struct rt_type *type = (const struct rt_type *)self;

	if (type->flags & RT_TYPE_CLASS)
		return rt_ref(((const struct rt_class *)type)->bases);
	if (type == &rt_object_type)
		return rt_tuple_of(0);
	return rt_tuple_of(1, rt_type_object(type->parent ? type->parent : &rt_object_type));
}

static struct rt_object *get_mro(struct rt_object *self)
{
	const struct rt_type *type = (const struct rt_type *)self;
	struct rt_object *bases, *mro;

	if (type->flags & RT_TYPE_CLASS)
		return rt_ref(((const struct rt_class *)type)->mro);
	bases = get_bases(self);
	mro = bases ? rt_mro_new(self, bases) : NULL;
	rt_unref(bases);
	return mro;
}

/* A copy: the real one changes only through the class. */
static struct rt_object *get_dict(struct rt_object *self)
{
	const struct rt_type *type = (const struct rt_type *)self;
	struct rt_object *dict, *f;
	int r = 0;

	if (type->flags & RT_TYPE_CLASS)
		return rt_dict_copy(((const struct rt_class *)type)->dict);
	dict = rt_dict_new();
	for (const struct rt_function_spec *m = type->methods; dict && m && m->name; m++) {
		f = rt_function_new(m, NULL, NULL);
		r = f ? rt_dict_set_name(dict, m->name, f) : -1;
		rt_unref(f);
		if (r < 0)
			dict = rt_unref(dict);
	}
	return dict;
}

static struct rt_object *get_doc(struct rt_object *self)
{
	const struct rt_type *type = (const struct rt_type *)self;
	struct rt_object *doc;

	if ((type->flags & RT_TYPE_CLASS) &&
	    rt_dict_find_name(((const struct rt_class *)type)->dict, "__doc__", &doc) > 0)
		return doc;
	return type->doc ? rt_str_new(type->doc) : rt_none;
}

const struct rt_getset rt_class_getsets[] = {
	{ "__class__", get_class },
	{ "__name__", get_name },
	{ "__bases__", get_bases },
	{ "__mro__", get_mro },
	{ "__dict__", get_dict },
	{ "__doc__", get_doc },
	{ 0 },
};
