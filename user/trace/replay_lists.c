/*
 * Single events in figures: the longest spans of each kind, and where events are missing.
 *
 * The longest are kept in a heap per kind with the shortest of them on top, so that an event that
 * does not belong to them costs one comparison.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/trace/replay_private.h"

#define MAX_LOOK 4096 /* threads looked through for the name of a holder */

static const char *const kinds[RP_KIND_COUNT] = {
	[RP_LONGEST_HOLD] = "hold",
	[RP_LONGEST_WAIT] = "wait",
	[RP_LONGEST_GC] = "collection",
	[RP_LONGEST_WAKE] = "wake_up",
};

static const struct fig_lost causes[RP_LOSS_COUNT] = {
#define X(NAME, name_, families_, help_) \
	[GS_LOSS_##NAME] = { .cause = #name_, .families = families_, .help = help_ },
	GS_LOSSES(X)
#undef X
		[RP_LOSS_THREAD] = { "unknown_thread", "all",
				     "events of threads whose beginning is not in the recording",
				     0 },
	[RP_LOSS_OTHER] = { "other_cause", "all",
			    "losses of a kind this version of gilscope does not know", 0 },
};

struct fig_lost rp_loss(u32 cause)
{
	return causes[cause];
}

/* The top of the heap has changed: let it sink to where it belongs. */
static void sink(struct rp_longest *l)
{
	size_t at = 0;

	for (;;) {
		size_t least = at, left = 2 * at + 1;
		struct fig_longest swap;

		for (size_t child = left; child <= left + 1 && child < l->count; child++)
			if (l->rows[child].ns < l->rows[least].ns)
				least = child;
		if (least == at)
			return;
		swap = l->rows[at];
		l->rows[at] = l->rows[least];
		l->rows[least] = swap;
		at = least;
	}
}

static void rise(struct rp_longest *l)
{
	for (size_t at = l->count - 1; at && l->rows[at].ns < l->rows[(at - 1) / 2].ns;
	     at = (at - 1) / 2) {
		struct fig_longest swap = l->rows[at];

		l->rows[at] = l->rows[(at - 1) / 2];
		l->rows[(at - 1) / 2] = swap;
	}
}

/* One that has ended let go as it did, so that what waited for it is told of later. */
static char *holder_name(const struct rp_process *p, u32 tid)
{
	for (size_t i = 0; tid && i < p->nthreads && i < MAX_LOOK; i++)
		if (p->threads[i]->row.tid == tid)
			return rp_text(p->threads[i]->row.name);
	for (size_t i = 0; tid && i < p->nretired && i < MAX_LOOK; i++)
		if (p->retired[p->nretired - 1 - i].tid == tid)
			return rp_text(p->retired[p->nretired - 1 - i].name);
	return NULL;
}

/* A thread gets its name a little after its beginning: what it did by then gets it, too. */
static void rename_row(const struct replay *r, const struct rp_thread *t, struct fig_longest *row)
{
	u64 start = t->row.start_ns ? trace_unix_ns(r->info, t->row.start_ns) : 0;
	char **names[] = { row->tid == t->row.tid ? &row->name : NULL,
			   row->holder_tid == t->row.tid ? &row->holder_name : NULL };

	if (row->pid != t->p->pid || row->begin_unix_ns < start)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (!names[i])
			continue;
		free(*names[i]);
		*names[i] = rp_text(t->row.name);
	}
}

void rp_longest_rename(struct replay *r, const struct rp_thread *t)
{
	for (size_t k = 0; k < RP_KIND_COUNT; k++)
		for (size_t i = 0; i < r->longest[k].count; i++)
			rename_row(r, t, &r->longest[k].rows[i]);
}

static struct fig_longest row_of(const struct replay *r, enum rp_kind kind,
				 const struct rp_thread *t, const struct event *ev)
{
	u64 begin = event_begin_ns(ev);
	struct fig_longest row = {
		.kind = kinds[kind],
		.since_start_ns = begin > r->info->started_ns ? begin - r->info->started_ns : 0,
		.begin_unix_ns = trace_unix_ns(r->info, begin),
		.ns = ev->ns,
		.mid = ev->mid,
		.pid = t->p->pid,
		.tid = t->row.tid,
		.name = rp_text(t->row.name),
		.generation = kind == RP_LONGEST_GC ? ev->generation : FIG_NULL,
		.call = kind == RP_LONGEST_WAKE ? event_call_name(ev->call) : NULL,
		.holder_tid = kind == RP_LONGEST_WAIT ? ev->holder : FIG_NULL,
	};

	if (kind == RP_LONGEST_WAIT)
		row.holder_name = holder_name(t->p, ev->holder);
	return row;
}

int rp_longest(struct replay *r, enum rp_kind kind, const struct rp_thread *t,
	       const struct event *ev)
{
	struct rp_longest *l = &r->longest[kind];
	bool full = l->count == r->o.top;

	if (!r->o.top || (full && ev->ns <= l->rows[0].ns))
		return 0;
	if (ev->ts_ns <= r->o.from_ns || (r->o.to_ns && ev->ts_ns > r->o.to_ns))
		return 0;
	if (full) {
		free(l->rows[0].name);
		free(l->rows[0].holder_name);
		l->rows[0] = row_of(r, kind, t, ev);
		sink(l);
	} else {
		l->rows[l->count++] = row_of(r, kind, t, ev);
		rise(l);
	}
	return 0;
}

/* Every two neighbours of a cause become one: half as many, or one more per cause. */
static void merge_ranges(struct replay *r)
{
	struct rp_range *open[RP_LOSS_COUNT] = {};
	size_t kept = 0;

	for (size_t i = 0; i < r->nranges; i++) {
		struct rp_range *before = open[r->ranges[i].cause], now = r->ranges[i];

		if (!before) {
			r->ranges[kept] = now;
			open[now.cause] = &r->ranges[kept++];
			continue;
		}
		before->count += now.count;
		before->from_ns = now.from_ns < before->from_ns ? now.from_ns : before->from_ns;
		before->to_ns = now.to_ns > before->to_ns ? now.to_ns : before->to_ns;
		before->merged = true;
		open[now.cause] = NULL;
	}
	r->nranges = kept;
}

static u32 cause_of(const char *name)
{
	u32 i = 0;

	while (i < GS_LOSS_COUNT && strcmp(causes[i].cause, name ? name : ""))
		i++;
	return i < GS_LOSS_COUNT ? i : RP_LOSS_OTHER;
}

int rp_lost(struct replay *r, const struct event *ev)
{
	u32 cause = cause_of(ev->text[EVENT_LOST_CAUSE]);

	r->lost[cause] += ev->count;
	if (!r->ranges)
		r->ranges = calloc(REPLAY_MAX_RANGES, sizeof(*r->ranges));
	if (!r->ranges)
		return -ENOMEM;
	if (r->nranges == REPLAY_MAX_RANGES)
		merge_ranges(r);
	r->ranges[r->nranges++] = (struct rp_range) {
		.cause = cause,
		.count = ev->count,
		.from_ns = event_begin_ns(ev),
		.to_ns = ev->ts_ns,
	};
	return 0;
}

static int longest_first(const void *va, const void *vb)
{
	const struct fig_longest *a = va, *b = vb;

	if (a->ns != b->ns)
		return a->ns < b->ns ? 1 : -1;
	return a->begin_unix_ns < b->begin_unix_ns ? -1 : a->begin_unix_ns > b->begin_unix_ns;
}

static int longest_lists(const struct replay *r, struct figures *f)
{
	size_t n = 0;

	for (size_t k = 0; k < RP_KIND_COUNT; k++)
		n += r->longest[k].count;
	f->longest_measured = true;
	f->longest = calloc(n + 1, sizeof(*f->longest));
	if (!f->longest)
		return -ENOMEM;
	for (size_t k = 0; k < RP_KIND_COUNT; k++) {
		const struct rp_longest *l = &r->longest[k];

		for (size_t i = 0; i < l->count; i++) {
			struct fig_longest *row = &f->longest[f->nlongest + i];

			*row = l->rows[i];
			row->name = rp_text(row->name);
			row->holder_name = rp_text(row->holder_name);
		}
		qsort(&f->longest[f->nlongest], l->count, sizeof(*f->longest), longest_first);
		f->nlongest += l->count;
	}
	return 0;
}

/* A loss that can have happened at any time of the recording has no range. */
static bool is_limited(const struct replay *r, const struct rp_range *range)
{
	if (range->from_ns <= r->info->started_ns && range->to_ns >= r->now_ns)
		return false;
	if (r->o.to_ns && range->from_ns > r->o.to_ns)
		return false;
	return range->to_ns > r->o.from_ns;
}

int replay_lists(const struct replay *r, struct figures *f)
{
	int err = longest_lists(r, f);

	f->lost_ranges_measured = true;
	f->lost_ranges = calloc(r->nranges + 1, sizeof(*f->lost_ranges));
	if (err || !f->lost_ranges)
		return -ENOMEM;
	for (size_t i = 0; i < r->nranges; i++) {
		const struct rp_range *range = &r->ranges[i];

		if (!is_limited(r, range))
			continue;
		f->lost_ranges[f->nlost_ranges++] = (struct fig_lost_range) {
			.cause = causes[range->cause].cause,
			.count = range->count,
			.from_unix_ns = trace_unix_ns(r->info, range->from_ns),
			.to_unix_ns = trace_unix_ns(r->info, range->to_ns),
			.merged = range->merged,
		};
	}
	return 0;
}

/* The labels of a probe are texts of the recording, and ours. */
static void free_probe(struct fig_probe *p)
{
	char *texts[] = { (char *)p->family, (char *)p->event, (char *)p->found_by, p->file,
			  p->instruction };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
}

void rp_lists_free(struct replay *r)
{
	for (size_t k = 0; k < RP_KIND_COUNT; k++) {
		for (size_t i = 0; i < r->longest[k].count; i++) {
			free(r->longest[k].rows[i].name);
			free(r->longest[k].rows[i].holder_name);
		}
		free(r->longest[k].rows);
	}
	for (size_t i = 0; i < r->nprobes; i++)
		free_probe(&r->probes[i]);
	free(r->probes);
	free(r->ranges);
}
