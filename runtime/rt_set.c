/* Sets; see rt_set.h. */
#include "runtime/rt_set.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_weakref.h"

static struct rt_table *table_of(const struct rt_object *set)
{
	return &((struct rt_set *)(uintptr_t)set)->table;
}

struct rt_object *rt_set_new(void)
{
	return rt_new(&rt_set_type);
}

static int update(struct rt_object *set, struct rt_object *iterable)
{
	struct rt_object *it = rt_iter(iterable), *item;
	int r, added = 0;

	if (!it)
		return -1;
	while (added >= 0 && (r = rt_iter_next(it, &item)) > 0) {
		added = rt_set_add(set, item);
		rt_unref(item);
	}
	rt_unref(it);
	return added < 0 || r < 0 ? -1 : 0;
}

struct rt_object *rt_set_from_iterable(struct rt_object *iterable)
{
	struct rt_object *set = rt_set_new();

	if (set && update(set, iterable) < 0)
		set = rt_unref(set);
	return set;
}

size_t rt_set_len(const struct rt_object *set)
{
	rt_assert(rt_is(set, &rt_set_type));
	return table_of(set)->live;
}

int rt_set_add(struct rt_object *set, struct rt_object *item)
{
	return rt_expect(set, &rt_set_type) ? rt_table_put(table_of(set), item, NULL) : -1;
}

int rt_set_discard(struct rt_object *set, struct rt_object *item)
{
	return rt_expect(set, &rt_set_type) ? rt_table_delete(table_of(set), item) : -1;
}

static int set_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_table_traverse(table_of(self), visit, arg);
}

static void set_clear(struct rt_object *self)
{
	rt_table_clear(table_of(self));
}

static struct rt_object *set_repr(struct rt_object *self)
{
	struct rt_repr_frame frame;
	struct rt_buf buf = { 0 };
	struct rt_object *key;
	struct rt_entry *e;
	size_t position = 0;

	if (!rt_set_len(self))
		return rt_str_new("set()");
	if (rt_repr_enter(&frame, self))
		return rt_str_new("{...}");
	rt_buf_add(&buf, "{");
	while (!buf.failed && (e = rt_table_next(table_of(self), &position))) {
		key = rt_ref(e->key);
		rt_buf_add(&buf, buf.len > 1 ? ", " : "");
		rt_buf_add_repr(&buf, key);
		rt_unref(key);
	}
	rt_buf_add(&buf, "}");
	rt_repr_leave(&frame);
	return rt_buf_finish(&buf);
}

/* A new set of the items of @a that are in @b, or (@in is false) that are not. */
static struct rt_object *filtered(struct rt_object *a, struct rt_object *b, bool in)
{
	struct rt_object *set = rt_set_new(), *key;
	struct rt_entry *e;
	size_t position = 0;
	int r = 0;

	while (set && r >= 0 && (e = rt_table_next(table_of(a), &position))) {
		key = rt_ref(e->key);
		r = rt_contains(b, key);
		if (r >= 0 && (r > 0) == in)
			r = rt_set_add(set, key);
		rt_unref(key);
	}
	return r < 0 ? rt_unref(set) : set;
}

/* Whether all of @a are in @b. */
static int is_subset(struct rt_object *a, struct rt_object *b)
{
	struct rt_object *rest;
	int r;

	if (rt_set_len(a) > rt_set_len(b))
		return 0;
	rest = filtered(a, b, false);
	if (!rest)
		return -1;
	r = rt_set_len(rest) == 0;
	rt_unref(rest);
	return r;
}

static struct rt_object *set_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	bool same_len;
	int r;

	if (!rt_is(a, &rt_set_type) || !rt_is(b, &rt_set_type))
		return rt_not_implemented;
	same_len = rt_set_len(a) == rt_set_len(b);
	r = op == RT_GT || op == RT_GE ? is_subset(b, a) : is_subset(a, b);
	if (r < 0)
		return NULL;
	switch (op) {
	case RT_EQ:
		return rt_bool(r && same_len);
	case RT_NE:
		return rt_bool(!r || !same_len);
	case RT_LT:
	case RT_GT:
		return rt_bool(r && !same_len);
	default:
		return rt_bool(r);
	}
}

static struct rt_object *set_binary(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *set, *other;

	if (!rt_is(a, &rt_set_type) || !rt_is(b, &rt_set_type))
		return rt_not_implemented;
	switch (op) {
	case RT_AND:
		return filtered(a, b, true);
	case RT_SUB:
		return filtered(a, b, false);
	case RT_OR:
		set = rt_set_from_iterable(a);
		other = rt_ref(b);
		break;
	case RT_XOR:
		set = filtered(a, b, false);
		other = set ? filtered(b, a, false) : NULL;
		break;
	default:
		return rt_not_implemented;
	}
	if (set && (!other || update(set, other) < 0))
		set = rt_unref(set);
	rt_unref(other);
	return set;
}

static ssize_t set_len(struct rt_object *self)
{
	return (ssize_t)rt_set_len(self);
}

static int set_contains(struct rt_object *self, struct rt_object *item)
{
	size_t at;

	return rt_table_find(table_of(self), item, &at);
}

static struct rt_object *set_iter(struct rt_object *self)
{
	return rt_table_iter(self, table_of(self));
}

static struct rt_object *set_construct(const struct rt_type *type, const struct rt_args *args)
{
	(void)type;
	if (args->n > 1 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "set() takes at most 1 argument");
	return args->n ? rt_set_from_iterable(args->v[0]) : rt_set_new();
}

static struct rt_object *method_add(const struct rt_args *args)
{
	return rt_none_if(rt_set_add(args->v[0], args->v[1]));
}

static struct rt_object *method_discard(const struct rt_args *args)
{
	return rt_none_if(rt_set_discard(args->v[0], args->v[1]));
}

static struct rt_object *method_remove(const struct rt_args *args)
{
	int r = rt_set_discard(args->v[0], args->v[1]);

	return r ? rt_none_if(r) : rt_raise_value(RT_KEY_ERROR, args->v[1]);
}

static const struct rt_function_spec methods[] = {
	{ "add", method_add, "self, item", "Add item." },
	{ "discard", method_discard, "self, item", "Remove item if it is there." },
	{ "remove", method_remove, "self, item", "Remove item, which must be there." },
	{ 0 },
};

const struct rt_type rt_set_type = {
	.base = RT_STATIC_TYPE,
	.name = "set",
	.size = sizeof(struct rt_set),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.weak_offset = offsetof(struct rt_set, weak),
	.traverse = set_traverse,
	.clear = set_clear,
	.repr = set_repr,
	.compare = set_compare,
	.binary = set_binary,
	.len = set_len,
	.contains = set_contains,
	.iter = set_iter,
	.construct = set_construct,
	.methods = methods,
};
