/* copying: slices, shallow and deep copies. */
#include "runtime/rt_copy.h"
#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_generator.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "tour/show.h"
#include "tour/tour.h"

#define I rt_int_new
#define S rt_str_new

/* Whether @a is @b, both stolen. */
static struct rt_object *same(struct rt_object *a, struct rt_object *b)
{
	bool is = a == b;

	rt_unref(a);
	rt_unref(b);
	return rt_bool(is);
}

/* list[i], borrowed. */
#define AT rt_list_at
#define END INT64_MAX

/* [program] */
static void slices(void)
{
	struct rt_object *l = rt_list_of(2, I(1), I(2)), *t = rt_tuple_of(2, I(1), I(2));

	tour_show("l = [1, 2]; l[:] is l", same(rt_getslice(l, 0, END), rt_ref(l)), "False");
	tour_show("t = (1, 2); t[:] is t", same(rt_getslice(t, 0, END), rt_ref(t)), "True");
	tour_show("copy(t) is t", same(rt_copy(t), rt_ref(t)), "True");
	tour_show("t[:1]", rt_getslice(t, 0, 1), "(1,)");
	rt_unref(l);
	rt_unref(t);
}

/* The same nested list, copied both ways, and then changed. */
static void shallow_and_deep(void)
{
	struct rt_object *l = rt_list_of(2, I(1), rt_list_of(1, I(2)));
	struct rt_object *shallow = rt_copy(l), *deep = rt_deepcopy(l);

	rt_list_append(l, I(3)); /* the list: nobody else has it */
	rt_list_append(AT(l, 1), I(9)); /* an item of it: shared with the shallow copy */
	tour_show("l.append(3); l[1].append(9); l", l, "[1, [2, 9], 3]");
	tour_show("shallow", shallow, "[1, [2, 9]]");
	tour_show("deep", deep, "[1, [2]]");
}

/* A deep copy remembers what it has copied: once each, in circles too. */
static void memo(void)
{
	struct rt_object *x = rt_list_of(0), *l = rt_list_of(2, rt_ref(x), x), *deep;

	deep = rt_deepcopy(l);
	tour_show("l = [x, x]; deep[0] is deep[1]", rt_bool(AT(deep, 0) == AT(deep, 1)), "True");
	tour_show("deep[0] is x", rt_bool(AT(deep, 0) == x), "False");
	rt_unref(deep);
	rt_list_append(l, l); /* now it contains itself */
	deep = rt_deepcopy(l);
	tour_show("l.append(l); deep", rt_ref(deep), "[[], [], [...]]");
	tour_show("deep[2] is deep", rt_bool(AT(deep, 2) == deep), "True");
	rt_list_clear(l); /* open the circles */
	rt_list_clear(deep);
	rt_unref(l);
	rt_unref(deep);
}
/* [end] */

static struct rt_object *attribute_of(struct rt_object *o, const char *name)
{
	struct rt_object *value = rt_getattr(o, name);

	rt_unref(value); /* the object has it */
	return value;
}

/* Instances: the attributes are copied like a dict's values. */
static void instances(void)
{
	struct rt_object *class = rt_class_new("Node", NULL, NULL), *a, *b, *shallow, *deep;

	a = rt_call_of(class, 0);
	b = rt_call_of(class, 0);
	rt_setattr(a, "next", b);
	rt_setattr(b, "next", a); /* a circle of two */
	shallow = rt_copy(a);
	deep = rt_deepcopy(a);
	tour_show("a.next = b; copy(a).next is b", rt_bool(attribute_of(shallow, "next") == b),
		  "True");
	tour_show("deep = deepcopy(a); deep.next is b", rt_bool(attribute_of(deep, "next") == b),
		  "False");
	tour_show("deep.next.next is deep",
		  rt_bool(attribute_of(attribute_of(deep, "next"), "next") == deep), "True");
	rt_unref(a);
	rt_unref(b);
	rt_unref(shallow);
	rt_unref(deep);
	rt_unref(class);
}

/* What need not, and what cannot, be copied. */
static void others(void)
{
	struct rt_object *s = S("text"), *t = rt_tuple_of(2, I(1), S("a"));
	struct rt_object *with_list = rt_tuple_of(2, I(1), rt_list_of(0));
	struct rt_object *g = rt_generator_new("g", NULL, NULL);

	tour_show("deepcopy('text') is the same", same(rt_deepcopy(s), rt_ref(s)), "True");
	tour_show("deepcopy((1, 'a')) is the same", same(rt_deepcopy(t), rt_ref(t)), "True");
	tour_show("deepcopy((1, [])) is the same", same(rt_deepcopy(with_list), rt_ref(with_list)),
		  "False");
	tour_show("copy(a generator)", rt_copy(g), "TypeError: cannot copy 'generator' object");
	rt_unref(g);
	rt_unref(with_list);
	rt_unref(t);
	rt_unref(s);
}

static void run_and_tell(void)
{
	struct rt_gc_stats gc;

	slices();
	shallow_and_deep();
	memo();
	instances();
	others();
	tour_show_nothing_left();
	tour_figure("Node: two, one shallow, two deep", "types[type=Node].allocs", 5, 0, 0);
	tour_figure_type("Node");
	tour_figure_type("list");
	tour_figure_type("tuple");
	tour_figure_type("dict");
	rt_gc_get_stats(2, &gc);
	tour_figure("2: collections of that generation", "gc[generation=2].collections",
		    gc.collections, 0, 0);
	tour_figure("2: objects collected, in circles", "gc[generation=2].collected", gc.collected,
		    0, 0);
}

const struct tour_stop stop_copying = {
	.name = "copying",
	.title = "slices, shallow and deep copies",
	.about = "A shallow copy is a new container with the same items: changing the container\n"
		 "is not seen through the other, changing an item is.  A deep copy copies the\n"
		 "items too, and theirs, each once: it keeps a memo from the id of each object\n"
		 "to its copy, so that what was shared stays shared and circles end.  A slice of\n"
		 "a list is a shallow copy of that part.  What cannot change need not be copied:\n"
		 "t[:] of a tuple is the tuple itself, in CPython too, where copy.deepcopy()\n"
		 "also returns a tuple as it is if all its items came back as they were.",
	.families = "refs gc",
	.run = run_and_tell,
};
