/*
 * openmetrics: the whole recording's totals as a text exposition, valid as OpenMetrics 1.0 and as
 * Prometheus text.
 *
 * trace_metrics.h says how; whoever knows the naming sees a counter by its _total.  Gauges and
 * histograms are the same in both.
 *
 * All samples of a metric must be together, so each metric goes over all processes.
 */
#include <errno.h>
#include <stdlib.h>

#include "user/export/trace_exporter.h"
#include "user/export/trace_metrics.h"

/* clang-format off */
#define ROW(table, row, type, name, unit, member, help) \
	{ name, unit, table, type, offsetof(struct row, member), help }
#define THREAD(...) ROW(FIG_THREADS, fig_thread, __VA_ARGS__)
#define GIL(...) ROW(FIG_GILS, fig_gil, __VA_ARGS__)
#define GC(...) ROW(FIG_GC, fig_gc, __VA_ARGS__)
#define IO(...) ROW(FIG_IO, fig_io, __VA_ARGS__)
#define TYPE(...) ROW(FIG_TYPES, fig_type, __VA_ARGS__)
#define LOOP(...) ROW(FIG_ASYNCIO, fig_loop, __VA_ARGS__)
#define FT(...) ROW(FIG_FT, fig_ft, __VA_ARGS__)

const struct trace_metric trace_metric_list[] = {
	THREAD(METRIC_COUNTER, "gilscope_gil_held_seconds", "seconds", held_ns, "Time the thread held the GIL."),
	THREAD(METRIC_COUNTER, "gilscope_gil_wait_seconds", "seconds", wait_ns, "Time the thread waited for the GIL."),
	THREAD(METRIC_COUNTER, "gilscope_gil_wait_runnable_seconds", "seconds", wait_runnable_ns, "Part of it in which the thread could have run, but for a CPU."),
	THREAD(METRIC_COUNTER, "gilscope_gil_held_off_cpu_seconds", "seconds", held_offcpu_ns, "Time the thread held the GIL without running."),
	THREAD(METRIC_COUNTER, "gilscope_gil_held_preempted_seconds", "seconds", held_preempted_ns, "Part of it in which the thread could have run."),
	THREAD(METRIC_COUNTER, "gilscope_gil_takes", "", takes, "Acquisitions of the GIL."),
	THREAD(METRIC_COUNTER, "gilscope_gil_contended_takes", "", contended_takes, "Acquisitions of the GIL that found it taken."),
	THREAD(METRIC_COUNTER, "gilscope_gil_forced_releases", "", forced_releases, "Releases of the GIL because another thread asked."),
	THREAD(METRIC_HISTOGRAM, "gilscope_gil_hold_duration_seconds", "seconds", hold, "Lengths of finished holds of the GIL."),
	THREAD(METRIC_HISTOGRAM, "gilscope_gil_wait_duration_seconds", "seconds", wait, "Lengths of finished waits for the GIL."),
	GIL(METRIC_COUNTER, "gilscope_gil_contended_seconds", "seconds", contended_ns, "Time in which at least one thread waited for the GIL."),
	GIL(METRIC_COUNTER, "gilscope_gil_handovers", "", handovers, "Holds whose thread differs from that of the hold before."),
	GIL(METRIC_LEVEL, "gilscope_gil_hold_floor_seconds", "seconds", hold_floor_ns, "What the measurement adds to each hold, about."),
	GC(METRIC_COUNTER, "cpython_gc_collections", "", collections, "Collections of a generation since the measurement began (OpenTelemetry's cpython.gc.collections)."),
	GC(METRIC_COUNTER, "cpython_gc_collected_objects", "", collected, "Objects collected since the measurement began (cpython.gc.collected_objects)."),
	GC(METRIC_COUNTER, "cpython_gc_uncollectable_objects", "", uncollectable, "Objects found uncollectable since the measurement began (cpython.gc.uncollectable_objects)."),
	GC(METRIC_HISTOGRAM, "gilscope_gc_pause_seconds", "seconds", pause, "Lengths of collections."),
	GC(METRIC_COUNTER, "gilscope_gc_stalled_seconds", "seconds", stalled_ns, "Time other threads waited for the GIL while the collector held it."),
	IO(METRIC_COUNTER, "gilscope_io_calls", "", calls, "Calls that returned."),
	IO(METRIC_COUNTER, "gilscope_io_wakeups", "", wakeups, "Calls that returned events after they slept."),
	IO(METRIC_COUNTER, "gilscope_io_timeouts", "", timeouts, "Calls that returned no event though they were willing to wait."),
	IO(METRIC_COUNTER, "gilscope_io_errors", "", errors, "Calls that failed."),
	IO(METRIC_COUNTER, "gilscope_io_events", "", events, "Events returned."),
	IO(METRIC_HISTOGRAM, "gilscope_io_blocked_seconds", "seconds", blocked, "Time asleep in a call, until woken."),
	IO(METRIC_HISTOGRAM, "gilscope_io_wake_to_run_seconds", "seconds", wake_to_run, "From woken until running."),
	IO(METRIC_HISTOGRAM, "gilscope_io_wake_to_gil_seconds", "seconds", wake_to_gil, "From woken until the GIL was owned."),
	IO(METRIC_HISTOGRAM, "gilscope_io_wake_gil_wait_seconds", "seconds", wake_gil_wait, "Part of it in which the thread waited for the GIL."),
	TYPE(METRIC_COUNTER, "gilscope_deallocations", "", deallocs, "Objects deallocated."),
	TYPE(METRIC_COUNTER, "gilscope_creations", "", allocs, "Objects created."),
	LOOP(METRIC_COUNTER, "gilscope_asyncio_iterations", "", iterations, "Finished iterations of event loops."),
	LOOP(METRIC_COUNTER, "gilscope_asyncio_steps", "", steps, "Times a task's coroutine was resumed."),
	LOOP(METRIC_COUNTER, "gilscope_asyncio_blocked", "", blocked, "Iterations that took so long that they blocked their loop."),
	LOOP(METRIC_COUNTER, "gilscope_asyncio_blocked_seconds", "seconds", blocked_ns, "Their time."),
	LOOP(METRIC_HISTOGRAM, "gilscope_asyncio_iteration_duration_seconds", "seconds", iteration, "From a return of the selector's call to its next entry."),
	LOOP(METRIC_HISTOGRAM, "gilscope_asyncio_step_duration_seconds", "seconds", step, "Lengths of task steps."),
	LOOP(METRIC_HISTOGRAM, "gilscope_asyncio_step_delay_seconds", "seconds", step_delay, "From the wake-up in the selector's call until the first step of the iteration."),
	FT(METRIC_HISTOGRAM, "gilscope_free_threading_seconds", "seconds", time, "What takes the threads' time without a GIL: stopping the world, stopped, suspended by it, asleep for a mutex."),
	THREAD(METRIC_COUNTER, "gilscope_free_threading_stops", "", ft.stops, "Stops of the world by the thread."),
	THREAD(METRIC_COUNTER, "gilscope_free_threading_mutex_waits", "", ft.mutex_waits, "Times the thread slept for a mutex."),
	THREAD(METRIC_COUNTER, "gilscope_free_threading_mutex_wait_seconds", "seconds", ft.mutex_wait_ns, "Time the thread slept for mutexes."),
	THREAD(METRIC_COUNTER, "gilscope_free_threading_critical_waits", "", ft.critical_waits, "Critical sections that the thread found taken."),
};
/* clang-format on */

const size_t trace_metric_count = sizeof(trace_metric_list) / sizeof(trace_metric_list[0]);

static void write_metric(struct trace_metrics *m, const struct trace_metric *d)
{
	static const char *const types[] = {
		[METRIC_LEVEL] = "gauge", [METRIC_HISTOGRAM] = "histogram"
	};
	bool counter = d->type == METRIC_COUNTER, seconds = *d->unit;

	trace_metric_begin(m, d->name, counter ? NULL : types[d->type], d->unit, d->help);
	for (size_t i = 0; i < m->count; i++) {
		const struct trace_metric_row *r = &m->rows[i];
		const void *member = (const char *)r->row + d->offset;

		if (r->table != d->table)
			continue;
		if (d->type == METRIC_HISTOGRAM)
			trace_metric_hist(m, d->name, r->labels, member);
		else
			trace_metric_value(m, d->name, counter ? "_total" : "", r->labels,
					   *(const u64 *)member, seconds);
	}
}

/* Facts as labels of a sample that is @value. */
static int fact(struct trace_metrics *m, const char *name, const char *suffix, const char *prefix,
		const char *const *pairs, u64 value)
{
	char *labels = trace_metric_labels(prefix, pairs);

	if (!labels)
		return -ENOMEM;
	trace_metric_value(m, name, suffix, labels, value, false);
	free(labels);
	return 0;
}

static int about(struct trace_metrics *m, const struct trace_info *info, const struct figures *f)
{
	const char *const recording[] = { "gilscope", info->gilscope, "mode",
					  info->mode, "kernel",	      info->kernel,
					  "host",     info->host,     NULL };
	int err;

	trace_metric_begin(m, "gilscope_recording_info", "gauge", "", "The recording.");
	err = fact(m, "gilscope_recording_info", "", "", recording, 1);
	trace_metric_begin(m, "gilscope_started_timestamp_seconds", "gauge", "seconds",
			   "When the measurement began, since 1970.");
	trace_metric_value(m, "gilscope_started_timestamp_seconds", "", "", f->started_unix_ns,
			   true);
	trace_metric_begin(m, "gilscope_duration_seconds", "gauge", "seconds",
			   "How long was measured.");
	trace_metric_value(m, "gilscope_duration_seconds", "", "", f->duration_ns, true);
	return err;
}

static int processes(struct trace_metrics *m, const struct figures *f)
{
	int err = 0;

	trace_metric_begin(m, "gilscope_process_info", "gauge", "", "A measured process.");
	for (size_t i = 0; !err && i < f->nprocs; i++) {
		const struct fig_process *p = &f->procs[i];
		const char *const pairs[] = {
			"command",  p->command,
			"python",   p->python.version,
			"path",	    p->python.path,
			"build_id", p->python.build_id ? p->python.build_id : "",
			NULL
		};

		err = fact(m, "gilscope_process_info", "", m->pids[i], pairs, 1);
	}
	trace_metric_begin(m, "gilscope_process_measured_seconds", "gauge", "seconds",
			   "How long the process was measured.");
	for (size_t i = 0; i < f->nprocs; i++)
		trace_metric_value(m, "gilscope_process_measured_seconds", "", m->pids[i],
				   f->procs[i].measured_ns, true);
	return err;
}

static int losses(struct trace_metrics *m, const struct figures *f)
{
	int err = 0;

	trace_metric_begin(m, "gilscope_lost_events", NULL, "",
			   "What is missing in the other metrics, by cause.");
	for (size_t i = 0; !err && i < f->nlost; i++) {
		const char *const pairs[] = { "cause", f->lost[i].cause, "families",
					      f->lost[i].families, NULL };

		err = fact(m, "gilscope_lost_events", "_total", "", pairs, f->lost[i].count);
	}
	return err;
}

static void cost(struct trace_metrics *m, const struct figures *f)
{
	trace_metric_begin(m, "gilscope_tracer_cpu_seconds", NULL, "seconds",
			   "CPU time gilscope used.");
	trace_metric_value(m, "gilscope_tracer_cpu_seconds", "_total", "",
			   f->overhead.tracer_cpu_ns, true);
	trace_metric_begin(m, "gilscope_probe_hits", NULL, "", "Hits of all probes.");
	trace_metric_value(m, "gilscope_probe_hits", "_total", "", f->overhead.probe_hits, false);
	trace_metric_begin(m, "gilscope_target_cpu_estimate_seconds", NULL, "seconds",
			   "CPU time the probes took from the measured processes: hits times the "
			   "measured cost of one.");
	trace_metric_value(m, "gilscope_target_cpu_estimate_seconds", "_total", "",
			   f->overhead.target_cpu_ns_estimate, true);
}

static int openmetrics_begin(struct trace_export *x)
{
	(void)x;
	return 0;
}

static int openmetrics_end(struct trace_export *x, const struct figures *f)
{
	struct trace_metrics m = { .out = x->out };
	int err;

	if (!f)
		return -EINVAL;
	err = trace_metrics_rows(&m, f);
	if (!err)
		err = about(&m, x->info, f);
	if (!err)
		err = processes(&m, f);
	for (size_t i = 0; !err && i < trace_metric_count; i++)
		write_metric(&m, &trace_metric_list[i]);
	if (!err)
		err = losses(&m, f);
	if (!err) {
		cost(&m, f);
		out_str(x->out, "# EOF\n");
	}
	trace_metrics_free(&m);
	return err;
}

const struct trace_exporter_ops trace_openmetrics_exporter = {
	.name = "openmetrics",
	.help = "totals for Prometheus and OpenMetrics readers",
	.wants_figures = true,
	.begin = openmetrics_begin,
	.end = openmetrics_end,
};
