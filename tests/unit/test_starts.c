/* Programs that may be interpreters: none is forgotten for good, and the tables are bounded. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/base/clock.h"
#include "user/session_private.h"

#define ROUNDS 100000 /* of a walk through all processes */
#define NOBODY 0x7fff0000 /* no process has that pid, nor the next ones */

static struct session *session;
static struct opts opts = { .all = true, .mode = "watch" };
static char folder[] = "/tmp/gilscope-test-XXXXXX", fake[64];

/* A program called like an interpreter, that is none. */
static pid_t start_fake(void)
{
	int said[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		execl(fake, "python3", "60", NULL);
		_exit(1);
	}
	close(said[1]);
	assert_int_equal(read(said[0], &c, 1), 0); /* executed */
	close(said[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int set_up(void **state)
{
	char command[160];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(fake, sizeof(fake), "%s/python3", folder);
	snprintf(command, sizeof(command), "cp /bin/sleep %s", fake);
	return system(command); /* NOLINT(cert-env33-c): a fixed command */
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(fake) || rmdir(folder);
}

static int begin(void **state)
{
	(void)state;
	session = calloc(1, sizeof(*session));
	session->opts = &opts;
	session->binaries = binaries_new(NULL);
	return !session->binaries;
}

static int finish(void **state)
{
	(void)state;
	process_walk_end(&session->sweep);
	binaries_free(session->binaries);
	free(session);
	return 0;
}

/* Go through all processes once. */
static void sweep(void)
{
	size_t n = 0;

	do {
		session->sweep_at_ns = 0;
		sweep_look(session);
	} while (session->sweep && ++n < ROUNDS);
	assert_null(session->sweep);
}

static void what_nobody_told_of_is_found(void **state)
{
	pid_t pid = start_fake();
	struct pending *p;

	(void)state;
	assert_null(starts_find(session, pid));
	sweep();
	p = starts_find(session, pid);
	assert_non_null(p);
	assert_true(p->likely && !p->named);
	session->pending[0] = *p; /* and others', which are none of ours */
	session->npending = 1;
	starts_retry(session); /* no interpreter is made in it; one may be */
	p = starts_find(session, pid);
	assert_non_null(p);
	assert_true(p->mapped && p->try_at_ns > clock_mono_ns());
	end(pid);
	p->try_at_ns = 0;
	starts_retry(session);
	assert_null(starts_find(session, pid));
	assert_int_equal(session->starts_missed, 0); /* its start was told by nobody */
}

/* Its looks are over: from then on it is looked at once in a while. */
static void what_was_given_up_is_found_later(void **state)
{
	pid_t pid = start_fake();
	size_t looks = 0;
	struct pending *p;

	(void)state;
	starts_add(session, pid, true, true);
	for (; (p = starts_find(session, pid)) && looks < 100; looks++) {
		p->try_at_ns = 0;
		starts_retry(session);
	}
	assert_in_range(looks, 10, 40);
	assert_int_equal(session->starts_refused, 0); /* no interpreter yet is no refusal */
	sweep();
	assert_null(starts_find(session, pid));
	sweep_forget(session, pid); /* another program */
	sweep();
	assert_non_null(starts_find(session, pid));
	session->npending = 0;
	assert_true(sweep_give_up(session, pid, 0)); /* its time is over */
	sweep();
	assert_non_null(starts_find(session, pid));
	end(pid);
}

static void the_list_of_those_is_bounded(void **state)
{
	(void)state;
	for (pid_t i = 0; i < 3 * SESSION_MAX_GIVEN_UP; i++)
		assert_true(sweep_give_up(session, NOBODY + i, (u64)i));
	assert_false(sweep_give_up(session, NOBODY + 3 * SESSION_MAX_GIVEN_UP - 1, 1));
	assert_true(sweep_give_up(session, NOBODY, 1)); /* has given way */
	sweep_forget(session, NOBODY);
	assert_true(sweep_give_up(session, NOBODY, 1));
}

static void a_full_table_leaves_alone_what_is_looked_at(void **state)
{
	struct pending *busy;

	(void)state;
	for (pid_t i = 0; i < SESSION_MAX_PENDING; i++)
		starts_add(session, NOBODY + i, true, false);
	assert_int_equal(session->npending, SESSION_MAX_PENDING);
	busy = &session->pending[0];
	busy->late = busy->busy = true;
	session->pending[1].late = true;
	starts_add(session, NOBODY - 1, true, false);
	assert_int_equal(busy->pid, NOBODY);
	assert_int_equal(session->pending[1].pid, NOBODY - 1);
	assert_int_equal(session->starts_lost, 0);
	session->pending[7].pid = 0; /* it has been looked at, and forgotten */
	starts_add(session, NOBODY - 2, false, false);
	assert_int_equal(session->pending[7].pid, NOBODY - 2);
	assert_int_equal(session->starts_lost, 0);
	starts_add(session, NOBODY - 3, false, false); /* nobody gives way */
	assert_int_equal(session->starts_lost, 1);
	starts_add(session, NOBODY, true, true);
	assert_true(busy->busy && !busy->named);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_nobody_told_of_is_found, begin, finish),
		cmocka_unit_test_setup_teardown(what_was_given_up_is_found_later, begin, finish),
		cmocka_unit_test_setup_teardown(the_list_of_those_is_bounded, begin, finish),
		cmocka_unit_test_setup_teardown(a_full_table_leaves_alone_what_is_looked_at, begin,
						finish),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
