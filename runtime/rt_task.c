/*
 * Tasks; see rt_task.h for the cycle of their steps.
 *
 * Invariants: a task that is not done is in its loop's list, and either has a step scheduled,
 * or `waiting_on` is the future whose callback will take the next step.
 */
#include "runtime/rt_task.h"

#include "runtime/rt_error.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_loop_private.h"
#include "runtime/rt_none.h"
#include "runtime/rt_probe.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

struct rt_task {
	struct rt_future future;
	struct rt_object *coroutine;
	struct rt_object *waiting_on; /* owned, or NULL */
	bool must_cancel; /* throw CancelledError with the next step */
	struct rt_task *prev, *next; /* in the loop's list while not done */
};

static struct rt_task *as_task(const struct rt_object *o)
{
	return (struct rt_task *)(uintptr_t)o;
}

static void list_add(struct rt_task *t)
{
	struct rt_loop *l = t->future.loop;

	t->next = l->tasks;
	if (t->next)
		t->next->prev = t;
	l->tasks = t;
}

static void list_remove(struct rt_task *t)
{
	if (t->prev)
		t->prev->next = t->next;
	else if (t->future.loop->tasks == t)
		t->future.loop->tasks = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->prev = t->next = NULL;
}

static void step(struct rt_task *t, struct rt_object *value);

static void step_call(void *arg)
{
	struct rt_task *t = arg;

	if (t->future.state == RT_FUTURE_PENDING)
		step(t, rt_none);
}

static int step_soon(struct rt_task *t)
{
	rt_ref(&t->future.base);
	if (!rt_loop_call_soon(t->future.loop, step_call, t, rt_loop_drop_object))
		return 0;
	rt_unref(&t->future.base);
	return -1;
}

/* The future the task waited for is done; its result is fetched by rt_await(). */
static void wake_up(struct rt_object *future, struct rt_object *task)
{
	(void)future;
	rt_assign(&as_task(task)->waiting_on, NULL);
	step_call(as_task(task));
}

static bool task_cancel(struct rt_object *self)
{
	struct rt_task *t = as_task(self);

	if (!t->waiting_on || !rt_future_cancel(t->waiting_on))
		t->must_cancel = true;
	return true;
}

struct rt_object *rt_task_new(struct rt_loop *l, struct rt_object *coroutine)
{
	struct rt_task *t;

	if (!coroutine)
		return NULL;
	if (loop_check_open(l) || !rt_expect(coroutine, &rt_coroutine_type))
		return rt_unref(coroutine);
	t = rt_new(&rt_task_type);
	if (!t)
		return rt_unref(coroutine);
	rt_future_init(&t->future, l);
	t->future.cancel = task_cancel;
	t->coroutine = coroutine;
	if (step_soon(t))
		return rt_unref(&t->future.base);
	list_add(t);
	return &t->future.base;
}

static void done(struct rt_task *t, struct rt_object *result)
{
	list_remove(t);
	if (result)
		(void)rt_future_set_result(&t->future.base, result);
	else
		(void)rt_future_set_error(&t->future.base, rt_error_take());
}

/* The coroutine waits for @what (stolen).  0; -1: it cannot, an error is pending. */
static int wait_for(struct rt_task *t, struct rt_object *what)
{
	int err;

	if (what == rt_none)
		return step_soon(t);
	if (!rt_is_future(what) || what == &t->future.base) {
		rt_raise(RT_RUNTIME_ERROR, "a task cannot wait for '%s'",
			 what == &t->future.base ? "itself" : what->type->name);
		rt_unref(what);
		return -1;
	}
	((struct rt_future *)what)->asked = true; /* rt_await() will fetch it */
	err = rt_future_add_callback(what, wake_up, &t->future.base);
	if (err) {
		rt_unref(what);
		return err;
	}
	t->waiting_on = what;
	if (t->must_cancel && rt_future_cancel(what))
		t->must_cancel = false;
	return 0;
}

/* Send @value (stolen; NULL: the pending error) into the coroutine and see what it does. */
static void step(struct rt_task *t, struct rt_object *value)
{
	struct rt_loop *l = t->future.loop;
	struct rt_task *before = l->task;
	struct rt_object *out;

	rt_ref(&t->future.base);
	l->task = t;
	if (t->must_cancel) {
		t->must_cancel = false;
		rt_unref(value);
		value = rt_raise(RT_CANCELLED_ERROR, "cancelled");
	}
	RT_PROBE_TASK_STEP(t);
	do {
		out = rt_coroutine_send(t->coroutine, value);
		value = NULL; /* what it cannot wait for is thrown into it */
	} while (out && !rt_coroutine_done(t->coroutine) && wait_for(t, out));
	l->task = before;
	if (rt_coroutine_done(t->coroutine))
		done(t, out);
	rt_unref(&t->future.base);
}

struct rt_object *rt_task_current(void)
{
	struct rt_loop *l = rt_loop_current();

	return l && l->task ? &l->task->future.base : NULL;
}

size_t rt_task_count(const struct rt_loop *l)
{
	size_t n = 0;

	for (const struct rt_task *t = l->tasks; t; t = t->next)
		n++;
	return n;
}

struct rt_object *rt_task_coroutine(const struct rt_object *task)
{
	return rt_is(task, &rt_task_type) ? as_task(task)->coroutine : NULL;
}

struct rt_object *rt_ensure_future(struct rt_loop *l, struct rt_object *awaitable)
{
	if (!awaitable || rt_is_future(awaitable))
		return awaitable;
	return rt_task_new(l, awaitable);
}

void rt_cancel_all(struct rt_loop *l)
{
	for (struct rt_task *t = l->tasks; t; t = t->next)
		(void)rt_future_cancel(&t->future.base);
	while (l->tasks) {
		struct rt_object *last = rt_ref(&l->tasks->future.base);

		while (!rt_future_done(last)) {
			if (rt_loop_run_once(l, true)) {
				rt_loop_report(l, "cancelling all tasks");
				rt_unref(last);
				return;
			}
		}
		rt_unref(last);
	}
}

struct rt_object *rt_run(struct rt_loop *l, struct rt_object *awaitable)
{
	struct rt_object *future = rt_ensure_future(l, awaitable), *result, *error;

	if (!future)
		return NULL;
	result = rt_future_run(future);
	error = rt_error_take();
	rt_cancel_all(l);
	(void)rt_loop_run_once(l, false); /* callbacks of what has just ended */
	rt_error_restore(error);
	rt_unref(future);
	return result;
}

static int task_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_task *t = as_task(self);
	int r = rt_future_traverse(self, visit, arg);

	if (!r)
		r = rt_visit_one(t->coroutine, visit, arg);
	return r ? r : rt_visit_one(t->waiting_on, visit, arg);
}

static void task_clear(struct rt_object *self)
{
	struct rt_task *t = as_task(self);

	if (t->future.loop)
		list_remove(t);
	rt_assign(&t->coroutine, NULL);
	rt_assign(&t->waiting_on, NULL);
	rt_future_clear(self);
}

static struct rt_object *task_repr(struct rt_object *self)
{
	static const char *const names[] = { "pending", "done", "failed", "cancelled" };

	return rt_str_format("<task %s %s>", rt_coroutine_name(as_task(self)->coroutine),
			     names[rt_future_state(self)]);
}

const struct rt_type rt_task_type = {
	.base = RT_STATIC_TYPE,
	.name = "task",
	.doc = "A future that drives a coroutine.",
	.parent = &rt_future_type,
	.size = sizeof(struct rt_task),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = task_traverse,
	.clear = task_clear,
	.finalize = rt_future_finalize,
	.release = rt_future_release,
	.repr = task_repr,
};
