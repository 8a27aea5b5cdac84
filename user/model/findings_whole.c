/* Rules about event loops, and those about the measurement itself: how far figures can be relied
 * on. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/findings.h"

static const struct fig_thread *thread_of(const struct fig_process *p, u32 tid)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].tid == tid && !p->threads[i].exited)
			return &p->threads[i];
	return NULL;
}

int finding_rule_blocked_loop(const struct figures *f, const struct fig_process *p,
			      struct findings *l)
{
	const struct fig_loop *worst = NULL;
	struct finding *x;

	(void)f;
	for (size_t i = 0; p->asyncio_measured && i < p->nloops; i++) {
		const struct fig_loop *loop = &p->loops[i];

		if (loop->blocked && loop->blocked != FIG_NULL && loop->blocked_ns != FIG_NULL &&
		    (!worst || loop->blocked_ns > worst->blocked_ns))
			worst = loop;
	}
	if (!worst || fmt_ratio(worst->blocked_ns, p->measured_ns) < FINDING_LEAST)
		return 0;
	x = findings_add(l, "event-loop-blocked", p, worst->blocked_ns,
			 fmt_ratio(worst->blocked_ns, p->measured_ns));
	if (!x)
		return -ENOMEM;
	x->what = "Callbacks or steps of tasks keep an event loop from turning";
	x->remedy =
		"await instead of blocking; long computing belongs into run_in_executor() with a "
		"process pool, blocking calls into asyncio.to_thread()";
	finding_thread(x, "loop", thread_of(p, worst->tid));
	finding_figure(x, "blocked_iterations", (double)worst->blocked);
	if (worst->blocked_steps != FIG_NULL)
		finding_figure(x, "blocked_steps", (double)worst->blocked_steps);
	if (worst->iteration.valid)
		finding_figure(x, "iteration_max_ns", (double)worst->iteration.max_ns);
	if (worst->blocked_over_ns != FIG_NULL)
		finding_figure(x, "blocked_over_ns", (double)worst->blocked_over_ns);
	return 0;
}

/* The edges of every measurement and what is made up for otherwise: nothing is wrong by these. */
static bool is_harmless(const char *cause)
{
	return strstr(cause, "_mid_") || !strcmp(cause, "arrival_missed") ||
	       !strcmp(cause, "processes_dropped");
}

static int lost(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	const struct fig_lost *worst = NULL;
	u64 count = 0, seen = f->overhead.probe_hits;
	struct finding *x;
	double share;

	(void)p;
	for (size_t i = 0; i < f->nlost; i++) {
		if (is_harmless(f->lost[i].cause))
			continue;
		count += f->lost[i].count;
		if (!worst || f->lost[i].count > worst->count)
			worst = &f->lost[i];
	}
	share = seen == FIG_NULL || !seen ? 1 : (double)count / ((double)count + (double)seen);
	if (!count || share < FINDING_LOST)
		return 0;
	x = findings_add(l, "events-lost", NULL, FIG_NULL, share);
	if (!x)
		return -ENOMEM;
	x->cause = worst->cause;
	x->what = "Events were lost: the figures of these families are too small";
	x->remedy = worst->help;
	finding_figure(x, "lost", (double)count);
	if (seen != FIG_NULL && seen)
		finding_figure(x, "lost_ratio", share);
	return 0;
}

static int thinned(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	const struct fig_budget *b = &f->budget;
	struct finding *x;

	(void)p;
	if (!(f->budget_share > 0) || !b->state || strcmp(b->state, "thinned") ||
	    !isfinite(b->observed_ratio))
		return 0;
	x = findings_add(l, "budget-thinned", NULL, FIG_NULL, 1 - b->observed_ratio);
	if (!x)
		return -ENOMEM;
	x->what = "Objects were counted in bursts, to keep the cost down: their figures are "
		  "estimates";
	x->remedy = "see the error of each figure; --budget none counts all of them";
	finding_figure(x, "observed_ratio", b->observed_ratio);
	finding_figure(x, "cost_ratio", b->cost_ratio);
	finding_figure(x, "budget_ratio", f->budget_share);
	return 0;
}

static int fell_back(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	double cost;
	struct finding *x;

	(void)p;
	if (!fig_fell_back(f))
		return 0;
	cost = f->fallback.last_cost_ratio;
	x = findings_add(l, "watch-not-exact", NULL, FIG_NULL, isfinite(cost) ? cost : 0);
	if (!x)
		return -ENOMEM;
	x->what = "Exact mode would have cost more than its budget: the GIL's figures are those of "
		  "watch mode";
	x->remedy = "raise --budget, or take watch mode's figures";
	finding_figure(x, "cost_ratio", f->fallback.last_cost_ratio);
	finding_figure(x, "budget_ratio", f->fallback.share);
	return 0;
}

static int distorted(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	struct finding *x;
	double share;

	(void)p;
	if (!fig_distorted(f))
		return 0;
	share = fmt_ratio(f->overhead.target_cpu_ns_estimate, f->duration_ns);
	x = findings_add(l, "probes-distort", NULL, FIG_NULL, share);
	if (!x)
		return -ENOMEM;
	x->what = "The probes slow the program: each of its takes of the GIL costs so much more";
	x->remedy = "use --mode watch, or --budget 1%";
	finding_figure(x, "cost_ratio", share);
	finding_figure(x, "hits", (double)f->overhead.probe_hits);
	return 0;
}

finding_rule *const finding_whole_rules[] = { lost, thinned, fell_back, distorted, NULL };
