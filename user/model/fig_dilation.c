/* How much of a burst's time was the program's own; see fig_dilation.h. */
#include "user/model/fig_dilation.h"

#include <math.h>

#include "user/base/fmt.h"
#include "user/model/figures.h"

#define COLD 1.12 /* where hits are few they cost that much more than in a storm */
#define COST_ERROR 0.25 /* of a hit: so well is it known */
#define COST_LEAST 0.6 /* of it: a hit costs more than that in any case */
#define LOST_MAX 0.6 /* of a burst: what is left is next to nothing, and not known */
#define OFF_MAX 1.0 /* of a logarithm: what is worse is not known at all */
/*
 * Its own part is slower, too: each probe leaves caches and branch predictors to the kernel.  By so
 * much of the probes' share.
 */
#define OWN_SLOWER 0.5
/* CPU time of a process that runs is known as of its last tick: 4 ms at 250 Hz, 10 at 100. */
#define TICK_NS 4000000.0
#define SATURATED 0.9 /* of the time it runs or waits for a CPU: it never sleeps */
#define GAUGE_LEAST 4 /* deallocations, for a gauge to say anything */

static const struct fig_own unknown = { .ratio = NAN, .off = NAN };

struct kind {
	double ns, probes; /* its time; what hits took of it, by what one costs */
	double cpu, tick; /* CPU time; what that may be off by; NAN: unknown */
	double busy, runnable; /* shares of all time: on a CPU; or waiting for one */
	double stretch; /* time that some CPU time takes */
};

/* Between 1 - @off and 1 + @off times @ratio: the lower bound is the farther one. */
static struct fig_own within(double ratio, double off)
{
	struct fig_own own = { ratio, -log(1 - off) };

	return off < 1 && own.off < OFF_MAX ? own : unknown;
}

/* By the clock: probes only slow a program that has no idle time to make up for them. */
static struct fig_own by_time(const struct kind *k)
{
	double probes = k->probes * k->stretch, lost = k->runnable + probes / k->ns, own, unsure;

	if (probes > k->ns * LOST_MAX)
		return unknown;
	if (lost > 1)
		lost = 1;
	own = k->ns - lost * probes;
	unsure = probes * (lost * COST_ERROR + (1 - lost) * lost + OWN_SLOWER * own / k->ns) +
		 (probes - k->probes) * lost;
	return within(own / k->ns, unsure / own);
}

/* By its CPU time: there is as much of that for each object as at other times. */
static struct fig_own by_cpu(const struct kind *k)
{
	double own = k->cpu - k->probes, unsure = COST_ERROR * k->probes + k->tick;

	if (isnan(own) || own <= 0 || !(k->busy > 0))
		return unknown;
	return within(own / k->busy / k->ns, unsure / own);
}

/* The most that it can have been. */
static double ceiling(const struct kind *k)
{
	double own = k->cpu - COST_LEAST * k->probes + k->tick;

	if (isnan(own))
		return k->busy > 0.95 ? fmax(1 - COST_LEAST * k->probes / k->ns, 0.05) : 1;
	return k->busy > 0 ? fmax(own, 0) / k->busy / k->ns : 1;
}

static struct fig_own prior(const struct kind *k)
{
	struct fig_own time = by_time(k), cpu = by_cpu(k);

	if (isnan(time.ratio) || time.ratio * exp(-time.off) > ceiling(k))
		return cpu;
	return cpu.off < time.off ? cpu : time;
}

/* Deallocations of the types up to level @level in bursts of kind @k, and their relative variance.
 */
static double gauge_count(const struct fig_process *p, u32 level, u32 k, bool by_hits,
			  double *ret_variance)
{
	double count = 0, deviation = 0, least = (double)p->types_kinds[k].bursts / 4;

	for (size_t i = 0; i < p->ntypes; i++) {
		const struct fig_type *t = &p->types[i];

		if (t->level > level)
			continue;
		count += (double)t->kinds[k].deallocs;
		/* They go together, up and down. */
		deviation += sqrt(fig_burst_spread(&p->types_kinds[k], &t->kinds[k], by_hits));
	}
	*ret_variance = fmax(deviation * deviation, least) / (count * count);
	return count;
}

/* Kind @k by kind @from, whose own time is known. */
static struct fig_own gauge(const struct fig_process *p, u32 from, u32 k)
{
	const struct fig_burst_kind *a = &p->types_kinds[from], *b = &p->types_kinds[k];
	struct fig_own own = p->types_own[from];
	double va, vb, na = gauge_count(p, from, from, own.by_hits, &va);
	double nb = gauge_count(p, from, k, true, &vb);
	u64 fewer = a->bursts < b->bursts ? a->bursts : b->bursts;

	if (isnan(own.ratio) || na < GAUGE_LEAST || nb < GAUGE_LEAST || fewer < 2)
		return unknown;
	own.ratio *= nb / (double)b->us / (na / (double)a->us);
	own.off = hypot(own.off, fig_student(fewer - 1) * sqrt(va + vb));
	own.by_hits = true;
	return own.off < OFF_MAX ? own : unknown;
}

static struct fig_own better(struct fig_own a, struct fig_own b)
{
	return isnan(a.ratio) || b.off < a.off ? b : a;
}

/* Each counts by how good it is; where they contradict each other neither is as good as it says. */
static struct fig_own both(struct fig_own a, struct fig_own b)
{
	double wa = 1 / (a.off * a.off + 1e-9), wb = 1 / (b.off * b.off + 1e-9), apart;
	struct fig_own own;

	if (isnan(a.ratio) || isnan(b.ratio))
		return isnan(a.ratio) ? b : a;
	own.ratio = exp((wa * log(a.ratio) + wb * log(b.ratio)) / (wa + wb));
	own.off = 1 / sqrt(wa + wb);
	own.by_hits = b.off < a.off ? b.by_hits : a.by_hits;
	apart = fabs(log(a.ratio / b.ratio)) / (hypot(a.off, b.off) + 1e-9);
	if (apart > 1)
		own.off *= apart;
	return own.off < OFF_MAX ? own : unknown;
}

static struct fig_own kind_own(const struct fig_process *p, const struct fig_spent *s, u32 k)
{
	struct kind kind = {
		.ns = (double)p->types_kinds[k].us * 1000,
		.probes = (double)s->hits[k] * s->hit_ns * COLD,
		.cpu = s->cpu_ns[k] == FIG_NULL ? NAN : (double)s->cpu_ns[k],
		.tick = TICK_NS * sqrt((double)p->types_kinds[k].bursts),
		.busy = s->busy,
		.runnable = fmin(s->busy + s->delayed, 1),
		.stretch = 1,
	};
	struct fig_own best = unknown;

	if (!p->types_kinds[k].us)
		return unknown;
	/* However dear a hit was when it was measured: more than that it cannot have been. */
	if (!isnan(kind.cpu))
		kind.probes = fmin(kind.probes, kind.cpu + kind.tick);
	/* One that sleeps now and then makes up for what it waits; others have to wait for more. */
	if (kind.runnable > SATURATED && s->busy > 0)
		kind.stretch += s->delayed / s->busy;
	for (u32 from = 0; from < k; from++)
		best = better(best, gauge(p, from, k));
	if (!isnan(best.ratio) && best.ratio * exp(-best.off) > ceiling(&kind))
		best = unknown;
	return both(prior(&kind), best);
}

void fig_types_dilate(struct fig_process *p, const struct fig_spent *s)
{
	for (u32 k = 0; k < FIG_BURST_KINDS; k++)
		p->types_own[k] = kind_own(p, s, k);
}
