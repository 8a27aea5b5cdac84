/*
 * Counter tracks: how much of the time the GIL was held, how many threads waited, deallocations.
 *
 * Holds and waits are told when they end, and may have begun any time before; so their sums are
 * kept for the whole life of the process, in buckets of 100 ms, and written at its end.  When the
 * buckets run out, pairs of them are merged into ones twice as wide: memory stays bounded, sums
 * stay exact.  A span adds its parts to the buckets it begins and ends in, and +1 and -1 to the
 * number of those that cover all of the buckets between: constant time, however long it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/export/trace_perfetto.h"

#define WIDTH_NS 100000000ULL
#define BUCKETS 16384U /* of 100 ms: 27 minutes */

/* Merge pairs.  Spans covering buckets whole become plain sums. */
static void halve(struct pf_counters *c)
{
	s64 held = 0, waited = 0;

	for (u32 i = 0; i < c->used; i++) {
		struct pf_bucket *from = &c->at[i], *to = &c->at[i / 2], sum;

		held += from->held_all;
		waited += from->waited_all;
		sum = (struct pf_bucket) {
			.held_ns = from->held_ns + (u64)held * c->width_ns,
			.waited_ns = from->waited_ns + (u64)waited * c->width_ns,
		};
		if (i % 2) {
			sum.held_ns += to->held_ns;
			sum.waited_ns += to->waited_ns;
		}
		*to = sum;
	}
	c->used = (c->used + 1) / 2;
	memset(c->at + c->used, 0, (c->n - c->used) * sizeof(*c->at));
	c->width_ns *= 2;
}

/* Buckets up to that of @ns. */
static int reach(struct pf_counters *c, u64 ns)
{
	while ((ns - c->from_ns) / c->width_ns >= BUCKETS)
		halve(c);
	u32 need = (u32)((ns - c->from_ns) / c->width_ns) + 1;

	if (need > c->n) {
		u32 n = c->n ? c->n : 64;
		struct pf_bucket *at;

		while (n < need)
			n *= 2;
		at = realloc(c->at, n * sizeof(*at));
		if (!at)
			return -ENOMEM;
		memset(at + c->n, 0, (n - c->n) * sizeof(*at));
		c->at = at;
		c->n = n;
	}
	c->used = need > c->used ? need : c->used;
	return 0;
}

static void add(struct pf_bucket *b, bool wait, u64 ns, s32 all)
{
	if (wait) {
		b->waited_ns += ns;
		b->waited_all += all;
	} else {
		b->held_ns += ns;
		b->held_all += all;
	}
}

int pf_counters_add(struct pf *p, struct pf_process *proc, bool wait, u64 begin_ns, u64 end_ns)
{
	struct pf_counters *c = &proc->counters;
	u64 first, last;
	int err;

	if (!c->width_ns) {
		c->from_ns =
			proc->since_ns > p->info->started_ns ? proc->since_ns : p->info->started_ns;
		c->width_ns = WIDTH_NS;
	}
	begin_ns = begin_ns > c->from_ns ? begin_ns : c->from_ns;
	if (end_ns <= begin_ns)
		return 0;
	err = reach(c, end_ns);
	if (err)
		return err;
	c->end_ns = end_ns > c->end_ns ? end_ns : c->end_ns;
	first = (begin_ns - c->from_ns) / c->width_ns;
	last = (end_ns - c->from_ns) / c->width_ns;
	if (first == last) {
		add(&c->at[first], wait, end_ns - begin_ns, 0);
		return 0;
	}
	add(&c->at[first], wait, c->from_ns + (first + 1) * c->width_ns - begin_ns, 0);
	add(&c->at[last], wait, end_ns - (c->from_ns + last * c->width_ns), -1);
	add(&c->at[first + 1], wait, 0, 1);
	return 0;
}

/* One of the two tracks: a value per bucket, where it changes, and 0 at the end.  The last bucket
 * is as long as there was something to tell. */
static void write_track(struct pf *p, struct pf_track *t, const struct pf_counters *c, bool waits)
{
	double before = -1;
	s64 all = 0;

	for (u32 i = 0; i < c->used && c->from_ns + i * c->width_ns < c->end_ns; i++) {
		const struct pf_bucket *b = &c->at[i];
		u64 ns = waits ? b->waited_ns : b->held_ns;
		u64 from = c->from_ns + i * c->width_ns, left = c->end_ns - from;
		double value;

		all += waits ? b->waited_all : b->held_all;
		value = (double)ns / (double)(left < c->width_ns ? left : c->width_ns) +
			(double)all;
		if (!waits)
			value *= 100;
		if (value != before)
			pf_counter(p, t, from, value);
		before = value;
	}
	pf_counter(p, t, c->end_ns, 0);
}

void pf_counters_write(struct pf *p, struct pf_process *proc)
{
	const struct pf_counters *c = &proc->counters;

	if (!c->used)
		return;
	pf_counter_new(p, &proc->held, &proc->self, "GIL held", "%");
	write_track(p, &proc->held, c, false);
	pf_counter_new(p, &proc->waiters, &proc->self, "GIL waiters (average)", "threads");
	write_track(p, &proc->waiters, c, true);
}

void pf_deallocs(struct pf *p, struct pf_process *proc, const struct event *ev)
{
	bool same = ev && proc->counted_begin_ns == event_begin_ns(ev);

	if (proc->counted_ns && !same) {
		if (!proc->deallocs.uuid)
			pf_counter_new(p, &proc->deallocs, &proc->self, "deallocations", "1/s");
		pf_counter(p, &proc->deallocs, proc->counted_begin_ns,
			   (double)proc->counted * 1e9 / (double)proc->counted_ns);
		if (!ev)
			pf_counter(p, &proc->deallocs, proc->counted_begin_ns + proc->counted_ns,
				   0);
		proc->counted = proc->counted_ns = 0;
	}
	if (ev && ev->ns) {
		proc->counted += ev->deallocs;
		proc->counted_ns = ev->ns;
		proc->counted_begin_ns = event_begin_ns(ev);
	}
}
