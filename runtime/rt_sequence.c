/* What list and tuple have in common; see rt_sequence.h. */
#include "runtime/rt_sequence.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_tuple.h"

/* Item @i, new, or NULL without an error at the end: comparing may change a list. */
static struct rt_object *item_at(struct rt_object *o, size_t i)
{
	struct rt_list *l = (struct rt_list *)o;
	struct rt_tuple *t = (struct rt_tuple *)o;

	if (rt_is(o, &rt_list_type))
		return i < l->n ? rt_ref(l->item[i]) : NULL;
	return i < t->n ? rt_ref(t->item[i]) : NULL;
}

/* How lengths compare where one sequence begins with the other. */
static struct rt_object *by_length(bool more_a, bool more_b, enum rt_cmp op)
{
	switch (op) {
	case RT_LT:
		return rt_bool(!more_a && more_b);
	case RT_LE:
		return rt_bool(!more_a);
	case RT_EQ:
		return rt_bool(!more_a && !more_b);
	case RT_NE:
		return rt_bool(more_a || more_b);
	case RT_GT:
		return rt_bool(more_a && !more_b);
	case RT_GE:
		return rt_bool(!more_b);
	}
	return rt_bool(false);
}

struct rt_object *rt_sequence_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	struct rt_object *x, *y, *result = NULL;
	bool more_a, more_b;
	int equal = 1;

	if ((op == RT_EQ || op == RT_NE) && rt_len(a) != rt_len(b))
		return rt_bool(op == RT_NE);
	for (size_t i = 0;; i++) {
		x = item_at(a, i);
		y = item_at(b, i);
		more_a = x;
		more_b = y;
		if (x && y)
			equal = rt_equal(x, y);
		if (x && y && equal == 0)
			result = op == RT_EQ || op == RT_NE ? rt_bool(op == RT_NE)
							    : rt_compare(x, y, op);
		rt_unref(x);
		rt_unref(y);
		if (equal < 1)
			return result; /* or NULL */
		if (!more_a || !more_b)
			return by_length(more_a, more_b, op);
	}
}

struct rt_object *rt_sequence_count(const struct rt_args *args)
{
	struct rt_object *item;
	int64_t n = 0;
	int equal;

	for (size_t i = 0; (item = item_at(args->v[0], i)); i++) {
		equal = rt_equal(item, args->v[1]);
		rt_unref(item);
		if (equal < 0)
			return NULL;
		n += equal;
	}
	return rt_int_new(n);
}

struct rt_object *rt_sequence_find(const struct rt_args *args)
{
	struct rt_object *item;
	int equal;

	for (size_t i = 0; (item = item_at(args->v[0], i)); i++) {
		equal = rt_equal(item, args->v[1]);
		rt_unref(item);
		if (equal)
			return equal < 0 ? NULL : rt_int_new((int64_t)i);
	}
	return rt_raise(RT_VALUE_ERROR, "value is not in %s", args->v[0]->type->name);
}
