/* The processes of a measurement as one row: sums of what their tables say. */
#ifndef GS_USER_MODEL_FIG_TOTALS_H
#define GS_USER_MODEL_FIG_TOTALS_H

#include "user/model/figures.h"

/*
 * Counts and times as in the tables of a process, summed over all of its rows.  FIG_NULL where
 * no process has the figure.  Times of several GILs can sum up to more than the duration.
 */
struct fig_totals {
	u32 processes; /* ended ones included, as far as they are shown */
	u32 running;
	u32 threads; /* that have not ended */
	u64 measured_ns;
	u64 held_ns;
	u64 takes;
	u64 contended_takes;
	u64 handovers;
	u64 forced_releases;
	u64 wait_ns;
	u64 held_offcpu_ns;
	u64 collections;
	u64 collected;
	u64 uncollectable;
	u64 gc_pause_ns;
	u64 stalled_ns;
	u64 io_calls;
	u64 io_wakeups;
	u64 io_timeouts;
	u64 io_events;
	u64 deallocs;
};

/* As in the totals object of the JSON contract. */
extern const struct fig_column fig_totals_columns[];

/* The sums of the one process @p into *@ret_t. */
void fig_totals_of(const struct fig_process *p, struct fig_totals *ret_t);

/* The sums of all processes of @f into *@ret_t. */
void fig_totals(const struct figures *f, struct fig_totals *ret_t);

#endif
