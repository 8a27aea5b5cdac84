/* Pictures of references as DOT text; see rt_graph.h.  Files are written in rt_graph_file.c. */
#include "runtime/rt_graph.h"

#include <stdio.h>
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_float.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_type.h"

#define LABEL_POINTS 24 /* characters of a value shown */

struct graph {
	struct rt_buf edges;
	struct rt_object *node[RT_GRAPH_NODES]; /* new; breadth first */
	size_t n;
	size_t left_out;
	struct rt_object *from; /* whose edges are being added */
	bool backwards;
};

/* The number of @o, added if it is new; -1: there is no room. */
static int number_of(struct graph *g, struct rt_object *o)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->node[i] == o)
			return (int)i;
	if (g->n == RT_GRAPH_NODES) {
		g->left_out++;
		return -1;
	}
	g->node[g->n] = rt_ref(o);
	return (int)g->n++;
}

/* Append @s, a str, as part of a quoted DOT string, cut. */
static void add_quoted(struct rt_buf *buf, struct rt_object *s)
{
	size_t points = 0;

	for (const char *c = s ? rt_str_chars(s) : ""; *c; c++) {
		points += ((unsigned char)*c & 0xc0) != 0x80;
		if (points > LABEL_POINTS) {
			rt_buf_add(buf, "...");
			return;
		}
		if (*c == '"' || *c == '\\')
			rt_buf_add(buf, "\\");
		rt_buf_add_bytes(buf, c, 1);
	}
}

/* The value of what has one that is short and takes no code of others to show. */
static void add_value(struct rt_buf *buf, struct rt_object *o)
{
	const struct rt_type *t = o->type;
	struct rt_object *s;

	if (t == &rt_str_type || t == &rt_int_type || t == &rt_bool_type || t == &rt_float_type ||
	    t == &rt_none_type) {
		s = rt_repr(o);
		rt_buf_add(buf, " ");
		add_quoted(buf, s);
		if (!s)
			buf->failed = true;
		rt_unref(s);
	} else if (t->len && !(t->flags & RT_TYPE_CLASS)) {
		rt_buf_printf(buf, "[%zd]", t->len(o));
	}
}

/* Begin the next of several labels of one edge. */
static void next_label(struct rt_buf *buf, size_t *count)
{
	if ((*count)++)
		rt_buf_add(buf, ", ");
}

/* By what @from refers to @to: its keys or indices, or nothing. */
static void add_edge_labels(struct rt_buf *buf, struct rt_object *from, struct rt_object *to)
{
	bool list = from->type == &rt_list_type, tuple = from->type == &rt_tuple_type;
	size_t position = 0, count = 0, n;
	struct rt_object *key, *value, *text;

	while (from->type == &rt_dict_type && rt_dict_next(from, &position, &key, &value)) {
		if (value != to || !rt_is(key, &rt_str_type))
			continue;
		next_label(buf, &count);
		text = rt_str_from(rt_str_chars(key), rt_str_size(key));
		add_quoted(buf, text);
		rt_unref(text);
	}
	n = list ? rt_list_len(from) : tuple ? rt_tuple_len(from) : 0;
	for (size_t i = 0; i < n; i++) {
		if ((list ? rt_list_at(from, i) : rt_tuple_at(from, i)) != to)
			continue;
		next_label(buf, &count);
		rt_buf_printf(buf, "[%zu]", i);
	}
}

/* Add the edge between g->from and @other, once, and @other if it is new. */
static int add_edge(struct rt_object *other, void *arg)
{
	struct graph *g = arg;
	struct rt_object *a = g->backwards ? other : g->from, *b = g->backwards ? g->from : other;
	char edge[48];
	int from, to;

	if (rt_is_type(other))
		return 0;
	from = number_of(g, a);
	to = number_of(g, b);
	if (from < 0 || to < 0)
		return 0;
	snprintf(edge, sizeof(edge), "\tn%d -> n%d [", from, to);
	if (g->edges.len && memmem(g->edges.s, g->edges.len, edge, strlen(edge)))
		return g->edges.failed;
	rt_buf_printf(&g->edges, "%slabel=\"", edge);
	add_edge_labels(&g->edges, a, b);
	rt_buf_add(&g->edges, "\"];\n");
	return g->edges.failed;
}

/* Add what refers to g->from, from a list of them. */
static void add_referrers(struct graph *g)
{
	struct rt_object *list = rt_gc_referrers(g->from);

	if (!list)
		g->edges.failed = true;
	for (size_t i = 0; list && i < rt_list_len(list); i++)
		(void)add_edge(rt_list_at(list, i), g);
	rt_unref(list);
}

/* Follow references breadth first, a generation of nodes for each step. */
static void explore(struct graph *g, int depth)
{
	size_t at = 0, end;

	while (depth-- > 0 && !g->edges.failed) {
		for (end = g->n; at < end; at++) {
			g->from = g->node[at];
			if (g->backwards)
				add_referrers(g);
			else
				(void)rt_traverse(g->from, add_edge, g);
		}
	}
}

static struct rt_object *to_text(struct graph *g)
{
	struct rt_buf buf = { 0 };

	rt_buf_add(&buf, "digraph references {\n"
			 "\tnode [shape=box, style=filled, fillcolor=white, fontname=monospace];\n"
			 "\tedge [fontname=monospace, fontsize=10];\n");
	for (size_t i = 0; i < g->n; i++) {
		rt_buf_printf(&buf, "\tn%zu [label=\"%s", i, g->node[i]->type->name);
		add_value(&buf, g->node[i]);
		/* Without the one the graph itself holds. */
		if (g->node[i]->refs != RT_IMMORTAL)
			rt_buf_printf(&buf, "\\nrefs: %zd", g->node[i]->refs - 1);
		rt_buf_add(&buf, i == 0 ? "\", fillcolor=\"#ff8080\"];\n" : "\"];\n");
	}
	if (g->edges.s)
		rt_buf_add_bytes(&buf, g->edges.s, g->edges.len);
	if (g->left_out)
		rt_buf_add(&buf, "\tmore [label=\"further objects\\nleft out\", style=dashed];\n");
	rt_buf_add(&buf, "}\n");
	buf.failed |= g->edges.failed;
	return rt_buf_finish(&buf);
}

struct rt_object *rt_graph_dot(struct rt_object *o, int depth, bool backwards)
{
	struct rt_object *text;
	struct graph *g;

	if (!rt_expect(o, &rt_object_type))
		return NULL;
	g = rt_mem_zalloc(sizeof(*g));
	if (!g)
		return NULL;
	g->backwards = backwards;
	(void)number_of(g, o);
	explore(g, depth);
	text = to_text(g);
	while (g->n > 0)
		rt_unref(g->node[--g->n]);
	rt_buf_drop(&g->edges);
	rt_mem_free(g);
	return text;
}
