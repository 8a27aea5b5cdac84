/*
 * Iterators: objects that give the next item until there is none, once.  Those over the
 * built-in containers, range(), and the lazy map, filter, enumerate and zip.
 */
#ifndef RT_ITER_H
#define RT_ITER_H

#include "runtime/rt_object.h"
#include "runtime/rt_table.h"

extern const struct rt_type rt_sequence_iter_type;
extern const struct rt_type rt_table_iter_type;
extern const struct rt_type rt_range_type;
extern const struct rt_type rt_range_iter_type;
extern const struct rt_type rt_map_type, rt_filter_type, rt_enumerate_type, rt_zip_type;

/* For an iter slot of an iterator: itself. */
struct rt_object *rt_iter_self(struct rt_object *self);

/* Over anything indexed from 0 by getitem, which may grow or shrink meanwhile. */
struct rt_object *rt_sequence_iter(struct rt_object *sequence);

/* Over the keys of @table, part of @owner; RuntimeError if keys come or go meanwhile. */
struct rt_object *rt_table_iter(struct rt_object *owner, struct rt_table *table);

/* @start, @start + @step ... up to before @stop: as small however long it is. */
struct rt_object *rt_range_new(int64_t start, int64_t stop, int64_t step);

/* @function of each item, made when asked for. */
struct rt_object *rt_map_new(struct rt_object *function, struct rt_object *iterable);

/* The items for which @function (None: the item itself) is true. */
struct rt_object *rt_filter_new(struct rt_object *function, struct rt_object *iterable);

/* Tuples (@start, item), (@start + 1, item) ... */
struct rt_object *rt_enumerate_new(struct rt_object *iterable, int64_t start);

/* Tuples of one item of each, until one of them ends. */
struct rt_object *rt_zip_new(struct rt_object *a, struct rt_object *b);

#endif
