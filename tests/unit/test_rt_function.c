/* Functions as values: signatures, binding of arguments, closures, methods, decorators. */
#include "tests/unit/test_rt_helpers.h"

/* All it got, as a tuple: "..." for what was left out; then the dict of keywords. */
static struct rt_object *echo(const struct rt_args *args)
{
	struct rt_object *list = rt_list_new(), *tuple;

	for (size_t i = 0; i < args->n; i++)
		rt_list_append(list, args->v[i] ? args->v[i] : rt_ellipsis);
	if (args->kwargs)
		rt_list_append(list, args->kwargs);
	tuple = rt_tuple_from_iterable(list);
	rt_unref(list);
	return tuple;
}

/* Call a function of @params and @defaults (stolen) with @args and @kwargs (stolen). */
static struct rt_object *bind(const char *params, struct rt_object *defaults,
			      struct rt_object *args, struct rt_object *kwargs)
{
	struct rt_function_spec spec = { "f", echo, params };
	struct rt_object *f = rt_function_new(&spec, defaults, NULL), *r;

	r = rt_call(f, rt_tuple_len(args), ((struct rt_tuple *)args)->item, kwargs);
	rt_unref(defaults);
	rt_unref(args);
	rt_unref(kwargs);
	rt_unref(f);
	return r;
}

static struct rt_object *args(size_t n)
{
	struct rt_object *v[20] = { 0 };

	for (size_t i = 0; i < n; i++)
		v[i] = I((int64_t)i);
	return rt_tuple_from(n, v);
}

static struct rt_object *kw(const char *name, struct rt_object *value)
{
	return rt_dict_of(1, S(name), value);
}

static void arguments_find_their_parameters(void **state)
{
	(void)state;
	expect_repr(bind(NULL, NULL, args(0), NULL), "()");
	expect_repr(bind("a, b", NULL, args(2), NULL), "(0, 1)");
	expect_repr(bind("a, b", NULL, args(1), kw("b", I(9))), "(0, 9)");
	expect_repr(bind("a, b=", NULL, args(1), NULL), "(0, Ellipsis)");
	expect_repr(bind("a, b=", rt_tuple_of(1, I(7)), args(1), NULL), "(0, 7)");
	expect_repr(bind("a, b=, c=", rt_tuple_of(2, I(7), I(8)), args(1), kw("c", I(9))),
		    "(0, 7, 9)");
	expect_repr(bind("a, *args", NULL, args(3), NULL), "(0, 1, 2)");
	expect_repr(bind("*args, **kwargs", NULL, args(1), kw("x", I(5))), "(0, {'x': 5})");
	expect_repr(bind("a, **kwargs", NULL, args(1), NULL), "(0, {})");
	expect_repr(bind("a, *args", NULL, args(18), NULL),
		    "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)");
	expect_repr(bind("a, *args, **k", NULL, args(18), kw("y", I(1))),
		    "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, {'y': 1})");
}

static void arguments_that_do_not_fit_are_type_errors(void **state)
{
	(void)state;
	expect_error(!bind(NULL, NULL, args(1), NULL),
		     "TypeError: f() takes 0 positional arguments but 1 was given");
	expect_error(!bind("a, b=", NULL, args(3), NULL),
		     "TypeError: f() takes at most 2 positional arguments but 3 were given");
	expect_error(!bind("a, b", NULL, args(1), NULL),
		     "TypeError: f() missing required argument: 'b'");
	expect_error(!bind("a", NULL, args(1), kw("a", I(1))),
		     "TypeError: f() got multiple values for argument 'a'");
	expect_error(!bind("a", NULL, args(1), kw("z", I(1))),
		     "TypeError: f() got an unexpected keyword argument 'z'");
	expect_error(!bind("**k", NULL, args(0), rt_dict_of(1, I(1), I(1))),
		     "TypeError: keywords must be strings");
	expect_error(!bind("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", NULL, args(0), NULL),
		     "SystemError: more than 16 parameters");
}

static void functions_know_their_signature(void **state)
{
	static const struct rt_function_spec spec = { "f", echo, "a, b=, c=, *args, **kwargs",
						      "Doc." };
	struct rt_object *defaults = rt_tuple_of(2, I(2), S("x"));
	struct rt_object *f = rt_function_new(&spec, defaults, NULL);

	(void)state;
	expect_repr(rt_signature(f), "\"(a, b=2, c='x', *args, **kwargs)\"");
	expect_repr(rt_getattr(f, "__name__"), "'f'");
	expect_repr(rt_getattr(f, "__doc__"), "'Doc.'");
	expect_repr(rt_getattr(f, "__defaults__"), "(2, 'x')");
	expect_repr(rt_getattr(f, "__closure__"), "None");
	assert_int_equal(rt_setattr(f, "author", I(1)), 0);
	expect_repr(rt_getattr(f, "author"), "1");
	expect_repr(rt_vars(f), "{'author': 1}");
	expect_error(rt_setattr(f, "__closure__", rt_none) < 0,
		     "AttributeError: attribute '__closure__' of 'function' objects cannot be set");
	expect_error(rt_setattr(f, "__name__", I(1)) < 0, "TypeError: expected str, not 'int'");
	rt_unref(defaults);
	rt_unref(f);
}

/* counter(): nonlocal n; n += 1; return n */
static struct rt_object *count(const struct rt_args *a)
{
	struct rt_object *n = rt_args_free_variable(a, 0), *next = n ? rt_add(n, I(1)) : NULL;

	rt_unref(n);
	if (next && rt_args_set_free_variable(a, 0, next) < 0)
		next = rt_unref(next);
	return next;
}

static void closures_keep_and_change_their_variables(void **state)
{
	static const struct rt_function_spec spec = { "counter", count };
	struct rt_object *start = I(0), *a = rt_closure_new(&spec, 1, &start);
	struct rt_object *b = rt_closure_new(&spec, 1, &start), *cells;

	(void)state;
	expect_repr(rt_call_of(a, 0), "1");
	expect_repr(rt_call_of(a, 0), "2");
	expect_repr(rt_call_of(b, 0), "1"); /* each has its own */
	cells = rt_getattr(a, "__closure__");
	expect_repr(rt_cell_get(rt_tuple_at(cells, 0)), "2");
	rt_cell_set(rt_tuple_at(cells, 0), I(10)); /* others may share a cell */
	expect_repr(rt_call_of(a, 0), "11");
	rt_cell_set(rt_tuple_at(cells, 0), NULL);
	expect_error(!rt_call_of(a, 0), "NameError: free variable is not set");
	rt_unref(cells);
	rt_unref(a);
	rt_unref(b);
}

static struct rt_object *wrong(const struct rt_args *a)
{
	if (!a->n)
		return NULL;
	rt_raise(RT_VALUE_ERROR, "x");
	return rt_none;
}

static void results_and_errors_must_agree(void **state)
{
	static const struct rt_function_spec spec = { "wrong", wrong, "*args" };
	struct rt_object *f = rt_function_new(&spec, NULL, NULL), *e;

	(void)state;
	expect_error(!rt_call_of(f, 0),
		     "SystemError: 'function' object returned NULL without an error");
	assert_null(rt_call_of(f, 1, I(1)));
	e = rt_error_take();
	expect_repr(rt_ref(e),
		    "SystemError(\"'function' object returned a result with an error\")");
	expect_repr(rt_ref(rt_exception_cause(e)), "ValueError('x')");
	rt_unref(e);
	rt_unref(f);
}

static struct rt_object *call_itself(const struct rt_args *a)
{
	return rt_call(a->callee, 0, NULL, NULL);
}

static void endless_recursion_is_an_error(void **state)
{
	static const struct rt_function_spec spec = { "forever", call_itself };
	struct rt_object *f = rt_function_new(&spec, NULL, NULL);

	(void)state;
	expect_error(!rt_call_of(f, 0),
		     "RecursionError: maximum recursion depth exceeded in a call");
	rt_unref(f);
}

static void bound_methods_remember_their_object(void **state)
{
	struct rt_object *l = rt_list_new(), *append = rt_getattr(l, "append"), *other;

	(void)state;
	expect_repr(call1(append, I(1)), "None");
	expect_repr(rt_ref(l), "[1]");
	expect_repr(rt_getattr(append, "__name__"), "'append'");
	expect_repr(rt_getattr(append, "__self__"), "[1]");
	expect_repr(rt_signature(append), "'(item)'");
	other = rt_getattr(rt_type_object(&rt_list_type), "append"); /* unbound */
	expect_repr(rt_call_of(other, 2, rt_ref(l), I(2)), "None");
	expect_repr(rt_ref(l), "[1, 2]");
	rt_unref(other);
	rt_unref(append);
	rt_unref(l);
}

/* --- decorators --- */

static struct rt_object *greet(const struct rt_args *a)
{
	return rt_str_format("hi %s", rt_str_chars(a->v[0]));
}

static struct rt_object *bump(const struct rt_args *a)
{
	struct rt_object *n = rt_getitem(a->v[0], I(0)), *next = rt_add(n, I(1));

	rt_setitem(a->v[0], I(0), next);
	rt_unref(n);
	return next;
}

static const struct rt_function_spec greet_spec = { "greet", greet, "name", "Greets." };
static const struct rt_function_spec bump_spec = { "bump", bump, "box" };

static struct rt_object *decorator(struct rt_object *module, const char *name,
				   struct rt_object *arg)
{
	struct rt_object *d = rt_getattr(module, name), *made = arg ? call1(d, arg) : rt_ref(d);

	rt_unref(d);
	return made;
}

static void a_plain_decorator_passes_arguments_on(void **state)
{
	struct rt_object *m = rt_decorators_module(), *twice = decorator(m, "twice", NULL);
	struct rt_object *f = rt_function_new(&bump_spec, NULL, NULL), *g = call1(twice, f);
	struct rt_object *box = rt_list_of(1, I(0)), *keywords = kw("box", rt_ref(box));

	(void)state;
	expect_repr(call1(g, rt_ref(box)), "2");
	expect_repr(rt_call(g, 0, NULL, keywords), "4");
	rt_unref(keywords);
	expect_error(!rt_call_of(g, 0), "TypeError: bump() missing required argument: 'box'");
	rt_unref(box);
	rt_unref(g);
	rt_unref(twice);
	rt_unref(m);
}

static void a_decorator_can_have_arguments_of_its_own(void **state)
{
	struct rt_object *m = rt_decorators_module(), *repeat4 = decorator(m, "repeat", I(4));
	struct rt_object *f = rt_function_new(&bump_spec, NULL, NULL), *g = call1(repeat4, f);
	struct rt_object *box = rt_list_of(1, I(0));

	(void)state;
	expect_repr(call1(g, rt_ref(box)), "4");
	rt_unref(box);
	rt_unref(g);
	rt_unref(repeat4);
	rt_unref(m);
}

static void a_class_can_decorate_and_count(void **state)
{
	struct rt_object *m = rt_decorators_module(), *class = decorator(m, "CountCalls", NULL);
	struct rt_object *f = rt_function_new(&greet_spec, NULL, NULL), *g = call1(class, f);

	(void)state;
	for (int i = 0; i < 3; i++)
		expect_repr(call1(g, S("you")), "'hi you'");
	expect_repr(rt_getattr(g, "calls"), "3");
	expect_repr(rt_getattr(g, "__name__"), "'greet'");
	expect_repr(rt_signature(g), "'(name)'");
	rt_unref(g);
	rt_unref(class);
	rt_unref(m);
}

static void stacked_decorators_apply_from_the_inside_out(void **state)
{
	struct rt_object *m = rt_decorators_module();
	struct rt_object *d[] = { decorator(m, "tag", S("b")), decorator(m, "tag", S("i")) };
	struct rt_object *f = rt_function_new(&greet_spec, NULL, NULL);
	struct rt_object *g = rt_decorate(f, 2, d);

	(void)state;
	expect_repr(call1(g, S("x")), "'<b><i>hi x</i></b>'");
	rt_unref(g);
	rt_unref(f);
	rt_unref(d[0]);
	rt_unref(d[1]);
	rt_unref(m);
}

static void wraps_keeps_the_metadata(void **state)
{
	struct rt_object *m = rt_decorators_module(), *tag = decorator(m, "tag", S("p"));
	struct rt_object *f = rt_function_new(&greet_spec, NULL, NULL), *g, *inner;

	(void)state;
	rt_setattr(f, "author", I(7));
	g = call1(tag, rt_ref(f));
	expect_repr(rt_getattr(g, "__name__"), "'greet'");
	expect_repr(rt_getattr(g, "__doc__"), "'Greets.'");
	expect_repr(rt_getattr(g, "author"), "7");
	expect_repr(rt_signature(g), "'(name)'");
	inner = rt_getattr(g, "__wrapped__");
	assert_ptr_equal(inner, f);
	rt_unref(inner);
	rt_unref(g);
	rt_unref(f);
	rt_unref(tag);
	rt_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(arguments_find_their_parameters),
		RT_TEST(arguments_that_do_not_fit_are_type_errors),
		RT_TEST(functions_know_their_signature),
		RT_TEST(closures_keep_and_change_their_variables),
		RT_TEST(results_and_errors_must_agree),
		RT_TEST(endless_recursion_is_an_error),
		RT_TEST(bound_methods_remember_their_object),
		RT_TEST(a_plain_decorator_passes_arguments_on),
		RT_TEST(a_decorator_can_have_arguments_of_its_own),
		RT_TEST(a_class_can_decorate_and_count),
		RT_TEST(stacked_decorators_apply_from_the_inside_out),
		RT_TEST(wraps_keeps_the_metadata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
