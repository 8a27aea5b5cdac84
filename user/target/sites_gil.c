/*
 * gil: where the GIL becomes owned and free.
 *
 * Every take and every release of the GIL in CPython 3.8-3.15, inlined or not, signals one of
 * its two conditions (Python/ceval_gil.h: take_gil(), drop_gil()), and nothing else in the
 * interpreter calls pthread_cond_signal.  So the set of those calls is complete; the sites are
 * put after the unlock that follows each, outside the GIL's mutex.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/gil_forced.h"
#include "user/target/gil_paths.h"
#include "user/target/sites.h"

#define SIGNALS_MAX 64
#define ENDLESS_MAX 192 /* bytes of a function that hangs its thread */
#define FORCED_GAP 64 /* bytes between `call drop_gil` and `call take_gil` */

struct gil_search {
	struct site_search *search;
	struct err *e;
	struct gil_calls calls;
	u64 signals[SIGNALS_MAX]; /* vaddrs of the calls */
	size_t nsignals;
	u64 waits[SIGNALS_MAX];
	size_t nwaits;
	u64 takes[SIGNALS_MAX]; /* entries of functions that wait for the GIL, or take it */
	size_t ntakes;
	u64 drops[SIGNALS_MAX]; /* entries of functions that release it */
	size_t ndrops;
	struct flow *flow; /* of the function at flow_start */
	u64 flow_start;
};

static int missing(struct gil_search *g, const char *what)
{
	return errf(g->e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: %s, so takes and releases of the GIL cannot be told; report this build",
		    g->search->binary->path, what);
}

static int find_calls(struct gil_search *g)
{
	struct site_search *s = g->search;

	if (sites_callee(s, "pthread_cond_signal", &g->calls.signal) ||
	    sites_callee(s, "pthread_cond_timedwait", &g->calls.timedwait) ||
	    sites_callee(s, "pthread_mutex_unlock", &g->calls.unlock) ||
	    sites_callee(s, "pthread_mutex_lock", &g->calls.lock) ||
	    sites_callee(s, "pthread_cond_wait", &g->calls.wait))
		return missing(g, "it does not use the pthread functions that CPython's GIL needs");
	return 0;
}

struct collect {
	struct gil_search *g;
	const struct site_callee *callee;
	u64 *list;
	size_t *n;
};

static int collect_one(const struct insn *i, void *arg)
{
	struct collect *c = arg;
	const struct code_range *r = code_range_at(c->g->search->code, i->vaddr);
	size_t k;

	/* A PLT entry jumps through the slot as well: that is the callee, not a caller. */
	for (k = 0; k < c->callee->ntargets; k++) {
		if (i->vaddr - c->callee->targets[k] < 16)
			return 0;
	}
	if (!r)
		return 0;
	if (i->flow != INSN_CALL)
		return missing(c->g, "a condition of the GIL is signalled by a tail call");
	if (*c->n == SIGNALS_MAX)
		return missing(c->g, "it has too many calls of a condition's functions");
	c->list[(*c->n)++] = i->vaddr;
	return 0;
}

static int collect(struct gil_search *g, const struct site_callee *callee, u64 *list, size_t *n)
{
	struct collect c = { .g = g, .callee = callee, .list = list, .n = n };
	struct code_targets to = {
		.targets = callee->targets,
		.ntargets = callee->ntargets,
		.slots = callee->slots,
		.nslots = callee->nslots,
	};

	return code_each_branch(g->search->code, &to, collect_one, &c);
}

/* Where to begin following code that no path from its function's start reaches. */
static u64 seed_before(struct gil_search *g, const struct code_range *r, u64 vaddr)
{
	u64 at, seed = r->start;
	struct insn i;

	for (at = r->start; at < vaddr; at += i.size) {
		if (code_decode(g->search->code, at, &i))
			break;
		if (i.flow == INSN_JMP || i.flow >= INSN_RET)
			seed = at + i.size;
	}
	return seed;
}

/* The flow of the function that @vaddr is in; kept until another is asked for. */
static int flow_of(struct gil_search *g, u64 vaddr, const struct flow **ret_f)
{
	const struct code_range *range = code_range_at(g->search->code, vaddr);
	int r = 0;

	if (!g->flow || g->flow_start != range->start) {
		g->flow = flow_free(g->flow);
		g->flow_start = range->start;
		r = flow_new(g->search->code, range->start, &g->search->noreturn, &g->flow);
	}
	if (!r && !flow_reached(g->flow, vaddr))
		r = flow_add(g->flow, seed_before(g, range, vaddr));
	if (r == -E2BIG)
		return missing(g, "a function that handles the GIL is too big to be followed");
	if (r)
		return r;
	*ret_f = g->flow;
	return 0;
}

static void add_unique(u64 *list, size_t *n, u64 v)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (list[i] == v)
			return;
	}
	if (*n < SIGNALS_MAX)
		list[(*n)++] = v;
}

static int signal_sites(struct gil_search *g, size_t *owned, size_t *released)
{
	struct site_search *s = g->search;
	struct gil_signal sig = { 0 };
	const struct flow *f = NULL;
	size_t i;
	int r;

	for (i = 0; i < g->nsignals; i++) {
		r = flow_of(g, g->signals[i], &f);
		if (!r)
			r = gil_signal_classify(s, f, g->signals[i], &sig, g->e);
		if (!r && sig.kind == GIL_SIGNAL_NOBODYS)
			continue;
		if (!r)
			r = gil_signal_sites(s, f, &g->calls, &sig, g->e);
		if (r)
			return r;
		if (sig.kind == GIL_SIGNAL_OWNED) {
			(*owned)++;
			/* take_gil, even where the wait is a function of its own. */
			add_unique(g->takes, &g->ntakes,
				   code_range_at(s->code, g->signals[i])->start);
		} else {
			(*released)++;
			add_unique(g->drops, &g->ndrops,
				   code_range_at(s->code, g->signals[i])->start);
		}
	}
	return 0;
}

/* Only asked for by name: a wait's start is inside the lock. */
static int wait_sites(struct gil_search *g)
{
	struct site_search *s = g->search;
	size_t i;
	int r = 0;

	for (i = 0; i < g->nwaits && !r; i++) {
		struct site_found found = {
			.family = GS_FAMILY_GIL,
			.event = GS_EVENT_GIL_WAIT,
			.optional = true, /* the scheduler tells it, outside the lock */
			.vaddr = g->waits[i],
			.found_by = "decode",
		};

		add_unique(g->takes, &g->ntakes, code_range_at(s->code, g->waits[i])->start);
		r = sites_add(s, g->e, &found,
			      "the call of pthread_cond_timedwait, in take_gil (the function at "
			      "0x%lx)",
			      (unsigned long)code_range_at(s->code, g->waits[i])->start);
	}
	return r;
}

/* Could there be one?  By bytes alone, which is cheap. */
static bool drop_nearby(struct gil_search *g, u64 take)
{
	u64 at, target;
	size_t k;

	for (at = take - FORCED_GAP; at < take; at++) {
		target = code_call_target(g->search->code, at);
		for (k = 0; target && k < g->ndrops; k++) {
			if (target == g->drops[k])
				return true;
		}
	}
	return false;
}

/* The last call of a function that releases the GIL, shortly before @take in a straight line. */
static u64 drop_before(struct gil_search *g, u64 take)
{
	const struct code_range *r = code_range_at(g->search->code, take);
	u64 at = r->start, drop = 0;
	struct insn i;
	size_t k;

	if (!drop_nearby(g, take))
		return 0;
	for (; at < take; at += i.size) {
		if (code_decode(g->search->code, at, &i))
			return 0;
		if (i.flow != INSN_NEXT)
			drop = 0; /* something else comes between */
		for (k = 0; k < g->ndrops; k++) {
			if (i.flow == INSN_CALL && i.target == g->drops[k])
				drop = at;
		}
	}
	return take - drop <= FORCED_GAP ? drop : 0;
}

/*
 * The eval loop gives the GIL up on request by drop_gil() and take_gil() in a row
 * (CPython 3.11 Python/ceval.c, eval_frame_handle_pending()).
 */
static int forced_site(const struct insn *i, void *arg)
{
	struct gil_search *g = arg;
	struct site_found found = {
		.family = GS_FAMILY_GIL,
		.event = GS_EVENT_GIL_FORCED,
		.found_by = "decode",
	};
	const char *in;

	if (i->flow != INSN_CALL)
		return 0;
	found.vaddr = drop_before(g, i->vaddr);
	if (!found.vaddr)
		return 0;
	in = elf_file_function_at(g->search->elf, found.vaddr);
	return sites_add(g->search, g->e, &found,
			 "the call of drop_gil%s%s, followed at once by that of take_gil at 0x%lx",
			 in ? " in " : "", in ? in : "", (unsigned long)i->vaddr);
}

/* Is there no way out of the function at @entry: no return, no jump to elsewhere? */
static bool endless(struct gil_search *g, u64 entry)
{
	const struct code_range *r = code_range_at(g->search->code, entry);
	struct insn i;
	u64 at;

	if (!r || r->start != entry || r->end - entry > ENDLESS_MAX)
		return false;
	for (at = entry; at < r->end; at += i.size) {
		if (code_decode(g->search->code, at, &i) || i.flow == INSN_RET ||
		    i.flow == INSN_END)
			return false;
		if ((i.flow == INSN_JMP || i.flow == INSN_JCC) &&
		    (i.target < entry || i.target >= r->end))
			return false;
	}
	return true;
}

/*
 * A thread that comes too late hangs for ever, in a function that has no name in stripped files
 * (3.14: _PyThreadState_HangThread()); what follows its call is another path's.
 */
static void find_endless(struct gil_search *g)
{
	struct site_search *s = g->search;
	struct insn i;
	size_t k;
	u64 at;

	for (k = 0; k < g->nwaits; k++) {
		const struct code_range *r = code_range_at(s->code, g->waits[k]);

		for (at = r->start; at < r->end; at += i.size) {
			if (code_decode(s->code, at, &i))
				break;
			if (i.flow == INSN_CALL && i.target &&
			    s->noreturn.ntargets < NORETURN_MAX && endless(g, i.target))
				s->noreturn_targets[s->noreturn.ntargets++] = i.target;
		}
	}
}

static int find_sites(struct gil_search *g)
{
	struct code_targets takes = { .targets = g->takes };
	struct gil_entries entries = { .takes = g->takes, .drops = g->drops };
	size_t owned = 0, released = 0;
	int r;

	r = find_calls(g);
	if (!r)
		r = collect(g, &g->calls.signal, g->signals, &g->nsignals);
	if (!r)
		r = collect(g, &g->calls.timedwait, g->waits, &g->nwaits);
	if (!r && !g->nwaits)
		r = missing(g, "nothing in it calls pthread_cond_timedwait, as take_gil does");
	if (!r)
		find_endless(g);
	if (!r)
		r = signal_sites(g, &owned, &released);
	if (!r && !owned)
		r = missing(g, "nothing in it signals gil->switch_cond");
	if (!r && !released)
		r = missing(g, "nothing in it signals gil->cond");
	if (!r)
		r = wait_sites(g);
	if (r)
		return r;
	takes.ntargets = g->ntakes;
	entries.ntakes = g->ntakes;
	entries.ndrops = g->ndrops;
	r = gil_forced_sites(g->search, &entries, g->e);
	if (r)
		return r;
	/* None found: how many releases were forced is unknown, all else is not. */
	return code_each_branch(g->search->code, &takes, forced_site, g);
}

int sites_gil(struct site_search *search, struct err *e)
{
	struct gil_search *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->search = search;
	g->e = e;
	r = find_sites(g);
	flow_free(g->flow);
	free(g);
	return r;
}
