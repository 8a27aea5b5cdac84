/* assignment: names, and the objects they are bound to. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_names.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_weakref.h"
#include "tour/show.h"
#include "tour/tour.h"

/* [program] */
/* A scope is a dict from names to objects. */
static struct rt_object *scope;

/* name = value (stolen) */
static void set(const char *name, struct rt_object *value)
{
	rt_name_bind(scope, name, value);
	rt_unref(value);
}

static struct rt_object *get(const char *name)
{
	return rt_name_load(scope, name);
}

static void names(void)
{
	struct rt_object *list;

	set("a", rt_list_of(2, rt_int_new(1), rt_int_new(2)));
	set("b", get("a")); /* no copy: one list, two names */
	list = get("b");
	rt_list_append(list, rt_int_new(3));
	rt_unref(list);
	tour_show("a = [1, 2]; b = a; b.append(3); a", get("a"), "[1, 2, 3]");
	set("b", rt_list_of(0)); /* binds the name b anew; the list does not notice */
	tour_show("b = []; a", get("a"), "[1, 2, 3]");
	set("c", get("a"));
	rt_name_delete(scope, "a"); /* the name goes, the list has another one */
	tour_show("c = a; del a; c", get("c"), "[1, 2, 3]");
	tour_show("a", get("a"), "NameError: name 'a' is not defined");
}

/* def grow(items): items.append(0); items = [9] */
static struct rt_object *grow(const struct rt_args *args)
{
	struct rt_object *items = args->v[0]; /* a name for the caller's object */
	int r = rt_list_append(items, rt_int_new(0)); /* changes that: the caller sees it */

	items = rt_list_of(1, rt_int_new(9)); /* binds the own name: the caller does not */
	rt_unref(items);
	return rt_none_if(r);
}
/* [end] */

static const struct rt_function_spec grow_spec = { "grow", grow, "items" };

static void arguments(void)
{
	struct rt_object *f = rt_function_new(&grow_spec, NULL, NULL);

	rt_unref(rt_call_of(f, 1, get("c")));
	tour_show("grow(c); c", get("c"), "[1, 2, 3, 0]");
	rt_unref(f);
}

/* def collect(x, into=[]): the default is made once, with the function. */
static struct rt_object *collect(const struct rt_args *args)
{
	return rt_list_append(args->v[1], args->v[0]) < 0 ? NULL : rt_ref(args->v[1]);
}

static const struct rt_function_spec collect_spec = { "collect", collect, "x, into=" };

static void defaults(void)
{
	struct rt_object *values = rt_tuple_of(1, rt_list_of(0));
	struct rt_object *f = rt_function_new(&collect_spec, values, NULL);

	rt_unref(values);
	tour_show("def collect(x, into=[]); collect(1)", rt_call_of(f, 1, rt_int_new(1)), "[1]");
	tour_show("collect(2)", rt_call_of(f, 1, rt_int_new(2)), "[1, 2]");
	tour_show("collect(3, [])", rt_call_of(f, 2, rt_int_new(3), rt_list_of(0)), "[3]");
	rt_unref(f);
}

/* += changes a list, which all its names see; an int cannot change: the name is bound anew. */
static void in_place(void)
{
	struct rt_object *more = rt_list_of(1, rt_int_new(5)), *v;

	set("d", get("c"));
	v = get("d");
	set("d", rt_inplace(RT_ADD, v, more));
	tour_show("d = c; d += [5]; c", get("c"), "[1, 2, 3, 0, 5]");
	rt_unref(v);
	rt_unref(more);
	set("x", rt_int_new(1000));
	set("y", get("x"));
	v = get("y");
	set("y", rt_inplace(RT_ADD, v, rt_int_new(1)));
	rt_unref(v);
	v = rt_tuple_of(2, get("x"), get("y"));
	tour_show("x = 1000; y = x; y += 1; x, y", v, "(1000, 1001)");
}

/* The object goes with its last name, not with any `del`. */
static void last_name(void)
{
	struct rt_object *class = rt_class_new("Thing", NULL, NULL), *thing, *weak;

	set("p", rt_call_of(class, 0));
	set("q", get("p"));
	thing = get("p");
	weak = rt_weakref_new(thing, NULL);
	rt_unref(thing);
	rt_name_delete(scope, "p");
	thing = rt_weakref_get(weak);
	tour_show("q = p = Thing(); del p; it lives", rt_bool(thing != rt_none), "True");
	rt_unref(thing);
	rt_name_delete(scope, "q");
	thing = rt_weakref_get(weak);
	tour_show("del q; it lives", rt_bool(thing != rt_none), "False");
	rt_unref(thing);
	rt_unref(weak);
	rt_unref(class);
}

static void run_and_tell(void)
{
	scope = rt_dict_new();
	names();
	arguments();
	defaults();
	in_place();
	last_name();
	scope = rt_unref(scope);
	tour_show_nothing_left();
	tour_figure("Thing: made", "types[type=Thing].allocs", 1, 0, 0);
	tour_figure_type("Thing");
	tour_figure_type("list");
	tour_figure_type("int");
}

const struct tour_stop stop_assignment = {
	.name = "assignment",
	.title = "names, and the objects they are bound to",
	.about = "A name is no box for a value: it is bound to an object, and b = a binds one\n"
		 "more name to the same one.  A call does just that with its arguments, so what\n"
		 "a function does to a list its caller sees, and what it assigns to its own name\n"
		 "its caller does not.  `del` removes a name; the object goes when the last\n"
		 "reference does.  += asks the object to change itself: a list can, an int makes\n"
		 "a new one, and either way the name is bound to the result.  In CPython names\n"
		 "are dict entries (global ones, and of classes) or slots of a frame (local\n"
		 "ones), and hold references all the same.",
	.families = "refs",
	.run = run_and_tell,
};
