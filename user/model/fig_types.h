/*
 * Objects by type: counted all the time, or in bursts and scaled (sampled); and the budget that
 * decides which.
 */
#ifndef GS_USER_MODEL_FIG_TYPES_H
#define GS_USER_MODEL_FIG_TYPES_H

#include "bpf/types.h"
#include "user/model/fig_hist.h"

struct fig_process;

struct fig_type {
	char *type; /* owned, printable */
	u64 key; /* identity within the process */
	u64 deallocs; /* sampled: estimated */
	u64 allocs;
	u64 deallocs_counted; /* seen, whatever was estimated from it */
	u64 allocs_counted;
	u64 squares; /* sampled: sum over the bursts of deallocs_counted squared */
	double error_ratio; /* of deallocs, with 95 % probability; 0 when exact */
};

/* A family under a budget. */
struct fig_budget {
	const char *family; /* static */
	const char *state; /* "full" or "thinned"; static */
	u64 since_unix_ns; /* so since then */
	const char *why; /* static; NULL: nothing to explain */
	double observed_ratio; /* share of the time in which it was counted, since the start */
	double cost_ratio; /* what it cost the targets, of one core, since the start */
};

/*
 * fig_types_scale - work out a process's estimates from what was counted
 *
 * Where @p's types_source is "sampled": deallocs, allocs and error_ratio of its types, from
 * the counted ones, types_observed_ns and measured_ns.  Nothing observed: they become null.
 * Else nothing changes.
 */
void fig_types_scale(struct fig_process *p);

/*
 * fig_burst_error - how far off an estimate can be, relative to it, with 95 % probability
 * @counted: sum of the counts of @bursts bursts of about the same length, @squares their squares'
 * @observed: share of the whole that the bursts are of; nothing is uncertain when it is all
 * @unsure: by how much the time observed can be off, relative to it
 * NAN where it cannot be told.
 */
double fig_burst_error(u64 counted, u64 squares, u64 bursts, double observed, double unsure);

#endif
