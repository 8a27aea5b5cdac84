/* Which control group's CPU quota is a process's, in trees of both versions made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/cgroup_cpu.h"

static char root[] = "/tmp/gilscope-cgroup.XXXXXX";

static void make(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, dir);
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = 0;
		mkdir(path, 0700);
		*at = '/';
	}
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s%s/%s", root, dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(root));
	make("/unified/web", "cpu.max", "20000 100000\n");
	make("/unified/web", "cpu.stat",
	     "usage_usec 9\nnr_periods 7\nnr_throttled 3\nthrottled_usec 45\n");
	make("/unified/web/worker", "cpu.max", "max 100000\n");
	make("/unified/web/worker", "cpu.stat", "nr_throttled 0\nthrottled_usec 0\n");
	make("/unified/free", "cpu.max", "max 100000\n");
	make("/unified/odd", "cpu.max", "5000 100000\n");
	make("/unified/odd", "cpu.stat", "nonsense\nnr_throttled\n");
	make("/cpu,cpuacct/old", "cpu.cfs_quota_us", "20000\n");
	make("/cpu,cpuacct/old", "cpu.stat",
	     "nr_periods 5\nnr_throttled 4\nthrottled_time 123456\n");
	make("/cpu,cpuacct/none", "cpu.cfs_quota_us", "-1\n");
	make("/cpu,cpuacct/none", "cpu.stat", "nr_throttled 9\nthrottled_time 9\n");
	return 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void the_nearest_quota_counts(void **state)
{
	struct cgroup_cpu c, parent;

	(void)state;
	assert_int_equal(cgroup_cpu_read_in("0::/web\n", root, &parent), 0);
	assert_int_equal(parent.throttled, 3);
	assert_int_equal(parent.throttled_ns, 45000);
	assert_true(parent.id != 0);
	/* A group without a quota of its own lives on that of the one above. */
	assert_int_equal(cgroup_cpu_read_in("1:name=systemd:/x\n0::/web/worker\n", root, &c), 0);
	assert_int_equal(c.id, parent.id);
	/* The controller is where /proc says: in version 1 if it is named there. */
	assert_int_equal(cgroup_cpu_read_in("4:cpuacct,cpu:/old\n0::/web\n", root, &c), 0);
	assert_int_equal(c.throttled, 4);
	assert_int_equal(c.throttled_ns, 123456);
	assert_int_equal(cgroup_cpu_read_in("4:cpuset:/old\n0::/web/worker/gone\n", root, &c), 0);
	assert_int_equal(c.id, parent.id);
}

static void without_one_there_is_nothing(void **state)
{
	static const char *const texts[] = {
		"",	     "0::/\n",	     "0::/free\n", "4:cpu:/none\n0::/web\n",
		"0::/odd\n", "0::/../web\n", "nonsense",   "0::",
		"0::web\n",  "4:cpu",	     ":::::\n",
	};
	struct cgroup_cpu c;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(cgroup_cpu_read_in(texts[i], root, &c) < 0);
		assert_true(!c.id && !c.throttled && !c.throttled_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_quota_counts),
		cmocka_unit_test(without_one_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
