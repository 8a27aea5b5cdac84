/* The methods of dict: get, setdefault, pop, update, keys, values, items and the like. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_tuple.h"

static struct rt_object *key_of(const struct rt_entry *e)
{
	return rt_ref(e->key);
}

static struct rt_object *value_of(const struct rt_entry *e)
{
	return rt_ref(e->value);
}

/* A list of what @make makes of each entry; only the tuples it may make can run any code. */
static struct rt_object *collect(struct rt_object *dict,
				 struct rt_object *(*make)(const struct rt_entry *e))
{
	struct rt_object *list, *o;
	struct rt_entry *e;
	size_t position = 0;

	if (!rt_expect(dict, &rt_dict_type))
		return NULL;
	list = rt_list_new();
	while (list && (e = rt_table_next(&((struct rt_dict *)dict)->table, &position))) {
		o = make(e);
		if (rt_list_append_stolen(list, o) < 0)
			list = rt_unref(list);
	}
	return list;
}

struct rt_object *rt_dict_keys(struct rt_object *dict)
{
	return collect(dict, key_of);
}

struct rt_object *rt_dict_values(struct rt_object *dict)
{
	return collect(dict, value_of);
}

static struct rt_object *pair_of(const struct rt_entry *e)
{
	return rt_tuple_of(2, rt_ref(e->key), rt_ref(e->value));
}

struct rt_object *rt_dict_items(struct rt_object *dict)
{
	return collect(dict, pair_of);
}

int rt_dict_update(struct rt_object *dict, struct rt_object *from)
{
	struct rt_object *key, *value;
	size_t position = 0;
	int r = 0;

	if (!rt_expect(dict, &rt_dict_type) || !rt_expect(from, &rt_dict_type))
		return -1;
	while (r == 0 && rt_dict_next(from, &position, &key, &value)) {
		rt_ref(key);
		rt_ref(value);
		r = rt_dict_set(dict, key, value);
		rt_unref(key);
		rt_unref(value);
	}
	return r;
}

static struct rt_object *dict_keys(const struct rt_args *args)
{
	return rt_dict_keys(args->v[0]);
}

static struct rt_object *dict_values(const struct rt_args *args)
{
	return rt_dict_values(args->v[0]);
}

static struct rt_object *dict_items(const struct rt_args *args)
{
	return rt_dict_items(args->v[0]);
}

static struct rt_object *dict_get(const struct rt_args *args)
{
	struct rt_object *value;
	int r = rt_dict_find(args->v[0], args->v[1], &value);

	if (r)
		return r < 0 ? NULL : value;
	return rt_ref(args->v[2] ? args->v[2] : rt_none);
}

static struct rt_object *dict_setdefault(const struct rt_args *args)
{
	struct rt_object *value;
	int r = rt_dict_find(args->v[0], args->v[1], &value);

	if (r)
		return r < 0 ? NULL : value;
	value = args->v[2] ? args->v[2] : rt_none;
	return rt_dict_set(args->v[0], args->v[1], value) < 0 ? NULL : rt_ref(value);
}

static struct rt_object *dict_pop(const struct rt_args *args)
{
	struct rt_table *t = &((struct rt_dict *)args->v[0])->table;
	struct rt_entry e;
	size_t at;
	int r = rt_table_find(t, args->v[1], &at);

	if (r < 0)
		return NULL;
	if (r == 0)
		return args->v[2] ? rt_ref(args->v[2]) : rt_raise_value(RT_KEY_ERROR, args->v[1]);
	rt_table_take(t, at, &e);
	rt_unref(e.key);
	return e.value;
}

static struct rt_object *dict_popitem(const struct rt_args *args)
{
	struct rt_table *t = &((struct rt_dict *)args->v[0])->table;
	struct rt_entry e;
	size_t at = t->fill;

	while (at > 0 && !t->entries[at - 1].key)
		at--;
	if (at == 0)
		return rt_raise(RT_KEY_ERROR, "popitem(): dictionary is empty");
	rt_table_take(t, at - 1, &e);
	return rt_tuple_of(2, e.key, e.value);
}

static struct rt_object *dict_update(const struct rt_args *args)
{
	return rt_none_if(rt_dict_update(args->v[0], args->v[1]));
}

static struct rt_object *dict_copy(const struct rt_args *args)
{
	return rt_dict_copy(args->v[0]);
}

static struct rt_object *dict_clear(const struct rt_args *args)
{
	rt_table_clear(&((struct rt_dict *)args->v[0])->table);
	return rt_none;
}

const struct rt_function_spec rt_dict_methods[] = {
	{ "clear", dict_clear, "self", "Remove all keys." },
	{ "copy", dict_copy, "self", "A new dict of the same keys and values." },
	{ "get", dict_get, "self, key, default=", "The value of key, or default." },
	{ "items", dict_items, "self", "A list of (key, value)." },
	{ "keys", dict_keys, "self", "A list of the keys." },
	{ "pop", dict_pop, "self, key, default=", "Remove key and return its value." },
	{ "popitem", dict_popitem, "self", "Remove and return the last (key, value)." },
	{ "setdefault", dict_setdefault, "self, key, default=", "The value of key, set if new." },
	{ "update", dict_update, "self, other", "Set all pairs of other." },
	{ "values", dict_values, "self", "A list of the values." },
	{ 0 },
};
