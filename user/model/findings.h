/*
 * Findings: what is wrong with how a program uses the GIL, in plain words, worked out from the
 * figures that are there already.
 *
 * One function per rule, in one table (findings_rules.c).  A rule whose figures were not measured
 * is silent: watch mode, for one, does not see how long holds are.
 *
 *   id                    needs               says
 *   convoy                gil                 a thread pays about one switch interval each time
 *                                             it comes back, behind one that computes
 *   gil-holding-call      gil exact, sched    holds of 25 ms and more, not preempted, while
 *                                             others waited as long
 *   starvation            gil exact           long waits over many short holds of others, and
 *                                             far less of the GIL than the others get
 *   gc-dominates          gc                  the collector takes a large part of the time
 *   holder-preempted      gil, sched          held by threads that other programs kept off the CPU
 *   holder-blocked        gil, sched          held by threads asleep in a system call or a fault
 *   event-loop-blocked    asyncio             iterations longer than --slow
 *   events-lost, budget-thinned, watch-not-exact, probes-distort     about the figures themselves
 */
#ifndef GS_USER_MODEL_FINDINGS_H
#define GS_USER_MODEL_FINDINGS_H

#include "user/model/fig_labels.h"
#include "user/model/figures.h"

/*
 * Thresholds.  5 ms is CPython's default (Python/ceval_gil.h, DEFAULT_INTERVAL); where a program
 * has another switch interval, what is made of it is scaled by finding_scaled().
 */
#define FINDING_INTERVAL_NS 5000000ULL
/* What takes less of the time is not worth a line; an idle program's odd event is far below. */
#define FINDING_LEAST 0.05
/* Blocking with the GIL is never right, so less of it counts. */
#define FINDING_LEAST_BLOCKED 0.02
/* The collector usually takes 1 to 3 %. */
#define FINDING_GC 0.1
/* Beyond the noise at the edges of a measurement. */
#define FINDING_LOST 0.001
/* So many waits make a habit; fewer are chance. */
#define FINDING_WAITS 20
/* Convoy: a mean wait from half an interval (less is ordinary contention) to ten of them. */
#define FINDING_CONVOY_NS (FINDING_INTERVAL_NS / 2)
/* Starvation: from ten of them. */
#define FINDING_STARVE_NS (10 * FINDING_INTERVAL_NS)
/* Starvation: it wants the GIL at least so much of the time. */
#define FINDING_STARVED 0.25
/* A hold that no request could end: five intervals, beyond what a busy machine does to one. */
#define FINDING_LONG_NS (5 * FINDING_INTERVAL_NS)
/* The same where it is not known whether the holder gives way when asked: beyond this it may be
 * one that does not. */
#define FINDING_CONVOY_UNSURE_NS (3 * FINDING_INTERVAL_NS)
/* Convoy: it computes, holding at least this share of the time. */
#define FINDING_COMPUTES 0.25
/* Severity, by the share of the time. */
#define FINDING_HIGH 0.25
#define FINDING_MEDIUM 0.1

#define FINDING_THREADS 6 /* threads named by one finding: the ones it is most about */
#define FINDING_FIGURES 6

struct finding_thread {
	const char *role; /* "holder", "waiter", "loop"; static */
	u32 tid;
	const char *name; /* of the figures; NULL: unknown */
};

struct finding_figure {
	const char *name; /* as a JSON key: ends in _ns or _ratio, else a count; static */
	double value;
};

struct finding {
	const char *id; /* static; stable */
	const char *severity; /* "high", "medium" or "low"; static */
	const struct fig_process *process; /* of the figures; NULL: the measurement as a whole */
	const char *what; /* static; one sentence */
	const char *remedy; /* static; one sentence */
	u64 ns; /* time it took, all threads together; FIG_NULL: it is not a time */
	double share; /* of the measured time; above 1: of several threads.  Without ns: see what */
	u64 generation; /* FIG_NULL: not about one */
	const char
		*cause; /* of lost events, most of them; a blocked holder's system call; static */
	struct fig_label function; /* where stacks are measured, most of it was in this one; */
	double function_share; /* this share of it; 0: not known */
	struct finding_thread threads[FINDING_THREADS];
	size_t nthreads;
	struct finding_figure figures[FINDING_FIGURES];
	size_t nfigures;
};

struct findings {
	struct finding *list; /* owned; the largest first, those without a time last */
	size_t count;
};

/*
 * findings_of - what @f shows
 * @ret: to be given to findings_done(); its texts and rows are @f's, which must outlive it
 *
 * Return: 0 or -ENOMEM, then @ret is empty.
 */
int findings_of(const struct figures *f, struct findings *ret);
void findings_done(struct findings *list);

/* For rules.  A new finding of @share of the time @p was measured; NULL without memory. */
struct finding *findings_add(struct findings *l, const char *id, const struct fig_process *p,
			     u64 ns, double share);
/* Ignored beyond FINDING_THREADS and FINDING_FIGURES; a figure that is not finite is left out. */
void finding_thread(struct finding *x, const char *role, const struct fig_thread *t);
void finding_figure(struct finding *x, const char *name, double value);
/*
 * finding_function - name the Python function that most of it was in
 * @tid: of this thread; 0: of all threads of the process
 * @by:  an enum fig_stack_weight: by what its stacks are weighed
 *
 * Nothing is named if stacks are not measured, or no function has a tenth of it.  0 or -ENOMEM.
 */
int finding_function(struct finding *x, u32 tid, u32 by);

/* A threshold for CPython's default switch interval as it is for that of @p, within 1 ms to 1 s. */
u64 finding_scaled(const struct fig_process *p, u64 ns);

/* The system call in which holders in @p slept longest; static; NULL: not known. */
const char *finding_call(const struct fig_process *p);

/* A rule adds what it finds in @p, a process of @f; or in all of @f if @p is NULL.  0 or -ENOMEM.
 */
typedef int finding_rule(const struct figures *f, const struct fig_process *p, struct findings *l);

/* In findings_whole.c; the other rules of processes are in findings_rules.c. */
finding_rule finding_rule_blocked_loop;

/* NULL ends them.  Those of processes are not called without one, nor the others with one. */
extern finding_rule *const finding_process_rules[], *const finding_whole_rules[];

#endif
