/* Generators; see rt_generator.h. */
#include "runtime/rt_generator.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_coro.h"
#include "runtime/rt_error.h"
#include "runtime/rt_exception.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

enum state {
	CREATED,
	RUNNING,
	SUSPENDED,
	DONE,
};

struct rt_generator {
	struct rt_object base;
	const char *name;
	rt_generator_body body;
	struct rt_object *locals; /* or NULL */
	struct rt_coro *coro; /* from the first resume until DONE */
	enum state state;
	struct rt_weakref *weak;
};

struct rt_object *rt_generator_new(const char *name, rt_generator_body body,
				   struct rt_object *locals)
{
	struct rt_generator *g = rt_new(&rt_generator_type);

	if (!g)
		return NULL;
	g->name = name;
	g->body = body;
	g->locals = rt_ref(locals);
	return &g->base;
}

struct rt_object *rt_generator_locals(const struct rt_generator *self)
{
	return self->locals;
}

struct rt_object *rt_yield(struct rt_generator *self, struct rt_object *value)
{
	return value ? rt_coro_yield(self->coro, value) : NULL;
}

int rt_yield_from(struct rt_generator *self, struct rt_object *iterable)
{
	struct rt_object *it = rt_iter(iterable), *item, *sent;
	int r;

	if (!it)
		return -1;
	while ((r = rt_iter_next(it, &item)) > 0) {
		sent = rt_yield(self, item);
		if (!sent) {
			r = -1;
			break;
		}
		rt_unref(sent);
	}
	rt_unref(it);
	return r;
}

/* The first function on the generator's stack. */
static struct rt_object *enter_body(struct rt_coro *coro, void *arg)
{
	struct rt_generator *g = arg;

	(void)coro;
	return g->body(g);
}

/* It returned @value (stolen) or, NULL, raised: from now on it is DONE. */
static struct rt_object *finish(struct rt_generator *g, struct rt_object *value)
{
	struct rt_object *locals = g->locals;

	g->state = DONE;
	rt_coro_free(g->coro);
	g->coro = NULL;
	g->locals = NULL;
	rt_unref(locals);
	if (value && value != rt_none)
		rt_raise_value(RT_STOP_ITERATION, value);
	else if (!value &&
		 rt_error_is(RT_STOP_ITERATION)) /* its caller would take it for the end */
		rt_raise_from(RT_RUNTIME_ERROR, "generator raised StopIteration");
	return rt_unref(value);
}

/*
 * Resume with @value (stolen), or NULL to throw the pending error in.
 * Return: the next value; NULL at the end, with no error or StopIteration, or on error.
 */
static struct rt_object *resume(struct rt_generator *g, struct rt_object *value)
{
	struct rt_object *result;

	if (g->state == RUNNING) {
		rt_unref(value);
		return rt_raise(RT_VALUE_ERROR, "generator already executing");
	}
	if (g->state == DONE)
		return rt_unref(value);
	if (g->state == CREATED && !value)
		return finish(g, NULL);
	if (!g->coro && !(g->coro = rt_coro_new(enter_body, g))) {
		rt_unref(value);
		return NULL;
	}
	rt_ref(&g->base);
	g->state = RUNNING;
	rt_hook_call(g->name);
	result = rt_coro_resume(g->coro, value);
	rt_hook_return(g->name);
	if (rt_coro_done(g->coro))
		result = finish(g, result);
	else
		g->state = SUSPENDED;
	rt_unref(&g->base);
	return result;
}

struct rt_object *rt_generator_send(struct rt_object *generator, struct rt_object *value)
{
	struct rt_generator *g = (struct rt_generator *)generator;
	struct rt_object *result;

	if (!rt_expect(generator, &rt_generator_type) || !rt_expect(value, &rt_object_type))
		return NULL;
	if (g->state == CREATED && value != rt_none)
		return rt_raise(RT_TYPE_ERROR,
				"can't send non-None value to a just-started generator");
	result = resume(g, rt_ref(value));
	if (!result && !rt_error_pending())
		rt_raise_object(rt_type_object(RT_STOP_ITERATION));
	return result;
}

struct rt_object *rt_generator_throw(struct rt_object *generator, struct rt_object *exception)
{
	if (!rt_expect(generator, &rt_generator_type))
		return NULL;
	rt_raise_object(exception);
	return resume((struct rt_generator *)generator, NULL);
}

int rt_generator_close(struct rt_object *generator)
{
	struct rt_generator *g = (struct rt_generator *)generator;
	struct rt_object *result;

	if (!rt_expect(generator, &rt_generator_type))
		return -1;
	if (g->state == DONE)
		return 0;
	rt_raise_object(rt_type_object(RT_GENERATOR_EXIT));
	result = resume(g, NULL);
	if (result) {
		rt_unref(result);
		rt_raise(RT_RUNTIME_ERROR, "generator ignored GeneratorExit");
		return -1;
	}
	if (!rt_error_pending() || rt_error_catch(RT_GENERATOR_EXIT) ||
	    rt_error_catch(RT_STOP_ITERATION))
		return 0;
	return -1;
}

static int generator_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_visit_one(((struct rt_generator *)self)->locals, visit, arg);
}

/*
 * Only one that did not end when it was closed is still suspended here.  The stack goes first:
 * its body may look at the locals once more, and at the generator, which is being freed.
 */
static void generator_clear(struct rt_object *self)
{
	struct rt_generator *g = (struct rt_generator *)self;

	g->state = DONE;
	self->refs++;
	rt_coro_free(g->coro);
	self->refs--;
	g->coro = NULL;
	rt_assign(&g->locals, NULL);
}

/* Let the body clean up behind itself. */
static void generator_finalize(struct rt_object *self)
{
	if (((struct rt_generator *)self)->state == SUSPENDED)
		(void)rt_generator_close(self);
}

static struct rt_object *generator_repr(struct rt_object *self)
{
	return rt_str_format("<generator object %s at %p>", ((struct rt_generator *)self)->name,
			     (void *)self);
}

static struct rt_object *generator_next(struct rt_object *self)
{
	return resume((struct rt_generator *)self, rt_none);
}

static struct rt_object *method_send(const struct rt_args *args)
{
	return rt_generator_send(args->v[0], args->v[1]);
}

static struct rt_object *method_throw(const struct rt_args *args)
{
	return rt_generator_throw(args->v[0], args->v[1]);
}

static struct rt_object *method_close(const struct rt_args *args)
{
	return rt_none_if(rt_generator_close(args->v[0]));
}

static const struct rt_function_spec methods[] = {
	{ "send", method_send, "self, value", "Resume with value; the next one." },
	{ "throw", method_throw, "self, exception", "Raise exception where it waits." },
	{ "close", method_close, "self", "Raise GeneratorExit where it waits." },
	{ 0 },
};

const struct rt_type rt_generator_type = {
	.base = RT_STATIC_TYPE,
	.name = "generator",
	.size = sizeof(struct rt_generator),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.weak_offset = offsetof(struct rt_generator, weak),
	.traverse = generator_traverse,
	.clear = generator_clear,
	.finalize = generator_finalize,
	.repr = generator_repr,
	.iter = rt_iter_self,
	.next = generator_next,
	.methods = methods,
};
