/* Text, hash, truth, comparison, items and iteration of any object; see rt_abstract.h. */
#include "runtime/rt_abstract.h"

#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_str.h"

static __thread struct rt_repr_frame *repr_frames;

int rt_repr_enter(struct rt_repr_frame *frame, const struct rt_object *o)
{
	for (struct rt_repr_frame *f = repr_frames; f; f = f->outer)
		if (f->o == o)
			return 1;
	frame->o = o;
	frame->outer = repr_frames;
	repr_frames = frame;
	return 0;
}

void rt_repr_leave(struct rt_repr_frame *frame)
{
	repr_frames = frame->outer;
}

/* What a text slot returned: it must be a str. */
static struct rt_object *text_of(struct rt_object *o, struct rt_object *(*slot)(struct rt_object *))
{
	struct rt_object *s, *wrong;

	if (rt_enter("in repr() or str()") < 0)
		return NULL;
	s = slot(o);
	rt_leave();
	if (!s || rt_is(s, &rt_str_type))
		return s;
	wrong = s;
	s = rt_raise(RT_TYPE_ERROR, "__repr__ or __str__ returned '%s', not str",
		     wrong->type->name);
	rt_unref(wrong);
	return s;
}

struct rt_object *rt_repr(struct rt_object *o)
{
	if (!o)
		return rt_str_new("<NULL>");
	if (!o->type->repr)
		return rt_str_format("<%s object at %p>", o->type->name, (void *)o);
	return text_of(o, o->type->repr);
}

struct rt_object *rt_to_str(struct rt_object *o)
{
	return o && o->type->str ? text_of(o, o->type->str) : rt_repr(o);
}

int rt_hash(struct rt_object *o, uint64_t *ret_hash)
{
	int r;

	if (!rt_expect(o, &rt_object_type))
		return -1;
	if (o->type->hash && !(o->type->flags & RT_TYPE_CONTAINER))
		return o->type->hash(o, ret_hash);
	if (o->type->hash) {
		if (rt_enter("in hash()") < 0)
			return -1;
		r = o->type->hash(o, ret_hash);
		rt_leave();
		return r;
	}
	if (o->type->compare) {
		rt_raise(RT_TYPE_ERROR, "unhashable type: '%s'", o->type->name);
		return -1;
	}
	*ret_hash = (uint64_t)rt_id(o) >> 4; /* the lowest bits are always 0 */
	return 0;
}

int rt_truth(struct rt_object *o)
{
	ssize_t n;

	if (!rt_expect(o, &rt_object_type))
		return -1;
	if (o->type->truth)
		return o->type->truth(o);
	if (!o->type->len)
		return 1;
	n = o->type->len(o);
	return n < 0 ? -1 : n > 0;
}

static const struct {
	const char *symbol;
	enum rt_cmp swapped;
} comparisons[] = {
#define X(NAME, symbol, special, swapped) [RT_##NAME] = { symbol, RT_##swapped },
	RT_COMPARISONS(X)
#undef X
};

const char *rt_cmp_symbol(enum rt_cmp op)
{
	return comparisons[op].symbol;
}

/* Ask both sides; rt_not_implemented if neither knows. */
static struct rt_object *ask_both(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	struct rt_object *r = rt_not_implemented;
	enum rt_cmp swapped = comparisons[op].swapped;
	bool b_first = a->type != b->type && rt_type_inherits(b->type, a->type) && b->type->compare;

	if (b_first)
		r = b->type->compare(b, a, swapped);
	if (r == rt_not_implemented && a->type->compare)
		r = a->type->compare(a, b, op);
	if (r == rt_not_implemented && !b_first && b->type->compare)
		r = b->type->compare(b, a, swapped);
	return r;
}

struct rt_object *rt_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	struct rt_object *r;

	if (!rt_expect(a, &rt_object_type) || !rt_expect(b, &rt_object_type) ||
	    rt_enter("in comparison") < 0)
		return NULL;
	r = ask_both(a, b, op);
	rt_leave();
	if (r != rt_not_implemented)
		return r;
	if (op == RT_EQ || op == RT_NE)
		return rt_bool((a == b) == (op == RT_EQ));
	return rt_raise(RT_TYPE_ERROR, "'%s' not supported between instances of '%s' and '%s'",
			rt_cmp_symbol(op), a->type->name, b->type->name);
}

int rt_compare_truth(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	struct rt_object *answer;
	int r;

	if (a == b && a && (op == RT_EQ || op == RT_NE))
		return op == RT_EQ;
	answer = rt_compare(a, b, op);
	r = answer ? rt_truth(answer) : -1;
	rt_unref(answer);
	return r;
}

int rt_equal(struct rt_object *a, struct rt_object *b)
{
	return rt_compare_truth(a, b, RT_EQ);
}

ssize_t rt_len(struct rt_object *o)
{
	if (!rt_expect(o, &rt_object_type))
		return -1;
	if (o->type->len)
		return o->type->len(o);
	rt_raise(RT_TYPE_ERROR, "object of type '%s' has no len()", o->type->name);
	return -1;
}

struct rt_object *rt_getitem(struct rt_object *o, struct rt_object *key)
{
	if (!rt_expect(o, &rt_object_type) || !rt_expect(key, &rt_object_type))
		return NULL;
	if (!o->type->getitem)
		return rt_raise(RT_TYPE_ERROR, "'%s' object is not subscriptable", o->type->name);
	return o->type->getitem(o, key);
}

int rt_setitem(struct rt_object *o, struct rt_object *key, struct rt_object *value)
{
	if (!rt_expect(o, &rt_object_type) || !rt_expect(key, &rt_object_type) ||
	    !rt_expect(value, &rt_object_type))
		return -1;
	if (o->type->setitem)
		return o->type->setitem(o, key, value);
	rt_raise(RT_TYPE_ERROR, "'%s' object does not support item assignment", o->type->name);
	return -1;
}

int rt_delitem(struct rt_object *o, struct rt_object *key)
{
	if (!rt_expect(o, &rt_object_type) || !rt_expect(key, &rt_object_type))
		return -1;
	if (o->type->setitem)
		return o->type->setitem(o, key, NULL);
	rt_raise(RT_TYPE_ERROR, "'%s' object does not support item deletion", o->type->name);
	return -1;
}

int rt_contains(struct rt_object *o, struct rt_object *item)
{
	struct rt_object *it, *one;
	int r;

	if (!rt_expect(o, &rt_object_type) || !rt_expect(item, &rt_object_type))
		return -1;
	if (o->type->contains)
		return o->type->contains(o, item);
	it = rt_iter(o);
	if (!it)
		return -1;
	while ((r = rt_iter_next(it, &one)) > 0) {
		r = rt_equal(one, item);
		rt_unref(one);
		if (r)
			break;
	}
	rt_unref(it);
	return r;
}

struct rt_object *rt_iter(struct rt_object *o)
{
	struct rt_object *it;

	if (!rt_expect(o, &rt_object_type))
		return NULL;
	if (!o->type->iter)
		return rt_raise(RT_TYPE_ERROR, "'%s' object is not iterable", o->type->name);
	it = o->type->iter(o);
	if (it && !it->type->next) {
		rt_raise(RT_TYPE_ERROR, "iter() returned non-iterator of type '%s'",
			 it->type->name);
		it = rt_unref(it);
	}
	return it;
}

struct rt_object *rt_next(struct rt_object *iterator)
{
	struct rt_object *item;

	if (!rt_expect(iterator, &rt_object_type))
		return NULL;
	if (!iterator->type->next)
		return rt_raise(RT_TYPE_ERROR, "'%s' object is not an iterator",
				iterator->type->name);
	item = iterator->type->next(iterator);
	if (!item && !rt_error_pending())
		rt_raise_object(rt_type_object(RT_STOP_ITERATION));
	return item;
}

int rt_iter_next(struct rt_object *iterator, struct rt_object **ret_item)
{
	if (!rt_expect(iterator, &rt_object_type))
		return -1;
	if (!iterator->type->next) {
		rt_raise(RT_TYPE_ERROR, "'%s' object is not an iterator", iterator->type->name);
		return -1;
	}
	*ret_item = iterator->type->next(iterator);
	if (*ret_item)
		return 1;
	return !rt_error_pending() || rt_error_catch(RT_STOP_ITERATION) ? 0 : -1;
}
