/* Comprehensions; see rt_comprehension.h. */
#include "runtime/rt_comprehension.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_generator.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_set.h"
#include "runtime/rt_tuple.h"

/* @function(@x), or @x itself. */
static struct rt_object *apply(struct rt_object *function, struct rt_object *x)
{
	return function && function != rt_none ? rt_call(function, 1, &x, NULL) : rt_ref(x);
}

/* The next x for which @condition holds: 1 and *@ret, 0 at the end, -1. */
static int next_accepted(struct rt_object *it, struct rt_object *condition, struct rt_object **ret)
{
	struct rt_object *answer;
	int r;

	while ((r = rt_iter_next(it, ret)) > 0) {
		if (!condition || condition == rt_none)
			return 1;
		answer = rt_call(condition, 1, ret, NULL);
		r = answer ? rt_truth(answer) : -1;
		rt_unref(answer);
		if (r > 0)
			return 1;
		rt_unref(*ret);
		if (r < 0)
			return -1;
	}
	return r;
}

/* Where elements go: into a list, a set or a dict. */
struct sink {
	struct rt_object *into;
	int (*put)(struct sink *sink, struct rt_object *x);
	struct rt_object *element, *value;
};

/* Run the loop; into @sink.into, which is NULL on error, then or before. */
static struct rt_object *run(struct sink *sink, struct rt_object *iterable,
			     struct rt_object *condition)
{
	struct rt_object *it = sink->into ? rt_iter(iterable) : NULL, *x;
	int r = it ? 0 : -1;

	while (it && (r = next_accepted(it, condition, &x)) > 0) {
		r = sink->put(sink, x);
		rt_unref(x);
		if (r < 0)
			break;
	}
	rt_unref(it);
	return r < 0 ? rt_unref(sink->into) : sink->into;
}

static int put_into_list(struct sink *sink, struct rt_object *x)
{
	return rt_list_append_stolen(sink->into, apply(sink->element, x));
}

struct rt_object *rt_list_comprehension(struct rt_object *element, struct rt_object *iterable,
					struct rt_object *condition)
{
	struct sink sink = { rt_list_new(), put_into_list, element };

	return run(&sink, iterable, condition);
}

static int put_into_set(struct sink *sink, struct rt_object *x)
{
	struct rt_object *element = apply(sink->element, x);
	int r = element ? rt_set_add(sink->into, element) : -1;

	rt_unref(element);
	return r;
}

struct rt_object *rt_set_comprehension(struct rt_object *element, struct rt_object *iterable,
				       struct rt_object *condition)
{
	struct sink sink = { rt_set_new(), put_into_set, element };

	return run(&sink, iterable, condition);
}

static int put_into_dict(struct sink *sink, struct rt_object *x)
{
	struct rt_object *key = apply(sink->element, x);
	struct rt_object *value = key ? apply(sink->value, x) : NULL;
	int r = value ? rt_dict_set(sink->into, key, value) : -1;

	rt_unref(value);
	rt_unref(key);
	return r;
}

struct rt_object *rt_dict_comprehension(struct rt_object *key, struct rt_object *value,
					struct rt_object *iterable, struct rt_object *condition)
{
	struct sink sink = { rt_dict_new(), put_into_dict, key, value };

	return run(&sink, iterable, condition);
}

/* Locals: (element, iterator, condition). */
static struct rt_object *expression_body(struct rt_generator *self)
{
	struct rt_object *locals = rt_generator_locals(self), *x, *element, *sent;
	struct rt_object *it = rt_tuple_at(locals, 1), *condition = rt_tuple_at(locals, 2);
	int r;

	while ((r = next_accepted(it, condition, &x)) > 0) {
		element = apply(rt_tuple_at(locals, 0), x);
		rt_unref(x);
		sent = rt_yield(self, element);
		if (!sent)
			return NULL;
		rt_unref(sent);
	}
	return r < 0 ? NULL : rt_none;
}

struct rt_object *rt_generator_expression(struct rt_object *element, struct rt_object *iterable,
					  struct rt_object *condition)
{
	struct rt_object *it = rt_iter(iterable), *locals, *generator = NULL;

	if (!it)
		return NULL;
	locals = rt_tuple_of(3, rt_ref(element ? element : rt_none), it,
			     rt_ref(condition ? condition : rt_none));
	if (locals)
		generator = rt_generator_new("<genexpr>", expression_body, locals);
	rt_unref(locals);
	return generator;
}
