/* rt_loop_select, _poll, _epoll and rt_timer: what only one of them can, limits, no resources. */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/rt_error.h"
#include "runtime/rt_future.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_none.h"
#include "runtime/rt_timer.h"
#include "tests/unit/rt_loop_fixture.h"

static void ready_count(int fd, void *arg)
{
	(void)fd;
	(*(int *)arg)++;
}

static void edge_triggered_reports_a_change_once(void **state)
{
	struct rt_loop *l = loop_of(state);
	int edge[2], level[2], edges = 0, levels = 0;

	assert_int_equal(pipe(edge), 0);
	assert_int_equal(pipe(level), 0);
	rt_loop_add_reader(l, level[0], ready_count, &levels);
	assert_int_equal(rt_loop_set_edge(l, true), 0);
	rt_loop_add_reader(l, edge[0], ready_count, &edges);
	assert_int_equal(write(edge[1], "x", 1), 1);
	assert_int_equal(write(level[1], "x", 1), 1);
	for (int i = 0; i < 5; i++)
		rt_loop_run_once(l, false);
	assert_int_equal(edges, 1);
	assert_int_equal(levels, 5);
	assert_int_equal(write(edge[1], "x", 1), 1);
	rt_loop_run_once(l, false);
	assert_int_equal(edges, 2);
	rt_loop_remove_reader(l, edge[0]);
	rt_loop_remove_reader(l, level[0]);
	for (int i = 0; i < 2; i++) {
		close(edge[i]);
		close(level[i]);
	}
}

static void only_epoll_can_be_edge_triggered(void **state)
{
	assert_int_equal(rt_loop_set_edge(loop_of(state), true), -1);
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	assert_int_equal(rt_loop_set_edge(loop_of(state), false), 0);
}

static void select_refuses_descriptors_beyond_its_limit(void **state)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 1500);

	if (fd < 0)
		skip(); /* the limit on descriptors is lower than that */
	assert_int_equal(rt_loop_add_reader(loop_of(state), fd, ready_count, NULL), -1);
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	close(fd);
}

static void epoll_refuses_what_cannot_be_watched(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(rt_loop_add_reader(loop_of(state), fd, ready_count, NULL), -1);
	assert_true(rt_error_catch(RT_OS_ERROR));
	close(fd);
	assert_int_equal(rt_loop_add_reader(loop_of(state), fd, ready_count, NULL), -1);
	assert_true(rt_error_catch(RT_OS_ERROR));
}

static void an_unknown_back_end_is_an_error(void **state)
{
	(void)state;
	assert_null(rt_loop_new("kqueue"));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
}

static void no_descriptor_left_is_an_error(void **state)
{
	static const char *const names[] = { "select", "poll", "epoll" };
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_null(rt_loop_new(names[i]));
		assert_true(rt_error_catch(RT_OS_ERROR));
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	for (long n = 0;; n++) {
		struct rt_loop *l;

		rt_mem_fail_after(n);
		l = rt_loop_new(NULL);
		rt_mem_fail_after(-1);
		if (l) {
			rt_loop_free(l);
			assert_true(n >= 2);
			return;
		}
		assert_true(rt_error_catch(RT_MEMORY_ERROR));
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void a_heap_of_timers_sorts(void **state)
{
	enum { N = 500 };
	static struct rt_timer t[N];
	static uint64_t when[N];
	struct rt_timers heap = { 0 };
	uint64_t random = 1;
	size_t kept = 0;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		assert_int_equal(rt_timers_start(&heap, &t[i], random >> 56), 0);
	}
	for (size_t i = 0; i < N; i++) {
		if (i % 3 == 0)
			rt_timers_stop(&heap, &t[i]);
		else
			when[kept++] = t[i].when_ns;
	}
	qsort(when, kept, sizeof(when[0]), compare);
	for (size_t i = 0; i < kept; i++) {
		struct rt_timer *first = rt_timers_first(&heap);

		assert_int_equal(first->when_ns, when[i]);
		rt_timers_stop(&heap, first);
	}
	assert_null(rt_timers_first(&heap));
	rt_timers_done(&heap);
}

static void called(void *arg)
{
	(void)arg;
}

/* A future keeps the memory of its loop; what is done with it is an error. */
static void a_closed_loop_used_through_a_future_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct rt_object *future = rt_future_new(f->loop);
	struct rt_loop *closed = f->loop;

	rt_loop_free(closed);
	f->loop = rt_loop_new(NULL);
	assert_null(rt_future_run(future));
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_int_equal(rt_loop_call_soon(closed, called, NULL, NULL), -1);
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_int_equal(rt_loop_call_later(closed, 1, called, NULL, NULL), -1);
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_int_equal(rt_loop_add_reader(closed, 0, ready_count, NULL), -1);
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_int_equal(rt_loop_call_threadsafe(closed, called, NULL, NULL), -1);
	assert_int_equal(rt_future_set_result(future, rt_none), 0);
	rt_unref(future);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(edge_triggered_reports_a_change_once),
		ON_SELECT(only_epoll_can_be_edge_triggered),
		ON_SELECT(select_refuses_descriptors_beyond_its_limit),
		ON_EPOLL(epoll_refuses_what_cannot_be_watched),
		ON_EACH(a_closed_loop_used_through_a_future_is_an_error),
		cmocka_unit_test(an_unknown_back_end_is_an_error),
		cmocka_unit_test(no_descriptor_left_is_an_error),
		cmocka_unit_test(no_memory_is_an_error),
		cmocka_unit_test(a_heap_of_timers_sorts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
