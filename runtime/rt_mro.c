/*
 * The method resolution order of a class, by C3: every class comes before what it inherits
 * from, and bases stay in the order they were given.
 *
 * Merge the orders of the bases, and the bases themselves: take the first head that is in no
 * other's tail, strike it everywhere, and again until nothing is left.
 */
#include "runtime/rt_class.h"
#include "runtime/rt_error.h"
#include "runtime/rt_list.h"
#include "runtime/rt_tuple.h"

/* The order of @type alone: a new tuple. */
static struct rt_object *order_of(const struct rt_type *type)
{
	struct rt_object *chain, *order;
	int r = 0;

	if (type->flags & RT_TYPE_CLASS)
		return rt_ref(((const struct rt_class *)type)->mro);
	chain = rt_list_new();
	for (; chain && r == 0 && type && type != &rt_object_type; type = type->parent)
		r = rt_list_append(chain, rt_type_object(type));
	if (chain && r == 0)
		r = rt_list_append(chain, rt_type_object(&rt_object_type));
	order = chain && r == 0 ? rt_tuple_from_iterable(chain) : NULL;
	rt_unref(chain);
	return order;
}

struct merge {
	struct rt_object *orders; /* list of tuples */
	size_t *struck; /* of each: how many are done */
};

static struct rt_tuple *order_at(const struct merge *m, size_t i)
{
	return (struct rt_tuple *)((struct rt_list *)m->orders)->item[i];
}

/* Whether @type is in the tail of some order. */
static bool in_a_tail(const struct merge *m, struct rt_object *type)
{
	for (size_t i = 0; i < rt_list_len(m->orders); i++)
		for (size_t j = m->struck[i] + 1; j < order_at(m, i)->n; j++)
			if (order_at(m, i)->item[j] == type)
				return true;
	return false;
}

/* The next class of the result, borrowed.  NULL at the end; *@ret_stuck if none fits. */
static struct rt_object *pick(const struct merge *m, bool *ret_stuck)
{
	struct rt_object *head;

	*ret_stuck = false;
	for (size_t i = 0; i < rt_list_len(m->orders); i++) {
		if (m->struck[i] == order_at(m, i)->n)
			continue;
		head = order_at(m, i)->item[m->struck[i]];
		if (!in_a_tail(m, head)) {
			*ret_stuck = false;
			return head;
		}
		*ret_stuck = true;
	}
	return NULL;
}

/* Append the merged orders to @result.  0 or -1. */
static int merge(struct merge *m, struct rt_object *result)
{
	struct rt_object *next;
	bool stuck;

	while ((next = pick(m, &stuck))) {
		if (rt_list_append(result, next) < 0)
			return -1;
		for (size_t i = 0; i < rt_list_len(m->orders); i++)
			if (m->struck[i] < order_at(m, i)->n &&
			    order_at(m, i)->item[m->struck[i]] == next)
				m->struck[i]++;
	}
	if (!stuck)
		return 0;
	rt_raise(RT_TYPE_ERROR, "cannot create a consistent method resolution order for bases");
	return -1;
}

/* A list of the orders of all @bases, and of the bases themselves. */
static struct rt_object *collect_orders(struct rt_object *bases)
{
	struct rt_object *orders = rt_list_new();
	int r = orders ? 0 : -1;

	for (size_t i = 0; r == 0 && i < rt_tuple_len(bases); i++)
		r = rt_list_append_stolen(orders,
					  order_of((const struct rt_type *)rt_tuple_at(bases, i)));
	if (r == 0)
		r = rt_list_append(orders, bases);
	return r == 0 ? orders : rt_unref(orders);
}

struct rt_object *rt_mro_new(struct rt_object *class, struct rt_object *bases)
{
	size_t struck[RT_MAX_PARAMETERS] = { 0 };
	struct merge m = { .struck = struck };
	struct rt_object *result = NULL, *mro = NULL;

	if (rt_tuple_len(bases) >= RT_MAX_PARAMETERS)
		return rt_raise(RT_TYPE_ERROR, "too many bases");
	m.orders = collect_orders(bases);
	if (m.orders)
		result = rt_list_of(1, rt_ref(class));
	if (result && merge(&m, result) == 0)
		mro = rt_tuple_from_iterable(result);
	rt_unref(result);
	rt_unref(m.orders);
	return mro;
}
