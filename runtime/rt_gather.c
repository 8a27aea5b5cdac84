/*
 * Waiting for several results, for a result within a time, and for time alone.
 *
 * Invariant of a gathering: `left` children are not done, each with a callback that holds the
 * gathering; it is done when `left` reaches 0, or earlier with the first error.
 */
#include <string.h>

#include "runtime/rt_error.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_list.h"
#include "runtime/rt_loop_private.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_task.h"
#include "runtime/rt_type.h"

struct rt_gather {
	struct rt_future future;
	struct rt_object **children; /* owned futures */
	size_t n, left;
	bool errors_as_results;
	bool cancelled; /* was asked to be */
};

static struct rt_gather *as_gather(const struct rt_object *o)
{
	return (struct rt_gather *)(uintptr_t)o;
}

/* What a done child ended with, as an object: result, or exception. */
static struct rt_object *outcome(struct rt_object *child)
{
	struct rt_object *result = rt_future_result(child);

	return result ? result : rt_error_take();
}

static void all_done(struct rt_gather *g)
{
	struct rt_object *results = rt_list_new();

	for (size_t i = 0; results && i < g->n; i++) {
		if (rt_list_append_stolen(results, outcome(g->children[i])))
			results = rt_unref(results);
	}
	if (results)
		(void)rt_future_set_result(&g->future.base, results);
	else
		(void)rt_future_set_error(&g->future.base, rt_error_take());
}

static void child_done(struct rt_object *child, struct rt_object *gather)
{
	struct rt_gather *g = as_gather(gather);
	bool failed = rt_future_state(child) != RT_FUTURE_RESULT;

	g->left--;
	((struct rt_future *)child)->asked = true; /* reported here, or one before it was */
	if (g->future.state != RT_FUTURE_PENDING)
		return;
	if (failed && !g->errors_as_results && !g->cancelled)
		(void)rt_future_set_error(gather, outcome(child));
	else if (!g->left && g->cancelled)
		(void)rt_future_set_error(
			gather, (rt_raise(RT_CANCELLED_ERROR, "cancelled"), rt_error_take()));
	else if (!g->left)
		all_done(g);
}

static bool gather_cancel(struct rt_object *self)
{
	struct rt_gather *g = as_gather(self);
	bool any = false;

	for (size_t i = 0; i < g->n; i++)
		any |= rt_future_cancel(g->children[i]);
	g->cancelled |= any;
	return any;
}

static void drop_awaitables(size_t n, struct rt_object *const *awaitables)
{
	for (size_t i = 0; i < n; i++)
		rt_unref(awaitables[i]);
}

struct rt_object *rt_gather(struct rt_loop *l, bool errors_as_results, size_t n,
			    struct rt_object *const *awaitables)
{
	struct rt_gather *g = loop_check_open(l) ? NULL : rt_new(&rt_gather_type);

	if (g)
		g->children = rt_mem_zalloc((n + 1) * sizeof(struct rt_object *));
	if (!g || !g->children) {
		drop_awaitables(n, awaitables);
		return g ? rt_unref(&g->future.base) : NULL;
	}
	rt_future_init(&g->future, l);
	g->future.cancel = gather_cancel;
	g->errors_as_results = errors_as_results;
	for (size_t i = 0; i < n; i++) {
		struct rt_object *child = rt_ensure_future(l, awaitables[i]);

		g->children[i] = child;
		g->n += child != NULL;
		if (!child || rt_future_add_callback(child, child_done, &g->future.base)) {
			drop_awaitables(n - i - 1, awaitables + i + 1);
			(void)gather_cancel(&g->future.base);
			return rt_unref(&g->future.base);
		}
		g->left++;
	}
	if (!n)
		all_done(g);
	return &g->future.base;
}

static int gather_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_gather *g = as_gather(self);
	int r = rt_future_traverse(self, visit, arg);

	for (size_t i = 0; !r && i < g->n; i++)
		r = rt_visit_one(g->children[i], visit, arg);
	return r;
}

static void gather_clear(struct rt_object *self)
{
	struct rt_gather *g = as_gather(self);
	struct rt_object **children = g->children;
	size_t n = g->n;

	g->children = NULL;
	g->n = 0;
	for (size_t i = 0; i < n; i++)
		rt_unref(children[i]);
	rt_mem_free(children);
	rt_future_clear(self);
}

const struct rt_type rt_gather_type = {
	.base = RT_STATIC_TYPE,
	.name = "gathering",
	.doc = "A future of several results.",
	.parent = &rt_future_type,
	.size = sizeof(struct rt_gather),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = gather_traverse,
	.clear = gather_clear,
	.finalize = rt_future_finalize,
	.release = rt_future_release,
	.repr = rt_future_repr,
};

/* The loop of the running coroutine; NULL with RuntimeError pending. */
static struct rt_loop *running_loop(void)
{
	struct rt_loop *l = rt_loop_current();

	return l ? l : rt_raise(RT_RUNTIME_ERROR, "no event loop is running");
}

static void timer_fires(void *future)
{
	if (!rt_future_done(future))
		(void)rt_future_set_result(future, rt_none);
}

struct rt_object *rt_sleep(uint64_t ns)
{
	struct rt_loop *l = running_loop();
	struct rt_timer timer = { 0 };
	struct rt_object *future, *result = NULL;

	if (!l || !ns)
		return l ? rt_await(rt_none) : NULL;
	future = rt_future_new(l);
	if (future && !rt_loop_start_timer(l, &timer, ns, timer_fires, future))
		result = rt_await(rt_ref(future));
	rt_loop_stop_timer(l, &timer);
	rt_unref(future);
	return result;
}

static void other_is_done(struct rt_object *other, struct rt_object *waiter)
{
	(void)other;
	if (!rt_future_done(waiter))
		(void)rt_future_set_result(waiter, rt_none);
}

/* Wait until @future is done or @timeout_ns over: None; or NULL: the caller was cancelled. */
static struct rt_object *wait_until(struct rt_loop *l, struct rt_object *future,
				    uint64_t timeout_ns)
{
	struct rt_object *waiter = rt_future_new(l), *result = NULL;
	struct rt_timer timer = { 0 };

	if (waiter && !rt_future_add_callback(future, other_is_done, waiter) &&
	    !rt_loop_start_timer(l, &timer, timeout_ns, timer_fires, waiter))
		result = rt_await(rt_ref(waiter));
	rt_loop_stop_timer(l, &timer);
	rt_future_remove_callback(future, other_is_done, waiter);
	rt_unref(waiter);
	return result;
}

struct rt_object *rt_wait_for(struct rt_object *awaitable, uint64_t timeout_ns)
{
	struct rt_loop *l = awaitable ? running_loop() : NULL;
	struct rt_object *future, *result;

	if (!l)
		return rt_unref(awaitable);
	future = rt_ensure_future(l, awaitable);
	if (!future)
		return NULL;
	if (!rt_future_done(future) && !wait_until(l, future, timeout_ns)) {
		(void)rt_future_cancel(future);
		return rt_unref(future);
	}
	if (rt_future_done(future)) {
		result = rt_future_result(future);
		rt_unref(future);
		return result;
	}
	(void)rt_future_cancel(future);
	result = rt_await(future);
	if (result || !rt_error_is(RT_CANCELLED_ERROR))
		return result; /* it ended by itself after all */
	rt_error_clear();
	return rt_raise(RT_TIMEOUT_ERROR, "no result within the time allowed");
}
