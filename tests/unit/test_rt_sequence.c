/* Tuples and lists: items, slices, comparison, sorting, and changes while being looked at. */
#include "tests/unit/test_rt_helpers.h"

#include <stdlib.h>

static struct rt_object *numbers(int n)
{
	struct rt_object *list = rt_list_new();

	for (int i = 0; i < n; i++)
		assert_int_equal(rt_list_append_stolen(list, I(i)), 0);
	return list;
}

static void tuples_slice_and_keep_identity(void **state)
{
	struct rt_object *t = rt_tuple_of(3, I(1), S("two"), F(3)), *same, *copy;

	(void)state;
	expect_repr(rt_ref(t), "(1, 'two', 3.0)");
	expect_repr(rt_tuple_of(1, I(1)), "(1,)");
	expect_repr(rt_tuple_of(0), "()");
	same = rt_getslice(t, 0, INT64_MAX);
	assert_ptr_equal(same, t);
	rt_unref(same);
	copy = rt_getslice(t, 0, 2);
	assert_ptr_not_equal(copy, t);
	expect_repr(copy, "(1, 'two')");
	same = rt_add(t, rt_tuple_of(0));
	assert_ptr_equal(same, t);
	rt_unref(same);
	expect_repr(rt_mul(t, I(2)), "(1, 'two', 3.0, 1, 'two', 3.0)");
	assert_ptr_equal(rt_mul(t, I(0)), rt_tuple_of(0));
	expect_error(rt_setitem(t, I(0), I(1)) < 0,
		     "TypeError: 'tuple' object does not support item assignment");
	expect_error(!rt_tuple_at(t, 3), "IndexError: tuple index out of range");
	expect_repr(rt_call_method(t, "index", 1, F(3)), "2");
	expect_repr(rt_call_method(t, "count", 1, I(1)), "1");
	expect_error(!rt_call_method(t, "index", 1, I(9)), "ValueError: value is not in tuple");
	rt_unref(t);
}

static void sequences_compare_item_by_item(void **state)
{
	static const struct {
		int a[3], b[3];
		size_t na, nb;
		const char *lt, *le, *eq;
	} cases[] = {
		{ { 1, 2 }, { 1, 2 }, 2, 2, "False", "True", "True" },
		{ { 1, 2 }, { 1, 3 }, 2, 2, "True", "True", "False" },
		{ { 1 }, { 1, 0 }, 1, 2, "True", "True", "False" },
		{ { 2 }, { 1, 5 }, 1, 2, "False", "False", "False" },
		{ { 0 }, { 0 }, 0, 1, "True", "True", "False" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rt_object *a = rt_list_new(), *b = rt_list_new();

		for (size_t j = 0; j < cases[i].na; j++)
			rt_list_append(a, I(cases[i].a[j]));
		for (size_t j = 0; j < cases[i].nb; j++)
			rt_list_append(b, I(cases[i].b[j]));
		expect_repr(rt_compare(a, b, RT_LT), cases[i].lt);
		expect_repr(rt_compare(a, b, RT_LE), cases[i].le);
		expect_repr(rt_compare(a, b, RT_EQ), cases[i].eq);
		expect_repr(rt_compare(b, a, RT_GT), cases[i].lt);
		expect_repr(rt_compare(b, a, RT_GE), cases[i].le);
		rt_unref(a);
		rt_unref(b);
	}
}

static void lists_change_in_place(void **state)
{
	struct rt_object *l = numbers(3), *alias = rt_ref(l), *more = numbers(2);
	struct rt_object *x = S("x");

	(void)state;
	assert_int_equal(rt_setitem(l, I(-1), x), 0);
	rt_unref(x);
	x = S("first");
	assert_int_equal(rt_list_insert(l, 0, x), 0);
	rt_unref(x);
	assert_int_equal(rt_delitem(l, I(1)), 0);
	expect_repr(rt_ref(alias), "['first', 1, 'x']");
	expect_repr(rt_inplace(RT_ADD, l, more), "['first', 1, 'x', 0, 1]");
	expect_repr(rt_ref(alias), "['first', 1, 'x', 0, 1]");
	expect_repr(rt_add(l, more), "['first', 1, 'x', 0, 1, 0, 1]");
	assert_int_equal(rt_list_len(l), 5);
	expect_repr(rt_list_pop(l, 0), "'first'");
	expect_error(!rt_list_pop(l, 10), "IndexError: pop index out of range");
	assert_int_equal(rt_list_extend(l, l), 0);
	expect_repr(rt_ref(l), "[1, 'x', 0, 1, 1, 'x', 0, 1]");
	rt_list_clear(l);
	expect_error(!rt_list_pop(l, 0), "IndexError: pop from empty list");
	expect_repr(alias, "[]");
	rt_unref(more);
	rt_unref(l);
}

static void methods_of_list_work(void **state)
{
	struct rt_object *l = numbers(4);

	(void)state;
	expect_repr(rt_call_method(l, "append", 1, S("a")), "None");
	expect_repr(rt_call_method(l, "insert", 2, I(-1), S("b")), "None");
	expect_repr(rt_call_method(l, "insert", 2, I(-99), S("c")), "None");
	expect_repr(rt_ref(l), "['c', 0, 1, 2, 3, 'b', 'a']");
	expect_repr(rt_call_method(l, "pop", 0), "'a'");
	expect_repr(rt_call_method(l, "pop", 1, I(0)), "'c'");
	expect_repr(rt_call_method(l, "pop", 1, I(-1)), "'b'");
	expect_error(!rt_call_method(l, "pop", 1, I(-9)), "IndexError: pop index out of range");
	expect_repr(rt_call_method(l, "remove", 1, I(2)), "None");
	expect_error(!rt_call_method(l, "remove", 1, I(7)), "ValueError: value is not in list");
	expect_repr(rt_call_method(l, "extend", 1, rt_tuple_of(2, I(8), I(8))), "None");
	expect_repr(rt_call_method(l, "count", 1, I(8)), "2");
	expect_repr(rt_call_method(l, "index", 1, I(3)), "2");
	expect_repr(rt_call_method(l, "reverse", 0), "None");
	expect_repr(rt_call_method(l, "copy", 0), "[8, 8, 3, 1, 0]");
	expect_repr(rt_call_method(l, "sort", 0), "None");
	expect_repr(rt_ref(l), "[0, 1, 3, 8, 8]");
	expect_repr(rt_call_method(l, "clear", 0), "None");
	expect_repr(l, "[]");
}

/* What list[a:b:c] gives, against a loop over all indexes. */
static void slices_are_what_a_loop_finds(void **state)
{
	struct rt_object *l = numbers(5), *slice, *part;

	(void)state;
	for (int a = -5; a <= 7; a++)
		for (int b = -5; b <= 7; b++)
			for (int c = -3; c <= 3; c++) {
				int n = 0, from = a < 0 ? a + 5 : a, to = b < 0 ? b + 5 : b,
				    want[8];

				if (c == 0)
					continue;
				for (int i = c > 0 ? 0 : 4; i >= 0 && i<5; i += c> 0 ? 1 : -1) {
					int start = c > 0 ? (from < 0 ? 0 : from)
							  : (from > 4 ? 4 : from);
					bool in =
						c > 0 ? i >= start && i < to : i <= start && i > to;

					if (in && (i - start) % c == 0)
						want[n++] = i;
				}
				slice = rt_slice_new(I(a), I(b), I(c));
				part = rt_getitem(l, slice);
				assert_int_equal(rt_list_len(part), n);
				for (int i = 0; i < n; i++)
					assert_ptr_equal(rt_list_at(part, (size_t)i), I(want[i]));
				rt_unref(part);
				rt_unref(slice);
			}
	rt_unref(l);
}

static void slices_can_be_assigned_and_deleted(void **state)
{
	struct rt_object *l = numbers(5), *slice = rt_slice_new(I(1), I(3), NULL), *v;

	(void)state;
	v = rt_list_of(3, S("a"), S("b"), S("c"));
	assert_int_equal(rt_setitem(l, slice, v), 0);
	expect_repr(rt_ref(l), "[0, 'a', 'b', 'c', 3, 4]");
	rt_unref(v);
	assert_int_equal(rt_delitem(l, slice), 0);
	expect_repr(rt_ref(l), "[0, 'c', 3, 4]");
	rt_unref(slice);
	slice = rt_slice_new(NULL, NULL, NULL);
	assert_int_equal(rt_setitem(l, slice, l), 0);
	expect_repr(rt_ref(l), "[0, 'c', 3, 4]");
	expect_error(rt_setitem(l, slice, I(1)) < 0, "TypeError: 'int' object is not iterable");
	rt_unref(slice);
	slice = rt_slice_new(NULL, NULL, I(2));
	expect_error(rt_delitem(l, slice) < 0,
		     "ValueError: only slices with step 1 can be assigned or deleted");
	rt_unref(slice);
	rt_unref(l);
	l = rt_list_new();
	slice = rt_slice_new(NULL, NULL, NULL);
	assert_int_equal(rt_setitem(l, slice, rt_tuple_of(0)), 0);
	expect_repr(l, "[]");
	rt_unref(slice);
}

static void sorting_is_right_and_stable(void **state)
{
	struct rt_object *l, *pair;
	int64_t last, v, last_at, at;

	(void)state;
	srand(1);
	for (int n = 0; n < 200; n += 1 + n / 8) {
		l = rt_list_new();
		for (int i = 0; i < n; i++)
			rt_list_append_stolen(l, rt_tuple_of(2, I(rand() % 10), I(i)));
		assert_int_equal(rt_list_sort(l, NULL, false), 0);
		last = last_at = -1;
		for (int i = 0; i < n; i++) {
			pair = rt_list_at(l, (size_t)i);
			rt_int_value(rt_tuple_at(pair, 0), &v);
			rt_int_value(rt_tuple_at(pair, 1), &at);
			assert_true(v > last || (v == last && at > last_at));
			last = v;
			last_at = at;
		}
		rt_unref(l);
	}
}

static struct rt_object *negated(const struct rt_args *args)
{
	return rt_unary(RT_NEG, args->v[0]);
}

static void sorting_takes_a_key_and_a_direction(void **state)
{
	static const struct rt_function_spec spec = { "negated", negated, "x" };
	struct rt_object *key = rt_function_new(&spec, NULL, NULL), *l = numbers(4);

	(void)state;
	assert_int_equal(rt_list_sort(l, key, false), 0);
	expect_repr(rt_ref(l), "[3, 2, 1, 0]");
	assert_int_equal(rt_list_sort(l, key, true), 0);
	expect_repr(rt_ref(l), "[0, 1, 2, 3]");
	assert_int_equal(rt_list_sort(l, NULL, true), 0);
	expect_repr(rt_ref(l), "[3, 2, 1, 0]");
	rt_list_append_stolen(l, S("x"));
	expect_error(rt_list_sort(l, key, false) < 0,
		     "TypeError: bad operand type for unary -: 'str'");
	expect_error(rt_list_sort(l, NULL, false) < 0,
		     "TypeError: '<' not supported between instances of 'str' and 'int'");
	assert_int_equal(rt_list_len(l), 5); /* nothing got lost */
	rt_unref(l);
	rt_unref(key);
}

/* Appends to the list in its cell whenever asked for a key. */
static struct rt_object *meddle(const struct rt_args *args)
{
	struct rt_object *l = rt_args_free_variable(args, 0);

	rt_list_append(l, rt_none);
	rt_unref(l);
	return I(0);
}

static void changing_a_list_while_it_is_sorted_is_noticed(void **state)
{
	static const struct rt_function_spec spec = { "meddle", meddle, "x" };
	struct rt_object *l = numbers(3), *key = rt_closure_new(&spec, 1, &l);

	(void)state;
	expect_error(rt_list_sort(l, key, false) < 0, "ValueError: list modified during sort");
	expect_repr(rt_ref(l), "[0, 1, 2]");
	rt_unref(key);
	rt_unref(l);
}

static void a_list_may_grow_while_it_is_iterated(void **state)
{
	struct rt_object *l = numbers(2), *it = rt_iter(l), *x;
	int n = 0;

	(void)state;
	while (rt_iter_next(it, &x) > 0) {
		rt_unref(x);
		if (++n < 6)
			rt_list_append(l, I(n));
	}
	assert_int_equal(n, 7);
	rt_unref(it);
	rt_unref(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(tuples_slice_and_keep_identity),
		RT_TEST(sequences_compare_item_by_item),
		RT_TEST(lists_change_in_place),
		RT_TEST(methods_of_list_work),
		RT_TEST(slices_are_what_a_loop_finds),
		RT_TEST(slices_can_be_assigned_and_deleted),
		RT_TEST(sorting_is_right_and_stable),
		RT_TEST(sorting_takes_a_key_and_a_direction),
		RT_TEST(changing_a_list_while_it_is_sorted_is_noticed),
		RT_TEST(a_list_may_grow_while_it_is_iterated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
