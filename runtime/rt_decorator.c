/* Decorators; see rt_decorator.h. */
#include "runtime/rt_decorator.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_module.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"

/* Copy the attribute @name if there is one.  0 or -1. */
static int copy_attribute(struct rt_object *to, struct rt_object *from, const char *name)
{
	struct rt_object *value = rt_getattr(from, name);
	int r;

	if (!value)
		return rt_error_catch(RT_ATTRIBUTE_ERROR) ? 0 : -1;
	r = rt_setattr(to, name, value);
	rt_unref(value);
	return r;
}

static int copy_dict(struct rt_object *to, struct rt_object *from)
{
	struct rt_object *theirs = rt_getattr(from, "__dict__"), *ours;
	int r;

	if (!theirs)
		return rt_error_catch(RT_ATTRIBUTE_ERROR) ? 0 : -1;
	ours = rt_getattr(to, "__dict__");
	r = ours ? rt_dict_update(ours, theirs) : -1;
	rt_unref(ours);
	rt_unref(theirs);
	return r;
}

struct rt_object *rt_wraps(struct rt_object *wrapper, struct rt_object *wrapped)
{
	if (copy_attribute(wrapper, wrapped, "__name__") < 0 ||
	    copy_attribute(wrapper, wrapped, "__doc__") < 0 || copy_dict(wrapper, wrapped) < 0 ||
	    rt_setattr(wrapper, "__wrapped__", wrapped) < 0)
		return NULL;
	return rt_ref(wrapper);
}

struct rt_object *rt_decorate(struct rt_object *function, size_t n,
			      struct rt_object *const *decorators)
{
	struct rt_object *f = rt_ref(function);

	while (f && n > 0)
		f = rt_call_of(decorators[--n], 1, f);
	return f;
}

/* A closure of @spec over @cells that takes the place of @function (stolen results). */
static struct rt_object *make_wrapper(const struct rt_function_spec *spec,
				      struct rt_object *function, size_t n,
				      struct rt_object *const *values)
{
	struct rt_object *f = rt_closure_new(spec, n, values), *wrapper;

	wrapper = f ? rt_wraps(f, function) : NULL;
	rt_unref(f);
	return wrapper;
}

/* Call @function @times times with @args; the last result, None if there was none. */
static struct rt_object *call_times(struct rt_object *function, int64_t times,
				    const struct rt_args *args)
{
	struct rt_object *result = rt_none;

	for (; result && times > 0; times--) {
		rt_unref(result);
		result = rt_call(function, args->n, args->v, args->kwargs);
	}
	return result;
}

/* twice.wrapper: cell 0 is the function. */
static struct rt_object *twice_wrapper(const struct rt_args *args)
{
	struct rt_object *f = rt_args_free_variable(args, 0);
	struct rt_object *result = f ? call_times(f, 2, args) : NULL;

	rt_unref(f);
	return result;
}

static struct rt_object *twice(const struct rt_args *args)
{
	static const struct rt_function_spec wrapper = { "wrapper", twice_wrapper,
							 "*args, **kwargs" };

	return make_wrapper(&wrapper, args->v[0], 1, args->v);
}

/* repeat.decorator.wrapper: cell 0 is the function, 1 how often. */
static struct rt_object *repeat_wrapper(const struct rt_args *args)
{
	struct rt_object *f = rt_args_free_variable(args, 0);
	struct rt_object *times = f ? rt_args_free_variable(args, 1) : NULL, *result = NULL;
	int64_t n;

	if (times && rt_int_value(times, &n) == 0)
		result = call_times(f, n, args);
	rt_unref(times);
	rt_unref(f);
	return result;
}

/* tag.decorator.wrapper: cell 0 is the function, 1 the name of the tag. */
static struct rt_object *tag_wrapper(const struct rt_args *args)
{
	struct rt_object *f = rt_args_free_variable(args, 0);
	struct rt_object *name = f ? rt_args_free_variable(args, 1) : NULL, *text = NULL;
	struct rt_object *inner = name ? rt_call(f, args->n, args->v, args->kwargs) : NULL;

	if (rt_is(inner, &rt_str_type) && rt_is(name, &rt_str_type))
		text = rt_str_format("<%s>%s</%s>", rt_str_chars(name), rt_str_chars(inner),
				     rt_str_chars(name));
	else if (inner)
		rt_raise(RT_TYPE_ERROR, "tag() decorates functions that return str");
	rt_unref(inner);
	rt_unref(name);
	rt_unref(f);
	return text;
}

/* Any decorator with an argument of its own: cell 0 is that argument. */
static struct rt_object *decorate_with(const struct rt_function_spec *wrapper,
				       const struct rt_args *args)
{
	struct rt_object *own = rt_args_free_variable(args, 0), *result;

	if (!own)
		return NULL;
	result = make_wrapper(wrapper, args->v[0], 2, (struct rt_object *[]) { args->v[0], own });
	rt_unref(own);
	return result;
}

static struct rt_object *repeat_decorator(const struct rt_args *args)
{
	static const struct rt_function_spec wrapper = { "wrapper", repeat_wrapper,
							 "*args, **kwargs" };

	return decorate_with(&wrapper, args);
}

static struct rt_object *repeat(const struct rt_args *args)
{
	static const struct rt_function_spec decorator = { "decorator", repeat_decorator,
							   "function" };

	return rt_closure_new(&decorator, 1, args->v);
}

static struct rt_object *tag_decorator(const struct rt_args *args)
{
	static const struct rt_function_spec wrapper = { "wrapper", tag_wrapper,
							 "*args, **kwargs" };

	return decorate_with(&wrapper, args);
}

static struct rt_object *tag(const struct rt_args *args)
{
	static const struct rt_function_spec decorator = { "decorator", tag_decorator, "function" };

	return rt_closure_new(&decorator, 1, args->v);
}

static struct rt_object *wraps(const struct rt_args *args)
{
	return rt_wraps(args->v[0], args->v[1]);
}

/* CountCalls(f): self.calls = 0, and the metadata of f. */
static struct rt_object *count_init(const struct rt_args *args)
{
	struct rt_object *self = args->v[0];

	if (rt_setattr(self, "calls", rt_int_new(0)) < 0)
		return NULL;
	return rt_none_for(rt_wraps(self, args->v[1]));
}

static struct rt_object *count_call(const struct rt_args *args)
{
	struct rt_object *self = args->v[0], *calls = rt_getattr(self, "calls"), *one, *f, *result;
	int r;

	one = calls ? rt_add(calls, rt_int_new(1)) : NULL;
	r = one ? rt_setattr(self, "calls", one) : -1;
	rt_unref(one);
	rt_unref(calls);
	f = r < 0 ? NULL : rt_getattr(self, "__wrapped__");
	result = f ? rt_call(f, args->n - 1, args->v + 1, args->kwargs) : NULL;
	rt_unref(f);
	return result;
}

static const struct rt_function_spec count_methods[] = {
	{ "__init__", count_init, "self, function" },
	{ "__call__", count_call, "self, *args, **kwargs" },
	{ 0 },
};

static const struct rt_function_spec functions[] = {
	{ "twice", twice, "function", "Call two times." },
	{ "repeat", repeat, "n", "A decorator: call n times." },
	{ "tag", tag, "name", "A decorator: put the result between tags." },
	{ "wraps", wraps, "wrapper, wrapped", "Give wrapper the metadata of wrapped." },
	{ 0 },
};

struct rt_object *rt_decorators_module(void)
{
	struct rt_object *module = rt_module_new("decorators", functions), *class;
	int r;

	if (!module)
		return NULL;
	class = rt_class_from_methods("CountCalls", NULL, count_methods);
	r = class ? rt_setattr(module, "CountCalls", class) : -1;
	rt_unref(class);
	return r < 0 ? rt_unref(module) : module;
}
