/*
 * Coroutine objects: a body on a stack of its own (rt_coro.h) that can wait for results.
 *
 * rt_await() in the body suspends it until the future is done; whoever drives the coroutine, a
 * task as a rule, is handed that future meanwhile.  Awaiting another coroutine runs it in
 * place, handing on the futures it waits for:
 *
 *   task --send--> coroutine --send--> awaited coroutine --yields future--> ... --> task
 */
#ifndef RT_COROUTINE_H
#define RT_COROUTINE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/rt_loop.h"
#include "runtime/rt_object.h"

/* Return: new, the coroutine's result; or NULL with an error pending. */
typedef struct rt_object *(*rt_coroutine_body)(void *arg);

extern const struct rt_type rt_coroutine_type;

/*
 * A coroutine that will run @body(@arg).
 * @name: static
 * @drop: called with @arg when the coroutine goes, also if this call fails; may be NULL;
 *        with rt_loop_drop_object @arg is an object, and stolen
 */
struct rt_object *rt_coroutine_new(const char *name, rt_coroutine_body body, void *arg,
				   rt_loop_fn drop);

/*
 * Run it until it waits or ends.
 * @value: stolen; NULL throws the pending error into it
 * Return: new, what it waits for, or if rt_coroutine_done() its result; NULL: it raised.
 */
struct rt_object *rt_coroutine_send(struct rt_object *coroutine, struct rt_object *value);

/* Whether it has ended, and what it is called; false and NULL for other objects. */
bool rt_coroutine_done(const struct rt_object *coroutine);
const char *rt_coroutine_name(const struct rt_object *coroutine);

/* What it is awaiting: a coroutine or future, borrowed; NULL: nothing, or it runs. */
struct rt_object *rt_coroutine_awaiting(const struct rt_object *coroutine);

/* The coroutine the calling thread is in, borrowed; NULL: none. */
struct rt_object *rt_coroutine_current(void);

/*
 * In a coroutine: wait for a future, task or coroutine.
 * @awaitable: stolen; NULL, an error, is passed on
 * Return: new, its result; NULL with its error pending, or CancelledError if the task of the
 * calling coroutine was cancelled meanwhile.
 */
struct rt_object *rt_await(struct rt_object *awaitable);

#endif
