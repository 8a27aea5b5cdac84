/*
 * A directory that libbabeltrace2 can read instead of the recording's own, private and removed
 * afterwards: the metadata, links to files that are good, copies of what is good in others.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/trace/reader_private.h"

static int failed(const struct view *v, const char *name, int err, struct err *e)
{
	return errf(e, GS_EXIT_FAILED, -err,
		    "%s/%s: %s; a copy of the undamaged part goes there: free some space, or set "
		    "TMPDIR to another directory",
		    v->path, name, strerror(err));
}

static int write_all(int fd, const u8 *bytes, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, bytes, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

int view_copy(struct view *v, const char *name, const u8 *bytes, const struct range *ranges,
	      size_t n, struct err *e)
{
	int fd = openat(v->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = fd < 0 ? errno : 0;

	for (size_t i = 0; i < n && !err; i++)
		err = write_all(fd, bytes + ranges[i].offset, ranges[i].size);
	if (fd >= 0 && close(fd) && !err)
		err = errno;
	return err ? failed(v, name, err, e) : 0;
}

int view_link(struct view *v, const char *directory, const char *name, struct err *e)
{
	char *target = NULL;
	int err = 0;

	if (asprintf(&target, "%s/%s", directory, name) < 0)
		return failed(v, name, ENOMEM, e);
	if (symlinkat(target, v->fd, name))
		err = failed(v, name, errno, e);
	free(target);
	return err;
}

int view_batch(struct view *v, struct err *e)
{
	const struct range all = { .size = strlen(v->metadata) };
	char *path = NULL;
	int err = 0;

	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
	v->packets = 0;
	if (asprintf(&path, "%s/" VIEW_BATCH_NAME, v->path, v->batches) < 0)
		return failed(v, "", ENOMEM, e);
	if (mkdir(path, 0700) ||
	    (v->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		err = failed(v, "", errno, e);
	free(path);
	if (err)
		return err;
	v->batches++;
	return view_copy(v, "metadata", (const u8 *)v->metadata, &all, 1, e);
}

int view_begin(struct view *v, const char *metadata, struct err *e)
{
	const char *tmp = secure_getenv("TMPDIR");
	char *path = NULL;
	int err;

	if (asprintf(&path, "%s/gilscope-XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "recording: out of memory; free some");
	if (!mkdtemp(path)) {
		err = errf(e, GS_EXIT_FAILED, -errno,
			   "%s: %s; set TMPDIR to a directory for a copy", path, strerror(errno));
		free(path);
		return err;
	}
	v->path = path;
	v->metadata = metadata;
	return view_batch(v, e);
}

/* Remove directory @name of @in, with what is in it: files, and @levels more of directories. */
static void remove_directory(int in, const char *name, int levels)
{
	int fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (levels)
			remove_directory(fd, entry->d_name, levels - 1);
		else
			unlinkat(fd, entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	unlinkat(in, name, AT_REMOVEDIR);
}

void view_remove(struct view *v)
{
	if (!v->path)
		return;
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
	remove_directory(AT_FDCWD, v->path, 1);
	free(v->path);
	v->path = NULL;
}
