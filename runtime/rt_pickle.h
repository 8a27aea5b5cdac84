/*
 * Pickling: objects as bytes, to send to another process on the same machine.
 *
 *   None  'N'      bool  'T' 'F'      int    'i' 8 bytes      bytes 'b' size, bytes
 *   str   's' size, bytes             tuple  't' size, items  list  'l' size, items
 *
 * Sizes are 4 bytes; numbers are in the machine's own order.
 */
#ifndef RT_PICKLE_H
#define RT_PICKLE_H

#include <stddef.h>

#include "runtime/rt_object.h"

/* @o as a bytes object.  TypeError for other types, RecursionError for lists in themselves. */
struct rt_object *rt_pickle(struct rt_object *o);

/* The object in the @size bytes at @p, all of them; ValueError if they are no such thing. */
struct rt_object *rt_unpickle(const void *p, size_t size);

#endif
