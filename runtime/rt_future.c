/*
 * Futures; see rt_future.h for the states.
 *
 * Invariant: `value` is set exactly in RESULT and ERROR.  Callbacks are made by one call of
 * the loop per change, run_callbacks(), which takes them off the list first: what they add
 * gets a call of its own.
 */
#include "runtime/rt_future.h"

#include "runtime/rt_error.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_loop_private.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

void rt_future_init(struct rt_future *f, struct rt_loop *l)
{
	f->loop = loop_ref(l);
}

struct rt_object *rt_future_new(struct rt_loop *l)
{
	struct rt_future *f = loop_check_open(l) ? NULL : rt_new(&rt_future_type);

	if (!f)
		return NULL;
	rt_future_init(f, l);
	return &f->base;
}

bool rt_is_future(const struct rt_object *o)
{
	return rt_is(o, &rt_future_type);
}

static struct rt_future *as_future(const struct rt_object *o)
{
	return (struct rt_future *)(uintptr_t)o;
}

enum rt_future_state rt_future_state(const struct rt_object *future)
{
	return rt_is_future(future) ? as_future(future)->state : RT_FUTURE_PENDING;
}

bool rt_future_done(const struct rt_object *future)
{
	return rt_future_state(future) != RT_FUTURE_PENDING;
}

static void run_callbacks(void *arg)
{
	struct rt_future *f = arg;
	struct rt_future_callback *callbacks = f->callbacks;
	size_t n = f->ncallbacks;

	f->callbacks = NULL;
	f->ncallbacks = 0;
	for (size_t i = 0; i < n; i++) {
		callbacks[i].fn(&f->base, callbacks[i].arg);
		rt_loop_report(f->loop, "a future's callback");
		rt_unref(callbacks[i].arg);
	}
	rt_mem_free(callbacks);
}

static void drop_callbacks(struct rt_future *f)
{
	struct rt_future_callback *callbacks = f->callbacks;
	size_t n = f->ncallbacks;

	f->callbacks = NULL;
	f->ncallbacks = 0;
	for (size_t i = 0; i < n; i++)
		rt_unref(callbacks[i].arg);
	rt_mem_free(callbacks);
}

/* @f is done: have its callbacks made, if need be here and now: they must not be lost. */
static void schedule_callbacks(struct rt_future *f)
{
	if (!f->ncallbacks)
		return;
	if (f->loop->closed) {
		drop_callbacks(f); /* nobody is left to make them */
		return;
	}
	rt_ref(&f->base);
	if (rt_loop_call_soon(f->loop, run_callbacks, f, rt_loop_drop_object)) {
		rt_error_clear();
		run_callbacks(f);
		rt_unref(&f->base);
	}
}

static int finish(struct rt_object *future, enum rt_future_state state, struct rt_object *value)
{
	struct rt_future *f = as_future(future);

	if (!rt_expect(future, &rt_future_type)) {
		rt_unref(value);
		return -1;
	}
	if (f->state != RT_FUTURE_PENDING) {
		rt_unref(value);
		rt_raise(RT_INVALID_STATE_ERROR, "this %s is done already", future->type->name);
		return -1;
	}
	f->state = state;
	f->value = value;
	schedule_callbacks(f);
	return 0;
}

int rt_future_set_result(struct rt_object *future, struct rt_object *value)
{
	return finish(future, RT_FUTURE_RESULT, value);
}

int rt_future_set_error(struct rt_object *future, struct rt_object *error)
{
	if (rt_is(error, RT_CANCELLED_ERROR)) {
		rt_unref(error);
		return finish(future, RT_FUTURE_CANCELLED, NULL);
	}
	return finish(future, RT_FUTURE_ERROR, error);
}

bool rt_future_cancel(struct rt_object *future)
{
	struct rt_future *f = as_future(future);

	if (!rt_is_future(future) || f->state != RT_FUTURE_PENDING)
		return false;
	if (f->cancel)
		return f->cancel(future);
	return finish(future, RT_FUTURE_CANCELLED, NULL) == 0;
}

struct rt_object *rt_future_result(struct rt_object *future)
{
	struct rt_future *f = as_future(future);

	if (!rt_expect(future, &rt_future_type))
		return NULL;
	f->asked = true;
	switch (f->state) {
	case RT_FUTURE_RESULT:
		return rt_ref(f->value);
	case RT_FUTURE_ERROR:
		rt_error_restore(rt_ref(f->value));
		return NULL;
	case RT_FUTURE_CANCELLED:
		return rt_raise(RT_CANCELLED_ERROR, "cancelled");
	case RT_FUTURE_PENDING:
		break;
	}
	return rt_raise(RT_INVALID_STATE_ERROR, "this %s is not done yet", future->type->name);
}

struct rt_object *rt_future_error(struct rt_object *future)
{
	struct rt_future *f = as_future(future);

	if (rt_future_state(future) != RT_FUTURE_ERROR)
		return NULL;
	f->asked = true;
	return rt_ref(f->value);
}

int rt_future_add_callback(struct rt_object *future, rt_future_fn fn, struct rt_object *arg)
{
	struct rt_future *f = as_future(future);
	struct rt_future_callback *grown;

	if (!rt_expect(future, &rt_future_type))
		return -1;
	grown = rt_mem_resize(f->callbacks, (f->ncallbacks + 1) * sizeof(*grown));
	if (!grown)
		return -1;
	f->callbacks = grown;
	grown[f->ncallbacks++] = (struct rt_future_callback) { fn, rt_ref(arg) };
	if (f->state != RT_FUTURE_PENDING && f->ncallbacks == 1)
		schedule_callbacks(f);
	return 0;
}

size_t rt_future_remove_callback(struct rt_object *future, rt_future_fn fn,
				 const struct rt_object *arg)
{
	struct rt_future *f = as_future(future);
	size_t kept = 0, removed;

	if (!rt_is_future(future))
		return 0;
	for (size_t i = 0; i < f->ncallbacks; i++) {
		if (f->callbacks[i].fn == fn && f->callbacks[i].arg == arg)
			rt_unref(f->callbacks[i].arg); /* the caller has another */
		else
			f->callbacks[kept++] = f->callbacks[i];
	}
	removed = f->ncallbacks - kept;
	f->ncallbacks = kept;
	return removed;
}

struct rt_object *rt_future_run(struct rt_object *future)
{
	if (!rt_expect(future, &rt_future_type))
		return NULL;
	while (!rt_future_done(future)) {
		if (rt_loop_run_once(as_future(future)->loop, true))
			return NULL;
	}
	return rt_future_result(future);
}

int rt_future_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_future *f = as_future(self);
	int r = rt_visit_one(f->value, visit, arg);

	for (size_t i = 0; !r && i < f->ncallbacks; i++)
		r = rt_visit_one(f->callbacks[i].arg, visit, arg);
	return r;
}

void rt_future_clear(struct rt_object *self)
{
	struct rt_future *f = as_future(self);

	drop_callbacks(f);
	rt_assign(&f->value, NULL);
}

void rt_future_release(struct rt_object *self)
{
	if (as_future(self)->loop)
		loop_unref(as_future(self)->loop);
}

void rt_future_finalize(struct rt_object *self)
{
	struct rt_future *f = as_future(self);

	if (f->state != RT_FUTURE_ERROR || f->asked)
		return;
	f->asked = true;
	rt_error_restore(rt_ref(f->value));
	rt_error_unraisable("a future whose error nobody asked for");
}

struct rt_object *rt_future_repr(struct rt_object *self)
{
	static const char *const names[] = {
		[RT_FUTURE_PENDING] = "pending",
		[RT_FUTURE_RESULT] = "done",
		[RT_FUTURE_ERROR] = "failed",
		[RT_FUTURE_CANCELLED] = "cancelled",
	};

	return rt_str_format("<%s %s>", self->type->name, names[rt_future_state(self)]);
}

const struct rt_type rt_future_type = {
	.base = RT_STATIC_TYPE,
	.name = "future",
	.doc = "A result that is not there yet.",
	.size = sizeof(struct rt_future),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = rt_future_traverse,
	.clear = rt_future_clear,
	.finalize = rt_future_finalize,
	.release = rt_future_release,
	.repr = rt_future_repr,
};
