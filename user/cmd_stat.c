/* gilscope stat: measure, then print; with an interval, print each interval's own figures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/commands.h"
#include "user/export/exporter.h"
#include "user/measurement.h"

/* Less than this after the last interval is not worth a result of its own. */
#define MIN_REST_NS 20000000ULL

struct stat_run {
	const struct opts *opts;
	const struct exporter_ops *out;
	struct measurement *measurement;
	bool told; /* a result */
};

static int write_out(const struct stat_run *r, struct figures *f, struct err *e)
{
	int err;

	f->with_findings = r->opts->findings;
	err = r->out->write(stdout, f);

	if (!err && fflush(stdout))
		err = -errno;
	return err ? errf(e, GS_EXIT_FAILED, err, "stdout: %s; the result is incomplete",
			  strerror(-err))
		   : 0;
}

/* Print what came since the last time, unless that is shorter than @min_ns. */
static int print_next(struct stat_run *r, u64 min_ns, struct err *e)
{
	struct figures *now, *part;
	int err = measurement_read(r->measurement, &now, &part);

	if (err)
		return errf(e, GS_EXIT_FAILED, err, "memory: none left");
	if (part->duration_ns >= min_ns)
		err = write_out(r, part, e);
	figures_free(part);
	figures_free(now);
	r->told = true;
	return err;
}

static u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

static int run(struct stat_run *r, struct err *e)
{
	const struct opts *o = r->opts;
	u64 start = measurement_started_ns(r->measurement);
	u64 end = o->duration_ns ? start + o->duration_ns : UINT64_MAX;
	u64 next = o->interval_ns ? start + o->interval_ns : UINT64_MAX;
	int event, err = 0;

	for (;;) {
		event = measurement_wait(r->measurement, min_u64(next, end), -1);
		if (event < 0)
			return errf(e, GS_EXIT_FAILED, event, "measurement: %s", strerror(-event));
		if (event == SESSION_STOP || event == SESSION_ENDED)
			break;
		if (event != SESSION_TICK)
			continue;
		if (next < end || (next == end && o->interval_ns)) {
			err = print_next(r, 0, e);
			next += o->interval_ns;
		}
		if (err || clock_mono_ns() >= end)
			break;
	}
	if (err)
		return err;
	return print_next(r, r->told ? MIN_REST_NS : 0, e);
}

int cmd_stat(const struct opts *o, struct err *e)
{
	struct stat_run r = { .opts = o, .out = exporter_find(o->format) };
	int err;

	if (!r.out)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--format %s: unknown; use table, json or jsonl", o->format);
	err = measurement_open(o, &r.measurement, e);
	if (err)
		return err;
	err = measurement_start(r.measurement, e);
	if (!err) {
		/* Who starts the load by hand or by script waits for this. */
		fprintf(stderr, "gilscope: measuring%s\n",
			o->duration_ns ? "" : "; ^C ends it and prints the result");
		err = run(&r, e);
	}
	measurement_leave(r.measurement);
	return err;
}
