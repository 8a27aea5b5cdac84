/* Introspection; see rt_introspect.h. */
#include "runtime/rt_introspect.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_list.h"
#include "runtime/rt_method.h"
#include "runtime/rt_module.h"
#include "runtime/rt_set.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"

struct rt_object *rt_type_of(struct rt_object *o)
{
	return rt_expect(o, &rt_object_type) ? rt_ref(rt_type_object(o->type)) : NULL;
}

int rt_issubclass(struct rt_object *type, struct rt_object *of)
{
	int r = 0;

	if (!rt_expect(type, &rt_type_type))
		return -1;
	if (rt_is(of, &rt_tuple_type)) {
		for (size_t i = 0; r == 0 && i < rt_tuple_len(of); i++)
			r = rt_issubclass(type, rt_tuple_at(of, i));
		return r;
	}
	if (!rt_expect(of, &rt_type_type))
		return -1;
	return rt_type_inherits((const struct rt_type *)type, (const struct rt_type *)of);
}

int rt_isinstance(struct rt_object *o, struct rt_object *type)
{
	return rt_expect(o, &rt_object_type) ? rt_issubclass(rt_type_object(o->type), type) : -1;
}

static int add_name(struct rt_object *names, const char *name)
{
	struct rt_object *s = rt_str_new(name);
	int r = s ? rt_set_add(names, s) : -1;

	rt_unref(s);
	return r < 0 ? -1 : 0;
}

static int add_keys(struct rt_object *names, struct rt_object *dict)
{
	struct rt_object *key, *value;
	size_t position = 0;

	while (dict && rt_dict_next(dict, &position, &key, &value))
		if (rt_set_add(names, key) < 0)
			return -1;
	return 0;
}

/* The names @type itself brings in, without what it inherits. */
static int add_type(struct rt_object *names, const struct rt_type *type)
{
	int r = 0;

	if (type->flags & RT_TYPE_CLASS)
		return add_keys(names, ((const struct rt_class *)type)->dict);
	for (const struct rt_function_spec *m = type->methods; r == 0 && m && m->name; m++)
		r = add_name(names, m->name);
	for (const struct rt_getset *g = type->getsets; r == 0 && g && g->name; g++)
		r = add_name(names, g->name);
	return r;
}

/* The names of @type and all it inherits from. */
static int add_types(struct rt_object *names, const struct rt_type *type)
{
	struct rt_object *mro = rt_getattr(rt_type_object(type), "__mro__");
	int r = mro ? 0 : -1;

	for (size_t i = 0; r == 0 && i < rt_tuple_len(mro); i++)
		r = add_type(names, (const struct rt_type *)rt_tuple_at(mro, i));
	rt_unref(mro);
	return r;
}

struct rt_object *rt_dir(struct rt_object *o)
{
	struct rt_object *names, *list = NULL;
	size_t at;
	int r;

	if (!rt_expect(o, &rt_object_type))
		return NULL;
	names = rt_set_new();
	if (!names)
		return NULL;
	at = o->refs == RT_IMMORTAL ? 0 : o->type->dict_offset;
	r = at ? add_keys(names, *(struct rt_object **)((char *)o + at)) : 0;
	if (r == 0 && o->type != &rt_module_type)
		r = add_types(names, rt_is_type(o) ? (const struct rt_type *)o : o->type);
	if (r == 0)
		list = rt_list_from_iterable(names);
	if (list && rt_list_sort(list, NULL, false) < 0)
		list = rt_unref(list);
	rt_unref(names);
	return list;
}

struct rt_object *rt_vars(struct rt_object *o)
{
	struct rt_object *dict = rt_getattr(o, "__dict__");

	if (!dict && rt_error_catch(RT_ATTRIBUTE_ERROR))
		rt_raise(RT_TYPE_ERROR, "vars() argument must have __dict__ attribute");
	return dict;
}

/* "(self, a)" without its first parameter. */
static struct rt_object *without_self(struct rt_object *signature)
{
	const char *s, *comma, *end;
	struct rt_object *rest;

	if (!signature)
		return NULL;
	s = rt_str_chars(signature);
	if (s[1] == '*')
		return signature; /* self is one of these */
	end = s + rt_str_size(signature);
	for (comma = s; comma < end && *comma != ',' && *comma != ')'; comma++)
		;
	comma += comma + 1 < end ? 2 : 0;
	rest = rt_str_format("(%s", comma);
	rt_unref(signature);
	return rest;
}

/* That of the special method @name of @type. */
static struct rt_object *of_special(const struct rt_type *type, const char *name)
{
	struct rt_object *f, *signature;
	int r = rt_type_lookup(type, name, &f);

	if (r < 0)
		return NULL;
	if (r == 0)
		return rt_str_new("()");
	signature = without_self(rt_signature(f));
	rt_unref(f);
	return signature;
}

struct rt_object *rt_signature(struct rt_object *o)
{
	struct rt_object *wrapped, *signature;

	if (!rt_expect(o, &rt_object_type))
		return NULL;
	if (o->type == &rt_method_type)
		return without_self(rt_signature(((struct rt_method *)o)->function));
	if (!rt_callable(o))
		return rt_raise(RT_TYPE_ERROR, "'%s' object is not callable", o->type->name);
	if (rt_is_type(o))
		return of_special((const struct rt_type *)o, "__init__");
	wrapped = rt_getattr(o, "__wrapped__");
	if (wrapped) {
		signature = rt_signature(wrapped);
		rt_unref(wrapped);
		return signature;
	}
	if (!rt_error_catch(RT_ATTRIBUTE_ERROR))
		return NULL;
	if (o->type == &rt_function_type)
		return rt_function_signature(o);
	if (o->type->flags & RT_TYPE_CLASS)
		return of_special(o->type, "__call__");
	return rt_raise(RT_VALUE_ERROR, "no signature known for '%s' object", o->type->name);
}
