/* Iterators, the lazy ones among them, comprehensions, and what they cost in memory. */
#include "tests/unit/test_rt_helpers.h"

static void next_gives_items_and_then_stop_iteration_for_ever(void **state)
{
	struct rt_object *t = rt_tuple_of(2, I(1), I(2)), *it = rt_iter(t), *x;

	(void)state;
	expect_repr(rt_next(it), "1");
	expect_repr(rt_next(it), "2");
	for (int i = 0; i < 3; i++) {
		expect_error(!rt_next(it), "StopIteration");
		assert_int_equal(rt_iter_next(it, &x), 0);
		assert_false(rt_error_pending());
	}
	x = rt_iter(it); /* an iterator iterates over itself */
	assert_ptr_equal(x, it);
	rt_unref(x);
	rt_unref(it);
	rt_unref(t);
}

static void ranges_count_without_holding_their_items(void **state)
{
	static const struct {
		int64_t start, stop, step;
		const char *items;
	} cases[] = {
		{ 0, 4, 1, "[0, 1, 2, 3]" },
		{ 5, 0, -2, "[5, 3, 1]" },
		{ 0, 0, 1, "[]" },
		{ 3, 0, 1, "[]" },
		{ 0, 7, 3, "[0, 3, 6]" },
		{ INT64_MAX - 1, INT64_MAX, 5, "[9223372036854775806]" },
		{ INT64_MIN, INT64_MAX, INT64_MAX,
		  "[-9223372036854775808, -1, 9223372036854775806]" },
	};
	struct rt_object *r, *list;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		r = rt_range_new(cases[i].start, cases[i].stop, cases[i].step);
		list = rt_list_from_iterable(r);
		assert_int_equal(rt_len(r), rt_list_len(list));
		expect_repr(list, cases[i].items);
		rt_unref(r);
	}
	r = rt_range_new(0, 10, 3);
	expect_repr(rt_ref(r), "range(0, 10, 3)");
	expect_repr(item(r, I(-1)), "9");
	expect_error(!rt_range_new(0, 1, 0), "ValueError: range() step must not be zero");
	r = rt_range_new(INT64_MIN, INT64_MAX, 1);
	expect_error(rt_len(r) < 0, "OverflowError: range has too many items for len()");
	rt_unref(r);
	expect_repr(call1(rt_type_object(&rt_range_type), I(3)), "range(0, 3)");
}

static struct rt_object *square(const struct rt_args *a)
{
	return rt_mul(a->v[0], a->v[0]);
}

static struct rt_object *is_odd(const struct rt_args *a)
{
	return rt_binary(RT_MOD, a->v[0], I(2));
}

static struct rt_object *fail_at_3(const struct rt_args *a)
{
	if (rt_equal(a->v[0], I(3)))
		return rt_raise(RT_VALUE_ERROR, "three");
	return rt_ref(a->v[0]);
}

static struct rt_object *function(const char *name, rt_cfunction f)
{
	static struct rt_function_spec spec[8];
	static size_t n;
	struct rt_function_spec *s = &spec[n++ % COUNT(spec)];

	*s = (struct rt_function_spec) { name, f, "x" };
	return rt_function_new(s, NULL, NULL);
}

/* All items of @it, stolen. */
static struct rt_object *all(struct rt_object *it)
{
	struct rt_object *list = it ? rt_list_from_iterable(it) : NULL;

	rt_unref(it);
	return list;
}

static void lazy_iterators_make_items_when_asked(void **state)
{
	struct rt_object *sq = function("square", square), *odd = function("is_odd", is_odd);
	struct rt_object *bad = function("fail_at_3", fail_at_3), *r = rt_range_new(0, 6, 1);

	(void)state;
	expect_repr(all(rt_map_new(sq, r)), "[0, 1, 4, 9, 16, 25]");
	expect_repr(all(rt_filter_new(odd, r)), "[1, 3, 5]");
	expect_repr(all(rt_filter_new(rt_none, r)), "[1, 2, 3, 4, 5]");
	expect_repr(all(rt_enumerate_new(r, 10)),
		    "[(10, 0), (11, 1), (12, 2), (13, 3), (14, 4), (15, 5)]");
	expect_repr(all(rt_zip_new(r, rt_tuple_of(0))), "[]");
	expect_repr(all(rt_zip_new(r, r)), "[(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]");
	expect_error(!all(rt_map_new(bad, r)), "ValueError: three");
	expect_error(!all(rt_filter_new(bad, r)), "ValueError: three");
	expect_error(!rt_map_new(sq, I(1)), "TypeError: 'int' object is not iterable");
	rt_unref(r);
	rt_unref(bad);
	rt_unref(odd);
	rt_unref(sq);
}

static void comprehensions_apply_and_filter(void **state)
{
	struct rt_object *sq = function("square", square), *odd = function("is_odd", is_odd);
	struct rt_object *bad = function("fail_at_3", fail_at_3), *r = rt_range_new(0, 6, 1);

	(void)state;
	expect_repr(rt_list_comprehension(sq, r, NULL), "[0, 1, 4, 9, 16, 25]");
	expect_repr(rt_list_comprehension(NULL, r, odd), "[1, 3, 5]");
	expect_repr(rt_list_comprehension(sq, r, odd), "[1, 9, 25]");
	expect_repr(rt_set_comprehension(odd, r, NULL), "{0, 1}");
	expect_repr(rt_dict_comprehension(NULL, sq, r, odd), "{1: 1, 3: 9, 5: 25}");
	expect_repr(all(rt_generator_expression(sq, r, odd)), "[1, 9, 25]");
	expect_error(!rt_list_comprehension(bad, r, NULL), "ValueError: three");
	expect_error(!rt_list_comprehension(NULL, r, bad), "ValueError: three");
	expect_error(!rt_dict_comprehension(NULL, bad, r, NULL), "ValueError: three");
	expect_error(!all(rt_generator_expression(bad, r, NULL)), "ValueError: three");
	expect_error(!rt_list_comprehension(NULL, I(1), NULL),
		     "TypeError: 'int' object is not iterable");
	expect_error(!rt_generator_expression(NULL, I(1), NULL),
		     "TypeError: 'int' object is not iterable");
	rt_unref(r);
	rt_unref(bad);
	rt_unref(odd);
	rt_unref(sq);
}

static int64_t sum_of(struct rt_object *iterable)
{
	struct rt_object *it = rt_iter(iterable), *x;
	int64_t sum = 0, v;

	while (rt_iter_next(it, &x) > 0) {
		rt_int_value(x, &v);
		sum += v;
		rt_unref(x);
	}
	rt_unref(it);
	return sum;
}

static void a_generator_of_n_holds_one_where_a_list_holds_n(void **state)
{
	struct rt_object *r = rt_range_new(1000, 1000 + SCALED(100000), 1), *list, *gen;
	struct rt_mem_stats of_list, of_gen;
	int64_t a, b;

	(void)state;
	rt_mem_reset_peak();
	list = rt_list_comprehension(NULL, r, NULL);
	a = sum_of(list);
	rt_unref(list);
	rt_mem_get_stats(&of_list);
	rt_mem_reset_peak();
	gen = rt_generator_expression(NULL, r, NULL);
	b = sum_of(gen);
	rt_unref(gen);
	rt_mem_get_stats(&of_gen);
	assert_int_equal(a, b);
	assert_true(of_list.peak_objects > (uint64_t)SCALED(100000));
	assert_true(of_gen.peak_objects < 20);
	assert_true(of_gen.peak_bytes < 4000);
	rt_unref(r);
}

static struct rt_object *count_down(const struct rt_args *a)
{
	struct rt_object *n = rt_getattr(a->v[0], "n"), *next;
	int r;

	if (rt_truth(n) == 0) {
		rt_unref(n);
		return rt_raise_object(rt_type_object(RT_STOP_ITERATION));
	}
	next = rt_sub(n, I(1));
	r = rt_setattr(a->v[0], "n", next);
	rt_unref(next);
	return r < 0 ? rt_unref(n) : n;
}

static struct rt_object *self(const struct rt_args *a)
{
	return rt_ref(a->v[0]);
}

static void classes_can_be_iterators(void **state)
{
	static const struct rt_function_spec methods[] = {
		{ "__iter__", self, "self" },
		{ "__next__", count_down, "self" },
		{ 0 },
	};
	struct rt_object *class = rt_class_from_methods("Down", NULL, methods);
	struct rt_object *o = rt_call_of(class, 0);

	(void)state;
	rt_setattr(o, "n", I(3));
	expect_repr(rt_list_from_iterable(o), "[3, 2, 1]");
	rt_setattr(o, "n", I(3));
	assert_int_equal(rt_contains(o, I(2)), 1);
	assert_int_equal(rt_contains(o, I(2)), 0); /* it is past it now */
	expect_error(!rt_next(o), "StopIteration");
	rt_unref(o);
	rt_unref(class);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(next_gives_items_and_then_stop_iteration_for_ever),
		RT_TEST(ranges_count_without_holding_their_items),
		RT_TEST(lazy_iterators_make_items_when_asked),
		RT_TEST(comprehensions_apply_and_filter),
		RT_TEST(a_generator_of_n_holds_one_where_a_list_holds_n),
		RT_TEST(classes_can_be_iterators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
