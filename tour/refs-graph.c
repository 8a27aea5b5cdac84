/* refs-graph: pictures of who refers to whom. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/rt_dict.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_graph.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "tour/show.h"
#include "tour/tour.h"

/* How often @part occurs in @text. */
static int occurrences(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

/* [program] */
/* Print what @o refers to, or, @backwards, what refers to it, as a graph in DOT. */
static void print_graph(struct rt_object *o, int depth, bool backwards, int edges)
{
	struct rt_object *dot = rt_graph_dot(o, depth, backwards);

	tour_say("%s", rt_str_chars(dot));
	tour_expect(occurrences(rt_str_chars(dot), "->") == edges, "the graph is the right one");
	rt_unref(dot);
}

/* letters = ["a"]; d = {"letters": letters, "box": [letters]}; letters.append(d) */
static struct rt_object *ring(void)
{
	struct rt_object *letters = rt_list_of(1, rt_str_new("a"));
	struct rt_object *box = rt_list_of(1, rt_ref(letters));
	struct rt_object *d = rt_dict_of(2, rt_str_new("letters"), letters, rt_str_new("box"), box);

	rt_list_append(letters, d); /* and back */
	return d;
}

static void run(void)
{
	struct rt_object *d = ring(), *t;

	tour_say("show_refs(d): what d refers to, two steps far");
	print_graph(d, 2, false, 7);
	tour_say("show_backrefs(d): who refers to d");
	print_graph(d, 1, true, 1);
	t = rt_gc_referrers(d);
	tour_show("len(gc.get_referrers(d))", rt_int_new((int64_t)rt_list_len(t)), "1");
	rt_unref(t);
	rt_unref(d); /* the picture shows why it stays: letters[1] */
	tour_show("del d; gc.collect()", rt_int_new(rt_gc_collect(2)), "3");
}
/* [end] */

/* The same as a file: SVG if graphviz is there, else its source. */
static void to_file(void)
{
	char dir[] = "/tmp/gilscope-tour-XXXXXX", svg[64], dot[64], start[64] = "";
	struct rt_object *d = rt_dict_of(1, rt_str_new("key"), rt_list_new());
	FILE *in;
	int r;

	tour_expect(mkdtemp(dir) != NULL, "a folder for the files can be made");
	snprintf(svg, sizeof(svg), "%s/refs.svg", dir);
	snprintf(dot, sizeof(dot), "%s/refs.dot", dir);
	r = rt_show_refs(d, 2, svg);
	tour_say("show_refs(d, \"refs.svg\"): %s",
		 r == 0	  ? "an SVG"
		 : r == 1 ? "graphviz is missing: its source, refs.dot"
			  : "failed");
	in = fopen(r == 0 ? svg : dot, "re");
	tour_expect(r >= 0 && in && fgets(start, sizeof(start), in), "the picture is in a file");
	tour_expect(!strncmp(start, r == 0 ? "<?xml" : "digraph", 5), "and is one");
	if (in)
		fclose(in);
	unlink(svg);
	unlink(dot);
	rmdir(dir);
	rt_unref(d);
}

static void run_and_tell(void)
{
	rt_gc_enable(false);
	run();
	to_file();
	tour_show_nothing_left();
	tour_figure_type("dict");
	tour_figure_type("list");
}

const struct tour_stop stop_refs_graph = {
	.name = "refs-graph",
	.title = "pictures of who refers to whom",
	.about = "Where memory is not freed, somebody still refers to it.  A graph shows who:\n"
		 "a box for each object with its type, value or length, and reference count,\n"
		 "an arrow for each reference with the key or index it is under.  Forwards,\n"
		 "the collector's own visitors tell what an object refers to; backwards, all\n"
		 "containers the collector knows are asked whether they refer to it, so\n"
		 "references from C and from objects that are not tracked do not show: a count\n"
		 "higher than its arrows tells of them.  CPython has gc.get_referents() and\n"
		 "gc.get_referrers() for this; the package objgraph draws the pictures.",
	.families = "refs",
	.run = run_and_tell,
};
