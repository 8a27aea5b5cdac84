/* What a probe hit costs here: measured on ourselves, with an empty family. */
#ifndef GS_USER_LOAD_COST_H
#define GS_USER_LOAD_COST_H

#include "bpf/types.h"

struct hit_cost {
	u64 emulated_ns; /* on an instruction that the kernel emulates; 0: could not be measured */
	u64 stepped_ns; /* on one that it single-steps; 0: likewise */
};

/* Loads the site program, hits two sites of our own, unloads.  Never fails: see above. */
void cost_measure(struct hit_cost *ret_c);

#endif
