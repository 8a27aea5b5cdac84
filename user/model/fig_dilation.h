/*
 * How much of a burst's time was the program's own: a program that makes objects is slower while
 * each of them is counted, by up to fifty times.
 *
 * Two ways to know, for each kind of bursts, the earlier kinds first:
 *
 *   prior   what the probes took, by what a hit costs: good while it is a small part of the time
 *   gauge   types that an earlier kind sees as well: where the program is three times as slow,
 *           there are a third as many of them.  Whatever it is that slows it
 *
 * Both count by how good they are.  The gauge supposes that the types go together, as those of one
 * program do that is slowed as a whole.  A type that comes by the clock instead keeps its pace: so
 * a gauge that leaves the program more time than it can have had is none.
 */
#ifndef GS_USER_MODEL_FIG_DILATION_H
#define GS_USER_MODEL_FIG_DILATION_H

#include "user/model/fig_types.h"

/* What was spent in the bursts of each kind since the start. */
struct fig_spent {
	u64 hits[FIG_BURST_KINDS];
	u64 cpu_ns[FIG_BURST_KINDS]; /* CPU time of the process, hits and all; FIG_NULL: unknown */
	double hit_ns; /* what a hit costs */
	double busy; /* CPU time that the process takes, of one CPU, all the time; at most 1 */
	double delayed; /* time that it waits for a CPU, likewise */
};

/*
 * fig_types_dilate - set @p's types_own, from its types_kinds and types
 *
 * Figures are to be of the whole time since the start; those of intervals made from them keep
 * types_own.
 */
void fig_types_dilate(struct fig_process *p, const struct fig_spent *s);

#endif
