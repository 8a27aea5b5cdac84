/* The methods of list: append, extend, insert, pop, remove, reverse, sort and the like. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_sequence.h"
#include "runtime/rt_slice.h"

static struct rt_object *list_append(const struct rt_args *args)
{
	return rt_none_if(rt_list_append(args->v[0], args->v[1]));
}

static struct rt_object *list_extend(const struct rt_args *args)
{
	return rt_none_if(rt_list_extend(args->v[0], args->v[1]));
}

static struct rt_object *list_insert(const struct rt_args *args)
{
	int64_t i, n = (int64_t)rt_list_len(args->v[0]);

	if (rt_int_value(args->v[1], &i) < 0)
		return NULL;
	if (i < 0)
		i = i + n < 0 ? 0 : i + n;
	return rt_none_if(rt_list_insert(args->v[0], (size_t)i, args->v[2]));
}

static struct rt_object *list_pop(const struct rt_args *args)
{
	int64_t i = -1, n = (int64_t)rt_list_len(args->v[0]);

	if (args->v[1] && rt_int_value(args->v[1], &i) < 0)
		return NULL;
	return rt_list_pop(args->v[0], (size_t)(i < 0 ? i + n : i));
}

static struct rt_object *list_remove(const struct rt_args *args)
{
	struct rt_object *at = rt_sequence_find(args);
	int64_t i;

	if (!at || rt_int_value(at, &i) < 0)
		return NULL;
	rt_unref(at);
	return rt_none_for(rt_list_pop(args->v[0], (size_t)i));
}

static struct rt_object *list_reverse(const struct rt_args *args)
{
	struct rt_list *l = (struct rt_list *)args->v[0];
	struct rt_object *item;

	for (size_t i = 0, j = l->n; i + 1 < j; i++) {
		item = l->item[--j];
		l->item[j] = l->item[i];
		l->item[i] = item;
	}
	return rt_none;
}

static struct rt_object *list_sort(const struct rt_args *args)
{
	int reverse = args->v[2] ? rt_truth(args->v[2]) : 0;

	if (reverse < 0)
		return NULL;
	return rt_none_if(rt_list_sort(args->v[0], args->v[1], reverse));
}

static struct rt_object *list_copy(const struct rt_args *args)
{
	return rt_getslice(args->v[0], 0, INT64_MAX);
}

static struct rt_object *list_clear(const struct rt_args *args)
{
	rt_list_clear(args->v[0]);
	return rt_none;
}

const struct rt_function_spec rt_list_methods[] = {
	{ "append", list_append, "self, item", "Add item at the end." },
	{ "clear", list_clear, "self", "Drop all items." },
	{ "copy", list_copy, "self", "A new list of the same items." },
	{ "count", rt_sequence_count, "self, value", "How many items equal value." },
	{ "extend", list_extend, "self, iterable", "Add all items of iterable at the end." },
	{ "index", rt_sequence_find, "self, value", "Index of the first item equal to value." },
	{ "insert", list_insert, "self, index, item", "Add item before index." },
	{ "pop", list_pop, "self, index=", "Take out the item at index, or the last." },
	{ "remove", list_remove, "self, value", "Take out the first item equal to value." },
	{ "reverse", list_reverse, "self", "Turn the order around, in place." },
	{ "sort", list_sort, "self, key=, reverse=", "Sort in place, stably." },
	{ 0 },
};
