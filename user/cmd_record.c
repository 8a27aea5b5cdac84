/* gilscope record: write every event to a recording, or keep the last ones for a snapshot. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/base/fmt.h"
#include "user/commands.h"
#include "user/export/exporter.h"
#include "user/model/stack_rows.h"
#include "user/record/recorder.h"
#include "user/recording_target.h"
#include "user/session.h"

/* Names, counts of types and losses are told this often. */
#define TICK_NS 1000000000ULL
#define NAMES_NS 200000000ULL /* and this often when there are threads that have no name yet */
#define STACKS_NS 100000000ULL /* what was counted in stacks is told this often */

struct record_run {
	const struct opts *opts;
	struct session *session;
	struct recorder *recorder;
	struct figures *last; /* the reading before */
	struct utsname host;
	struct trace_info info;
	u64 at_ns; /* when it ended */
	u64 named; /* recorder_state.new_threads as of the last reading */
	u64 stacks_ns; /* up to when what was done in stacks has been told */
	u64 telling_ns; /* and up to when it is being told; 0: none was yet */
};

static void on_target(void *ctx, const struct py_process *py, u64 since_ns, u32 seed_tid)
{
	struct record_run *r = ctx;
	const struct event ev = recording_target(r->session, py, since_ns, seed_tid);

	(void)recorder_add(r->recorder, &ev); /* without memory the recorder stops by itself */
}

/* What a reading tells and the records do not. */
static int tell_reading(struct record_run *r, struct err *e)
{
	u64 began = clock_mono_ns();
	struct figures *now = session_read(r->session), *part;
	int err = -ENOMEM;

	if (!now)
		return errf(e, GS_EXIT_FAILED, err, "memory: none left");
	part = figures_interval(r->last, now);
	if (part)
		err = recorder_figures(r->recorder, part, began);
	if (!err)
		err = recorder_probes(r->recorder, now);
	if (!err)
		err = recorder_cpus(r->recorder, now);
	figures_free(part);
	figures_free(r->last);
	r->last = now;
	return errf(err ? e : NULL, GS_EXIT_FAILED, err, "memory: none left");
}

static bool takes_stacks(const struct record_run *r)
{
	return r->opts->families & GS_FAMILY_BIT(GS_FAMILY_STACKS);
}

static int tell_stack(void *ctx, u32 pid, const struct stack_row *row,
		      const struct gs_stack_cost *more, u64 period_ns)
{
	struct record_run *r = ctx;
	struct event ev = {
		.kind = EVENT_STACK_COST,
		.pid = pid,
		.tid = row->tid,
		.sample_ns = (u32)period_ns,
		.samples = (u32)more->samples,
		.waiters = (u32)more->waiters,
		.caused_ns = more->off_caused_ns,
		.off_preempted_ns = more->off_preempted_ns,
		.off_blocked_ns = more->off_blocked_ns,
		.wait_ns = more->wait_ns,
		.paused_ns = more->paused_ns,
		.deallocs = more->deallocs,
	};

	/* Not before it was read: a wait that ended in between is part of it. */
	if (!r->telling_ns)
		r->telling_ns = clock_mono_ns();
	ev.ts_ns = r->telling_ns;
	ev.ns = r->telling_ns - r->stacks_ns;
	return recorder_stack_cost(r->recorder, &ev, row->frames);
}

/* What was done in stacks since the last time. */
static int tell_stacks(struct record_run *r, bool last, struct err *e)
{
	int err;

	if (!takes_stacks(r))
		return 0;
	r->telling_ns = 0;
	err = session_tell_stacks(r->session, last, tell_stack, r);
	r->stacks_ns = r->telling_ns ? r->telling_ns : clock_mono_ns();
	return errf(err ? e : NULL, GS_EXIT_FAILED, err, "stacks: cannot be read (%s)",
		    strerror(-err));
}

static const char *reason_of(int event)
{
	if (event == SESSION_STOP)
		return "interrupted";
	return event == SESSION_ENDED ? "the target ended" : "the time is over";
}

/* Until it has to end; *@ret_reason says why. */
static int run(struct record_run *r, const char **ret_reason, struct err *e)
{
	u64 start = session_started_ns(r->session), step = takes_stacks(r) ? STACKS_NS : NAMES_NS;
	u64 next = start + step, names = start + NAMES_NS, full = start + TICK_NS;
	u64 end = r->opts->duration_ns ? start + r->opts->duration_ns : UINT64_MAX;

	for (;;) {
		int event = session_wait(r->session, next < end ? next : end, -1), err = 0;
		struct recorder_state state = recorder_state(r->recorder);

		if (event < 0)
			return errf(e, GS_EXIT_FAILED, event, "measurement: %s", strerror(-event));
		if (event == SESSION_SNAPSHOT)
			recorder_snapshot(r->recorder, "SIGUSR2");
		*ret_reason = reason_of(event);
		if (event == SESSION_STOP || event == SESSION_ENDED || state.err)
			return 0;
		if (event != SESSION_TICK)
			continue;
		if (state.full) {
			*ret_reason = "--max-size is reached";
			return 0;
		}
		if (clock_mono_ns() >= end)
			return 0;
		err = tell_stacks(r, false, e);
		if (err)
			return err;
		next += step;
		if (next <= names)
			continue;
		names += NAMES_NS;
		if (names <= full && state.new_threads == r->named)
			continue;
		r->named = state.new_threads;
		err = tell_reading(r, e);
		if (err)
			return err;
		full = names - NAMES_NS + TICK_NS;
	}
}

static int stop(struct record_run *r, const char *reason, struct err *e)
{
	struct event end = {
		.kind = EVENT_END,
		.target_cpu_ns = EVENT_UNKNOWN,
		.text = { [EVENT_END_REASON] = reason },
	};
	int err = tell_stacks(r, true, e);

	if (!err)
		err = tell_reading(r, e);
	if (err)
		return err;
	r->at_ns = r->last->started_ns + r->last->duration_ns;
	end.tracer_cpu_ns = r->last->overhead.tracer_cpu_ns;
	end.target_cpu_ns = r->last->overhead.target_cpu_ns_estimate;
	return recorder_stop(r->recorder, r->at_ns, &end, e);
}

static void say(const struct record_run *r, const char *reason)
{
	struct recorder_state s = recorder_state(r->recorder);
	const struct opts *o = r->opts;

	if (o->ring_bytes)
		fprintf(stderr, "gilscope: %s: ended (%s); %u %s, %s events", o->output, reason,
			s.snapshots, s.snapshots == 1 ? "snapshot" : "snapshots",
			fmt_count(s.events).s);
	else
		fprintf(stderr, "gilscope: %s: recorded (%s); %llu events, %llu bytes", o->output,
			reason, (unsigned long long)s.events, (unsigned long long)s.bytes);
	if (s.ring_full)
		fprintf(stderr, ", LOST %llu (ring_full; raise --buffer)",
			(unsigned long long)s.ring_full);
	fputc('\n', stderr);
}

/* Why each could not be has been said when it was to be written. */
static int failed_snapshots(const struct record_run *r, struct err *e)
{
	unsigned int n = recorder_state(r->recorder).failed;

	return n ? errf(e, GS_EXIT_FAILED, -EIO, "%s: %u %s could not be written", r->opts->output,
			n, n == 1 ? "snapshot" : "snapshots")
		 : 0;
}

/* --format: the figures, as stat would have printed them. */
static int print(const struct record_run *r, struct err *e)
{
	const struct exporter_ops *out = exporter_find(r->opts->figures);
	int err = out ? out->write(stdout, r->last) : 0;

	return err ? errf(e, GS_EXIT_FAILED, err, "stdout: %s; the result is incomplete",
			  strerror(-err))
		   : 0;
}

static void fill_info(struct record_run *r)
{
	r->info = recording_info(r->session, r->opts, r->opts->output, &r->host);
}

static int measure(struct record_run *r, struct err *e)
{
	const char *reason = "";
	int err = session_start(r->session, e);

	if (err)
		return err;
	fill_info(r);
	r->stacks_ns = r->info.started_ns;
	err = recorder_start(r->recorder, &r->info, e);
	if (!err) {
		fprintf(stderr, "gilscope: measuring%s\n",
			r->opts->duration_ns ? "" : "; ^C ends the recording");
		err = tell_reading(r, e);
	}
	if (!err)
		err = run(r, &reason, e);
	if (!err)
		err = stop(r, reason, e);
	if (!err)
		say(r, reason);
	if (!err && r->opts->figures)
		err = print(r, e);
	return err ? err : failed_snapshots(r, e);
}

int cmd_record(const struct opts *o, struct err *e)
{
	struct record_run r = { .opts = o };
	struct recorder_opts ro = {
		.directory = o->output,
		.force = o->force,
		.max_bytes = o->max_bytes,
		.ring_bytes = o->ring_bytes,
		.triggers = o->triggers,
		.ntriggers = o->ntriggers,
	};
	int err = session_open(o, &r.session, e);

	if (err)
		return err;
	ro.maps = session_maps(r.session);
	err = recorder_open(&ro, &r.recorder, e);
	if (!err) {
		session_on_target(r.session, on_target, &r);
		err = measure(&r, e);
	}
	figures_free(r.last);
	recorder_free(r.recorder);
	session_leave(r.session);
	return err;
}
