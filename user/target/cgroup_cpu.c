/*
 * CPU quotas; see cgroup_cpu.h.  Which of the two versions has the cpu controller, /proc/PID/cgroup
 * says: a line of its own if it is v1.
 */
#include "user/target/cgroup_cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/target/proc_maps.h"

#define TEXT_MAX 4096

/* Where hierarchies are mounted by systemd, and by what came before it. */
static const char *const v1_dirs[] = { "cpu,cpuacct", "cpu", "cpuacct,cpu", NULL };
static const char *const v2_dirs[] = { ".", "unified", NULL };

/* A small file of directory @dir into @text.  False if there is none. */
static bool read_in(int dir, const char *name, char text[TEXT_MAX])
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, TEXT_MAX - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	return n > 0;
}

/* The number behind @key at the beginning of a line of @text; false if there is none. */
static bool value_of(const char *text, const char *key, u64 *ret_v)
{
	size_t len = strlen(key);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, key, len) && at[len] == ' ') {
			*ret_v = strtoull(at + len, NULL, 10);
			return true;
		}
	}
	return false;
}

/* Has the group in @dir a quota? */
static bool has_quota(int dir, bool v1)
{
	char text[TEXT_MAX];

	/* "max 100000" and -1: none. */
	if (!read_in(dir, v1 ? "cpu.cfs_quota_us" : "cpu.max", text))
		return false;
	return text[0] >= '0' && text[0] <= '9';
}

static int read_stat(int dir, bool v1, struct cgroup_cpu *ret_c)
{
	char text[TEXT_MAX];
	struct stat st;

	if (fstat(dir, &st) || !read_in(dir, "cpu.stat", text))
		return -ENOENT;
	if (!value_of(text, "nr_throttled", &ret_c->throttled) ||
	    !value_of(text, v1 ? "throttled_time" : "throttled_usec", &ret_c->throttled_ns))
		return -ENOENT;
	ret_c->throttled_ns *= v1 ? 1 : 1000;
	ret_c->id = st.st_ino;
	return 0;
}

/* From the group at @path of the hierarchy at @top upwards. */
static int read_up(const char *top, const char *path, bool v1, struct cgroup_cpu *ret_c)
{
	char dir[PATH_MAX];
	size_t least;
	int err = -ENOENT;

	least = (size_t)snprintf(dir, sizeof(dir), "%s", top);
	if (least >= sizeof(dir) || strlen(path) >= sizeof(dir) - least)
		return -ENAMETOOLONG;
	memcpy(dir + least, path, strlen(path) + 1);
	while (err) {
		char *cut = strrchr(dir + least, '/');
		int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0) {
			if (has_quota(fd, v1))
				err = read_stat(fd, v1, ret_c);
			close(fd);
		}
		if (!cut)
			break;
		*cut = 0;
	}
	return err;
}

static bool names_cpu(const char *controllers, size_t len)
{
	while (len) {
		const char *comma = memchr(controllers, ',', len);
		size_t one = comma ? (size_t)(comma - controllers) : len;

		if (one == 3 && !memcmp(controllers, "cpu", 3))
			return true;
		one += comma ? 1 : 0;
		controllers += one;
		len -= one;
	}
	return false;
}

/*
 * The path of the group that the cpu controller has, up to the end of its line in @text.  NULL if
 * there is none, or it is outside of what we see (/..).
 */
static char *path_of(const char *text, bool *ret_v1)
{
	const char *v2 = NULL, *found = NULL;
	char *path;

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		const char *list = strchr(at, ':'), *colon = list ? strchr(list + 1, ':') : NULL;

		if (!colon)
			break;
		if (colon == list + 1)
			v2 = colon + 1;
		else if (names_cpu(list + 1, (size_t)(colon - list - 1)))
			found = colon + 1;
	}
	*ret_v1 = found;
	found = found ? found : v2;
	if (!found || *found != '/')
		return NULL;
	path = strndup(found, strcspn(found, "\n"));
	if (path && strstr(path, "/..")) {
		free(path);
		path = NULL;
	}
	return path;
}

int cgroup_cpu_read_in(const char *text, const char *root, struct cgroup_cpu *ret_c)
{
	bool v1;
	char *path = path_of(text, &v1), top[PATH_MAX];
	const char *const *dirs = v1 ? v1_dirs : v2_dirs;
	int err = -ENOENT;

	*ret_c = (struct cgroup_cpu) {};
	for (size_t i = 0; path && dirs[i] && err; i++) {
		snprintf(top, sizeof(top), "%s/%s", root, dirs[i]);
		err = read_up(top, path, v1, ret_c);
	}
	free(path);
	if (err)
		*ret_c = (struct cgroup_cpu) {};
	return err;
}

int cgroup_cpu_read(pid_t pid, struct cgroup_cpu *ret_c)
{
	char *text;
	int err = proc_read_file(pid, "cgroup", 1 << 16, &text, NULL);

	*ret_c = (struct cgroup_cpu) {};
	if (err)
		return err;
	err = cgroup_cpu_read_in(text, "/sys/fs/cgroup", ret_c);
	free(text);
	return err;
}
