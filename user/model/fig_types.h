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
	u64 deallocs_full, allocs_full; /* of them: while all were counted, in types_full_ns */
	u64 squares; /* sampled: sum over the bursts of deallocs_counted squared */
	u64 products; /* sampled: sum over them of deallocs_counted times their length, us */
	double error_ratio; /* of deallocs, with 95 % probability; 0 when exact; NAN: no bound is
			       known */
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

/* What an estimate is made from: the counts of bursts, and how long each was. */
struct fig_bursts {
	u64 bursts;
	u64 counted, squares; /* sum of the counts, and of their squares */
	u64 us, us2; /* sum of the lengths, and of their squares */
	u64 products; /* sum of count times length */
	double observed; /* share of the whole that they are of; nothing is left to chance at 1 */
	double unsure; /* by how much the time observed can be off, relative to it */
};

/*
 * fig_burst_error - how far off an estimate can be, relative to it, with 95 % probability
 *
 * The estimate is of a ratio, count per time (Cochran, Sampling Techniques, 6.3 and 6.4: the
 * spread of the counts about what the length of each burst lets expect); to it comes what the
 * observed time can be too long by.  NAN where there is no bound: too few bursts, or probes that
 * may have taken all of their time; then the estimate is the least it can be.
 */
double fig_burst_error(const struct fig_bursts *b);

#endif
