/* Copying; see rt_copy.h. */
#include "runtime/rt_copy.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_bytes.h"
#include "runtime/rt_cell.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_exception.h"
#include "runtime/rt_float.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_list.h"
#include "runtime/rt_module.h"
#include "runtime/rt_none.h"
#include "runtime/rt_set.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_weakref.h"

/* Types whose objects stand for themselves. */
static bool is_atomic(const struct rt_object *o)
{
	static const struct rt_type *const atomic[] = {
		&rt_none_type, &rt_int_type,	 &rt_bool_type,	 &rt_float_type,
		&rt_str_type,  &rt_bytes_type,	 &rt_range_type, &rt_function_type,
		&rt_type_type, &rt_weakref_type, &rt_slice_type, &rt_object_type,
	};

	for (size_t i = 0; i < sizeof(atomic) / sizeof(atomic[0]); i++)
		if (o->type == atomic[i])
			return true;
	return o == rt_not_implemented || o == rt_ellipsis;
}

static struct rt_object *cannot(const struct rt_object *o)
{
	return rt_raise(RT_TYPE_ERROR, "cannot copy '%s' object", o->type->name);
}

/* What the class of @o defines as @name, called with @arg (or NULL): 1 and *@ret, 0, -1. */
static int own_way(struct rt_object *o, const char *name, struct rt_object *arg,
		   struct rt_object **ret)
{
	struct rt_object *method;
	int r;

	if (!(o->type->flags & RT_TYPE_CLASS))
		return 0;
	r = rt_type_lookup(o->type, name, &method);
	if (r <= 0)
		return r;
	*ret = rt_call(method, arg ? 2 : 1, (struct rt_object *[]) { o, arg }, NULL);
	rt_unref(method);
	return *ret ? 1 : -1;
}

/* A new object of @o's class, or exception type, without attributes; no __init__ runs. */
static struct rt_object *bare(struct rt_object *o)
{
	struct rt_object *copy = rt_new(o->type);
	struct rt_exception *from = (struct rt_exception *)o;

	if (copy && rt_is(o, RT_BASE_EXCEPTION)) {
		((struct rt_exception *)copy)->args = rt_ref(from->args);
		((struct rt_exception *)copy)->cause = rt_ref(from->cause);
	}
	return copy;
}

static struct rt_object **dict_of(struct rt_object *o)
{
	return (struct rt_object **)((char *)o + o->type->dict_offset);
}

static bool has_attributes_only(const struct rt_object *o)
{
	return (o->type->flags & RT_TYPE_CLASS) || rt_is(o, RT_BASE_EXCEPTION);
}

struct rt_object *rt_copy(struct rt_object *o)
{
	struct rt_object *copy;
	int r;

	if (!rt_expect(o, &rt_object_type))
		return NULL;
	r = own_way(o, "__copy__", NULL, &copy);
	if (r)
		return r < 0 ? NULL : copy;
	if (is_atomic(o) || o->type == &rt_tuple_type)
		return rt_ref(o);
	if (o->type == &rt_list_type)
		return rt_list_from_iterable(o);
	if (o->type == &rt_dict_type)
		return rt_dict_copy(o);
	if (o->type == &rt_set_type)
		return rt_set_from_iterable(o);
	if (o->type == &rt_cell_type)
		return rt_cell_new(((struct rt_cell *)o)->value);
	if (!has_attributes_only(o))
		return cannot(o);
	copy = bare(o);
	if (copy && *dict_of(o)) {
		*dict_of(copy) = rt_dict_copy(*dict_of(o));
		if (!*dict_of(copy))
			copy = rt_unref(copy);
	}
	return copy;
}

/*
 * Remember that @copy was made from @o: before its items are copied, so that a circle finds
 * it.  @o is kept too, or another object could get its id.  Return: @copy, NULL on error.
 */
static struct rt_object *remember(struct rt_object *memo, struct rt_object *o,
				  struct rt_object *copy)
{
	struct rt_object *id = rt_int_new(rt_id(o));
	struct rt_object *both = id && copy ? rt_tuple_of(2, rt_ref(copy), rt_ref(o)) : NULL;
	int r = both ? rt_dict_set(memo, id, both) : -1;

	rt_unref(both);
	rt_unref(id);
	return r < 0 ? rt_unref(copy) : copy;
}

/* The copy of @o made before: 1 and *@ret, 0, -1. */
static int remembered(struct rt_object *memo, struct rt_object *o, struct rt_object **ret)
{
	struct rt_object *id = rt_int_new(rt_id(o)), *both;
	int r = id ? rt_dict_find(memo, id, &both) : -1;

	rt_unref(id);
	if (r <= 0)
		return r;
	*ret = rt_ref(rt_tuple_at(both, 0));
	rt_unref(both);
	return *ret ? 1 : -1;
}

static struct rt_object *deep_list(struct rt_object *o, struct rt_object *memo)
{
	struct rt_object *copy = remember(memo, o, rt_list_new()), *item;
	struct rt_list *l = (struct rt_list *)o;

	for (size_t i = 0; copy && i < l->n; i++) {
		item = rt_ref(l->item[i]);
		if (rt_list_append_stolen(copy, rt_deepcopy_with(item, memo)) < 0)
			copy = rt_unref(copy);
		rt_unref(item);
	}
	return copy;
}

/* A tuple cannot be made before its items: one that contains itself was made on the way. */
static struct rt_object *deep_tuple(struct rt_object *o, struct rt_object *memo)
{
	struct rt_object *items = rt_list_new(), *copy = NULL;
	bool same = true;
	int r = 0;

	for (size_t i = 0; items && r == 0 && i < rt_tuple_len(o); i++) {
		r = rt_list_append_stolen(items, rt_deepcopy_with(rt_tuple_at(o, i), memo));
		same &= r == 0 && rt_list_at(items, i) == rt_tuple_at(o, i);
	}
	if (items && r == 0 && remembered(memo, o, &copy) == 0)
		copy = same ? rt_ref(o) : remember(memo, o, rt_tuple_from_iterable(items));
	rt_unref(items);
	return copy;
}

static struct rt_object *deep_dict(struct rt_object *o, struct rt_object *memo)
{
	struct rt_object *copy = remember(memo, o, rt_dict_new()), *key, *value, *k, *v;
	size_t position = 0;
	int r = 0;

	while (copy && r == 0 && rt_dict_next(o, &position, &key, &value)) {
		rt_ref(key);
		rt_ref(value);
		k = rt_deepcopy_with(key, memo);
		v = k ? rt_deepcopy_with(value, memo) : NULL;
		r = v ? rt_dict_set(copy, k, v) : -1;
		rt_unref(v);
		rt_unref(k);
		rt_unref(value);
		rt_unref(key);
	}
	return r < 0 ? rt_unref(copy) : copy;
}

static struct rt_object *deep_set(struct rt_object *o, struct rt_object *memo)
{
	struct rt_object *copy = remember(memo, o, rt_set_new()), *items, *item;
	int r = 0;

	items = copy ? rt_list_from_iterable(o) : NULL;
	for (size_t i = 0; items && r >= 0 && i < rt_list_len(items); i++) {
		item = rt_deepcopy_with(rt_list_at(items, i), memo);
		r = item ? rt_set_add(copy, item) : -1;
		rt_unref(item);
	}
	if (!items || r < 0)
		copy = rt_unref(copy);
	rt_unref(items);
	return copy;
}

static struct rt_object *deep_cell(struct rt_object *o, struct rt_object *memo)
{
	struct rt_object *copy = remember(memo, o, rt_cell_new(NULL));
	struct rt_object *value = ((struct rt_cell *)o)->value;
	struct rt_object *inner = copy && value ? rt_deepcopy_with(value, memo) : NULL;

	if (inner)
		(void)rt_cell_set(copy, inner);
	else if (value)
		copy = rt_unref(copy);
	rt_unref(inner);
	return copy;
}

static struct rt_object *deep_instance(struct rt_object *o, struct rt_object *memo)
{
	struct rt_object *copy = remember(memo, o, bare(o)), *dict = *dict_of(o);

	if (!copy || !dict)
		return copy;
	rt_assign(dict_of(copy), rt_deepcopy_with(dict, memo));
	return *dict_of(copy) ? copy : rt_unref(copy);
}

static struct rt_object *copy_by_type(struct rt_object *o, struct rt_object *memo)
{
	if (o->type == &rt_list_type)
		return deep_list(o, memo);
	if (o->type == &rt_tuple_type)
		return deep_tuple(o, memo);
	if (o->type == &rt_dict_type)
		return deep_dict(o, memo);
	if (o->type == &rt_set_type)
		return deep_set(o, memo);
	if (o->type == &rt_cell_type)
		return deep_cell(o, memo);
	return has_attributes_only(o) ? deep_instance(o, memo) : cannot(o);
}

struct rt_object *rt_deepcopy_with(struct rt_object *o, struct rt_object *memo)
{
	struct rt_object *copy = NULL;
	int r;

	if (!rt_expect(o, &rt_object_type) || !rt_expect(memo, &rt_dict_type))
		return NULL;
	if (is_atomic(o))
		return rt_ref(o);
	r = remembered(memo, o, &copy);
	if (r)
		return r < 0 ? NULL : copy;
	if (rt_enter("in a deep copy") < 0)
		return NULL;
	r = own_way(o, "__deepcopy__", memo, &copy);
	if (r > 0)
		copy = remember(memo, o, copy);
	else if (r == 0)
		copy = copy_by_type(o, memo);
	rt_leave();
	return copy;
}

struct rt_object *rt_deepcopy(struct rt_object *o)
{
	struct rt_object *memo = rt_dict_new();
	struct rt_object *copy = memo ? rt_deepcopy_with(o, memo) : NULL;

	rt_unref(memo);
	return copy;
}
