/* Every allocation fails in turn, for a builder of each type: an error, and nothing left. */
#include "tests/unit/test_rt_helpers.h"

#include <stdlib.h>
#include <unistd.h>

/* @o with what follows from @r, an int result: NULL if that is negative. */
static struct rt_object *if_ok(int r, struct rt_object *o)
{
	return r < 0 ? rt_unref(o) : o;
}

/* What @f makes of @o, which is stolen. */
static struct rt_object *through(struct rt_object *(*f)(struct rt_object *), struct rt_object *o)
{
	struct rt_object *r = o ? f(o) : NULL;

	rt_unref(o);
	return r;
}

static struct rt_object *numbers(void)
{
	return op2(RT_MUL, I(100000), op2(RT_ADD, I(1000), I(2000)));
}

static struct rt_object *large(void)
{
	return rt_int_new(INT64_C(1) << 40);
}

static struct rt_object *floats(void)
{
	return op2(RT_MUL, F(1.5), I(2));
}

static struct rt_object *strs(void)
{
	return op2(RT_ADD, S("a long enough piece of text"), S("and another"));
}

static struct rt_object *split_and_join(void)
{
	struct rt_object *s = S("a b c d e"), *parts = s ? rt_call_method(s, "split", 0) : NULL;
	struct rt_object *joined = parts ? rt_call_method(s, "join", 1, parts) : NULL;

	rt_unref(s);
	return joined;
}

static struct rt_object *bytes(void)
{
	return op2(RT_ADD, rt_bytes_from("abc", 3), rt_bytes_from("def", 3));
}

static struct rt_object *tuples(void)
{
	return rt_tuple_of(3, S("a"), rt_tuple_of(2, large(), S("b")), F(2));
}

static struct rt_object *lists(void)
{
	struct rt_object *l = rt_list_of(3, S("a"), rt_list_of(1, large()), rt_list_new());

	for (int i = 0; l && i < 40; i++)
		l = if_ok(rt_list_append_stolen(l, rt_int_new(i * 1000)), l);
	return l;
}

static struct rt_object *sorted(void)
{
	struct rt_object *l = rt_list_of(4, F(4), F(3), F(2), F(1)), *again;

	if (!l || rt_list_sort(l, rt_type_object(&rt_float_type), false) < 0)
		return rt_unref(l);
	again = rt_add(l, l);
	rt_unref(l);
	return again;
}

static struct rt_object *slices(void)
{
	struct rt_object *l = lists(), *part = l ? rt_getslice(l, 0, 1000) : NULL;
	struct rt_object *slice = part ? rt_slice_new(I(0), I(2), NULL) : NULL;
	int r = slice ? rt_setitem(l, slice, part) : -1;

	rt_unref(slice);
	rt_unref(l);
	return if_ok(r, part);
}

static struct rt_object *dicts(void)
{
	struct rt_object *d = rt_dict_of(2, S("a"), S("b"), large(), rt_dict_new());

	for (int i = 0; d && i < 30; i++) {
		struct rt_object *k = rt_int_new(i * 1000);

		d = if_ok(k ? rt_dict_set(d, k, rt_none) : -1, d);
		rt_unref(k);
	}
	return through(rt_dict_items, through(rt_dict_copy, d));
}

static struct rt_object *sets(void)
{
	struct rt_object *l = lists(), *s;

	rt_unref(l ? rt_list_pop(l, 1) : NULL); /* lists do not hash */
	rt_unref(l ? rt_list_pop(l, 1) : NULL);
	s = through(rt_set_from_iterable, l);
	return s ? op2(RT_XOR, s, rt_set_new()) : NULL;
}

static struct rt_object *repr(void)
{
	struct rt_object *d =
		rt_dict_of(1, S("key"), rt_list_of(2, F(1.5), rt_tuple_of(1, large())));

	return through(rt_repr, d);
}

static struct rt_object *echo(const struct rt_args *a)
{
	return rt_tuple_from(a->n, a->v);
}

static const struct rt_function_spec echo_spec = { "echo", echo, "self, a, b=, *args, **kw" };

static struct rt_object *call(void)
{
	struct rt_object *f = rt_closure_new(&echo_spec, 0, NULL);
	struct rt_object *kw = f ? rt_dict_of(2, S("a"), S("x"), S("z"), S("y")) : NULL, *r;

	r = kw ? rt_call(f, 1, &f, kw) : NULL;
	rt_unref(kw);
	rt_unref(f);
	return r;
}

static struct rt_object *closure(void)
{
	struct rt_object *v[2] = { S("one"), S("two") }, *f = NULL, *method;

	if (v[0] && v[1])
		f = rt_closure_new(&echo_spec, 2, v);
	rt_unref(v[0]);
	rt_unref(v[1]);
	method = f ? rt_method_new(f, rt_none) : NULL;
	rt_unref(f);
	return method;
}

static struct rt_object *decorated(void)
{
	struct rt_object *m = rt_decorators_module(), *d = m ? rt_getattr(m, "repeat") : NULL;
	struct rt_object *made = d ? rt_call_of(d, 1, I(3)) : NULL, *f;

	f = made ? rt_call_of(made, 1, rt_function_new(&echo_spec, NULL, NULL)) : NULL;
	rt_unref(made);
	rt_unref(d);
	rt_unref(m);
	return f;
}

static struct rt_object *class(void)
{
	static const struct rt_function_spec methods[] = { { "m", echo, "self" }, { 0 } };
	struct rt_object *c = rt_class_from_methods("C", rt_type_object(RT_VALUE_ERROR), methods);
	struct rt_object *o = c ? rt_call_of(c, 1, S("x")) : NULL, *r;

	r = o && rt_setattr(o, "attribute", rt_none) == 0 ? rt_call_method(o, "m", 0) : NULL;
	rt_unref(o);
	rt_unref(c);
	return r;
}

static struct rt_object *module(void)
{
	static const struct rt_function_spec functions[] = { { "f", echo, "*args" }, { 0 } };
	struct rt_object *m = rt_module_new("mod", functions);
	struct rt_object *r = m ? rt_call_method(m, "f", 1, S("x")) : NULL;

	rt_unref(m);
	return r;
}

static struct rt_object *iterators(void)
{
	struct rt_object *r = rt_range_new(1000, 1010, 1), *z, *e;

	z = r ? rt_zip_new(r, r) : NULL;
	e = z ? rt_enumerate_new(z, 5000) : NULL;
	rt_unref(r);
	rt_unref(z);
	return through(rt_list_from_iterable, e);
}

static struct rt_object *three(struct rt_generator *self)
{
	struct rt_object *sent;

	for (int i = 0; i < 3; i++) {
		sent = rt_yield(self, rt_int_new(1000 + i));
		if (!sent)
			return NULL;
		rt_unref(sent);
	}
	return S("done");
}

static struct rt_object *generator(void)
{
	return through(rt_list_from_iterable, rt_generator_new("three", three, NULL));
}

static struct rt_object *comprehension(void)
{
	struct rt_object *r = rt_range_new(1000, 1010, 1), *d, *g;

	d = r ? rt_dict_comprehension(NULL, rt_type_object(&rt_str_type), r, NULL) : NULL;
	g = d ? rt_generator_expression(rt_type_object(&rt_str_type), d, NULL) : NULL;
	rt_unref(r);
	rt_unref(d);
	return through(rt_set_from_iterable, g);
}

static struct rt_object *weakrefs(void)
{
	struct rt_object *s = rt_set_new(), *f = s ? rt_function_new(&echo_spec, NULL, NULL) : NULL;
	struct rt_object *w = f ? rt_weakref_new(s, f) : NULL;

	rt_unref(f);
	if (!w)
		return rt_unref(s);
	rt_unref(w);
	return s;
}

static struct rt_object *exceptions(void)
{
	struct rt_object *e;

	rt_raise(RT_KEY_ERROR, "a message of some length");
	if (rt_error_is(RT_MEMORY_ERROR))
		return NULL;
	rt_raise_from(RT_VALUE_ERROR, "another %s", "one");
	e = rt_error_take();
	if (rt_is(e, RT_VALUE_ERROR))
		return e;
	rt_error_restore(e);
	return NULL;
}

static struct rt_object *deep_copies(void)
{
	struct rt_object *d, *l = lists(), *c;

	c = l ? rt_class_new("C", NULL, NULL) : NULL;
	d = c ? rt_call_of(c, 0) : NULL;
	if (d && rt_setattr(d, "l", l) < 0)
		d = rt_unref(d);
	rt_unref(c);
	rt_unref(l);
	d = d ? rt_tuple_of(2, d, rt_set_new()) : NULL;
	return through(rt_deepcopy, through(rt_copy, d));
}

static struct rt_object *introspection(void)
{
	return through(rt_dir, rt_list_new());
}

static struct rt_object *graph(void)
{
	struct rt_object *l = lists(), *back = l ? rt_graph_dot(l, 2, true) : NULL, *dot;

	dot = back ? rt_graph_dot(l, 2, false) : NULL;
	rt_unref(back);
	rt_unref(l);
	return dot;
}

static struct rt_object *streams(void)
{
	struct rt_object *pair = rt_socket_pair(), *r = NULL;
	struct rt_object *b = pair ? rt_buffer_new("some text") : NULL;

	if (b && rt_stream_copy(b, rt_tuple_at(pair, 0), 4) == 9)
		r = rt_call_method(rt_tuple_at(pair, 1), "read", 1, I(20));
	rt_unref(b);
	rt_unref(pair);
	return r;
}

static struct rt_object *names(void)
{
	struct rt_object *ns = rt_dict_new();

	return ns ? if_ok(rt_name_bind(ns, "name", rt_none), ns) : NULL;
}

/* Build with the nth allocation failing, or all from it, for each n until all succeed. */
static void check(const char *what, struct rt_object *(*build)(void), void (*set_failure)(long n))
{
	struct rt_object *o;
	bool failed;
	long n;

	for (n = 0;; n++) {
		set_failure(n);
		o = build();
		set_failure(-1);
		failed = !o;
		if (failed && !rt_error_pending())
			print_error("%s: allocation %ld: NULL without an error\n", what, n);
		assert_true(!failed == !rt_error_pending());
		rt_error_clear();
		rt_unref(o);
		rt_gc_collect(2);
		if (rt_mem_live())
			print_error("%s: allocation %ld: %ju blocks left\n", what, n,
				    (uintmax_t)rt_mem_live());
		assert_int_equal(rt_mem_live(), 0);
		if (!failed)
			break;
	}
	assert_true(n > 0);
}

static void no_leak_whichever_allocation_fails(void **state)
{
	static const struct {
		const char *name;
		struct rt_object *(*build)(void);
	} cases[] = {
		{ "numbers", numbers },
		{ "large", large },
		{ "floats", floats },
		{ "strs", strs },
		{ "split_and_join", split_and_join },
		{ "bytes", bytes },
		{ "tuples", tuples },
		{ "lists", lists },
		{ "sorted", sorted },
		{ "slices", slices },
		{ "dicts", dicts },
		{ "sets", sets },
		{ "repr", repr },
		{ "call", call },
		{ "closure", closure },
		{ "decorated", decorated },
		{ "class", class },
		{ "module", module },
		{ "iterators", iterators },
		{ "generator", generator },
		{ "comprehension", comprehension },
		{ "weakrefs", weakrefs },
		{ "exceptions", exceptions },
		{ "deep_copies", deep_copies },
		{ "introspection", introspection },
		{ "graph", graph },
		{ "streams", streams },
		{ "names", names },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		check(cases[i].name, cases[i].build, rt_mem_fail_after);
		check(cases[i].name, cases[i].build, rt_mem_fail_from);
	}
}

static void an_error_without_memory_is_a_memory_error(void **state)
{
	(void)state;
	rt_mem_fail_from(0);
	assert_null(rt_getattr(rt_none, "nothing"));
	rt_mem_fail_from(-1);
	expect_error(true, "MemoryError");
	rt_mem_fail_from(0);
	rt_raise(RT_VALUE_ERROR, "x");
	rt_mem_fail_from(-1);
	expect_error(true, "MemoryError");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(no_leak_whichever_allocation_fails),
		RT_TEST(an_error_without_memory_is_a_memory_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
