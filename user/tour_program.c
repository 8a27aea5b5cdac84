/* Finding and asking gilscope-rt; see tour_program.h. */
#include "user/tour_program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "gilscope-rt"

extern char **environ;

int tour_program_find(char ret_path[PATH_MAX], struct err *e)
{
	static const char *const places[] = { "", "../libexec/gilscope/" };
	char self[PATH_MAX / 2];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return errf(e, GS_EXIT_FAILED, -ENOENT, "/proc/self/exe: %s", strerror(errno));
	self[n] = 0;
	*(strrchr(self, '/') + 1) = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(ret_path, PATH_MAX, "%s%s" PROGRAM, self, places[i]);
		if (!access(ret_path, X_OK))
			return 0;
	}
	return errf(e, GS_EXIT_FAILED, -ENOENT,
		    PROGRAM
		    ": not beside gilscope, nor in ../libexec/gilscope; run make install again");
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static char *read_all(int fd)
{
	size_t len = 0, room = 4096;
	char *text = malloc(room);
	ssize_t n = 0;

	while (text && (n = read(fd, text + len, room - len - 1)) > 0) {
		char *more;

		len += n;
		if (len < room - 1)
			continue;
		room *= 2;
		more = realloc(text, room);
		if (!more)
			free(text);
		text = more;
	}
	if (text)
		text[len] = 0;
	return text;
}

char *tour_program_ask(const char *path, const char *arg, const char *stop, struct err *e)
{
	char *argv[] = { (char *)path, (char *)arg, (char *)stop, NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], status = -ENOMEM, err;
	char *text = NULL;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC)) {
		errf(e, GS_EXIT_FAILED, -errno, "pipe: %s", strerror(errno));
		return NULL;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	err = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (!err) {
		text = read_all(fds[0]);
		status = wait_for(pid);
	}
	close(fds[0]);
	if (!err && text && !status)
		return text;
	free(text);
	if (stop)
		errf(e, GS_EXIT_USAGE, -EINVAL, "%s: no such stop; gilscope tour lists them", stop);
	else
		errf(e, GS_EXIT_FAILED, -err, "%s: cannot be run", path);
	return NULL;
}

int tour_program_run(char **argv)
{
	pid_t pid;
	int err = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

	return err ? -err : wait_for(pid);
}
