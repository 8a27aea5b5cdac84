/* closures: functions that take variables with them. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_cell.h"
#include "runtime/rt_class.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_weakref.h"
#include "tour/show.h"
#include "tour/tour.h"

/* [program] */
/* def count(): nonlocal n; n += 1; return n */
static struct rt_object *count(const struct rt_args *args)
{
	struct rt_object *n = rt_args_free_variable(args, 0); /* what is in the first cell */
	struct rt_object *next = rt_add(n, rt_int_new(1));

	rt_args_set_free_variable(args, 0, next);
	rt_unref(n);
	return next;
}

static struct rt_object *get(const struct rt_args *args)
{
	return rt_args_free_variable(args, 0);
}

static const struct rt_function_spec count_spec = { "count", count }, get_spec = { "get", get };

/* Two counters made by the same code: each has a cell of its own. */
static void own_cells(void)
{
	struct rt_object *zero = rt_int_new(0), *a = rt_closure_new(&count_spec, 1, &zero);
	struct rt_object *b = rt_closure_new(&count_spec, 1, &zero);

	tour_show("a = counter(); b = counter(); a()", rt_call_of(a, 0), "1");
	tour_show("a()", rt_call_of(a, 0), "2");
	tour_show("b()", rt_call_of(b, 0), "1");
	rt_unref(a);
	rt_unref(b);
}

/* Functions made in one scope share its variables: one cell, seen by both. */
static void shared_cell(void)
{
	struct rt_object *cell = rt_cell_new(rt_int_new(10)), *cells = rt_tuple_of(1, cell);
	struct rt_object *up = rt_function_new(&count_spec, NULL, cells);
	struct rt_object *now = rt_function_new(&get_spec, NULL, cells);

	tour_show("n = 10; count()", rt_call_of(up, 0), "11");
	tour_show("get()", rt_call_of(now, 0), "11");
	tour_show("count.__closure__[0].cell_contents", rt_cell_get(cell), "11");
	rt_unref(up);
	rt_unref(now);
	rt_unref(cells);
}
/* [end] */

/* [lambda: i for i in range(3)], each called after the loop; own: [lambda i=i: i ...]. */
static struct rt_object *made_in_a_loop(bool own)
{
	struct rt_object *cell = rt_cell_new(NULL), *cells = rt_tuple_of(1, cell);
	struct rt_object *functions = rt_list_new(), *results = rt_list_new(), *i, *f;

	for (int n = 0; n < 3; n++) {
		i = rt_int_new(n);
		rt_cell_set(cell, i);
		f = own ? rt_closure_new(&get_spec, 1, &i)
			: rt_function_new(&get_spec, NULL, cells);
		rt_list_append_stolen(functions, f);
	}
	for (size_t n = 0; n < rt_list_len(functions); n++)
		rt_list_append_stolen(results, rt_call_of(rt_list_at(functions, n), 0));
	rt_unref(functions);
	rt_unref(cells);
	return results;
}

/* What is in a cell lives as long as a function that refers to it. */
static void keeps_alive(void)
{
	struct rt_object *class = rt_class_new("Value", NULL, NULL);
	struct rt_object *value = rt_call_of(class, 0), *weak = rt_weakref_new(value, NULL);
	struct rt_object *f = rt_closure_new(&get_spec, 1, &value), *seen;

	rt_unref(value);
	seen = rt_weakref_get(weak);
	tour_show("value: its name is gone, get() is not", rt_bool(seen != rt_none), "True");
	rt_unref(seen);
	rt_unref(f);
	tour_show("del get; the value is", rt_weakref_get(weak), "None");
	rt_unref(weak);
	rt_unref(class);
}

static void run_and_tell(void)
{
	own_cells();
	shared_cell();
	tour_show("made in a loop, one i", made_in_a_loop(false), "[2, 2, 2]");
	tour_show("made in a loop, an i for each", made_in_a_loop(true), "[0, 1, 2]");
	keeps_alive();
	tour_show_nothing_left();
	tour_figure("Value: made", "types[type=Value].allocs", 1, 0, 0);
	tour_figure_type("Value");
	tour_figure_type("cell");
	tour_figure_type("function");
}

const struct tour_stop stop_closures = {
	.name = "closures",
	.title = "functions that take variables with them",
	.about = "A function made in another one may use that one's variables after it has\n"
		 "returned.  Such variables live in cells, small objects that both functions\n"
		 "refer to: a closure keeps the variable, not the value it had when the closure\n"
		 "was made.  So functions made in one loop all see the last value of its\n"
		 "variable, and `nonlocal` lets one change what the others see.  CPython decides\n"
		 "when it compiles a function which variables need a cell; f.__closure__ shows\n"
		 "them.  What is in a cell lives at least as long as the functions that use it.",
	.families = "refs",
	.run = run_and_tell,
};
