/* Asking the collector who is there and who refers to whom; see rt_gc.h. */
#include "runtime/rt_error.h"
#include "runtime/rt_gc_private.h"
#include "runtime/rt_list.h"

/*
 * No query makes a container after its result list: so no collection runs while the
 * generations are being walked.
 */

size_t rt_gc_generation_size(int generation)
{
	size_t n = 0;

	if (generation < 0 || generation >= RT_GC_GENERATIONS)
		return 0;
	for (struct rt_gc_head *h = gc.generation[generation].next; h != &gc.generation[generation];
	     h = h->next)
		n++;
	return n;
}

struct rt_object *rt_gc_uncollectable(void)
{
	struct rt_object *copy = rt_list_new();

	if (copy && gc.uncollectable && rt_list_extend(copy, gc.uncollectable) < 0)
		return rt_unref(copy);
	return copy;
}

void rt_gc_forget_uncollectable(void)
{
	rt_assign(&gc.uncollectable, NULL);
}

/* Append to @list each object but itself that @wanted accepts.  0; -1: no memory. */
static int select_objects(struct rt_object *list, int generation,
			  bool (*wanted)(struct rt_object *o, void *arg), void *arg)
{
	struct rt_gc_head *end = &gc.generation[generation];
	struct rt_object *o;

	for (struct rt_gc_head *h = end->next; h != end; h = h->next) {
		o = rt_gc_object_of(h);
		if (o != list && wanted(o, arg) && rt_list_append(list, o) < 0)
			return -1;
	}
	return 0;
}

/* A list of the objects in @generation (-1: any) that @wanted accepts. */
static struct rt_object *selection(int generation, bool (*wanted)(struct rt_object *o, void *arg),
				   void *arg)
{
	struct rt_object *list;

	if (generation < -1 || generation >= RT_GC_GENERATIONS)
		return rt_raise(RT_VALUE_ERROR, "there is no generation %d", generation);
	list = rt_list_new();
	for (int g = 0; list && g < RT_GC_GENERATIONS; g++)
		if ((generation == -1 || generation == g) &&
		    select_objects(list, g, wanted, arg) < 0)
			list = rt_unref(list);
	return list;
}

static bool any(struct rt_object *o, void *arg)
{
	(void)o;
	(void)arg;
	return true;
}

struct rt_object *rt_gc_objects(int generation)
{
	return selection(generation, any, NULL);
}

static int is_it(struct rt_object *referent, void *arg)
{
	return referent == arg;
}

static bool refers_to(struct rt_object *o, void *target)
{
	return rt_traverse(o, is_it, target);
}

struct rt_object *rt_gc_referrers(struct rt_object *o)
{
	return rt_expect(o, &rt_object_type) ? selection(-1, refers_to, o) : NULL;
}

static int append_one(struct rt_object *referent, void *list)
{
	return rt_list_append(list, referent);
}

struct rt_object *rt_gc_referents(struct rt_object *o)
{
	struct rt_object *list;

	if (!rt_expect(o, &rt_object_type))
		return NULL;
	list = rt_list_new();
	if (list && rt_traverse(o, append_one, list))
		return rt_unref(list);
	return list;
}
