/* GILs of subinterpreters; see gils.h. */
#include "user/ingest/gils.h"

#include <errno.h>
#include <stdlib.h>

#include "user/base/fmt.h"
#include "user/family/family.h"
#include "user/ingest/sampler.h"
#include "user/ingest/ticks.h"

void gils_note(const struct collector *c, struct measured *m)
{
	u64 list[PROCESS_GILS_MAX], lost = 0;
	size_t n = process_gils(m->py, list);

	for (size_t i = 1; i < n; i++)
		lost += kmaps_gil(c->maps, m->index, list[i]) < 0;
	/* One that comes later than the attach, which would have been refused. */
	if (!c->watch && n > 1 && !process_tells_gils(m->py->binary))
		lost += n - 1;
	if (lost > m->gils_lost)
		m->gils_lost = lost;
}

/* The host's tid of a holder, by what its GIL's memory says; 0: unknown. */
static pid_t host_tid(const struct measured *m, pid_t ns_tid)
{
	if (!ns_tid || m->py->ns_pid == m->py->pid)
		return ns_tid;
	return process_host_tid(m->py->pid, ns_tid);
}

void gils_seed(const struct collector *c, struct measured *m)
{
	u64 list[PROCESS_GILS_MAX];
	size_t n = process_gils(m->py, list);
	struct gil_now now;

	for (size_t i = 1; i < n; i++) {
		int k = kmaps_gil(c->maps, m->index, list[i]);

		if (k < 0 || process_gil_at(m->py, list[i], &now) || !now.locked)
			continue;
		c->maps->procs[m->index].more[k].seed_tid = host_tid(m, now.holder_ns_tid);
	}
}

static void copy_samples(const struct collector *c, const struct measured *m, struct family_gil *g)
{
	struct sampled_now now, whole;
	double covered;

	if (!sampled_gil(m->sampled, g->gil.address, &now) ||
	    !sampled_gil(m->sampled, m->py->gil_addr, &whole))
		return;
	g->samples = now.samples;
	g->held_ns = c->ticks ? ticks_gil(c->ticks, m, g->which) : now.held_ns;
	g->handovers = now.handovers;
	g->holder_tid = now.held ? (u64)host_tid(m, now.holder_ns_tid) : 0;
	if (now.held && !g->holder_tid)
		g->holder_tid = FIG_NULL;
	/* The share is of the whole measurement, of which it may have been there for a part. */
	covered = fmt_ratio(now.covered_ns, whole.covered_ns);
	g->held_error_ratio =
		covered * fig_sampling_error(fmt_ratio(now.held_ns, now.covered_ns), now.samples);
}

static u64 holder(const struct kmaps *k, const struct family_gil *g)
{
	const struct gs_thread *t = &k->threads[g->gil.owner - 1];

	if (!g->gil.first_owned_ns)
		return g->gil.mid_hold_end_ns ? 0 : g->seed_tid;
	if (!g->gil.owner || g->gil.owner > k->max_threads || !t->hold_since_ns ||
	    t->gil != g->which)
		return 0;
	return t->tid;
}

int gils_copy(const struct collector *c, struct measured *m)
{
	const struct gs_more_gil *more = c->maps->procs[m->index].more;
	size_t n = 0;

	while (n < GS_MORE_GILS && more[n].address)
		n++;
	if (!n || m->closed)
		return 0;
	if (!m->gils)
		m->gils = calloc(GS_MORE_GILS, sizeof(*m->gils));
	if (!m->gils)
		return -ENOMEM;
	m->ngils = 0;
	for (size_t i = 0; i < n; i++) {
		struct family_gil *g = &m->gils[m->ngils];

		if (!more[i].slot || more[i].slot > GS_GILS)
			continue;
		*g = (struct family_gil) {
			.gil = c->maps->gils[more[i].slot - 1],
			.which = more[i].slot,
			.seed_tid = more[i].seed_tid,
		};
		if (m->sampled)
			copy_samples(c, m, g);
		else if (!m->exited)
			g->holder_tid = holder(c->maps, g);
		m->ngils++;
	}
	return 0;
}
