/*
 * Figures that are not the GIL's: collections, system calls of event loops, deallocations.
 *
 * Invariants: collections and calls are rare enough for one mutex.  Deallocations are counted
 * in the slot of their thread; a table entry's name is written once, before `used` is set.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/rt_truth.h"
#include "runtime/rt_truth_private.h"

static struct rt_truth_gc gcs[RT_TRUTH_GENERATIONS]; /* these under truth_lock() */
static struct rt_truth_io ios[TRUTH_CALLS];
static uint64_t gc_since_ns; /* 0: no collection that is counted goes on */

void truth_shared_clear(void)
{
	memset(gcs, 0, sizeof(gcs));
	memset(ios, 0, sizeof(ios));
	gc_since_ns = 0;
}

void rt_truth_gc_start(int generation)
{
	(void)generation;
	truth_lock();
	gc_since_ns = rt_truth_enabled() ? rt_truth_now_ns() : 0;
	truth_unlock();
}

void rt_truth_gc_done(int generation, uint64_t collected, uint64_t uncollectable)
{
	uint64_t now = rt_truth_now_ns();
	struct rt_truth_gc *g;

	if (generation < 0 || generation >= RT_TRUTH_GENERATIONS)
		return;
	g = &gcs[generation];
	truth_lock();
	if (gc_since_ns) {
		g->collections++;
		g->collected += collected;
		g->uncollectable += uncollectable;
		rt_hist_add(&g->pause, now - gc_since_ns);
		gc_since_ns = 0;
	}
	truth_unlock();
}

void rt_truth_get_gc(int generation, struct rt_truth_gc *ret)
{
	truth_lock();
	*ret = gcs[generation];
	truth_unlock();
}

/* How often the calling thread went to sleep so far. */
static long sleeps_so_far(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) ? 0 : u.ru_nvcsw;
}

void rt_truth_io_begin(struct rt_truth_call *c, const char *call, int64_t timeout_ns)
{
	c->call = call;
	c->timeout_ns = timeout_ns;
	c->since_ns = 0;
	if (!rt_truth_enabled())
		return;
	c->sleeps = sleeps_so_far();
	c->since_ns = rt_truth_now_ns();
}

/* Under truth_lock(): the figures of @call; NULL: more calls than there is room for. */
static struct rt_truth_io *io_of(const char *call)
{
	for (size_t i = 0; i < TRUTH_CALLS; i++) {
		if (!ios[i].call)
			ios[i].call = call;
		if (!strcmp(ios[i].call, call))
			return &ios[i];
	}
	return NULL;
}

void rt_truth_io_end(struct rt_truth_call *c, int events)
{
	struct rt_truth_io *io;
	uint64_t now;
	bool slept;

	if (!c->since_ns || !rt_truth_enabled())
		return;
	now = rt_truth_now_ns();
	slept = sleeps_so_far() > c->sleeps;
	truth_lock();
	io = now >= truth_since_ns() && c->since_ns >= truth_since_ns() ? io_of(c->call) : NULL;
	if (io) {
		io->calls++;
		if (events > 0)
			io->events += (uint64_t)events;
		else if (events < 0)
			io->errors++;
		else if (slept || c->timeout_ns)
			io->timeouts++;
		io->wakeups += slept && events > 0;
		if (slept)
			rt_hist_add(&io->blocked, now - c->since_ns);
	}
	truth_unlock();
}

bool truth_io_at(size_t i, struct rt_truth_io *ret)
{
	bool there;

	truth_lock();
	there = i < TRUTH_CALLS && ios[i].call;
	if (there)
		*ret = ios[i];
	truth_unlock();
	return there;
}

bool rt_truth_get_io(const char *call, struct rt_truth_io *ret)
{
	struct rt_truth_io io;

	for (size_t i = 0; truth_io_at(i, &io); i++) {
		if (!strcmp(io.call, call)) {
			*ret = io;
			return true;
		}
	}
	return false;
}

static size_t hash_name(const char *name)
{
	uint32_t h = 2166136261U; /* FNV-1a */

	for (size_t i = 0; name[i] && i < TRUTH_TYPE_NAME - 1; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619U;
	return h;
}

/* The entry of @name, made if there is none; NULL: full, or no memory. */
static struct truth_type *type_of(struct truth_slot *s, const char *name)
{
	size_t at = hash_name(name);

	if (!s->types) {
		struct truth_type *t = calloc(TRUTH_TYPES, sizeof(*t));

		__atomic_store_n(&s->types, t, __ATOMIC_RELEASE);
		if (!t)
			return NULL;
	}
	for (size_t i = 0; i < TRUTH_TYPES; i++) {
		struct truth_type *t = &s->types[(at + i) % TRUTH_TYPES];

		if (!t->used) {
			strncpy(t->name, name, TRUTH_TYPE_NAME - 1);
			__atomic_store_n(&t->used, 1, __ATOMIC_RELEASE);
			return t;
		}
		if (!strncmp(t->name, name, TRUTH_TYPE_NAME - 1))
			return t;
	}
	return NULL;
}

void rt_truth_dealloc(const char *type_name)
{
	struct truth_slot *s = truth_slot();
	struct truth_type *t;

	if (!s)
		return;
	t = type_of(s, type_name);
	if (t)
		RT_RELAXED_ADD(t->deallocs, 1);
	else
		RT_RELAXED_ADD(s->other_deallocs, 1);
}

void truth_types_clear(struct truth_slot *s)
{
	RT_RELAXED_SET(s->other_deallocs, 0);
	for (size_t i = 0; s->types && i < TRUTH_TYPES; i++)
		RT_RELAXED_SET(s->types[i].deallocs, 0);
}

/* Add @deallocs to the row of @name among @n sorted by arrival; makes it if need be. */
static size_t merge_row(struct truth_type *rows, size_t n, const char *name, uint64_t deallocs)
{
	size_t i;

	if (!deallocs)
		return n;
	for (i = 0; i < n && strcmp(rows[i].name, name) != 0; i++)
		;
	if (i == n) {
		memset(&rows[i], 0, sizeof(rows[i]));
		strncpy(rows[i].name, name, TRUTH_TYPE_NAME - 1);
		n++;
	}
	rows[i].deallocs += deallocs;
	return n;
}

int truth_types_merged(struct truth_type **ret)
{
	size_t n = 0, slots = 0;

	for (const struct truth_slot *s = truth_first(); s; s = s->next)
		slots++;
	*ret = calloc(slots * (TRUTH_TYPES + 1) + 1, sizeof(**ret));
	if (!*ret)
		return -1;
	for (const struct truth_slot *s = truth_first(); s && slots; s = s->next, slots--) {
		struct truth_type *types = __atomic_load_n(&s->types, __ATOMIC_ACQUIRE);

		if (!truth_current(s))
			continue;
		for (size_t i = 0; types && i < TRUTH_TYPES; i++) {
			if (__atomic_load_n(&types[i].used, __ATOMIC_ACQUIRE))
				n = merge_row(*ret, n, types[i].name,
					      RT_RELAXED_GET(types[i].deallocs));
		}
		n = merge_row(*ret, n, "(other)", RT_RELAXED_GET(s->other_deallocs));
	}
	return (int)n;
}

uint64_t rt_truth_get_deallocs(const char *type_name)
{
	struct truth_type *rows;
	uint64_t deallocs = 0;
	int n = truth_types_merged(&rows);

	for (int i = 0; i < n; i++) {
		if (!strncmp(rows[i].name, type_name, TRUTH_TYPE_NAME - 1))
			deallocs = rows[i].deallocs;
	}
	free(rows);
	return deallocs;
}
