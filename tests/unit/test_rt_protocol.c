/* Protocols through classes, and the smaller slots: what each operation asks, and of whom. */
#include "tests/unit/test_rt_helpers.h"

/* Stores what it was called with in self.log: all special methods of Spy. */
static struct rt_object *spy(const struct rt_args *a)
{
	struct rt_object *log = rt_getattr(rt_type_object(a->v[0]->type), "log"), *rest;
	int r;

	if (!log)
		return NULL;
	rest = rt_tuple_from(a->n - 1, a->v + 1);
	r = rest ? rt_list_append(log, rest) : -1;
	rt_unref(rest);
	rt_unref(log);
	return r < 0 ? NULL : rt_getattr(rt_type_object(a->v[0]->type), "answer");
}

/* A class with @name as its only special method, which answers @answer (stolen). */
static struct rt_object *spy_class(const char *name, struct rt_object *answer)
{
	static struct rt_function_spec specs[64][2];
	static size_t n;
	struct rt_function_spec *spec = specs[n++ % COUNT(specs)];
	struct rt_object *class, *log = rt_list_new();

	spec[0] = (struct rt_function_spec) { name, spy, "self, *args" };
	class = rt_class_from_methods("Spy", NULL, spec);
	assert_int_equal(rt_setattr(class, "log", log), 0);
	assert_int_equal(rt_setattr(class, "answer", answer), 0);
	rt_unref(log);
	rt_unref(answer);
	return class;
}

/* An instance of such a class, which it alone keeps. */
static struct rt_object *spying(const char *name, struct rt_object *answer)
{
	struct rt_object *class = spy_class(name, answer), *o = rt_call_of(class, 0);

	rt_unref(class);
	return o;
}

/* What it was called with; @o is stolen. */
static void expect_log(struct rt_object *o, const char *log)
{
	expect_repr(rt_getattr(rt_type_object(o->type), "log"), log);
	rt_unref(o);
}

static void items_ask_their_special_methods(void **state)
{
	struct rt_object *o = spying("__setitem__", rt_none);

	(void)state;
	assert_int_equal(rt_setitem(o, I(1), I(2)), 0);
	expect_error(rt_delitem(o, I(1)) < 0,
		     "TypeError: 'Spy' object does not support item deletion");
	expect_error(!rt_getitem(o, I(1)), "TypeError: 'Spy' object is not subscriptable");
	expect_error(rt_len(o) < 0, "TypeError: 'Spy' object has no len()");
	expect_error(rt_contains(o, I(1)) < 0, "TypeError: 'Spy' object is not iterable");
	expect_error(!rt_next(o), "TypeError: 'Spy' object is not an iterator");
	expect_error(!rt_call_of(o, 0), "TypeError: 'Spy' object is not callable");
	assert_false(rt_callable(o));
	expect_log(o, "[(1, 2)]");
	o = spying("__delitem__", rt_none);
	assert_int_equal(rt_delitem(o, I(1)), 0);
	expect_error(rt_setitem(o, I(1), I(2)) < 0,
		     "TypeError: 'Spy' object does not support item assignment");
	expect_log(o, "[(1,)]");
	o = spying("__contains__", S("yes"));
	assert_int_equal(rt_contains(o, I(3)), 1);
	expect_log(o, "[(3,)]");
	o = spying("__len__", I(-1));
	expect_error(rt_len(o) < 0, "ValueError: __len__() should return >= 0");
	expect_log(o, "[()]");
	o = spying("__len__", S("x"));
	expect_error(rt_len(o) < 0, "TypeError: expected int, not 'str'");
	expect_log(o, "[()]");
}

static void truth_and_hash_ask_their_special_methods(void **state)
{
	struct rt_object *o = spying("__bool__", I(0));
	uint64_t hash;

	(void)state;
	assert_int_equal(rt_truth(o), 0);
	expect_log(o, "[()]");
	o = spying("__len__", I(0));
	assert_int_equal(rt_truth(o), 0);
	expect_log(o, "[()]");
	o = spying("__hash__", I(77));
	assert_int_equal(rt_hash(o, &hash), 0);
	assert_int_equal(hash, 77);
	expect_log(o, "[()]");
	o = spying("__hash__", S("x"));
	expect_error(rt_hash(o, &hash) < 0, "TypeError: expected int, not 'str'");
	expect_log(o, "[()]");
}

static void text_must_be_text(void **state)
{
	struct rt_object *o = spying("__repr__", I(1)), *s;

	(void)state;
	expect_error(!rt_repr(o), "TypeError: __repr__ or __str__ returned 'int', not str");
	expect_log(o, "[()]");
	o = spying("__str__", S("text"));
	s = rt_to_str(o);
	expect_repr(s, "'text'");
	s = rt_repr(o); /* not from __str__ */
	assert_non_null(strstr(rt_str_chars(s), "<Spy object at "));
	rt_unref(s);
	expect_log(o, "[()]");
	o = spying("__repr__", S("shown"));
	expect_repr(rt_to_str(o), "'shown'"); /* without __str__ */
	expect_log(o, "[()]");
	expect_repr(rt_repr(NULL), "'<NULL>'");
}

static void iterators_are_checked(void **state)
{
	struct rt_object *o = spying("__iter__", I(1));

	(void)state;
	expect_error(!rt_iter(o), "TypeError: iter() returned non-iterator of type 'int'");
	expect_log(o, "[()]");
}

static void operators_fall_back_in_order(void **state)
{
	struct rt_object *left = spying("__add__", rt_not_implemented);
	struct rt_object *right = spying("__radd__", S("right"));

	(void)state;
	expect_repr(rt_add(left, right), "'right'");
	expect_repr(rt_inplace(RT_ADD, left, right), "'right'");
	expect_error(!rt_sub(left, right),
		     "TypeError: unsupported operand type(s) for -: 'Spy' and 'Spy'");
	expect_error(!rt_unary(RT_INVERT, left), "TypeError: bad operand type for unary ~: 'Spy'");
	expect_repr(rt_add(I(1), right), "'right'");
	rt_unref(left);
	rt_unref(right);
	left = spying("__isub__", S("in place"));
	expect_repr(rt_inplace(RT_SUB, left, I(1)), "'in place'");
	expect_error(!rt_inplace(RT_MUL, left, I(1)),
		     "TypeError: unsupported operand type(s) for *=: 'Spy' and 'int'");
	expect_log(left, "[(1,)]");
	left = spying("__eq__", rt_not_implemented);
	assert_int_equal(rt_compare_truth(left, I(1), RT_NE), 1); /* by identity, then */
	assert_int_equal(rt_equal(left, I(1)), 0);
	rt_unref(left);
}

static void attributes_ask_their_special_methods(void **state)
{
	struct rt_object *o = spying("__setattr__", rt_none);

	(void)state;
	assert_int_equal(rt_setattr(o, "x", I(1)), 0);
	assert_int_equal(rt_hasattr(o, "x"), 0); /* it only took note */
	expect_error(rt_delattr(o, "x") < 0, "AttributeError: 'Spy' object has no attribute 'x'");
	expect_log(o, "[('x', 1)]");
	o = spying("__getattr__", I(5));
	expect_repr(rt_getattr(o, "anything"), "5");
	expect_repr(rt_getattr(o, "answer"), "5"); /* found: not asked */
	expect_repr(rt_getattr(o, "__doc__"), "None");
	expect_log(o, "[('anything',)]");
}

static void an_init_must_return_none(void **state)
{
	struct rt_object *class = spy_class("__init__", I(1));

	(void)state;
	expect_error(!rt_call_of(class, 0), "TypeError: __init__() should return None, not 'int'");
	expect_error(!rt_class_new("C", rt_none, NULL),
		     "TypeError: expected tuple, not 'NoneType'");
	rt_unref(class);
}

static void methods_and_cells_show_hash_and_compare(void **state)
{
	static const struct rt_function_spec spec = { "f", spy, "self" };
	struct rt_object *f = rt_function_new(&spec, NULL, NULL), *l = rt_list_new(), *s;
	struct rt_object *a = rt_method_new(f, l), *b = rt_method_new(f, l);
	struct rt_object *c = rt_method_new(f, rt_none), *cell = rt_cell_new(NULL);
	uint64_t x, y;

	(void)state;
	assert_int_equal(rt_equal(a, b), 1); /* o.m is made anew each time */
	assert_int_equal(rt_compare_truth(a, c, RT_NE), 1);
	assert_int_equal(rt_equal(a, l), 0);
	assert_int_equal(rt_hash(a, &x), 0);
	assert_int_equal(rt_hash(b, &y), 0);
	assert_int_equal(x, y);
	s = rt_repr(a);
	assert_non_null(strstr(rt_str_chars(s), "<bound method <function f at "));
	rt_unref(s);
	expect_repr(rt_getattr(a, "__class__"), "<class 'method'>");
	s = rt_getattr(a, "__func__");
	assert_ptr_equal(s, f);
	rt_unref(s);
	expect_error(!rt_method_new(NULL, l), "SystemError: expected object, not NULL");
	s = rt_repr(cell);
	assert_non_null(strstr(rt_str_chars(s), ": empty>"));
	rt_unref(s);
	rt_cell_set(cell, rt_none);
	s = rt_repr(cell);
	assert_non_null(strstr(rt_str_chars(s), ": NoneType object at"));
	rt_unref(s);
	expect_error(!rt_cell_get(f), "TypeError: expected cell, not 'function'");
	expect_error(rt_cell_set(f, f) < 0, "TypeError: expected cell, not 'function'");
	rt_unref(cell);
	rt_unref(c);
	rt_unref(b);
	rt_unref(a);
	rt_unref(l);
	rt_unref(f);
}

static void methods_take_many_arguments(void **state)
{
	struct rt_object *class = spy_class("m", I(3)), *o = rt_call_of(class, 0), *m;
	struct rt_object *args[20];

	(void)state;
	for (size_t i = 0; i < COUNT(args); i++)
		args[i] = I((int64_t)i);
	m = rt_getattr(o, "m");
	expect_repr(rt_call(m, COUNT(args), args, NULL), "3");
	expect_error(!rt_call_of(m, 17, I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1),
				 I(1), I(1), I(1), I(1), I(1), I(1), I(1)),
		     "SystemError: NULL among the arguments, or more than 16");
	rt_unref(m);
	rt_unref(class);
	expect_log(o, "[(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)]");
}

/* @a op @b for all six comparisons, both stolen, as letters: T, F. */
static void expect_order(struct rt_object *a, struct rt_object *b, const char *want)
{
	char got[7] = "";

	for (enum rt_cmp op = RT_LT; op <= RT_GE; op++)
		got[op] = rt_compare_truth(a, b, op) ? 'T' : 'F';
	assert_string_equal(got, want);
	rt_unref(a);
	rt_unref(b);
}

static void every_ordered_type_orders(void **state)
{
	(void)state; /* <  <= == != >  >= */
	expect_order(I(1), I(2), "TTFTFF");
	expect_order(I(1000), I(1000), "FTTFFT");
	expect_order(F(1.5), I(1), "FFFTTT");
	expect_order(I(1), F(1.0), "FTTFFT");
	expect_order(S("a"), S("b"), "TTFTFF");
	expect_order(rt_bytes_from("b", 1), rt_bytes_from("a", 1), "FFFTTT");
	expect_order(rt_bytes_from("a", 1), rt_bytes_from("a", 1), "FTTFFT");
	expect_order(rt_tuple_of(1, I(1)), rt_tuple_of(2, I(1), I(0)), "TTFTFF");
	expect_order(rt_list_of(2, I(1), I(2)), rt_list_of(2, I(1), I(1)), "FFFTTT");
}

static void constructors_count_their_arguments(void **state)
{
	static const struct {
		const struct rt_type *type;
		const char *error;
	} cases[] = {
		{ &rt_int_type, "TypeError: int() takes at most 1 argument" },
		{ &rt_float_type, "TypeError: float() takes at most 1 argument" },
		{ &rt_bool_type, "TypeError: bool() takes at most 1 argument" },
		{ &rt_str_type, "TypeError: str() takes at most 1 argument" },
		{ &rt_tuple_type, "TypeError: tuple() takes at most 1 argument" },
		{ &rt_list_type, "TypeError: list() takes at most 1 argument" },
		{ &rt_dict_type, "TypeError: dict() takes at most 1 argument" },
		{ &rt_set_type, "TypeError: set() takes at most 1 argument" },
		{ &rt_property_type, "TypeError: property() takes 1 to 2 arguments" },
		{ &rt_range_type, "TypeError: range() takes 1 to 3 arguments" },
		{ &rt_object_type, "TypeError: object() takes no arguments" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_error(!rt_call_of(rt_type_object(cases[i].type), 4, I(1), I(2), I(3), I(4)),
			     cases[i].error);
	expect_repr(call1(rt_type_object(&rt_tuple_type), rt_list_of(1, I(1))), "(1,)");
	expect_repr(call1(rt_type_object(&rt_list_type), S("ab")), "['a', 'b']");
	expect_repr(call1(rt_type_object(&rt_set_type), S("aa")), "{'a'}");
	expect_repr(call1(rt_type_object(&rt_str_type), I(5)), "'5'");
	expect_repr(call1(rt_type_object(&rt_dict_type), rt_dict_of(1, I(1), I(2))), "{1: 2}");
	expect_repr(rt_call_of(rt_type_object(&rt_tuple_type), 0), "()");
	expect_repr(rt_call_of(rt_type_object(&rt_float_type), 0), "0.0");
}

static void the_rest_of_the_operators_works(void **state)
{
	(void)state;
	expect_repr(rt_unary(RT_NEG, rt_call_of(rt_type_object(&rt_bool_type), 1, I(1))), "-1");
	expect_repr(op2(RT_MUL, rt_list_of(1, I(1)), I(2)), "[1, 1]");
	expect_repr(op2(RT_MUL, I(2), rt_list_of(1, I(1))), "[1, 1]");
	expect_repr(op2(RT_MUL, rt_list_of(1, I(1)), I(-2)), "[]");
	expect_repr(op2(RT_MUL, I(2), rt_tuple_of(1, I(1))), "(1, 1)");
	expect_error(!op2(RT_MUL, rt_list_of(2, I(1), I(2)), I(INT64_MAX)), "MemoryError");
	expect_error(!op2(RT_MUL, rt_tuple_of(2, I(1), I(2)), I(INT64_MAX)), "MemoryError");
	expect_error(!op2(RT_MUL, rt_list_of(3, I(1), I(2), I(3)), I(INT64_MAX)), "MemoryError");
	expect_error(!op2(RT_SUB, rt_list_new(), rt_list_new()),
		     "TypeError: unsupported operand type(s) for -: 'list' and 'list'");
	expect_error(!op2(RT_ADD, rt_tuple_of(0), rt_list_new()),
		     "TypeError: unsupported operand type(s) for +: 'tuple' and 'list'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(items_ask_their_special_methods),
		RT_TEST(truth_and_hash_ask_their_special_methods),
		RT_TEST(text_must_be_text),
		RT_TEST(iterators_are_checked),
		RT_TEST(operators_fall_back_in_order),
		RT_TEST(attributes_ask_their_special_methods),
		RT_TEST(an_init_must_return_none),
		RT_TEST(methods_and_cells_show_hash_and_compare),
		RT_TEST(methods_take_many_arguments),
		RT_TEST(every_ordered_type_orders),
		RT_TEST(constructors_count_their_arguments),
		RT_TEST(the_rest_of_the_operators_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
