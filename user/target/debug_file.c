/*
 * Debug files: on disk, or fetched.  Invariant: what is fetched is fetched by a child process,
 * so that neither the network nor the library that speaks to it can hold up or harm this one.
 */
#include "user/target/debug_file.h"

#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEBUG_FILES "/usr/lib/debug/.build-id"
#define FETCH_MAX_S 60
#define LIBRARY DEBUGINFOD_SONAME

static int open_plain(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int open_below(const char *root, const char *build_id, char *path, size_t size)
{
	int n = snprintf(path, size, "%s" DEBUG_FILES "/%.2s/%s.debug", root, build_id,
			 build_id + 2);

	return n < 0 || (size_t)n >= size ? -1 : open_plain(path);
}

/* In the child: the path of the fetched file, or nothing. */
static void fetch(const char *build_id, int out)
{
	void *lib = dlopen(LIBRARY, RTLD_NOW);
	__typeof__(debuginfod_begin) *begin = lib ? dlsym(lib, "debuginfod_begin") : NULL;
	__typeof__(debuginfod_find_debuginfo) *find =
		lib ? dlsym(lib, "debuginfod_find_debuginfo") : NULL;
	debuginfod_client *client = begin && find ? begin() : NULL;
	char *path = NULL;

	if (!client) {
		fprintf(stderr, "gilscope: " LIBRARY ": not there; install libdebuginfod1 to use "
				"DEBUGINFOD_URLS\n");
		_exit(1);
	}
	/* A length of 0: the id is hex. */
	if (find(client, (const unsigned char *)build_id, 0, &path) < 0 || !path)
		_exit(1);
	_exit(write(out, path, strlen(path)) != (ssize_t)strlen(path));
}

/* The child's answer: 0 if there is none, in time. */
static size_t answer(int fd, char *path, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 0;

	/* A signal ends it: the user wants to stop. */
	if (poll(&p, 1, FETCH_MAX_S * 1000) == 1)
		n = read(fd, path, size - 1);
	path[n > 0 ? n : 0] = '\0';
	return n > 0 && (size_t)n < size - 1 ? (size_t)n : 0;
}

static int open_fetched(const char *build_id, char *path, size_t size)
{
	const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);
	int pipes[2];
	size_t n;
	pid_t pid;

	if (!urls || !*urls || pipe2(pipes, O_CLOEXEC))
		return -1;
	fprintf(stderr, "gilscope: asking debuginfod for the debug information of build %s\n",
		build_id);
	pid = fork();
	if (!pid)
		fetch(build_id, pipes[1]);
	close(pipes[1]);
	n = pid > 0 ? answer(pipes[0], path, size) : 0;
	close(pipes[0]);
	if (pid > 0 && !n)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return n ? open_plain(path) : -1;
}

static bool is_our_root(const char *root)
{
	struct stat ours, its;

	return !*root || (!stat("/", &ours) && !stat(root, &its) && ours.st_dev == its.st_dev &&
			  ours.st_ino == its.st_ino);
}

int debug_file_open(const char *root, const char *build_id, char *path, size_t size, bool *ret_ours)
{
	int fd;

	if (!build_id || strlen(build_id) < 3)
		return -1;
	*ret_ours = is_our_root(root);
	fd = open_below(root, build_id, path, size);
	if (fd >= 0)
		return fd;
	if (!*ret_ours)
		fd = open_below("", build_id, path, size);
	*ret_ours = true;
	return fd >= 0 ? fd : open_fetched(build_id, path, size);
}
