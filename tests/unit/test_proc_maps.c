/* proc_maps: lines of /proc/PID/maps, kind and hostile; and our own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/proc_maps.h"
#include "user/target/proc_status.h"

static void parses_a_line(void **state)
{
	struct proc_map m;

	(void)state;
	assert_int_equal(proc_map_parse("0041f000-006d2000 r-xp 0001f000 08:01 1234"
					"     /usr/bin/python3.11",
					&m),
			 0);
	assert_int_equal(m.start, 0x41f000);
	assert_int_equal(m.end, 0x6d2000);
	assert_int_equal(m.offset, 0x1f000);
	assert_int_equal(m.inode, 1234);
	assert_int_equal(m.major, 8);
	assert_int_equal(m.minor, 1);
	assert_true(m.exec && !m.write);
	assert_string_equal(m.path, "/usr/bin/python3.11");
	free(m.path);
}

static void keeps_odd_names(void **state)
{
	struct proc_map m;

	(void)state;
	assert_int_equal(proc_map_parse("1000-2000 rw-p 00000000 00:00 0 ", &m), 0);
	assert_string_equal(m.path, "");
	free(m.path);
	assert_int_equal(proc_map_parse("1000-2000 rw-p 0 00:00 5 /a\\012b c\\134 (deleted)", &m),
			 0);
	assert_string_equal(m.path, "/a\nb c\\ (deleted)");
	free(m.path);
	assert_int_equal(proc_map_parse("1000-2000 r--p 0 00:00 5 /x\\9 \\01", &m), 0);
	assert_string_equal(m.path, "/x\\9 \\01");
	free(m.path);
}

static void refuses_garbage(void **state)
{
	static const char *const bad[] = {
		"",
		"hello",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 ",
		"1000-2000 r-x",
		"1000-2000 r-xp",
		"1000-2000 r-xp ",
		"1000-2000 r-xp 0",
		"1000-2000 r-xp 0 8:1",
		"1000-2000 r-xp 0 8:1 ",
		"1000-2000 r-xp 0 8:1 -5 /a",
		"1000-2000 r-xp 0 8:1 5x /a",
		"2000-1000 r-xp 0 8:1 5 /a",
		"1000-1000 r-xp 0 8:1 5 /a",
		"-1000-2000 r-xp 0 8:1 5 /a",
		"10000000000000000-20000000000000000 r-xp 0 8:1 5 /a",
		"1000-2000 r-xp 0 8:1 99999999999999999999999 /a",
	};
	struct proc_map m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(proc_map_parse(bad[i], &m), -EINVAL);
}

static void reads_our_own(void **state)
{
	struct proc_maps maps;
	bool code = false;
	size_t i;

	(void)state;
	assert_int_equal(proc_maps_read(getpid(), &maps), 0);
	for (i = 0; i < maps.n; i++) {
		assert_true(maps.list[i].start < maps.list[i].end);
		code |= maps.list[i].exec && maps.list[i].start <= (u64)(uintptr_t)reads_our_own &&
			(u64)(uintptr_t)reads_our_own < maps.list[i].end;
	}
	assert_true(code);
	proc_maps_free(&maps);
	assert_int_equal(proc_maps_read(0x7ffffff0, &maps), -ESRCH);
}

static void reads_our_own_status(void **state)
{
	struct proc_status s;

	(void)state;
	assert_int_equal(proc_status_read(getpid(), &s), 0);
	assert_int_equal(s.tgid, getpid());
	assert_int_equal(s.ppid, getppid());
	assert_int_equal(s.uid, geteuid());
	assert_int_equal(s.threads, 1);
	assert_true(s.start_ticks && !s.kernel && s.ns_pid);
	assert_int_equal(proc_status_read(0x7ffffff0, &s), -ESRCH);
	assert_int_equal(proc_status_read(-1, &s), -ESRCH);
	assert_int_equal(proc_ns_tid(getpid(), 0x7ffffff0), 0);
}

/* What /proc/PID/stat has of a program's places, as the kernel writes it at different moments. */
static void tells_a_program_that_is_being_executed(void **state)
{
	static const char form[] = "7 (x) %c 1 7 7 0 -1 %u 1 0 0 0 1 2 0 0 20 0 1 0 999 4096 50 "
				   "18446744073709551615 %s";
	const struct {
		char state;
		unsigned int flags;
		const char *places;
		bool executing;
		u64 image;
	} list[] = {
		{ 'R', 0, "4194304 8000000 140726000000000 0 0 0", false, 140726000000000 },
		{ 'R', 0, "0 0 0 0 0 0", true, 0 }, /* its memory is new */
		{ 'R', 0, "1 1 0 0 0 0", false, 0 }, /* we may not know */
		{ 'Z', 0, "0 0 0 0 0 0", false, 0 },
		{ 'S', 0x00200000, "0 0 0 0 0 0", false, 0 }, /* a kernel thread */
		{ 'R', 0, "", false, 0 }, /* cut off */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct proc_status s = {};
		char text[256];

		snprintf(text, sizeof(text), form, list[i].state, list[i].flags, list[i].places);
		assert_int_equal(proc_stat_parse(text, &s), 0);
		assert_int_equal(s.start_ticks, 999);
		assert_int_equal(s.executing, list[i].executing);
		assert_true(s.image == list[i].image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_a_line),
		cmocka_unit_test(keeps_odd_names),
		cmocka_unit_test(refuses_garbage),
		cmocka_unit_test(reads_our_own),
		cmocka_unit_test(tells_a_program_that_is_being_executed),
		cmocka_unit_test(reads_our_own_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
