/*
 * Switching between stacks.
 *
 * Invariants: `sp` is where the coroutine goes on unless it is RUNNING; `caller_sp` is where
 * its resumer goes on while it is.  `passed` carries one reference across a switch, in either
 * direction; NULL means that the thread's pending error is what is passed.
 */
#include "runtime/rt_coro.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_error.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_profile.h"
#include "runtime/rt_sanitizer.h"
#include "runtime/rt_stack.h"

#define EXITS_MAX 8 /* GeneratorExits before a coroutine that ignores them is given up */

struct rt_coro {
	enum { NEW, SUSPENDED, RUNNING, DONE } state;
	rt_coro_entry entry;
	void *arg;
	void *sp, *caller_sp;
	struct rt_object *passed;
	struct rt_stack stack; /* base NULL: none any more */
	uintptr_t caller_limit; /* the resumer's rt_set_stack_limit() */
	struct rt_profile_frames *frames; /* its calls going on, while SUSPENDED; or NULL */
	struct rt_san san;
};

/* In rt_coro_*.S. */
void rt_coro_switch(void **save_sp, void *to_sp) __attribute__((visibility("hidden")));
void rt_coro_begin(void) __attribute__((visibility("hidden")));
void rt_coro_main(struct rt_coro *c) __attribute__((visibility("hidden"), noreturn, used));

#if defined(__x86_64__)
enum { FRAME_WORDS = 10, FRAME_SELF = 5, FRAME_RETURN = 7 };

static void frame_modes(uintptr_t *frame)
{
	uint32_t mxcsr;
	uint16_t x87;

	__asm__ __volatile__("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
	frame[0] = mxcsr | (uintptr_t)x87 << 32;
}
#elif defined(__aarch64__)
enum { FRAME_WORDS = 22, FRAME_SELF = 0, FRAME_RETURN = 11 };

static void frame_modes(uintptr_t *frame)
{
	__asm__ __volatile__("mrs %0, fpcr" : "=r"(frame[20]));
}
#else
#error "rt_coro: no context switch for this processor; add a rt_coro_ARCH.S"
#endif

/* The first switch to @c finds a frame as rt_coro_switch() would have left it. */
static void write_first_frame(struct rt_coro *c)
{
	uintptr_t *frame = (uintptr_t *)(void *)(c->stack.base + c->stack.size) - FRAME_WORDS;

	memset(frame, 0, FRAME_WORDS * sizeof(*frame));
	frame_modes(frame);
	frame[FRAME_SELF] = (uintptr_t)c;
	frame[FRAME_RETURN] = (uintptr_t)rt_coro_begin;
	c->sp = frame;
}

struct rt_coro *rt_coro_new(rt_coro_entry entry, void *arg)
{
	struct rt_coro *c = rt_mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	if (rt_stack_get(&c->stack)) {
		rt_mem_free(c);
		return rt_raise_no_memory();
	}
	c->state = NEW;
	c->entry = entry;
	c->arg = arg;
	write_first_frame(c);
	rt_san_new(&c->san);
	return c;
}

/* From the coroutine to its resumer. */
static void switch_out(struct rt_coro *c, bool last)
{
	rt_san_leave(&c->san, last);
	rt_coro_switch(&c->sp, c->caller_sp);
	rt_san_resumed(&c->san);
}

/* The first C function on a coroutine's stack, called by rt_coro_begin. */
void rt_coro_main(struct rt_coro *c)
{
	rt_san_resumed(&c->san);
	c->passed = c->entry(c, c->arg);
	c->state = DONE;
	switch_out(c, true);
	abort(); /* nobody resumes one that is done */
}

/* From the resumer to the coroutine and back. */
static void switch_in(struct rt_coro *c)
{
	size_t depth = rt_profile_depth();
	void *fake;

	rt_profile_resume(c->frames);
	c->state = RUNNING;
	c->caller_limit = rt_set_stack_limit((uintptr_t)c->stack.base);
	fake = rt_san_enter(&c->san, c->stack.base, c->stack.size);
	rt_coro_switch(&c->caller_sp, c->sp);
	rt_san_entered(fake);
	(void)rt_set_stack_limit(c->caller_limit);
	c->frames = rt_profile_suspend(depth);
}

static void drop_stack(struct rt_coro *c)
{
	free(c->frames);
	c->frames = NULL;
	if (c->stack.base) {
		rt_san_free(&c->san);
		rt_stack_put(&c->stack);
	}
}

struct rt_object *rt_coro_resume(struct rt_coro *c, struct rt_object *value)
{
	struct rt_object *result;

	if (c->state == RUNNING) {
		rt_unref(value);
		return rt_raise(RT_RUNTIME_ERROR, "coroutine is already running");
	}
	if (c->state == DONE) {
		rt_unref(value);
		return value ? rt_raise(RT_RUNTIME_ERROR, "coroutine has ended") : NULL;
	}
	if (c->state == NEW) {
		if (!value) {
			c->state = DONE;
			drop_stack(c);
			return NULL;
		}
		value = rt_unref(value);
	}
	c->passed = value;
	switch_in(c);
	result = c->passed;
	c->passed = NULL;
	if (c->state == DONE)
		drop_stack(c);
	return result;
}

struct rt_object *rt_coro_yield(struct rt_coro *c, struct rt_object *value)
{
	struct rt_object *sent;

	if (c->state != RUNNING) {
		rt_unref(value);
		return rt_raise(RT_RUNTIME_ERROR, "only a running coroutine can yield");
	}
	c->passed = value;
	c->state = SUSPENDED;
	switch_out(c, false);
	sent = c->passed;
	c->passed = NULL;
	return sent;
}

bool rt_coro_done(const struct rt_coro *c)
{
	return c->state == DONE;
}

bool rt_coro_running(const struct rt_coro *c)
{
	return c->state == RUNNING;
}

bool rt_coro_started(const struct rt_coro *c)
{
	return c->state != NEW;
}

/* Have a suspended coroutine end, if it will. */
static void unwind(struct rt_coro *c)
{
	for (int i = 0; i < EXITS_MAX && c->state == SUSPENDED; i++) {
		struct rt_object *result;

		rt_raise(RT_GENERATOR_EXIT, "coroutine freed");
		result = rt_coro_resume(c, NULL);
		if (result)
			rt_unref(result);
		else if (!rt_error_catch(RT_GENERATOR_EXIT))
			rt_error_unraisable("a coroutine being freed");
		if (c->state == SUSPENDED) {
			rt_raise(RT_RUNTIME_ERROR, "coroutine ignored GeneratorExit");
			rt_error_unraisable("a coroutine being freed");
		}
	}
}

void rt_coro_free(struct rt_coro *c)
{
	struct rt_object *saved;

	if (!c)
		return;
	saved = rt_error_take();
	if (c->state == RUNNING) {
		rt_raise(RT_RUNTIME_ERROR, "a running coroutine cannot be freed");
		rt_error_unraisable("rt_coro_free()");
	} else {
		unwind(c);
		drop_stack(c);
		rt_mem_free(c);
	}
	rt_error_restore(saved);
}

size_t rt_coro_set_stack_size(size_t size)
{
	return rt_stack_set_size(size);
}
