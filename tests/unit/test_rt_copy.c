/* Binding and copying: what is shared afterwards, and what is not; namespaces. */
#include "tests/unit/test_rt_helpers.h"

static void assignment_binds_and_del_unbinds(void **state)
{
	struct rt_object *ns = rt_dict_new(), *l = rt_list_new(), *got, *outer, *s;

	(void)state;
	rt_name_bind(ns, "a", l);
	got = rt_name_load(ns, "a");
	rt_name_bind(ns, "b", got); /* b = a */
	rt_list_append(got, I(1));
	rt_unref(got);
	expect_repr(rt_name_load(ns, "b"), "[1]");
	assert_int_equal(l->refs, 3);
	assert_int_equal(rt_name_delete(ns, "a"), 0); /* the name, not the object */
	expect_error(!rt_name_load(ns, "a"), "NameError: name 'a' is not defined");
	expect_error(rt_name_delete(ns, "a") < 0, "NameError: name 'a' is not defined");
	expect_repr(rt_name_load(ns, "b"), "[1]");
	assert_int_equal(l->refs, 2);
	outer = rt_dict_of(2, S("b"), I(9), S("c"), I(8));
	s = rt_name_resolve(2, (struct rt_object *[]) { ns, outer }, "c");
	expect_repr(s, "8");
	s = rt_name_resolve(2, (struct rt_object *[]) { ns, outer }, "b");
	assert_ptr_equal(s, l);
	rt_unref(s);
	rt_unref(outer);
	rt_unref(l);
	rt_unref(ns);
}

static struct rt_object *change_and_rebind(const struct rt_args *a)
{
	struct rt_object *local = rt_ref(a->v[0]);

	rt_list_append(local, I(1)); /* the caller sees this */
	rt_unref(local);
	local = rt_list_of(1, S("new")); /* but not this */
	return local;
}

static void arguments_are_passed_by_object_reference(void **state)
{
	static const struct rt_function_spec spec = { "f", change_and_rebind, "l" };
	struct rt_object *f = rt_function_new(&spec, NULL, NULL), *l = rt_list_new();

	(void)state;
	expect_repr(call1(f, rt_ref(l)), "['new']");
	expect_repr(l, "[1]");
	rt_unref(f);
}

static void a_shallow_copy_shares_its_items(void **state)
{
	struct rt_object *inner = rt_list_of(1, I(1)), *l = rt_list_of(2, inner, I(2));
	struct rt_object *copy = rt_copy(l), *slice = rt_getslice(l, 0, INT64_MAX);

	(void)state;
	assert_ptr_not_equal(copy, l);
	assert_int_equal(rt_equal(copy, l), 1);
	rt_list_append(inner, I(3));
	rt_list_append(l, I(4));
	expect_repr(copy, "[[1, 3], 2]"); /* the side effect */
	expect_repr(slice, "[[1, 3], 2]");
	expect_repr(l, "[[1, 3], 2, 4]");
}

static void a_deep_copy_shares_nothing_that_can_change(void **state)
{
	struct rt_object *inner = rt_list_of(1, I(1)), *l, *copy, *s = S("text");

	(void)state;
	l = rt_list_of(3, rt_ref(inner), rt_dict_of(1, S("k"), rt_ref(inner)), s);
	copy = rt_deepcopy(l);
	rt_list_append(inner, I(3));
	expect_repr(rt_ref(copy), "[[1], {'k': [1]}, 'text']");
	assert_ptr_equal(rt_list_at(copy, 2), s);
	/* Shared once stays shared: one copy of inner, not two. */
	rt_list_append(rt_list_at(copy, 0), I(5));
	expect_repr(copy, "[[1, 5], {'k': [1, 5]}, 'text']");
	rt_unref(inner);
	rt_unref(l);
}

static void deep_copies_survive_cycles(void **state)
{
	struct rt_object *l = rt_list_new(), *t, *copy;

	(void)state;
	rt_list_append(l, l);
	copy = rt_deepcopy(l);
	assert_ptr_not_equal(copy, l);
	assert_ptr_equal(rt_list_at(copy, 0), copy);
	rt_list_clear(copy);
	rt_unref(copy);
	rt_list_clear(l);

	t = rt_tuple_of(1, rt_ref(l)); /* through a tuple */
	rt_list_append(l, t);
	copy = rt_deepcopy(t);
	assert_ptr_not_equal(copy, t);
	assert_ptr_equal(rt_list_at(rt_tuple_at(copy, 0), 0), copy);
	rt_list_clear(rt_tuple_at(copy, 0));
	rt_unref(copy);
	rt_list_clear(l);
	rt_unref(t);
	rt_unref(l);
}

static void what_cannot_change_is_not_copied(void **state)
{
	struct rt_object *flat = rt_tuple_of(2, I(1000), S("x")), *copy;
	struct rt_object *atoms[] = { rt_none, I(5), rt_type_object(&rt_list_type), rt_ellipsis };

	(void)state;
	copy = rt_deepcopy(flat);
	assert_ptr_equal(copy, flat);
	rt_unref(copy);
	copy = rt_copy(flat);
	assert_ptr_equal(copy, flat);
	rt_unref(copy);
	rt_unref(flat);
	for (size_t i = 0; i < COUNT(atoms); i++) {
		assert_ptr_equal(rt_copy(atoms[i]), atoms[i]);
		assert_ptr_equal(rt_deepcopy(atoms[i]), atoms[i]);
	}
}

static void instances_sets_cells_and_exceptions_are_copied(void **state)
{
	struct rt_object *class = rt_class_new("C", NULL, NULL), *o = rt_call_of(class, 0);
	struct rt_object *l = rt_list_new(), *shallow, *deep, *e, *cell;

	(void)state;
	rt_setattr(o, "l", l);
	shallow = rt_copy(o);
	deep = rt_deepcopy(o);
	rt_list_append(l, I(1));
	assert_ptr_equal(shallow->type, o->type);
	expect_repr(rt_getattr(shallow, "l"), "[1]");
	expect_repr(rt_getattr(deep, "l"), "[]");
	rt_unref(shallow);
	rt_unref(deep);

	e = rt_set_from_iterable(l);
	expect_repr(rt_copy(e), "{1}");
	expect_repr(rt_deepcopy(e), "{1}");
	rt_unref(e);
	cell = rt_cell_new(l);
	shallow = rt_copy(cell);
	deep = rt_deepcopy(cell);
	rt_list_append(l, I(2));
	expect_repr(rt_cell_get(shallow), "[1, 2]");
	expect_repr(rt_cell_get(deep), "[1]");
	rt_unref(deep);
	rt_unref(shallow);
	rt_unref(cell);
	cell = rt_cell_new(NULL);
	deep = rt_deepcopy(cell);
	expect_error(!rt_cell_get(deep), "NameError: free variable is not set");
	rt_unref(deep);
	rt_unref(cell);
	e = rt_call_of(rt_type_object(RT_VALUE_ERROR), 1, I(7));
	expect_repr(rt_copy(e), "ValueError(7)");
	expect_repr(rt_deepcopy(e), "ValueError(7)");
	rt_unref(e);
	rt_unref(l);
	rt_unref(o);
	rt_unref(class);
}

static struct rt_object *own_copy(const struct rt_args *a)
{
	return I((int64_t)a->n);
}

static void classes_may_copy_in_their_own_way(void **state)
{
	static const struct rt_function_spec methods[] = {
		{ "__copy__", own_copy, "self" },
		{ "__deepcopy__", own_copy, "self, memo" },
		{ 0 },
	};
	struct rt_object *class = rt_class_from_methods("C", NULL, methods);
	struct rt_object *o = rt_call_of(class, 0), *l = rt_list_of(1, rt_ref(o));

	(void)state;
	expect_repr(rt_copy(o), "1");
	expect_repr(rt_deepcopy(l), "[2]");
	rt_unref(l);
	rt_unref(o);
	rt_unref(class);
}

static void some_things_cannot_be_copied(void **state)
{
	struct rt_object *b = rt_buffer_new(""), *l = rt_list_of(1, rt_ref(b));

	(void)state;
	expect_error(!rt_copy(b), "TypeError: cannot copy 'buffer' object");
	expect_error(!rt_deepcopy(l), "TypeError: cannot copy 'buffer' object");
	expect_error(!rt_copy(NULL), "SystemError: expected object, not NULL");
	rt_unref(l);
	rt_unref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(assignment_binds_and_del_unbinds),
		RT_TEST(arguments_are_passed_by_object_reference),
		RT_TEST(a_shallow_copy_shares_its_items),
		RT_TEST(a_deep_copy_shares_nothing_that_can_change),
		RT_TEST(deep_copies_survive_cycles),
		RT_TEST(what_cannot_change_is_not_copied),
		RT_TEST(instances_sets_cells_and_exceptions_are_copied),
		RT_TEST(classes_may_copy_in_their_own_way),
		RT_TEST(some_things_cannot_be_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
