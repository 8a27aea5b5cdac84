/* The allocator of the runtime: counting, failing on demand, allocators from outside. */
#include "tests/unit/test_rt_helpers.h"

#include <stdlib.h>

static void live_blocks_and_bytes_are_counted(void **state)
{
	struct rt_mem_stats before, s;
	char *p, *q;

	(void)state;
	rt_mem_get_stats(&before);
	p = rt_mem_alloc(100);
	q = rt_mem_zalloc(50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(q[i], 0);
	rt_mem_get_stats(&s);
	assert_int_equal(s.live_blocks - before.live_blocks, 2);
	assert_int_equal(s.live_bytes - before.live_bytes, 150);
	p = rt_mem_resize(p, 300);
	rt_mem_get_stats(&s);
	assert_int_equal(s.live_blocks - before.live_blocks, 2);
	assert_int_equal(s.live_bytes - before.live_bytes, 350);
	rt_mem_free(p);
	rt_mem_free(q);
	rt_mem_free(NULL);
	rt_mem_get_stats(&s);
	assert_int_equal(s.live_bytes, before.live_bytes);
	assert_true(s.peak_bytes >= 350);
	rt_mem_reset_peak();
	rt_mem_get_stats(&s);
	assert_int_equal(s.peak_bytes, s.live_bytes);
}

static void the_nth_allocation_fails_once(void **state)
{
	void *p[4];

	(void)state;
	rt_mem_fail_after(2);
	for (int i = 0; i < 4; i++)
		p[i] = rt_mem_alloc(8);
	assert_non_null(p[0]);
	assert_non_null(p[1]);
	assert_null(p[2]);
	assert_non_null(p[3]);
	expect_error(true, "MemoryError");
	for (int i = 0; i < 4; i++)
		rt_mem_free(p[i]);
}

static void from_the_nth_allocation_on_all_fail(void **state)
{
	void *p = NULL;

	(void)state;
	rt_mem_fail_from(1);
	p = rt_mem_alloc(8);
	assert_non_null(p);
	assert_null(rt_mem_alloc(8));
	assert_null(rt_mem_zalloc(8));
	assert_null(rt_mem_resize(p, 16));
	rt_mem_fail_from(-1);
	expect_error(true, "MemoryError");
	rt_mem_free(p);
}

static void sizes_beyond_the_address_space_are_an_error(void **state)
{
	(void)state;
	assert_null(rt_mem_alloc(SIZE_MAX));
	expect_error(true, "MemoryError");
	assert_null(rt_mem_alloc(SIZE_MAX - 8));
	expect_error(true, "MemoryError");
}

static int used; /* blocks of the allocator below */

static void *count_alloc(void *arg, size_t size)
{
	assert_ptr_equal(arg, &used);
	used++;
	return malloc(size);
}

static void *count_resize(void *arg, void *p, size_t size)
{
	(void)arg;
	return realloc(p, size);
}

static void count_release(void *arg, void *p)
{
	(void)arg;
	used--;
	free(p);
}

static void memory_comes_from_the_allocator_set(void **state)
{
	const struct rt_allocator counting = { count_alloc, count_resize, count_release, &used };
	struct rt_object *list;

	(void)state;
	assert_int_equal(rt_mem_set_allocator(&counting), 0);
	list = rt_list_of(2, S("one"), S("two"));
	assert_int_equal(used, 4); /* list, its items, two strs */
	assert_int_equal(rt_mem_set_allocator(NULL), -1); /* not while blocks are live */
	rt_unref(list);
	assert_int_equal(used, 0);
	assert_int_equal(rt_mem_set_allocator(NULL), 0);
}

static void objects_are_counted_with_their_peak(void **state)
{
	struct rt_mem_stats s;
	struct rt_object *a, *b;

	(void)state;
	rt_mem_reset_peak();
	a = S("a");
	b = S("b");
	rt_unref(a);
	rt_unref(b);
	rt_mem_get_stats(&s);
	assert_int_equal(s.live_objects, 0);
	assert_int_equal(s.peak_objects, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(live_blocks_and_bytes_are_counted),
		RT_TEST(the_nth_allocation_fails_once),
		RT_TEST(from_the_nth_allocation_on_all_fail),
		RT_TEST(sizes_beyond_the_address_space_are_an_error),
		RT_TEST(memory_comes_from_the_allocator_set),
		RT_TEST(objects_are_counted_with_their_peak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
