/*
 * Sorting: a stable merge sort over (key, item) pairs.
 *
 * While it runs the list is empty: comparisons may run any code, which then sees no half
 * sorted list, and what it adds is noticed.
 */
#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_list.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"

struct pair {
	struct rt_object *key; /* new; the item itself without a key function */
	struct rt_object *item;
};

/* Whether @b must come before @a: 1, 0, or -1. */
static int before(const struct pair *b, const struct pair *a, bool reverse)
{
	return reverse ? rt_compare_truth(a->key, b->key, RT_LT)
		       : rt_compare_truth(b->key, a->key, RT_LT);
}

/*
 * Merge the sorted halves from[0..mid) and from[mid..n) into @to.  After an error (@result is
 * -1, or becomes it) the rest is only moved: no item may get lost.
 */
static int merge(const struct pair *from, size_t mid, size_t n, struct pair *to, bool reverse,
		 int result)
{
	size_t a = 0, b = mid;
	int r;

	for (size_t i = 0; i < n; i++) {
		r = 0;
		if (a < mid && b < n && result == 0)
			r = before(&from[b], &from[a], reverse);
		if (r < 0)
			result = -1;
		to[i] = a == mid || r > 0 ? from[b++] : from[a++];
	}
	return result;
}

/* Sort @n pairs with as many of scratch space. */
static int sort(struct pair *pairs, size_t n, struct pair *scratch, bool reverse)
{
	struct pair *from = pairs, *to = scratch, *swap;
	size_t mid, end;
	int result = 0;

	for (size_t width = 1; width < n && result == 0; width *= 2) {
		for (size_t at = 0; at < n; at += 2 * width) {
			end = n - at < 2 * width ? n - at : 2 * width;
			mid = end < width ? end : width;
			result = merge(from + at, mid, end, to + at, reverse, result);
		}
		swap = from;
		from = to;
		to = swap;
	}
	for (size_t i = 0; from != pairs && i < n; i++)
		pairs[i] = from[i];
	return result;
}

/* The keys of @pairs.  0; -1: some are NULL. */
static int make_keys(struct pair *pairs, size_t n, struct rt_object *key)
{
	bool own = !key || key == rt_none;

	for (size_t i = 0; i < n; i++) {
		pairs[i].key = own ? rt_ref(pairs[i].item) : rt_call(key, 1, &pairs[i].item, NULL);
		if (!pairs[i].key)
			return -1;
	}
	return 0;
}

/* Put the items back into @l, which was emptied; what was added meanwhile goes. */
static int put_back(struct rt_list *l, struct rt_list *items)
{
	struct rt_list added = *l;
	int result = 0;

	l->item = items->item;
	l->n = items->n;
	l->capacity = items->capacity;
	if (added.n) {
		rt_raise(RT_VALUE_ERROR, "list modified during sort");
		result = -1;
	}
	while (added.n > 0)
		rt_unref(added.item[--added.n]);
	rt_mem_free(added.item);
	return result;
}

int rt_list_sort(struct rt_object *list, struct rt_object *key, bool reverse)
{
	struct rt_list *l = (struct rt_list *)list, items;
	struct pair *pairs;
	int result;

	if (!rt_expect(list, &rt_list_type))
		return -1;
	if (l->n > SIZE_MAX / 4 / sizeof(*pairs)) {
		rt_raise_no_memory();
		return -1;
	}
	pairs = rt_mem_zalloc((2 * l->n + 1) * sizeof(*pairs));
	if (!pairs)
		return -1;
	items = *l;
	l->item = NULL;
	l->n = l->capacity = 0;

	for (size_t i = 0; i < items.n; i++)
		pairs[i].item = items.item[i];
	result = make_keys(pairs, items.n, key);
	if (result == 0)
		result = sort(pairs, items.n, pairs + items.n, reverse);
	for (size_t i = 0; i < items.n; i++) {
		items.item[i] = pairs[i].item;
		rt_unref(pairs[i].key);
	}
	rt_mem_free(pairs);
	if (put_back(l, &items) < 0)
		result = -1;
	return result;
}
