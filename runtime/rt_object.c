/*
 * Making, counting and freeing objects; see rt_object.h.
 *
 * The trashcan.  Freeing a container drops what it refers to, which may free the next one,
 * and so on: a chain of a million lists would need a million stack frames.  So beyond
 * RT_TRASHCAN_DEPTH an object is only queued (through its collector head, which it has no
 * more use for), and the outermost rt_dealloc() of the thread frees the queue.
 */
#include "runtime/rt_object.h"

#include "runtime/rt_error.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_type.h"
#include "runtime/rt_weakref.h"

#define STACK_MARGIN 16384 /* bytes left for what does not check */

static __thread int dealloc_depth;
static __thread struct rt_gc_head *trash; /* queued objects, linked by next */
static __thread int depth; /* of rt_enter() */
static __thread uintptr_t stack_limit;
static int recursion_limit = 1000;

void *rt_new(const struct rt_type *type)
{
	return rt_new_var(type, 0);
}

void *rt_new_var(const struct rt_type *type, size_t extra)
{
	bool container = type->flags & RT_TYPE_CONTAINER;
	size_t head = container ? sizeof(struct rt_gc_head) : 0;
	struct rt_object *o;
	char *block;

	if (extra > SIZE_MAX / 2)
		return rt_raise_no_memory();
	if (container)
		rt_gc_about_to_allocate();
	block = rt_mem_zalloc(head + type->size + extra);
	if (!block)
		return NULL;
	o = (struct rt_object *)(block + head);
	o->refs = 1;
	o->type = type;
	if (type->flags & RT_TYPE_CLASS)
		rt_ref(rt_type_object(type));
	if (container)
		rt_gc_track(o);
	rt_mem_count_object(1);
	rt_hook_new(o);
	return o;
}

/* Run @o's finalizer if it has one that has not run.  Return: whether @o lives again. */
static bool finalize(struct rt_object *o)
{
	struct rt_gc_head *head = rt_gc_head_of(o);
	struct rt_object *saved;

	if (!o->type->finalize || head->finalized)
		return false;
	head->finalized = 1;
	rt_gc_track(o);
	o->refs = 1;
	saved = rt_error_take();
	o->type->finalize(o);
	if (rt_error_pending())
		rt_error_unraisable("a finalizer");
	rt_error_restore(saved);
	return --o->refs > 0;
}

/* Free @o, which nothing refers to any more. */
static void destroy(struct rt_object *o)
{
	const struct rt_type *type = o->type;
	bool container = type->flags & RT_TYPE_CONTAINER;

	if (container && finalize(o))
		return;
	if (container)
		rt_gc_untrack(o);
	if (type->weak_offset)
		rt_weakrefs_call(rt_weakrefs_detach(o, NULL));
	rt_hook_dealloc(o);
	if (type->clear)
		type->clear(o);
	if (type->release)
		type->release(o);
	rt_mem_count_object(-1);
	if (container)
		rt_gc_freed();
	rt_mem_free(container ? (void *)rt_gc_head_of(o) : o);
	if (type->flags & RT_TYPE_CLASS)
		rt_unref(rt_type_object(type));
}

void rt_dealloc(struct rt_object *o)
{
	struct rt_gc_head *head;

	if (dealloc_depth >= RT_TRASHCAN_DEPTH && (o->type->flags & RT_TYPE_CONTAINER)) {
		rt_gc_untrack(o);
		head = rt_gc_head_of(o);
		head->next = trash;
		trash = head;
		return;
	}
	dealloc_depth++;
	destroy(o);
	while (dealloc_depth == 1 && trash) {
		head = trash;
		trash = head->next;
		head->next = NULL;
		destroy(rt_gc_object_of(head));
	}
	dealloc_depth--;
}

int rt_set_recursion_limit(int limit)
{
	int before = recursion_limit;

	recursion_limit = limit;
	return before;
}

uintptr_t rt_set_stack_limit(uintptr_t lowest)
{
	uintptr_t before = stack_limit;

	stack_limit = lowest;
	return before;
}

/*
 * On a coroutine's stack its end is the limit, and nothing is counted: a coroutine may be
 * suspended with calls going on, which must not count against whoever runs meanwhile.
 */
int rt_enter(const char *doing)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	bool too_deep = stack_limit ? here < stack_limit + STACK_MARGIN : depth >= recursion_limit;

	if (too_deep) {
		rt_raise(RT_RECURSION_ERROR, "maximum recursion depth exceeded %s", doing);
		return -1;
	}
	if (!stack_limit)
		depth++;
	return 0;
}

void rt_leave(void)
{
	if (!stack_limit)
		depth--;
}
