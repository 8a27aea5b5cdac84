/*
 * gilscope export: a recording in the format of another tool.
 *
 * A file appears under its name when it is complete, or not at all: it is written without a name
 * where the file system can do that, else under another one in the same directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/spool.h"
#include "user/commands.h"
#include "user/export/trace_exporter.h"
#include "user/replay_run.h"
#include "user/trace/writer.h"

#define TOP 50 /* of the longest, for formats that show them */
#define PATH_SIZE 4096

/* The file that is being made. */
struct target {
	const char *path; /* NULL: stdout */
	char dir[PATH_SIZE];
	char temp[PATH_SIZE + 32]; /* its name meanwhile; "": it has none */
	int fd;
	bool force;
};

static int target_error(const struct target *t, int err, struct err *e)
{
	return errf(e, GS_EXIT_FAILED, err, "%s: %s", t->path ? t->path : "stdout", strerror(-err));
}

/* May there be a file called @t->path in the end? */
static int check_name(const struct target *t, struct err *e)
{
	struct stat st;

	if (lstat(t->path, &st))
		return errno == ENOENT ? 0 : target_error(t, -errno, e);
	if (!t->force)
		return errf(e, GS_EXIT_USAGE, -EEXIST,
			    "%s: is there already; --force overwrites it", t->path);
	if (!S_ISREG(st.st_mode))
		return errf(e, GS_EXIT_USAGE, -EEXIST,
			    "%s: not a regular file; -o - writes to stdout", t->path);
	return 0;
}

static void name_temp(struct target *t)
{
	snprintf(t->temp, sizeof(t->temp), "%s.%ld.partial", t->path, (long)getpid());
}

static int target_open(struct target *t, struct err *e)
{
	char copy[PATH_SIZE];
	u32 uid, gid;
	int err;

	t->fd = t->path ? -1 : STDOUT_FILENO;
	if (!t->path)
		return 0;
	if (strlen(t->path) >= sizeof(copy))
		return target_error(t, -ENAMETOOLONG, e);
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
		return target_error(t, -errno, e);
	trace_owner(&uid, &gid);
	if ((uid != geteuid() || gid != getegid()) && fchown(t->fd, uid, gid))
		return target_error(t, -errno, e);
	return 0;
}

/* Give the complete file its name. */
static int target_name(struct target *t, struct err *e)
{
	char self[64];

	if (!t->temp[0]) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", t->fd);
		if (!linkat(AT_FDCWD, self, AT_FDCWD, t->path, AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST || !t->force)
			return target_error(t, -errno, e);
		name_temp(t);
		if (linkat(AT_FDCWD, self, AT_FDCWD, t->temp, AT_SYMLINK_FOLLOW)) {
			t->temp[0] = 0;
			return target_error(t, -errno, e);
		}
	}
	/* link() does not replace what has come to be there meanwhile; rename() does. */
	if (!t->force ? link(t->temp, t->path) : rename(t->temp, t->path))
		return target_error(t, -errno, e);
	if (t->force)
		t->temp[0] = 0;
	return 0;
}

/* Close it, under its name if @err is 0; else it is gone. */
static int target_close(struct target *t, int err, struct err *e)
{
	if (!t->path || t->fd < 0)
		return err;
	if (!err)
		err = target_name(t, e);
	if (t->temp[0])
		(void)unlink(t->temp);
	if (close(t->fd) && !err)
		err = target_error(t, -errno, e);
	return err;
}

/* A sink: the exporter, and the replay alongside if it wants figures. */
struct both {
	const struct trace_exporter_ops *ops;
	struct trace_export x;
	struct replay *replay; /* NULL: none */
	bool begun;
};

static int on_begin(void *ctx, const struct trace_info *info)
{
	struct both *b = ctx;
	int err = 0;

	if (b->replay) {
		struct trace_sink s = replay_sink(b->replay);

		err = s.begin(s.ctx, info);
	}
	b->x.info = info;
	b->begun = true;
	return err ? err : b->ops->begin(&b->x);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct both *b = ctx;
	int err = 0;

	if (b->replay) {
		struct trace_sink s = replay_sink(b->replay);

		err = s.event(s.ctx, ev);
	}
	if (!err && b->ops->event)
		err = b->ops->event(&b->x, ev);
	return err ? err : b->x.out->err; /* a full disk: no need to go on */
}

static int finish(struct both *b, struct replay_run *run)
{
	if (b->replay) {
		run->figures = replay_figures(b->replay);
		if (!run->figures)
			return -ENOMEM;
		run->figures->recording = replay_run_recording(run);
	}
	return b->ops->end(&b->x, run->figures);
}

static int export(struct replay_run *run, const struct opts *o, struct out *out, struct err *e)
{
	const struct replay_opts ro = { .top = TOP };
	struct both b = {
		.ops = trace_exporter_find(o->export_to),
		.x = { .out = out, .by = o->export_by },
	};
	struct trace_sink sink = { .begin = on_begin, .event = on_event, .ctx = &b };
	int err = 0;

	if (b.ops->wants_figures) {
		b.replay = run->replay = replay_new(&ro);
		err = b.replay ? 0 : -ENOMEM;
	}
	if (!err)
		err = trace_read(run->reader, &sink, e);
	if (!err)
		err = finish(&b, run);
	if (b.begun && b.ops->done)
		b.ops->done(&b.x);
	if (out->err)
		return out->err;
	if (err == -EINVAL && !e->code && o->export_by)
		return errf(e, GS_EXIT_USAGE, err, "--by %s: not known to --to %s; see its help",
			    o->export_by, o->export_to);
	if (err == -ENOSPC || err == -EDQUOT) /* not that of the output, which has its own */
		return errf(e, GS_EXIT_FAILED, err,
			    "%s: no space for temporary files; set TMPDIR to a folder with more",
			    spool_folder());
	return err ? errf(e, GS_EXIT_FAILED, err, "export: %s", strerror(-err)) : 0;
}

static int export_to(struct replay_run *run, const struct opts *o, struct target *t, struct err *e)
{
	struct out out;
	int err = out_init(&out, t->fd), flushed;

	if (err)
		return errf(e, GS_EXIT_FAILED, err, "memory: none left");
	err = export(run, o, &out, e);
	flushed = err ? 0 : out_flush(&out);
	out_done(&out);
	if (!err)
		err = flushed;
	return err ? target_error(t, err, e) : 0;
}

int cmd_export(const struct opts *o, struct err *e)
{
	struct target t = { .force = o->force };
	struct replay_run run = {};
	int err;

	if (o->export_by && !trace_exporter_find(o->export_to)->takes_by)
		return errf(e, GS_EXIT_USAGE, -EINVAL, "--by %s: --to %s has no choice of weights",
			    o->export_by, o->export_to);
	err = trace_open(o->args[0], &run.reader, e);
	if (err)
		return err;
	if (o->output && strcmp(o->output, "-"))
		t.path = o->output;
	err = target_open(&t, e);
	if (!err)
		err = export_to(&run, o, &t, e);
	err = target_close(&t, err, e);
	if (!err) {
		(void)replay_run_recording(&run);
		replay_run_warn(&run);
	}
	replay_run_done(&run);
	trace_close(run.reader);
	return err;
}
