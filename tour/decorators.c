/* decorators: putting something around a function without touching it. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_decorator.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_str.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_decorated_greet(const struct rt_args *args);

static uint64_t calls;

/* [program] */
/* The function that gets decorated.  gilscope counts its calls too: from outside, here. */
__attribute__((noinline)) struct rt_object *tour_decorated_greet(const struct rt_args *args)
{
	calls++;
	return rt_str_format("hello %s", rt_str_chars(args->v[0]));
}

/* def twice(f): def wrapper(*args, **kwargs): ...; return wrapper.  f is in the first cell. */
static struct rt_object *wrapper(const struct rt_args *args)
{
	struct rt_object *f = rt_args_free_variable(args, 0), *result;

	rt_unref(rt_call(f, args->n, args->v, args->kwargs));
	result = rt_call(f, args->n, args->v, args->kwargs);
	rt_unref(f);
	return result;
}

static struct rt_object *twice(const struct rt_args *args)
{
	static const struct rt_function_spec spec = { "wrapper", wrapper, "*args, **kwargs" };
	struct rt_object *f = rt_closure_new(&spec, 1, args->v);
	struct rt_object *wrapped = rt_wraps(f, args->v[0]); /* the name and text of the old */

	rt_unref(f);
	return wrapped;
}

/* @a @b def greet(name): ...; then greet("Ann") */
static struct rt_object *decorated(struct rt_object *greet, struct rt_object *a,
				   struct rt_object *b)
{
	struct rt_object *f = rt_decorate(greet, 2, (struct rt_object *[]) { a, b });
	struct rt_object *result = rt_call_of(f, 1, rt_str_new("Ann"));

	rt_unref(f);
	return result;
}
/* [end] */

#define ANN rt_str_new("Ann")

static const struct rt_function_spec greet_spec = { "greet", tour_decorated_greet, "name",
						    "Greet somebody." },
				     twice_spec = { "twice", twice, "function" };

/* More of them: with arguments of their own, in different orders. */
static void stack(struct rt_object *greet, struct rt_object *module)
{
	struct rt_object *two = rt_function_new(&twice_spec, NULL, NULL);
	struct rt_object *repeat = rt_call_method(module, "repeat", 1, rt_int_new(4));
	struct rt_object *b = rt_call_method(module, "tag", 1, rt_str_new("b"));
	struct rt_object *i = rt_call_method(module, "tag", 1, rt_str_new("i"));

	tour_show("greet('Ann')", rt_call_of(greet, 1, ANN), "'hello Ann'");
	tour_show("@tag('b') @tag('i')", decorated(greet, b, i), "'<b><i>hello Ann</i></b>'");
	tour_show("@tag('i') @tag('b')", decorated(greet, i, b), "'<i><b>hello Ann</b></i>'");
	tour_expect(calls == 3, "each of them called greet once");
	tour_show("@tag('b') @twice: two calls", decorated(greet, b, two), "'<b>hello Ann</b>'");
	tour_expect(calls == 5, "twice called greet two times");
	tour_show("@twice @repeat(4): eight", decorated(greet, two, repeat), "'hello Ann'");
	tour_expect(calls == 13, "four times, and that twice");
	rt_unref(two);
	rt_unref(repeat);
	rt_unref(b);
	rt_unref(i);
}

/* CountCalls: an object of a class in the place of the function. */
static void count_calls(struct rt_object *greet, struct rt_object *module)
{
	struct rt_object *counted = rt_call_method(module, "CountCalls", 1, rt_ref(greet)), *f;

	for (int i = 0; i < 3; i++)
		rt_unref(rt_call_of(counted, 1, ANN));
	tour_show("@CountCalls; greet.calls", rt_getattr(counted, "calls"), "3");
	f = rt_getattr(counted, "__wrapped__");
	tour_show("greet.__name__", rt_getattr(counted, "__name__"), "'greet'");
	tour_show("greet.__doc__", rt_getattr(counted, "__doc__"), "'Greet somebody.'");
	tour_show("greet.__wrapped__ is the function", rt_bool(f == greet), "True");
	rt_unref(f);
	rt_unref(counted);
}

static void run_and_tell(void)
{
	struct rt_object *module = rt_decorators_module();
	struct rt_object *greet = rt_function_new(&greet_spec, NULL, NULL);

	calls = 0;
	stack(greet, module);
	count_calls(greet, module);
	rt_unref(greet);
	rt_unref(module);
	tour_show_nothing_left();
	tour_figure("calls of greet, counted by itself", "probes[event=called].hits", calls, 0, 0);
	tour_figure("CountCalls: made", "types[type=CountCalls].allocs", 1, 0, 0);
	tour_figure_type("CountCalls");
	tour_figure_type("function");
	tour_figure_type("cell");
}

const struct tour_stop stop_decorators = {
	.name = "decorators",
	.title = "putting something around a function without touching it",
	.about = "A decorator is a callable that takes a function and returns what takes its\n"
		 "place, as a rule a new function that calls the old one; @d before a def means\n"
		 "f = d(f), and nothing more.  Of several, the one next to the def is applied\n"
		 "first and its work is innermost.  One with arguments of its own, repeat(4), is\n"
		 "called first and returns the decorator; CPython's functools.wraps gives the\n"
		 "new function the name and text of the old.  A uprobe is the kernel's\n"
		 "decorator: gilscope counts the calls of a function that knows nothing of it.",
	.families = "refs",
	.count = "tour_decorated_greet",
	.run = run_and_tell,
};
