/*
 * The rules, one function each; the table is at the end.
 *
 * Invariant: a rule reads no figure that is null, and is silent where one it needs is.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/findings.h"

static double real(u64 v)
{
	return v == FIG_NULL ? NAN : (double)v;
}

/* Null counts as nothing: for sums and comparisons with a threshold. */
static u64 or_0(u64 v)
{
	return v == FIG_NULL ? 0 : v;
}

static u64 less(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* Time in values that are surely as long as @ns. */
static u64 sum_from(const struct fig_hist *h, u64 ns)
{
	u64 sum = 0;

	for (u32 i = gs_hist_index(ns); h->valid && i < GS_HIST_BUCKETS; i++)
		sum += h->bucket[i] * (fig_hist_low(i) < ns ? 0 : fig_hist_low(i));
	return sum;
}

static u64 count_from(const struct fig_hist *h, u64 ns)
{
	u64 count = 0;

	for (u32 i = gs_hist_index(ns); h->valid && i < GS_HIST_BUCKETS; i++)
		count += fig_hist_low(i) < ns ? 0 : h->bucket[i];
	return count;
}

static u64 mean(const struct fig_hist *h)
{
	return h->valid && h->count ? h->sum_ns / h->count : 0;
}

/* Its share of @p's time, or more. */
static bool takes_share(const struct fig_process *p, u64 ns, double share)
{
	return ns != FIG_NULL && fmt_ratio(ns, p->measured_ns) >= share;
}

/* The thread that held longest, besides @but. */
static const struct fig_thread *top_holder(const struct fig_process *p,
					   const struct fig_thread *but)
{
	const struct fig_thread *top = NULL;

	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		if (t != but && t->held_ns != FIG_NULL && (!top || t->held_ns > top->held_ns))
			top = t;
	}
	return top;
}

static bool is_short_of_gil(const struct fig_thread *t)
{
	return t->wait.valid && t->wait.count >= FINDING_WAITS && t->held_ns != FIG_NULL &&
	       t->wait_ns != FIG_NULL && t->wait_ns / 4 >= t->held_ns;
}

static u64 preempted_of(const struct fig_thread *t)
{
	return or_0(t->held_preempted_ns);
}

/* Time in long holds of @t, without what other programs on the CPU made of them. */
static u64 long_held(const struct fig_process *p, const struct fig_thread *t)
{
	u64 ns = sum_from(&t->hold, finding_scaled(p, FINDING_LONG_NS)),
	    preempted = t->held_preempted_ns;

	if (!t->hold.valid || preempted == FIG_NULL)
		return 0;
	return ns > preempted ? ns - preempted : 0;
}

/*
 * Does it compute in Python?  Then, where that is known, it is asked for most of its releases; and
 * gives way when asked: most of the time it holds and runs is not in long holds.
 */
static bool computes(const struct fig_process *p, const struct fig_thread *t)
{
	if (!t || !takes_share(p, t->held_ns, FINDING_COMPUTES))
		return false;
	if (long_held(p, t) &&
	    long_held(p, t) >= (t->held_ns - less(t->held_ns, preempted_of(t))) / 2)
		return false;
	return t->forced_releases == FIG_NULL || t->takes == FIG_NULL ||
	       t->forced_releases >= t->takes / 2;
}

static int convoy(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	const struct fig_thread *holder = top_holder(p, NULL), *worst = NULL;
	u64 ns = 0, waits = 0, threads = 0, most;
	struct finding *x;

	(void)f;
	if (!p->gil_measured || !computes(p, holder))
		return 0;
	most = holder->forced_releases == FIG_NULL ? finding_scaled(p, FINDING_CONVOY_UNSURE_NS)
						   : finding_scaled(p, FINDING_STARVE_NS);
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		if (t == holder || !is_short_of_gil(t) ||
		    mean(&t->wait) < finding_scaled(p, FINDING_CONVOY_NS) || mean(&t->wait) >= most)
			continue;
		ns += t->wait_ns;
		waits += t->wait.count;
		threads++;
		if (!worst || t->wait_ns > worst->wait_ns)
			worst = t;
	}
	if (!worst || !takes_share(p, ns, FINDING_LEAST))
		return 0;
	x = findings_add(l, "convoy", p, ns, fmt_ratio(ns, p->measured_ns));
	if (!x)
		return -ENOMEM;
	x->what =
		"Threads that need the GIL briefly wait about a switch interval for it each time, "
		"behind a thread that computes";
	x->remedy = "move the computing to another process, or shorten sys.setswitchinterval()";
	finding_thread(x, "holder", holder);
	finding_thread(x, "waiter", worst);
	finding_figure(x, "waits", (double)waits);
	finding_figure(x, "wait_mean_ns", (double)ns / (double)waits);
	finding_figure(x, "waiting_threads", (double)threads);
	finding_figure(x, "holder_held_ratio", fmt_ratio(holder->held_ns, p->measured_ns));
	finding_figure(x, "holder_forced_releases", real(holder->forced_releases));
	return finding_function(x, holder->tid, FIG_BY_CAUSED);
}

static const struct fig_thread *longest_waiter(const struct fig_process *p,
					       const struct fig_thread *but, u64 *ret_long_ns)
{
	const struct fig_thread *top = NULL;

	*ret_long_ns = 0;
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		if (t == but || !t->wait.valid)
			continue;
		*ret_long_ns += sum_from(&t->wait, finding_scaled(p, FINDING_LONG_NS));
		if (!top || t->wait.max_ns > top->wait.max_ns)
			top = t;
	}
	return top;
}

static int holding_call(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	const struct fig_thread *holder = NULL, *waiter;
	u64 held = 0, calls, waited;
	struct finding *x;

	(void)f;
	for (size_t i = 0; p->gil_measured && i < p->nthreads; i++) {
		u64 ns = long_held(p, &p->threads[i]);

		if (ns > held) {
			held = ns;
			holder = &p->threads[i];
		}
	}
	if (!holder)
		return 0;
	waiter = longest_waiter(p, holder, &waited);
	calls = count_from(&holder->hold, finding_scaled(p, FINDING_LONG_NS));
	/* Long holds at a time when nobody waited, and long waits at another, are no such thing. */
	if (!waiter || waiter->wait.max_ns < held / calls / 2 ||
	    !takes_share(p, less(held, waited), FINDING_LEAST))
		return 0;
	x = findings_add(l, "gil-holding-call", p, less(held, waited),
			 fmt_ratio(less(held, waited), p->measured_ns));
	if (!x)
		return -ENOMEM;
	x->what =
		"A thread holds the GIL for many switch intervals at a time although others wait: "
		"it is in C code that does not release it";
	x->remedy =
		"release the GIL around the call (Py_BEGIN_ALLOW_THREADS, ctypes.CDLL instead of "
		"PyDLL, nogil), split the work, or move it to another process";
	finding_thread(x, "holder", holder);
	finding_thread(x, "waiter", waiter);
	finding_figure(x, "long_holds", (double)calls);
	finding_figure(x, "long_hold_ns", (double)held);
	finding_figure(x, "hold_max_ns", (double)holder->hold.max_ns);
	finding_figure(x, "wait_max_ns", (double)waiter->wait.max_ns);
	return finding_function(x, holder->tid, FIG_BY_CAUSED);
}

/* Threads that want the GIL, and what they held of it together. */
static u64 competitors(const struct fig_process *p, u64 *ret_held, u64 *ret_longest)
{
	u64 n = 0;

	*ret_held = *ret_longest = 0;
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		if (!takes_share(p, t->wait_ns, FINDING_LEAST))
			continue;
		n++;
		*ret_held += or_0(t->held_ns);
		if (t->held_ns != FIG_NULL && t->held_ns > *ret_longest)
			*ret_longest = t->held_ns;
	}
	return n;
}

/* How long it waits each time: the worst of them may be one that has not ended. */
static u64 each_wait(const struct fig_thread *t)
{
	u64 with_open = t->wait_ns / (t->wait.count + 1);

	return with_open > mean(&t->wait) ? with_open : mean(&t->wait);
}

static int starvation(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	const struct fig_thread *worst = NULL;
	u64 held, most, n, ns = 0, starved = 0;
	struct finding *x;

	(void)f;
	if (!p->gil_measured)
		return 0;
	n = competitors(p, &held, &most);
	/* Behind one or two threads it is those that hold for long: no queue of many. */
	if (n < 4 || most > held / 2)
		return 0;
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		if (!t->wait.valid || !takes_share(p, t->wait_ns, FINDING_STARVED) ||
		    each_wait(t) < finding_scaled(p, FINDING_STARVE_NS) || t->held_ns == FIG_NULL ||
		    t->held_ns >= held / n / 4 || !t->hold.valid)
			continue;
		ns += t->wait_ns;
		starved++;
		if (!worst || t->held_ns < worst->held_ns)
			worst = t;
	}
	if (!worst)
		return 0;
	x = findings_add(l, "starvation", p, ns, fmt_ratio(ns, p->measured_ns));
	if (!x)
		return -ENOMEM;
	x->what = "A thread waits for many others in turn each time it needs the GIL, and gets far "
		  "less of it than they do";
	x->remedy = "have fewer threads compute at once, or move them to other processes";
	finding_thread(x, "waiter", worst);
	finding_thread(x, "holder", top_holder(p, worst));
	finding_figure(x, "waits_ended", (double)worst->wait.count);
	finding_figure(x, "wait_mean_ns", (double)each_wait(worst));
	finding_figure(x, "starved_threads", (double)starved);
	finding_figure(x, "competing_threads", (double)n);
	finding_figure(x, "held_ratio", fmt_ratio(worst->held_ns, p->measured_ns));
	finding_figure(x, "fair_held_ratio", fmt_ratio(held / n, p->measured_ns));
	return 0;
}

static int collector(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	const struct fig_gc *worst = NULL;
	u64 ns = 0, runs = 0, stalled = 0;
	struct finding *x;

	(void)f;
	for (size_t i = 0; p->gc_measured && i < p->ngc; i++) {
		const struct fig_gc *g = &p->gc[i];

		if (!g->pause.valid)
			continue;
		ns += g->pause.sum_ns;
		runs += or_0(g->collections);
		stalled += or_0(g->stalled_ns);
		if (!worst || g->pause.sum_ns > worst->pause.sum_ns)
			worst = g;
	}
	if (!worst || !takes_share(p, ns, FINDING_GC))
		return 0;
	x = findings_add(l, "gc-dominates", p, ns, fmt_ratio(ns, p->measured_ns));
	if (!x)
		return -ENOMEM;
	x->what = "The garbage collector takes a large part of the time";
	x->remedy = "gc.freeze() what lives long, raise gc.set_threshold(), or make fewer cycles";
	x->generation = worst->generation;
	finding_figure(x, "collections", (double)runs);
	finding_figure(x, "pause_max_ns", (double)worst->pause.max_ns);
	finding_figure(x, "generation_ns", (double)worst->pause.sum_ns);
	finding_figure(x, "stalled_ns", (double)stalled);
	return finding_function(x, 0, FIG_BY_PAUSED);
}

static u64 blocked_of(const struct fig_thread *t)
{
	if (t->held_preempted_ns == FIG_NULL || or_0(t->held_offcpu_ns) < t->held_preempted_ns)
		return 0;
	return t->held_offcpu_ns - t->held_preempted_ns;
}

/* A holder off the CPU by @part, which nobody minds unless others waited meanwhile. */
static int off_cpu(const struct fig_process *p, struct findings *l, const char *id,
		   u64 (*part)(const struct fig_thread *t), double least, struct finding **ret)
{
	const struct fig_thread *worst = NULL;
	u64 ns = 0, contended = 0, held = 0;

	*ret = NULL;
	for (size_t i = 0; p->gil_measured && i < p->ngils; i++)
		contended += or_0(p->gils[i].contended_ns);
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		ns += part(t);
		held += or_0(t->held_ns);
		if (!worst || part(t) > part(worst))
			worst = t;
	}
	ns = less(ns, contended);
	if (!worst || !takes_share(p, ns, least))
		return 0;
	*ret = findings_add(l, id, p, ns, fmt_ratio(ns, p->measured_ns));
	if (!*ret)
		return -ENOMEM;
	finding_thread(*ret, "holder", worst);
	finding_figure(*ret, "holder_off_cpu_ns", (double)part(worst));
	finding_figure(*ret, "held_ns", (double)held);
	finding_figure(*ret, "contended_ns", (double)contended);
	return 0;
}

static int preempted(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	struct finding *x;
	int err = off_cpu(p, l, "holder-preempted", preempted_of, FINDING_LEAST, &x);

	(void)f;
	if (!x)
		return err;
	x->what = "Threads wait for the GIL while its holder waits for a CPU";
	x->remedy = "give the program more CPU (quota, affinity, fewer workers per core), or take "
		    "other load off the machine";
	return 0;
}

static int blocked(const struct figures *f, const struct fig_process *p, struct findings *l)
{
	struct finding *x;
	int err = off_cpu(p, l, "holder-blocked", blocked_of, FINDING_LEAST_BLOCKED, &x);

	(void)f;
	if (!x)
		return err;
	x->what =
		"Threads wait for the GIL while its holder sleeps in a system call or a page fault";
	x->remedy = "release the GIL around the call that blocks (Py_BEGIN_ALLOW_THREADS, "
		    "ctypes.CDLL instead of PyDLL)";
	x->cause = finding_call(p);
	return finding_function(x, x->threads[0].tid, FIG_BY_BLOCKED);
}

finding_rule *const finding_process_rules[] = {
	convoy, holding_call, starvation, collector, preempted, blocked, finding_rule_blocked_loop,
	NULL,
};
