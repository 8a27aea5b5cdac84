/* Bursts; see burst.h.  `lock` guards all but what is said to be the thread's own. */
#include "user/load/burst.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/clock.h"
#include "user/base/thread.h"
#include "user/load/attach.h"
#include "user/load/budget.h"
#include "user/load/burst_sets.h"
#include "user/load/windows.h"

#define NS_PER_SEC 1000000000ULL
#define STEP_NS 1000000ULL /* how often what a burst costs is looked at */
#define CALM 0.05 /* probes take less of the time: it needs no ladder */
#define HIT_NS 600 /* a hit where it could not be measured */
/*
 * A hit is measured in a tight loop of our own; in a real program, where it meets cold caches, it
 * costs 1.2 to 1.55 times as much (measured on CPython; the least in a storm, which costs most).
 */
#define COLD 1.2
/*
 * Taking breakpoints off waits first, while they are hit, unless it was primed (attach.h) so short
 * a time ago; what costs less than HOT of the time does not need it.
 */
#define PRIMED_NS 3000000ULL
#define HOT 0.2
#define PRIMERS_MAX 16
/* Putting a breakpoint in and taking it out holds the target up for so long (15 us measured). */
#define SITE_NS 15000

struct burst {
	struct thread thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* to stop */
	bool started, stop;
	const struct skel *skel;
	struct gs_burst *bpf;
	struct burst_sets sets;
	struct ladder ladder;
	struct attached *attached; /* the links; NULL: detached */
	struct budget budget;
	struct windows windows[GS_BURST_KINDS]; /* those of ALL have the times in full, too */
	u64 began_ns; /* the window that is open; 0: none */
	u64 began_hits; /* hits when it was opened */
	u64 awake_ns; /* of the last burst: not waiting for a CPU */
	u64 thinned_ns; /* when it was last thinned; 0: never */
	u64 since_ns;
	u64 primed_ns; /* when breakpoints were last put in */
	u32 primers; /* attached now */
	u64 trap_ns; /* cost of a hit without the counting */
	u64 hits; /* paid for */
	double spent_ns;
	u64 random;
};

struct burst *burst_new(const struct skel *s, double share, u64 hit_ns)
{
	struct burst *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->wake, NULL);
	b->attached = attached_new();
	if (ladder_init(&b->ladder, skel_maps(s)->max_sites) || !b->attached)
		return burst_free(b);
	b->skel = s;
	b->bpf = skel_maps(s)->burst;
	b->trap_ns = hit_ns ? hit_ns : HIT_NS;
	b->random = clock_mono_ns() | 1;
	b->budget.share = share;
	b->budget.kind = GS_BURST_ALL;
	return b;
}

/*
 * Cost of a hit: the breakpoint and the counting.  Where somebody has the kernel keep statistics
 * of BPF programs (kernel.bpf_stats_enabled), it is no less than they say of the program alone.
 */
static u64 hit_ns(struct burst *b)
{
	u64 timed = __atomic_load_n(&b->bpf->timed, __ATOMIC_RELAXED);
	u64 ns = b->trap_ns + (timed ? b->bpf->timed_ns / timed : 0), mean;
	struct bpf_prog_info info = {};
	u32 len = sizeof(info);

	ns = (u64)((double)ns * COLD);
	if (bpf_prog_get_info_by_fd(bpf_program__fd(skel_site_program(b->skel)), &info, &len) ||
	    !info.run_cnt)
		return ns;
	mean = info.run_time_ns / info.run_cnt;
	return mean > ns ? mean : ns;
}

int burst_add(struct burst *b, const char *path, pid_t pid, const struct probe_site *sites,
	      size_t nsites, u32 first, struct err *e)
{
	int err;

	pthread_mutex_lock(&b->lock);
	err = burst_sets_add(&b->sets, path, pid, sites, nsites, first, &b->ladder);
	if (err)
		err = errf(e, GS_EXIT_FAILED, err, "memory: none left");
	if (!err && b->attached) {
		err = burst_set_attach(&b->sets.at[b->sets.count - 1], b->attached, b->skel,
				       &b->ladder, b->budget.kind, e);
		if (err)
			burst_sets_drop_last(&b->sets);
	}
	pthread_mutex_unlock(&b->lock);
	return err;
}

/* xorshift64, as 0..1. */
static double random_unit(struct burst *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return (double)(b->random >> 11) / (double)(1ULL << 53);
}

/* Sleep, unlocked; false: it is time to stop. */
static bool sleep_for(struct burst *b, u64 ns)
{
	u64 at = clock_mono_ns() + ns;
	struct timespec until = { .tv_sec = at / NS_PER_SEC, .tv_nsec = at % NS_PER_SEC };

	while (!b->stop &&
	       pthread_cond_clockwait(&b->wake, &b->lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
		;
	return !b->stop;
}

/* What the hits since the last time have cost. */
static double new_cost(struct burst *b)
{
	u64 hits = __atomic_load_n(&b->bpf->hits, __ATOMIC_RELAXED);
	double cost = (double)(hits - b->hits) * (double)hit_ns(b);

	b->hits = hits;
	b->spent_ns += cost;
	return cost;
}

static void window_open(struct burst *b, enum gs_burst_active active)
{
	u32 number = GS_BURST_NUMBER(b->bpf->id) + 1;

	if (active == GS_BURST_ON) {
		b->bpf->us[number % GS_BURSTS_KEPT] = 0; /* not known yet */
		b->began_hits = __atomic_load_n(&b->bpf->hits, __ATOMIC_RELAXED);
		b->bpf->id = GS_BURST_ID(number, b->budget.kind);
		burst_sets_begin(&b->sets);
	}
	__atomic_store_n(&b->bpf->active, active, __ATOMIC_SEQ_CST);
	b->began_ns = clock_mono_ns();
}

static void burst_ended(struct burst *b, u64 now)
{
	enum gs_burst_kind kind = b->budget.kind;
	struct windows *w = &b->windows[kind];
	u64 us, hits = __atomic_load_n(&b->bpf->hits, __ATOMIC_RELAXED) - b->began_hits;
	u32 slot = GS_BURST_NUMBER(b->bpf->id) % GS_BURSTS_KEPT;

	b->awake_ns = burst_sets_end(&b->sets, kind, now - b->began_ns);
	us = (now - b->began_ns) / 1000;
	windows_add(w, b->began_ns, now, hits);
	b->bpf->in[slot] = hits;
	b->bpf->us[slot] = us ? us : 1;
	b->bpf->mean_us[kind] = w->us / w->bursts;
	b->bpf->mean_in[kind] = w->hits / w->bursts;
}

/* Ends the window; where @then is not GS_BURST_OFF another one begins at once. */
static void window_end(struct burst *b, enum gs_burst_active then)
{
	u64 now, was = __atomic_exchange_n(&b->bpf->active, then, __ATOMIC_SEQ_CST);

	now = clock_mono_ns();
	if (was == GS_BURST_ON)
		burst_ended(b, now);
	else
		windows_add_full(&b->windows[GS_BURST_ALL], b->began_ns, now);
	b->began_ns = then == GS_BURST_OFF ? 0 : now;
}

/* What is attached shall go at once when it must. */
static void prime(struct burst *b)
{
	if (clock_mono_ns() - b->primed_ns < PRIMED_NS || !b->sets.count ||
	    b->primers++ >= PRIMERS_MAX)
		return;
	(void)attach_primer(b->attached, b->skel, b->sets.at[0].first);
	b->primed_ns = clock_mono_ns();
}

/* The links are closed unlocked: it takes some 40 ms, in which figures can be read. */
static void detach(struct burst *b, bool of_burst)
{
	struct attached *links = b->attached;
	double cost;

	b->attached = NULL;
	pthread_mutex_unlock(&b->lock);
	attached_free(links);
	pthread_mutex_lock(&b->lock);
	cost = (double)burst_sets_sites(&b->sets, &b->ladder, b->budget.kind) * SITE_NS;
	b->spent_ns += cost;
	budget_tail(&b->budget, new_cost(b) + cost, of_burst);
}

/* FULL: another slice of it. */
static void go_on(struct burst *b)
{
	u64 now, slice = budget_slice(&b->budget);
	double cost;

	if (!sleep_for(b, slice))
		return;
	now = clock_mono_ns();
	cost = new_cost(b);
	budget_spend(&b->budget, now, cost);
	if (!budget_thin(&b->budget, now)) {
		window_end(b, GS_BURST_FULL);
		if (cost > HOT * (double)slice && budget_low(&b->budget, cost / (double)slice))
			prime(b);
		return;
	}
	window_end(b, GS_BURST_OFF);
	b->thinned_ns = b->since_ns = now;
	detach(b, false);
}

/* THINNED: wait, then a burst. */
static void burst_once(struct burst *b)
{
	double cost = 0;
	u64 length, now, began;

	b->budget.kind = GS_BURST_ALL; /* if it is calm: then the sooner it is seen the better */
	if (b->budget.last_load > CALM)
		b->budget.kind = ladder_next(&b->ladder);
	if (!sleep_for(b, budget_pause(&b->budget, random_unit(b))))
		return;
	b->attached = attached_new();
	if (!b->attached)
		return;
	burst_sets_attach(&b->sets, b->attached, b->skel, &b->ladder, b->budget.kind);
	if (ladder_wants(&b->ladder, b->budget.kind))
		burst_sets_hits(&b->ladder, skel_maps(b->skel), true);
	b->primed_ns = clock_mono_ns();
	b->primers = 0;
	budget_spend(&b->budget, b->primed_ns, new_cost(b));
	length = budget_length(&b->budget);
	window_open(b, GS_BURST_ON);
	began = now = b->began_ns;
	while (!budget_burst_over(&b->budget, length, now - began, cost)) {
		u64 rest = began + length - now;

		if (!sleep_for(b, rest < STEP_NS ? rest : STEP_NS))
			break;
		cost += new_cost(b);
		now = clock_mono_ns();
		if (cost > HOT * (double)(now - began))
			prime(b);
	}
	if (b->stop)
		return;
	if (budget_burst(&b->budget, now, now - began, cost)) {
		b->since_ns = now;
		window_end(b, GS_BURST_FULL);
		return;
	}
	window_end(b, GS_BURST_OFF);
	if (ladder_wants(&b->ladder, b->budget.kind)) {
		burst_sets_hits(&b->ladder, skel_maps(b->skel), false);
		ladder_learn(&b->ladder, b->budget.kind, b->awake_ns, hit_ns(b));
	}
	detach(b, true);
}

/* A burst must end when it should, however busy the target keeps the CPUs. */
static void take_precedence(void)
{
	struct sched_param p = { .sched_priority = 1 };

	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &p);
}

static void run(void *arg)
{
	struct burst *b = arg;

	take_precedence();
	pthread_mutex_lock(&b->lock);
	while (!b->stop) {
		if (b->budget.thinned)
			burst_once(b);
		else
			go_on(b);
	}
	pthread_mutex_unlock(&b->lock);
}

int burst_start(struct burst *b)
{
	int err;

	b->since_ns = clock_mono_ns();
	budget_init(&b->budget, b->budget.share, b->since_ns);
	window_open(b, GS_BURST_FULL);
	err = thread_start(&b->thread, run, b);
	b->started = !err;
	return err;
}

static void seen(struct burst *b, u32 pid, u64 from_ns, u64 to_ns, struct burst_seen *ret_seen)
{
	u64 from = b->began_ns > from_ns ? b->began_ns : from_ns, full;
	struct burst_span *open = &ret_seen->kinds[b->budget.kind];

	for (int k = 0; k < GS_BURST_KINDS; k++)
		windows_seen(&b->windows[k], from_ns, to_ns, &ret_seen->kinds[k], &full);
	burst_sets_use(&b->sets, pid, ret_seen);
	ret_seen->full_ns = full; /* the last one's: of ALL */
	if (b->began_ns && from < to_ns && b->bpf->active == GS_BURST_FULL) {
		ret_seen->full_ns += to_ns - from;
	} else if (b->began_ns && from < to_ns) {
		open->ns += to_ns - from;
		open->bursts++;
		open->squares += windows_square(to_ns - from);
	}
	ret_seen->levels = b->ladder.levels;
	ret_seen->nlevels = b->ladder.n;
	ret_seen->whole = !b->thinned_ns || (!b->budget.thinned && b->since_ns <= from_ns) ||
			  (to_ns <= b->thinned_ns && b->budget.changes == 1);
}

void burst_seen(struct burst *b, u32 pid, u64 from_ns, u64 to_ns, struct burst_seen *ret_seen)
{
	pthread_mutex_lock(&b->lock);
	seen(b, pid, from_ns, to_ns, ret_seen);
	pthread_mutex_unlock(&b->lock);
}

void burst_state(struct burst *b, struct burst_state *ret_state)
{
	struct burst_seen all;

	pthread_mutex_lock(&b->lock);
	seen(b, 0, 0, clock_mono_ns(), &all);
	*ret_state = (struct burst_state) {
		.share = b->budget.share,
		.thinned = b->budget.thinned,
		.since_ns = b->since_ns,
		.hits = b->hits,
		.spent_ns = (u64)b->spent_ns,
		.hit_ns = hit_ns(b),
		.observed_ns = all.full_ns + all.kinds[GS_BURST_LIGHT].ns +
			       all.kinds[GS_BURST_MID].ns + all.kinds[GS_BURST_ALL].ns,
	};
	pthread_mutex_unlock(&b->lock);
}

void burst_stop(struct burst *b)
{
	if (!b || !b->started)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
	thread_join(&b->thread);
	b->started = false;
}

struct burst *burst_free(struct burst *b)
{
	if (!b)
		return NULL;
	burst_stop(b);
	attached_free(b->attached);
	burst_sets_free(&b->sets);
	ladder_free(&b->ladder);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
	free(b);
	return NULL;
}
