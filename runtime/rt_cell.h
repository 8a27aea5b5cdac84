/* Cells: a variable shared between a function and the functions made in it. */
#ifndef RT_CELL_H
#define RT_CELL_H

#include "runtime/rt_object.h"

struct rt_cell {
	struct rt_object base;
	struct rt_object *value; /* NULL: unbound */
};

extern const struct rt_type rt_cell_type;

/* A cell with @value, or NULL: unbound. */
struct rt_object *rt_cell_new(struct rt_object *value);

/* What is in it; NameError if it is unbound. */
struct rt_object *rt_cell_get(struct rt_object *cell);

/* Put @value in; NULL: unbind.  0 or -1. */
int rt_cell_set(struct rt_object *cell, struct rt_object *value);

#endif
