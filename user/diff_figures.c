/* The figures that a diff compares, by what they belong to; see diff.h. */
#include "user/diff.h"

/* clang-format off */
#define SHARE(name, row, part) { name, DIFF_SHARE, offsetof(struct row, part), 0 }
#define RATE(name, row, part) { name, DIFF_RATE, offsetof(struct row, part), 0 }
#define MEAN(name, row, part, of) \
	{ name, DIFF_MEAN_NS, offsetof(struct row, part), offsetof(struct row, of) }
#define END { NULL, 0, 0, 0 }

static const struct diff_figure gil_figures[] = {
	SHARE("held", fig_gil, held_ns),
	SHARE("waiting", fig_gil, wait_ns),
	SHARE("contended", fig_gil, contended_ns),
	SHARE("held_offcpu", fig_gil, held_offcpu_ns),
	SHARE("held_preempted", fig_gil, held_preempted_ns),
	RATE("takes", fig_gil, takes),
	RATE("contended_takes", fig_gil, contended_takes),
	RATE("handovers", fig_gil, handovers),
	RATE("forced_releases", fig_gil, forced_releases),
	MEAN("mean_hold", fig_gil, held_ns, takes),
	MEAN("mean_wait", fig_gil, wait_ns, contended_takes),
	END,
};

static const struct diff_figure thread_figures[] = {
	SHARE("held", fig_thread, held_ns),
	SHARE("waiting", fig_thread, wait_ns),
	RATE("takes", fig_thread, takes),
	RATE("forced_releases", fig_thread, forced_releases),
	MEAN("mean_hold", fig_thread, hold.sum_ns, hold.count),
	MEAN("mean_wait", fig_thread, wait.sum_ns, wait.count),
	END,
};

static const struct diff_figure gc_figures[] = {
	SHARE("paused", fig_gc, pause.sum_ns),
	SHARE("stalled", fig_gc, stalled_ns),
	RATE("collections", fig_gc, collections),
	RATE("collected", fig_gc, collected),
	MEAN("mean_pause", fig_gc, pause.sum_ns, pause.count),
	END,
};

static const struct diff_figure io_figures[] = {
	RATE("calls", fig_io, calls),
	RATE("wakeups", fig_io, wakeups),
	RATE("timeouts", fig_io, timeouts),
	RATE("errors", fig_io, errors),
	RATE("events", fig_io, events),
	MEAN("mean_blocked", fig_io, blocked.sum_ns, blocked.count),
	MEAN("mean_wake_to_run", fig_io, wake_to_run.sum_ns, wake_to_run.count),
	MEAN("mean_wake_to_gil", fig_io, wake_to_gil.sum_ns, wake_to_gil.count),
	END,
};

static const struct diff_figure loop_figures[] = {
	SHARE("busy", fig_loop, iteration.sum_ns),
	SHARE("blocked", fig_loop, blocked_ns),
	RATE("iterations", fig_loop, iterations),
	RATE("steps", fig_loop, steps),
	RATE("blocked_iterations", fig_loop, blocked),
	RATE("blocked_steps", fig_loop, blocked_steps),
	MEAN("mean_iteration", fig_loop, iteration.sum_ns, iteration.count),
	MEAN("mean_step", fig_loop, step.sum_ns, step.count),
	END,
};

static const struct diff_figure ft_figures[] = {
	SHARE("time", fig_ft, time.sum_ns),
	RATE("times", fig_ft, time.count),
	MEAN("mean", fig_ft, time.sum_ns, time.count),
	END,
};
/* clang-format on */

#define FITS(figures) \
	_Static_assert(sizeof(figures) / sizeof((figures)[0]) <= DIFF_FIGURES + 1, #figures)
FITS(gil_figures);
FITS(thread_figures);
FITS(gc_figures);
FITS(io_figures);
FITS(loop_figures);
FITS(ft_figures);

const struct diff_figure *const diff_figures[DIFF_GROUP_COUNT] = {
	[DIFF_GIL] = gil_figures, [DIFF_THREAD] = thread_figures, [DIFF_GC] = gc_figures,
	[DIFF_IO] = io_figures,	  [DIFF_LOOP] = loop_figures,	  [DIFF_FT] = ft_figures,
};

const char *const diff_group_names[DIFF_GROUP_COUNT] = {
	[DIFF_GIL] = "gil", [DIFF_THREAD] = "thread", [DIFF_GC] = "gc",
	[DIFF_IO] = "io",   [DIFF_LOOP] = "loop",     [DIFF_FT] = "ft",
};
