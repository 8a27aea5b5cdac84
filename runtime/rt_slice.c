/* Slices and indexes; see rt_slice.h. */
#include "runtime/rt_slice.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "runtime/rt_type.h"

struct rt_object *rt_slice_new(struct rt_object *start, struct rt_object *stop,
			       struct rt_object *step)
{
	struct rt_slice *s = rt_new(&rt_slice_type);

	if (!s)
		return NULL;
	s->start = rt_ref(start ? start : rt_none);
	s->stop = rt_ref(stop ? stop : rt_none);
	s->step = rt_ref(step ? step : rt_none);
	return &s->base;
}

struct rt_object *rt_getslice(struct rt_object *o, int64_t start, int64_t stop)
{
	struct rt_object *from = rt_int_new(start), *to = rt_int_new(stop);
	struct rt_object *slice = from && to ? rt_slice_new(from, to, NULL) : NULL;
	struct rt_object *part = slice ? rt_getitem(o, slice) : NULL;

	rt_unref(slice);
	rt_unref(to);
	rt_unref(from);
	return part;
}

/* The value of a bound: @otherwise if None; negative ones from the end; kept in lowest..highest. */
static int bound(struct rt_object *o, ssize_t len, ssize_t otherwise, ssize_t lowest,
		 ssize_t highest, ssize_t *ret_bound)
{
	int64_t v;

	if (o == rt_none) {
		*ret_bound = otherwise;
		return 0;
	}
	if (!rt_is(o, &rt_int_type)) {
		rt_raise(RT_TYPE_ERROR, "slice indices must be integers or None, not '%s'",
			 o->type->name);
		return -1;
	}
	v = ((struct rt_int *)o)->v;
	if (v < 0)
		v += len;
	*ret_bound = v < lowest ? lowest : v > highest ? highest : (ssize_t)v;
	return 0;
}

int rt_slice_resolve(struct rt_object *slice, size_t len, struct rt_slice_range *ret_range)
{
	struct rt_slice *s = (struct rt_slice *)slice;
	ssize_t start, stop, step, n = (ssize_t)len;

	if (!rt_expect(slice, &rt_slice_type) ||
	    bound(s->step, 0, 1, -INT64_MAX, INT64_MAX, &step) < 0)
		return -1;
	if (step == 0) {
		rt_raise(RT_VALUE_ERROR, "slice step cannot be zero");
		return -1;
	}
	if (step > 0) {
		if (bound(s->start, n, 0, 0, n, &start) < 0 ||
		    bound(s->stop, n, n, 0, n, &stop) < 0)
			return -1;
		ret_range->count = start < stop ? (size_t)((stop - start - 1) / step) + 1 : 0;
	} else {
		if (bound(s->start, n, n - 1, -1, n - 1, &start) < 0 ||
		    bound(s->stop, n, -1, -1, n - 1, &stop) < 0)
			return -1;
		ret_range->count = stop < start ? (size_t)((start - stop - 1) / -step) + 1 : 0;
	}
	ret_range->start = start;
	ret_range->step = step;
	return 0;
}

int rt_sequence_index(const struct rt_object *self, struct rt_object *key, size_t len,
		      size_t *ret_index)
{
	int64_t v;

	if (!rt_is(key, &rt_int_type)) {
		rt_raise(RT_TYPE_ERROR, "%s indices must be integers or slices, not '%s'",
			 self->type->name, key ? key->type->name : "NULL");
		return -1;
	}
	v = ((struct rt_int *)key)->v;
	if (v < 0)
		v += (int64_t)len;
	if (v < 0 || v >= (int64_t)len) {
		rt_raise(RT_INDEX_ERROR, "%s index out of range", self->type->name);
		return -1;
	}
	*ret_index = (size_t)v;
	return 0;
}

static int slice_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_slice *s = (struct rt_slice *)self;
	int r = rt_visit_one(s->start, visit, arg);

	if (!r)
		r = rt_visit_one(s->stop, visit, arg);
	return r ? r : rt_visit_one(s->step, visit, arg);
}

static void slice_clear(struct rt_object *self)
{
	struct rt_slice *s = (struct rt_slice *)self;

	rt_assign(&s->start, rt_none);
	rt_assign(&s->stop, rt_none);
	rt_assign(&s->step, rt_none);
}

static struct rt_object *slice_repr(struct rt_object *self)
{
	struct rt_slice *s = (struct rt_slice *)self;
	struct rt_buf buf = { 0 };

	rt_buf_add(&buf, "slice(");
	rt_buf_add_repr(&buf, s->start);
	rt_buf_add(&buf, ", ");
	rt_buf_add_repr(&buf, s->stop);
	rt_buf_add(&buf, ", ");
	rt_buf_add_repr(&buf, s->step);
	rt_buf_add(&buf, ")");
	return rt_buf_finish(&buf);
}

const struct rt_type rt_slice_type = {
	.base = RT_STATIC_TYPE,
	.name = "slice",
	.size = sizeof(struct rt_slice),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = slice_traverse,
	.clear = slice_clear,
	.repr = slice_repr,
};
