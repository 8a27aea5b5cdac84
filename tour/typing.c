/* typing: objects have types and keep them, names have none. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_float.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_names.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_typing_add(const struct rt_args *args);

static uint64_t calls;

/* [program] */
/* Show a + b; both are stolen. */
static void add(const char *code, struct rt_object *a, struct rt_object *b, const char *expected)
{
	tour_show(code, rt_add(a, b), expected);
	rt_unref(a);
	rt_unref(b);
}

/* Strong: nothing is converted because an operator would like it better. */
static void strong(void)
{
	add("1 + 1", rt_int_new(1), rt_int_new(1), "2");
	add("'1' + '1'", rt_str_new("1"), rt_str_new("1"), "'11'");
	add("1 + '1'", rt_int_new(1), rt_str_new("1"),
	    "TypeError: unsupported operand type(s) for +: 'int' and 'str'");
	add("[] + ()", rt_list_new(), rt_tuple_of(0),
	    "TypeError: unsupported operand type(s) for +: 'list' and 'tuple'");
	add("1 + 0.5          a float knows ints", rt_int_new(1), rt_float_new(0.5), "1.5");
	add("int('1') + 1     asked for",
	    rt_call_of(rt_type_object(&rt_int_type), 1, rt_str_new("1")), rt_int_new(1), "2");
}

/* Dynamic: a name may be bound to an object of any type, one after the other. */
static void dynamic(void)
{
	struct rt_object *names = rt_dict_new(), *value = rt_str_new("one"), *x;

	rt_name_bind(names, "x", rt_int_new(1));
	x = rt_name_load(names, "x");
	tour_show("x = 1; type(x)", rt_ref(rt_type_object(x->type)), "<class 'int'>");
	rt_unref(x);
	rt_name_bind(names, "x", value);
	x = rt_name_load(names, "x");
	tour_show("x = 'one'; type(x)", rt_ref(rt_type_object(x->type)), "<class 'str'>");
	rt_unref(x);
	rt_unref(value);
	rt_unref(names);
}
/* [end] */

/* Equality always has an answer, order does not. */
static void compared(void)
{
	struct rt_object *text = rt_str_new("1");

	tour_show("1 == '1'", rt_compare(rt_int_new(1), text, RT_EQ), "False");
	tour_show("1 < '1'", rt_compare(rt_int_new(1), text, RT_LT),
		  "TypeError: '<' not supported between instances of 'int' and 'str'");
	tour_show("1 == True        bool is an int",
		  rt_compare(rt_int_new(1), rt_bool(true), RT_EQ), "True");
	rt_unref(text);
}

/*
 * class Metres: what + means is up to the types; NotImplemented: ask the other one.
 * def __add__(self, other): return self.n + other.n if type(other) is Metres else NotImplemented
 */
__attribute__((noinline)) struct rt_object *tour_typing_add(const struct rt_args *args)
{
	struct rt_object *a, *b, *sum;

	calls++;
	if (args->v[0]->type != args->v[1]->type)
		return rt_not_implemented;
	a = rt_getattr(args->v[0], "n");
	b = rt_getattr(args->v[1], "n");
	sum = rt_add(a, b);
	rt_unref(a);
	rt_unref(b);
	return sum;
}

static const struct rt_function_spec methods[] = {
	{ "__add__", tour_typing_add, "self, other" },
	{ "__radd__", tour_typing_add, "self, other" },
	{ 0 },
};

static void own_types(void)
{
	struct rt_object *class = rt_class_from_methods("Metres", NULL, methods);
	struct rt_object *m = rt_call_of(class, 0);

	rt_setattr(m, "n", rt_int_new(20));
	add("Metres(20) + Metres(20)", rt_ref(m), rt_ref(m), "40");
	add("Metres(20) + 1", rt_ref(m), rt_int_new(1),
	    "TypeError: unsupported operand type(s) for +: 'Metres' and 'int'");
	add("1 + Metres(20)", rt_int_new(1), rt_ref(m),
	    "TypeError: unsupported operand type(s) for +: 'int' and 'Metres'");
	tour_expect(calls == 3, "the class was asked about each sum");
	rt_unref(m);
	rt_unref(class);
}

static void run_and_tell(void)
{
	calls = 0;
	strong();
	dynamic();
	compared();
	own_types();
	tour_show_nothing_left();
	tour_figure("times Metres was asked to add", "probes[event=called].hits", calls, 0, 0);
	tour_figure("TypeError: made", "types[type=TypeError].allocs", 5, 0, 0);
	tour_figure_type("TypeError");
	tour_figure_type("Metres");
}

const struct tour_stop stop_typing = {
	.name = "typing",
	.title = "objects have types and keep them, names have none",
	.about = "Types belong to objects, not to names: a name may be bound to an int now and\n"
		 "to a str later (dynamic typing).  An object keeps its type, and no operator\n"
		 "turns it into another one to make sense of it (strong typing): 1 + '1' is\n"
		 "neither 2 nor '11' but a TypeError, an object raised when it is tried.  What\n"
		 "+ means is up to the two types: the left one is asked, and if it answers\n"
		 "NotImplemented, the right one.  In CPython the question goes to the slot\n"
		 "nb_add of each type (then sq_concat), which a class fills with __add__ and\n"
		 "__radd__.  Annotations like x: int are for readers and checkers; nothing is\n"
		 "checked when it runs.",
	.families = "refs",
	.count = "tour_typing_add",
	.run = run_and_tell,
};
