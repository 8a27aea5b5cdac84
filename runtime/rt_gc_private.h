/* The collector's own: its lists and state, shared by rt_gc.c, _collect.c and _query.c. */
#ifndef RT_GC_PRIVATE_H
#define RT_GC_PRIVATE_H

#include "runtime/rt_gc.h"

#define GC_CALLBACKS 8

struct gc {
	struct rt_gc_head generation[RT_GC_GENERATIONS]; /* list heads: circular, never empty */
	int threshold[RT_GC_GENERATIONS];
	int count[RT_GC_GENERATIONS];
	size_t old; /* in generation 2 after its last collection */
	size_t old_pending; /* moved there since */
	bool disabled;
	bool collecting;
	struct rt_gc_stats stats[RT_GC_GENERATIONS];
	struct rt_object *uncollectable; /* list, or NULL while there is none */
	struct {
		rt_gc_callback call;
		void *arg;
	} callback[GC_CALLBACKS];
};

extern struct gc gc;

static inline void gc_list_init(struct rt_gc_head *list)
{
	list->prev = list->next = list;
}

static inline bool gc_list_empty(const struct rt_gc_head *list)
{
	return list->next == list;
}

static inline void gc_list_remove(struct rt_gc_head *h)
{
	h->prev->next = h->next;
	h->next->prev = h->prev;
	h->prev = h->next = NULL;
}

static inline void gc_list_append(struct rt_gc_head *list, struct rt_gc_head *h)
{
	h->prev = list->prev;
	h->next = list;
	list->prev->next = h;
	list->prev = h;
}

/* Take @h out of its list and put it last into @list. */
static inline void gc_list_move(struct rt_gc_head *list, struct rt_gc_head *h)
{
	gc_list_remove(h);
	gc_list_append(list, h);
}

/* The passes over @generation and all younger.  *@ret_*: objects freed and put aside. */
void gc_collect_generation(int generation, size_t *ret_collected, size_t *ret_uncollectable);

#endif
