/* refcount: an object lives as long as somebody refers to it. */
#include <inttypes.h>
#include <stdint.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_truth.h"
#include "tour/show.h"
#include "tour/tour.h"

static uintptr_t top, deepest; /* of the stack: where freeing starts, and how far down it got */

/* [program] */
#define CHAIN 1000000

static void up_and_down(void)
{
	struct rt_object *a = rt_list_new(), *b, *dict;

	tour_show("a = []           references to it", rt_int_new(a->refs), "1");
	b = rt_ref(a);
	tour_show("b = a", rt_int_new(a->refs), "2");
	dict = rt_dict_of(2, rt_int_new(1), rt_ref(a), rt_int_new(2), rt_ref(a));
	tour_show("d = {1: a, 2: a}", rt_int_new(a->refs), "4");
	rt_unref(dict); /* freed: its references go with it */
	tour_show("del d", rt_int_new(a->refs), "2");
	rt_unref(b);
	tour_show("del b            a's name is left", rt_int_new(a->refs), "1");
	tour_show("lists freed so far", rt_int_new(rt_truth_get_deallocs("list")), "0");
	rt_unref(a);
	tour_show("del a; lists freed", rt_int_new(rt_truth_get_deallocs("list")), "1");
}

/* [[[...]]]: freeing the outermost frees the next one, and so on, a million deep. */
static void free_a_chain(struct rt_object *class)
{
	struct rt_object *chain = rt_list_new();

	for (int i = 1; i < CHAIN; i++) {
		chain = rt_list_of(1, chain); /* steals the reference */
		if (i % 1001 == 0)
			rt_list_append_stolen(chain, rt_call_of(class, 0)); /* has a __del__ */
	}
	top = deepest = (uintptr_t)__builtin_frame_address(0);
	rt_unref(chain);
	tour_say("%d nested lists freed on %" PRIuPTR " bytes of stack", CHAIN, top - deepest);
}
/* [end] */

/* __del__: runs somewhere down in the freeing. */
static struct rt_object *del(const struct rt_args *args)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	(void)args;
	if (here < deepest)
		deepest = here;
	return rt_none;
}

static const struct rt_function_spec methods[] = { { "__del__", del, "self" }, { 0 } };

/* What there is once and for all is not counted: its count would change all the time. */
static void immortals(void)
{
	ssize_t before = rt_none->refs;
	struct rt_object *list = rt_list_of(2, rt_ref(rt_none), rt_ref(rt_none));

	tour_expect(rt_none->refs == before && before == RT_IMMORTAL, "None's count stands still");
	tour_show("[None, None]     None is immortal", list, "[None, None]");
}

static void run_and_tell(void)
{
	struct rt_object *class;
	uint64_t before;

	up_and_down();
	immortals();
	class = rt_class_from_methods("Plumb", NULL, methods);
	before = rt_truth_get_deallocs("list");
	free_a_chain(class);
	tour_expect(rt_truth_get_deallocs("list") == before + CHAIN, "every list was freed");
	rt_unref(class);
	tour_expect(deepest < top, "the finalizers ran");
	tour_expect(top - deepest < 1000000, "freeing a chain takes a bounded stack");
	tour_show_nothing_left();
	tour_figure("Plumb: made", "types[type=Plumb].allocs", (CHAIN - 1) / 1001, 0, 0);
	tour_figure_type("Plumb");
	tour_figure_type("list");
	tour_figure_type("dict");
}

const struct tour_stop stop_refcount = {
	.name = "refcount",
	.title = "an object lives as long as somebody refers to it",
	.about = "Every object counts the references to it: names, containers and calls that\n"
		 "use it.  A new reference adds one, a dropped one takes one off, and at 0 the\n"
		 "object is freed at once, which drops the references it held itself.  In a\n"
		 "deep nest that would be one call inside the other until the stack is full;\n"
		 "so beyond 50 levels objects are put on a list and freed one after the other\n"
		 "(CPython calls that its trashcan).  CPython tells a count as\n"
		 "sys.getrefcount(o), mostly one more than expected, as the call itself refers\n"
		 "to o; since 3.12 None and others are immortal there as here, and are not\n"
		 "counted at all.",
	.families = "refs",
	.run = run_and_tell,
};
