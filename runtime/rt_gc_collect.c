/*
 * One collection, pass by pass; rt_gc.h numbers and explains them.  All are loops over lists
 * that grow at their end: none recurses, however deep the objects nest.
 */
#include "runtime/rt_error.h"
#include "runtime/rt_gc_private.h"
#include "runtime/rt_list.h"
#include "runtime/rt_weakref.h"

#define for_each_head(h, list) for ((h) = (list)->next; (h) != (list); (h) = (h)->next)

/* Move @generation and all younger into @members. */
static void gather(int generation, struct rt_gc_head *members)
{
	struct rt_gc_head *list;

	for (int g = generation; g >= 0; g--) {
		list = &gc.generation[g];
		while (!gc_list_empty(list))
			gc_list_move(members, list->next);
		gc.count[g] = 0;
	}
	if (generation + 1 < RT_GC_GENERATIONS)
		gc.count[generation + 1]++;
}

/* 1: start from the counts. */
static void copy_counts(struct rt_gc_head *members)
{
	struct rt_gc_head *h;

	for_each_head(h, members)
	{
		h->state = RT_GC_MEMBER;
		h->gc_refs = rt_gc_object_of(h)->refs;
	}
}

static int subtract_one(struct rt_object *referent, void *arg)
{
	struct rt_gc_head *h = rt_gc_head_of(referent);

	(void)arg;
	if (rt_gc_is_container(referent) && h->state == RT_GC_MEMBER) {
		rt_assert(h->gc_refs > 0);
		h->gc_refs--;
	}
	return 0;
}

/* 2: take off the references that members hold to each other. */
static void subtract_internal(struct rt_gc_head *members)
{
	struct rt_gc_head *h;

	for_each_head(h, members) rt_traverse(rt_gc_object_of(h), subtract_one, NULL);
}

static int reach_one(struct rt_object *referent, void *arg)
{
	struct rt_gc_head *h = rt_gc_head_of(referent);

	if (rt_gc_is_container(referent) && h->state == RT_GC_GARBAGE) {
		h->state = RT_GC_MEMBER;
		gc_list_move(arg, h);
	}
	return 0;
}

/* Bring back from garbage all that @members reach; they are put at its end, and walked too. */
static void reach(struct rt_gc_head *members)
{
	struct rt_gc_head *h;

	for_each_head(h, members) rt_traverse(rt_gc_object_of(h), reach_one, members);
}

/* 1 to 3: leave in @members what is alive and put the rest into @garbage. */
static void split(struct rt_gc_head *members, struct rt_gc_head *garbage)
{
	struct rt_gc_head *h, *next;

	copy_counts(members);
	subtract_internal(members);
	for (h = members->next; h != members; h = next) {
		next = h->next;
		if (h->gc_refs == 0) {
			h->state = RT_GC_GARBAGE;
			gc_list_move(garbage, h);
		}
	}
	reach(members);
}

/* Move to @stuck the garbage that cannot be taken apart, and what it reaches. */
static void separate_stuck(struct rt_gc_head *garbage, struct rt_gc_head *stuck)
{
	struct rt_gc_head *h, *next;

	for (h = garbage->next; h != garbage; h = next) {
		next = h->next;
		if (!rt_gc_object_of(h)->type->clear) {
			h->state = RT_GC_MEMBER;
			gc_list_move(stuck, h);
		}
	}
	reach(stuck);
}

/* Report what is @stuck.  Return: how many objects. */
static size_t report_stuck(struct rt_gc_head *stuck)
{
	struct rt_gc_head *h;
	size_t n = 0;

	for_each_head(h, stuck)
	{
		n++;
		if (rt_gc_object_of(h)->type->clear)
			continue;
		if (!gc.uncollectable)
			gc.uncollectable = rt_list_new();
		if (!gc.uncollectable || rt_list_append(gc.uncollectable, rt_gc_object_of(h)) < 0)
			rt_error_clear(); /* it stays stuck, and is found again */
	}
	return n;
}

/* 4: nobody shall get at garbage any more through a weak reference. */
static void clear_weak_references(struct rt_gc_head *garbage)
{
	struct rt_weakref *due = NULL;
	struct rt_gc_head *h;

	for_each_head(h, garbage) if (rt_gc_object_of(h)->type->weak_offset) due =
		rt_weakrefs_detach(rt_gc_object_of(h), due);
	rt_weakrefs_call(due);
}

/* 5: run finalizers.  They may free other garbage, so each is taken off the list first. */
static void finalize(struct rt_gc_head *garbage)
{
	struct rt_gc_head *h, seen;
	struct rt_object *o;

	gc_list_init(&seen);
	while (!gc_list_empty(garbage)) {
		h = garbage->next;
		o = rt_gc_object_of(h);
		gc_list_move(&seen, h);
		if (!o->type->finalize || h->finalized)
			continue;
		h->finalized = 1;
		rt_ref(o);
		o->type->finalize(o);
		if (rt_error_pending())
			rt_error_unraisable("a finalizer");
		rt_unref(o);
	}
	while (!gc_list_empty(&seen))
		gc_list_move(garbage, seen.next);
}

/* 8: put @survivors into @generation.  Return: how many. */
static size_t settle(struct rt_gc_head *survivors, int generation)
{
	struct rt_gc_head *h;
	size_t n = 0;

	while (!gc_list_empty(survivors)) {
		h = survivors->next;
		h->state = RT_GC_OUTSIDE;
		h->generation = (uint8_t)generation;
		gc_list_move(&gc.generation[generation], h);
		n++;
	}
	return n;
}

/* 7: let each object drop what it refers to.  What lives nevertheless has settled already. */
static size_t take_apart(struct rt_gc_head *garbage, int generation)
{
	struct rt_gc_head *h;
	struct rt_object *o;
	size_t n = 0;

	for_each_head(h, garbage) n++;
	while (!gc_list_empty(garbage)) {
		h = garbage->next;
		o = rt_gc_object_of(h);
		h->state = RT_GC_OUTSIDE;
		h->generation = (uint8_t)generation;
		gc_list_move(&gc.generation[generation], h);
		rt_ref(o);
		o->type->clear(o);
		rt_unref(o);
	}
	return n;
}

void gc_collect_generation(int generation, size_t *ret_collected, size_t *ret_uncollectable)
{
	int older = generation + 1 < RT_GC_GENERATIONS ? generation + 1 : generation;
	struct rt_gc_head members, garbage, dead, stuck;
	size_t survived;

	gc_list_init(&members);
	gc_list_init(&garbage);
	gc_list_init(&dead);
	gc_list_init(&stuck);

	gather(generation, &members);
	split(&members, &garbage);
	separate_stuck(&garbage, &stuck);
	survived = settle(&members, older);
	*ret_uncollectable = report_stuck(&stuck);
	survived += settle(&stuck, older);

	clear_weak_references(&garbage);
	finalize(&garbage);
	split(&garbage, &dead); /* 6 */
	survived += settle(&garbage, older);
	*ret_collected = take_apart(&dead, older);

	if (generation == RT_GC_GENERATIONS - 1) {
		gc.old = survived;
		gc.old_pending = 0;
	} else if (older == RT_GC_GENERATIONS - 1) {
		gc.old_pending += survived;
	}
}
