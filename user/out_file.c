/* Files that are complete or not there; see out_file.h. */
#include "user/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/trace/writer.h"

int out_file_error(const struct out_file *t, int err, struct err *e)
{
	return errf(e, GS_EXIT_FAILED, err, "%s: %s", t->path ? t->path : "stdout", strerror(-err));
}

/* May there be a file called @t->path in the end? */
static int check_name(const struct out_file *t, struct err *e)
{
	struct stat st;

	if (lstat(t->path, &st))
		return errno == ENOENT ? 0 : out_file_error(t, -errno, e);
	if (!t->force)
		return errf(e, GS_EXIT_USAGE, -EEXIST,
			    "%s: is there already; --force overwrites it", t->path);
	if (!S_ISREG(st.st_mode))
		return errf(e, GS_EXIT_USAGE, -EEXIST,
			    "%s: not a regular file; -o - writes to stdout", t->path);
	return 0;
}

static void name_temp(struct out_file *t)
{
	snprintf(t->temp, sizeof(t->temp), "%s.%ld.partial", t->path, (long)getpid());
}

int out_file_open(struct out_file *t, struct err *e)
{
	char copy[OUT_FILE_PATH];
	u32 uid, gid;
	int err;

	t->fd = t->path ? -1 : STDOUT_FILENO;
	if (!t->path)
		return 0;
	if (strlen(t->path) >= sizeof(copy))
		return out_file_error(t, -ENAMETOOLONG, e);
	err = check_name(t, e);
	if (err)
		return err;
	strcpy(copy, t->path);
	strcpy(t->dir, dirname(copy));
	t->fd = open(t->dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (t->fd < 0) {
		name_temp(t);
		t->fd = open(t->temp, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
		if (t->fd < 0)
			t->temp[0] = 0;
	}
	if (t->fd < 0)
		return out_file_error(t, -errno, e);
	trace_owner(&uid, &gid);
	if ((uid != geteuid() || gid != getegid()) && fchown(t->fd, uid, gid))
		return out_file_error(t, -errno, e);
	return 0;
}

/* Give the complete file its name. */
static int give_name(struct out_file *t, struct err *e)
{
	char self[64];

	if (!t->temp[0]) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", t->fd);
		if (!linkat(AT_FDCWD, self, AT_FDCWD, t->path, AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST || !t->force)
			return out_file_error(t, -errno, e);
		name_temp(t);
		if (linkat(AT_FDCWD, self, AT_FDCWD, t->temp, AT_SYMLINK_FOLLOW)) {
			t->temp[0] = 0;
			return out_file_error(t, -errno, e);
		}
	}
	/* link() does not replace what has come to be there meanwhile; rename() does. */
	if (!t->force ? link(t->temp, t->path) : rename(t->temp, t->path))
		return out_file_error(t, -errno, e);
	if (t->force)
		t->temp[0] = 0;
	return 0;
}

int out_file_close(struct out_file *t, int err, struct err *e)
{
	if (!t->path || t->fd < 0)
		return err;
	if (!err)
		err = give_name(t, e);
	if (t->temp[0])
		(void)unlink(t->temp);
	if (close(t->fd) && !err)
		err = out_file_error(t, -errno, e);
	return err;
}
