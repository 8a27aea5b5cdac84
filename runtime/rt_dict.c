/* Dictionaries; see rt_dict.h.  The methods are in rt_dict_methods.c. */
#include "runtime/rt_dict.h"

#include <stdarg.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"

static struct rt_table *table_of(const struct rt_object *dict)
{
	return &((struct rt_dict *)(uintptr_t)dict)->table;
}

struct rt_object *rt_dict_new(void)
{
	return rt_new(&rt_dict_type);
}

struct rt_object *rt_dict_of(size_t n, ...)
{
	struct rt_object *dict, *key, *value;
	bool complete = true;
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < 2 * n; i++)
		complete &= va_arg(ap, struct rt_object *) != NULL;
	va_end(ap);

	dict = complete ? rt_dict_new() : NULL;
	va_start(ap, n);
	for (size_t i = 0; i < n; i++) {
		key = va_arg(ap, struct rt_object *);
		value = va_arg(ap, struct rt_object *);
		if (dict && rt_dict_set(dict, key, value) < 0)
			dict = rt_unref(dict);
		rt_unref(key);
		rt_unref(value);
	}
	va_end(ap);
	return dict;
}

struct rt_object *rt_dict_copy(struct rt_object *dict)
{
	struct rt_object *copy;

	if (!rt_expect(dict, &rt_dict_type))
		return NULL;
	copy = rt_dict_new();
	if (copy && rt_table_copy(table_of(copy), table_of(dict)) < 0)
		copy = rt_unref(copy);
	return copy;
}

size_t rt_dict_len(const struct rt_object *dict)
{
	rt_assert(rt_is(dict, &rt_dict_type));
	return table_of(dict)->live;
}

int rt_dict_find(struct rt_object *dict, struct rt_object *key, struct rt_object **ret_value)
{
	size_t at;
	int r;

	if (!rt_expect(dict, &rt_dict_type))
		return -1;
	r = rt_table_find(table_of(dict), key, &at);
	if (r > 0)
		*ret_value = rt_ref(table_of(dict)->entries[at].value);
	return r;
}

struct rt_object *rt_dict_get(struct rt_object *dict, struct rt_object *key)
{
	struct rt_object *value;
	int r = rt_dict_find(dict, key, &value);

	if (r > 0)
		return value;
	return r < 0 ? NULL : rt_raise_value(RT_KEY_ERROR, key);
}

int rt_dict_set(struct rt_object *dict, struct rt_object *key, struct rt_object *value)
{
	if (!rt_expect(dict, &rt_dict_type) || !rt_expect(value, &rt_object_type))
		return -1;
	return rt_table_put(table_of(dict), key, value) < 0 ? -1 : 0;
}

int rt_dict_delete(struct rt_object *dict, struct rt_object *key)
{
	return rt_expect(dict, &rt_dict_type) ? rt_table_delete(table_of(dict), key) : -1;
}

int rt_dict_find_name(struct rt_object *dict, const char *name, struct rt_object **ret_value)
{
	size_t at;

	if (!rt_expect(dict, &rt_dict_type))
		return -1;
	if (!rt_table_find_name(table_of(dict), name, &at))
		return 0;
	*ret_value = rt_ref(table_of(dict)->entries[at].value);
	return 1;
}

int rt_dict_set_name(struct rt_object *dict, const char *name, struct rt_object *value)
{
	struct rt_object *key;
	int r;
	size_t at;

	if (!rt_expect(dict, &rt_dict_type) || !rt_expect(value, &rt_object_type))
		return -1;
	if (rt_table_find_name(table_of(dict), name, &at)) {
		rt_assign(&table_of(dict)->entries[at].value, rt_ref(value));
		return 0;
	}
	key = rt_str_new(name);
	r = key ? rt_dict_set(dict, key, value) : -1;
	rt_unref(key);
	return r;
}

int rt_dict_delete_name(struct rt_object *dict, const char *name)
{
	struct rt_entry e;
	size_t at;

	if (!rt_expect(dict, &rt_dict_type))
		return -1;
	if (!rt_table_find_name(table_of(dict), name, &at))
		return 0;
	rt_table_take(table_of(dict), at, &e);
	rt_unref(e.key);
	rt_unref(e.value);
	return 1;
}

bool rt_dict_next(struct rt_object *dict, size_t *position, struct rt_object **ret_key,
		  struct rt_object **ret_value)
{
	struct rt_entry *e;

	rt_assert(rt_is(dict, &rt_dict_type));
	e = rt_table_next(table_of(dict), position);
	if (!e)
		return false;
	*ret_key = e->key;
	*ret_value = e->value;
	return true;
}

static int dict_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_table_traverse(table_of(self), visit, arg);
}

static void dict_clear(struct rt_object *self)
{
	rt_table_clear(table_of(self));
}

static struct rt_object *dict_repr(struct rt_object *self)
{
	struct rt_object *key, *value;
	struct rt_repr_frame frame;
	struct rt_buf buf = { 0 };
	size_t position = 0;

	if (rt_repr_enter(&frame, self))
		return rt_str_new("{...}");
	rt_buf_add(&buf, "{");
	while (!buf.failed && rt_dict_next(self, &position, &key, &value)) {
		rt_ref(key);
		rt_ref(value);
		rt_buf_add(&buf, buf.len > 1 ? ", " : "");
		rt_buf_add_repr(&buf, key);
		rt_buf_add(&buf, ": ");
		rt_buf_add_repr(&buf, value);
		rt_unref(key);
		rt_unref(value);
	}
	rt_buf_add(&buf, "}");
	rt_repr_leave(&frame);
	return rt_buf_finish(&buf);
}

/* Whether @b has an equal value for each key of @a, of which there are as many. */
static int equal_items(struct rt_object *a, struct rt_object *b)
{
	struct rt_object *key, *value, *other;
	size_t position = 0;
	int r = 1;

	if (rt_dict_len(a) != rt_dict_len(b))
		return 0;
	while (r > 0 && rt_dict_next(a, &position, &key, &value)) {
		rt_ref(key);
		rt_ref(value);
		r = rt_dict_find(b, key, &other);
		if (r > 0) {
			r = rt_equal(value, other);
			rt_unref(other);
		}
		rt_unref(key);
		rt_unref(value);
	}
	return r;
}

static struct rt_object *dict_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	int equal;

	if ((op != RT_EQ && op != RT_NE) || !rt_is(a, &rt_dict_type) || !rt_is(b, &rt_dict_type))
		return rt_not_implemented;
	equal = equal_items(a, b);
	return equal < 0 ? NULL : rt_bool(equal == (op == RT_EQ));
}

static ssize_t dict_len(struct rt_object *self)
{
	return (ssize_t)rt_dict_len(self);
}

static int dict_setitem(struct rt_object *self, struct rt_object *key, struct rt_object *value)
{
	int r;

	if (value)
		return rt_dict_set(self, key, value);
	r = rt_dict_delete(self, key);
	if (r == 0)
		rt_raise_value(RT_KEY_ERROR, key);
	return r > 0 ? 0 : -1;
}

static int dict_contains(struct rt_object *self, struct rt_object *key)
{
	size_t at;

	return rt_table_find(table_of(self), key, &at);
}

static struct rt_object *dict_iter(struct rt_object *self)
{
	return rt_table_iter(self, table_of(self));
}

static struct rt_object *dict_construct(const struct rt_type *type, const struct rt_args *args)
{
	struct rt_object *dict;

	(void)type;
	if (args->n > 1)
		return rt_raise(RT_TYPE_ERROR, "dict() takes at most 1 argument");
	dict = args->n ? rt_dict_copy(args->v[0]) : rt_dict_new();
	if (dict && args->kwargs && rt_dict_update(dict, args->kwargs) < 0)
		dict = rt_unref(dict);
	return dict;
}

const struct rt_type rt_dict_type = {
	.base = RT_STATIC_TYPE,
	.name = "dict",
	.size = sizeof(struct rt_dict),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = dict_traverse,
	.clear = dict_clear,
	.repr = dict_repr,
	.compare = dict_compare,
	.len = dict_len,
	.getitem = rt_dict_get,
	.setitem = dict_setitem,
	.contains = dict_contains,
	.iter = dict_iter,
	.construct = dict_construct,
	.methods = rt_dict_methods,
};
