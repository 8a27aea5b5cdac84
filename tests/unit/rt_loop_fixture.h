/*
 * What the tests of event loops share: a loop of each kind with a watchdog, the GIL held, and
 * at the end nothing leaked.
 */
#ifndef TESTS_UNIT_RT_LOOP_FIXTURE_H
#define TESTS_UNIT_RT_LOOP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/rt_error.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_int.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_task.h"

#define MS 1000000ULL
#define TOO_LONG (60000 * MS) /* a test that lasts so long has hung */

struct fixture {
	struct rt_loop *loop;
	uint64_t live;
	struct rt_timer watchdog;
};

static __attribute__((unused)) unsigned reports; /* errors that rt_error_unraisable() got */

static inline void count_report(const char *where, struct rt_object *exception)
{
	(void)where;
	(void)exception;
	reports++;
}

static inline void hung(void *arg)
{
	(void)arg;
	fail_msg("the loop hangs");
}

static inline int set_up(void **state, const char *name)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rt_gil_take();
	reports = 0;
	rt_error_set_unraisable(count_report);
	f->live = rt_mem_live();
	f->loop = rt_loop_new(name);
	if (!f->loop)
		return -1;
	rt_loop_start_timer(f->loop, &f->watchdog, TOO_LONG, hung, NULL);
	*state = f;
	return 0;
}

static inline int set_up_select(void **state)
{
	return set_up(state, "select");
}

static inline int set_up_poll(void **state)
{
	return set_up(state, "poll");
}

static inline int set_up_epoll(void **state)
{
	return set_up(state, "epoll");
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	uint64_t live = f->live;

	rt_error_clear();
	rt_loop_free(f->loop);
	free(f);
	rt_gc_collect(2);
	rt_error_set_unraisable(NULL);
	rt_gil_drop();
	assert_int_equal(rt_mem_live(), live);
	return 0;
}

static inline struct rt_loop *loop_of(void **state)
{
	return ((struct fixture *)*state)->loop;
}

static inline int64_t value_of(struct rt_object *o)
{
	int64_t v = -1;

	assert_non_null(o);
	assert_int_equal(rt_int_value(o, &v), 0);
	rt_unref(o);
	return v;
}

static inline struct rt_object *body_sleeps(void *arg)
{
	uint64_t ms = (uint64_t)(uintptr_t)arg;

	return rt_sleep(ms * MS) ? rt_int_new((int64_t)ms) : NULL;
}

/* A coroutine that sleeps for @ms and returns that. */
static inline struct rt_object *sleeper(uintptr_t ms)
{
	return rt_coroutine_new("sleeper", body_sleeps, (void *)ms, NULL);
}

/* One row per back end, for the table of a test program. */
#define ON_EACH(f) \
	{ #f "_on_select", f, set_up_select, tear_down, NULL }, \
		{ #f "_on_poll", f, set_up_poll, tear_down, NULL }, \
	{ \
#f "_on_epoll", f, set_up_epoll, tear_down, NULL \
	}
#define ON_EPOLL(f) cmocka_unit_test_setup_teardown(f, set_up_epoll, tear_down)
#define ON_SELECT(f) cmocka_unit_test_setup_teardown(f, set_up_select, tear_down)

#endif
