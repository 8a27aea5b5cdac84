/*
 * gilscope report: from a recording, the figures that stat would have given.
 *
 * Of all of it in one pass.  Of a part of it, or with -i, from cumulative figures at moments, of
 * which each is held against the one before: the same arithmetic as stat's own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/commands.h"
#include "user/export/exporter.h"
#include "user/replay_run.h"

#define MAX_MOMENTS 1000000

struct report {
	const struct opts *opts;
	const struct exporter_ops *out;
	struct replay_run run;
	u64 from_ns, to_ns; /* CLOCK_MONOTONIC */
	bool from_start; /* from_ns is the recording's start: nothing is to be left out there */
	u64 *moments; /* owned */
	size_t nmoments, next;
	struct figures *last; /* at the moment before */
	struct figures *part; /* without -i: what is to be printed */
	struct err *e;
};

static int write_out(struct report *r, struct figures *f)
{
	int err;

	f->recording = replay_run_recording(&r->run);
	f->with_findings = r->opts->findings;
	err = r->out->write(stdout, f);
	if (!err && fflush(stdout))
		err = -errno;
	return err ? errf(r->e, GS_EXIT_FAILED, err, "stdout: %s; the result is incomplete",
			  strerror(-err))
		   : 0;
}

/* Cumulative figures at a moment: what came since the one before is a result. */
static int at(void *ctx, u64 moment_ns, struct figures *f)
{
	struct report *r = ctx;
	int err = 0;

	(void)moment_ns;
	if (r->from_start || r->next) {
		struct figures *part = figures_interval(r->last, f);

		if (!part)
			err = errf(r->e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
		else if (r->opts->interval_ns)
			err = write_out(r, part);
		if (r->opts->interval_ns)
			figures_free(part);
		else
			r->part = part;
	}
	r->next++;
	figures_free(r->last);
	r->last = f;
	return err;
}

/* A moment as the user gave it, as CLOCK_MONOTONIC. */
static u64 absolute(const struct trace_info *info, const struct opts_moment *m)
{
	u64 ns = m->ns;

	if (m->is_unix)
		ns = ns > info->started_unix_ns ? ns - info->started_unix_ns : 0;
	return ns > UINT64_MAX / 2 ? UINT64_MAX / 2 : info->started_ns + ns;
}

static int range(struct report *r)
{
	const struct trace_info *info = trace_info(r->run.reader);
	u64 begin, end;

	trace_range(r->run.reader, &begin, &end);
	/* A flight recorder's memory, or what is left of a damaged recording, begins later. */
	if (begin < info->started_ns)
		begin = info->started_ns;
	r->from_ns = r->opts->from.given ? absolute(info, &r->opts->from) : begin;
	r->to_ns = r->opts->to.given ? absolute(info, &r->opts->to) : end;
	if (r->from_ns < begin)
		r->from_ns = begin;
	if (r->to_ns > end)
		r->to_ns = end;
	r->from_start = r->from_ns <= info->started_ns;
	if (r->from_ns < r->to_ns || (!r->opts->from.given && !r->opts->to.given))
		return 0;
	return errf(r->e, GS_EXIT_USAGE, -EINVAL,
		    "%s: nothing in that time; the recording is from %.3f to %.3f s",
		    info->directory, (double)(begin - info->started_ns) / 1e9,
		    (double)(end > info->started_ns ? end - info->started_ns : 0) / 1e9);
}

/* The moments whose figures are wanted: none if it is all of the recording, in one. */
static int moments(struct report *r)
{
	u64 step = r->opts->interval_ns, end, length = r->to_ns - r->from_ns, n = 1;

	trace_range(r->run.reader, &end, &end);
	if (!step && r->from_start && r->to_ns == end)
		return 0;
	if (step && length / step >= MAX_MOMENTS)
		return errf(r->e, GS_EXIT_USAGE, -EINVAL,
			    "--interval: more than a million of them in %s; make it longer",
			    fmt_ns(length).s);
	if (step && length > step)
		n = length / step + (length % step > 0);
	r->moments = calloc(n + 1, sizeof(*r->moments));
	if (!r->moments)
		return errf(r->e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	if (!r->from_start)
		r->moments[r->nmoments++] = r->from_ns;
	for (u64 i = 1; i <= n; i++) {
		u64 moment = r->from_ns + i * step;

		r->moments[r->nmoments++] = !step || moment > r->to_ns ? r->to_ns : moment;
	}
	return 0;
}

static int print_all(struct report *r)
{
	struct figures *f = r->part ? r->part : r->run.figures;

	if (r->opts->interval_ns)
		return 0;
	if (r->opts->thread && !f->nprocs)
		return errf(r->e, GS_EXIT_TARGET, -ESRCH, "--thread %llu: not in this recording",
			    (unsigned long long)r->opts->thread);
	if (r->part && replay_lists(r->run.replay, r->part))
		return errf(r->e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	return write_out(r, f);
}

static int report(struct report *r)
{
	struct replay_opts o = {
		.tid = (u32)r->opts->thread,
		.top = r->opts->top,
		.at = at,
		.ctx = r,
	};
	int err = range(r);

	if (!err)
		err = moments(r);
	if (err)
		return err;
	if (!r->from_start)
		o.from_ns = r->from_ns;
	if (r->opts->to.given)
		o.to_ns = r->to_ns;
	err = replay_run(&r->run, &o, r->moments, r->nmoments, r->e);
	if (!err)
		err = print_all(r);
	if (!err)
		replay_run_warn(&r->run);
	figures_free(r->last);
	figures_free(r->part);
	free(r->moments);
	return err;
}

int cmd_report(const struct opts *o, struct err *e)
{
	struct report r = { .opts = o, .out = exporter_find(o->format), .e = e };
	int err = trace_open(o->args[0], &r.run.reader, e);

	if (err)
		return err;
	err = report(&r);
	replay_run_done(&r.run);
	trace_close(r.run.reader);
	return err;
}
