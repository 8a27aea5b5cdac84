/*
 * Tasks: futures that drive a coroutine.
 *
 *              +--------- the future it waits for is done ----------+
 *              v                                                    |
 *   new --> step: send into the coroutine --it waits for a future--> WAITING
 *              |
 *              +--it returns or raises--> done: result, error or cancelled
 *
 * A task takes one step per round at most, in the thread of its loop.  It keeps its coroutine
 * alive and, while it waits, is kept alive by the future it waits for.
 *
 * Arguments called @awaitable are futures, tasks or coroutines, and are stolen; NULL, an error
 * with which they could not be made, is passed on.
 */
#ifndef RT_TASK_H
#define RT_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_coroutine.h"
#include "runtime/rt_future.h"

extern const struct rt_type rt_task_type, rt_gather_type;

/* A task that drives @coroutine (stolen; NULL is passed on), from the next round on. */
struct rt_object *rt_task_new(struct rt_loop *l, struct rt_object *coroutine);

/* The task whose step is running, borrowed; NULL: none. */
struct rt_object *rt_task_current(void);

/* Tasks of @l that are not done. */
size_t rt_task_count(const struct rt_loop *l);

/* The coroutine @task drives, borrowed; NULL: it is no task. */
struct rt_object *rt_task_coroutine(const struct rt_object *task);

/* A future as it is; a coroutine as a task of @l that drives it. */
struct rt_object *rt_ensure_future(struct rt_loop *l, struct rt_object *awaitable);

/*
 * Drive @awaitable until it is done, then cancel the loop's other tasks and wait for them.
 * Return: its result, or NULL with its error pending.
 */
struct rt_object *rt_run(struct rt_loop *l, struct rt_object *awaitable);

/* Cancel all tasks of @l and run it until they are done; errors go to its handler. */
void rt_cancel_all(struct rt_loop *l);

/*
 * A future of the list of all @n results, in order; of the first error, while the others go
 * on; or, with @errors_as_results, of a list with exceptions in it.  Cancelling it cancels
 * them all.
 */
struct rt_object *rt_gather(struct rt_loop *l, bool errors_as_results, size_t n,
			    struct rt_object *const *awaitables);

/*
 * In a coroutine: the result of @awaitable, if it is there within @timeout_ns.  Otherwise it is
 * cancelled, and when it has ended TimeoutError raised.
 */
struct rt_object *rt_wait_for(struct rt_object *awaitable, uint64_t timeout_ns);

/* In a coroutine: let @ns pass; 0: let the others run for once.  None. */
struct rt_object *rt_sleep(uint64_t ns);

#endif
