/*
 * The times in which was counted: so many, the oldest merged, so that memory stays bounded.
 * Of a merged one is known how much of it was observed, not which part.  A kind of bursts has
 * its own.
 */
#ifndef GS_USER_LOAD_WINDOWS_H
#define GS_USER_LOAD_WINDOWS_H

#include <stddef.h>

#include "user/load/burst.h"

#define WINDOWS_MAX 4096

struct window {
	u64 begin_ns, end_ns;
	u64 observed_ns; /* of it, in bursts */
	u64 full_ns; /* of it, while all was counted */
	u64 bursts;
	u64 squares; /* sum of their lengths squared, us^2 */
	u64 hits, hits2; /* in them: sum, and sum of the squares */
};

struct windows {
	struct window at[WINDOWS_MAX]; /* in the order of time */
	size_t count;
	u64 bursts, us, hits; /* all there have been, how long they took, and hits in them */
};

static inline u64 windows_square(u64 ns)
{
	return (ns / 1000) * (ns / 1000);
}

/* A burst with @hits. */
void windows_add(struct windows *w, u64 begin_ns, u64 end_ns, u64 hits);

/* A time in which all was counted; where it begins as the last one ended, that one goes on. */
void windows_add_full(struct windows *w, u64 begin_ns, u64 end_ns);

/* What they have of the time from @from_ns to @to_ns: the bursts, and what was counted in full. */
void windows_seen(const struct windows *w, u64 from_ns, u64 to_ns, struct burst_span *ret_bursts,
		  u64 *ret_full_ns);

#endif
