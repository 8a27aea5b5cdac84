/*
 * The directory of a new recording; see directory.h.
 *
 * Others may be able to change what lies around it, so everything goes by descriptors: what is
 * opened is looked at, what has been looked at is used, and no symbolic link is followed.
 */
#include "user/trace/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/trace/layout.h"
#include "user/trace/writer.h"

#define OTHER_DIRECTORY "choose another directory"

/* Whether @name can be a file of a recording. */
static bool ours(const char *name)
{
	u32 number;

	return !strcmp(name, "metadata") || trace_file_number(name, &number);
}

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Call @fn for each entry; stops at its first result that is not 0, and returns it. */
static int for_each_entry(const struct directory *d,
			  int (*fn)(const struct directory *, const char *))
{
	/* a descriptor of its own: closedir() closes it, and it has a position */
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	const struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	while (!err) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			err = -errno;
			break;
		}
		if (!is_dot(entry->d_name))
			err = fn(d, entry->d_name);
	}
	closedir(dir);
	return err;
}

/* -EEXIST: not a recording's. */
static int check_entry(const struct directory *d, const char *name)
{
	struct stat st;

	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	return ours(name) && S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

static int any_entry(const struct directory *d, const char *name)
{
	(void)d;
	(void)name;
	return 1;
}

static int remove_packets(const struct directory *d, const char *name)
{
	if (!ours(name) || !strcmp(name, "metadata"))
		return 0;
	return unlinkat(d->fd, name, 0) ? -errno : 0;
}

/* Whether its metadata says that gilscope made it. */
static bool metadata_is_ours(const struct directory *d)
{
	static const char tracer[] = "\ttracer_name = \"gilscope\";\n";
	int fd = openat(d->fd, "metadata", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[64 * 1024];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n > 0 && memmem(text, (size_t)n, tracer, sizeof(tracer) - 1);
}

static int refuse(const struct directory *d, enum gs_exit exit, int err, const char *cause,
		  struct err *e)
{
	return errf(e, exit, err, "%s: %s; " OTHER_DIRECTORY, d->path, cause);
}

/* It exists: take it over if it is empty or a recording of the same owner. */
static int empty_it(struct directory *d, struct err *e)
{
	struct stat st;
	int err;

	if (fstat(d->fd, &st))
		return refuse(d, GS_EXIT_FAILED, -errno, strerror(errno), e);
	if (st.st_uid != d->uid)
		return refuse(d, GS_EXIT_USAGE, -EEXIST, "belongs to somebody else", e);
	err = for_each_entry(d, any_entry);
	if (!err)
		return 0;
	if (err > 0)
		err = metadata_is_ours(d) ? for_each_entry(d, check_entry) : -EEXIST;
	if (err == -EEXIST)
		return refuse(d, GS_EXIT_USAGE, err, "is not a recording, or not only", e);
	/* the metadata goes last: while it is there, another try finds a recording */
	if (!err)
		err = for_each_entry(d, remove_packets);
	if (!err && unlinkat(d->fd, "metadata", 0))
		err = -errno;
	return err ? refuse(d, GS_EXIT_FAILED, err, strerror(-err), e) : 0;
}

/* Ours alone, and whose it shall be. */
static int take(struct directory *d, struct err *e)
{
	struct stat st;

	if (fstat(d->fd, &st))
		return refuse(d, GS_EXIT_FAILED, -errno, strerror(errno), e);
	/* between making and opening it, somebody may have put another one there */
	if (d->made && (st.st_uid != geteuid() || for_each_entry(d, any_entry)))
		return refuse(d, GS_EXIT_FAILED, -EEXIST, "was replaced while it was made", e);
	if (fchmod(d->fd, 0700))
		return refuse(d, GS_EXIT_FAILED, -errno, strerror(errno), e);
	if (st.st_uid == d->uid && st.st_gid == d->gid)
		return 0;
	if (fchown(d->fd, d->uid, d->gid))
		return refuse(d, GS_EXIT_FAILED, -errno, strerror(errno), e);
	return 0;
}

static int make(struct directory *d, bool force, struct err *e)
{
	int err = mkdir(d->path, 0700) ? errno : 0;

	d->made = !err;
	if (err && err != EEXIST)
		return errf(e, GS_EXIT_FAILED, -err,
			    "%s: %s; " OTHER_DIRECTORY ", or make the one it shall be in", d->path,
			    strerror(err));
	if (err && !force)
		return errf(e, GS_EXIT_USAGE, -EEXIST,
			    "%s: exists; " OTHER_DIRECTORY ", or --force to replace a recording",
			    d->path);
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd >= 0)
		return 0;
	if (errno == ENOTDIR || errno == ELOOP)
		return refuse(d, GS_EXIT_USAGE, -EEXIST, "is not a directory", e);
	return refuse(d, GS_EXIT_FAILED, -errno, strerror(errno), e);
}

int directory_open(struct directory *d, const char *path, bool force, struct err *e)
{
	size_t len = strlen(path);
	int err;

	/* with a slash behind it, a symbolic link would be followed */
	while (len > 1 && path[len - 1] == '/')
		len--;
	d->fd = -1;
	d->path = strndup(path, len);
	if (!d->path)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some", path);
	trace_owner(&d->uid, &d->gid);
	err = make(d, force, e);
	if (!err && !d->made)
		err = empty_it(d, e);
	if (!err)
		err = take(d, e);
	if (err)
		directory_close(d);
	return err;
}

int directory_create(const struct directory *d, const char *name)
{
	int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && !fchmod(fd, 0600) &&
	    ((st.st_uid == d->uid && st.st_gid == d->gid) || !fchown(fd, d->uid, d->gid)))
		return fd;
	err = -errno;
	close(fd);
	unlinkat(d->fd, name, 0);
	return err;
}

void directory_undo(struct directory *d)
{
	unlinkat(d->fd, "metadata", 0);
	if (d->made)
		rmdir(d->path);
}

void directory_close(struct directory *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	free(d->path);
	d->path = NULL;
}
