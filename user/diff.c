/* What grew, what shrank, and whether that is more than noise; see diff.h. */
#include "user/diff.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"

const char *const diff_verdict_names[DIFF_VERDICT_COUNT] = {
	[DIFF_GREW] = "grew",
	[DIFF_SHRANK] = "shrank",
	[DIFF_NOISE] = "within_noise",
	[DIFF_UNKNOWN] = "too_short_to_tell",
	[DIFF_ONE_SIDED] = "in_one_only",
};

double diff_se(const struct diff_series *s, u64 n)
{
	double variance;

	if (n < 2)
		return NAN;
	variance = (s->squares - s->sum * s->sum / (double)n) / (double)(n - 1);
	return sqrt(variance > 0 ? variance / (double)n : 0);
}

u64 diff_windows(const struct diff_process *p, const struct diff_series *s, enum diff_unit unit)
{
	return unit == DIFF_MEAN_NS ? s->n : p->windows;
}

static void judge(struct diff_row *r, double threshold)
{
	double both = sqrt(r->se[0] * r->se[0] + r->se[1] * r->se[1]);

	r->difference = r->value[1] - r->value[0];
	r->relative = r->value[0] > 0 ? r->difference / r->value[0] : NAN;
	r->noise = threshold * both;
	if (!isfinite(r->difference))
		r->verdict = DIFF_ONE_SIDED;
	else if (r->windows[0] < DIFF_MIN_WINDOWS || r->windows[1] < DIFF_MIN_WINDOWS)
		r->verdict = DIFF_UNKNOWN;
	else if (!(fabs(r->difference) > r->noise))
		r->verdict = DIFF_NOISE;
	else
		r->verdict = r->difference > 0 ? DIFF_GREW : DIFF_SHRANK;
}

static const struct diff_item *find_item(const struct diff_process *p, const struct diff_item *as)
{
	for (size_t i = 0; p && i < p->nitems; i++)
		if (p->items[i].group == as->group && !strcmp(p->items[i].name, as->name))
			return &p->items[i];
	return NULL;
}

static bool is_measured(const struct diff *d, int side, enum diff_group group)
{
	static const u32 families[DIFF_GROUP_COUNT] = {
		[DIFF_GIL] = GS_FAMILY_GIL,	 [DIFF_THREAD] = GS_FAMILY_GIL,
		[DIFF_GC] = GS_FAMILY_GC,	 [DIFF_IO] = GS_FAMILY_IO,
		[DIFF_LOOP] = GS_FAMILY_ASYNCIO,
	};

	/* In a build with a GIL there is no such thing, rather than none of it. */
	if (group == DIFF_FT)
		return false;
	return trace_measures(trace_info(d->side[side]->run.reader), families[group]);
}

static void fill(const struct diff *d, struct diff_row *r, int side, const struct diff_process *p,
		 const struct diff_item *item, size_t figure)
{
	const struct diff_series *s = item ? &item->series[figure] : NULL;

	r->value[side] = r->se[side] = NAN;
	if (!p)
		return;
	if (s) {
		r->windows[side] = diff_windows(p, s, r->figure->unit);
		r->value[side] = s->whole;
		r->se[side] = diff_se(s, r->windows[side]);
	} else if (r->figure->unit != DIFF_MEAN_NS && is_measured(d, side, r->group)) {
		/* Measured, but nothing of the kind was there: that is none of it. */
		r->value[side] = r->se[side] = 0;
		r->windows[side] = p->windows;
	}
}

static int add_row(struct diff *d, struct diff_row r)
{
	if (isnan(r.value[0]) && isnan(r.value[1]))
		return 0;
	if (d->nrows == d->room) {
		size_t room = d->room ? 2 * d->room : 256;
		struct diff_row *more = realloc(d->rows, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		d->rows = more;
		d->room = room;
	}
	judge(&r, d->threshold);
	d->rows[d->nrows++] = r;
	return 0;
}

static int compare_item(struct diff *d, const struct diff_process *a, const struct diff_process *b,
			const struct diff_item *ia, const struct diff_item *ib)
{
	const struct diff_item *item = ia ? ia : ib;
	const struct diff_figure *f = diff_figures[item->group];
	int err = 0;

	for (size_t i = 0; f[i].name && !err; i++) {
		struct diff_row r = {
			.a = a,
			.b = b,
			.group = item->group,
			.item = item->name,
			.figure = &f[i],
		};

		fill(d, &r, 0, a, ia, i);
		fill(d, &r, 1, b, ib, i);
		err = add_row(d, r);
	}
	return err;
}

/* Either may be NULL. */
static int compare_process(struct diff *d, const struct diff_process *a,
			   const struct diff_process *b)
{
	int err = 0;

	for (size_t i = 0; a && i < a->nitems && !err; i++)
		err = compare_item(d, a, b, &a->items[i], find_item(b, &a->items[i]));
	for (size_t i = 0; b && i < b->nitems && !err; i++)
		if (!find_item(a, &b->items[i]))
			err = compare_item(d, a, b, NULL, &b->items[i]);
	return err;
}

static void pair(struct diff_process *a, struct diff_process *b)
{
	a->partner = b;
	b->partner = a;
}

/* The same command and version first, then in their order. */
static void pair_all(struct diff_side *a, struct diff_side *b)
{
	for (int exact = 1; exact >= 0; exact--) {
		for (size_t i = 0; i < a->nprocs; i++) {
			struct diff_process *p = &a->procs[i];

			for (size_t j = 0; j < b->nprocs && !p->partner; j++) {
				struct diff_process *q = &b->procs[j];

				if (q->partner || !p->pid != !q->pid)
					continue;
				if (!exact || (!strcmp(p->command, q->command) &&
					       !strcmp(p->version, q->version)))
					pair(p, q);
			}
		}
	}
}

/* A difference as a part of the larger of the two: 0 to 1, whatever the unit. */
static double effect(const struct diff_row *r)
{
	double larger = fmax(fabs(r->value[0]), fabs(r->value[1]));

	return isfinite(r->difference) && larger > 0 ? fabs(r->difference) / larger : 0;
}

static int rank(enum diff_verdict v)
{
	return v <= DIFF_SHRANK ? 0 : (int)v;
}

static int by_effect(const void *va, const void *vb)
{
	const struct diff_row *a = va, *b = vb;
	double ea = effect(a), eb = effect(b);

	if (rank(a->verdict) != rank(b->verdict))
		return rank(a->verdict) - rank(b->verdict);
	if (ea != eb)
		return ea < eb ? 1 : -1;
	if (a->group != b->group)
		return (int)a->group - (int)b->group;
	return a->figure != b->figure ? (a->figure < b->figure ? -1 : 1) : strcmp(a->item, b->item);
}

int diff_compare(struct diff_side *a, struct diff_side *b, double threshold, struct diff *ret_d)
{
	/* Of one process the sum is no news. */
	size_t first = a->nprocs > 2 || b->nprocs > 2 ? 0 : 1;
	int err = 0;

	*ret_d = (struct diff) { .side = { a, b }, .threshold = threshold };
	pair_all(a, b);
	for (size_t i = first; i < a->nprocs && !err; i++)
		err = compare_process(ret_d, &a->procs[i], a->procs[i].partner);
	for (size_t i = first; i < b->nprocs && !err; i++)
		if (!b->procs[i].partner)
			err = compare_process(ret_d, NULL, &b->procs[i]);
	if (ret_d->nrows)
		qsort(ret_d->rows, ret_d->nrows, sizeof(*ret_d->rows), by_effect);
	return err;
}

void diff_done(struct diff *d)
{
	free(d->rows);
	*d = (struct diff) {};
}
