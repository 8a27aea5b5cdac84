/* comprehensions: a loop that is an expression. */
#include "runtime/rt_comprehension.h"
#include "runtime/rt_abstract.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_list.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_comprehensions_square(const struct rt_args *args);

static uint64_t calls;

static struct rt_object *is_odd(const struct rt_args *args)
{
	return rt_binary(RT_MOD, args->v[0], rt_int_new(2));
}

static const struct rt_function_spec square_spec = { "square", tour_comprehensions_square, "x" },
				     odd_spec = { "is_odd", is_odd, "x" };

/* [program] */
/* square(x); gilscope counts its calls. */
__attribute__((noinline)) struct rt_object *tour_comprehensions_square(const struct rt_args *args)
{
	calls++;
	return rt_mul(args->v[0], args->v[0]);
}

/* Each is [element(x) for x in iterable if condition(x)]. */
static void all_at_once(struct rt_object *square, struct rt_object *odd)
{
	struct rt_object *r = rt_range_new(-3, 4, 1);

	tour_show("[square(x) for x in range(-3, 4)]", rt_list_comprehension(square, r, NULL),
		  "[9, 4, 1, 0, 1, 4, 9]");
	tour_show("[... if is_odd(x)]", rt_list_comprehension(square, r, odd), "[9, 1, 1, 9]");
	tour_show("{square(x) for ...}", rt_set_comprehension(square, r, NULL), "{9, 4, 1, 0}");
	tour_show("{x: square(x) for ... if is_odd(x)}",
		  rt_dict_comprehension(NULL, square, r, odd), "{-3: 9, -1: 1, 1: 1, 3: 9}");
	tour_expect(calls == 7 + 4 + 7 + 4, "the condition is asked first");
	rt_unref(r);
}

/* (square(x) for x in range(10 ** 9)): nothing is computed before it is asked for. */
static void when_asked_for(struct rt_object *square)
{
	struct rt_object *r = rt_range_new(1, 1000000000, 1);
	struct rt_object *g = rt_generator_expression(square, r, NULL), *x;
	uint64_t before = calls;

	tour_show("g = (square(x) for ...); calls so far", rt_int_new((int64_t)calls), "22");
	tour_show("next(g)", rt_next(g), "1");
	while (rt_iter_next(g, &x) > 0) { /* as any() does: up to the first large one */
		bool found = rt_compare_truth(x, rt_int_new(200), RT_GT) > 0;

		rt_unref(x);
		if (found)
			break;
	}
	tour_show("any(x > 200 for x in g); more calls", rt_int_new((int64_t)(calls - before)),
		  "15");
	rt_unref(g);
	rt_unref(r);
}
/* [end] */

/* An error in the middle: there is no half-made list. */
static void an_error_ends_it(struct rt_object *square)
{
	struct rt_object *items = rt_list_of(3, rt_int_new(1), rt_list_new(), rt_int_new(3));

	tour_show("[square(x) for x in [1, [], 3]]", rt_list_comprehension(square, items, NULL),
		  "TypeError: unsupported operand type(s) for *: 'list' and 'list'");
	rt_unref(items);
}

static void run_and_tell(void)
{
	struct rt_object *square = rt_function_new(&square_spec, NULL, NULL);
	struct rt_object *odd = rt_function_new(&odd_spec, NULL, NULL);

	calls = 0;
	all_at_once(square, odd);
	when_asked_for(square);
	an_error_ends_it(square);
	rt_unref(square);
	rt_unref(odd);
	tour_show_nothing_left();
	tour_figure("calls of square", "probes[event=called].hits", calls, 0, 0);
	tour_figure_type("list");
	tour_figure_type("set");
	tour_figure_type("dict");
	tour_figure_type("generator");
}

const struct tour_stop stop_comprehensions = {
	.name = "comprehensions",
	.title = "a loop that is an expression",
	.about = "A comprehension says what a list, set or dict consists of: an element for each\n"
		 "item of an iterable, if a condition holds.  It makes the whole at once, or, if\n"
		 "an error happens on the way, nothing.  In round brackets it is a generator\n"
		 "expression, which computes an element when it is asked for the next one, so\n"
		 "the iterable may be endless.  In CPython a comprehension has variables of its\n"
		 "own: up to 3.11 it is a function of its own that is called, since 3.12 its code\n"
		 "is put in line, except in generator expressions, which remain functions.",
	.families = "refs",
	.count = "tour_comprehensions_square",
	.run = run_and_tell,
};
