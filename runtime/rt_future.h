/*
 * Futures: results that are not there yet.
 *
 *                 +--rt_future_set_result--> RESULT
 *   PENDING ------+--rt_future_set_error --> ERROR       callbacks run in the loop's next round,
 *                 +--rt_future_cancel------> CANCELLED   never from within the call
 *
 * Once done a future does not change.  An error that nobody asked for is reported when the
 * future goes.  Ownership words are those of rt_object.h.
 */
#ifndef RT_FUTURE_H
#define RT_FUTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/rt_loop.h"
#include "runtime/rt_object.h"

enum rt_future_state {
	RT_FUTURE_PENDING,
	RT_FUTURE_RESULT,
	RT_FUTURE_ERROR,
	RT_FUTURE_CANCELLED,
};

/* Called once @future is done; @arg as given.  May leave an error pending: it is reported. */
typedef void (*rt_future_fn)(struct rt_object *future, struct rt_object *arg);

struct rt_future_callback {
	rt_future_fn fn;
	struct rt_object *arg; /* owned, or NULL */
};

struct rt_future {
	struct rt_object base;
	struct rt_loop *loop; /* owned, even when it is closed */
	enum rt_future_state state;
	bool asked; /* the result or error was fetched, or the error handed on */
	struct rt_object *value; /* result or exception; NULL while there is none */
	struct rt_future_callback *callbacks; /* in the order they were added */
	size_t ncallbacks;
	/* Instead of becoming CANCELLED at once: what is to be cancelled first.  Or NULL. */
	bool (*cancel)(struct rt_object *self);
};

extern const struct rt_type rt_future_type;

/* A pending future of @l.  RuntimeError if that is closed, or NULL. */
struct rt_object *rt_future_new(struct rt_loop *l);

/* Whether @o is a future, a task or a gathering. */
bool rt_is_future(const struct rt_object *o);

/* What follows takes any of these.  Passing another object is a TypeError. */

/* PENDING for what is no future. */
enum rt_future_state rt_future_state(const struct rt_object *future);
bool rt_future_done(const struct rt_object *future);

/* Give it its result (stolen).  0; -1: InvalidStateError, it is done already. */
int rt_future_set_result(struct rt_object *future, struct rt_object *value);

/* Give it the exception @error (stolen).  A CancelledError cancels it.  0 or -1 as above. */
int rt_future_set_error(struct rt_object *future, struct rt_object *error);

/*
 * Ask it to end as cancelled: a pending future does so at once, a task when its coroutine has
 * dealt with the CancelledError.  Return: false if it is done.
 */
bool rt_future_cancel(struct rt_object *future);

/* The result; or NULL with its error, CancelledError, or InvalidStateError (pending) raised. */
struct rt_object *rt_future_result(struct rt_object *future);

/* The exception it ended with, NULL if it did with none; no error is raised. */
struct rt_object *rt_future_error(struct rt_object *future);

/*
 * Call @fn(future, @arg) in a round of the loop after it is done; at once if it is.
 * @arg: borrowed, a reference is kept until then; may be NULL
 * Return: 0, or -1 with an error pending.
 */
int rt_future_add_callback(struct rt_object *future, rt_future_fn fn, struct rt_object *arg);

/* Forget callbacks @fn(@arg) not yet made.  Return: how many. */
size_t rt_future_remove_callback(struct rt_object *future, rt_future_fn fn,
				 const struct rt_object *arg);

/* Run the future's loop until it is done; the result as by rt_future_result(). */
struct rt_object *rt_future_run(struct rt_object *future);

/* For types that inherit: their slots begin or end with these. */
void rt_future_init(struct rt_future *f, struct rt_loop *l);
int rt_future_traverse(struct rt_object *self, int (*visit)(struct rt_object *, void *), void *arg);
void rt_future_clear(struct rt_object *self);
void rt_future_finalize(struct rt_object *self);
void rt_future_release(struct rt_object *self);
struct rt_object *rt_future_repr(struct rt_object *self);

#endif
