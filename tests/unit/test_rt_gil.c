/* rt_gil, rt_thread, rt_race: mutual exclusion, hand-over, forced switches, lost updates. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_race.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"

#define THREADS_MAX 64

/* What every thread does to the same plain memory, which TSan would see if not excluded. */
struct shared {
	unsigned rounds;
	uint64_t counter; /* plain: the GIL guards it */
	unsigned inside; /* threads between two polls; plain too */
	bool overlapped;
};

static void count(void *arg)
{
	struct shared *s = arg;

	for (unsigned i = 0; i < s->rounds; i++) {
		s->overlapped |= s->inside++ != 0;
		s->counter++;
		s->inside--;
		rt_gil_poll();
		if (i % 64 == 0) {
			RT_BEGIN_ALLOW_THREADS
			sched_yield();
			RT_END_ALLOW_THREADS
		}
	}
}

static void run(unsigned threads, void (*body)(void *), void *arg)
{
	struct rt_thread *t[THREADS_MAX];

	for (unsigned i = 0; i < threads; i++)
		assert_int_equal(rt_thread_start(&t[i], NULL, body, arg), 0);
	for (unsigned i = 0; i < threads; i++)
		rt_thread_join(t[i]);
}

static void only_one_thread_owns_it_whatever_their_number(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= THREADS_MAX; threads *= 4) {
		struct shared s = { .rounds = 20000 / threads };

		run(threads, count, &s);
		assert_false(s.overlapped);
		assert_int_equal(s.counter, (uint64_t)threads * s.rounds);
		assert_false(rt_gil_held());
	}
}

static void save_and_restore_do_nothing_for_a_thread_without_it(void **state)
{
	(void)state;
	assert_false(rt_gil_save());
	rt_gil_restore(false);
	assert_false(rt_gil_held());
	rt_gil_take();
	errno = EDOM;
	assert_true(rt_gil_save());
	assert_false(rt_gil_held());
	rt_gil_restore(true);
	assert_true(rt_gil_held());
	assert_int_equal(errno, EDOM);
	rt_gil_drop();
}

struct busy {
	bool stop; /* under the GIL, as all of it */
	uint64_t turns;
};

static void spin_until_stopped(void *arg)
{
	struct busy *b = arg;

	while (!b->stop) {
		b->turns++;
		rt_gil_poll();
	}
}

/* The spinning thread never blocks: whoever else gets the GIL got it by asking. */
static void a_thread_that_never_blocks_is_made_to_give_it_up(void **state)
{
	struct busy b = { 0 };
	struct rt_truth_gil g;
	struct rt_thread *t;

	(void)state;
	rt_truth_reset();
	rt_truth_enable(true);
	rt_gil_set_interval(200);
	rt_gil_take();
	assert_int_equal(rt_thread_start(&t, "spinner", spin_until_stopped, &b), 0);
	for (int i = 0; i < 20; i++) {
		uint64_t turns = b.turns, switches = rt_gil_switches();

		rt_gil_drop(); /* the spinner has it soon, or has it already */
		while (rt_gil_switches() == switches)
			usleep(50);
		rt_gil_take();
		assert_true(b.turns >= turns);
	}
	b.stop = true;
	rt_thread_join(t);
	rt_gil_drop();
	rt_truth_get_gil(&g);
	rt_truth_enable(false);
	rt_gil_set_interval(RT_GIL_INTERVAL_US);
	assert_true(g.forced_releases >= 10);
	assert_true(g.contended_takes >= g.forced_releases);
	assert_true(g.handovers >= 20);
	assert_true(rt_gil_switches() > 20);
}

struct turn_taking {
	unsigned rounds;
	unsigned same_owner; /* forced releases after which nobody else had it */
};

static void give_in_and_look(void *arg)
{
	struct turn_taking *t = arg;

	while (t->rounds) {
		uint64_t switches;

		if (!__atomic_load_n(&rt_gil.drop_request, __ATOMIC_RELAXED))
			continue;
		switches = rt_gil_switches();
		rt_gil_poll();
		t->same_owner += rt_gil_switches() < switches + 2; /* away, and back */
		t->rounds -= t->rounds > 0;
	}
}

static void a_forced_release_ends_with_another_owner(void **state)
{
	struct turn_taking t = { .rounds = 30 };

	(void)state;
	rt_gil_set_interval(200);
	run(3, give_in_and_look, &t);
	rt_gil_set_interval(RT_GIL_INTERVAL_US);
	assert_int_equal(t.same_owner, 0);
}

static void the_interval_is_at_least_one_microsecond(void **state)
{
	(void)state;
	rt_gil_set_interval(0);
	assert_int_equal(rt_gil_interval(), 1);
	rt_gil_set_interval(RT_GIL_INTERVAL_US);
	assert_int_equal(rt_gil_interval(), 5000);
}

static void updates_are_lost_without_a_lock(void **state)
{
	struct rt_race r = { .threads = 4, .rounds = 1000000 };

	(void)state;
	rt_gil_set_interval(20);
	/* On a quiet machine one run is enough; a busy one may need more. */
	for (int i = 0; i < 50 && !r.lost; i++)
		assert_int_equal(rt_race_run(&r), 0);
	rt_gil_set_interval(RT_GIL_INTERVAL_US);
	assert_int_equal(r.updates, 4000000);
	assert_int_equal(r.expected, 0);
	assert_true(r.lost > 0);
	assert_true(r.lost <= r.updates);
}

static void no_update_is_lost_under_a_lock(void **state)
{
	struct rt_race r = { .threads = 4, .rounds = 2000, .with_lock = true };

	(void)state;
	rt_gil_set_interval(20);
	assert_int_equal(rt_race_run(&r), 0);
	rt_gil_set_interval(RT_GIL_INTERVAL_US);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.value, 0);
	r.threads = 3;
	assert_int_equal(rt_race_run(&r), 0);
	assert_int_equal(r.expected, 2000);
	assert_int_equal(r.value, 2000);
}

static void a_race_of_no_threads_or_too_many_is_refused(void **state)
{
	struct rt_race none = { .threads = 0 }, many = { .threads = 65 };

	(void)state;
	assert_int_equal(rt_race_run(&none), -EINVAL);
	assert_int_equal(rt_race_run(&many), -EINVAL);
}

static void a_lock_is_released_once(void **state)
{
	struct rt_lock l;

	(void)state;
	rt_lock_init(&l);
	assert_true(rt_lock_try(&l));
	assert_false(rt_lock_try(&l));
	assert_int_equal(rt_lock_release(&l), 0);
	assert_int_equal(rt_lock_release(&l), -EPERM);
	rt_lock_acquire(&l);
	assert_int_equal(rt_lock_release(&l), 0);
	rt_lock_done(&l);
}

static void look_for(const struct rt_thread *t, void *arg)
{
	const char **name = arg;

	if (*name && !strcmp(t->name, *name))
		*name = NULL;
}

static void check_own_name(void *arg)
{
	char name[RT_THREAD_NAME_MAX];

	(void)arg;
	pthread_getname_np(pthread_self(), name, sizeof(name));
	assert_string_equal(name, "a-name-that-is-");
	rt_thread_set_name("other");
	pthread_getname_np(pthread_self(), name, sizeof(name));
	assert_string_equal(name, "other");
	assert_int_equal(rt_thread_self()->tid, gettid());
}

static void threads_are_named_and_listed(void **state)
{
	size_t before = rt_thread_count();
	const char *name = "other";
	struct rt_thread *t;

	(void)state;
	rt_gil_take();
	assert_int_equal(rt_thread_start(&t, "a-name-that-is-too-long", check_own_name, NULL), 0);
	assert_true(rt_thread_count() >= before);
	rt_thread_join(t);
	rt_gil_drop();
	rt_thread_each(look_for, &name);
	assert_ptr_not_equal(name, NULL); /* it has ended: not listed */
	assert_int_equal(rt_thread_count(), 1);
}

static void *foreign(void *arg)
{
	size_t *count_inside = arg;

	rt_gil_take();
	*count_inside = rt_thread_count();
	rt_gil_drop();
	return NULL;
}

static void a_thread_not_started_here_comes_and_goes(void **state)
{
	size_t before, inside = 0;
	pthread_t t;

	(void)state;
	rt_thread_self();
	before = rt_thread_count();
	assert_int_equal(pthread_create(&t, NULL, foreign, &inside), 0);
	pthread_join(t, NULL);
	assert_int_equal(inside, before + 1);
	assert_int_equal(rt_thread_count(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_thread_owns_it_whatever_their_number),
		cmocka_unit_test(save_and_restore_do_nothing_for_a_thread_without_it),
		cmocka_unit_test(a_thread_that_never_blocks_is_made_to_give_it_up),
		cmocka_unit_test(a_forced_release_ends_with_another_owner),
		cmocka_unit_test(the_interval_is_at_least_one_microsecond),
		cmocka_unit_test(updates_are_lost_without_a_lock),
		cmocka_unit_test(no_update_is_lost_under_a_lock),
		cmocka_unit_test(a_race_of_no_threads_or_too_many_is_refused),
		cmocka_unit_test(a_lock_is_released_once),
		cmocka_unit_test(threads_are_named_and_listed),
		cmocka_unit_test(a_thread_not_started_here_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
