/* The lazy iterators map, filter, enumerate and zip; see rt_iter.h. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_none.h"
#include "runtime/rt_tuple.h"

/* All of them: one or two iterators, a function or a number. */
struct lazy {
	struct rt_object base;
	struct rt_object *source;
	struct rt_object *other; /* function, second iterator, or NULL */
	int64_t next; /* number for enumerate */
};

/* A lazy iterator over @iterable, with @other (may be NULL). */
static struct lazy *lazy_new(const struct rt_type *type, struct rt_object *iterable,
			     struct rt_object *other)
{
	struct rt_object *source = rt_iter(iterable);
	struct lazy *z = source ? rt_new(type) : NULL;

	if (!z) {
		rt_unref(source);
		return NULL;
	}
	z->source = source;
	z->other = rt_ref(other);
	return z;
}

static int lazy_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct lazy *z = (struct lazy *)self;
	int r = rt_visit_one(z->source, visit, arg);

	return r ? r : rt_visit_one(z->other, visit, arg);
}

static void lazy_clear(struct rt_object *self)
{
	rt_assign(&((struct lazy *)self)->source, NULL);
	rt_assign(&((struct lazy *)self)->other, NULL);
}

/* The next item of @it (NULL: cleared): new; NULL at the end or on error. */
static struct rt_object *next_of(struct rt_object *it)
{
	struct rt_object *item;

	return it && rt_iter_next(it, &item) > 0 ? item : NULL;
}

struct rt_object *rt_map_new(struct rt_object *function, struct rt_object *iterable)
{
	struct lazy *z = lazy_new(&rt_map_type, iterable, function);

	return z ? &z->base : NULL;
}

static struct rt_object *map_next(struct rt_object *self)
{
	struct lazy *z = (struct lazy *)self;
	struct rt_object *item = next_of(z->source), *result;

	if (!item)
		return NULL;
	result = rt_call(z->other, 1, &item, NULL);
	rt_unref(item);
	return result;
}

struct rt_object *rt_filter_new(struct rt_object *function, struct rt_object *iterable)
{
	struct lazy *z = lazy_new(&rt_filter_type, iterable, function);

	return z ? &z->base : NULL;
}

/* Whether @function accepts @item; -1. */
static int accepts(struct rt_object *function, struct rt_object *item)
{
	struct rt_object *answer;
	int r;

	if (!function || function == rt_none)
		return rt_truth(item);
	answer = rt_call(function, 1, &item, NULL);
	r = answer ? rt_truth(answer) : -1;
	rt_unref(answer);
	return r;
}

static struct rt_object *filter_next(struct rt_object *self)
{
	struct lazy *z = (struct lazy *)self;
	struct rt_object *item;
	int r;

	while ((item = next_of(z->source))) {
		r = accepts(z->other, item);
		if (r > 0)
			return item;
		rt_unref(item);
		if (r < 0)
			return NULL;
	}
	return NULL;
}

struct rt_object *rt_enumerate_new(struct rt_object *iterable, int64_t start)
{
	struct lazy *z = lazy_new(&rt_enumerate_type, iterable, NULL);

	if (!z)
		return NULL;
	z->next = start;
	return &z->base;
}

static struct rt_object *enumerate_next(struct rt_object *self)
{
	struct lazy *z = (struct lazy *)self;
	struct rt_object *item = next_of(z->source);

	return item ? rt_tuple_of(2, rt_int_new(z->next++), item) : NULL;
}

struct rt_object *rt_zip_new(struct rt_object *a, struct rt_object *b)
{
	struct rt_object *second = rt_iter(b);
	struct lazy *z = second ? lazy_new(&rt_zip_type, a, second) : NULL;

	rt_unref(second);
	return z ? &z->base : NULL;
}

static struct rt_object *zip_next(struct rt_object *self)
{
	struct lazy *z = (struct lazy *)self;
	struct rt_object *a = next_of(z->source), *b;

	if (!a)
		return NULL;
	b = next_of(z->other);
	if (b)
		return rt_tuple_of(2, a, b);
	return rt_unref(a);
}

#define LAZY_TYPE(name_, next_) \
	{ \
		.base = RT_STATIC_TYPE, .name = name_, .size = sizeof(struct lazy), \
		.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL, .traverse = lazy_traverse, \
		.clear = lazy_clear, .iter = rt_iter_self, .next = next_ \
	}

const struct rt_type rt_map_type = LAZY_TYPE("map", map_next);
const struct rt_type rt_filter_type = LAZY_TYPE("filter", filter_next);
const struct rt_type rt_enumerate_type = LAZY_TYPE("enumerate", enumerate_next);
const struct rt_type rt_zip_type = LAZY_TYPE("zip", zip_next);
