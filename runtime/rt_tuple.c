/* Tuples; see rt_tuple.h. */
#include "runtime/rt_tuple.h"

#include <stdarg.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_sequence.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

static struct rt_tuple empty = { { RT_IMMORTAL, &rt_tuple_type }, 0 };

/* A tuple whose items are yet to be set. */
static struct rt_tuple *sized(size_t n)
{
	struct rt_tuple *t;

	if (n == 0)
		return &empty;
	if (n > SIZE_MAX / 2 / sizeof(t->item[0]))
		return rt_raise_no_memory();
	t = rt_new_var(&rt_tuple_type, n * sizeof(t->item[0]));
	if (t)
		t->n = n;
	return t;
}

struct rt_object *rt_tuple_of(size_t n, ...)
{
	struct rt_tuple *t;
	struct rt_object *item;
	bool complete = true;
	va_list ap;

	/* A missing item means an error is pending: making a tuple could hide it. */
	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		complete &= va_arg(ap, struct rt_object *) != NULL;
	va_end(ap);

	t = complete ? sized(n) : NULL;
	va_start(ap, n);
	for (size_t i = 0; i < n; i++) {
		item = va_arg(ap, struct rt_object *);
		if (t)
			t->item[i] = item;
		else
			rt_unref(item);
	}
	va_end(ap);
	return t ? &t->base : NULL;
}

struct rt_object *rt_tuple_from(size_t n, struct rt_object *const *items)
{
	struct rt_tuple *t = sized(n);

	for (size_t i = 0; t && i < n; i++)
		t->item[i] = rt_ref(items[i]);
	return t ? &t->base : NULL;
}

struct rt_object *rt_tuple_from_iterable(struct rt_object *iterable)
{
	struct rt_object *list, *tuple;

	if (rt_is(iterable, &rt_tuple_type))
		return rt_ref(iterable);
	list = rt_list_from_iterable(iterable);
	if (!list)
		return NULL;
	tuple = rt_tuple_from(rt_list_len(list), ((struct rt_list *)list)->item);
	rt_unref(list);
	return tuple;
}

size_t rt_tuple_len(const struct rt_object *tuple)
{
	rt_assert(rt_is(tuple, &rt_tuple_type));
	return ((const struct rt_tuple *)tuple)->n;
}

struct rt_object *rt_tuple_at(struct rt_object *tuple, size_t i)
{
	if (!rt_expect(tuple, &rt_tuple_type))
		return NULL;
	if (i >= rt_tuple_len(tuple))
		return rt_raise(RT_INDEX_ERROR, "tuple index out of range");
	return ((struct rt_tuple *)tuple)->item[i];
}

static int tuple_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_tuple *t = (struct rt_tuple *)self;
	int r = 0;

	for (size_t i = 0; i < t->n && !r; i++)
		r = rt_visit_one(t->item[i], visit, arg);
	return r;
}

static void tuple_clear(struct rt_object *self)
{
	struct rt_tuple *t = (struct rt_tuple *)self;
	size_t n = t->n;

	t->n = 0;
	for (size_t i = 0; i < n; i++)
		rt_assign(&t->item[i], NULL);
}

static struct rt_object *tuple_repr(struct rt_object *self)
{
	struct rt_tuple *t = (struct rt_tuple *)self;
	struct rt_repr_frame frame;
	struct rt_buf buf = { 0 };

	if (rt_repr_enter(&frame, self))
		return rt_str_new("(...)");
	rt_buf_add(&buf, "(");
	for (size_t i = 0; i < t->n; i++) {
		rt_buf_add(&buf, i ? ", " : "");
		rt_buf_add_repr(&buf, t->item[i]);
	}
	rt_buf_add(&buf, t->n == 1 ? ",)" : ")");
	rt_repr_leave(&frame);
	return rt_buf_finish(&buf);
}

static int tuple_hash(struct rt_object *self, uint64_t *ret_hash)
{
	struct rt_tuple *t = (struct rt_tuple *)self;
	uint64_t h = 0x345678, one;

	for (size_t i = 0; i < t->n; i++) {
		if (rt_hash(t->item[i], &one) < 0)
			return -1;
		h = (h ^ one) * 0x9e3779b97f4a7c15 + i;
		h ^= h >> 29;
	}
	*ret_hash = h;
	return 0;
}

static struct rt_object *tuple_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	if (!rt_is(a, &rt_tuple_type) || !rt_is(b, &rt_tuple_type))
		return rt_not_implemented;
	return rt_sequence_compare(a, b, op);
}

static struct rt_object *repeat(struct rt_tuple *t, int64_t times)
{
	struct rt_tuple *r;
	size_t n;

	if (times <= 0)
		return &empty.base;
	if (times == 1)
		return rt_ref(&t->base);
	if (__builtin_mul_overflow(t->n, (size_t)times, &n))
		return rt_raise_no_memory();
	r = sized(n);
	for (size_t i = 0; r && i < n; i++)
		r->item[i] = rt_ref(t->item[i % t->n]);
	return r ? &r->base : NULL;
}

static struct rt_object *tuple_binary(enum rt_op op, struct rt_object *left,
				      struct rt_object *right)
{
	struct rt_tuple *a = (struct rt_tuple *)left, *b = (struct rt_tuple *)right, *sum;
	int64_t times;

	if (op == RT_MUL && rt_is(left, &rt_int_type))
		return tuple_binary(op, right, left);
	if (!rt_is(left, &rt_tuple_type))
		return rt_not_implemented;
	if (op == RT_MUL && rt_is(right, &rt_int_type))
		return rt_int_value(right, &times) < 0 ? NULL : repeat(a, times);
	if (op != RT_ADD || !rt_is(right, &rt_tuple_type))
		return rt_not_implemented;
	if (a->n == 0 || b->n == 0)
		return rt_ref(a->n ? left : right);
	sum = sized(a->n + b->n);
	for (size_t i = 0; sum && i < sum->n; i++)
		sum->item[i] = rt_ref(i < a->n ? a->item[i] : b->item[i - a->n]);
	return sum ? &sum->base : NULL;
}

static ssize_t tuple_len(struct rt_object *self)
{
	return (ssize_t)rt_tuple_len(self);
}

/* A slice of everything is the tuple itself: nobody could tell a copy apart but by identity. */
static struct rt_object *slice(struct rt_tuple *t, struct rt_object *key)
{
	struct rt_slice_range r;
	struct rt_tuple *part;

	if (rt_slice_resolve(key, t->n, &r) < 0)
		return NULL;
	if (r.step == 1 && r.count == t->n)
		return rt_ref(&t->base);
	part = sized(r.count);
	for (size_t i = 0; part && i < r.count; i++)
		part->item[i] = rt_ref(t->item[r.start + (ssize_t)i * r.step]);
	return part ? &part->base : NULL;
}

static struct rt_object *tuple_getitem(struct rt_object *self, struct rt_object *key)
{
	struct rt_tuple *t = (struct rt_tuple *)self;
	size_t i;

	if (rt_is(key, &rt_slice_type))
		return slice(t, key);
	if (rt_sequence_index(self, key, t->n, &i) < 0)
		return NULL;
	return rt_ref(t->item[i]);
}

static struct rt_object *tuple_construct(const struct rt_type *type, const struct rt_args *args)
{
	(void)type;
	if (args->n > 1 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "tuple() takes at most 1 argument");
	return args->n ? rt_tuple_from_iterable(args->v[0]) : &empty.base;
}

static const struct rt_function_spec methods[] = {
	{ "count", rt_sequence_count, "self, value", "How many items equal value." },
	{ "index", rt_sequence_find, "self, value", "Index of the first item equal to value." },
	{ 0 },
};

const struct rt_type rt_tuple_type = {
	.base = RT_STATIC_TYPE,
	.name = "tuple",
	.size = sizeof(struct rt_tuple),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = tuple_traverse,
	.clear = tuple_clear,
	.repr = tuple_repr,
	.hash = tuple_hash,
	.compare = tuple_compare,
	.binary = tuple_binary,
	.len = tuple_len,
	.getitem = tuple_getitem,
	.iter = rt_sequence_iter,
	.construct = tuple_construct,
	.methods = methods,
};
