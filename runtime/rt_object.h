/*
 * Objects: a reference count, a type, and nothing else.
 *
 * Ownership, in every header of this folder:
 *   "new"      the caller owns one reference and must rt_unref() it
 *   "borrowed" valid while its owner is; rt_ref() it to keep it
 *   "stolen"   the callee takes over the caller's reference, even on error
 * Where nothing is said, arguments are borrowed and results are new.
 *
 * Errors: a function that returns an object returns NULL, one that returns int returns -1,
 * and then the calling thread has an error pending (rt_error.h).  Passing NULL for an object,
 * or an object of the wrong type, is such an error too.
 *
 * The life of an object:
 *
 *   rt_new ──► alive ──last rt_unref──► finalizer ──► weak references cleared ──► its own
 *                ▲                          │          references dropped ──► memory freed
 *                └──── resurrected ─────────┘
 *
 * Counts are not atomic: whoever touches an object holds the GIL.
 */
#ifndef RT_OBJECT_H
#define RT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rt_type;

struct rt_object {
	ssize_t refs; /* references to this object, or RT_IMMORTAL */
	const struct rt_type *type;
};

/* Count of objects that are never freed, nor written to: None, types, small ints. */
#define RT_IMMORTAL ((ssize_t)INT64_MAX)

/* Nesting of deallocations beyond which objects are queued instead (the trashcan). */
#define RT_TRASHCAN_DEPTH 20

#ifdef RT_DEBUG
#include <assert.h>
#define rt_assert(condition) assert(condition)
#else
#define rt_assert(condition) ((void)0)
#endif

/* The count reached 0: finalize @o and free it.  Called by rt_unref() only. */
void rt_dealloc(struct rt_object *o);

/* One reference more.  Return: @o, now new; NULL stays NULL. */
static inline struct rt_object *rt_ref(struct rt_object *o)
{
	if (o && o->refs != RT_IMMORTAL) {
		rt_assert(o->refs >= 0);
		o->refs++;
	}
	return o;
}

/* One reference less (@o is stolen); at none the object goes.  Return: NULL. */
static inline struct rt_object *rt_unref(struct rt_object *o)
{
	if (o && o->refs != RT_IMMORTAL) {
		rt_assert(o->refs > 0);
		if (--o->refs == 0)
			rt_dealloc(o);
	}
	return NULL;
}

/* Put @value (stolen, may be NULL) into *@slot, then drop what was there. */
static inline void rt_assign(struct rt_object **slot, struct rt_object *value)
{
	struct rt_object *old = *slot;

	*slot = value;
	rt_unref(old);
}

/*
 * A new object of @type with all fields zero; a container is at once known to the
 * collector.  May run a collection first, and with it any finalizer.
 */
void *rt_new(const struct rt_type *type);

/* The same with @extra bytes behind the type's own size. */
void *rt_new_var(const struct rt_type *type, size_t extra);

/*
 * Deepest nesting of calls, of repr(), comparison and the like, per thread; beyond it they
 * raise RecursionError.  Starts as 1000; coroutines go as deep as their stack allows.
 * Return: the limit before.
 */
int rt_set_recursion_limit(int limit);

/*
 * Lowest stack address the calling thread may use; 0: not known.  Whoever switches stacks
 * sets it.  Return: what was set before.
 */
uintptr_t rt_set_stack_limit(uintptr_t lowest);

/*
 * Enter one level deeper, for @doing ("in a call").  0; -1: RecursionError, and no rt_leave().
 */
int rt_enter(const char *doing);

/* Leave it. */
void rt_leave(void);

#endif
