/* launch: programs held at their entry point, through scripts and execs, and let go. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/launch.h"
#include "user/target/process.h"

#define ARGV(...) ((char **)(const char *const[]) { __VA_ARGS__, NULL })

static int wait_for(struct launch *l)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	int status = -1, i;

	for (i = 0; i < 2000 && launch_status(l, &status) == -EAGAIN; i++)
		nanosleep(&step, NULL);
	return status;
}

/* Start, hold, let go; the exit status. */
static int run(char **argv)
{
	struct launch *l = NULL;
	struct err e = { 0 };
	int status;

	if (launch_start(argv, &l, &e)) {
		print_message("%s\n", e.text);
		return -1;
	}
	assert_true(process_looks_like_python(launch_pid(l)));
	assert_int_equal(launch_status(l, &status), -EAGAIN);
	assert_int_equal(launch_resume(l), 0);
	status = wait_for(l);
	launch_free(l);
	return status;
}

static void holds_and_resumes_python(void **state)
{
	char **argv = ARGV("/usr/bin/python3", "-c", "import sys; sys.exit(3)");
	int status;

	(void)state;
	if (access(argv[0], X_OK))
		skip();
	status = run(argv);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void follows_scripts_that_exec_python(void **state)
{
	char **argv = ARGV("sh", "-c", "/bin/true; exec env python3 -c 'raise SystemExit(4)'");
	int status;

	(void)state;
	if (access("/usr/bin/python3", X_OK))
		skip();
	status = run(argv);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
}

static void nothing_of_it_has_run_while_held(void **state)
{
	char path[] = "/tmp/gilscope-test-XXXXXX", code[128];
	char **argv = ARGV("/usr/bin/python3", "-c", code);
	struct launch *l = NULL;
	struct err e = { 0 };
	int fd = mkstemp(path);

	(void)state;
	if (access(argv[0], X_OK))
		skip();
	assert_true(fd >= 0);
	snprintf(code, sizeof(code), "open('%s', 'w').write('ran')", path);
	assert_int_equal(launch_start(argv, &l, &e), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	assert_int_equal(launch_resume(l), 0);
	assert_int_equal(wait_for(l), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 3);
	launch_free(l);
	close(fd);
	unlink(path);
}

static void a_program_still_held_never_runs(void **state)
{
	char path[] = "/tmp/gilscope-test-XXXXXX", code[128];
	char **argv = ARGV("/usr/bin/python3", "-c", code);
	struct launch *l = NULL;
	struct err e = { 0 };
	int fd = mkstemp(path);
	pid_t pid;

	(void)state;
	if (access(argv[0], X_OK))
		skip();
	assert_true(fd >= 0);
	snprintf(code, sizeof(code), "open('%s', 'w').write('ran')", path);
	assert_int_equal(launch_start(argv, &l, &e), 0);
	pid = launch_pid(l);
	launch_free(l);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	unlink(path);
}

static void says_why_it_cannot(void **state)
{
	char **none = ARGV("/no/such/program"), **dir = ARGV("/");
	char **other = ARGV("/bin/true"), **killed = ARGV("sh", "-c", "kill -9 $$");
	struct launch *l = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(launch_start(none, &l, &e), -ENOENT);
	assert_int_equal(e.code, GS_EXIT_TARGET);
	assert_int_equal(launch_start(dir, &l, NULL), -EACCES);
	memset(&e, 0, sizeof(e));
	assert_int_equal(launch_start(other, &l, &e), -ECHILD);
	assert_int_equal(e.code, GS_EXIT_TARGET);
	assert_non_null(strstr(e.text, "status 0"));
	memset(&e, 0, sizeof(e));
	assert_int_equal(launch_start(killed, &l, &e), -ECHILD);
	assert_non_null(strstr(e.text, "signal 9"));
	assert_null(l);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing left behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_and_resumes_python),
		cmocka_unit_test(follows_scripts_that_exec_python),
		cmocka_unit_test(nothing_of_it_has_run_while_held),
		cmocka_unit_test(a_program_still_held_never_runs),
		cmocka_unit_test(says_why_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
