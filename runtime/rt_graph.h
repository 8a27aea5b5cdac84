/*
 * Pictures of references: who refers to whom, as a graph for graphviz.
 *
 * Nodes say type, value or length, and reference count; the object asked about is red, edges
 * say by which key or index.  Types are left out: everything refers to one.
 */
#ifndef RT_GRAPH_H
#define RT_GRAPH_H

#include "runtime/rt_object.h"

#define RT_GRAPH_NODES 200 /* further ones are left out, and the graph says so */

/*
 * What @o refers to, up to @depth steps away, as DOT: a str.  Runs no code of the objects.
 * @backwards: instead what refers to @o, as far as the collector knows it.
 */
struct rt_object *rt_graph_dot(struct rt_object *o, int depth, bool backwards);

/*
 * Write that to @path: as SVG if it ends in ".svg", else as DOT.
 * Return: 0; 1 if graphviz' dot is not installed, and the DOT is in @path with ".dot" for
 * ".svg" instead; -1 with OSError.
 */
int rt_show_refs(struct rt_object *o, int depth, const char *path);
int rt_show_backrefs(struct rt_object *o, int depth, const char *path);

#endif
