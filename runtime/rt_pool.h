/*
 * Worker pool: one function over many objects, by threads or by processes.
 *
 *              memory    the GIL                     arguments and results
 *   threads    shared    one: they take turns        passed as they are
 *   processes  copied    each has its own: parallel  pickled, sent through a socket
 *
 * A process is forked when the pool is made; it sees what the parent had then.
 */
#ifndef RT_POOL_H
#define RT_POOL_H

#include <stddef.h>
#include <sys/types.h>

#include "runtime/rt_object.h"

enum rt_pool_kind { RT_POOL_THREADS, RT_POOL_PROCESSES };

/* @item is borrowed.  Return: new, or NULL with an error pending. */
typedef struct rt_object *(*rt_pool_fn)(struct rt_object *item);

struct rt_pool;

/*
 * A pool of @workers (1 to 64) that run @fn.
 * Return: NULL with ValueError, OSError (no process, descriptor or thread) or MemoryError.
 */
struct rt_pool *rt_pool_new(enum rt_pool_kind kind, unsigned workers, rt_pool_fn fn);

/* End the workers and wait for them.  NULL is fine. */
void rt_pool_free(struct rt_pool *p);

/*
 * @fn of each of @items, a list.  The GIL is given up while waiting.
 * Return: new, a list in the same order.  NULL: the first error, when all have ended; an error
 * in a process is a RuntimeError with its text, one that died an OSError, and it is replaced.
 */
struct rt_object *rt_pool_map(struct rt_pool *p, struct rt_object *items);

/* The process id of worker @i; 0: it is a thread, or there is none. */
pid_t rt_pool_pid(const struct rt_pool *p, unsigned i);

#endif
