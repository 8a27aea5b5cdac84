/* Sampling the GIL; see sampler.h.  `lock` guards everything that both threads use. */
#include "user/ingest/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/clock.h"
#include "user/base/thread.h"

#define NS_PER_SEC 1000000000ULL

struct holder {
	pid_t ns_tid;
	u64 held_ns;
	u32 unasked; /* readings in a row that did not ask for it */
};

struct sampled_of_gil {
	u64 address;
	u64 first_switches; /* the GIL's switch_number */
	struct sampled_now now;
};

struct sampled {
	struct sampler *sampler;
	const struct py_process *py;
	const struct kmaps *maps; /* NULL: ended */
	u32 proc; /* index of its slot */
	u64 last_ns; /* of the last sample; 0: none */
	struct sampled_of_gil main;
	struct sampled_of_gil *more; /* those of subinterpreters, gone ones as well; GS_MORE_GILS */
	size_t nmore;
	struct holder *holders;
	size_t nholders, room;
};

struct sampler {
	struct thread thread; /* not if kernel_ns */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* to stop */
	bool stop;
	u64 period_ns;
	u64 kernel_ns; /* as in sampler_new() */
	u64 random;
	struct sampled **list;
	size_t count, room;
};

static struct holder *find_holder(struct sampled *p, pid_t ns_tid)
{
	for (size_t i = 0; i < p->nholders; i++)
		if (p->holders[i].ns_tid == ns_tid)
			return &p->holders[i];
	return NULL;
}

static struct holder *add_holder(struct sampled *p, pid_t ns_tid)
{
	if (p->nholders == p->room) {
		size_t room = p->room ? p->room * 2 : 16;
		struct holder *more = realloc(p->holders, room * sizeof(*more));

		if (!more)
			return NULL;
		p->holders = more;
		p->room = room;
	}
	p->holders[p->nholders] = (struct holder) { .ns_tid = ns_tid };
	return &p->holders[p->nholders++];
}

/* The entry of the GIL at @address, made if it is new; NULL without room. */
static struct sampled_of_gil *gil_entry(struct sampled *p, u64 address)
{
	for (size_t i = 0; i < p->nmore; i++)
		if (p->more[i].address == address)
			return &p->more[i];
	if (!p->more)
		p->more = calloc(GS_MORE_GILS, sizeof(*p->more));
	if (!p->more || p->nmore == GS_MORE_GILS)
		return NULL;
	(void)kmaps_gil(p->maps, p->proc, address);
	p->more[p->nmore].address = address;
	return &p->more[p->nmore++];
}

/* The GIL of @g was found as @gil says; the sample stands for the last @ns. */
static void add_sample(struct sampled *p, struct sampled_of_gil *g, const struct gil_now *gil,
		       u64 ns)
{
	struct sampled_now *now = &g->now;
	struct holder *h;

	/* Another GIL may be where one was before. */
	if (!now->samples || gil->switch_number < g->first_switches + now->handovers)
		g->first_switches = gil->switch_number - now->handovers;
	now->covered_ns += ns;
	now->samples = p->sampler->kernel_ns ? 1 + now->covered_ns / p->sampler->kernel_ns
					     : now->samples + 1;
	now->handovers = gil->switch_number - g->first_switches;
	now->held = gil->locked;
	now->holder_ns_tid = gil->holder_ns_tid;
	if (!gil->locked || p->sampler->kernel_ns)
		return;
	now->held_ns += ns;
	h = find_holder(p, gil->holder_ns_tid);
	if (!h)
		h = add_holder(p, gil->holder_ns_tid);
	if (h)
		h->held_ns += ns;
}

static void nobody_holds(struct sampled *p)
{
	p->main.now.held = false;
	p->main.now.holder_ns_tid = 0;
	for (size_t i = 0; i < p->nmore; i++) {
		p->more[i].now.held = false;
		p->more[i].now.holder_ns_tid = 0;
	}
}

static u64 start_of(const struct sampled *p)
{
	return p->maps ? __atomic_load_n(&p->maps->procs[p->proc].start_ns, __ATOMIC_ACQUIRE) : 0;
}

/* One sample of @p, at this moment. */
static void sample(struct sampled *p)
{
	u64 start = start_of(p), list[PROCESS_GILS_MAX], now, ns;
	struct gil_now gil;
	size_t n;

	if (!start)
		return;
	nobody_holds(p); /* it may have no GIL yet, or no memory any more */
	if (process_gil(p->py, &gil))
		return;
	now = clock_mono_ns();
	if (now <= start)
		return;
	ns = now - (p->last_ns ? p->last_ns : start);
	p->last_ns = now;
	add_sample(p, &p->main, &gil, ns);
	n = process_gils(p->py, list);
	for (size_t i = 1; i < n; i++) {
		struct sampled_of_gil *g = gil_entry(p, list[i]);

		if (g && !process_gil_at(p->py, list[i], &gil))
			add_sample(p, g, &gil, ns);
	}
}

/* xorshift64: moments need to be irregular, not unpredictable. */
static u64 random_below(struct sampler *s, u64 n)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random % n;
}

/* Until the next sample: half a period to one and a half, so that no rhythm is met. */
static bool sleep_a_period(struct sampler *s)
{
	u64 at = clock_mono_ns() + s->period_ns / 2 + random_below(s, s->period_ns);
	struct timespec until = { .tv_sec = at / NS_PER_SEC, .tv_nsec = at % NS_PER_SEC };

	while (!s->stop &&
	       pthread_cond_clockwait(&s->wake, &s->lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
		;
	return !s->stop;
}

/*
 * A sampler that has to wait for a CPU gets one when a thread goes to sleep, which the target's do
 * right after a release: it would see the GIL free too often.  Without the privilege it stays so.
 */
static void take_precedence(void)
{
	struct sched_param p = { .sched_priority = 1 };

	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &p);
}

static void run(void *arg)
{
	struct sampler *s = arg;

	take_precedence();
	pthread_mutex_lock(&s->lock);
	while (sleep_a_period(s))
		for (size_t i = 0; i < s->count; i++)
			sample(s->list[i]);
	pthread_mutex_unlock(&s->lock);
}

struct sampler *sampler_new(u32 rate_hz, u64 kernel_ns)
{
	struct sampler *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->period_ns = NS_PER_SEC / (rate_hz ? rate_hz : 1);
	s->kernel_ns = kernel_ns;
	s->random = clock_mono_ns() | 1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	if (!kernel_ns && thread_start(&s->thread, run, s)) {
		free(s);
		return NULL;
	}
	return s;
}

struct sampler *sampler_free(struct sampler *s)
{
	if (!s)
		return NULL;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (!s->kernel_ns)
		thread_join(&s->thread);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s->list);
	free(s);
	return NULL;
}

static bool list_add(struct sampler *s, struct sampled *p)
{
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 16;
		struct sampled **more = realloc(s->list, room * sizeof(struct sampled *));

		if (!more)
			return false;
		s->list = more;
		s->room = room;
	}
	s->list[s->count++] = p;
	return true;
}

struct sampled *sampler_add(struct sampler *s, const struct py_process *py,
			    const struct kmaps *maps, u32 proc)
{
	struct sampled *p = calloc(1, sizeof(*p));
	bool ok;

	if (!p)
		return NULL;
	p->sampler = s;
	p->py = py;
	p->maps = maps;
	p->proc = proc;
	pthread_mutex_lock(&s->lock);
	ok = list_add(s, p);
	pthread_mutex_unlock(&s->lock);
	if (ok)
		return p;
	free(p);
	return NULL;
}

void sampled_end(struct sampled *p)
{
	pthread_mutex_lock(&p->sampler->lock);
	p->maps = NULL;
	nobody_holds(p);
	pthread_mutex_unlock(&p->sampler->lock);
}

struct sampled *sampled_free(struct sampled *p)
{
	struct sampler *s;
	size_t kept = 0;

	if (!p)
		return NULL;
	s = p->sampler;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i] != p)
			s->list[kept++] = s->list[i];
	s->count = kept;
	pthread_mutex_unlock(&s->lock);
	free(p->holders);
	free(p->more);
	free(p);
	return NULL;
}

void sampled_read(struct sampled *p, struct sampled_now *ret_now)
{
	pthread_mutex_lock(&p->sampler->lock);
	sample(p);
	for (size_t i = 0; i < p->nholders; i++)
		p->holders[i].unasked++;
	*ret_now = p->main.now;
	pthread_mutex_unlock(&p->sampler->lock);
}

bool sampled_gil(struct sampled *p, u64 address, struct sampled_now *ret_now)
{
	bool found = address == p->py->gil_addr;

	pthread_mutex_lock(&p->sampler->lock);
	if (found)
		*ret_now = p->main.now;
	for (size_t i = 0; i < p->nmore && !found; i++) {
		found = p->more[i].address == address;
		if (found)
			*ret_now = p->more[i].now;
	}
	pthread_mutex_unlock(&p->sampler->lock);
	return found;
}

u64 sampled_thread(struct sampled *p, pid_t ns_tid)
{
	struct holder *h;
	u64 ns = 0;

	pthread_mutex_lock(&p->sampler->lock);
	h = find_holder(p, ns_tid);
	if (h) {
		ns = h->held_ns;
		h->unasked = 0;
	}
	pthread_mutex_unlock(&p->sampler->lock);
	return ns;
}

u64 sampled_thread_take(struct sampled *p, pid_t ns_tid)
{
	struct holder *h;
	u64 ns = 0;

	pthread_mutex_lock(&p->sampler->lock);
	h = find_holder(p, ns_tid);
	if (h) {
		ns = h->held_ns;
		*h = p->holders[--p->nholders];
	}
	pthread_mutex_unlock(&p->sampler->lock);
	return ns;
}

u64 sampled_rest_take(struct sampled *p)
{
	u64 ns = 0;
	size_t kept = 0;

	pthread_mutex_lock(&p->sampler->lock);
	for (size_t i = 0; i < p->nholders; i++) {
		if (p->holders[i].unasked > (p->maps ? 1 : 0))
			ns += p->holders[i].held_ns;
		else
			p->holders[kept++] = p->holders[i];
	}
	p->nholders = kept;
	pthread_mutex_unlock(&p->sampler->lock);
	return ns;
}
