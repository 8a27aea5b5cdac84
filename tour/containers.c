/* containers: list, tuple, dict and set. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_set.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_containers_equal(const struct rt_args *args);

#define I rt_int_new
#define S rt_str_new

static uint64_t calls;

/* [program] */
/* class Key: has a number; gilscope counts how often two are compared. */
__attribute__((noinline)) struct rt_object *tour_containers_equal(const struct rt_args *args)
{
	struct rt_object *a = rt_getattr(args->v[0], "v"), *b = rt_getattr(args->v[1], "v");
	struct rt_object *equal = rt_bool_if(rt_equal(a, b));

	calls++;
	rt_unref(a);
	rt_unref(b);
	return equal;
}

static struct rt_object *hash(const struct rt_args *args)
{
	return rt_getattr(args->v[0], "v");
}

/* How many comparisons `key in container` takes. */
static void search(const char *code, struct rt_object *key, struct rt_object *container, bool found,
		   const char *comparisons)
{
	uint64_t before = calls;

	tour_expect(rt_contains(container, key) == found, code);
	tour_show(code, I((int64_t)(calls - before)), comparisons);
}

/* A list looks at its items one by one; a set at those with the right hash. */
static void membership(struct rt_object *class)
{
	struct rt_object *list = rt_list_new(), *set;
	struct rt_object *last = rt_call_of(class, 1, I(999)), *none = rt_call_of(class, 1, I(-7));

	for (int i = 0; i < 1000; i++)
		rt_list_append_stolen(list, rt_call_of(class, 1, I(i)));
	set = rt_set_from_iterable(list);
	search("Key(999) in list: comparisons", last, list, true, "1000");
	search("Key(999) in set", last, set, true, "1");
	search("Key(-7) in list", none, list, false, "1000");
	search("Key(-7) in set", none, set, false, "0");
	rt_unref(last);
	rt_unref(none);
	rt_unref(list);
	rt_unref(set);
}
/* [end] */

static struct rt_object *init(const struct rt_args *args)
{
	return rt_none_if(rt_setattr(args->v[0], "v", args->v[1]));
}

static const struct rt_function_spec key_methods[] = {
	{ "__init__", init, "self, v" },
	{ "__eq__", tour_containers_equal, "self, other" },
	{ "__hash__", hash, "self" },
	{ 0 },
};

/* list: any number of objects in order; room is made ahead, so appending seldom moves them. */
static void lists(void)
{
	struct rt_object *list = rt_list_new();
	size_t capacity = 0, moves = 0;

	for (int i = 0; i < 1000; i++) {
		rt_list_append(list, rt_none);
		moves += ((struct rt_list *)list)->capacity != capacity;
		capacity = ((struct rt_list *)list)->capacity;
	}
	tour_say("%-40s %zu", "list.append() * 1000: made room", moves);
	tour_expect(moves < 100, "room grows by a share of what there is");
	rt_unref(list);
	list = rt_list_of(3, I(3), S("two"), rt_list_of(0));
	rt_unref(rt_call_method(list, "insert", 2, I(0), rt_none));
	tour_show("[3, 'two', []]; insert(0, None)", rt_ref(list), "[None, 3, 'two', []]");
	tour_show("pop()", rt_call_method(list, "pop", 0), "[]");
	tour_show("list[9]", rt_getitem(list, I(9)), "IndexError: list index out of range");
	rt_unref(list);
}

/* tuple: as many as it was made with; what it holds may change all the same. */
static void tuples(void)
{
	struct rt_object *t = rt_tuple_of(2, I(1), rt_list_new());

	tour_show("t = (1, []); t[0] = 2", rt_none_if(rt_setitem(t, I(0), I(2))),
		  "TypeError: 'tuple' object does not support item assignment");
	rt_unref(rt_call_method(rt_tuple_at(t, 1), "append", 1, I(2)));
	tour_show("t[1].append(2); t", t, "(1, [2])");
	tour_show("() is ()", rt_bool(rt_tuple_of(0) == rt_tuple_of(0)), "True");
}

/* dict: values by key, in the order in which the keys came. */
static void dicts(void)
{
	struct rt_object *d = rt_dict_of(3, S("c"), I(1), S("a"), I(2), S("b"), I(3));
	struct rt_object *list = rt_list_new();

	tour_show("d = {'c': 1, 'a': 2, 'b': 3}", rt_ref(d), "{'c': 1, 'a': 2, 'b': 3}");
	rt_dict_set_name(d, "c", I(9));
	tour_show("d['c'] = 9        keeps its place", rt_ref(d), "{'c': 9, 'a': 2, 'b': 3}");
	rt_dict_delete_name(d, "c");
	rt_dict_set_name(d, "c", I(0));
	tour_show("del d['c']; d['c'] = 0     last", rt_ref(d), "{'a': 2, 'b': 3, 'c': 0}");
	tour_show("d[[]] = 1", rt_none_if(rt_setitem(d, list, I(1))),
		  "TypeError: unhashable type: 'list'");
	rt_unref(d);
	d = rt_dict_of(1, I(1), S("int"));
	rt_dict_set(d, &rt_true->base, rt_none);
	tour_show("{1: 'int', True: None}   1 == True", d, "{1: None}");
	rt_unref(list);
}

static void sets(void)
{
	struct rt_object *list = rt_list_of(4, I(3), I(1), I(3), I(2));
	struct rt_object *a = rt_set_from_iterable(list), *b = rt_set_new();

	rt_set_add(b, I(2));
	rt_set_add(b, I(9));
	tour_show("a = set([3, 1, 3, 2]); len(a)", I(rt_len(a)), "3");
	tour_show("a & {2, 9}", rt_binary(RT_AND, a, b), "{2}");
	rt_assign(&a, rt_inplace(RT_OR, a, b));
	tour_show("a |= {2, 9}; len(a)", I(rt_len(a)), "4");
	rt_unref(list);
	rt_unref(a);
	rt_unref(b);
}

static void run_and_tell(void)
{
	struct rt_object *class = rt_class_from_methods("Key", NULL, key_methods);

	calls = 0;
	lists();
	tuples();
	dicts();
	sets();
	membership(class);
	rt_unref(class);
	tour_show_nothing_left();
	tour_figure("calls of __eq__", "probes[event=called].hits", calls, 0, 0);
	tour_figure("Key: made", "types[type=Key].allocs", 1002, 0, 0);
	tour_figure_type("Key");
	tour_figure_type("list");
	tour_figure_type("tuple");
	tour_figure_type("dict");
	tour_figure_type("set");
}

const struct tour_stop stop_containers = {
	.name = "containers",
	.title = "list, tuple, dict and set",
	.about = "Containers hold references to objects, not the objects.  A list is an array of\n"
		 "them that grows; a tuple has those it was made with for good, though they may\n"
		 "change themselves.  A dict finds a value by its key's hash and keeps the order\n"
		 "of insertion; a set has keys only.  Keys must be hashable, and equal ones must\n"
		 "hash alike: then a search looks at few entries however many there are, while a\n"
		 "list compares them one by one.  CPython's dict is an index into an array of\n"
		 "entries, which is what gives it its order (promised since 3.7); its sets have\n"
		 "no such array, and no order, while the sets here have one.",
	.families = "refs",
	.count = "tour_containers_equal",
	.run = run_and_tell,
};
