/* Exception objects and all exception types; see rt_exception.h. */
#include "runtime/rt_exception.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"

struct rt_object *rt_exception_new(const struct rt_type *type, struct rt_object *args)
{
	struct rt_exception *e;

	if (!args)
		return NULL;
	e = rt_new(type);
	if (!e) {
		rt_unref(args);
		return NULL;
	}
	e->args = args;
	return &e->base;
}

struct rt_object *rt_exception_arg(struct rt_object *exception, size_t i)
{
	struct rt_exception *e = (struct rt_exception *)exception;

	if (!rt_is(exception, RT_BASE_EXCEPTION) || !e->args || i >= rt_tuple_len(e->args))
		return NULL;
	return rt_tuple_at(e->args, i);
}

struct rt_object *rt_exception_value(struct rt_object *exception)
{
	struct rt_object *value = rt_exception_arg(exception, 0);

	return value ? rt_ref(value) : rt_none;
}

struct rt_object *rt_exception_cause(struct rt_object *exception)
{
	if (!rt_is(exception, RT_BASE_EXCEPTION))
		return NULL;
	return ((struct rt_exception *)exception)->cause;
}

static int exception_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_exception *e = (struct rt_exception *)self;
	int r = rt_visit_one(e->attributes, visit, arg);

	if (!r)
		r = rt_visit_one(e->args, visit, arg);
	return r ? r : rt_visit_one(e->cause, visit, arg);
}

static void exception_clear(struct rt_object *self)
{
	struct rt_exception *e = (struct rt_exception *)self;

	rt_assign(&e->attributes, NULL);
	rt_assign(&e->args, NULL);
	rt_assign(&e->cause, NULL);
}

static struct rt_object *exception_repr(struct rt_object *self)
{
	struct rt_exception *e = (struct rt_exception *)self;
	size_t n = e->args ? rt_tuple_len(e->args) : 0;
	struct rt_buf buf = { 0 };

	rt_buf_printf(&buf, "%s(", self->type->name);
	for (size_t i = 0; i < n; i++) {
		rt_buf_add(&buf, i ? ", " : "");
		rt_buf_add_repr(&buf, rt_tuple_at(e->args, i));
	}
	rt_buf_add(&buf, ")");
	return rt_buf_finish(&buf);
}

/* The message: no argument: ""; one: its str(), for a key its repr(); OSError: the second. */
static struct rt_object *exception_str(struct rt_object *self)
{
	struct rt_exception *e = (struct rt_exception *)self;
	size_t n = e->args ? rt_tuple_len(e->args) : 0;

	if (n == 0)
		return rt_str_new("");
	if (n == 2 && rt_is(self, RT_OS_ERROR))
		return rt_to_str(rt_tuple_at(e->args, 1));
	if (n > 1)
		return rt_repr(e->args);
	if (rt_is(self, RT_KEY_ERROR))
		return rt_repr(rt_tuple_at(e->args, 0));
	return rt_to_str(rt_tuple_at(e->args, 0));
}

static struct rt_object *exception_construct(const struct rt_type *type, const struct rt_args *args)
{
	if (args->kwargs && !(type->flags & RT_TYPE_CLASS))
		return rt_raise(RT_TYPE_ERROR, "%s() takes no keyword arguments", type->name);
	return rt_exception_new(type, rt_tuple_from(args->n, args->v));
}

static struct rt_object *get_args(struct rt_object *self)
{
	struct rt_exception *e = (struct rt_exception *)self;

	return e->args ? rt_ref(e->args) : rt_tuple_of(0);
}

static struct rt_object *get_cause(struct rt_object *self)
{
	struct rt_exception *e = (struct rt_exception *)self;

	return e->cause ? rt_ref(e->cause) : rt_none;
}

static struct rt_object *get_value(struct rt_object *self)
{
	if (!rt_is(self, RT_STOP_ITERATION))
		return rt_raise(RT_ATTRIBUTE_ERROR, "'%s' object has no attribute 'value'",
				self->type->name);
	return rt_exception_value(self);
}

static const struct rt_getset getsets[] = {
	{ "args", get_args },
	{ "__cause__", get_cause },
	{ "value", get_value },
	{ 0 },
};

#define RT_OBJECT (&rt_object_type)
#define X(NAME, name_, PARENT) \
	const struct rt_type RT_##NAME[1] = { { \
		.base = RT_STATIC_TYPE, \
		.name = #name_, \
		.parent = RT_##PARENT, \
		.size = sizeof(struct rt_exception), \
		.flags = RT_TYPE_CONTAINER, \
		.dict_offset = offsetof(struct rt_exception, attributes), \
		.traverse = exception_traverse, \
		.clear = exception_clear, \
		.repr = exception_repr, \
		.str = exception_str, \
		.construct = exception_construct, \
		.getsets = getsets, \
	} };
RT_EXCEPTIONS(X)
#undef X
