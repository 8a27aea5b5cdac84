/*
 * Hooks: the one place where the object side of the runtime meets what watches it (probe
 * points, own truth, profiler) and what schedules it (the GIL).
 *
 * rt_object, rt_gc and rt_function call these and know nothing else of tracing.  All of them
 * run with the GIL held, except between rt_hook_block_begin() and rt_hook_block_end().
 */
#ifndef RT_HOOKS_H
#define RT_HOOKS_H

#include <stddef.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_object.h"
#include "runtime/rt_probe.h"
#include "runtime/rt_profile.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"
#include "runtime/rt_type.h"

/* @o was made: one reference, its type set, its fields still zero. */
static inline void rt_hook_new(const struct rt_object *o)
{
	RT_PROBE_OBJECT_NEW(o->type->name, o);
}

/* @o is going: no reference left, its finalizer done, its fields still set. */
static inline void rt_hook_dealloc(const struct rt_object *o)
{
	if (rt_truth_enabled())
		rt_truth_dealloc(o->type->name);
	RT_PROBE_OBJECT_DEALLOC(o->type->name, o);
}

/* A collection of @generation (0..2) begins. */
static inline void rt_hook_gc_start(int generation)
{
	rt_truth_gc_start(generation);
	RT_PROBE_GC_START(generation);
}

/* It is over: @collected objects were freed, @uncollectable ones put aside. */
static inline void rt_hook_gc_done(int generation, size_t collected, size_t uncollectable)
{
	rt_truth_gc_done(generation, collected, uncollectable);
	RT_PROBE_GC_DONE(generation, collected, uncollectable);
}

/* A function of the runtime is entered; @name is static or lives as long as the call. */
static inline void rt_hook_call(const char *name)
{
	if (rt_profile_on)
		rt_profile_call(name);
	RT_PROBE_CALL_START(name);
}

/* It is left, with a result or with an error. */
static inline void rt_hook_return(const char *name)
{
	RT_PROBE_CALL_RETURN(name);
	if (rt_profile_on)
		rt_profile_return();
}

/* Between two steps of a program: no lock is held but the GIL, which may be handed over. */
static inline void rt_hook_checkpoint(void)
{
	rt_gil_poll();
}

/* A blocking system call follows: other threads may run.  No object may be touched. */
static inline void rt_hook_block_begin(void)
{
	rt_thread_block_begin();
}

/* The call is over: objects may be touched again.  errno is kept. */
static inline void rt_hook_block_end(void)
{
	rt_thread_block_end();
}

#endif
