/* Weak references; see rt_weakref.h. */
#include "runtime/rt_weakref.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

static struct rt_weakref **first_of(const struct rt_object *o)
{
	return (struct rt_weakref **)((char *)(uintptr_t)o + o->type->weak_offset);
}

static void unlink_from_target(struct rt_weakref *w)
{
	if (!w->target)
		return;
	if (w->prev)
		w->prev->next = w->next;
	else
		*first_of(w->target) = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->prev = w->next = NULL;
	w->target = NULL;
}

struct rt_object *rt_weakref_new(struct rt_object *target, struct rt_object *callback)
{
	struct rt_weakref *w;

	if (!rt_expect(target, &rt_object_type))
		return NULL;
	if (!target->type->weak_offset || target->refs == RT_IMMORTAL)
		return rt_raise(RT_TYPE_ERROR, "cannot create weak reference to '%s' object",
				target->type->name);
	w = rt_new(&rt_weakref_type);
	if (!w)
		return NULL;
	w->callback = callback == rt_none ? NULL : rt_ref(callback);
	w->target = target;
	w->next = *first_of(target);
	if (w->next)
		w->next->prev = w;
	*first_of(target) = w;
	return &w->base;
}

struct rt_object *rt_weakref_get(struct rt_object *weakref)
{
	struct rt_weakref *w = (struct rt_weakref *)weakref;

	if (!rt_expect(weakref, &rt_weakref_type))
		return NULL;
	/* At count 0 the target is being freed, or waits for it. */
	return w->target && w->target->refs > 0 ? rt_ref(w->target) : rt_none;
}

size_t rt_weakref_count(const struct rt_object *o)
{
	size_t n = 0;

	if (!o || !o->type->weak_offset || o->refs == RT_IMMORTAL)
		return 0;
	for (const struct rt_weakref *w = *first_of(o); w; w = w->next)
		n++;
	return n;
}

struct rt_weakref *rt_weakrefs_detach(struct rt_object *o, struct rt_weakref *due)
{
	struct rt_weakref *w;

	while ((w = *first_of(o))) {
		unlink_from_target(w);
		/* One that is garbage itself, or is just being freed, has nobody to tell. */
		if (!w->callback || w->base.refs == 0 ||
		    rt_gc_head_of(&w->base)->state == RT_GC_GARBAGE)
			continue;
		rt_ref(&w->base);
		w->next = due;
		due = w;
	}
	return due;
}

void rt_weakrefs_call(struct rt_weakref *due)
{
	struct rt_object *saved, *callback, *result;
	struct rt_weakref *w;

	if (!due)
		return;
	saved = rt_error_take();
	while ((w = due)) {
		due = w->next;
		w->next = NULL;
		callback = w->callback;
		w->callback = NULL;
		result = rt_call(callback, 1, (struct rt_object *[]) { &w->base }, NULL);
		if (!result)
			rt_error_unraisable("a weak reference's callback");
		rt_unref(result);
		rt_unref(callback);
		rt_unref(&w->base);
	}
	rt_error_restore(saved);
}

static int weakref_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_visit_one(((struct rt_weakref *)self)->callback, visit, arg);
}

static void weakref_clear(struct rt_object *self)
{
	struct rt_weakref *w = (struct rt_weakref *)self;

	unlink_from_target(w);
	rt_assign(&w->callback, NULL);
}

static struct rt_object *weakref_repr(struct rt_object *self)
{
	struct rt_weakref *w = (struct rt_weakref *)self;

	if (!w->target)
		return rt_str_format("<weakref at %p; dead>", (void *)self);
	return rt_str_format("<weakref at %p; to '%s' at %p>", (void *)self, w->target->type->name,
			     (void *)w->target);
}

static struct rt_object *weakref_call(struct rt_object *self, const struct rt_args *args)
{
	if (args->n || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "weakref() takes no arguments");
	return rt_weakref_get(self);
}

const struct rt_type rt_weakref_type = {
	.base = RT_STATIC_TYPE,
	.name = "weakref",
	.size = sizeof(struct rt_weakref),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = weakref_traverse,
	.clear = weakref_clear,
	.repr = weakref_repr,
	.call = weakref_call,
};
