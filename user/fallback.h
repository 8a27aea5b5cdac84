/*
 * When exact mode costs too much, and when to try it again.  Arithmetic only: measurement.c keeps
 * the time and does the work.
 *
 * The budget is an account that fills at `share` (ns of cost per ns of time), up to what one
 * second gives, and that every hit is paid from.
 *
 *            overdrawn                            the back-off is over
 *   EXACT --------------> WATCH, for the back-off ---------------------> EXACT
 *
 * The back-off begins at some seconds and doubles each time exact mode did not last, up to five
 * minutes; once exact mode has lasted a minute, and longer than the back-off before it, it begins
 * anew.  So a load that is too much costs its budget and a little more each five minutes, and
 * nothing flaps.
 */
#ifndef GS_USER_FALLBACK_H
#define GS_USER_FALLBACK_H

#include <stdbool.h>

#include "bpf/types.h"

#define FALLBACK_FIRST_NS 10000000000ULL
#define FALLBACK_LAST_NS 300000000000ULL

struct fallback {
	double share; /* of one core */
	double account_ns;
	u64 first_ns; /* the shortest back-off */
	u64 wait_ns; /* the back-off now, or the next one */
	u64 since_ns; /* so since then; CLOCK_MONOTONIC, as all of these */
	u64 checked_ns, cost_ns; /* the account is as of then, all this paid */
	u64 recent_ns, recent_cost_ns; /* what last_ratio is measured from */
	u64 retry_ns; /* WATCH: try exact mode then */
	double last_ratio; /* cost per time, of the last moments in exact mode */
	double left_ratio; /* what it was at the last change to watch mode; NAN: none yet */
	bool watch;
	u64 switches;
};

/* Exact mode begins at @now_ns.  @first_ns: the shortest back-off; 0: FALLBACK_FIRST_NS. */
void fallback_init(struct fallback *f, double share, u64 first_ns, u64 now_ns);

/* EXACT: the probes have cost @cost_ns since it began.  Too much? */
bool fallback_exceeds(struct fallback *f, u64 now_ns, u64 cost_ns);

/* EXACT: ns from one check to the next: more often at first. */
u64 fallback_pace(const struct fallback *f, u64 now_ns);

/* It is WATCH from here on. */
void fallback_to_watch(struct fallback *f, u64 now_ns);

/* It is EXACT again from here on, with nothing spent. */
void fallback_to_exact(struct fallback *f, u64 now_ns);

/* The change that was due could not be made: the same again, after the back-off. */
void fallback_put_off(struct fallback *f, u64 now_ns);

#endif
