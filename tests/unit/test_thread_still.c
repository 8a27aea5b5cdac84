/* thread_still: a child that waits has stood still; one that ran in between has not. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/thread_still.h"

static void parses_whatever_the_name_is(void **state)
{
	static const char *const good =
		"12 (a) R 1) S 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 "
		"27 28 29 30 31 32 33 34 35 36 5 0 0 0\n";
	static const char *const bad[] = {
		"",	   "12",       "12 (a",		 "12 (a)",
		"12 (a) ", "12 (a) S", "12 (a) S 1 2 3", "12 (a)S 1 2 3"
	};
	char seen = 0;
	int cpu = -1;

	(void)state;
	assert_int_equal(thread_still_parse(good, &seen, &cpu), 0);
	assert_int_equal(seen, 'S');
	assert_int_equal(cpu, 5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(thread_still_parse(bad[i], &seen, &cpu), -EINVAL);
}

static void child(int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1 && write(out, &c, 1) == 1)
		;
	_exit(0);
}

static void tells_waiting_from_running(void **state)
{
	struct thread_still s;
	int in[2], out[2];
	char c = 'x';
	pid_t pid;

	(void)state;
	assert_true(!pipe(in) && !pipe(out));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		child(in[0], out[1]);
	do {
		thread_still_begin(&s, pid, pid);
		if (!s.state)
			skip(); /* this kernel does not count */
	} while (s.state != 'S' || !thread_still_end(&s));
	assert_true(thread_still_end(&s)); /* and still does */
	assert_int_equal(write(in[1], &c, 1), 1);
	assert_int_equal(read(out[0], &c, 1), 1);
	assert_false(thread_still_end(&s));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(thread_still_end(&s));
	thread_still_begin(&s, pid, pid);
	assert_false(thread_still_end(&s)); /* gone */
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
}

/* One that computes is read while we have its CPU, and is let on after. */
static void a_running_thread_stands_still_while_we_have_its_cpu(void **state)
{
	cpu_set_t before, after;
	struct thread_still s;
	bool steady = false;
	pid_t pid;

	(void)state;
	thread_still_keep(&before);
	pid = fork();
	assert_true(pid >= 0);
	while (!pid)
		;
	for (int i = 0; i < 100000 && !steady; i++) {
		thread_still_begin(&s, pid, pid);
		if (!s.state)
			break;
		steady = thread_still_end(&s);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	thread_still_restore(&before);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
	assert_true(steady || !s.state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_whatever_the_name_is),
		cmocka_unit_test(tells_waiting_from_running),
		cmocka_unit_test(a_running_thread_stands_still_while_we_have_its_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
