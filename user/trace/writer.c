/*
 * Packets into files; see writer.h.  The directory is made in directory.c.
 *
 * Whatever fails, the files end with a whole packet, unless the process is killed while it writes.
 */
#include "user/trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/trace/directory.h"
#include "user/trace/layout.h"

struct trace_writer {
	struct directory dir;
	int fd; /* the file being filled; -1: none */
	u32 number; /* of the next file */
	u64 size; /* of the file being filled */
	u64 total; /* of all */
	u8 uuid[16];
	char name[TRACE_FILE_NAME_SIZE]; /* of the file being filled */
};

/* What to do about a write that failed with @err (positive). */
static const char *remedy(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
		return "free some space, or record elsewhere; what was written so far can be read";
	case EFBIG:
		return "raise the limit for files (ulimit -f); what was written so far can be read";
	case EMFILE:
	case ENFILE:
		return "raise the limit of open files (ulimit -n)";
	default:
		return "what was written so far can be read";
	}
}

static int failed(struct trace_writer *w, const char *name, int err, struct err *e)
{
	return errf(e, GS_EXIT_FAILED, -err, "%s/%s: %s; %s", w->dir.path, name, strerror(err),
		    remedy(err));
}

/* All of @bytes, or nothing: then the file is again as long as it was. */
static int append(struct trace_writer *w, const void *bytes, size_t size)
{
	const char *at = bytes;
	size_t left = size;
	ssize_t n;
	int err;

	while (left) {
		n = write(w->fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n ? errno : EIO;
			/* a reader would drop the rest, too */
			if (ftruncate(w->fd, (off_t)w->size))
				(void)lseek(w->fd, 0, SEEK_END);
			else
				(void)lseek(w->fd, (off_t)w->size, SEEK_SET);
			return err;
		}
		at += n;
		left -= (size_t)n;
	}
	w->size += size;
	w->total += size;
	return 0;
}

static int file_close(struct trace_writer *w, struct err *e)
{
	int fd = w->fd;

	w->fd = -1;
	if (fd >= 0 && close(fd) && errno != EINTR)
		return failed(w, w->name, errno, e);
	return 0;
}

/* @name, new and empty, to be filled. */
static int file_open(struct trace_writer *w, const char *name, struct err *e)
{
	int fd = directory_create(&w->dir, name);

	if (fd < 0)
		return failed(w, name, -fd, e);
	w->fd = fd;
	w->size = 0;
	memmove(w->name, name, strlen(name) + 1);
	return 0;
}

static int next_file(struct trace_writer *w, struct err *e)
{
	char name[TRACE_FILE_NAME_SIZE];
	int err;

	err = file_close(w, e);
	if (err)
		return err;
	trace_file_name(w->number, name);
	if (w->number == TRACE_FILES_MAX)
		return errf(e, GS_EXIT_FAILED, -EFBIG,
			    "%s: all %d names of files are taken; begin another recording",
			    w->dir.path, TRACE_FILES_MAX);
	err = file_open(w, name, e);
	if (!err)
		w->number++;
	return err;
}

static int write_metadata(struct trace_writer *w, const struct trace_info *info, struct err *e)
{
	struct trace_info now = *info;
	char *text;
	int err;

	now.format = TRACE_FORMAT;
	text = trace_metadata(&now, w->uuid);
	if (!text)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some",
			    w->dir.path);
	err = file_open(w, "metadata", e);
	if (!err) {
		err = append(w, text, strlen(text));
		if (err)
			err = failed(w, w->name, err, e);
		if (file_close(w, e) && !err)
			err = -EIO;
	}
	free(text);
	return err;
}

/* A version 4 uuid: random but for six bits. */
static int make_uuid(struct trace_writer *w, struct err *e)
{
	if (getrandom(w->uuid, sizeof(w->uuid), 0) != (ssize_t)sizeof(w->uuid))
		return errf(e, GS_EXIT_FAILED, -EIO,
			    "%s: the kernel gives no random numbers; allow getrandom(2)",
			    w->dir.path);
	w->uuid[6] = (u8)((w->uuid[6] & 0x0f) | 0x40);
	w->uuid[8] = (u8)((w->uuid[8] & 0x3f) | 0x80);
	return 0;
}

int trace_writer_open(const char *directory, bool force, const struct trace_info *info,
		      struct trace_writer **ret_w, struct err *e)
{
	struct trace_writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some", directory);
	w->fd = -1;
	err = directory_open(&w->dir, directory, force, e);
	if (err)
		goto out;
	err = make_uuid(w, e);
	if (!err)
		err = write_metadata(w, info, e);
	if (err)
		directory_undo(&w->dir);
out:
	if (err) {
		directory_close(&w->dir);
		free(w);
		return err;
	}
	*ret_w = w;
	return 0;
}

const u8 *trace_writer_uuid(const struct trace_writer *w)
{
	return w->uuid;
}

int trace_writer_packet(struct trace_writer *w, const void *bytes, size_t size, struct err *e)
{
	int err;

	if (!size)
		return 0;
	if (w->fd < 0 || w->size + size > TRACE_FILE_MAX) {
		err = next_file(w, e);
		if (err)
			return err;
	}
	err = append(w, bytes, size);
	return err ? failed(w, w->name, err, e) : 0;
}

u64 trace_writer_bytes(const struct trace_writer *w)
{
	return w->total;
}

int trace_writer_close(struct trace_writer *w, struct err *e)
{
	int err;

	if (!w)
		return 0;
	err = file_close(w, e);
	directory_close(&w->dir);
	free(w);
	return err;
}
