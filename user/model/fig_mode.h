/* The probes, what the GIL's cost, and which mode a budget for them has led to. */
#ifndef GS_USER_MODEL_FIG_MODE_H
#define GS_USER_MODEL_FIG_MODE_H

#include <stdbool.h>

#include "bpf/types.h"

struct figures;

struct fig_probe {
	const char *family; /* static */
	const char *event; /* static */
	char *file; /* owned; as the target sees it */
	u64 offset; /* in the file */
	const char *found_by; /* static: symtab usdt decode kernel … */
	char *instruction; /* owned; mnemonic it sits on; "-" for kernel tracepoints */
	u64 hits;
};

/* Exact mode under a budget: user/measurement.h.  All zero: there is none. */
struct fig_fallback {
	const char *family; /* static; NULL: no budget for it */
	const char *state; /* "exact" or "watch"; static */
	double share; /* the budget, of one core */
	u64 since_unix_ns; /* so since then */
	const char *why; /* static; NULL: nothing to explain */
	double cost_ratio; /* what its probes cost: of one core, over the time in exact mode */
	double last_cost_ratio; /* the same, just before the last change to watch mode; NAN: none */
	u64 switches; /* changes of mode since the start */
	u64 retry_unix_ns; /* exact mode is tried again then; FIG_NULL: it is exact */
};

/* Is it in watch mode, though exact was asked for? */
bool fig_fell_back(const struct figures *f);

/* The probes' estimated cost is more than this share of the time: the program is slowed. */
#define FIG_DISTORTED 0.1

/* Measured live in exact mode, so costly that the program runs slower than without? */
bool fig_distorted(const struct figures *f);

#endif
