/* Which sites are probed in which bursts; see ladder.h. */
#include "user/load/ladder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define ENOUGH_HITS 2000
#define CALM 0.1 /* probes that take less of the time need no ladder */
#define LIGHT_LOAD 0.1 /* of the time, that probes of LIGHT bursts may take */
#define LIGHT_SHARE 0.1 /* of all hits, that they may be: how busy it was may be wrong */
#define HEAVY 0.3 /* of it: then they no longer show the program as it is */
#define MID_LOAD 0.5
#define MID_SHARE 0.01 /* of all hits, that MID must add */
#define SLOWER_MAX 20 /* by which the program may be slower, for all we know */

int ladder_init(struct ladder *l, size_t n)
{
	*l = (struct ladder) { .n = n, .last_kind = GS_BURST_ALL };
	l->levels = malloc(n ? n : 1);
	l->hits = calloc(n ? n : 1, sizeof(*l->hits));
	l->last = calloc(n ? n : 1, sizeof(*l->last));
	l->recent = calloc(n ? n : 1, sizeof(*l->recent));
	l->sites = calloc(n ? n : 1, sizeof(*l->sites));
	l->deallocs = calloc(n ? n : 1, sizeof(*l->deallocs));
	for (size_t i = 0; l->levels && i < n; i++)
		l->levels[i] = GS_BURST_ALL;
	l->has[GS_BURST_ALL] = true;
	return l->levels && l->hits && l->last && l->recent && l->sites && l->deallocs ? 0
										       : -ENOMEM;
}

/* The row with the fewest hits that has no place below the top yet; n: none. */
static size_t lightest(const struct ladder *l)
{
	size_t found = l->n;

	for (size_t i = 0; i < l->n; i++)
		if (l->sites[i] && l->deallocs[i] && l->levels[i] == GS_BURST_ALL &&
		    (found == l->n || l->hits[i] < l->hits[found]))
			found = i;
	return found;
}

/* Rows up to @kind, at @load per hit, until they take @most of the time; @least hits at least. */
static u64 fill(struct ladder *l, enum gs_burst_kind kind, double load, double most, u64 least)
{
	u64 below = 0, added = 0;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->levels[i] < kind)
			below += l->hits[i];
	while ((i = lightest(l)) < l->n &&
	       (added < least || load * (double)(below + added + l->hits[i]) <= most)) {
		l->levels[i] = kind;
		l->has[kind] = true;
		added += l->hits[i];
	}
	return added;
}

static void build(struct ladder *l, u64 hits, u64 hit_ns)
{
	double own = l->ns - (double)(hits * hit_ns), load;
	u64 mid;

	if (own < l->ns / SLOWER_MAX)
		own = l->ns / SLOWER_MAX;
	load = (double)hit_ns / own; /* of the program's own time, for each hit seen */
	if (load * (double)hits < CALM)
		return;
	l->built = true;
	(void)fill(l, GS_BURST_LIGHT, load, fmin(LIGHT_LOAD, LIGHT_SHARE * load * (double)hits), 0);
	mid = fill(l, GS_BURST_MID, load, MID_LOAD, (u64)(MID_SHARE * (double)hits) + 1);
	if (!mid)
		l->has[GS_BURST_MID] = false;
}

bool ladder_wants(const struct ladder *l, enum gs_burst_kind kind)
{
	return l->built ? kind == GS_BURST_LIGHT : kind == GS_BURST_ALL;
}

/* What became too much for the lowest rung goes up, the most hit first. */
static void relieve(struct ladder *l, double ns, u64 hit_ns)
{
	u64 hits = 0;

	for (size_t i = 0; i < l->n; i++)
		hits += l->recent[i];
	while ((double)(hits * hit_ns) > HEAVY * ns) {
		size_t most = 0;

		for (size_t i = 1; i < l->n; i++)
			if (l->recent[i] > l->recent[most])
				most = i;
		if (!l->recent[most])
			return;
		l->levels[most] = l->has[GS_BURST_MID] ? GS_BURST_ALL : GS_BURST_MID;
		l->has[GS_BURST_MID] = true;
		hits -= l->recent[most];
		l->recent[most] = 0;
	}
}

void ladder_learn(struct ladder *l, enum gs_burst_kind kind, u64 ns, u64 hit_ns)
{
	u64 hits = 0;

	if (l->built && kind == GS_BURST_LIGHT)
		relieve(l, (double)ns, hit_ns);
	if (l->built)
		return;
	l->ns += (double)ns;
	for (size_t i = 0; i < l->n; i++)
		hits += l->hits[i] += l->recent[i];
	if (hits < ENOUGH_HITS)
		return;
	build(l, hits, hit_ns);
	if (l->built)
		return;
	/* Calm: so far.  What comes counts more than what was. */
	l->ns /= 2;
	for (size_t i = 0; i < l->n; i++)
		l->hits[i] /= 2;
}

enum gs_burst_kind ladder_next(struct ladder *l)
{
	do
		l->last_kind = (l->last_kind + 1) % GS_BURST_KINDS;
	while (!l->has[l->last_kind]);
	return l->last_kind;
}

void ladder_free(struct ladder *l)
{
	free(l->levels);
	free(l->hits);
	free(l->last);
	free(l->recent);
	free(l->sites);
	free(l->deallocs);
	*l = (struct ladder) {};
}
