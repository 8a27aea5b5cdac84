/*
 * The column tables: every figure once, with its name, kind and place.  The order is that of
 * the JSON contract.  A member that is missing here is missing in every output.
 */
#include "user/model/figures.h"

/* One figure a line, whatever their lengths. */
/* clang-format off */
#define COL(row, kind, member) { #member, kind, offsetof(struct row, member), false }
#define HIDDEN(row, kind, member) { #member, kind, offsetof(struct row, member), true }
#define END { NULL, 0, 0, false }

static const struct fig_column gil_columns[] = {
	COL(fig_gil, FIG_ADDRESS, address),
	COL(fig_gil, FIG_TIME, held_ns),
	COL(fig_gil, FIG_REAL, held_ratio),
	COL(fig_gil, FIG_STATIC, held_source),
	COL(fig_gil, FIG_REAL, held_error_ratio),
	COL(fig_gil, FIG_COUNT, takes),
	COL(fig_gil, FIG_COUNT, contended_takes),
	COL(fig_gil, FIG_COUNT, handovers),
	COL(fig_gil, FIG_COUNT, forced_releases),
	COL(fig_gil, FIG_TIME, wait_ns),
	COL(fig_gil, FIG_TIME, contended_ns),
	COL(fig_gil, FIG_TIME, held_offcpu_ns),
	COL(fig_gil, FIG_TIME, held_preempted_ns),
	COL(fig_gil, FIG_LEVEL, hold_floor_ns),
	COL(fig_gil, FIG_LEVEL, holder_tid),
	COL(fig_gil, FIG_COUNT, samples),
	COL(fig_gil, FIG_COUNT, ambiguous_waits),
	COL(fig_gil, FIG_TIME, wait_runnable_ns),
	END,
};

#define THREAD_FT(kind, member) { #member, kind, offsetof(struct fig_thread, ft.member), false }

static const struct fig_column thread_columns[] = {
	COL(fig_thread, FIG_ID, tid),
	COL(fig_thread, FIG_NUMBER, ns_tid),
	COL(fig_thread, FIG_TEXT, name),
	COL(fig_thread, FIG_FLAG, exited),
	HIDDEN(fig_thread, FIG_KEY, start_ns),
	COL(fig_thread, FIG_COUNT, takes),
	COL(fig_thread, FIG_COUNT, contended_takes),
	COL(fig_thread, FIG_COUNT, forced_releases),
	COL(fig_thread, FIG_TIME, held_ns),
	COL(fig_thread, FIG_TIME, held_offcpu_ns),
	COL(fig_thread, FIG_TIME, held_preempted_ns),
	COL(fig_thread, FIG_TIME, wait_ns),
	COL(fig_thread, FIG_HIST, hold),
	COL(fig_thread, FIG_HIST, wait),
	COL(fig_thread, FIG_TIME, wait_runnable_ns),
	THREAD_FT(FIG_COUNT, stops),
	THREAD_FT(FIG_TIME, stopping_ns),
	THREAD_FT(FIG_TIME, stopped_ns),
	THREAD_FT(FIG_TIME, suspended_ns),
	THREAD_FT(FIG_COUNT, mutex_waits),
	THREAD_FT(FIG_TIME, mutex_wait_ns),
	THREAD_FT(FIG_LEVEL, mutex_wait_max_ns),
	THREAD_FT(FIG_LEVEL, mutex_holder_tid),
	THREAD_FT(FIG_COUNT, critical_waits),
	END,
};

static const struct fig_column blame_columns[] = {
	COL(fig_blame, FIG_ID, holder_tid),
	COL(fig_blame, FIG_ID, waiter_tid),
	COL(fig_blame, FIG_COUNT, waits),
	COL(fig_blame, FIG_TIME, wait_ns),
	END,
};

static const struct fig_column gc_columns[] = {
	COL(fig_gc, FIG_ID, generation),
	COL(fig_gc, FIG_COUNT, collections),
	COL(fig_gc, FIG_COUNT, collected),
	COL(fig_gc, FIG_COUNT, uncollectable),
	COL(fig_gc, FIG_HIST, pause),
	COL(fig_gc, FIG_TIME, stalled_ns),
	END,
};

static const struct fig_column io_columns[] = {
	COL(fig_io, FIG_LABEL, call),
	COL(fig_io, FIG_COUNT, calls),
	COL(fig_io, FIG_COUNT, wakeups),
	COL(fig_io, FIG_COUNT, timeouts),
	COL(fig_io, FIG_COUNT, errors),
	COL(fig_io, FIG_COUNT, events),
	COL(fig_io, FIG_HIST, blocked),
	COL(fig_io, FIG_HIST, wake_to_run),
	COL(fig_io, FIG_HIST, wake_to_gil),
	COL(fig_io, FIG_HIST, wake_gil_wait),
	END,
};

#define TYPE_KIND(k) \
	HIDDEN(fig_type, FIG_COUNT, kinds[k].deallocs), \
	HIDDEN(fig_type, FIG_COUNT, kinds[k].squares), \
	HIDDEN(fig_type, FIG_COUNT, kinds[k].products), \
	HIDDEN(fig_type, FIG_COUNT, kinds[k].by_hits)

static const struct fig_column type_columns[] = {
	COL(fig_type, FIG_TEXT, type),
	HIDDEN(fig_type, FIG_KEY, key),
	COL(fig_type, FIG_COUNT, deallocs),
	COL(fig_type, FIG_COUNT, allocs),
	COL(fig_type, FIG_COUNT, deallocs_counted),
	HIDDEN(fig_type, FIG_COUNT, allocs_counted),
	HIDDEN(fig_type, FIG_COUNT, deallocs_full),
	HIDDEN(fig_type, FIG_COUNT, allocs_full),
	TYPE_KIND(0),
	TYPE_KIND(1),
	TYPE_KIND(2),
	COL(fig_type, FIG_REAL, error_ratio),
	END,
};

static const struct fig_column loop_columns[] = {
	COL(fig_loop, FIG_ID, tid),
	COL(fig_loop, FIG_TEXT, name),
	COL(fig_loop, FIG_FLAG, exited),
	HIDDEN(fig_loop, FIG_KEY, start_ns),
	COL(fig_loop, FIG_COUNT, iterations),
	COL(fig_loop, FIG_HIST, iteration),
	COL(fig_loop, FIG_COUNT, steps),
	COL(fig_loop, FIG_HIST, step),
	COL(fig_loop, FIG_COUNT, blocked),
	COL(fig_loop, FIG_TIME, blocked_ns),
	COL(fig_loop, FIG_COUNT, blocked_steps),
	COL(fig_loop, FIG_LEVEL, blocked_over_ns),
	COL(fig_loop, FIG_LEVEL, running_ns),
	COL(fig_loop, FIG_HIST, step_delay),
	END,
};

static const struct fig_column ft_columns[] = {
	COL(fig_ft, FIG_LABEL, what),
	COL(fig_ft, FIG_STATIC, meaning),
	COL(fig_ft, FIG_HIST, time),
	END,
};

static const struct fig_column stack_columns[] = {
	COL(fig_stack, FIG_ID, tid),
	COL(fig_stack, FIG_ADDRESS, id),
	COL(fig_stack, FIG_FRAMES, frames),
	COL(fig_stack, FIG_COUNT, samples),
	COL(fig_stack, FIG_TIME, held_ns),
	COL(fig_stack, FIG_TIME, held_offcpu_ns),
	COL(fig_stack, FIG_TIME, held_preempted_ns),
	COL(fig_stack, FIG_TIME, wait_ns),
	COL(fig_stack, FIG_TIME, caused_wait_ns),
	COL(fig_stack, FIG_TIME, paused_ns),
	COL(fig_stack, FIG_COUNT, deallocs),
	END,
};

static const struct fig_column blocked_columns[] = {
	COL(fig_blocked, FIG_ID, tid),
	COL(fig_blocked, FIG_LABEL, call),
	COL(fig_blocked, FIG_COUNT, count),
	COL(fig_blocked, FIG_TIME, ns),
	COL(fig_blocked, FIG_LEVEL, max_ns),
	END,
};

const struct fig_column fig_budget_columns[] = {
	COL(fig_budget, FIG_LABEL, family),
	COL(fig_budget, FIG_STATIC, state),
	COL(fig_budget, FIG_LEVEL, since_unix_ns),
	COL(fig_budget, FIG_STATIC, why),
	COL(fig_budget, FIG_REAL, observed_ratio),
	COL(fig_budget, FIG_REAL, cost_ratio),
	END,
};

static const struct fig_column probe_columns[] = {
	COL(fig_probe, FIG_LABEL, family),
	COL(fig_probe, FIG_LABEL, event),
	COL(fig_probe, FIG_NAME, file),
	COL(fig_probe, FIG_ADDRESS, offset),
	COL(fig_probe, FIG_STATIC, found_by),
	COL(fig_probe, FIG_TEXT, instruction),
	COL(fig_probe, FIG_COUNT, hits),
	END,
};

static const struct fig_column lost_columns[] = {
	COL(fig_lost, FIG_LABEL, cause),
	COL(fig_lost, FIG_COUNT, count),
	COL(fig_lost, FIG_STATIC, families),
	COL(fig_lost, FIG_STATIC, help),
	END,
};

static const struct fig_column longest_columns[] = {
	COL(fig_longest, FIG_LABEL, kind),
	COL(fig_longest, FIG_LEVEL, since_start_ns),
	COL(fig_longest, FIG_KEY, begin_unix_ns),
	COL(fig_longest, FIG_LEVEL, ns),
	COL(fig_longest, FIG_FLAG, mid),
	COL(fig_longest, FIG_ID, pid),
	COL(fig_longest, FIG_ID, tid),
	COL(fig_longest, FIG_TEXT, name),
	COL(fig_longest, FIG_LEVEL, generation),
	COL(fig_longest, FIG_STATIC, call),
	COL(fig_longest, FIG_LEVEL, holder_tid),
	COL(fig_longest, FIG_TEXT, holder_name),
	END,
};

static const struct fig_column lost_range_columns[] = {
	COL(fig_lost_range, FIG_LABEL, cause),
	COL(fig_lost_range, FIG_LEVEL, count),
	COL(fig_lost_range, FIG_KEY, from_unix_ns),
	COL(fig_lost_range, FIG_KEY, to_unix_ns),
	COL(fig_lost_range, FIG_FLAG, merged),
	END,
};

#define TYPES_KIND(k) \
	HIDDEN(fig_process, FIG_COUNT, types_kinds[k].bursts), \
	HIDDEN(fig_process, FIG_COUNT, types_kinds[k].us), \
	HIDDEN(fig_process, FIG_COUNT, types_kinds[k].us2), \
	HIDDEN(fig_process, FIG_COUNT, types_kinds[k].hits), \
	HIDDEN(fig_process, FIG_COUNT, types_kinds[k].hits2)

#define CPU(kind, member) { #member, kind, offsetof(struct fig_process, cpu.member), false }

const struct fig_column fig_process_columns[] = {
	COL(fig_process, FIG_ID, pid),
	COL(fig_process, FIG_NUMBER, ns_pid),
	COL(fig_process, FIG_FLAG, exited),
	HIDDEN(fig_process, FIG_LEVEL, start_ns),
	COL(fig_process, FIG_TEXT, command),
	HIDDEN(fig_process, FIG_TEXT, cgroup),
	COL(fig_process, FIG_TIME, measured_ns),
	COL(fig_process, FIG_FLAG, gil_enabled),
	COL(fig_process, FIG_TEXT, types_coverage),
	COL(fig_process, FIG_STATIC, types_source),
	COL(fig_process, FIG_TIME, types_observed_ns),
	HIDDEN(fig_process, FIG_TIME, types_full_ns),
	COL(fig_process, FIG_COUNT, types_bursts),
	TYPES_KIND(0),
	TYPES_KIND(1),
	TYPES_KIND(2),
	CPU(FIG_LEVEL, switch_interval_ns),
	CPU(FIG_COUNT, cgroup_throttled),
	CPU(FIG_TIME, cgroup_throttled_ns),
	END,
};

#define PYTHON(kind, member) { #member, kind, offsetof(struct fig_process, python.member), false }

const struct fig_column fig_python_columns[] = {
	PYTHON(FIG_TEXT, version),
	PYTHON(FIG_TEXT, path),
	PYTHON(FIG_TEXT, build_id),
	PYTHON(FIG_FLAG, free_threaded),
	PYTHON(FIG_FLAG, debug),
	END,
};

/* Where an interval starts is worked out by figures_interval(): as of now, for a copy. */
const struct fig_column fig_figures_columns[] = {
	COL(figures, FIG_STATIC, mode),
	COL(figures, FIG_LEVEL, started_unix_ns),
	HIDDEN(figures, FIG_LEVEL, started_ns),
	COL(figures, FIG_TIME, duration_ns),
	END,
};

#define OVERHEAD(kind, member) { #member, kind, offsetof(struct figures, overhead.member), false }

const struct fig_column fig_overhead_columns[] = {
	OVERHEAD(FIG_TIME, tracer_cpu_ns),
	OVERHEAD(FIG_COUNT, probe_hits),
	OVERHEAD(FIG_TIME, target_cpu_ns_estimate),
	OVERHEAD(FIG_LEVEL, hit_ns),
	OVERHEAD(FIG_REAL, hits_per_s),
	{ "stack_walks", FIG_COUNT, offsetof(struct figures, overhead.stack_walks), true },
	END,
};

#define TABLE(key, row, outer, rows, n, flag, cols) \
	{ key, sizeof(struct row), offsetof(struct outer, rows), offsetof(struct outer, n), flag, cols }
#define MEASURED(flag) offsetof(struct fig_process, flag)

/* There is no process without threads: their figures may be null, the list is not. */
const struct fig_table_desc fig_tables[FIG_TABLE_COUNT] = {
	[FIG_GILS] = TABLE("gils", fig_gil, fig_process, gils, ngils, MEASURED(gil_measured),
			   gil_columns),
	[FIG_THREADS] = TABLE("threads", fig_thread, fig_process, threads, nthreads, FIG_ALWAYS,
			      thread_columns),
	[FIG_BLAME] = TABLE("blame", fig_blame, fig_process, blame, nblame,
			    MEASURED(blame_measured), blame_columns),
	[FIG_GC] = TABLE("gc", fig_gc, fig_process, gc, ngc, MEASURED(gc_measured), gc_columns),
	[FIG_IO] = TABLE("io", fig_io, fig_process, io, nio, MEASURED(io_measured), io_columns),
	[FIG_TYPES] = TABLE("types", fig_type, fig_process, types, ntypes, MEASURED(types_measured),
			    type_columns),
	[FIG_ASYNCIO] = TABLE("asyncio", fig_loop, fig_process, loops, nloops,
			      MEASURED(asyncio_measured), loop_columns),
	[FIG_FT] = TABLE("ft", fig_ft, fig_process, ft, nft, MEASURED(ft_measured), ft_columns),
	[FIG_STACKS] = TABLE("stacks", fig_stack, fig_process, stacks, nstacks,
			     MEASURED(stacks_measured), stack_columns),
	[FIG_BLOCKED] = TABLE("held_blocked", fig_blocked, fig_process, blocked, nblocked,
			      MEASURED(blocked_measured), blocked_columns),
};

const struct fig_table_desc fig_top_tables[FIG_TOP_TABLE_COUNT] = {
	[FIG_PROBES] =
		TABLE("probes", fig_probe, figures, probes, nprobes, FIG_ALWAYS, probe_columns),
	[FIG_LOST] = TABLE("lost", fig_lost, figures, lost, nlost, FIG_ALWAYS, lost_columns),
	[FIG_LONGEST] = TABLE("longest", fig_longest, figures, longest, nlongest,
			      offsetof(struct figures, longest_measured), longest_columns),
	[FIG_LOST_RANGES] = TABLE("lost_ranges", fig_lost_range, figures, lost_ranges, nlost_ranges,
				  offsetof(struct figures, lost_ranges_measured),
				  lost_range_columns),
};
/* clang-format on */

struct fig_rows fig_rows(const struct fig_table_desc *t, const void *base)
{
	const char *p = base;
	struct fig_rows r = {
		.row = *(char *const *)(p + t->array),
		.count = *(const size_t *)(p + t->count),
		.measured = t->measured == FIG_ALWAYS || *(const bool *)(p + t->measured),
	};

	return r;
}
