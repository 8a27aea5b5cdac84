/* Objects: counts, identity against equality, text, hash, truth, comparison, errors per type. */
#include "tests/unit/test_rt_helpers.h"

static void counts_follow_references(void **state)
{
	struct rt_object *s = S("text"), *list;

	(void)state;
	assert_int_equal(s->refs, 1);
	assert_ptr_equal(rt_ref(s), s);
	assert_int_equal(s->refs, 2);
	list = rt_list_of(1, s);
	assert_int_equal(s->refs, 2);
	rt_unref(list);
	assert_int_equal(s->refs, 1);
	assert_null(rt_unref(s));
	assert_null(rt_unref(NULL));
	assert_null(rt_ref(NULL));
}

static void immortals_are_never_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		rt_unref(rt_none);
	assert_true(rt_none->refs == RT_IMMORTAL);
	rt_unref(rt_type_object(&rt_int_type));
	assert_true(rt_int_type.base.refs == RT_IMMORTAL);
}

static void small_ints_are_one_object_and_larger_ones_are_not(void **state)
{
	(void)state;
	for (int64_t v = -10; v < 300; v++) {
		struct rt_object *a = I(v), *b = I(v);

		assert_int_equal(a == b, v >= -5 && v <= 256);
		assert_int_equal(rt_equal(a, b), 1);
		rt_unref(a);
		rt_unref(b);
	}
}

static void a_million_nested_objects_go_without_deep_stacks(void **state)
{
	struct rt_object *chain = rt_list_new();
	bool enabled = rt_gc_enable(false);

	(void)state;
	for (int i = 0; i < 1000000; i++)
		chain = i % 3 == 0   ? rt_list_of(1, chain)
			: i % 3 == 1 ? rt_tuple_of(1, chain)
				     : rt_dict_of(1, I(1), chain);
	assert_non_null(chain);
	rt_unref(chain);
	assert_int_equal(rt_mem_live(), 0);
	rt_gc_enable(enabled);
}

static void a_long_chain_in_a_cycle_is_collected_without_deep_stacks(void **state)
{
	struct rt_object *first = rt_list_new(), *chain = rt_ref(first);
	bool enabled = rt_gc_enable(false);

	(void)state;
	for (int i = 0; i < 300000; i++)
		chain = rt_list_of(1, chain);
	assert_int_equal(rt_list_append(first, chain), 0);
	rt_unref(first);
	rt_unref(chain);
	assert_int_equal(rt_gc_collect(2), 300001);
	assert_int_equal(rt_mem_live(), 0);
	rt_gc_enable(enabled);
}

static void operators_never_convert(void **state)
{
	static const enum rt_op ops[] = { RT_ADD, RT_SUB, RT_TRUEDIV, RT_AND };
	char text[100];

	(void)state;
	for (size_t i = 0; i < COUNT(ops); i++) {
		snprintf(text, sizeof(text),
			 "TypeError: unsupported operand type(s) for %s: 'int' and 'str'",
			 rt_op_symbol(ops[i]));
		expect_error(!op2(ops[i], I(1), S("1")), text);
	}
	expect_error(!op2(RT_ADD, S("1"), I(1)),
		     "TypeError: unsupported operand type(s) for +: 'str' and 'int'");
	expect_error(!op2(RT_ADD, rt_none, rt_list_new()),
		     "TypeError: unsupported operand type(s) for +: 'NoneType' and 'list'");
	expect_error(!rt_inplace(RT_ADD, I(1), rt_none),
		     "TypeError: unsupported operand type(s) for +=: 'int' and 'NoneType'");
	expect_error(!rt_unary(RT_NEG, rt_none),
		     "TypeError: bad operand type for unary -: 'NoneType'");
}

static void what_a_type_cannot_do_is_a_type_error_that_names_it(void **state)
{
	struct rt_object *i = I(1), *item_, *it;

	(void)state;
	expect_error(rt_len(i) < 0, "TypeError: object of type 'int' has no len()");
	expect_error(!rt_getitem(i, i), "TypeError: 'int' object is not subscriptable");
	expect_error(rt_setitem(i, i, i) < 0,
		     "TypeError: 'int' object does not support item assignment");
	expect_error(rt_delitem(i, i) < 0,
		     "TypeError: 'int' object does not support item deletion");
	expect_error(!rt_iter(i), "TypeError: 'int' object is not iterable");
	expect_error(!rt_next(i), "TypeError: 'int' object is not an iterator");
	expect_error(rt_iter_next(i, &item_) < 0, "TypeError: 'int' object is not an iterator");
	expect_error(rt_contains(i, i) < 0, "TypeError: 'int' object is not iterable");
	expect_error(!rt_call(i, 0, NULL, NULL), "TypeError: 'int' object is not callable");
	expect_error(!rt_getattr(i, "x"), "AttributeError: 'int' object has no attribute 'x'");
	expect_error(rt_setattr(i, "x", i) < 0,
		     "AttributeError: 'int' object has no attribute 'x'");
	it = rt_list_new();
	expect_error(rt_delattr(it, "x") < 0, "AttributeError: 'list' object has no attribute 'x'");
	expect_error(!rt_compare(i, it, RT_LT),
		     "TypeError: '<' not supported between instances of 'int' and 'list'");
	rt_unref(it);
}

static void null_objects_are_an_error_and_keep_the_one_that_made_them(void **state)
{
	(void)state;
	expect_error(!rt_add(NULL, rt_none), "SystemError: expected object, not NULL");
	expect_error(rt_len(NULL) < 0, "SystemError: expected object, not NULL");
	expect_error(!rt_call(NULL, 0, NULL, NULL), "SystemError: expected object, not NULL");
	expect_error(!rt_getattr(NULL, "x"), "SystemError: expected object, not NULL");
	expect_error(rt_list_append(rt_none, rt_none) < 0,
		     "TypeError: expected list, not 'NoneType'");
	expect_error(!rt_list_of(2, S("a"), rt_dict_get(rt_none, rt_none)),
		     "TypeError: expected dict, not 'NoneType'");
	expect_error(!rt_add(rt_getattr(rt_none, "no"), rt_none),
		     "AttributeError: 'NoneType' object has no attribute 'no'");
}

static void truth_is_emptiness(void **state)
{
	static const struct {
		struct rt_object *(*make)(void);
		int truth;
	} cases[] = {
		{ rt_list_new, 0 },
		{ rt_dict_new, 0 },
		{ rt_set_new, 0 },
	};
	struct rt_object *o;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		o = cases[i].make();
		assert_int_equal(rt_truth(o), cases[i].truth);
		rt_unref(o);
	}
	assert_int_equal(rt_truth(rt_none), 0);
	assert_int_equal(rt_truth(I(0)), 0);
	assert_int_equal(rt_truth(I(7)), 1);
	assert_int_equal(rt_truth(rt_tuple_of(0)), 0);
	assert_int_equal(rt_truth(rt_type_object(&rt_int_type)), 1);
	o = S("");
	assert_int_equal(rt_truth(o), 0);
	rt_unref(o);
	o = F(0.5);
	assert_int_equal(rt_truth(o), 1);
	rt_unref(o);
}

static void equal_objects_hash_alike_and_mutable_ones_do_not_hash(void **state)
{
	struct rt_object *pairs[][2] = {
		{ I(1), F(1.0) },
		{ I(1), &rt_true->base },
		{ S("ab"), op2(RT_ADD, S("a"), S("b")) },
		{ rt_tuple_of(2, I(1), S("x")), rt_tuple_of(2, F(1.0), S("x")) },
		{ F(0.0), F(-0.0) },
		{ I(1000), I(1000) },
	};
	struct rt_object *o;
	uint64_t a, b;

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		assert_int_equal(rt_equal(pairs[i][0], pairs[i][1]), 1);
		assert_int_equal(rt_hash(pairs[i][0], &a), 0);
		assert_int_equal(rt_hash(pairs[i][1], &b), 0);
		assert_int_equal(a, b);
		rt_unref(pairs[i][0]);
		rt_unref(pairs[i][1]);
	}
	o = rt_list_new();
	expect_error(rt_hash(o, &a) < 0, "TypeError: unhashable type: 'list'");
	o = rt_tuple_of(1, o);
	expect_error(rt_hash(o, &a) < 0, "TypeError: unhashable type: 'list'");
	rt_unref(o);
}

static void unlike_types_are_unequal_but_have_no_order(void **state)
{
	struct rt_object *s = S("1");

	(void)state;
	assert_int_equal(rt_equal(I(1), s), 0);
	assert_int_equal(rt_compare_truth(I(1), s, RT_NE), 1);
	expect_error(rt_compare_truth(I(1), s, RT_GE) < 0,
		     "TypeError: '>=' not supported between instances of 'int' and 'str'");
	rt_unref(s);
}

static void text_of_what_contains_itself_ends(void **state)
{
	struct rt_object *list = rt_list_of(1, I(1)), *dict = rt_dict_new();

	(void)state;
	rt_list_append(list, list);
	expect_repr(rt_ref(list), "[1, [...]]");
	rt_dict_set_name(dict, "me", dict);
	expect_repr(rt_ref(dict), "{'me': {...}}");
	rt_list_clear(list);
	rt_unref(list);
	rt_unref(dict);
}

static void depth_beyond_the_limit_is_a_recursion_error(void **state)
{
	struct rt_object *a = rt_list_new(), *b = rt_list_new(), *s;
	bool enabled = rt_gc_enable(false);
	int limit = rt_set_recursion_limit(200);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		a = rt_list_of(1, a);
		b = rt_list_of(1, b);
	}
	s = rt_repr(a);
	expect_error(!s, "RecursionError: maximum recursion depth exceeded in repr() or str()");
	expect_error(rt_equal(a, b) < 0,
		     "RecursionError: maximum recursion depth exceeded in comparison");
	expect_error(!rt_deepcopy(a),
		     "RecursionError: maximum recursion depth exceeded in a deep copy");
	rt_set_recursion_limit(limit);
	rt_unref(a);
	rt_unref(b);
	rt_gc_enable(enabled);
}

static void there_is_one_of_each_singleton(void **state)
{
	(void)state;
	expect_repr(rt_none, "None");
	expect_repr(rt_not_implemented, "NotImplemented");
	expect_repr(rt_ellipsis, "Ellipsis");
	assert_ptr_equal(rt_tuple_of(0), rt_tuple_from(0, NULL));
	expect_repr(rt_type_of(rt_none), "<class 'NoneType'>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(counts_follow_references),
		RT_TEST(immortals_are_never_counted),
		RT_TEST(small_ints_are_one_object_and_larger_ones_are_not),
		RT_TEST(a_million_nested_objects_go_without_deep_stacks),
		RT_TEST(a_long_chain_in_a_cycle_is_collected_without_deep_stacks),
		RT_TEST(operators_never_convert),
		RT_TEST(what_a_type_cannot_do_is_a_type_error_that_names_it),
		RT_TEST(null_objects_are_an_error_and_keep_the_one_that_made_them),
		RT_TEST(truth_is_emptiness),
		RT_TEST(equal_objects_hash_alike_and_mutable_ones_do_not_hash),
		RT_TEST(unlike_types_are_unequal_but_have_no_order),
		RT_TEST(text_of_what_contains_itself_ends),
		RT_TEST(depth_beyond_the_limit_is_a_recursion_error),
		RT_TEST(there_is_one_of_each_singleton),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
