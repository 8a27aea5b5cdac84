/*
 * How much probing a budget allows: when to count, for how long, when to let it run.  Arithmetic
 * only: the caller (burst.c) keeps the time and does the work.
 *
 * The budget is an account that fills at `share` (ns of cost per ns of time), up to what some
 * seconds give, and that every hit is paid from.
 *
 *                      overdrawn
 *   FULL: all counted ------------> THINNED: bursts, each when the account can pay for it
 *        ^                             |
 *        +-----------------------------+
 *          `need` bursts in a row that say: full counting would cost less than half the share
 *
 * Between half the share and the whole of it either state stays as it is, and a return that did
 * not last doubles `need`: so it does not flap.  Only bursts of all sites can say so.
 */
#ifndef GS_USER_LOAD_BUDGET_H
#define GS_USER_LOAD_BUDGET_H

#include <stdbool.h>

#include "bpf/refs.h"

struct budget {
	double share; /* of one core */
	double account_ns;
	struct budget_kind {
		double load; /* cost per time while counting, of the last ones; 0: not known yet */
		double tail_ns; /* what one costs besides: until attached, until detached */
	} kinds[GS_BURST_KINDS];
	enum gs_burst_kind kind; /* of the burst that is next, or goes on: the caller's choice */
	double last_load; /* of the last burst of all sites, by itself */
	u64 last_ns; /* the account is as of then */
	u64 full_since_ns;
	u32 calm,
		need; /* bursts in a row that say it could be counted in full; how many it takes */
	bool thinned;
	u32 changes; /* of state */
};

/* Counting in full begins at @now_ns. */
void budget_init(struct budget *b, double share, u64 now_ns);

/* Time goes by up to @now_ns, and @cost_ns has been spent. */
void budget_spend(struct budget *b, u64 now_ns, double cost_ns);

/* FULL: ns until to look again: a storm that begins now has not spent much more than there is. */
u64 budget_slice(const struct budget *b);

/* FULL: has it become too much?  Then it is THINNED from here on. */
bool budget_thin(struct budget *b, u64 now_ns);

/* FULL, the last slice cost @load: may it become too much before the next one ends? */
bool budget_low(const struct budget *b, double load);

/* THINNED: ns to wait before the next burst; @random 0..1 makes it irregular. */
u64 budget_pause(const struct budget *b, double random);

/* THINNED: how long a burst that begins now may be. */
u64 budget_length(const struct budget *b);

/* A burst of @ns so far has cost @cost_ns: is it over? */
bool budget_burst_over(const struct budget *b, u64 length_ns, u64 ns, double cost_ns);

/* A burst's counting is over: @ns of it have cost @cost_ns.  Is it FULL from here on? */
bool budget_burst(struct budget *b, u64 now_ns, u64 ns, double cost_ns);

/*
 * Sites were detached; besides what was told before it has cost @cost_ns.  After a burst
 * (@of_burst) that is what the next one is expected to cost as well.
 */
void budget_tail(struct budget *b, double cost_ns, bool of_burst);

#endif
