/*
 * Coroutines with a stack of their own: what generators, coroutine objects and tasks run on.
 *
 *   rt_coro_new --> NEW --resume--> RUNNING --yield--> SUSPENDED
 *                                    |   ^                |
 *                         entry      |   +-----resume-----+
 *                         returns    v
 *                                   DONE --rt_coro_free--> (stack back to the pool)
 *
 * Any C function may yield, however deep below the entry: the frames stay on the stack.  A
 * coroutine may be resumed by another thread than before, under the GIL; addresses of
 * thread-local variables must therefore not be kept across a yield.
 */
#ifndef RT_CORO_H
#define RT_CORO_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/rt_object.h"

struct rt_coro;

/* The body.  Return: new, or NULL with an error pending: what the last resume returns. */
typedef struct rt_object *(*rt_coro_entry)(struct rt_coro *self, void *arg);

/* A coroutine that will call @entry(self, @arg).  NULL: MemoryError. */
struct rt_coro *rt_coro_new(rt_coro_entry entry, void *arg);

/*
 * Run it until it yields or returns.
 * @value: stolen; what its rt_coro_yield() returns (the first resume drops it).  NULL: throw
 *         the calling thread's pending error into it; a NEW one is DONE then, unrun.
 *
 * Return: new, what it yielded or returned (rt_coro_done() tells which).  NULL with an error
 * pending: what it raised, or RuntimeError if it is running or, with a @value, done.
 */
struct rt_object *rt_coro_resume(struct rt_coro *c, struct rt_object *value);

/*
 * Suspend @c, which must be the one running; its resumer gets @value (stolen).
 * Return: new, what was sent in; or NULL with the error thrown in pending: clean up and return.
 */
struct rt_object *rt_coro_yield(struct rt_coro *c, struct rt_object *value);

/* Has its entry returned? */
bool rt_coro_done(const struct rt_coro *c);

/* Is it running, or did it resume the one that is? */
bool rt_coro_running(const struct rt_coro *c);

/* Has it run at all? */
bool rt_coro_started(const struct rt_coro *c);

/*
 * Free it.  A suspended one gets a GeneratorExit first, so that it drops what it holds; what
 * it raises instead is reported with rt_error_unraisable(), and one that keeps yielding is
 * given up after a few times.  A pending error of the caller's stays.  NULL is fine; a running
 * one is not freed: that is reported, too.
 */
void rt_coro_free(struct rt_coro *c);

/*
 * Objects a suspended or new coroutine holds are on its stack, out of the collector's sight.
 * Bytes of the stacks of coroutines made from now on; 32 KiB at least.  The size before.
 */
size_t rt_coro_set_stack_size(size_t size);

#endif
