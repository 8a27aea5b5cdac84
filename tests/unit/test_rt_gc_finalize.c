/* The cycle collector: finalizers, resurrection, and what it cannot free. */
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

static struct rt_object *finalized; /* list, or NULL: how finalizers report */
static struct rt_object *saved; /* list: where one resurrects itself to */

static struct rt_object *report(const struct rt_args *a)
{
	(void)a;
	return rt_none_if(rt_list_append(finalized, I(1)));
}

static struct rt_object *resurrect(const struct rt_args *a)
{
	rt_list_append(finalized, I(2));
	return rt_none_if(rt_list_append(saved, a->v[0]));
}

static struct rt_object *raise_in_del(const struct rt_args *a)
{
	(void)a;
	return rt_raise(RT_VALUE_ERROR, "in __del__");
}

/* An instance, in a cycle with itself, of a class whose __del__ is @del. */
static struct rt_object *with_del(rt_cfunction del)
{
	struct rt_function_spec methods[] = { { "__del__", del, "self" }, { 0 } };
	static struct rt_function_spec kept[8][2];
	static size_t n;
	struct rt_function_spec *mine = kept[n++ % COUNT(kept)];
	struct rt_object *class, *o;

	memcpy(mine, methods, sizeof(methods));
	class = rt_class_from_methods("D", NULL, mine);
	o = rt_call_of(class, 0);
	rt_setattr(o, "me", o);
	rt_unref(class);
	return o;
}

static void a_finalizer_runs_once_though_the_object_is_collected(void **state)
{
	(void)state;
	finalized = rt_list_new();
	rt_unref(with_del(report));
	assert_true(rt_gc_collect(2) > 0);
	assert_int_equal(rt_list_len(finalized), 1);
	rt_gc_collect(2);
	assert_int_equal(rt_list_len(finalized), 1);
	finalized = rt_unref(finalized);
}

static void a_resurrected_object_lives_and_is_not_finalized_again(void **state)
{
	struct rt_object *o;

	(void)state;
	finalized = rt_list_new();
	saved = rt_list_new();
	o = with_del(resurrect);
	rt_unref(o);
	rt_gc_collect(2);
	assert_int_equal(rt_list_len(saved), 1);
	o = rt_list_at(saved, 0);
	assert_true(rt_gc_is_finalized(o));
	assert_true(rt_gc_is_tracked(o));
	expect_repr(rt_getattr(rt_type_object(o->type), "__name__"), "'D'"); /* all of it lives */
	assert_int_equal(rt_hasattr(o, "me"), 1);
	rt_list_clear(saved);
	rt_gc_collect(2);
	assert_int_equal(rt_list_len(finalized), 1); /* not again */
	assert_int_equal(rt_list_len(saved), 0);
	saved = rt_unref(saved);
	finalized = rt_unref(finalized);
}

static void resurrection_works_for_plain_counts_too(void **state)
{
	struct rt_object *o;

	(void)state;
	finalized = rt_list_new();
	saved = rt_list_new();
	o = with_del(resurrect);
	rt_delattr(o, "me");
	rt_unref(o); /* the last reference: no cycle, no collector */
	assert_int_equal(rt_list_len(saved), 1);
	o = rt_list_pop(saved, 0);
	assert_int_equal(o->refs, 1);
	rt_unref(o);
	assert_int_equal(rt_list_len(finalized), 1);
	saved = rt_unref(saved);
	finalized = rt_unref(finalized);
}

static int unraisable_count;

static void count_unraisable(const char *where, struct rt_object *exception)
{
	(void)exception;
	assert_string_equal(where, "a finalizer");
	unraisable_count++;
}

static void a_failing_finalizer_stops_nothing(void **state)
{
	(void)state;
	rt_error_set_unraisable(count_unraisable);
	unraisable_count = 0;
	rt_unref(with_del(raise_in_del));
	rt_raise(RT_KEY_ERROR, "pending");
	rt_gc_collect(2);
	assert_string_equal(rt_error_text(), "KeyError: 'pending'"); /* kept over it */
	rt_error_clear();
	assert_int_equal(unraisable_count, 1);
	rt_error_set_unraisable(NULL);
}

/* --- uncollectable --- */

struct stuck {
	struct rt_object base;
	struct rt_object *other;
};

static int stuck_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_visit_one(((struct stuck *)self)->other, visit, arg);
}

static void stuck_release(struct rt_object *self)
{
	rt_unref(((struct stuck *)self)->other);
}

static const struct rt_type stuck_type = {
	.base = RT_STATIC_TYPE,
	.name = "stuck",
	.size = sizeof(struct stuck),
	.flags = RT_TYPE_CONTAINER,
	.traverse = stuck_traverse,
	.release = stuck_release, /* no clear: it cannot be taken apart */
};

static void what_cannot_be_taken_apart_is_reported(void **state)
{
	struct rt_object *l = rt_list_new(), *kept;
	struct stuck *s = rt_new(&stuck_type);
	struct rt_gc_stats before, after;

	(void)state;
	s->other = l;
	rt_list_append_stolen(l, &s->base);
	rt_gc_get_stats(2, &before);
	assert_int_equal(rt_gc_collect(2), 2);
	rt_gc_get_stats(2, &after);
	assert_int_equal(after.uncollectable - before.uncollectable, 2);
	assert_int_equal(after.collected - before.collected, 0);
	kept = rt_gc_uncollectable();
	assert_int_equal(rt_list_len(kept), 1);
	assert_ptr_equal(rt_list_at(kept, 0), s);
	rt_unref(kept);
	assert_int_equal(rt_gc_collect(2), 0); /* kept, so no garbage any more */
	rt_list_clear(l); /* whoever knows how breaks the cycle */
	rt_gc_forget_uncollectable();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GC_TEST(a_finalizer_runs_once_though_the_object_is_collected),
		GC_TEST(a_resurrected_object_lives_and_is_not_finalized_again),
		GC_TEST(resurrection_works_for_plain_counts_too),
		GC_TEST(a_failing_finalizer_stops_nothing),
		GC_TEST(what_cannot_be_taken_apart_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
