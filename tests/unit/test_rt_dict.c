/* Dicts and sets: order, deletions, collisions, against a model that only searches in rows. */
#include "tests/unit/test_rt_helpers.h"

#include <stdlib.h>

#define MODEL_MAX 400

struct model { /* keys in order of insertion */
	int64_t key[MODEL_MAX], value[MODEL_MAX];
	int n;
};

static int model_find(const struct model *m, int64_t key)
{
	for (int i = 0; i < m->n; i++)
		if (m->key[i] == key)
			return i;
	return -1;
}

static void model_set(struct model *m, int64_t key, int64_t value)
{
	int at = model_find(m, key);

	if (at < 0) {
		at = m->n++;
		m->key[at] = key;
	}
	m->value[at] = value;
}

static void model_delete(struct model *m, int at)
{
	m->n--;
	for (int i = at; i < m->n; i++) {
		m->key[i] = m->key[i + 1];
		m->value[i] = m->value[i + 1];
	}
}

static void same_as_model(struct rt_object *dict, const struct model *m)
{
	struct rt_object *key, *value;
	size_t position = 0;
	int64_t k, v;
	int n = 0;

	assert_int_equal(rt_dict_len(dict), m->n);
	for (; rt_dict_next(dict, &position, &key, &value); n++) {
		rt_int_value(key, &k);
		rt_int_value(value, &v);
		assert_int_equal(k, m->key[n]);
		assert_int_equal(v, m->value[n]);
	}
	assert_int_equal(n, m->n);
}

/* @stride spreads keys: multiples of a large power of 2 all start at the same slot. */
static void like_the_model(int64_t stride, int steps)
{
	struct rt_object *dict = rt_dict_new(), *key, *value, *found;
	struct model m = { .n = 0 };
	int64_t v;
	int at;

	for (int i = 0; i < steps; i++) {
		int64_t k = (rand() % MODEL_MAX) * stride;

		key = I(k);
		at = model_find(&m, k);
		if (rand() % 3) {
			value = I(i);
			assert_int_equal(rt_dict_set(dict, key, value), 0);
			rt_unref(value);
			model_set(&m, k, i);
		} else {
			assert_int_equal(rt_dict_delete(dict, key), at >= 0);
			if (at >= 0)
				model_delete(&m, at);
		}
		at = model_find(&m, k);
		assert_int_equal(rt_dict_find(dict, key, &found), at >= 0);
		if (at >= 0) {
			rt_int_value(found, &v);
			assert_int_equal(v, m.value[at]);
			rt_unref(found);
		}
		rt_unref(key);
		if (i % 97 == 0)
			same_as_model(dict, &m);
	}
	same_as_model(dict, &m);
	rt_unref(dict);
}

static void random_changes_leave_what_the_model_has(void **state)
{
	(void)state;
	srand(7);
	like_the_model(1, 6000);
	like_the_model(INT64_C(1) << 20, 6000);
	like_the_model(-(INT64_C(1) << 32), 3000);
}

static void order_is_that_of_insertion(void **state)
{
	struct rt_object *d = rt_dict_of(3, S("c"), I(1), S("a"), I(2), S("b"), I(3));

	(void)state;
	expect_repr(rt_ref(d), "{'c': 1, 'a': 2, 'b': 3}");
	rt_dict_set_name(d, "c", I(9)); /* a new value keeps the place */
	rt_dict_delete_name(d, "a");
	rt_dict_set_name(d, "a", I(2)); /* a new key goes last */
	expect_repr(rt_ref(d), "{'c': 9, 'b': 3, 'a': 2}");
	expect_repr(rt_dict_keys(d), "['c', 'b', 'a']");
	expect_repr(rt_dict_values(d), "[9, 3, 2]");
	expect_repr(rt_dict_items(d), "[('c', 9), ('b', 3), ('a', 2)]");
	expect_repr(rt_list_from_iterable(d), "['c', 'b', 'a']");
	rt_unref(d);
}

static void equal_keys_of_other_types_are_one_key(void **state)
{
	struct rt_object *d = rt_dict_of(1, I(1), S("int"));

	(void)state;
	rt_dict_set(d, &rt_true->base, rt_none);
	expect_repr(rt_ref(d), "{1: None}"); /* the first key stays */
	rt_unref(d);
}

static void keys_must_be_hashable_and_there(void **state)
{
	struct rt_object *d = rt_dict_new(), *l = rt_list_new(), *k = S("k");

	(void)state;
	expect_error(rt_dict_set(d, l, l) < 0, "TypeError: unhashable type: 'list'");
	expect_error(rt_contains(d, l) < 0, "TypeError: unhashable type: 'list'");
	expect_error(!rt_getitem(d, k), "KeyError: 'k'");
	expect_error(rt_delitem(d, k) < 0, "KeyError: 'k'");
	expect_error(rt_dict_set(d, k, NULL) < 0, "SystemError: expected object, not NULL");
	rt_unref(k);
	rt_unref(l);
	rt_unref(d);
}

static void methods_of_dict_work(void **state)
{
	struct rt_object *d = rt_dict_new();

	(void)state;
	expect_repr(rt_call_method(d, "setdefault", 2, S("a"), I(1)), "1");
	expect_repr(rt_call_method(d, "setdefault", 2, S("a"), I(2)), "1");
	expect_repr(rt_call_method(d, "get", 1, S("a")), "1");
	expect_repr(rt_call_method(d, "get", 1, S("x")), "None");
	expect_repr(rt_call_method(d, "get", 2, S("x"), I(5)), "5");
	expect_repr(rt_call_method(d, "update", 1, rt_dict_of(1, S("b"), I(2))), "None");
	expect_repr(rt_call_method(d, "copy", 0), "{'a': 1, 'b': 2}");
	expect_repr(rt_call_method(d, "pop", 1, S("a")), "1");
	expect_repr(rt_call_method(d, "pop", 2, S("a"), I(0)), "0");
	expect_error(!rt_call_method(d, "pop", 1, S("a")), "KeyError: 'a'");
	expect_repr(rt_call_method(d, "popitem", 0), "('b', 2)");
	expect_error(!rt_call_method(d, "popitem", 0),
		     "KeyError: 'popitem(): dictionary is empty'");
	expect_repr(rt_call_method(d, "clear", 0), "None");
	expect_repr(rt_call_method(d, "keys", 0), "[]");
	rt_unref(d);
}

static void dicts_are_equal_whatever_their_order(void **state)
{
	struct rt_object *a = rt_dict_of(2, I(1), S("x"), I(2), S("y"));
	struct rt_object *b = rt_dict_of(2, I(2), S("y"), I(1), S("x"));

	(void)state;
	assert_int_equal(rt_equal(a, b), 1);
	rt_dict_set(b, I(2), I(0));
	assert_int_equal(rt_equal(a, b), 0);
	expect_error(!rt_compare(a, b, RT_LT),
		     "TypeError: '<' not supported between instances of 'dict' and 'dict'");
	rt_unref(a);
	rt_unref(b);
}

static void changing_size_while_iterating_is_an_error(void **state)
{
	struct rt_object *d = rt_dict_of(2, I(1), I(1), I(2), I(2)), *it = rt_iter(d);

	(void)state;
	expect_repr(rt_next(it), "1");
	rt_dict_set(d, I(1), I(5)); /* a new value is no new size */
	expect_repr(rt_next(it), "2");
	rt_dict_set(d, I(3), I(3));
	expect_error(!rt_next(it), "RuntimeError: dict changed size during iteration");
	rt_unref(it);
	rt_unref(d);
}

/* A key whose == empties the dict in its cell; then it says no. */
static struct rt_object *clear_and_deny(const struct rt_args *args)
{
	struct rt_object *d = rt_getattr(args->v[0], "dict");

	rt_unref(rt_call_method(d, "clear", 0));
	rt_unref(d);
	return rt_bool(false);
}

static struct rt_object *same_hash(const struct rt_args *args)
{
	(void)args;
	return I(42);
}

static void a_key_that_changes_the_dict_while_compared_is_survived(void **state)
{
	static const struct rt_function_spec methods[] = {
		{ "__eq__", clear_and_deny, "self, other" },
		{ "__hash__", same_hash, "self" },
		{ 0 },
	};
	struct rt_object *class = rt_class_from_methods("Key", NULL, methods), *d = rt_dict_new();
	struct rt_object *a = rt_call_of(class, 0), *b = rt_call_of(class, 0);

	(void)state;
	rt_setattr(a, "dict", d);
	rt_setattr(b, "dict", d);
	assert_int_equal(rt_dict_set(d, a, I(1)), 0);
	assert_int_equal(rt_dict_set(d, b, I(2)), 0);
	assert_int_equal(rt_dict_len(d), 1); /* a was removed while b was searched for */
	rt_unref(rt_call_method(d, "clear", 0));
	rt_unref(a);
	rt_unref(b);
	rt_unref(d);
	rt_unref(class);
}

static struct rt_object *set_of(const char *letters)
{
	struct rt_object *s = S(letters), *set = rt_set_from_iterable(s);

	rt_unref(s);
	return set;
}

static void sets_hold_each_item_once_and_combine(void **state)
{
	(void)state;
	expect_repr(set_of("hello"), "{'h', 'e', 'l', 'o'}");
	expect_repr(rt_set_new(), "set()");
	expect_repr(op2(RT_OR, set_of("abc"), set_of("cd")), "{'a', 'b', 'c', 'd'}");
	expect_repr(op2(RT_AND, set_of("abc"), set_of("cb")), "{'b', 'c'}");
	expect_repr(op2(RT_SUB, set_of("abc"), set_of("cd")), "{'a', 'b'}");
	expect_repr(op2(RT_XOR, set_of("abc"), set_of("cd")), "{'a', 'b', 'd'}");
	expect_error(!op2(RT_ADD, set_of("a"), set_of("b")),
		     "TypeError: unsupported operand type(s) for +: 'set' and 'set'");
	expect_error(!op2(RT_OR, set_of("a"), rt_list_new()),
		     "TypeError: unsupported operand type(s) for |: 'set' and 'list'");
}

static void sets_compare_as_subsets(void **state)
{
	struct rt_object *small = set_of("ab"), *large = set_of("bac"), *same = set_of("ba");

	(void)state;
	expect_true(rt_compare(small, large, RT_LT));
	expect_true(rt_compare(large, small, RT_GT));
	expect_true(rt_compare(small, same, RT_EQ));
	expect_true(rt_compare(small, same, RT_LE));
	expect_true(rt_compare(small, large, RT_NE));
	expect_repr(rt_compare(large, small, RT_LE), "False");
	expect_repr(rt_compare(small, same, RT_LT), "False");
	rt_unref(small);
	rt_unref(large);
	rt_unref(same);
}

static void methods_of_set_work(void **state)
{
	struct rt_object *s = rt_set_new(), *it;

	(void)state;
	expect_repr(rt_call_method(s, "add", 1, I(1)), "None");
	expect_repr(rt_call_method(s, "discard", 1, I(2)), "None");
	expect_error(!rt_call_method(s, "remove", 1, I(2)), "KeyError: 2");
	assert_int_equal(rt_contains(s, I(1)), 1);
	it = rt_iter(s);
	rt_set_add(s, I(5));
	expect_error(!rt_next(it), "RuntimeError: set changed size during iteration");
	rt_unref(it);
	expect_repr(rt_call_method(s, "remove", 1, I(1)), "None");
	expect_repr(s, "{5}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(random_changes_leave_what_the_model_has),
		RT_TEST(order_is_that_of_insertion),
		RT_TEST(equal_keys_of_other_types_are_one_key),
		RT_TEST(keys_must_be_hashable_and_there),
		RT_TEST(methods_of_dict_work),
		RT_TEST(dicts_are_equal_whatever_their_order),
		RT_TEST(changing_size_while_iterating_is_an_error),
		RT_TEST(a_key_that_changes_the_dict_while_compared_is_survived),
		RT_TEST(sets_hold_each_item_once_and_combine),
		RT_TEST(sets_compare_as_subsets),
		RT_TEST(methods_of_set_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
