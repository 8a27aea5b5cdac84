/* identify: errors for what is not CPython, memory reads, and the list of processes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/proc_status.h"
#include "user/target/process.h"
#include "user/target/version.h"

static int identify(pid_t pid, struct err *e)
{
	struct binaries *cache = binaries_new(NULL);
	struct py_process *p = NULL;
	int r;

	memset(e, 0, sizeof(*e));
	r = process_identify(pid, 0, cache, &p, e);
	process_free(p);
	binaries_free(cache);
	return r;
}

static void says_what_is_not_python(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(identify(getpid(), &e), -ENOEXEC);
	assert_int_equal(e.code, GS_EXIT_TARGET);
	assert_non_null(strstr(e.text, "not CPython"));
	assert_int_equal(identify(0x3fffff, &e), -ESRCH);
	assert_int_equal(e.code, GS_EXIT_TARGET);
	assert_non_null(strstr(e.text, "no such process"));
	assert_int_equal(identify(-7, &e), -ESRCH);
	assert_false(process_looks_like_python(getpid()));
}

static void tells_kernel_threads(void **state)
{
	struct err e;
	int r = identify(2, &e); /* kthreadd, unless in a pid namespace */

	(void)state;
	if (!strstr(e.text, "kernel thread"))
		skip();
	assert_int_equal(r, -ESRCH);
	assert_int_equal(e.code, GS_EXIT_TARGET);
}

static void tells_zombies(void **state)
{
	struct err e;
	siginfo_t info;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(identify(pid, &e), -ESRCH);
	assert_non_null(strstr(e.text, "zombie"));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(identify(pid, &e), -ESRCH);
}

static void reads_memory_or_says_it_cannot(void **state)
{
	char here[] = "here", got[sizeof(here)] = "";
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_int_equal(process_read(getpid(), (u64)(uintptr_t)here, got, sizeof(got)), 0);
	assert_string_equal(got, here);
	assert_int_equal(process_read(getpid(), 0, got, 1), -EFAULT);
	assert_int_equal(process_read(getpid(), UINT64_MAX - 2, got, 5), -EFAULT);
	assert_int_equal(process_read(getpid(), 1ULL << 63, got, 5), -EFAULT);
	assert_int_equal(munmap(page + 4096, 4096), 0);
	assert_int_equal(process_read(getpid(), (u64)(uintptr_t)page + 4094, got, 5), -EFAULT);
	assert_int_equal(process_read(0x3fffff, 4096, got, 1), -ESRCH);
	munmap(page, 4096);
}

static int count(pid_t pid, void *arg)
{
	(void)pid;
	(*(int *)arg)++;
	return 0;
}

static int stop_at(pid_t pid, void *arg)
{
	return pid == *(pid_t *)arg ? 42 : 0;
}

static void lists_processes_and_descendants(void **state)
{
	pid_t self = getpid(), child;
	int n = 0;

	(void)state;
	assert_int_equal(process_each(stop_at, &self), 42);
	assert_int_equal(process_each_child(self, count, &n), 0);
	assert_int_equal(n, 0);
	child = fork();
	if (!child) {
		if (!fork())
			pause();
		pause();
	}
	while (n < 2) {
		n = 0;
		assert_int_equal(process_each_child(self, count, &n), 0);
	}
	assert_int_equal(n, 2);
	process_each_child(self, (int (*)(pid_t, void *))(void *)kill, (void *)(long)SIGKILL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void names_of_files_are_judged_by_their_last_part(void **state)
{
	(void)state;
	assert_true(version_name_is_python("/usr/bin/python3.11"));
	assert_true(version_name_is_python("/opt/libpython3.12.so.1.0 (deleted)"));
	assert_true(version_name_is_python("/x/python"));
	assert_false(version_name_is_python("/opt/python3/bin/bash"));
	assert_false(version_name_is_python("/usr/bin/python2.7"));
	assert_string_equal(version_name_is_other("/usr/bin/pypy3"), "PyPy");
	assert_string_equal(version_name_is_other("/usr/lib/libpython2.7.so.1.0"), "Python 2");
	assert_null(version_name_is_other("/usr/bin/python3"));
}

static void ids_of_our_own_threads(void **state)
{
	(void)state;
	assert_true(process_ns_tid(getpid(), getpid()) > 0);
	assert_int_equal(process_ns_tid(getpid(), 0x3fffff), 0);
	assert_int_equal(process_host_tid(getpid(), process_ns_tid(getpid(), getpid())), getpid());
	assert_int_equal(process_host_tid(getpid(), 0x3fffff), 0);
}

/* A pid alone does not tell that: an exec leaves it, and the start time, as they were. */
static void an_exec_makes_another_of_it(void **state)
{
	struct py_process p = {};
	struct proc_status now;
	int go[2], gone[2];
	char c;

	(void)state;
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe2(gone, O_CLOEXEC), 0);
	p.pid = fork();
	if (!p.pid) {
		if (read(go[0], &c, 1) == 1)
			execl("/bin/sleep", "sleep", "60", NULL);
		_exit(1);
	}
	close(gone[1]);
	assert_int_equal(proc_status_read(p.pid, &now), 0);
	p.start_ticks = now.start_ticks;
	p.image = now.image;
	assert_true(p.image);
	assert_true(process_is_same(&p));
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(read(gone[0], &c, 1), 0); /* closed by the exec */
	assert_false(process_is_same(&p));
	assert_int_equal(proc_status_read(p.pid, &now), 0);
	p.image = now.image;
	assert_true(process_is_same(&p));
	kill(p.pid, SIGKILL);
	assert_int_equal(waitpid(p.pid, NULL, 0), p.pid);
	assert_false(process_is_same(&p));
	close(go[0]), close(go[1]), close(gone[0]);
}

struct walked {
	size_t n, own;
};

static int note(pid_t pid, void *arg)
{
	struct walked *w = arg;

	w->n++;
	w->own += pid == getpid();
	return 0;
}

static void walks_through_all_in_parts(void **state)
{
	struct walked w = {};
	DIR *walk = NULL;
	size_t parts = 0;

	(void)state;
	do {
		size_t before = w.n;

		assert_int_equal(process_each_some(&walk, 3, note, &w), 0);
		assert_in_range(w.n - before, 0, 3);
		parts++;
	} while (walk && parts < 100000);
	assert_null(walk);
	assert_int_equal(w.own, 1);
	assert_true(parts > w.n / 3);
	assert_int_equal(process_each_some(&walk, 1, note, &w), 0);
	assert_non_null(walk);
	process_walk_end(&walk);
	assert_null(walk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_not_python),
		cmocka_unit_test(tells_kernel_threads),
		cmocka_unit_test(tells_zombies),
		cmocka_unit_test(an_exec_makes_another_of_it),
		cmocka_unit_test(walks_through_all_in_parts),
		cmocka_unit_test(reads_memory_or_says_it_cannot),
		cmocka_unit_test(lists_processes_and_descendants),
		cmocka_unit_test(names_of_files_are_judged_by_their_last_part),
		cmocka_unit_test(ids_of_our_own_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
