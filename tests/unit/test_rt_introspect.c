/* Introspection, and pictures of references. */
#include "tests/unit/test_rt_helpers.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void type_and_isinstance_tell_what_an_object_is(void **state)
{
	struct rt_object *int_ = rt_type_object(&rt_int_type), *both;
	struct rt_object *str = rt_type_object(&rt_str_type);

	(void)state;
	assert_ptr_equal(rt_type_of(I(1)), int_);
	assert_ptr_equal(rt_type_of(int_), rt_type_object(&rt_type_type));
	assert_ptr_equal(call1(rt_type_object(&rt_type_type), I(1)), int_);
	assert_int_equal(rt_isinstance(I(1), str), 0);
	both = rt_tuple_of(2, str, int_);
	assert_int_equal(rt_isinstance(I(1), both), 1);
	assert_int_equal(rt_isinstance(rt_none, both), 0);
	expect_error(rt_isinstance(I(1), I(1)) < 0, "TypeError: expected type, not 'int'");
	expect_error(rt_issubclass(I(1), int_) < 0, "TypeError: expected type, not 'int'");
	assert_int_equal(rt_issubclass(rt_type_object(RT_KEY_ERROR), rt_type_object(RT_EXCEPTION)),
			 1);
	assert_int_equal(rt_id(rt_none), (int64_t)(intptr_t)rt_none);
	rt_unref(both);
}

static void types_have_attributes_too(void **state)
{
	struct rt_object *bool_ = rt_type_object(&rt_bool_type);

	(void)state;
	expect_repr(rt_getattr(bool_, "__name__"), "'bool'");
	expect_repr(rt_getattr(bool_, "__bases__"), "(<class 'int'>,)");
	expect_repr(rt_getattr(bool_, "__mro__"),
		    "(<class 'bool'>, <class 'int'>, <class 'object'>)");
	expect_repr(rt_getattr(rt_type_object(&rt_object_type), "__bases__"), "()");
	expect_repr(rt_getattr(I(1), "__class__"), "<class 'int'>");
	expect_error(!rt_getattr(bool_, "x"),
		     "AttributeError: type object 'bool' has no attribute 'x'");
	expect_error(!rt_call_of(rt_type_object(&rt_cell_type), 0),
		     "TypeError: cannot create 'cell' instances");
}

static void dir_lists_own_and_inherited_names(void **state)
{
	struct rt_object *class = rt_class_new("C", NULL, NULL), *o = rt_call_of(class, 0), *d;

	(void)state;
	rt_setattr(class, "b", I(1));
	rt_setattr(o, "a", I(1));
	expect_repr(rt_dir(o), "['__class__', '__dict__', 'a', 'b']");
	expect_repr(rt_dir(class), "['__class__', '__dict__', 'b']");
	d = rt_dir(rt_tuple_of(0));
	expect_repr(d, "['__class__', '__dict__', 'count', 'index']");
	expect_repr(rt_vars(o), "{'a': 1}");
	expect_error(!rt_vars(I(1)), "TypeError: vars() argument must have __dict__ attribute");
	rt_unref(o);
	rt_unref(class);
}

static struct rt_object *init(const struct rt_args *a)
{
	(void)a;
	return rt_none;
}

static void signatures_are_those_of_what_is_called(void **state)
{
	static const struct rt_function_spec methods[] = {
		{ "__init__", init, "self, a, b=" },
		{ "__call__", init, "self, x" },
		{ "m", init, "self" },
		{ "rest", init, "self, a, *rest, **named" },
		{ 0 },
	};
	struct rt_object *class = rt_class_from_methods("C", NULL, methods);
	struct rt_object *o = rt_call_of(class, 1, I(1)), *m = rt_getattr(o, "m");

	(void)state;
	expect_repr(rt_signature(class), "'(a, b=...)'");
	expect_repr(rt_signature(o), "'(x)'");
	expect_repr(rt_signature(m), "'()'");
	rt_unref(m);
	m = rt_getattr(o, "rest");
	expect_repr(rt_signature(m), "'(a, *rest, **named)'");
	expect_error(!rt_signature(I(1)), "TypeError: 'int' object is not callable");
	rt_unref(m);
	rt_unref(o);
	rt_unref(class);
}

static void graphs_show_who_refers_to_whom(void **state)
{
	struct rt_object *inner = rt_list_of(1, S("le\"af")), *outer, *text;
	const char *s;

	(void)state;
	outer = rt_dict_of(2, S("first"), rt_ref(inner), S("second"), rt_ref(inner));
	text = rt_graph_dot(outer, 3, false);
	s = rt_str_chars(text);
	assert_non_null(strstr(s, "digraph references {"));
	assert_non_null(strstr(s, "n0 [label=\"dict[2]\\nrefs: 1\", fillcolor=\"#ff8080\"];"));
	assert_non_null(strstr(s, "label=\"list[1]\\nrefs: 3\""));
	assert_non_null(strstr(s, "n0 -> n2 [label=\"first, second\"];"));
	assert_non_null(strstr(s, "str 'le\\\"af'"));
	rt_unref(text);
	text = rt_graph_dot(inner, 3, true);
	s = rt_str_chars(text);
	assert_non_null(strstr(s, "n1 -> n0 [label=\"first, second\"];"));
	rt_unref(text);
	rt_unref(outer);
	rt_unref(inner);
}

static void large_graphs_are_cut_and_say_so(void **state)
{
	struct rt_object *l = rt_list_new(), *text;

	(void)state;
	for (int i = 0; i < 300; i++)
		rt_list_append_stolen(l, rt_list_new());
	text = rt_graph_dot(l, 1, false);
	assert_non_null(strstr(rt_str_chars(text), "left out"));
	assert_non_null(strstr(rt_str_chars(text), "n199 "));
	assert_null(strstr(rt_str_chars(text), "n200 "));
	rt_unref(text);
	rt_unref(l);
}

static void one_edge_has_the_labels_of_all_references(void **state)
{
	struct rt_object *x = rt_list_new(), *d = rt_dict_new(), *l, *text;
	char *edge;

	(void)state;
	rt_dict_set_name(d, "first", x);
	rt_dict_set_name(d, "second", x);
	text = rt_graph_dot(d, 1, false);
	assert_non_null(strstr(rt_str_chars(text), "label=\"first, second\""));
	rt_unref(text);
	l = rt_list_of(2, rt_ref(x), rt_ref(x));
	text = rt_graph_dot(l, 1, false);
	edge = strstr(rt_str_chars(text), "n0 -> n1 [label=\"[0], [1]\"]");
	assert_non_null(edge);
	assert_null(strstr(edge + 1, "n0 -> n1 "));
	rt_unref(text);
	rt_unref(l);
	rt_unref(d);
	rt_unref(x);
}

static void graphs_are_written_as_dot_and_as_svg_where_graphviz_is(void **state)
{
	char dir[] = "/tmp/gilscope-test-XXXXXX", dot[64], svg[64], line[64] = "";
	struct rt_object *l = rt_list_of(1, I(1));
	FILE *in;
	int r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(dot, sizeof(dot), "%s/refs.dot", dir);
	snprintf(svg, sizeof(svg), "%s/refs.svg", dir);
	assert_int_equal(rt_show_refs(l, 2, dot), 0);
	in = fopen(dot, "re");
	assert_non_null(in);
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "digraph references {\n");
	fclose(in);
	unlink(dot);
	r = rt_show_backrefs(l, 2, svg);
	assert_true(r == 0 || r == 1);
	assert_int_equal(access(r == 0 ? svg : dot, R_OK), 0);
	unlink(svg);
	unlink(dot);
	rmdir(dir);
	assert_int_equal(rt_show_refs(l, 2, dot), -1); /* the folder is gone */
	assert_true(rt_error_catch(RT_OS_ERROR));
	rt_unref(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(type_and_isinstance_tell_what_an_object_is),
		RT_TEST(types_have_attributes_too),
		RT_TEST(dir_lists_own_and_inherited_names),
		RT_TEST(signatures_are_those_of_what_is_called),
		RT_TEST(graphs_show_who_refers_to_whom),
		RT_TEST(large_graphs_are_cut_and_say_so),
		RT_TEST(one_edge_has_the_labels_of_all_references),
		RT_TEST(graphs_are_written_as_dot_and_as_svg_where_graphviz_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
