/* is-vs-equal: the same object, or just as good a one. */
#include <math.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_float.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_is_vs_equal_eq(const struct rt_args *args);

static uint64_t calls;

/* [program] */
/* __eq__ of a class whose objects equal everything; gilscope counts its calls. */
__attribute__((noinline)) struct rt_object *tour_is_vs_equal_eq(const struct rt_args *args)
{
	(void)args;
	calls++;
	return rt_bool(true);
}

/* Print whether @a is @b, and whether @a == @b.  Both are stolen. */
static void ask(const char *code, struct rt_object *a, struct rt_object *b, bool same, bool equal)
{
	bool is = a == b; /* the address: nothing of the object is looked at */
	struct rt_object *eq = rt_compare(a, b, RT_EQ); /* asks a's type, then b's */

	tour_say("%-28s is: %-6s ==: %s", code, is ? "True" : "False",
		 rt_truth(eq) ? "True" : "False");
	tour_expect(is == same && rt_truth(eq) == equal, code);
	rt_unref(eq);
	rt_unref(a);
	rt_unref(b);
}

static void numbers(void)
{
	/* -5 to 256 exist once; others are made when they are needed. */
	ask("256, 256", rt_int_new(256), rt_int_new(256), true, true);
	ask("257, 257", rt_int_new(257), rt_int_new(257), false, true);
	ask("-5, -5", rt_int_new(-5), rt_int_new(-5), true, true);
	ask("-6, -6", rt_int_new(-6), rt_int_new(-6), false, true);
	ask("1, 1.0", rt_int_new(1), rt_float_new(1), false, true);
	ask("1, True", rt_int_new(1), rt_bool(true), false, true);
	ask("1, '1'", rt_int_new(1), rt_str_new("1"), false, false);
}

static void objects(struct rt_object *class)
{
	struct rt_object *list = rt_list_of(1, rt_int_new(1)), *nan = rt_float_new(NAN);

	ask("[1], [1]", rt_ref(list), rt_list_of(1, rt_int_new(1)), false, true);
	ask("a = b = [1]; a, b", rt_ref(list), rt_ref(list), true, true);
	ask("None, None", rt_none, rt_none, true, true);
	ask("None, object with __eq__", rt_none, rt_call_of(class, 0), false, true);
	ask("nan, nan", rt_ref(nan), rt_ref(nan), true, false); /* as IEEE 754 says */
	rt_assign(&list, rt_list_of(1, nan));
	tour_show("nan in [nan]: `is` is tried first", rt_bool_if(rt_contains(list, nan)), "True");
	rt_unref(list);
}
/* [end] */

static const struct rt_function_spec methods[] = {
	{ "__eq__", tour_is_vs_equal_eq, "self, other" },
	{ 0 },
};

static void run_and_tell(void)
{
	struct rt_object *class = rt_class_from_methods("Yes", NULL, methods);

	calls = 0;
	numbers();
	objects(class);
	rt_unref(class);
	tour_show_nothing_left();
	tour_expect(calls == 1, "only == calls __eq__");
	tour_figure("calls of __eq__", "probes[event=called].hits", calls, 0, 0);
	tour_figure("ints made: two 257, two -6", "types[type=int].allocs", 4, 0, 0);
	tour_figure_type("int");
	tour_figure_type("float");
	tour_figure_type("list");
	tour_figure_type("Yes");
}

const struct tour_stop stop_is_vs_equal = {
	.name = "is-vs-equal",
	.title = "the same object, or just as good a one",
	.about = "`a is b` asks whether two names mean one object, and compares two addresses;\n"
		 "`a == b` asks the objects, that is __eq__ of their types, which may say what\n"
		 "it likes.  Which immutable objects are shared is the interpreter's business:\n"
		 "CPython has the ints from -5 to 256 once and for all, so two 256 are one\n"
		 "object and two 257 made at run time are two; equal constants of one compiled\n"
		 "function are one object again.  So `is` is for None and its like, of which\n"
		 "there is one, and == for values.",
	.families = "refs",
	.count = "tour_is_vs_equal_eq",
	.run = run_and_tell,
};
