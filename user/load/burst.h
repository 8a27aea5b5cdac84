/*
 * The refs sites under a budget: attached for bursts, by a thread of its own.
 *
 *   FULL ---> detach -> pause -> attach -> count -> (FULL, or round again)
 *
 * When, is for budget.h to say; which of the sites, for ladder.h: by turns the seldom hit ones,
 * which show the program as it is, some more, and all of them.  Between attach and detach the
 * breakpoints are in the target; counted is only while gs_burst.active is set, which is after the
 * attach is complete and ends before the detach begins: so the time that was observed is known to
 * the microsecond.
 *
 * At the end of the program nothing is detached by hand (session_leave() says why).  There remains
 * a time in which killing gilscope with SIGKILL can leave breakpoints in the target, harmless but
 * slow: the 10 ms or so at the end of each burst in which the kernel takes them off.
 */
#ifndef GS_USER_LOAD_BURST_H
#define GS_USER_LOAD_BURST_H

#include <sys/types.h>

#include "user/base/err.h"
#include "user/load/skel.h"
#include "user/target/probe.h"

struct burst;

/* Bursts of one kind in a span of time. */
struct burst_span {
	u64 ns;
	u64 bursts;
	u64 squares; /* sum of their lengths squared, us^2 */
	u64 hits, hits2; /* of all sites by all targets: sum, and sum of the squares */
	u64 cpu_ns; /* of the CPUs, by the process, in all of them there were; U64_MAX: unknown */
};

/* What was counted in a span of time. */
struct burst_seen {
	u64 full_ns; /* of it: in which all was counted */
	struct burst_span kinds[GS_BURST_KINDS];
	const u8 *levels; /* by row of gs_sites: the first kind it is in; lives as long as the
			     bursts */
	u32 nlevels;
	double busy, delayed; /* CPU time of the process, and waiting, to time; NAN: unknown */
	bool whole; /* all of it: the counts are exact */
};

struct burst_state {
	double share; /* the budget, of one core */
	bool thinned;
	u64 since_ns; /* CLOCK_MONOTONIC: so since then */
	u64 hits; /* of refs sites, by targets */
	u64 spent_ns; /* what they have cost the targets, by estimate */
	u64 hit_ns; /* what one costs, the counting included */
	u64 observed_ns; /* since the start */
};

/*
 * burst_new - a budget of @share of one core for the refs sites of @s, whose config says `bursts`
 * @hit_ns: measured cost of a hit without the counting; 0: not known
 * NULL without memory.
 */
struct burst *burst_new(const struct skel *s, double share, u64 hit_ns);

/*
 * burst_add - sites to be attached when they should be; arguments as for attach_sites()
 * Return: 0, or a negative errno with @e set; then they are not among them.
 */
int burst_add(struct burst *b, const char *path, pid_t pid, const struct probe_site *sites,
	      size_t nsites, u32 first, struct err *e);

/* Count from here on, in full as long as the budget lasts.  0 or a negative errno. */
int burst_start(struct burst *b);

/* What was observed of process @pid from @from_ns to @to_ns, CLOCK_MONOTONIC. */
void burst_seen(struct burst *b, u32 pid, u64 from_ns, u64 to_ns, struct burst_seen *ret_seen);

void burst_state(struct burst *b, struct burst_state *ret_state);

/* No more bursts; what is attached stays for the exit of the program.  NULL is fine. */
void burst_stop(struct burst *b);

/* Stop, detach, free.  NULL is fine.  Returns NULL. */
struct burst *burst_free(struct burst *b);

#endif
