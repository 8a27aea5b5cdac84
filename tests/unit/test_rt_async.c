/* rt_executor, rt_sock, rt_echo: on select, poll and epoll, level and edge triggered. */
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/rt_echo.h"
#include "runtime/rt_error.h"
#include "runtime/rt_executor.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_sock.h"
#include "runtime/rt_task.h"
#include "tests/unit/rt_loop_fixture.h"

static int set_up_edge(void **state)
{
	int err = set_up(state, "epoll");

	return err ? err : rt_loop_set_edge(((struct fixture *)*state)->loop, true);
}

static struct rt_object *blocks(void *arg)
{
	RT_BEGIN_ALLOW_THREADS
	usleep(2000);
	RT_END_ALLOW_THREADS
	if (!arg)
		return rt_raise(RT_OS_ERROR, "from the worker");
	return rt_int_new((int64_t)(intptr_t)arg);
}

static void an_executor_runs_blocking_calls_and_returns_their_results(void **state)
{
	struct rt_loop *l = loop_of(state);
	struct rt_executor *ex = rt_executor_new(3);
	struct rt_object *all[12], *list;

	for (intptr_t i = 0; i < 12; i++)
		all[i] = rt_executor_submit(ex, l, blocks, (void *)(i + 1000), NULL);
	list = rt_run(l, rt_gather(l, false, 12, all));
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(value_of(rt_ref(rt_list_at(list, i))), i + 1000);
	rt_unref(list);
	assert_true(rt_executor_threads(ex) <= 3);
	assert_null(rt_run(l, rt_executor_submit(ex, l, blocks, NULL, NULL)));
	assert_true(rt_error_catch(RT_OS_ERROR));
	rt_unref(rt_executor_submit(ex, l, blocks, (void *)5, NULL)); /* nobody waits for it */
	rt_executor_free(ex);
	rt_executor_free(NULL);
}

static struct rt_object *none(void *arg)
{
	(void)arg;
	return rt_none;
}

static void whichever_allocation_fails_the_executor_lives(void **state)
{
	struct rt_loop *l = loop_of(state);

	for (long n = 0; n < 50; n++) {
		struct rt_executor *ex;
		struct rt_object *future = NULL, *r = NULL;

		rt_mem_fail_after(n);
		ex = rt_executor_new(2);
		if (ex)
			future = rt_executor_submit(ex, l, none, NULL, NULL);
		if (future)
			r = rt_future_run(future);
		rt_mem_fail_after(-1);
		rt_unref(future);
		rt_executor_free(ex);
		rt_loop_run_once(l, false);
		if (r)
			return;
		assert_true(rt_error_catch(RT_MEMORY_ERROR));
	}
	fail_msg("it never succeeds");
}

static void an_executor_needs_threads_and_the_gil(void **state)
{
	struct rt_executor *ex;

	assert_null(rt_executor_new(0));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	ex = rt_executor_new(1);
	rt_gil_drop();
	assert_null(rt_executor_submit(ex, loop_of(state), blocks, NULL, NULL));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	rt_gil_take();
	rt_executor_free(ex);
}

static void echo_with_many_clients(void **state)
{
	enum { CLIENTS = 100, MESSAGES = 5, SIZE = 300 };
	struct rt_loop *l = loop_of(state);
	struct rt_object *all[CLIENTS], *list, *server;
	struct rt_echo e;

	assert_int_equal(rt_echo_open(&e), 0);
	server = rt_task_new(l, rt_echo_server(&e));
	for (size_t i = 0; i < CLIENTS; i++)
		all[i] = rt_echo_client(e.port, MESSAGES, SIZE);
	list = rt_run(l, rt_gather(l, false, CLIENTS, all));
	if (!list)
		fail_msg("%s", rt_error_text());
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(value_of(rt_ref(rt_list_at(list, i))), MESSAGES * SIZE);
	rt_unref(list);
	assert_int_equal(rt_future_state(server), RT_FUTURE_CANCELLED);
	rt_unref(server);
	rt_echo_close(&e);
	assert_int_equal(e.connections, CLIENTS);
	assert_int_equal(e.bytes, CLIENTS * MESSAGES * SIZE);
	assert_int_equal(e.open, 0);
	assert_int_equal(e.failed_accepts, 0);
}

static void large_messages_are_echoed_whole(void **state)
{
	struct rt_loop *l = loop_of(state);
	struct rt_echo e;
	struct rt_object *server;

	assert_int_equal(rt_echo_open(&e), 0);
	server = rt_task_new(l, rt_echo_server(&e));
	assert_int_equal(value_of(rt_run(l, rt_echo_client(e.port, 20, 65536))), 20 * 65536);
	rt_unref(server);
	rt_echo_close(&e);
	assert_null(rt_echo_client(1, 1, 0));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
}

static void connecting_to_nobody_is_an_error(void **state)
{
	struct rt_echo e;

	assert_int_equal(rt_echo_open(&e), 0);
	rt_echo_close(&e);
	assert_null(rt_run(loop_of(state), rt_echo_client(e.port, 1, 1)));
	assert_true(rt_error_catch(RT_OS_ERROR));
}

/* Opens all descriptors but one pair, so that the server cannot accept the second client. */
static struct rt_object *body_exhausts(void *arg)
{
	struct rt_echo *e = arg;
	struct rlimit before, low;
	struct rt_object *r;
	int highest = dup(0);

	assert_true(highest >= 0);
	close(highest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = (rlim_t)highest + 1; /* one more: the client's own */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	r = rt_wait_for(rt_echo_client(e->port, 1, 10), 60 * MS);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_null(r);
	assert_true(rt_error_catch(RT_TIMEOUT_ERROR));
	return rt_await(rt_echo_client(e->port, 3, 10)); /* all is well again */
}

static void no_descriptor_left_is_survived(void **state)
{
	struct rt_loop *l = loop_of(state);
	struct rt_echo e;
	struct rt_object *server;

	assert_int_equal(rt_echo_open(&e), 0);
	server = rt_task_new(l, rt_echo_server(&e));
	assert_int_equal(value_of(rt_run(l, rt_coroutine_new("x", body_exhausts, &e, NULL))), 30);
	assert_true(e.failed_accepts > 0);
	assert_int_equal(reports, e.failed_accepts);
	rt_unref(server);
	rt_echo_close(&e);
}

/* The same with edge triggering as well. */
#define ON_ALL(f) \
	ON_EACH(f), \
	{ \
#f "_on_epoll_edge", f, set_up_edge, tear_down, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_ALL(an_executor_runs_blocking_calls_and_returns_their_results),
		ON_EPOLL(an_executor_needs_threads_and_the_gil),
		ON_EPOLL(whichever_allocation_fails_the_executor_lives),
		ON_ALL(echo_with_many_clients),
		ON_ALL(large_messages_are_echoed_whole),
		ON_ALL(connecting_to_nobody_is_an_error),
		ON_ALL(no_descriptor_left_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
