/* cycles: what keeps itself alive, and the collector that finds it. */
#include <inttypes.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_truth.h"
#include "runtime/rt_weakref.h"
#include "tour/show.h"
#include "tour/tour.h"

static struct rt_object *Node, *Phoenix, *ended, *saved; /* two classes, two lists */

/* [program] */
/* class Node: def __del__(self): ended.append(self.name) */
static struct rt_object *node_del(const struct rt_args *args)
{
	return rt_none_if(rt_list_append_stolen(ended, rt_getattr(args->v[0], "name")));
}

static struct rt_object *node(const char *name)
{
	struct rt_object *node = rt_call_of(Node, 0), *text = rt_str_new(name);

	rt_setattr(node, "name", text);
	rt_unref(text);
	return node;
}

/* Two objects, each the other's attribute. */
static void two_in_a_ring(void)
{
	struct rt_object *a = node("a"), *b = node("b"), *weak = rt_weakref_new(a, NULL), *seen;

	rt_setattr(a, "other", b);
	rt_setattr(b, "other", a);
	rt_unref(b);
	rt_unref(a);
	seen = rt_weakref_get(weak);
	tour_show("del a, b; references to the first", rt_int_new(seen->refs - 1), "1");
	rt_unref(seen);
	tour_show("what __del__ was called for", rt_ref(ended), "[]");
	tour_show("gc.collect()     2 nodes, 2 dicts", rt_int_new(rt_gc_collect(2)), "4");
	tour_show("what __del__ was called for", rt_ref(ended), "['a', 'b']");
	tour_show("weak()", rt_weakref_get(weak), "None");
	rt_unref(weak);
}
/* [end] */

/* A weak reference in place of the way back: no ring, no collector needed. */
static void weak_instead(void)
{
	struct rt_object *a = node("parent"), *b = node("child"), *up = rt_weakref_new(a, NULL);

	rt_setattr(a, "child", b);
	rt_setattr(b, "parent", up);
	rt_unref(up);
	rt_list_clear(ended);
	rt_unref(a);
	tour_show("child.parent is weak; del parent", rt_ref(ended), "['parent']");
	up = rt_getattr(b, "parent");
	tour_show("child.parent()", rt_weakref_get(up), "None");
	rt_unref(up);
	rt_unref(b);
	tour_show("del child; gc.collect()", rt_int_new(rt_gc_collect(2)), "0");
}

/* class Phoenix: def __del__(self): saved.append(self) */
static struct rt_object *phoenix_del(const struct rt_args *args)
{
	rt_list_append_stolen(ended, rt_str_new("phoenix"));
	return rt_none_if(rt_list_append(saved, args->v[0]));
}

/* A finalizer may bring its object back to life; it is not called a second time. */
static void resurrection(void)
{
	struct rt_object *o = rt_call_of(Phoenix, 0);

	rt_list_clear(ended);
	rt_setattr(o, "me", o);
	rt_unref(o);
	tour_show("del phoenix; gc.collect()  is back", rt_int_new(rt_gc_collect(2)), "0");
	tour_show("len(saved)", rt_int_new((int64_t)rt_list_len(saved)), "1");
	o = rt_list_at(saved, 0);
	tour_show("saved[0].me is saved[0]", rt_bool(rt_hasattr(o, "me") > 0), "True");
	rt_list_clear(saved);
	tour_show("saved.clear(); gc.collect()", rt_int_new(rt_gc_collect(2)), "2");
	tour_show("len(saved)", rt_int_new((int64_t)rt_list_len(saved)), "0");
	tour_show("what __del__ was called for", rt_ref(ended), "['phoenix']");
}

/* The pauses of such small collections are left out: a few us, of which a probe is one. */
static void figures(void)
{
	struct rt_truth_gc gc;

	rt_truth_get_gc(2, &gc);
	tour_figure("full collections", "gc[generation=2].collections", gc.collections, 0, 0);
	tour_figure("objects collected", "gc[generation=2].collected", gc.collected, 0, 0);
	tour_figure("uncollectable", "gc[generation=2].uncollectable", gc.uncollectable, 0, 0);
	tour_figure("Node: made", "types[type=Node].allocs", 4, 0, 0);
	tour_figure_type("Node");
	tour_figure("Phoenix: made", "types[type=Phoenix].allocs", 1, 0, 0);
	tour_figure_type("Phoenix");
	tour_figure_type("weakref");
	tour_expect(rt_truth_get_deallocs("Node") == 4, "every Node was freed");
	tour_expect(rt_truth_get_deallocs("Phoenix") == 1, "the Phoenix was freed once");
}

static void run_and_tell(void)
{
	static const struct rt_function_spec node_methods[] = { { "__del__", node_del, "self" },
								{ 0 } };
	static const struct rt_function_spec phoenix_methods[] = {
		{ "__del__", phoenix_del, "self" }, { 0 }
	};

	rt_gc_enable(false); /* collections only where they are asked for */
	Node = rt_class_from_methods("Node", NULL, node_methods);
	Phoenix = rt_class_from_methods("Phoenix", NULL, phoenix_methods);
	ended = rt_list_new();
	saved = rt_list_new();
	two_in_a_ring();
	weak_instead();
	resurrection();
	rt_unref(Node);
	rt_unref(Phoenix);
	rt_unref(ended);
	rt_unref(saved);
	tour_show_nothing_left();
	figures();
}

const struct tour_stop stop_cycles = {
	.name = "cycles",
	.title = "what keeps itself alive, and the collector that finds it",
	.about = "Objects that refer to each other never count down to 0, even if nobody else\n"
		 "knows them any more.  The collector finds them: for a group of containers it\n"
		 "subtracts the references they hold to each other; those with a count left\n"
		 "are in use from outside, and so is all they reach, and the rest is garbage.\n"
		 "First weak references to garbage are cleared, then the finalizers (__del__)\n"
		 "run, once in the life of an object; what they bring back to life stays.\n"
		 "Then the rest drops its references and is freed.  CPython's gc module does\n"
		 "it in this way since 3.4 (PEP 442); before, a cycle with a __del__ was never\n"
		 "freed.",
	.families = "gc refs",
	.run = run_and_tell,
};
