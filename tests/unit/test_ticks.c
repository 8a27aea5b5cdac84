/* From ticks to time: a tick is worth the CPU time that the process took, never less than before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/base/clock.h"
#include "user/ingest/ticks.h"

#define TICK_NS 10000000ULL

struct rig {
	struct gs_thread threads[2];
	struct gs_gil gils[GS_GILS];
	struct kmaps maps;
	struct py_process py;
	struct measured m;
	struct ticks *t;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (!r)
		return -1;
	r->maps = (struct kmaps) { .threads = r->threads, .gils = r->gils, .max_threads = 2 };
	r->py.pid = getpid();
	r->m.py = &r->py;
	r->threads[0] = (struct gs_thread) { .slot = 0, .tid = 10, .born_ns = 1 };
	r->threads[1] = (struct gs_thread) { .slot = 1, .tid = 11, .born_ns = 2 };
	r->t = ticks_new(&r->maps, TICK_NS);
	ticks_begin(&r->m);
	*state = r;
	return r->t ? 0 : -1;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	ticks_free(r->t);
	free(r);
	return 0;
}

/* Some CPU time of ours; returns what the process has had since the measurement began. */
static u64 burn(const struct rig *r, u64 ns)
{
	u64 until = clock_process_ns(r->py.pid) + ns;

	while (clock_process_ns(r->py.pid) < until)
		;
	return clock_process_ns(r->py.pid) - r->m.ticks.cpu_begin_ns;
}

/* @a and @b ticks of the two threads, of @all of the process, since the last. */
static void tick(struct rig *r, u64 a, u64 b, u64 all)
{
	r->threads[0].held_ticks += a;
	r->threads[1].held_ticks += b;
	r->m.last.ticks += all;
}

static void parts_of_the_cpu_time(void **state)
{
	struct rig *r = *state;
	u64 least = burn(r, 20000000), most, a, b;

	tick(r, 3, 1, 8);
	ticks_weigh(r->t, &r->m, true);
	most = burn(r, 0);
	a = ticks_thread(r->t, &r->m, &r->threads[0]);
	b = ticks_thread(r->t, &r->m, &r->threads[1]);
	assert_in_range(a, least * 3 / 8 - 1, most * 3 / 8);
	assert_in_range(b, least / 8 - 1, most / 8);
}

static void always_holding_is_all_of_it(void **state)
{
	struct rig *r = *state;
	u64 least = 0, a = 0;

	for (int i = 0; i < 5; i++) {
		least = burn(r, 3000000);
		tick(r, 1, 0, 1);
		ticks_weigh(r->t, &r->m, true);
		a = ticks_thread(r->t, &r->m, &r->threads[0]);
	}
	assert_in_range(a, least - 5, burn(r, 0));
}

/* Between readings an ended thread is told with what a tick is worth so far; the reading after it
 * weighs all of the time. */
static void between_readings(void **state)
{
	struct rig *r = *state;
	u64 first = burn(r, 5000000), a, b, all;

	tick(r, 1, 0, 1);
	ticks_weigh(r->t, &r->m, false);
	a = ticks_thread(r->t, &r->m, &r->threads[0]);
	assert_in_range(a, first - 1, burn(r, 0));
	burn(r, 5000000);
	tick(r, 0, 1, 1);
	ticks_weigh(r->t, &r->m, true);
	all = burn(r, 0);
	b = ticks_thread(r->t, &r->m, &r->threads[1]);
	assert_in_range(b, 5000000 - 1, all / 2 + 1);
	assert_int_equal(ticks_thread(r->t, &r->m, &r->threads[0]), a);
}

static void a_slot_of_another(void **state)
{
	struct rig *r = *state;

	burn(r, 5000000);
	tick(r, 4, 0, 4);
	ticks_weigh(r->t, &r->m, true);
	assert_true(ticks_thread(r->t, &r->m, &r->threads[0]) > 0);
	r->threads[0] = (struct gs_thread) { .slot = 0, .tid = 10, .born_ns = 3 };
	assert_int_equal(ticks_thread(r->t, &r->m, &r->threads[0]), 0);
	r->threads[0].slot = 7; /* there is no such slot */
	r->threads[0].held_ticks = 5;
	assert_int_equal(ticks_thread(r->t, &r->m, &r->threads[0]), 0);
}

/* Before anything was weighed, and where the clock cannot be read: a tick is a tick. */
static void without_a_clock(void **state)
{
	struct rig *r = *state;

	r->m.ticks.cpu_begin_ns = 0;
	tick(r, 2, 0, 3);
	ticks_weigh(r->t, &r->m, true);
	assert_int_equal(ticks_thread(r->t, &r->m, &r->threads[0]), 2 * TICK_NS);
}

static void gils(void **state)
{
	struct rig *r = *state;
	u64 least = burn(r, 5000000);

	r->gils[4] = (struct gs_gil) { .address = 0x1000, .held_ticks = 1 };
	tick(r, 1, 0, 2);
	ticks_weigh(r->t, &r->m, true);
	assert_in_range(ticks_gil(r->t, &r->m, 5), least / 2 - 1, burn(r, 0) / 2);
	assert_int_equal(ticks_gil(r->t, &r->m, GS_GILS + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_of_the_cpu_time, setup, teardown),
		cmocka_unit_test_setup_teardown(always_holding_is_all_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(between_readings, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slot_of_another, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(gils, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
