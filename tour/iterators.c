/* iterators: one item after the other, once. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_iterators_next(const struct rt_args *args);

static uint64_t calls;

/* [program] */
/* class Countdown: an iterator with a number that goes down to 0. */
static struct rt_object *init(const struct rt_args *args)
{
	return rt_none_if(rt_setattr(args->v[0], "n", args->v[1]));
}

static struct rt_object *iter(const struct rt_args *args)
{
	return rt_ref(args->v[0]); /* an iterator is its own iterator */
}

/* __next__: gilscope counts its calls. */
__attribute__((noinline)) struct rt_object *tour_iterators_next(const struct rt_args *args)
{
	struct rt_object *n = rt_getattr(args->v[0], "n"), *less = NULL;

	calls++;
	if (!rt_truth(n))
		rt_raise_object(rt_type_object(RT_STOP_ITERATION)); /* the end */
	else
		less = rt_sub(n, rt_int_new(1));
	if (less)
		rt_setattr(args->v[0], "n", less);
	rt_unref(n);
	return less;
}

/* for x in iterable: ... */
static struct rt_object *sum_of(struct rt_object *iterable)
{
	struct rt_object *it = rt_iter(iterable), *sum = rt_int_new(0), *x;

	while (rt_iter_next(it, &x) > 0) { /* until StopIteration, which is caught */
		rt_assign(&sum, rt_add(sum, x));
		rt_unref(x);
	}
	rt_unref(it);
	return sum;
}
/* [end] */

static const struct rt_function_spec methods[] = {
	{ "__init__", init, "self, n" },
	{ "__iter__", iter, "self" },
	{ "__next__", tour_iterators_next, "self" },
	{ 0 },
};

static void own_class(void)
{
	struct rt_object *class = rt_class_from_methods("Countdown", NULL, methods);
	struct rt_object *c = rt_call_of(class, 1, rt_int_new(4)), *same = rt_iter(c);

	tour_show("c = Countdown(4); iter(c) is c", rt_bool(c == same), "True");
	rt_unref(same);
	tour_show("next(c)", rt_next(c), "3");
	tour_show("sum(c)", sum_of(c), "3");
	tour_show("sum(c)       it is used up", sum_of(c), "0");
	tour_show("next(c)", rt_next(c), "StopIteration");
	rt_unref(c);
	c = rt_call_of(class, 1, rt_int_new(1000));
	tour_show("sum(Countdown(1000))", sum_of(c), "499500");
	rt_unref(c);
	rt_unref(class);
	tour_expect(calls == 1 + 4 + 1 + 1 + 1001, "one call for each item, and one for each end");
}

/* A list is no iterator: it gives a new one each time. */
static void over_a_list(void)
{
	struct rt_object *list = rt_list_of(2, rt_int_new(10), rt_int_new(20));
	struct rt_object *a = rt_iter(list), *b = rt_iter(list);

	tour_show("a = iter([10, 20]); next(a)", rt_next(a), "10");
	tour_show("next(a)", rt_next(a), "20");
	tour_show("b = iter(the same list); next(b)", rt_next(b), "10");
	tour_show("next(a)", rt_next(a), "StopIteration");
	rt_list_append(list, rt_int_new(30));
	tour_show("list.append(30); next(a)", rt_next(a), "StopIteration");
	rt_unref(a);
	tour_show("next(b)", rt_next(b), "20");
	tour_show("next(b)", rt_next(b), "30");
	tour_show("next(list)", rt_next(list), "TypeError: 'list' object is not an iterator");
	tour_show("iter(5)", rt_iter(rt_int_new(5)), "TypeError: 'int' object is not iterable");
	rt_unref(b);
	rt_unref(list);
}

/* Items are made when they are asked for; and a dict's keys must stay while they are walked. */
static void lazily(void)
{
	struct rt_object *range = rt_range_new(0, 1000000000, 1), *e = rt_enumerate_new(range, 1);
	struct rt_object *dict = rt_dict_of(1, rt_str_new("a"), rt_int_new(1)), *it;

	tour_show("len(range(1000000000))", rt_int_new(rt_len(range)), "1000000000");
	tour_show("next(enumerate(range(...), 1))", rt_next(e), "(1, 0)");
	it = rt_iter(dict);
	rt_dict_set_name(dict, "b", rt_none);
	tour_show("a key more while walking a dict", rt_next(it),
		  "RuntimeError: dict changed size during iteration");
	rt_unref(it);
	rt_unref(dict);
	rt_unref(e);
	rt_unref(range);
}

static void run_and_tell(void)
{
	calls = 0;
	own_class();
	over_a_list();
	lazily();
	tour_show_nothing_left();
	tour_figure("calls of __next__", "probes[event=called].hits", calls, 0, 0);
	tour_figure("Countdown: made", "types[type=Countdown].allocs", 2, 0, 0);
	tour_figure_type("Countdown");
	tour_figure_type("iterator");
	tour_figure_type("int");
}

const struct tour_stop stop_iterators = {
	.name = "iterators",
	.title = "one item after the other, once",
	.about = "What can be iterated over gives an iterator, and the iterator gives one item\n"
		 "for each next() until it raises StopIteration; after that it stays empty.  A\n"
		 "list makes a new iterator for each loop, so it can be walked any number of\n"
		 "times, also by several at once; an iterator is its own, and is used up.  A\n"
		 "`for` loop does nothing else than this, and catches the StopIteration.  In\n"
		 "CPython the two steps are the slots tp_iter and tp_next of a type, which a\n"
		 "class fills with __iter__ and __next__; a slot may also return NULL without\n"
		 "an error for the end, which saves making the exception.",
	.families = "refs",
	.count = "tour_iterators_next",
	.run = run_and_tell,
};
