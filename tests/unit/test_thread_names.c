/* thread_names: names that Python gives its threads, out of a running Python's memory. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/process.h"

static const char script[] =
	"import threading, time\n"
	"def f():\n"
	"    time.sleep(60)\n"
	"for n in ('w\\u00f6rker', '\\u65e5\\u672c', '\\U0001f40d', 'two\\nlines', 'x' * 400):\n"
	"    threading.Thread(target=f, name=n, daemon=True).start()\n"
	"print('ready', flush=True)\n"
	"f()\n";

struct seen {
	int n;
	char names[16][300];
	pid_t tids[16];
};

static void note(pid_t tid, const char *name, void *arg)
{
	struct seen *s = arg;

	assert_true(s->n < 16);
	snprintf(s->names[s->n], sizeof(s->names[0]), "%s", name);
	s->tids[s->n++] = tid;
}

static bool has(const struct seen *s, const char *name)
{
	int i;

	for (i = 0; i < s->n; i++) {
		if (!strcmp(s->names[i], name))
			return true;
	}
	return false;
}

/* Start @python on the script; its pid once the threads run. */
static pid_t start(const char *python)
{
	int out[2];
	char line[16] = "";
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		execlp(python, python, "-c", script, NULL);
		_exit(127);
	}
	close(out[1]);
	if (read(out[0], line, sizeof(line) - 1) <= 0) {
		waitpid(pid, NULL, 0);
		pid = 0;
	}
	close(out[0]);
	return pid;
}

static void check(const char *python)
{
	struct binaries *cache = binaries_new(NULL);
	struct seen s = { 0 };
	struct py_process *p;
	struct err e = { 0 };
	struct gil_now now;
	pid_t pid = start(python);
	int r, i;

	if (!pid)
		skip();
	r = process_identify(pid, 0, cache, &p, &e);
	if (r == -ENOTSUP || r == -EACCES || r == -EPERM) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		binaries_free(cache);
		skip();
	}
	assert_int_equal(r, 0);
	assert_int_equal(process_gil(p, &now), 0);
	assert_int_equal(now.interval_us, 5000);
	assert_int_equal(process_thread_names(p, note, &s), 6);
	assert_true(has(&s, "MainThread"));
	assert_true(has(&s, "w\xc3\xb6rker"));
	assert_true(has(&s, "\xe6\x97\xa5\xe6\x9c\xac"));
	assert_true(has(&s, "\xf0\x9f\x90\x8d"));
	assert_true(has(&s, "two?lines"));
	for (i = 0; i < s.n; i++)
		assert_int_equal(process_ns_tid(pid, s.tids[i]) > 0, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* It is gone: nothing, or an error; never a crash. */
	s.n = 0;
	assert_true(process_thread_names(p, note, &s) <= 0);
	assert_true(process_gil(p, &now) < 0);
	process_free(p);
	binaries_free(cache);
}

static void names_in_the_systems_python(void **state)
{
	(void)state;
	check("/usr/bin/python3");
}

static void names_in_the_python_of_the_path(void **state)
{
	(void)state;
	check("python3");
}

/* Other versions, where the PATH has them. */
static void names_in_python_38(void **state)
{
	(void)state;
	check("python3.8");
}

static void names_in_python_310(void **state)
{
	(void)state;
	check("python3.10");
}

static void names_in_python_312(void **state)
{
	(void)state;
	check("python3.12");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_the_systems_python),
		cmocka_unit_test(names_in_the_python_of_the_path),
		cmocka_unit_test(names_in_python_38),
		cmocka_unit_test(names_in_python_310),
		cmocka_unit_test(names_in_python_312),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
