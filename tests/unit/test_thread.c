/* Threads are gone when they have been waited for: for the kernel too, on which detaching depends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "user/base/thread.h"

#define ROUNDS 50
#define AT_ONCE 4
#define FILES 200 /* pairs */

/* Files of its own, which it leaves to the kernel to close: that is after pthread_join() returns.
 */
static void end_slowly(void *arg)
{
	int fds[2];

	if (unshare(CLONE_FILES))
		return;
	for (int i = 0; i < FILES; i++)
		if (pipe(fds))
			return;
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
}

static void a_joined_thread_has_left_the_kernel(void **state)
{
	struct thread threads[AT_ONCE];
	char path[64];
	int ran = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < AT_ONCE; i++)
			assert_int_equal(thread_start(&threads[i], end_slowly, &ran), 0);
		for (int i = AT_ONCE - 1; i >= 0; i--) {
			thread_join(&threads[i]);
			snprintf(path, sizeof(path), "/proc/self/task/%d", (int)threads[i].tid);
			assert_int_not_equal(access(path, F_OK), 0);
		}
	}
	assert_int_equal(ran, ROUNDS * AT_ONCE);
}

static void look_at_mask(void *arg)
{
	pthread_sigmask(SIG_SETMASK, NULL, arg);
}

static void signals_are_the_main_threads(void **state)
{
	sigset_t seen, before, after;
	struct thread t;

	(void)state;
	sigemptyset(&seen);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(thread_start(&t, look_at_mask, &seen), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	thread_join(&t);
	assert_true(sigismember(&seen, SIGINT) && sigismember(&seen, SIGTERM));
	assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_joined_thread_has_left_the_kernel),
		cmocka_unit_test(signals_are_the_main_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
