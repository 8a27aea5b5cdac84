/* Lists; see rt_list.h.  The methods are in rt_list_methods.c, sorting in rt_list_sort.c. */
#include "runtime/rt_list.h"

#include <stdarg.h>
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_sequence.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

struct rt_object *rt_list_new(void)
{
	return rt_new(&rt_list_type);
}

/* Room for @n items; an eighth more, so that appending n times costs n. */
static int make_room(struct rt_list *l, size_t n)
{
	size_t capacity = n + (n >> 3) + 4;
	struct rt_object **item;

	if (n <= l->capacity)
		return 0;
	if (capacity > SIZE_MAX / 2 / sizeof(*item)) {
		rt_raise_no_memory();
		return -1;
	}
	item = rt_mem_resize(l->item, capacity * sizeof(*item));
	if (!item)
		return -1;
	l->item = item;
	l->capacity = capacity;
	return 0;
}

struct rt_object *rt_list_of(size_t n, ...)
{
	struct rt_object *list, *item;
	bool complete = true;
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		complete &= va_arg(ap, struct rt_object *) != NULL;
	va_end(ap);

	list = complete ? rt_list_new() : NULL;
	if (list && make_room((struct rt_list *)list, n) < 0)
		list = rt_unref(list);
	va_start(ap, n);
	for (size_t i = 0; i < n; i++) {
		item = va_arg(ap, struct rt_object *);
		if (list)
			rt_list_append(list, item); /* there is room */
		rt_unref(item);
	}
	va_end(ap);
	return list;
}

struct rt_object *rt_list_from_iterable(struct rt_object *iterable)
{
	struct rt_object *list = rt_list_new();

	if (list && rt_list_extend(list, iterable) < 0)
		list = rt_unref(list);
	return list;
}

size_t rt_list_len(const struct rt_object *list)
{
	rt_assert(rt_is(list, &rt_list_type));
	return ((const struct rt_list *)list)->n;
}

struct rt_object *rt_list_at(struct rt_object *list, size_t i)
{
	if (!rt_expect(list, &rt_list_type))
		return NULL;
	if (i >= rt_list_len(list))
		return rt_raise(RT_INDEX_ERROR, "list index out of range");
	return ((struct rt_list *)list)->item[i];
}

int rt_list_insert(struct rt_object *list, size_t i, struct rt_object *item)
{
	struct rt_list *l = (struct rt_list *)list;

	if (!rt_expect(list, &rt_list_type) || !rt_expect(item, &rt_object_type) ||
	    make_room(l, l->n + 1) < 0)
		return -1;
	if (i > l->n)
		i = l->n;
	memmove(l->item + i + 1, l->item + i, (l->n - i) * sizeof(*l->item));
	l->item[i] = rt_ref(item);
	l->n++;
	return 0;
}

int rt_list_append(struct rt_object *list, struct rt_object *item)
{
	return rt_list_insert(list, SIZE_MAX, item);
}

int rt_list_append_stolen(struct rt_object *list, struct rt_object *item)
{
	int r = item ? rt_list_append(list, item) : -1;

	rt_unref(item);
	return r;
}

int rt_list_extend(struct rt_object *list, struct rt_object *iterable)
{
	struct rt_object *it, *item;
	ssize_t n;
	int r;

	if (list == iterable) { /* would never end */
		it = rt_getslice(iterable, 0, INT64_MAX);
		r = it ? rt_list_extend(list, it) : -1;
		rt_unref(it);
		return r;
	}
	if (!rt_expect(list, &rt_list_type))
		return -1;
	it = rt_iter(iterable);
	if (!it)
		return -1;
	while ((r = rt_iter_next(it, &item)) > 0) {
		n = rt_list_append(list, item);
		rt_unref(item);
		if (n < 0) {
			r = -1;
			break;
		}
	}
	rt_unref(it);
	return r;
}

struct rt_object *rt_list_pop(struct rt_object *list, size_t i)
{
	struct rt_list *l = (struct rt_list *)list;
	struct rt_object *item;

	if (!rt_expect(list, &rt_list_type))
		return NULL;
	if (i >= l->n)
		return rt_raise(RT_INDEX_ERROR,
				l->n ? "pop index out of range" : "pop from empty list");
	item = l->item[i];
	l->n--;
	memmove(l->item + i, l->item + i + 1, (l->n - i) * sizeof(*l->item));
	return item;
}

/* First empty the list, then drop the items: that may run code that looks at it. */
void rt_list_clear(struct rt_object *list)
{
	struct rt_list *l = (struct rt_list *)list;
	struct rt_object **item = l->item;
	size_t n = l->n;

	l->item = NULL;
	l->n = l->capacity = 0;
	while (n > 0)
		rt_unref(item[--n]);
	rt_mem_free(item);
}

static int list_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_list *l = (struct rt_list *)self;
	int r = 0;

	for (size_t i = 0; i < l->n && !r; i++)
		r = rt_visit_one(l->item[i], visit, arg);
	return r;
}

static struct rt_object *list_repr(struct rt_object *self)
{
	struct rt_list *l = (struct rt_list *)self;
	struct rt_repr_frame frame;
	struct rt_buf buf = { 0 };
	struct rt_object *item;

	if (rt_repr_enter(&frame, self))
		return rt_str_new("[...]");
	rt_buf_add(&buf, "[");
	for (size_t i = 0; i < l->n && !buf.failed; i++) {
		item = rt_ref(l->item[i]);
		rt_buf_add(&buf, i ? ", " : "");
		rt_buf_add_repr(&buf, item);
		rt_unref(item);
	}
	rt_buf_add(&buf, "]");
	rt_repr_leave(&frame);
	return rt_buf_finish(&buf);
}

static struct rt_object *list_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	if (!rt_is(a, &rt_list_type) || !rt_is(b, &rt_list_type))
		return rt_not_implemented;
	return rt_sequence_compare(a, b, op);
}

static struct rt_object *repeat(struct rt_list *l, int64_t times)
{
	struct rt_object *r = rt_list_new();
	size_t n;

	if (times < 0)
		times = 0;
	if (__builtin_mul_overflow(l->n, (size_t)times, &n)) {
		rt_unref(r);
		return rt_raise_no_memory();
	}
	if (r && make_room((struct rt_list *)r, n) < 0)
		return rt_unref(r);
	for (size_t i = 0; r && i < n; i++)
		rt_list_append(r, l->item[i % l->n]); /* there is room */
	return r;
}

static struct rt_object *list_binary(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *sum;

	if (op == RT_MUL && rt_is(b, &rt_int_type) && rt_is(a, &rt_list_type))
		return repeat((struct rt_list *)a, ((struct rt_int *)b)->v);
	if (op == RT_MUL && rt_is(a, &rt_int_type))
		return repeat((struct rt_list *)b, ((struct rt_int *)a)->v);
	if (op != RT_ADD || !rt_is(a, &rt_list_type) || !rt_is(b, &rt_list_type))
		return rt_not_implemented;
	sum = rt_list_from_iterable(a);
	if (sum && rt_list_extend(sum, b) < 0)
		sum = rt_unref(sum);
	return sum;
}

/* list += iterable changes the list itself, for all who hold it. */
static struct rt_object *list_inplace(enum rt_op op, struct rt_object *self, struct rt_object *b)
{
	if (op != RT_ADD)
		return rt_not_implemented;
	return rt_list_extend(self, b) < 0 ? NULL : rt_ref(self);
}

static ssize_t list_len(struct rt_object *self)
{
	return (ssize_t)rt_list_len(self);
}

static struct rt_object *slice(struct rt_list *l, struct rt_object *key)
{
	struct rt_slice_range r;
	struct rt_object *part = rt_list_new();

	/* Resolved after the allocation, which may run code that changes the list. */
	if (!part || rt_slice_resolve(key, l->n, &r) < 0)
		return rt_unref(part);
	for (size_t i = 0; part && i < r.count; i++)
		if (rt_list_append(part, l->item[r.start + (ssize_t)i * r.step]) < 0)
			part = rt_unref(part);
	return part;
}

static struct rt_object *list_getitem(struct rt_object *self, struct rt_object *key)
{
	struct rt_list *l = (struct rt_list *)self;
	size_t i;

	if (rt_is(key, &rt_slice_type))
		return slice(l, key);
	if (rt_sequence_index(self, key, l->n, &i) < 0)
		return NULL;
	return rt_ref(l->item[i]);
}

/* list[start:stop] = @values, with as many or as few as there are; what was there: to @old. */
static int replace(struct rt_list *l, struct rt_slice_range r, struct rt_list *values,
		   struct rt_list *old)
{
	size_t start = (size_t)r.start, end = start + r.count, n = l->n - r.count + values->n;

	if (make_room(old, r.count) < 0 || make_room(l, n) < 0)
		return -1;
	if (!l->item)
		return 0; /* nothing in, nothing out, and never was */
	memcpy(old->item, l->item + start, r.count * sizeof(*l->item));
	old->n = r.count;
	memmove(l->item + start + values->n, l->item + end, (l->n - end) * sizeof(*l->item));
	for (size_t i = 0; i < values->n; i++)
		l->item[start + i] = rt_ref(values->item[i]);
	l->n = n;
	return 0;
}

static int set_slice(struct rt_list *l, struct rt_object *key, struct rt_object *value)
{
	struct rt_object *values = value ? rt_list_from_iterable(value) : rt_list_new();
	struct rt_object *old = values ? rt_list_new() : NULL;
	struct rt_slice_range r;
	int result = -1;

	if (!old || rt_slice_resolve(key, l->n, &r) < 0)
		goto out;
	if (r.step != 1) {
		rt_raise(RT_VALUE_ERROR, "only slices with step 1 can be assigned or deleted");
		goto out;
	}
	result = replace(l, r, (struct rt_list *)values, (struct rt_list *)old);
out:
	rt_unref(old);
	rt_unref(values);
	return result;
}

static int list_setitem(struct rt_object *self, struct rt_object *key, struct rt_object *value)
{
	struct rt_list *l = (struct rt_list *)self;
	size_t i;

	if (rt_is(key, &rt_slice_type))
		return set_slice(l, key, value);
	if (rt_sequence_index(self, key, l->n, &i) < 0)
		return -1;
	if (value)
		rt_assign(&l->item[i], rt_ref(value));
	else
		rt_unref(rt_list_pop(self, i));
	return 0;
}

static struct rt_object *list_construct(const struct rt_type *type, const struct rt_args *args)
{
	(void)type;
	if (args->n > 1 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "list() takes at most 1 argument");
	return args->n ? rt_list_from_iterable(args->v[0]) : rt_list_new();
}

const struct rt_type rt_list_type = {
	.base = RT_STATIC_TYPE,
	.name = "list",
	.size = sizeof(struct rt_list),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = list_traverse,
	.clear = rt_list_clear,
	.repr = list_repr,
	.compare = list_compare,
	.binary = list_binary,
	.inplace = list_inplace,
	.len = list_len,
	.getitem = list_getitem,
	.setitem = list_setitem,
	.iter = rt_sequence_iter,
	.construct = list_construct,
	.methods = rt_list_methods,
};
