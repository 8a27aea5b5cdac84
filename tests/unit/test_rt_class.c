/* Classes and instances: attributes, inheritance, special methods, monkey patching, modules. */
#include "tests/unit/test_rt_helpers.h"

static struct rt_object *point_init(const struct rt_args *a)
{
	if (rt_setattr(a->v[0], "x", a->v[1]) < 0 || rt_setattr(a->v[0], "y", a->v[2]) < 0)
		return NULL;
	return rt_none;
}

static struct rt_object *x_of(struct rt_object *o)
{
	return rt_getattr(o, "x");
}

static struct rt_object *point_repr(const struct rt_args *a)
{
	struct rt_buf buf = { 0 };
	struct rt_object *x = x_of(a->v[0]);

	rt_buf_add(&buf, "P(");
	rt_buf_add_repr(&buf, x);
	rt_buf_add(&buf, ")");
	rt_unref(x);
	return rt_buf_finish(&buf);
}

static struct rt_object *point_add(const struct rt_args *a)
{
	struct rt_object *x, *y, *sum;

	if (!rt_is(a->v[1], &rt_int_type))
		return rt_not_implemented;
	x = x_of(a->v[0]);
	y = rt_add(x, a->v[1]);
	rt_unref(x);
	sum = rt_call_of(rt_type_object(a->v[0]->type), 2, y, I(0));
	return sum;
}

static struct rt_object *point_eq(const struct rt_args *a)
{
	struct rt_object *x = x_of(a->v[0]), *y = x_of(a->v[1]), *r = rt_compare(x, y, RT_EQ);

	rt_unref(x);
	rt_unref(y);
	return r;
}

static struct rt_object *point_lt(const struct rt_args *a)
{
	struct rt_object *x = x_of(a->v[0]), *y = x_of(a->v[1]), *r = rt_compare(x, y, RT_LT);

	rt_unref(x);
	rt_unref(y);
	return r;
}

static struct rt_object *point_len(const struct rt_args *a)
{
	return x_of(a->v[0]);
}

static struct rt_object *point_getitem(const struct rt_args *a)
{
	return rt_ref(a->v[1]);
}

static struct rt_object *point_getattr(const struct rt_args *a)
{
	if (rt_str_is(a->v[1], "magic"))
		return I(42);
	return rt_raise_value(RT_ATTRIBUTE_ERROR, a->v[1]);
}

static struct rt_object *point_call(const struct rt_args *a)
{
	return I((int64_t)a->n - 1);
}

static struct rt_object *point_neg(const struct rt_args *a)
{
	return S(a->n == 1 ? "negated" : "?");
}

static const struct rt_function_spec point_methods[] = {
	{ "__init__", point_init, "self, x, y" },
	{ "__repr__", point_repr, "self" },
	{ "__add__", point_add, "self, other" },
	{ "__radd__", point_add, "self, other" },
	{ "__iadd__", point_add, "self, other" },
	{ "__eq__", point_eq, "self, other" },
	{ "__lt__", point_lt, "self, other" },
	{ "__len__", point_len, "self" },
	{ "__getitem__", point_getitem, "self, key" },
	{ "__getattr__", point_getattr, "self, name" },
	{ "__call__", point_call, "self, *args" },
	{ "__neg__", point_neg, "self" },
	{ 0 },
};

static struct rt_object *point_class(void)
{
	return rt_class_from_methods("Point", NULL, point_methods);
}

static void special_methods_make_the_operators(void **state)
{
	struct rt_object *class = point_class(), *p = rt_call_of(class, 2, I(3), I(4));
	struct rt_object *q = rt_call_of(class, 2, I(5), I(6));
	uint64_t hash;

	(void)state;
	expect_repr(rt_ref(class), "<class 'Point'>");
	expect_repr(rt_ref(p), "P(3)");
	expect_repr(rt_add(p, I(10)), "P(13)");
	expect_repr(rt_add(I(10), p), "P(13)");
	expect_repr(rt_inplace(RT_ADD, p, I(1)), "P(4)");
	expect_error(!rt_add(p, rt_none),
		     "TypeError: unsupported operand type(s) for +: 'Point' and 'NoneType'");
	expect_error(!rt_add(p, q),
		     "TypeError: unsupported operand type(s) for +: 'Point' and 'Point'");
	expect_repr(rt_unary(RT_NEG, p), "'negated'");
	expect_true(rt_compare(p, p, RT_EQ));
	expect_true(rt_compare(p, q, RT_NE)); /* from __eq__ */
	expect_true(rt_compare(p, q, RT_LT));
	expect_true(rt_compare(q, p, RT_GT)); /* from the other's __lt__ */
	expect_error(!rt_compare(p, q, RT_LE),
		     "TypeError: '<=' not supported between instances of 'Point' and 'Point'");
	assert_int_equal(rt_len(p), 3);
	assert_int_equal(rt_truth(p), 1);
	expect_repr(rt_getitem(p, I(7)), "7");
	expect_repr(rt_call_of(p, 2, I(1), I(2)), "2");
	assert_true(rt_callable(p));
	expect_repr(rt_getattr(p, "magic"), "42");
	expect_error(!rt_getattr(p, "other"), "AttributeError: other");
	expect_error(rt_hash(p, &hash) < 0, "TypeError: unhashable type: 'Point'");
	expect_error(!rt_iter(p), "TypeError: 'Point' object is not iterable");
	rt_unref(p);
	rt_unref(q);
	rt_unref(class);
}

static void instances_have_attributes_of_their_own(void **state)
{
	struct rt_object *class = rt_class_new("C", NULL, NULL), *a = rt_call_of(class, 0);
	struct rt_object *b = rt_call_of(class, 0);
	uint64_t hash;

	(void)state;
	assert_int_equal(rt_setattr(class, "shared", I(1)), 0);
	assert_int_equal(rt_setattr(a, "own", I(2)), 0);
	assert_int_equal(rt_setattr(a, "shared", I(3)), 0);
	expect_repr(rt_getattr(a, "shared"), "3");
	expect_repr(rt_getattr(b, "shared"), "1");
	expect_error(!rt_getattr(b, "own"), "AttributeError: 'C' object has no attribute 'own'");
	assert_int_equal(rt_hasattr(b, "own"), 0);
	assert_int_equal(rt_delattr(a, "shared"), 0);
	expect_repr(rt_getattr(a, "shared"), "1");
	expect_error(rt_delattr(a, "shared") < 0,
		     "AttributeError: 'C' object has no attribute 'shared'");
	expect_repr(rt_vars(a), "{'own': 2}");
	assert_int_equal(rt_hash(a, &hash), 0);
	assert_int_equal(rt_equal(a, b), 0);
	expect_error(!rt_call_of(class, 1, I(1)), "TypeError: C() takes no arguments");
	rt_unref(a);
	rt_unref(b);
	rt_unref(class);
}

static struct rt_object *name_of_self(const struct rt_args *a)
{
	return rt_getattr(rt_type_object(a->v[0]->type), "__name__");
}

static void methods_are_inherited_along_the_mro(void **state)
{
	static const struct rt_function_spec who[] = { { "who", name_of_self, "self" }, { 0 } };
	struct rt_object *a = rt_class_from_methods("A", NULL, who);
	struct rt_object *b = rt_class_from_methods("B", a, NULL);
	struct rt_object *c = rt_class_from_methods("C", a, NULL), *bases, *d, *o;

	(void)state;
	bases = rt_tuple_of(2, rt_ref(b), rt_ref(c));
	d = rt_class_new("D", bases, NULL);
	expect_repr(rt_getattr(d, "__mro__"),
		    "(<class 'D'>, <class 'B'>, <class 'C'>, <class 'A'>, <class 'object'>)");
	rt_setattr(a, "v", I(1));
	rt_setattr(c, "v", I(3));
	o = rt_call_of(d, 0);
	expect_repr(rt_getattr(o, "v"), "3"); /* C before A, though B inherits from A */
	expect_repr(rt_call_method(o, "who", 0), "'D'");
	assert_int_equal(rt_isinstance(o, a), 1);
	assert_int_equal(rt_issubclass(d, c), 1);
	assert_int_equal(rt_issubclass(b, c), 0);
	assert_int_equal(rt_isinstance(o, rt_type_object(&rt_object_type)), 1);
	rt_unref(o);
	rt_unref(bases);
	bases = rt_tuple_of(2, rt_ref(a), rt_ref(b)); /* A before what inherits from it */
	expect_error(!rt_class_new("E", bases, NULL),
		     "TypeError: cannot create a consistent method resolution order for bases");
	rt_unref(bases);
	bases = rt_tuple_of(1, rt_type_object(&rt_int_type));
	expect_error(!rt_class_new("E", bases, NULL),
		     "TypeError: 'int' is not an acceptable base type");
	rt_unref(bases);
	bases = rt_tuple_of(1, I(1));
	expect_error(!rt_class_new("E", bases, NULL),
		     "TypeError: 'int' is not an acceptable base type");
	rt_unref(bases);
	rt_unref(d);
	rt_unref(c);
	rt_unref(b);
	rt_unref(a);
}

static struct rt_object *say(const struct rt_args *a)
{
	(void)a;
	return S("patched");
}

static void patching_a_class_is_seen_by_its_instances(void **state)
{
	static const struct rt_function_spec old[] = { { "who", name_of_self, "self" }, { 0 } };
	static const struct rt_function_spec spec = { "say", say, "*args" };
	struct rt_object *class = rt_class_from_methods("C", NULL, old);
	struct rt_object *o = rt_call_of(class, 0), *f = rt_function_new(&spec, NULL, NULL);

	(void)state;
	expect_repr(rt_call_method(o, "who", 0), "'C'");
	assert_int_equal(rt_setattr(class, "who", f), 0);
	expect_repr(rt_call_method(o, "who", 0), "'patched'");
	assert_int_equal(rt_setattr(class, "__repr__", f), 0);
	expect_repr(rt_ref(o), "patched"); /* special methods, too */
	assert_int_equal(rt_delattr(class, "who"), 0);
	expect_error(!rt_call_method(o, "who", 0),
		     "AttributeError: 'C' object has no attribute 'who'");
	expect_error(rt_setattr(rt_type_object(&rt_list_type), "append", f) < 0,
		     "TypeError: cannot set 'append' attribute of immutable type 'list'");
	expect_error(rt_setattr(class, "__mro__", f) < 0,
		     "AttributeError: attribute '__mro__' of a class cannot be set");
	expect_error(rt_delattr(class, "nothing") < 0,
		     "AttributeError: type object 'C' has no attribute 'nothing'");
	rt_unref(f);
	rt_unref(o);
	rt_unref(class);
}

static void patching_a_module_is_seen_by_its_users(void **state)
{
	static const struct rt_function_spec functions[] = { { "f", point_neg, "*args" }, { 0 } };
	static const struct rt_function_spec spec = { "say", say, "*args" };
	struct rt_object *m = rt_module_new("mod", functions), *user = rt_ref(m);
	struct rt_object *f = rt_function_new(&spec, NULL, NULL);

	(void)state;
	expect_repr(rt_call_method(user, "f", 0), "'?'");
	assert_int_equal(rt_setattr(m, "f", f), 0);
	expect_repr(rt_call_method(user, "f", 0), "'patched'");
	expect_repr(rt_getattr(m, "__name__"), "'mod'");
	expect_repr(rt_dir(m), "['__name__', 'f']");
	expect_repr(rt_ref(m), "<module 'mod'>");
	expect_error(!rt_getattr(m, "g"), "AttributeError: module 'mod' has no attribute 'g'");
	assert_int_equal(rt_dict_len(rt_module_dict(m)), 2);
	rt_unref(f);
	rt_unref(user);
	rt_unref(m);
}

static struct rt_object *get_twice(const struct rt_args *a)
{
	struct rt_object *x = x_of(a->v[0]), *r = x ? rt_mul(x, I(2)) : NULL;

	rt_unref(x);
	return r;
}

static struct rt_object *set_half(const struct rt_args *a)
{
	struct rt_object *half = rt_binary(RT_FLOORDIV, a->v[1], I(2));
	int r = half ? rt_setattr(a->v[0], "x", half) : -1;

	rt_unref(half);
	return rt_none_if(r);
}

static struct rt_object *function_of(const struct rt_function_spec *spec)
{
	return rt_function_new(spec, NULL, NULL);
}

static void properties_and_method_kinds_bind_in_their_way(void **state)
{
	static const struct rt_function_spec get = { "get", get_twice, "self" };
	static const struct rt_function_spec set = { "set", set_half, "self, value" };
	static const struct rt_function_spec count = { "count", point_call, "*args" };
	struct rt_object *class = rt_class_new("C", NULL, NULL), *o = rt_call_of(class, 0);
	struct rt_object *g = function_of(&get), *s = function_of(&set), *f = function_of(&count);
	struct rt_object *p = rt_property_new(g, s), *read_only = rt_property_new(g, NULL);
	struct rt_object *sm = rt_staticmethod_new(f), *cm = rt_classmethod_new(f);

	(void)state;
	rt_setattr(class, "twice", p);
	rt_setattr(class, "fixed", read_only);
	rt_setattr(class, "s", sm);
	rt_setattr(class, "c", cm);
	rt_setattr(class, "m", f);
	assert_int_equal(rt_setattr(o, "twice", I(8)), 0);
	expect_repr(rt_getattr(o, "x"), "4");
	expect_repr(rt_getattr(o, "twice"), "8");
	expect_error(rt_setattr(o, "fixed", I(1)) < 0,
		     "AttributeError: property of 'C' object cannot be set");
	expect_repr(rt_call_method(o, "m", 1, I(1)), "1"); /* self and one more */
	expect_repr(rt_call_method(o, "s", 1, I(1)), "0");
	expect_repr(rt_call_method(class, "s", 1, I(1)), "0");
	expect_repr(rt_call_method(o, "c", 1, I(1)), "1");
	expect_repr(rt_call_method(class, "c", 1, I(1)), "1");
	rt_unref(cm);
	rt_unref(sm);
	rt_unref(read_only);
	rt_unref(p);
	rt_unref(f);
	rt_unref(s);
	rt_unref(g);
	rt_unref(o);
	rt_unref(class);
}

static struct rt_object *del(const struct rt_args *a)
{
	struct rt_object *log = rt_getattr(rt_type_object(a->v[0]->type), "log");
	int r = rt_list_append(log, I(1));

	rt_unref(log);
	return rt_none_if(r);
}

static void a_finalizer_runs_when_the_last_reference_goes(void **state)
{
	static const struct rt_function_spec methods[] = { { "__del__", del, "self" }, { 0 } };
	struct rt_object *class = rt_class_from_methods("C", NULL, methods), *log = rt_list_new();
	struct rt_object *o = rt_call_of(class, 0);

	(void)state;
	rt_setattr(class, "log", log);
	rt_ref(o);
	rt_unref(o);
	assert_int_equal(rt_list_len(log), 0);
	rt_unref(o);
	assert_int_equal(rt_list_len(log), 1);
	rt_unref(log);
	rt_unref(class);
}

static void an_init_that_fails_leaves_nothing(void **state)
{
	struct rt_object *class = point_class();

	(void)state;
	expect_error(!rt_call_of(class, 1, I(1)),
		     "TypeError: __init__() missing required argument: 'y'");
	rt_unref(class);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(special_methods_make_the_operators),
		RT_TEST(instances_have_attributes_of_their_own),
		RT_TEST(methods_are_inherited_along_the_mro),
		RT_TEST(patching_a_class_is_seen_by_its_instances),
		RT_TEST(patching_a_module_is_seen_by_its_users),
		RT_TEST(properties_and_method_kinds_bind_in_their_way),
		RT_TEST(a_finalizer_runs_when_the_last_reference_goes),
		RT_TEST(an_init_that_fails_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
