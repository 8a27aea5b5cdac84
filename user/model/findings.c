/* The list of findings: gathering them from the rules, and their order. */
#include "user/model/findings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const char *severity(double share)
{
	if (share >= FINDING_HIGH)
		return "high";
	return share >= FINDING_MEDIUM ? "medium" : "low";
}

struct finding *findings_add(struct findings *l, const char *id, const struct fig_process *p,
			     u64 ns, double share)
{
	struct finding *list = realloc(l->list, (l->count + 1) * sizeof(*list)), *x;

	if (!list)
		return NULL;
	l->list = list;
	x = &list[l->count++];
	*x = (struct finding) {
		.id = id,
		.severity = severity(share),
		.process = p,
		.ns = ns,
		.share = share,
		.generation = FIG_NULL,
	};
	return x;
}

void finding_thread(struct finding *x, const char *role, const struct fig_thread *t)
{
	if (t && x->nthreads < FINDING_THREADS)
		x->threads[x->nthreads++] = (struct finding_thread) { role, t->tid, t->name };
}

void finding_figure(struct finding *x, const char *name, double value)
{
	if (isfinite(value) && x->nfigures < FINDING_FIGURES)
		x->figures[x->nfigures++] = (struct finding_figure) { name, value };
}

static int compare(const void *va, const void *vb)
{
	const struct finding *a = va, *b = vb;

	if ((a->ns == FIG_NULL) != (b->ns == FIG_NULL))
		return a->ns == FIG_NULL ? 1 : -1;
	if (a->ns != b->ns)
		return a->ns < b->ns ? 1 : -1;
	if (a->share < b->share || a->share > b->share)
		return a->share < b->share ? 1 : -1;
	return 0;
}

int findings_of(const struct figures *f, struct findings *ret)
{
	int err = 0;

	*ret = (struct findings) {};
	for (size_t i = 0; i < f->nprocs && !err; i++)
		for (size_t r = 0; finding_process_rules[r] && !err; r++)
			if (f->procs[i].measured_ns)
				err = finding_process_rules[r](f, &f->procs[i], ret);
	for (size_t r = 0; finding_whole_rules[r] && !err; r++)
		err = finding_whole_rules[r](f, NULL, ret);
	if (err)
		findings_done(ret);
	else if (ret->count)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare);
	return err;
}

void findings_done(struct findings *l)
{
	free(l->list);
	*l = (struct findings) {};
}
