/*
 * Coroutine objects.  Invariant: `current` is the coroutine object whose body is running in
 * this thread; rt_coroutine_send() is the only way in and restores it on the way out.
 *
 * What a body holds is on its stack, where the collector does not look: a cycle through a
 * suspended body is not found.  The task that drives it breaks such cycles by ending.
 */
#include "runtime/rt_coroutine.h"

#include "runtime/rt_coro.h"
#include "runtime/rt_error.h"
#include "runtime/rt_future.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

struct rt_coroutine {
	struct rt_object base;
	const char *name; /* static */
	rt_coroutine_body body;
	void *arg;
	rt_loop_fn drop; /* NULL: none, or done */
	struct rt_coro *coro; /* NULL once cleared */
	struct rt_object *awaiting; /* owned while suspended in rt_await() */
};

static __thread struct rt_coroutine *current;

static __attribute__((noinline)) struct rt_coroutine *set_current(struct rt_coroutine *co)
{
	struct rt_coroutine *before = current;

	current = co;
	return before;
}

static __attribute__((noinline)) struct rt_coroutine *get_current(void)
{
	return current;
}

static void drop_arg(struct rt_coroutine *co)
{
	rt_loop_fn drop = co->drop;

	co->drop = NULL;
	if (drop)
		drop(co->arg);
}

static struct rt_object *run_body(struct rt_coro *coro, void *arg)
{
	struct rt_coroutine *co = arg;
	struct rt_object *result;

	(void)coro;
	rt_hook_call(co->name);
	result = co->body(co->arg);
	rt_hook_return(co->name);
	return result;
}

struct rt_object *rt_coroutine_new(const char *name, rt_coroutine_body body, void *arg,
				   rt_loop_fn drop)
{
	struct rt_coroutine *co = rt_new(&rt_coroutine_type);

	if (!co) {
		if (drop)
			drop(arg);
		return NULL;
	}
	co->name = name;
	co->body = body;
	co->arg = arg;
	co->drop = drop;
	co->coro = rt_coro_new(run_body, co);
	return co->coro ? &co->base : rt_unref(&co->base);
}

/* @o, or NULL if it is no coroutine. */
static struct rt_coroutine *as_coroutine(const struct rt_object *o)
{
	return rt_is(o, &rt_coroutine_type) ? (struct rt_coroutine *)(uintptr_t)o : NULL;
}

static bool ended(const struct rt_coroutine *co)
{
	return !co->coro || rt_coro_done(co->coro);
}

struct rt_object *rt_coroutine_send(struct rt_object *coroutine, struct rt_object *value)
{
	struct rt_coroutine *co = as_coroutine(coroutine), *before;
	struct rt_object *result;

	if (!rt_expect(coroutine, &rt_coroutine_type) || !co->coro) {
		rt_unref(value);
		return co ? rt_raise(RT_RUNTIME_ERROR, "the collector took this coroutine") : NULL;
	}
	rt_ref(coroutine); /* its body may drop the last other reference */
	before = set_current(co);
	result = rt_coro_resume(co->coro, value);
	set_current(before);
	if (ended(co)) {
		struct rt_object *error = rt_error_take();

		drop_arg(co);
		rt_error_restore(error);
	}
	rt_unref(coroutine);
	return result;
}

bool rt_coroutine_done(const struct rt_object *coroutine)
{
	const struct rt_coroutine *co = as_coroutine(coroutine);

	return co && ended(co);
}

const char *rt_coroutine_name(const struct rt_object *coroutine)
{
	const struct rt_coroutine *co = as_coroutine(coroutine);

	return co ? co->name : NULL;
}

struct rt_object *rt_coroutine_awaiting(const struct rt_object *coroutine)
{
	const struct rt_coroutine *co = as_coroutine(coroutine);

	return co ? co->awaiting : NULL;
}

struct rt_object *rt_coroutine_current(void)
{
	struct rt_coroutine *co = get_current();

	return co ? &co->base : NULL;
}

/* Hand @future (borrowed) to whoever drives @co, until it is done. */
static struct rt_object *await_future(struct rt_coroutine *co, struct rt_object *future)
{
	while (!rt_future_done(future)) {
		struct rt_object *sent = rt_coro_yield(co->coro, rt_ref(future));

		if (!sent)
			return NULL;
		rt_unref(sent);
	}
	return rt_future_result(future);
}

/* Drive @inner (borrowed) in place of @co, whose driver gets what it waits for. */
static struct rt_object *await_coroutine(struct rt_coroutine *co, struct rt_object *inner)
{
	struct rt_object *sent = rt_none, *out;

	for (;;) {
		out = rt_coroutine_send(inner, sent);
		if (!out || rt_coroutine_done(inner))
			return out;
		sent = rt_coro_yield(co->coro, out);
	}
}

struct rt_object *rt_await(struct rt_object *awaitable)
{
	struct rt_coroutine *co = get_current();
	struct rt_object *result;

	if (!awaitable)
		return NULL;
	if (!co) {
		rt_unref(awaitable);
		return rt_raise(RT_RUNTIME_ERROR, "await outside of a coroutine");
	}
	rt_assign(&co->awaiting, rt_ref(awaitable));
	if (rt_is_future(awaitable))
		result = await_future(co, awaitable);
	else if (rt_is(awaitable, &rt_coroutine_type))
		result = await_coroutine(co, awaitable);
	else if (awaitable == rt_none)
		result = rt_coro_yield(co->coro, rt_none); /* let others run for once */
	else
		result = rt_raise(RT_TYPE_ERROR, "'%s' object cannot be awaited",
				  awaitable->type->name);
	rt_assign(&co->awaiting, NULL);
	rt_unref(awaitable);
	return result;
}

static int coroutine_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_coroutine *co = as_coroutine(self);
	int r = 0;

	if (co->drop == rt_loop_drop_object)
		r = rt_visit_one(co->arg, visit, arg);
	return r ? r : rt_visit_one(co->awaiting, visit, arg);
}

/* A suspended body gets a GeneratorExit and so the chance to let go of what it holds. */
static void coroutine_finalize(struct rt_object *self)
{
	struct rt_coroutine *co = as_coroutine(self);
	struct rt_object *result;

	if (ended(co) || !rt_coro_started(co->coro))
		return;
	rt_raise(RT_GENERATOR_EXIT, "coroutine freed");
	result = rt_coroutine_send(self, NULL);
	if (result)
		rt_unref(result);
	else
		(void)rt_error_catch(RT_GENERATOR_EXIT);
}

static void coroutine_clear(struct rt_object *self)
{
	struct rt_coroutine *co = as_coroutine(self);

	rt_coro_free(co->coro);
	co->coro = NULL;
	rt_assign(&co->awaiting, NULL);
	drop_arg(co);
}

static struct rt_object *coroutine_repr(struct rt_object *self)
{
	struct rt_coroutine *co = as_coroutine(self);
	const char *state = "created";

	if (ended(co))
		state = "done";
	else if (rt_coro_running(co->coro))
		state = "running";
	else if (rt_coro_started(co->coro))
		state = "suspended";
	return rt_str_format("<coroutine %s %s>", co->name, state);
}

const struct rt_type rt_coroutine_type = {
	.base = RT_STATIC_TYPE,
	.name = "coroutine",
	.doc = "A function on a stack of its own that can wait for results.",
	.size = sizeof(struct rt_coroutine),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = coroutine_traverse,
	.clear = coroutine_clear,
	.finalize = coroutine_finalize,
	.repr = coroutine_repr,
};
