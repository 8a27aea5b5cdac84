/*
 * Executor: threads for calls that block, so that the loop does not.
 *
 *   loop's thread --submit--> queue --> a worker: GIL taken, function run --+
 *        ^                                                                  |
 *        +------ future gets its result in a round of the loop <------------+
 *
 * Workers are started when there is work and none is idle, up to the number allowed.  The
 * function runs with the GIL held and gives it up around its blocking call itself
 * (RT_BEGIN_ALLOW_THREADS).
 */
#ifndef RT_EXECUTOR_H
#define RT_EXECUTOR_H

#include "runtime/rt_loop.h"
#include "runtime/rt_object.h"

struct rt_executor;

/* Up to @threads workers (1 to 64; others are a ValueError).  NULL with an error pending. */
struct rt_executor *rt_executor_new(unsigned threads);

/* Let all that was submitted finish, end the workers.  Before the loops are freed. */
void rt_executor_free(struct rt_executor *ex);

/*
 * Have @fn(@arg) called by a worker; it returns a new object, or NULL with an error pending.
 * The caller must hold the GIL (RuntimeError), as it must whenever there are threads.
 * @drop: called with @arg afterwards, also if this fails; may be NULL
 * Return: a future of @l, new; NULL with OSError if no thread can be started, or MemoryError.
 */
struct rt_object *rt_executor_submit(struct rt_executor *ex, struct rt_loop *l,
				     struct rt_object *(*fn)(void *arg), void *arg,
				     rt_loop_fn drop);

/* Workers started so far. */
unsigned rt_executor_threads(struct rt_executor *ex);

#endif
