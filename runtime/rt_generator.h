/*
 * Generators: functions that give one value after the other and keep their place in between,
 * on a stack of their own (rt_coro.h).
 *
 *   CREATED ──next──► RUNNING ──rt_yield──► SUSPENDED ──next, send, throw, close──► RUNNING
 *      │                 │
 *      │                 └──body returns or raises──► DONE (StopIteration from then on)
 *      └──close, throw──► DONE, without having run
 *
 * What a suspended body holds in C variables is invisible to the collector, and so kept
 * alive.  A body that wants its cycles found keeps its objects in @locals.  A suspended
 * generator that goes is closed first: GeneratorExit is raised where it waits.
 */
#ifndef RT_GENERATOR_H
#define RT_GENERATOR_H

#include "runtime/rt_object.h"

struct rt_generator;

/* Return: new, the value of StopIteration (None as a rule); NULL with an error raised. */
typedef struct rt_object *(*rt_generator_body)(struct rt_generator *self);

extern const struct rt_type rt_generator_type;

/* A generator called @name (static) that runs @body with @locals, any object, or NULL. */
struct rt_object *rt_generator_new(const char *name, rt_generator_body body,
				   struct rt_object *locals);

/* Within a body: the @locals it was made with, borrowed. */
struct rt_object *rt_generator_locals(const struct rt_generator *self);

/*
 * Within a body: give @value (stolen; NULL passes an error on) and wait to be resumed.
 * Return: what was sent in, None for next(); NULL with the error thrown in.
 */
struct rt_object *rt_yield(struct rt_generator *self, struct rt_object *value);

/* Within a body: yield all that @iterable gives.  0 or -1. */
int rt_yield_from(struct rt_generator *self, struct rt_object *iterable);

/* Resume with @value.  The next value; NULL with StopIteration or another error. */
struct rt_object *rt_generator_send(struct rt_object *generator, struct rt_object *value);

/* Raise @exception (an object or type) where it waits.  As rt_generator_send(). */
struct rt_object *rt_generator_throw(struct rt_object *generator, struct rt_object *exception);

/* Raise GeneratorExit where it waits.  0; -1: another error, or it went on yielding. */
int rt_generator_close(struct rt_object *generator);

#endif
