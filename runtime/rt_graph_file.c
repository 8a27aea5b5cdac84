/* Pictures of references written to files, as DOT or through graphviz; see rt_graph.h. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/rt_error.h"
#include "runtime/rt_graph.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_str.h"

extern char **environ;

/* Write @text, a str, to @path.  0 or -1. */
static int write_file(const char *path, const struct rt_object *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t done = 0, size = rt_str_size(text);
	ssize_t n = 0;

	while (fd >= 0 && n >= 0 && done < size) {
		n = write(fd, rt_str_chars(text) + done, size - done);
		if (n < 0 && errno == EINTR)
			n = 0;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || n < 0 || close(fd) < 0) {
		rt_raise_errno(path);
		if (fd >= 0 && n < 0)
			close(fd);
		return -1;
	}
	return 0;
}

/* Run dot -Tsvg.  0; 1: it is not installed; -1: OSError. */
static int run_dot(const char *dot_path, const char *svg_path)
{
	char *argv[] = { (char *)"dot",
			 (char *)"-Tsvg",
			 (char *)"-o",
			 (char *)(uintptr_t)svg_path,
			 (char *)(uintptr_t)dot_path,
			 NULL };
	int status, err;
	pid_t pid;

	rt_hook_block_begin();
	err = posix_spawnp(&pid, "dot", NULL, NULL, argv, environ);
	while (!err && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err = errno;
	rt_hook_block_end();
	if (err == ENOENT)
		return 1;
	if (err) {
		errno = err;
		rt_raise_errno("dot");
		return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return 1;
	if (status) {
		rt_raise(RT_OS_ERROR, "dot failed on %s", dot_path);
		return -1;
	}
	return 0;
}

/* Write @text as SVG to @path, by way of a DOT file beside it. */
static int write_svg(const char *path, const struct rt_object *text)
{
	size_t stem = strlen(path) - strlen(".svg");
	char *dot_path = rt_mem_alloc(stem + sizeof(".dot"));
	int r;

	if (!dot_path)
		return -1;
	memcpy(dot_path, path, stem);
	strcpy(dot_path + stem, ".dot");
	r = write_file(dot_path, text);
	if (r == 0)
		r = run_dot(dot_path, path);
	if (r == 0)
		unlink(dot_path);
	rt_mem_free(dot_path);
	return r;
}

static int show(struct rt_object *o, int depth, const char *path, bool backwards)
{
	struct rt_object *text = rt_graph_dot(o, depth, backwards);
	const char *ending = strrchr(path, '.');
	int r;

	if (!text)
		return -1;
	r = ending && !strcmp(ending, ".svg") ? write_svg(path, text) : write_file(path, text);
	rt_unref(text);
	return r;
}

int rt_show_refs(struct rt_object *o, int depth, const char *path)
{
	return show(o, depth, path, false);
}

int rt_show_backrefs(struct rt_object *o, int depth, const char *path)
{
	return show(o, depth, path, true);
}
