/* The cycle collector: what it finds, in which order it acts, when it runs, what it reports. */
#include "tests/unit/test_rt_helpers.h"

static bool was_enabled;

/* Tests collect themselves; generations start empty. */
static int quiet(void **state)
{
	(void)state;
	was_enabled = rt_gc_enable(false);
	rt_gc_collect(2);
	return 0;
}

static int loud(void **state)
{
	rt_gc_enable(was_enabled);
	return nothing_left(state);
}

#define GC_TEST(f) cmocka_unit_test_setup_teardown(f, quiet, loud)

/* A list that contains itself. */
static struct rt_object *loop(void)
{
	struct rt_object *l = rt_list_new();

	rt_list_append(l, l);
	return l;
}

static void cycles_are_found_and_others_left_alone(void **state)
{
	struct rt_object *a = rt_list_new(), *b = rt_list_of(1, rt_ref(a)), *kept = loop();

	(void)state;
	rt_list_append(a, b);
	rt_unref(a);
	rt_unref(b);
	rt_unref(loop());
	assert_int_equal(rt_gc_collect(2), 3);
	assert_int_equal(rt_list_len(kept), 1);
	assert_int_equal(rt_gc_collect(2), 0);
	rt_list_clear(kept);
	rt_unref(kept);
}

/* Each kind of container in a cycle through a list. */
static void every_kind_of_container_is_collected(void **state)
{
	static const struct rt_function_spec spec = { "f", NULL };
	struct rt_object *l = rt_list_new(), *class = rt_class_new("C", NULL, NULL);
	struct rt_object *o = rt_call_of(class, 0), *f, *t;

	(void)state;
	rt_list_append_stolen(l, rt_tuple_of(1, rt_ref(l)));
	rt_list_append_stolen(l, rt_dict_of(1, I(1), rt_ref(l)));
	rt_list_append_stolen(l, rt_cell_new(l));
	rt_setattr(o, "l", l);
	rt_list_append_stolen(l, o);
	rt_setattr(class, "l", l);
	rt_list_append_stolen(l, class);
	f = rt_closure_new(&spec, 1, &l);
	rt_setattr(f, "l", l);
	rt_list_append_stolen(l, f);
	rt_list_append_stolen(l, rt_iter(l));
	rt_list_append_stolen(l, rt_map_new(f, l));
	rt_list_append_stolen(l, rt_method_new(f, l));
	rt_list_append_stolen(l, rt_property_new(l, l));
	t = rt_slice_new(l, NULL, NULL);
	rt_list_append_stolen(l, t);
	t = rt_set_new();
	rt_set_add(t, f);
	rt_list_append_stolen(l, t);
	rt_list_append_stolen(l, rt_call_of(rt_type_object(RT_VALUE_ERROR), 1, rt_ref(l)));
	rt_list_append_stolen(l, rt_generator_new("g", NULL, l));
	t = rt_module_new("m", NULL);
	rt_setattr(t, "l", l);
	rt_list_append_stolen(l, t);
	rt_list_append_stolen(l, rt_weakref_new(f, f));
	rt_unref(l);
	assert_true(rt_gc_collect(2) >= 18);
	assert_int_equal(rt_mem_live(), 0);
}

static void what_garbage_alone_refers_to_goes_with_it(void **state)
{
	struct rt_object *l = loop(), *shared = rt_list_new();

	(void)state;
	rt_list_append_stolen(l, rt_list_of(1, S("only from here")));
	rt_list_append(l, shared);
	rt_unref(l);
	assert_int_equal(rt_gc_collect(2), 2); /* shared is not garbage */
	assert_int_equal(shared->refs, 1);
	rt_unref(shared);
}

/* --- generations --- */

static void survivors_are_promoted(void **state)
{
	struct rt_object *l = rt_list_new();

	(void)state;
	assert_int_equal(rt_gc_head_of(l)->generation, 0);
	assert_int_equal(rt_gc_generation_size(0), 1);
	rt_gc_collect(0);
	assert_int_equal(rt_gc_head_of(l)->generation, 1);
	assert_int_equal(rt_gc_generation_size(0), 0);
	assert_int_equal(rt_gc_generation_size(1), 1);
	rt_gc_collect(0);
	assert_int_equal(rt_gc_head_of(l)->generation, 1);
	rt_gc_collect(1);
	assert_int_equal(rt_gc_head_of(l)->generation, 2);
	rt_gc_collect(2);
	assert_int_equal(rt_gc_head_of(l)->generation, 2);
	assert_int_equal(rt_gc_generation_size(2), 1);
	assert_int_equal(rt_gc_generation_size(7), 0);
	rt_unref(l);
}

static void a_young_collection_leaves_old_garbage(void **state)
{
	struct rt_object *l = loop();

	(void)state;
	rt_gc_collect(1); /* now in generation 2 */
	rt_unref(l);
	assert_int_equal(rt_gc_collect(0), 0);
	assert_int_equal(rt_gc_collect(1), 0);
	assert_int_equal(rt_gc_collect(2), 1);
}

static void an_old_object_keeps_young_ones_alive(void **state)
{
	struct rt_object *old = rt_list_new(), *young;

	(void)state;
	rt_gc_collect(2);
	young = loop();
	rt_list_append_stolen(old, young);
	assert_int_equal(rt_gc_collect(0), 0);
	assert_int_equal(rt_list_len(young), 1);
	rt_list_clear(young);
	rt_unref(old);
}

#ifndef RT_GC_STRESS
static void thresholds_say_when_each_generation_is_collected(void **state)
{
	static const int small[] = { 10, 2, 3 }, usual[] = { 700, 10, 10 };
	struct rt_gc_stats before[3], after[3];
	struct rt_object *keep = rt_list_new();
	int t[3];

	(void)state;
	rt_gc_get_threshold(t);
	assert_int_equal(t[0], 700);
	assert_int_equal(t[1], 10);
	assert_int_equal(t[2], 10);
	rt_gc_set_threshold(small);
	rt_gc_collect(2);
	for (int g = 0; g < 3; g++)
		rt_gc_get_stats(g, &before[g]);
	rt_gc_enable(true);
	/* The 11th new container starts one; the 4th of these is one of generation 1. */
	for (int i = 0; i < 11 * 9; i++)
		rt_list_append_stolen(keep, rt_list_new());
	rt_gc_enable(false);
	for (int g = 0; g < 3; g++)
		rt_gc_get_stats(g, &after[g]);
	assert_int_equal(after[0].collections - before[0].collections, 7);
	assert_int_equal(after[1].collections - before[1].collections, 2);
	assert_int_equal(after[2].collections - before[2].collections, 0);
	rt_gc_set_threshold(usual);
	rt_unref(keep);
}

static void counts_tell_how_near_the_thresholds_are(void **state)
{
	struct rt_object *a, *b;
	int count[3];

	(void)state;
	rt_gc_collect(2);
	a = rt_list_new();
	b = rt_list_new();
	rt_gc_get_count(count);
	assert_int_equal(count[0], 2);
	rt_unref(a);
	rt_gc_get_count(count);
	assert_int_equal(count[0], 1);
	rt_gc_collect(0);
	rt_gc_get_count(count);
	assert_int_equal(count[0], 0);
	assert_int_equal(count[1], 1);
	rt_gc_collect(1);
	rt_gc_get_count(count);
	assert_int_equal(count[1], 0);
	assert_int_equal(count[2], 1);
	rt_unref(b);
}

static void a_full_collection_waits_for_a_quarter_of_new_survivors(void **state)
{
	static const int eager[] = { 10, 1, 1 }, usual[] = { 700, 10, 10 };
	struct rt_object *keep = rt_list_new();
	struct rt_gc_stats before, after;

	(void)state;
	for (int i = 0; i < 10000; i++)
		rt_list_append_stolen(keep, rt_list_new());
	rt_gc_collect(2);
	rt_gc_set_threshold(eager);
	rt_gc_get_stats(2, &before);
	rt_gc_enable(true);
	for (int i = 0; i < 1000; i++) /* a tenth */
		rt_list_append_stolen(keep, rt_list_new());
	rt_gc_get_stats(2, &after);
	assert_int_equal(after.collections, before.collections);
	for (int i = 0; i < 2000; i++)
		rt_list_append_stolen(keep, rt_list_new());
	rt_gc_get_stats(2, &after);
	assert_int_equal(after.collections, before.collections + 1);
	rt_gc_enable(false);
	rt_gc_set_threshold(usual);
	rt_unref(keep);
}

static void garbage_does_not_pile_up_while_it_is_on(void **state)
{
	struct rt_mem_stats s;

	(void)state;
	rt_gc_enable(true);
	for (int i = 0; i < 50000; i++)
		rt_unref(loop());
	rt_mem_get_stats(&s);
	assert_true(s.live_objects <= 702);
	rt_gc_enable(false);
}
#endif

/* --- callbacks --- */

struct seen {
	int starts, stops;
	struct rt_gc_info last;
};

static void note(const struct rt_gc_info *info, void *arg)
{
	struct seen *s = arg;

	s->starts += info->start;
	s->stops += !info->start;
	s->last = *info;
	assert_int_equal(rt_gc_collect(2), 0); /* one at a time */
}

static void callbacks_run_before_and_after(void **state)
{
	struct seen s = { 0 };

	(void)state;
	assert_int_equal(rt_gc_add_callback(note, &s), 0);
	rt_unref(loop());
	rt_gc_collect(1);
	assert_int_equal(s.starts, 1);
	assert_int_equal(s.stops, 1);
	assert_int_equal(s.last.generation, 1);
	assert_int_equal(s.last.collected, 1);
	assert_int_equal(rt_gc_remove_callback(note, &s), 0);
	expect_error(rt_gc_remove_callback(note, &s) < 0, "ValueError: no such callback");
	rt_gc_collect(1);
	assert_int_equal(s.starts, 1);
	for (int i = 0; i < 8; i++)
		assert_int_equal(rt_gc_add_callback(note, &s), 0);
	expect_error(rt_gc_add_callback(note, &s) < 0,
		     "RuntimeError: there are 8 callbacks already");
	for (int i = 0; i < 8; i++)
		assert_int_equal(rt_gc_remove_callback(note, &s), 0);
}

static void figures_are_kept_per_generation(void **state)
{
	struct rt_gc_stats before, after, none;

	(void)state;
	rt_gc_get_stats(0, &before);
	for (int i = 0; i < 3; i++)
		rt_unref(loop());
	rt_gc_collect(0);
	rt_gc_get_stats(0, &after);
	assert_int_equal(after.collections - before.collections, 1);
	assert_int_equal(after.collected - before.collected, 3);
	assert_true(after.pause_ns > before.pause_ns);
	assert_true(after.max_pause_ns > 0 && after.max_pause_ns <= after.pause_ns);
	rt_gc_get_stats(3, &none);
	assert_int_equal(none.collections, 0);
	expect_error(rt_gc_collect(3) < 0, "ValueError: there is no generation 3");
	expect_error(rt_gc_collect(-1) < 0, "ValueError: there is no generation -1");
}

/* --- queries --- */

static void only_containers_are_tracked(void **state)
{
	struct rt_object *s = S("text"), *l = rt_list_new();

	(void)state;
	assert_false(rt_gc_is_tracked(s));
	assert_false(rt_gc_is_tracked(rt_tuple_of(0)));
	assert_false(rt_gc_is_tracked(rt_type_object(&rt_list_type)));
	assert_true(rt_gc_is_tracked(l));
	rt_gc_untrack(l);
	rt_gc_untrack(l);
	assert_false(rt_gc_is_tracked(l));
	rt_gc_track(l);
	rt_unref(l);
	rt_unref(s);
}

static void referents_and_referrers_can_be_asked_for(void **state)
{
	struct rt_object *a = rt_list_new(), *b = rt_list_of(1, rt_ref(a)), *t, *list;

	(void)state;
	t = rt_tuple_of(2, rt_ref(a), S("x"));
	list = rt_gc_referrers(a);
	assert_int_equal(rt_list_len(list), 2);
	rt_unref(list);
	expect_repr(rt_gc_referents(t), "[[], 'x']");
	list = rt_gc_objects(-1);
	assert_int_equal(rt_list_len(list), 3);
	rt_unref(list);
	rt_gc_collect(2);
	list = rt_gc_objects(0);
	assert_int_equal(rt_list_len(list), 0);
	rt_unref(list);
	expect_error(!rt_gc_objects(5), "ValueError: there is no generation 5");
	rt_unref(t);
	rt_unref(b);
	rt_unref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GC_TEST(cycles_are_found_and_others_left_alone),
		GC_TEST(every_kind_of_container_is_collected),
		GC_TEST(what_garbage_alone_refers_to_goes_with_it),
		GC_TEST(survivors_are_promoted),
		GC_TEST(a_young_collection_leaves_old_garbage),
		GC_TEST(an_old_object_keeps_young_ones_alive),
#ifndef RT_GC_STRESS
		GC_TEST(thresholds_say_when_each_generation_is_collected),
		GC_TEST(counts_tell_how_near_the_thresholds_are),
		GC_TEST(a_full_collection_waits_for_a_quarter_of_new_survivors),
		GC_TEST(garbage_does_not_pile_up_while_it_is_on),
#endif
		GC_TEST(callbacks_run_before_and_after),
		GC_TEST(figures_are_kept_per_generation),
		GC_TEST(only_containers_are_tracked),
		GC_TEST(referents_and_referrers_can_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
