/* rt_pool, rt_pickle: the same work with threads and with processes; what can go wrong. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_bytes.h"
#include "runtime/rt_error.h"
#include "runtime/rt_float.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_pickle.h"
#include "runtime/rt_pool.h"
#include "runtime/rt_str.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"
#include "runtime/rt_tuple.h"

static uint64_t live_before;

static int set_up(void **state)
{
	(void)state;
	rt_gil_take();
	alarm(60); /* a test that lasts so long has hung */
	live_before = rt_mem_live();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	alarm(0);
	rt_error_clear();
	assert_int_equal(rt_mem_live(), live_before);
	rt_gil_drop();
	return 0;
}

static struct rt_object *numbers(int64_t n)
{
	struct rt_object *list = rt_list_new();

	for (int64_t i = 0; i < n; i++)
		assert_int_equal(rt_list_append_stolen(list, rt_int_new(i)), 0);
	return list;
}

static struct rt_object *square(struct rt_object *item)
{
	int64_t v;

	if (rt_int_value(item, &v))
		return NULL;
	if (v == 13)
		return rt_raise(RT_VALUE_ERROR, "13 is unlucky");
	return rt_int_new(v * v);
}

static void square_all(enum rt_pool_kind kind, unsigned workers, int64_t n)
{
	struct rt_pool *p = rt_pool_new(kind, workers, square);
	struct rt_object *items = numbers(n), *squares = rt_pool_map(p, items);
	int64_t v;

	assert_non_null(squares);
	assert_int_equal(rt_list_len(squares), n);
	for (int64_t i = 0; i < n; i++) {
		assert_int_equal(rt_int_value(rt_list_at(squares, (size_t)i), &v), 0);
		assert_int_equal(v, i * i);
	}
	rt_unref(squares);
	rt_unref(items);
	rt_pool_free(p);
}

static void threads_and_processes_give_the_same_results_in_order(void **state)
{
	(void)state;
	for (unsigned workers = 1; workers <= 8; workers *= 2) {
		square_all(RT_POOL_THREADS, workers, 13);
		square_all(RT_POOL_PROCESSES, workers, 13);
	}
	square_all(RT_POOL_THREADS, 3, 0);
	square_all(RT_POOL_PROCESSES, 3, 0);
	square_all(RT_POOL_PROCESSES, 8, 2); /* more workers than work */
}

static void an_error_in_a_worker_is_the_maps(void **state)
{
	struct rt_object *items = numbers(30);

	(void)state;
	for (int kind = RT_POOL_THREADS; kind <= RT_POOL_PROCESSES; kind++) {
		struct rt_pool *p = rt_pool_new((enum rt_pool_kind)kind, 3, square);

		assert_null(rt_pool_map(p, items));
		assert_non_null(strstr(rt_error_text(), "13 is unlucky"));
		assert_true(rt_error_catch(kind == RT_POOL_THREADS ? RT_VALUE_ERROR
								   : RT_RUNTIME_ERROR));
		rt_pool_free(p);
	}
	rt_unref(items);
}

static struct rt_object *process_id(struct rt_object *item)
{
	(void)item;
	return rt_int_new(getpid());
}

static void processes_are_others_and_threads_are_not(void **state)
{
	struct rt_object *items = numbers(1), *ids;
	struct rt_pool *p;
	int64_t id;

	(void)state;
	p = rt_pool_new(RT_POOL_THREADS, 1, process_id);
	ids = rt_pool_map(p, items);
	assert_int_equal(rt_int_value(rt_list_at(ids, 0), &id), 0);
	assert_int_equal(id, getpid());
	assert_int_equal(rt_pool_pid(p, 0), 0);
	rt_unref(ids);
	rt_pool_free(p);
	p = rt_pool_new(RT_POOL_PROCESSES, 1, process_id);
	ids = rt_pool_map(p, items);
	assert_int_equal(rt_int_value(rt_list_at(ids, 0), &id), 0);
	assert_int_equal(id, rt_pool_pid(p, 0));
	rt_unref(ids);
	rt_pool_free(p);
	rt_unref(items);
}

static struct rt_object *dies_of_five(struct rt_object *item)
{
	int64_t v = 0;

	(void)rt_int_value(item, &v);
	if (v == 5)
		raise(SIGKILL);
	return rt_int_new(v);
}

static void a_process_that_dies_is_an_error_and_replaced(void **state)
{
	struct rt_pool *p = rt_pool_new(RT_POOL_PROCESSES, 2, dies_of_five);
	struct rt_object *items = numbers(10), *few = numbers(5), *r;

	(void)state;
	assert_null(rt_pool_map(p, items));
	assert_non_null(strstr(rt_error_text(), "signal 9"));
	assert_true(rt_error_catch(RT_OS_ERROR));
	r = rt_pool_map(p, few);
	assert_int_equal(rt_list_len(r), 5);
	rt_unref(r);
	rt_unref(items);
	rt_unref(few);
	rt_pool_free(p);
}

static struct rt_object *same(struct rt_object *item)
{
	return rt_ref(item);
}

static void large_items_go_through(void **state)
{
	size_t size = 3 << 20;
	char *bytes = calloc(1, size);
	struct rt_object *items = rt_list_of(2, rt_bytes_from(bytes, size), rt_bytes_from("", 0));
	struct rt_pool *p = rt_pool_new(RT_POOL_PROCESSES, 2, same);
	struct rt_object *r = rt_pool_map(p, items);

	(void)state;
	assert_non_null(r);
	assert_int_equal(rt_equal(r, items), 1);
	rt_unref(r);
	rt_unref(items);
	rt_pool_free(p);
	free(bytes);
}

static void what_cannot_be_pickled_is_an_error(void **state)
{
	struct rt_object *items = rt_list_of(2, rt_float_new(1.5), rt_int_new(1));
	struct rt_pool *p = rt_pool_new(RT_POOL_PROCESSES, 1, same);

	(void)state;
	assert_null(rt_pool_map(p, items));
	assert_true(rt_error_catch(RT_TYPE_ERROR));
	rt_unref(items);
	items = numbers(3);
	rt_unref(rt_pool_map(p, items)); /* it works on */
	assert_false(rt_error_pending());
	rt_unref(items);
	rt_pool_free(p);
}

static void bad_arguments_are_errors(void **state)
{
	struct rt_pool *p;

	(void)state;
	assert_null(rt_pool_new(RT_POOL_THREADS, 0, same));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	assert_null(rt_pool_new(RT_POOL_THREADS, 65, same));
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	p = rt_pool_new(RT_POOL_THREADS, 1, same);
	assert_null(rt_pool_map(p, rt_none));
	assert_true(rt_error_catch(RT_TYPE_ERROR));
	rt_pool_free(p);
	rt_pool_free(NULL);
}

/* The child's GIL and counters begin anew, whatever the parent's threads were doing. */
static struct rt_object *takes_so_far(struct rt_object *item)
{
	struct rt_truth_gil g;

	(void)item;
	rt_truth_get_gil(&g);
	return rt_tuple_of(3, rt_int_new((int64_t)rt_thread_count()), rt_bool(rt_gil_held()),
			   rt_int_new((int64_t)(g.takes - g.contended_takes)));
}

static void a_child_has_a_gil_of_its_own(void **state)
{
	struct rt_object *items = numbers(1), *r, *first;
	struct rt_pool *p;
	int64_t v;

	(void)state;
	rt_truth_enable(true);
	for (int i = 0; i < 1000; i++) {
		rt_gil_drop();
		rt_gil_take();
	}
	p = rt_pool_new(RT_POOL_PROCESSES, 1, takes_so_far);
	r = rt_pool_map(p, items);
	rt_truth_enable(false);
	first = rt_list_at(r, 0);
	assert_int_equal(rt_int_value(rt_tuple_at(first, 0), &v), 0);
	assert_int_equal(v, 1);
	assert_ptr_equal(rt_tuple_at(first, 1), &rt_true->base);
	assert_int_equal(rt_int_value(rt_tuple_at(first, 2), &v), 0);
	assert_true(v > 0 && v < 100);
	rt_unref(r);
	rt_unref(items);
	rt_pool_free(p);
}

static void whichever_allocation_fails_nothing_leaks(void **state)
{
	struct rt_object *items = numbers(300);

	(void)state;
	for (int kind = RT_POOL_THREADS; kind <= RT_POOL_PROCESSES; kind++) {
		struct rt_object *r = NULL;

		for (long n = 0; !r; n += 1 + n / 8) {
			uint64_t live = rt_mem_live();
			struct rt_pool *p;

			assert_true(n < 100000);
			rt_mem_fail_after(n);
			p = rt_pool_new((enum rt_pool_kind)kind, 2, same);
			r = p ? rt_pool_map(p, items) : NULL;
			rt_mem_fail_after(-1);
			assert_true(r || rt_error_pending());
			rt_error_clear();
			rt_pool_free(p);
			assert_true(r || rt_mem_live() == live);
		}
		assert_int_equal(rt_list_len(r), 300);
		rt_unref(r);
	}
	rt_unref(items);
}

static void what_was_pickled_comes_back_equal(void **state)
{
	struct rt_object *o, *bytes, *back;

	(void)state;
	o = rt_list_of(6, rt_int_new(INT64_MIN), rt_str_new("h\xc3\xa9"), rt_bytes_from("\0x", 2),
		       rt_tuple_of(3, rt_none, rt_bool(true), rt_bool(false)), rt_list_new(),
		       rt_tuple_of(0));
	bytes = rt_pickle(o);
	back = rt_unpickle(rt_bytes_data(bytes), rt_bytes_size(bytes));
	assert_int_equal(rt_equal(o, back), 1);
	assert_ptr_equal(rt_tuple_at(rt_list_at(back, 3), 1), &rt_true->base);
	rt_unref(back);
	for (size_t i = 0; i < rt_bytes_size(bytes); i++) {
		/* cut short: never an object, never out of bounds */
		char *cut = malloc(i + 1);

		memcpy(cut, rt_bytes_data(bytes), i);
		assert_null(rt_unpickle(cut, i));
		assert_true(rt_error_catch(RT_VALUE_ERROR));
		free(cut);
	}
	rt_unref(bytes);
	rt_unref(o);
}

static void damaged_or_nested_without_end_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "?", "i123", "b\xff\xff\xff\x7f", "l\xff\xff\xff\xff", "NN", "t\x01"
	};
	struct rt_object *list = rt_list_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(rt_unpickle(bad[i], strlen(bad[i])));
		assert_true(rt_error_catch(RT_VALUE_ERROR));
	}
	assert_int_equal(rt_list_append(list, list), 0);
	assert_null(rt_pickle(list));
	assert_true(rt_error_catch(RT_RECURSION_ERROR));
	rt_list_clear(list);
	rt_unref(list);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(threads_and_processes_give_the_same_results_in_order),
		T(an_error_in_a_worker_is_the_maps),
		T(processes_are_others_and_threads_are_not),
		T(a_process_that_dies_is_an_error_and_replaced),
		T(large_items_go_through),
		T(what_cannot_be_pickled_is_an_error),
		T(bad_arguments_are_errors),
		T(a_child_has_a_gil_of_its_own),
		T(whichever_allocation_fails_nothing_leaks),
		T(what_was_pickled_comes_back_equal),
		T(damaged_or_nested_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
