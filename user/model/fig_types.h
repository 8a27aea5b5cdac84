/*
 * Objects by type: counted all the time, or in bursts and scaled (sampled); and the budget that
 * decides which.
 *
 * Bursts are of kinds: the later ones probe more (user/load/ladder.h).  A type is seen in the
 * bursts of one kind, its level, and of all after it.
 */
#ifndef GS_USER_MODEL_FIG_TYPES_H
#define GS_USER_MODEL_FIG_TYPES_H

#include <stdbool.h>

#include "bpf/types.h"
#include "user/model/fig_hist.h"

#define FIG_BURST_KINDS 3

struct fig_process;

/* Bursts of one kind. */
struct fig_burst_kind {
	u64 bursts;
	u64 us, us2; /* sum of their lengths, and of the lengths squared */
	u64 hits, hits2; /* sum of all hits in them, and of the hits squared */
};

/* What of their time was the program's own, as if nobody had watched. */
struct fig_own {
	double ratio; /* to all of it; NAN: not known */
	double off; /* of its logarithm: by how much that may be off, with 95 % probability */
	bool by_hits; /* it was told by what was counted, not by how long they were */
};

struct fig_type_kind {
	u64 deallocs, squares; /* sum over the bursts of what was seen, and of that squared */
	u64 products; /* sum over them of what was seen times their length, us */
	u64 by_hits; /* sum over them of what was seen times all hits in them */
};

struct fig_type {
	char *type; /* owned, printable */
	u64 key; /* identity within the process */
	u64 deallocs; /* sampled: estimated */
	u64 allocs;
	u64 deallocs_counted; /* seen, whatever was estimated from it */
	u64 allocs_counted;
	u64 deallocs_full, allocs_full; /* of them: while all were counted, in types_full_ns */
	struct fig_type_kind kinds[FIG_BURST_KINDS]; /* the rest of deallocs_counted */
	u32 level; /* sampled: the first kind of bursts that sees it; creations: the last one only
		    */
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
 * the counted ones, types_kinds, types_own and measured_ns.  Nothing observed: they become null.
 * Where types_own of all kinds that saw a type is unknown, all of their time is taken: its
 * figure is the least it can be, without a bound.  Else nothing changes.
 */
void fig_types_scale(struct fig_process *p);

/* What an estimate is made from: the counts of bursts, and how long each was. */
struct fig_bursts {
	struct fig_burst_kind time[FIG_BURST_KINDS]; /* of the kinds that count; others 0 */
	struct fig_type_kind seen[FIG_BURST_KINDS];
	bool by_hits[FIG_BURST_KINDS]; /* as in struct fig_own */
	double observed; /* share of the whole that they are of; nothing is left to chance at 1 */
	double unsure; /* by how much the logarithm of the time observed can be off; NAN: any */
};

/*
 * fig_burst_error - how far off an estimate can be, relative to it, with 95 % probability
 *
 * The estimate is of a ratio, count per time (Cochran, Sampling Techniques, 6.3 and 6.4: the
 * spread of the counts about what the length of each burst lets expect, within its kind); to it
 * comes what the observed time can be too long by.  NAN where there is no bound: too few bursts,
 * or probes that may have taken all of their time; then the estimate is the least it can be.
 */
double fig_burst_error(const struct fig_bursts *b);

/*
 * fig_burst_spread - the variance of a count over all bursts of a kind, by how they differ
 *
 * From what the length of each lets expect; or, @by_hits, from what all hits in it do: then how
 * much the program got done in which of them does not matter.  Of a single burst, which cannot
 * tell: as if it were by chance alone.
 */
double fig_burst_spread(const struct fig_burst_kind *time, const struct fig_type_kind *seen,
			bool by_hits);

/* Student's t for 95 %, by degrees of freedom; NAN without any. */
double fig_student(u64 freedom);

#endif
