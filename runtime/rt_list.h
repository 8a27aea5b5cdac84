/*
 * Lists: objects in order, changeable.  item[0..n) are set, item[n..capacity) are not.
 *
 * Any code that may run in between (a comparison, a finalizer) may change a list: no pointer
 * into item[] is kept across it.
 */
#ifndef RT_LIST_H
#define RT_LIST_H

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"

struct rt_list {
	struct rt_object base;
	size_t n, capacity;
	struct rt_object **item;
};

extern const struct rt_type rt_list_type;
extern const struct rt_function_spec rt_list_methods[];

/* An empty list. */
struct rt_object *rt_list_new(void);

/* A list of the @n arguments, each stolen; NULL if one of them is NULL (an error). */
struct rt_object *rt_list_of(size_t n, ...);

/* A list of what @iterable gives. */
struct rt_object *rt_list_from_iterable(struct rt_object *iterable);

/* Number of items; @list is taken for granted to be one. */
size_t rt_list_len(const struct rt_object *list);

/* Item @i, borrowed; NULL with IndexError or TypeError raised. */
struct rt_object *rt_list_at(struct rt_object *list, size_t i);

/* Add @item at the end; before index @i (beyond the end: there).  0 or -1. */
int rt_list_append(struct rt_object *list, struct rt_object *item);
int rt_list_insert(struct rt_object *list, size_t i, struct rt_object *item);

/* The same, with @item stolen; NULL is an error passed on. */
int rt_list_append_stolen(struct rt_object *list, struct rt_object *item);

/* Add all that @iterable gives.  0 or -1 (with what came before the error added). */
int rt_list_extend(struct rt_object *list, struct rt_object *iterable);

/* Take item @i out; IndexError. */
struct rt_object *rt_list_pop(struct rt_object *list, size_t i);

/* Drop all items. */
void rt_list_clear(struct rt_object *list);

/*
 * Sort in place, smallest first, equal ones in the order they were; by @key(item) unless it
 * is NULL or None; largest first if @reverse.  0; -1: items do not compare, or the list was
 * changed meanwhile (ValueError); it then holds all its items in some order.
 */
int rt_list_sort(struct rt_object *list, struct rt_object *key, bool reverse);

#endif
