/* generations: new objects are looked at often, old ones seldom. */
#include <inttypes.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_truth.h"
#include "runtime/rt_tuple.h"
#include "tour/show.h"
#include "tour/tour.h"

static int collections[RT_GC_GENERATIONS]; /* that began by themselves */

/* [program] */
static void older_each_time(void)
{
	struct rt_object *list = rt_list_new();
	int generation = rt_gc_head_of(list)->generation;

	tour_show("a = []           its generation", rt_int_new(generation), "0");
	rt_gc_collect(0);
	generation = rt_gc_head_of(list)->generation;
	tour_show("gc.collect(0)    a has survived", rt_int_new(generation), "1");
	rt_gc_collect(0);
	generation = rt_gc_head_of(list)->generation;
	tour_show("gc.collect(0)    not looked at", rt_int_new(generation), "1");
	rt_gc_collect(1);
	generation = rt_gc_head_of(list)->generation;
	tour_show("gc.collect(1)", rt_int_new(generation), "2");
	rt_unref(list);
}

/* Called before each collection and after. */
static void count(const struct rt_gc_info *info, void *arg)
{
	(void)arg;
	collections[info->generation] += info->start;
}

/* Garbage that only the collector can free, until 144 collections have begun. */
static void make_garbage(void)
{
	struct rt_object *list;

	for (int i = 0; i < 701 * 144; i++) {
		list = rt_list_new();
		rt_list_append(list, list);
		rt_unref(list);
	}
}
/* [end] */

static struct rt_object *three(const int *values)
{
	return rt_tuple_of(3, rt_int_new(values[0]), rt_int_new(values[1]), rt_int_new(values[2]));
}

static void by_themselves(void)
{
	int thresholds[RT_GC_GENERATIONS], counts[RT_GC_GENERATIONS];

	rt_gc_get_threshold(thresholds);
	tour_show("gc.get_threshold()", three(thresholds), "(700, 10, 10)");
	rt_gc_collect(2);
	rt_gc_add_callback(count, NULL);
	rt_gc_enable(true);
	make_garbage();
	rt_gc_enable(false);
	rt_gc_remove_callback(count, NULL);
	tour_show("collections for 100944 rings", three(collections), "(132, 11, 1)");
	rt_gc_get_count(counts);
	tour_show("gc.get_count()", three(counts), "(0, 11, 0)");
	tour_show("gc.collect()     the last ring", rt_int_new(rt_gc_collect(2)), "1");
}

/* A full collection looks at all there is: it waits until a quarter of that is new. */
static void full_ones_wait(void)
{
	struct rt_object *keep = rt_list_new();

	for (int i = 0; i < 200000; i++)
		rt_list_append_stolen(keep, rt_list_new());
	rt_gc_collect(2);
	for (int g = 0; g < RT_GC_GENERATIONS; g++)
		collections[g] = 0;
	rt_gc_add_callback(count, NULL);
	rt_gc_enable(true);
	make_garbage();
	rt_gc_enable(false);
	rt_gc_remove_callback(count, NULL);
	tour_show("the same, with 200000 old objects", three(collections), "(132, 12, 0)");
	rt_unref(keep);
}

static void run_and_tell(void)
{
	rt_gc_enable(false);
	older_each_time();
	by_themselves();
	full_ones_wait();
	tour_show_nothing_left();
	tour_expect(rt_truth_get_deallocs("list") > UINT64_C(2) * 100944 + 200000,
		    "every list was freed");
	tour_figure_gc();
	tour_figure_type("list");
}

const struct tour_stop stop_generations = {
	.name = "generations",
	.title = "new objects are looked at often, old ones seldom",
	.about = "Most objects die young, so the collector keeps containers in three lists.\n"
		 "New ones are in generation 0, which is collected as soon as over 700 more\n"
		 "were made than freed since the last time; what survives moves one generation\n"
		 "up.  When there were over 10 such collections the next one takes generation\n"
		 "1 too, and after over 10 of these all three; but a full collection also\n"
		 "waits until the objects new in generation 2 are a quarter of the old ones,\n"
		 "or it would cost more the more there is.  This is CPython up to 3.13, where\n"
		 "gc.get_stats() tells the same figures; 3.14.0 has a young and an old\n"
		 "generation, and collects the old one bit by bit.",
	.families = "gc refs",
	.run = run_and_tell,
};
