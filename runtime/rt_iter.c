/* Iterators over sequences, tables and ranges; see rt_iter.h. */
#include "runtime/rt_iter.h"

#include <inttypes.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_str.h"

struct rt_object *rt_iter_self(struct rt_object *self)
{
	return rt_ref(self);
}

/* Over a sequence, or over the table of a dict or set. */
struct cursor {
	struct rt_object base;
	struct rt_object *owner; /* what is iterated over; NULL once at the end */
	struct rt_table *table; /* part of it */
	size_t position;
	size_t live; /* keys there were at the start */
};

static struct cursor *cursor_new(const struct rt_type *type, struct rt_object *owner)
{
	struct cursor *c = rt_new(type);

	if (c)
		c->owner = rt_ref(owner);
	return c;
}

static int cursor_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_visit_one(((struct cursor *)self)->owner, visit, arg);
}

static void cursor_clear(struct rt_object *self)
{
	rt_assign(&((struct cursor *)self)->owner, NULL);
}

struct rt_object *rt_sequence_iter(struct rt_object *sequence)
{
	struct cursor *c = cursor_new(&rt_sequence_iter_type, sequence);

	return c ? &c->base : NULL;
}

static struct rt_object *sequence_next(struct rt_object *self)
{
	struct cursor *c = (struct cursor *)self;
	struct rt_object *i, *item;

	if (!c->owner)
		return NULL;
	i = rt_int_new((int64_t)c->position);
	item = i ? rt_getitem(c->owner, i) : NULL;
	rt_unref(i);
	if (item)
		c->position++;
	else if (rt_error_catch(RT_INDEX_ERROR))
		cursor_clear(self);
	return item;
}

const struct rt_type rt_sequence_iter_type = {
	.base = RT_STATIC_TYPE,
	.name = "iterator",
	.size = sizeof(struct cursor),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = cursor_traverse,
	.clear = cursor_clear,
	.iter = rt_iter_self,
	.next = sequence_next,
};

struct rt_object *rt_table_iter(struct rt_object *owner, struct rt_table *table)
{
	struct cursor *c = cursor_new(&rt_table_iter_type, owner);

	if (!c)
		return NULL;
	c->table = table;
	c->live = table->live;
	return &c->base;
}

static struct rt_object *table_next(struct rt_object *self)
{
	struct cursor *c = (struct cursor *)self;
	struct rt_entry *e;

	if (!c->owner)
		return NULL;
	if (c->table->live != c->live)
		return rt_raise(RT_RUNTIME_ERROR, "%s changed size during iteration",
				c->owner->type->name);
	e = rt_table_next(c->table, &c->position);
	if (e)
		return rt_ref(e->key);
	cursor_clear(self);
	return NULL;
}

const struct rt_type rt_table_iter_type = {
	.base = RT_STATIC_TYPE,
	.name = "key_iterator",
	.size = sizeof(struct cursor),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = cursor_traverse,
	.clear = cursor_clear,
	.iter = rt_iter_self,
	.next = table_next,
};

/* A range, and also the iterator over what is left of one. */
struct range {
	struct rt_object base;
	int64_t start, stop, step;
	uint64_t n; /* items */
};

static struct range *range_make(const struct rt_type *type, int64_t start, int64_t stop,
				int64_t step)
{
	struct range *r = rt_new(type);
	uint64_t distance, stride;

	if (!r)
		return NULL;
	r->start = start;
	r->stop = stop;
	r->step = step;
	distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
	stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
	if (step > 0 ? start < stop : start > stop)
		r->n = (distance - 1) / stride + 1;
	return r;
}

struct rt_object *rt_range_new(int64_t start, int64_t stop, int64_t step)
{
	struct range *r;

	if (step == 0)
		return rt_raise(RT_VALUE_ERROR, "range() step must not be zero");
	r = range_make(&rt_range_type, start, stop, step);
	return r ? &r->base : NULL;
}

static int64_t range_at(const struct range *r, uint64_t i)
{
	return (int64_t)((uint64_t)r->start + i * (uint64_t)r->step);
}

static struct rt_object *range_iter(struct rt_object *self)
{
	struct range *r = (struct range *)self;
	struct range *it = range_make(&rt_range_iter_type, r->start, r->stop, r->step);

	return it ? &it->base : NULL;
}

static struct rt_object *range_next(struct rt_object *self)
{
	struct range *r = (struct range *)self;
	struct rt_object *item;

	if (r->n == 0)
		return NULL;
	item = rt_int_new(r->start);
	if (!item)
		return NULL;
	r->start = range_at(r, 1); /* unsigned: the one after the last may not exist */
	r->n--;
	return item;
}

static ssize_t range_len(struct rt_object *self)
{
	uint64_t n = ((struct range *)self)->n;

	if (n <= INT64_MAX)
		return (ssize_t)n;
	rt_raise(RT_OVERFLOW_ERROR, "range has too many items for len()");
	return -1;
}

static struct rt_object *range_getitem(struct rt_object *self, struct rt_object *key)
{
	size_t i;

	if (rt_sequence_index(self, key, ((struct range *)self)->n, &i) < 0)
		return NULL;
	return rt_int_new(range_at((struct range *)self, i));
}

static struct rt_object *range_repr(struct rt_object *self)
{
	struct range *r = (struct range *)self;

	if (r->step == 1)
		return rt_str_format("range(%" PRId64 ", %" PRId64 ")", r->start, r->stop);
	return rt_str_format("range(%" PRId64 ", %" PRId64 ", %" PRId64 ")", r->start, r->stop,
			     r->step);
}

static struct rt_object *range_construct(const struct rt_type *type, const struct rt_args *args)
{
	int64_t v[3] = { 0, 0, 1 };

	(void)type;
	if (args->n < 1 || args->n > 3 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "range() takes 1 to 3 arguments");
	for (size_t i = 0; i < args->n; i++)
		if (rt_int_value(args->v[i], &v[i]) < 0)
			return NULL;
	return args->n == 1 ? rt_range_new(0, v[0], 1) : rt_range_new(v[0], v[1], v[2]);
}

const struct rt_type rt_range_type = {
	.base = RT_STATIC_TYPE,
	.name = "range",
	.size = sizeof(struct range),
	.flags = RT_TYPE_FINAL,
	.repr = range_repr,
	.len = range_len,
	.getitem = range_getitem,
	.iter = range_iter,
	.construct = range_construct,
};

const struct rt_type rt_range_iter_type = {
	.base = RT_STATIC_TYPE,
	.name = "range_iterator",
	.size = sizeof(struct range),
	.flags = RT_TYPE_FINAL,
	.iter = rt_iter_self,
	.next = range_next,
};
