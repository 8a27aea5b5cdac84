/* rt_truth, rt_hist: own counters agree with each other, with the clock and with what was done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/rt_gc.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_hist.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"

#define THREADS_MAX 16

static int start(void **state)
{
	(void)state;
	rt_truth_reset();
	rt_truth_enable(true);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rt_truth_enable(false);
	rt_gil_set_interval(RT_GIL_INTERVAL_US);
	return 0;
}

struct work {
	unsigned rounds;
	uint64_t done; /* under the GIL */
};

static void mixed(void *arg)
{
	struct work *w = arg;

	for (unsigned i = 0; i < w->rounds; i++) {
		for (int k = 0; k < 2000; k++) {
			w->done++;
			rt_gil_poll();
		}
		RT_BEGIN_ALLOW_THREADS
		usleep(100);
		RT_END_ALLOW_THREADS
	}
}

/* @threads do @w; the counters of all that happened meanwhile. */
static void run(unsigned threads, struct work *w, struct rt_truth_gil *ret)
{
	struct rt_thread *t[THREADS_MAX];

	rt_gil_take();
	for (unsigned i = 0; i < threads; i++)
		assert_int_equal(rt_thread_start(&t[i], NULL, mixed, w), 0);
	for (unsigned i = 0; i < threads; i++)
		rt_thread_join(t[i]);
	rt_gil_drop();
	rt_truth_get_gil(ret);
}

static void the_gils_counters_agree_with_each_other(void **state)
{
	(void)state;
	rt_gil_set_interval(300);
	for (unsigned threads = 1; threads <= THREADS_MAX; threads *= 4) {
		struct work w = { .rounds = 40 / threads + 4 };
		struct rt_truth_gil g;
		uint64_t before, wall;

		rt_truth_reset();
		before = rt_truth_now_ns();
		run(threads, &w, &g);
		wall = rt_truth_now_ns() - before;
		assert_int_equal(w.done, (uint64_t)threads * w.rounds * 2000);
		assert_int_equal(g.takes, g.releases);
		assert_int_equal(g.takes, g.hold.count);
		assert_int_equal(g.contended_takes, g.wait.count);
		assert_true(g.takes >= (uint64_t)threads * (w.rounds + 1));
		assert_true(g.contended_takes <= g.takes);
		assert_true(g.forced_releases <= g.releases);
		assert_true(g.handovers <= g.takes);
		assert_true(threads == 1 || g.handovers >= threads);
		assert_int_equal(g.held_ns, g.hold.sum_ns); /* none is going on */
		assert_int_equal(g.wait_ns, g.wait.sum_ns);
		assert_true(g.held_ns <= wall); /* one holder at a time */
		assert_true(g.wait_ns <= wall * (threads + 1));
		assert_true(g.hold.max_ns <= g.hold.sum_ns);
		assert_true(g.hold.max_ns * g.hold.count >= g.hold.sum_ns);
		assert_true(rt_hist_quantile(&g.hold, 0.5) <= rt_hist_quantile(&g.hold, 0.99));
	}
}

static void a_threads_counters_are_its_own(void **state)
{
	struct work w = { .rounds = 2 };
	struct rt_truth_gil mine, all;

	(void)state;
	run(2, &w, &all);
	rt_truth_get_thread(&mine);
	assert_true(mine.takes >= 3); /* the first, and one after each join that slept */
	assert_true(mine.takes < all.takes);
	assert_int_equal(mine.takes, mine.releases);
}

static void a_hold_going_on_counts_up_to_now(void **state)
{
	struct rt_truth_gil g;

	(void)state;
	rt_gil_take();
	usleep(2000);
	rt_truth_get_gil(&g);
	assert_int_equal(g.takes, 1);
	assert_int_equal(g.releases, 0);
	assert_int_equal(g.hold.count, 0);
	assert_true(g.held_ns >= 2000000);
	rt_gil_drop();
	rt_truth_get_gil(&g);
	assert_int_equal(g.releases, 1);
	assert_true(g.hold.max_ns >= 2000000);
}

static void nothing_is_counted_while_off_nor_halves_of_holds(void **state)
{
	struct rt_truth_gil g;

	(void)state;
	rt_truth_enable(false);
	rt_gil_take();
	rt_truth_enable(true); /* in the middle of a hold */
	rt_gil_drop();
	rt_truth_get_gil(&g);
	assert_int_equal(g.takes, 0);
	assert_int_equal(g.releases, 0);
	rt_gil_take();
	rt_truth_enable(false);
	rt_gil_drop();
	rt_gil_take();
	rt_gil_drop();
	rt_truth_get_gil(&g);
	assert_int_equal(g.takes, 1);
	assert_int_equal(g.hold.count, 0);
	rt_truth_enable(true);
	rt_gil_take();
	rt_truth_reset();
	rt_gil_drop();
	rt_truth_get_gil(&g);
	assert_int_equal(g.takes, 0);
	assert_int_equal(g.hold.count, 0);
}

static void collections_and_what_they_found_are_counted(void **state)
{
	struct rt_truth_gc g;

	(void)state;
	rt_gc_enable(false); /* no others than these */
	for (int i = 0; i < 3; i++) {
		struct rt_object *list = rt_list_new();

		assert_int_equal(rt_list_append(list, list), 0);
		rt_unref(list);
	}
	assert_int_equal(rt_gc_collect(2), 3);
	assert_int_equal(rt_gc_collect(0), 0);
	rt_gc_enable(true);
	rt_truth_get_gc(2, &g);
	assert_int_equal(g.collections, 1);
	assert_int_equal(g.collected, 3);
	assert_int_equal(g.uncollectable, 0);
	assert_int_equal(g.pause.count, 1);
	assert_true(g.pause.sum_ns > 0);
	rt_truth_get_gc(0, &g);
	assert_int_equal(g.collections, 1);
	rt_truth_get_gc(1, &g);
	assert_int_equal(g.collections, 0);
}

static void make_ints(void *arg)
{
	for (int i = 0; i < 100; i++) {
		rt_unref(rt_int_new(1000000 + i));
		rt_gil_poll();
	}
	(void)arg;
}

static void deallocations_are_counted_by_type_over_all_threads(void **state)
{
	struct rt_thread *t[4];

	(void)state;
	rt_gil_take();
	for (int i = 0; i < 4; i++)
		assert_int_equal(rt_thread_start(&t[i], NULL, make_ints, NULL), 0);
	for (int i = 0; i < 4; i++)
		rt_thread_join(t[i]);
	rt_unref(rt_list_new());
	rt_gil_drop();
	assert_int_equal(rt_truth_get_deallocs("int"), 400);
	assert_int_equal(rt_truth_get_deallocs("list"), 1);
	assert_int_equal(rt_truth_get_deallocs("no such type"), 0);
	rt_truth_reset();
	assert_int_equal(rt_truth_get_deallocs("int"), 0);
}

static void more_types_than_there_is_room_for_are_counted_together(void **state)
{
	char name[16];
	uint64_t sum = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "type%d", i);
		rt_truth_dealloc(name);
	}
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "type%d", i);
		sum += rt_truth_get_deallocs(name);
	}
	sum += rt_truth_get_deallocs("(other)");
	assert_int_equal(sum, 400);
}

/* As much of a JSON reader as it takes to see that brackets, strings and commas fit. */
static const char *skip_value(const char *p);

static const char *skip_string(const char *p)
{
	assert_int_equal(*p, '"');
	for (p++; *p != '"'; p++) {
		assert_true(*p >= ' ');
		p += *p == '\\';
	}
	return p + 1;
}

static const char *skip_members(const char *p, char end, bool named)
{
	while (*++p != end) {
		if (named) {
			p = skip_string(p);
			assert_int_equal(*p++, ':');
		}
		p = skip_value(p);
		if (*p == end)
			break;
		assert_int_equal(*p, ',');
		assert_true(p[1] != end);
	}
	return p + 1;
}

static const char *skip_value(const char *p)
{
	if (*p == '{')
		return skip_members(p, '}', true);
	if (*p == '[')
		return skip_members(p, ']', false);
	if (*p == '"')
		return skip_string(p);
	assert_true(strspn(p, "-.0123456789truefalsn") > 0);
	return p + strspn(p, "-.0123456789truefalsn");
}

static void it_prints_as_json_with_the_tracers_names(void **state)
{
	static const char *const keys[] = {
		"\"schema\":\"gilscope.stat/1\"",
		"\"duration_ns\":",
		"\"processes\":[{",
		"\"gils\":[{\"address\":\"0x",
		"\"held_ratio\":",
		"\"contended_takes\":",
		"\"handovers\":",
		"\"forced_releases\":",
		"\"held_offcpu_ns\":null",
		"\"threads\":[{",
		"\"name\":\"odd\\\"name\\\\\"",
		"\"hold\":{\"count\":",
		"\"wait\":{\"count\":0",
		"\"p99_ns\":",
		"\"gc\":[{\"generation\":0,\"collections\":0,",
		"\"stalled_ns\":null",
		"\"io\":[{\"call\":\"poll\",\"calls\":1,\"wakeups\":0,\"timeouts\":1,",
		"\"types\":[{\"type\":\"list\",\"deallocs\":1}]",
		"\"types_coverage\":",
	};
	struct rt_truth_call call;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	rt_thread_set_name("odd\"name\\");
	rt_gil_take();
	rt_thread_set_name("odd\"name\\");
	rt_unref(rt_list_new());
	rt_gil_drop();
	rt_truth_io_begin(&call, "poll", 1000);
	rt_truth_io_end(&call, 0);
	rt_truth_print(out);
	fclose(out);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strstr(text, keys[i]))
			fail_msg("no %s in %s", keys[i], text);
	}
	assert_string_equal(skip_value(text), "\n");
	free(text);
}

static void histograms_keep_sums_exactly_and_quantiles_nearly(void **state)
{
	static struct rt_hist h, sum;

	(void)state;
	assert_int_equal(rt_hist_quantile(&h, 0.5), 0);
	for (uint64_t v = 1; v <= 100000; v++)
		rt_hist_add(&h, v);
	assert_int_equal(h.count, 100000);
	assert_int_equal(h.sum_ns, 100000ULL * 100001 / 2);
	assert_int_equal(h.max_ns, 100000);
	for (int i = 1; i <= 100; i++) {
		uint64_t exact = (uint64_t)i * 1000, got = rt_hist_quantile(&h, i / 100.0);

		assert_true(got >= exact - 1);
		assert_true(got <= exact + exact / 8 + 1);
	}
	rt_hist_add(&h, UINT64_MAX / 2);
	rt_hist_merge(&sum, &h);
	rt_hist_merge(&sum, &h);
	assert_int_equal(sum.count, 200002);
	assert_int_equal(rt_hist_quantile(&sum, 1), UINT64_MAX / 2);
	rt_hist_clear(&h);
	assert_int_equal(h.count + h.sum_ns + h.max_ns, 0);
	assert_int_equal(rt_hist_quantile(&h, 1), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_gils_counters_agree_with_each_other),
		T(a_threads_counters_are_its_own),
		T(a_hold_going_on_counts_up_to_now),
		T(nothing_is_counted_while_off_nor_halves_of_holds),
		T(collections_and_what_they_found_are_counted),
		T(deallocations_are_counted_by_type_over_all_threads),
		T(more_types_than_there_is_room_for_are_counted_together),
		T(it_prints_as_json_with_the_tracers_names),
		T(histograms_keep_sums_exactly_and_quantiles_nearly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
