/* The folder of the agent's recordings stays within its bounds and touches nothing of others; the
 * metrics stay within theirs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/agent/trigger.h"
#include "user/agent/trigger_place.h"
#include "user/base/clock.h"

static char home[] = "/tmp/gilscope-trigger-XXXXXX";
static struct agent_config config;

/* Path of @name in the folder. */
static const char *in(const char *name)
{
	static char path[2 * CONFIG_TEXT];

	snprintf(path, sizeof(path), "%s/%s", config.trigger_directory, name);
	return path;
}

static void write_file(const char *name, size_t size)
{
	FILE *f = fopen(in(name), "w");

	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), (off_t)size), 0);
	fclose(f);
}

/* A recording of @size bytes, @age_s seconds old. */
static void record(const char *name, size_t size, long age_s)
{
	const struct timespec at = { .tv_sec = (time_t)(clock_real_ns() / 1000000000) - age_s };
	const struct timespec both[] = { at, at };
	char file[CONFIG_TEXT];

	assert_int_equal(mkdir(in(name), 0700), 0);
	snprintf(file, sizeof(file), "%s/metadata", name);
	write_file(file, 0);
	snprintf(file, sizeof(file), "%s/events_000000", name);
	write_file(file, size);
	assert_int_equal(utimensat(0, in(name), both, 0), 0);
}

static bool is_there(const char *name)
{
	return !access(in(name), F_OK);
}

#define NAME(n) "20260101-00000" #n ".000000-gc-web-app.py-1"

static int set_up(void **state)
{
	(void)state;
	config = (struct agent_config) {
		.max_recordings = 3,
		.max_bytes = 1000,
		.max_age_ns = 3600000000000ULL,
	};
	snprintf(config.trigger_directory, CONFIG_TEXT, "%s/kept", home);
	return 0;
}

static int tear_down(void **state)
{
	char command[CONFIG_TEXT];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s/*", home);
	return system(command);
}

static void only_a_folder_of_ones_own_is_taken(void **state)
{
	struct trigger_place p, other;
	struct stat st;
	struct err e = {};

	(void)state;
	assert_int_equal(trigger_place_open(&p, &config, &e), 0);
	assert_int_equal(stat(config.trigger_directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_not_equal(trigger_place_open(&other, &config, &e), 0);
	assert_non_null(strstr(e.text, "another agent uses it"));
	trigger_place_close(&p);
	for (mode_t bit = 020; bit; bit = bit == 020 ? 02 : 0) {
		e = (struct err) {};
		chmod(config.trigger_directory, 0700 | bit);
		assert_int_not_equal(trigger_place_open(&p, &config, &e), 0);
		assert_int_equal(e.code, GS_EXIT_USAGE);
		assert_int_equal(p.fd, -1);
	}
	rmdir(config.trigger_directory);
	assert_int_equal(symlink(home, config.trigger_directory), 0);
	assert_int_not_equal(trigger_place_open(&p, &config, &e), 0);
}

static void the_oldest_goes_first(void **state)
{
	struct trigger_place p;
	struct err e = {};

	(void)state;
	assert_int_equal(trigger_place_open(&p, &config, &e), 0);
	record(NAME(1), 100, 10);
	record(NAME(2), 100, 40); /* by their times, not by their names */
	record(NAME(3), 100, 30);
	record(NAME(4), 100, 20);
	assert_int_equal(trigger_place_tidy(&p), 0);
	assert_false(is_there(NAME(2)));
	assert_true(is_there(NAME(1)) && is_there(NAME(3)) && is_there(NAME(4)));
	assert_int_equal(p.count, 3);
	assert_int_equal(p.bytes, 300);
	config.max_bytes = 250;
	assert_int_equal(trigger_place_tidy(&p), 0);
	assert_false(is_there(NAME(3)));
	assert_int_equal(p.bytes, 200);
	config.max_age_ns = 15000000000ULL;
	assert_int_equal(trigger_place_tidy(&p), 0);
	assert_false(is_there(NAME(4)));
	assert_true(is_there(NAME(1)));
	assert_int_equal(p.removed, 3);
	trigger_place_close(&p);
}

static void what_is_not_ours_stays(void **state)
{
	struct trigger_place p;
	struct err e = {};

	(void)state;
	assert_int_equal(mkdir(config.trigger_directory, 0700), 0);
	record(NAME(1), 100, 9999);
	write_file(NAME(1) "/notes", 5);
	record("20260101-000002-gc", 100, 9999);
	record("other", 100, 9999);
	record(TRIGGER_PARTIAL, 100, 0);
	write_file(NAME(5), 100); /* no folder */
	assert_int_equal(symlink("other", in(NAME(6))), 0);
	assert_int_equal(trigger_place_open(&p, &config, &e), 0);
	assert_int_equal(p.count, 0);
	assert_true(is_there(NAME(1) "/events_000000") && is_there("20260101-000002-gc"));
	assert_true(is_there("other/events_000000") && is_there(NAME(5)) && is_there(NAME(6)));
	assert_false(is_there(TRIGGER_PARTIAL));
	trigger_place_close(&p);
}

static void a_recording_gets_room_and_a_name(void **state)
{
	char path[CONFIG_TEXT + 16], name[TRIGGER_NAME];
	struct trigger_place p;
	struct err e = {};

	(void)state;
	assert_int_equal(trigger_place_open(&p, &config, &e), 0);
	record(NAME(1), 400, 20);
	record(NAME(2), 400, 10);
	assert_int_equal(trigger_place_begin(&p, 300, path, &e), 0);
	assert_false(is_there(NAME(1)));
	assert_string_equal(path, in(TRIGGER_PARTIAL));
	record(TRIGGER_PARTIAL, 300, 0);
	trigger_place_name(name, 1, "gc", "web", "app.py", 7);
	assert_int_equal(trigger_place_finish(&p, name, &e), 0);
	assert_true(is_there(name) && is_there(NAME(2)));
	assert_int_equal(p.count, 2);
	/* One that is larger than all may be. */
	assert_int_equal(trigger_place_begin(&p, 300, path, &e), 0);
	record(TRIGGER_PARTIAL, 1001, 0);
	assert_int_equal(trigger_place_finish(&p, NAME(9), &e), -EFBIG);
	assert_false(is_there(TRIGGER_PARTIAL) || is_there(NAME(9)));
	trigger_place_close(&p);
}

static void names_are_safe_and_bounded(void **state)
{
	char name[TRIGGER_NAME], longest[600];

	(void)state;
	trigger_place_name(name, 1767225599123456789ULL, "wait", "pod:a/../b", "\x1b[2Jx y", 4711);
	assert_string_equal(name, "20251231-235959.123456-wait-pod_a_.._b-__2Jx_y-4711");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	trigger_place_name(name, UINT64_MAX, "loop", longest, longest, UINT32_MAX);
	assert_true(strlen(name) < TRIGGER_NAME);
	assert_non_null(strstr(name, "-4294967295"));
}

static void series_are_bounded(void **state)
{
	static struct trigger_counts n;
	char name[NAME_ROOM];

	(void)state;
	trigger_made(&n, "other", TRIGGER_GC);
	for (int i = 0; i < 2 * TRIGGER_SERVICES; i++) {
		snprintf(name, sizeof(name), "service%d", i);
		trigger_made(&n, name, TRIGGER_WAIT);
		trigger_made(&n, "service0", TRIGGER_LOOP);
	}
	assert_int_equal(n.nservices, TRIGGER_SERVICES);
	assert_int_equal(n.services[0].made[TRIGGER_WAIT], 1);
	assert_int_equal(n.services[0].made[TRIGGER_LOOP], 2 * TRIGGER_SERVICES);
	assert_int_equal(n.services[TRIGGER_SERVICES].made[TRIGGER_WAIT], TRIGGER_SERVICES);
	assert_int_equal(n.services[TRIGGER_SERVICES].made[TRIGGER_GC], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_a_folder_of_ones_own_is_taken, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_oldest_goes_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_ours_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_recording_gets_room_and_a_name, set_up,
						tear_down),
		cmocka_unit_test(names_are_safe_and_bounded),
		cmocka_unit_test(series_are_bounded),
	};
	int failed;

	if (!mkdtemp(home))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(home);
	return failed;
}
