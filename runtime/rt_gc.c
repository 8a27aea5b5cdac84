/* The collector's settings, and when it runs; see rt_gc.h.  How: rt_gc_collect.c. */
#include "runtime/rt_gc.h"

#include <time.h>

#include "runtime/rt_error.h"
#include "runtime/rt_gc_private.h"
#include "runtime/rt_hooks.h"

#define LIST(i) \
	{ \
		.prev = &gc.generation[i], .next = &gc.generation[i] \
	}

struct gc gc = {
	.generation = { LIST(0), LIST(1), LIST(2) },
	.threshold = { 700, 10, 10 },
};

bool rt_gc_is_container(const struct rt_object *o)
{
	return (o->type->flags & RT_TYPE_CONTAINER) && o->refs != RT_IMMORTAL;
}

bool rt_gc_is_tracked(const struct rt_object *o)
{
	return rt_gc_is_container(o) && rt_gc_head_of(o)->prev;
}

bool rt_gc_is_finalized(const struct rt_object *o)
{
	return rt_gc_is_container(o) && rt_gc_head_of(o)->finalized;
}

void rt_gc_track(struct rt_object *o)
{
	struct rt_gc_head *h = rt_gc_head_of(o);

	if (h->prev)
		return;
	h->state = RT_GC_OUTSIDE;
	h->generation = 0;
	gc_list_append(&gc.generation[0], h);
}

void rt_gc_untrack(struct rt_object *o)
{
	struct rt_gc_head *h = rt_gc_head_of(o);

	if (h->prev)
		gc_list_remove(h);
	h->state = RT_GC_OUTSIDE;
}

#ifdef RT_GC_STRESS
static const bool stress = true;
#else
static const bool stress = false;
#endif

static bool due(int generation)
{
	if (!gc.threshold[generation] || gc.count[generation] <= gc.threshold[generation])
		return false;
	/* A full collection costs as much as there is: let a quarter be new first. */
	return generation < 2 || gc.old_pending >= gc.old / 4;
}

void rt_gc_about_to_allocate(void)
{
	int g = RT_GC_GENERATIONS - 1;

	gc.count[0]++;
	if (gc.disabled || gc.collecting || (!stress && !due(0)))
		return;
	while (!stress && !due(g)) /* it ends: 0 is due */
		g--;
	rt_gc_collect(g);
}

void rt_gc_freed(void)
{
	if (gc.count[0] > 0)
		gc.count[0]--;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void tell_callbacks(const struct rt_gc_info *info)
{
	for (int i = 0; i < GC_CALLBACKS; i++) {
		if (!gc.callback[i].call)
			continue;
		gc.callback[i].call(info, gc.callback[i].arg);
		if (rt_error_pending())
			rt_error_unraisable("a collector's callback");
	}
}

static void add_stats(int generation, size_t collected, size_t uncollectable, uint64_t pause_ns)
{
	struct rt_gc_stats *s = &gc.stats[generation];

	s->collections++;
	s->collected += collected;
	s->uncollectable += uncollectable;
	s->pause_ns += pause_ns;
	if (pause_ns > s->max_pause_ns)
		s->max_pause_ns = pause_ns;
}

ssize_t rt_gc_collect(int generation)
{
	struct rt_gc_info info = { .start = true, .generation = generation };
	size_t collected, uncollectable;
	struct rt_object *saved;
	uint64_t start_ns;

	if (generation < 0 || generation >= RT_GC_GENERATIONS) {
		rt_raise(RT_VALUE_ERROR, "there is no generation %d", generation);
		return -1;
	}
	if (gc.collecting)
		return 0;
	gc.collecting = true;
	saved = rt_error_take();
	tell_callbacks(&info);

	rt_hook_gc_start(generation);
	start_ns = now_ns();
	gc_collect_generation(generation, &collected, &uncollectable);
	add_stats(generation, collected, uncollectable, now_ns() - start_ns);
	rt_hook_gc_done(generation, collected, uncollectable);

	info = (struct rt_gc_info) { false, generation, collected, uncollectable };
	tell_callbacks(&info);
	rt_error_restore(saved);
	gc.collecting = false;
	return (ssize_t)(collected + uncollectable);
}

bool rt_gc_enable(bool on)
{
	bool was = !gc.disabled;

	gc.disabled = !on;
	return was;
}

void rt_gc_set_threshold(const int thresholds[RT_GC_GENERATIONS])
{
	for (int g = 0; g < RT_GC_GENERATIONS; g++)
		gc.threshold[g] = thresholds[g] > 0 ? thresholds[g] : 0;
}

void rt_gc_get_threshold(int ret_thresholds[RT_GC_GENERATIONS])
{
	for (int g = 0; g < RT_GC_GENERATIONS; g++)
		ret_thresholds[g] = gc.threshold[g];
}

void rt_gc_get_count(int ret_counts[RT_GC_GENERATIONS])
{
	for (int g = 0; g < RT_GC_GENERATIONS; g++)
		ret_counts[g] = gc.count[g];
}

void rt_gc_get_stats(int generation, struct rt_gc_stats *ret_stats)
{
	static const struct rt_gc_stats none;
	bool there = generation >= 0 && generation < RT_GC_GENERATIONS;

	*ret_stats = there ? gc.stats[generation] : none;
}

int rt_gc_add_callback(rt_gc_callback callback, void *arg)
{
	for (int i = 0; i < GC_CALLBACKS; i++) {
		if (!gc.callback[i].call) {
			gc.callback[i].call = callback;
			gc.callback[i].arg = arg;
			return 0;
		}
	}
	rt_raise(RT_RUNTIME_ERROR, "there are %d callbacks already", GC_CALLBACKS);
	return -1;
}

int rt_gc_remove_callback(rt_gc_callback callback, void *arg)
{
	for (int i = 0; i < GC_CALLBACKS; i++) {
		if (gc.callback[i].call == callback && gc.callback[i].arg == arg) {
			gc.callback[i].call = NULL;
			return 0;
		}
	}
	rt_raise(RT_VALUE_ERROR, "no such callback");
	return -1;
}
