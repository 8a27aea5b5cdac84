/* gilscope top: the live dashboard. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/commands.h"
#include "user/export/exporter.h"
#include "user/measurement.h"
#include "user/view/dash.h"

struct top {
	struct measurement *measurement;
	struct dash *dash;
};

/* A snapshot: a new file, ours alone. */
static int save(const struct figures *f, const char *path)
{
	int err, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *out;

	if (fd < 0)
		return -errno;
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	err = json_exporter.write(out, f);
	if (fclose(out) && !err)
		err = -errno;
	if (err)
		(void)unlink(path);
	return err;
}

static int show_next(struct top *t)
{
	struct figures *now, *part;
	int err = measurement_read(t->measurement, &now, &part);

	if (err)
		return err;
	err = dash_show(t->dash, part, now);
	figures_free(part);
	figures_free(now);
	return err;
}

/* @end_ns: when to leave by itself. */
static int run(struct top *t, u64 end_ns)
{
	u64 interval = dash_interval_ns(t->dash), start = measurement_started_ns(t->measurement);
	u64 next = start + interval;
	int err = 0;

	/* Something to look at soon, then at the interval's pace. */
	if (interval > 300000000ULL)
		next = start + 300000000ULL;
	while (!err) {
		u64 until = next < end_ns ? next : end_ns;
		int event = measurement_wait(t->measurement, until, dash_fd(t->dash));
		enum dash_action action = DASH_NONE;

		if (event < 0)
			return event;
		if (event == SESSION_STOP)
			return 0;
		if (event == SESSION_INPUT || event == SESSION_RESIZED)
			action = dash_input(t->dash);
		if (action == DASH_QUIT)
			return 0;
		if (action == DASH_INTERVAL) {
			interval = dash_interval_ns(t->dash);
			next = clock_mono_ns() + interval;
		}
		if (event == SESSION_TICK || event == SESSION_ENDED) {
			err = show_next(t);
			next = clock_mono_ns() + interval;
		}
		if (clock_mono_ns() >= end_ns)
			return 0;
	}
	return err;
}

int cmd_top(const struct opts *o, struct err *e)
{
	struct dash_opts d = {
		.interval_ns = o->interval_ns,
		.no_color = o->no_color,
		.save = save,
	};
	struct top t = {};
	u64 end;
	int err;

	if (!isatty(STDOUT_FILENO)) /* before the target is touched */
		return errf(e, GS_EXIT_USAGE, -ENOTTY, "stdout: not a terminal; use gilscope stat");
	err = measurement_open(o, &t.measurement, e);
	if (err)
		return err;
	err = dash_open(&d, &t.dash, e);
	if (!err)
		err = measurement_start(t.measurement, e);
	if (!err) {
		end = measurement_started_ns(t.measurement) + o->duration_ns;
		err = run(&t, o->duration_ns ? end : UINT64_MAX);
		errf(err ? e : NULL, GS_EXIT_FAILED, err, "measurement: %s", strerror(-err));
	}
	dash_close(t.dash);
	measurement_leave(t.measurement);
	return err;
}
