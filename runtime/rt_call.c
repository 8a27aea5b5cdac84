/* Calling: rt_call() and its conveniences; see rt_abstract.h. */
#include <stdarg.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_hooks.h"

#define MAX_ARGS 16 /* of rt_call_of() and rt_call_method() */

/* A result must come without an error pending, and NULL with one. */
static struct rt_object *checked(struct rt_object *o, struct rt_object *result)
{
	if (!result && !rt_error_pending())
		return rt_raise(RT_SYSTEM_ERROR, "'%s' object returned NULL without an error",
				o->type->name);
	if (result && rt_error_pending()) {
		rt_unref(result);
		return rt_raise_from(RT_SYSTEM_ERROR, "'%s' object returned a result with an error",
				     o->type->name);
	}
	return result;
}

struct rt_object *rt_call(struct rt_object *o, size_t n, struct rt_object *const *args,
			  struct rt_object *kwargs)
{
	struct rt_args all = { .callee = o, .n = n, .v = args, .kwargs = kwargs };
	struct rt_object *result;

	if (!rt_expect(o, &rt_object_type))
		return NULL;
	if (!o->type->call)
		return rt_raise(RT_TYPE_ERROR, "'%s' object is not callable", o->type->name);
	if (rt_enter("in a call") < 0)
		return NULL;
	rt_hook_checkpoint();
	result = checked(o, o->type->call(o, &all));
	rt_leave();
	return result;
}

/* Collect @n stolen arguments.  0; -1: one is NULL, or there are too many; all are dropped. */
static int collect(struct rt_object **args, size_t n, va_list ap)
{
	struct rt_object *one;
	bool complete = true;

	for (size_t i = 0; i < n; i++) {
		one = va_arg(ap, struct rt_object *);
		complete &= one != NULL;
		if (i < MAX_ARGS)
			args[i] = one;
		else
			rt_unref(one);
	}
	if (complete && n <= MAX_ARGS)
		return 0;
	for (size_t i = 0; i < n && i < MAX_ARGS; i++)
		rt_unref(args[i]);
	if (!rt_error_pending())
		rt_raise(RT_SYSTEM_ERROR, "NULL among the arguments, or more than %d", MAX_ARGS);
	return -1;
}

static struct rt_object *call_and_drop(struct rt_object *o, struct rt_object **args, size_t n)
{
	struct rt_object *result = rt_call(o, n, args, NULL);

	for (size_t i = 0; i < n; i++)
		rt_unref(args[i]);
	return result;
}

struct rt_object *rt_call_of(struct rt_object *o, size_t n, ...)
{
	struct rt_object *args[MAX_ARGS];
	va_list ap;
	int r;

	va_start(ap, n);
	r = collect(args, n, ap);
	va_end(ap);
	return r < 0 ? NULL : call_and_drop(o, args, n);
}

struct rt_object *rt_call_method(struct rt_object *o, const char *name, size_t n, ...)
{
	struct rt_object *args[MAX_ARGS], *method, *result;
	va_list ap;
	int r;

	va_start(ap, n);
	r = collect(args, n, ap);
	va_end(ap);
	if (r < 0)
		return NULL;
	method = rt_getattr(o, name);
	result = call_and_drop(method, args, n); /* passes a NULL method's error on */
	rt_unref(method);
	return result;
}

bool rt_callable(struct rt_object *o)
{
	struct rt_object *found;
	int r;

	if (!o || !o->type->call)
		return false;
	if (!(o->type->flags & RT_TYPE_CLASS))
		return true;
	r = rt_type_lookup(o->type, "__call__", &found);
	if (r > 0)
		rt_unref(found);
	return r > 0;
}
