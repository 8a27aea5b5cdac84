/* introspection: objects can be asked what they are. */
#include <inttypes.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_introspect.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_introspection_init(const struct rt_args *args);

static uint64_t calls;

/* def __init__(self, x, y): self.x = x; self.y = y */
__attribute__((noinline)) struct rt_object *tour_introspection_init(const struct rt_args *args)
{
	calls++;
	if (rt_setattr(args->v[0], "x", args->v[1]) < 0)
		return NULL;
	return rt_none_if(rt_setattr(args->v[0], "y", args->v[2]));
}

/* def scale(self, by, *args, **kwargs): ... */
static struct rt_object *scale(const struct rt_args *args)
{
	return rt_none_for(rt_ref(args->v[0]));
}

static const struct rt_function_spec methods[] = {
	{ "__init__", tour_introspection_init, "self, x, y", "Start at x, y." },
	{ "scale", scale, "self, by, *args, **kwargs", "Make it larger." },
	{ 0 },
};

/* [program] */
/* isinstance(o, type) */
static struct rt_object *is(struct rt_object *o, const struct rt_type *type)
{
	return rt_bool_if(rt_isinstance(o, rt_type_object(type)));
}

static void what_it_is(struct rt_object *Point, struct rt_object *p, struct rt_object *q)
{
	tour_show("type(p)", rt_type_of(p), "<class 'Point'>");
	tour_show("type(Point)", rt_type_of(Point), "<class 'type'>");
	tour_show("type(type)", rt_type_of(rt_type_object(&rt_type_type)), "<class 'type'>");
	tour_show("isinstance(p, Point)", rt_bool_if(rt_isinstance(p, Point)), "True");
	tour_show("isinstance(p, object)", is(p, &rt_object_type), "True");
	tour_show("isinstance(p, int)", is(p, &rt_int_type), "False");
	tour_show("isinstance(True, int)", is(rt_bool(true), &rt_int_type), "True");
	tour_show("id(p) == id(q)", rt_bool(rt_id(p) == rt_id(q)), "False");
}

static void what_it_has(struct rt_object *Point, struct rt_object *p)
{
	struct rt_object *scale = rt_getattr(p, "scale");

	tour_show("vars(p)", rt_vars(p), "{'x': 3, 'y': 4}");
	tour_show("dir(p)", rt_dir(p), "['__class__', '__dict__', '__init__', 'scale', 'x', 'y']");
	tour_show("hasattr(p, 'z')", rt_bool_if(rt_hasattr(p, "z")), "False");
	tour_show("getattr(p, 'x')", rt_getattr(p, "x"), "3");
	tour_show("callable(p), callable(p.scale)",
		  rt_tuple_of(2, rt_bool(rt_callable(p)), rt_bool(rt_callable(scale))),
		  "(False, True)");
	tour_show("Point.__mro__", rt_getattr(Point, "__mro__"),
		  "(<class 'Point'>, <class 'object'>)");
	tour_show("signature(Point)", rt_signature(Point), "'(x, y)'");
	tour_show("signature(p.scale)", rt_signature(scale), "'(by, *args, **kwargs)'");
	tour_show("p.scale.__doc__", rt_getattr(scale, "__doc__"), "'Make it larger.'");
	rt_unref(scale);
}
/* [end] */

/* What was found may be used: attributes by names computed at run time. */
static void by_name(struct rt_object *p)
{
	struct rt_object *sum = rt_int_new(0), *name, *vars = rt_vars(p), *it = rt_iter(vars), *x;

	while (rt_iter_next(it, &name) > 0) {
		x = rt_getattr(p, rt_str_chars(name));
		rt_assign(&sum, rt_add(sum, x));
		rt_unref(x);
		rt_unref(name);
	}
	tour_show("sum(getattr(p, n) for n in vars(p))", sum, "7");
	rt_unref(it);
	rt_unref(vars);
	tour_show("vars(3)", rt_vars(rt_int_new(3)),
		  "TypeError: vars() argument must have __dict__ attribute");
	tour_show("signature(3)", rt_signature(rt_int_new(3)),
		  "TypeError: 'int' object is not callable");
}

static void run_and_tell(void)
{
	struct rt_object *Point = rt_class_from_methods("Point", NULL, methods);
	struct rt_object *p, *q;

	calls = 0;
	p = rt_call_of(Point, 2, rt_int_new(3), rt_int_new(4));
	q = rt_call_of(Point, 2, rt_int_new(3), rt_int_new(4));
	what_it_is(Point, p, q);
	what_it_has(Point, p);
	by_name(p);
	rt_unref(p);
	rt_unref(q);
	rt_unref(Point);
	tour_show_nothing_left();
	tour_figure("calls of __init__", "probes[event=called].hits", calls, 0, 0);
	tour_figure("Point: made", "types[type=Point].allocs", calls, 0, 0);
	tour_figure_type("Point");
	tour_figure_type("method");
	tour_figure_type("str");
}

const struct tour_stop stop_introspection = {
	.name = "introspection",
	.title = "objects can be asked what they are",
	.about = "A running program can ask an object for its type, its identity (in CPython\n"
		 "its address), its attributes and, if it can be called, its signature.  Types\n"
		 "are objects too, and their type is type.  dir() gathers names from the\n"
		 "object's own dict and from its class and all it inherits from; vars() is\n"
		 "that dict itself.  Debuggers, test runners and serialisers live on this.  A\n"
		 "tracer does the same from outside: in CPython gilscope follows an object's\n"
		 "pointer to its type, and from there to the type's name, in the memory of the\n"
		 "process it looks at; the runtime here hands over the name itself at a probe\n"
		 "point.",
	.families = "refs",
	.count = "tour_introspection_init",
	.run = run_and_tell,
};
