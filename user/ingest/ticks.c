/* From ticks to time; see ticks.h. */
#include "user/ingest/ticks.h"

#include <stdlib.h>

#include "user/base/clock.h"

/* What is told of a slot: of the thread, or the GIL, whose it is. */
struct account {
	u64 key; /* when the thread was born, or the GIL's address */
	u32 pid;
	u32 tid;
	u64 ticks;
	u64 ns;
};

struct ticks {
	const struct kmaps *maps;
	u64 tick_ns;
	struct account *threads; /* maps->max_threads */
	struct account gils[GS_GILS];
};

struct ticks *ticks_new(const struct kmaps *maps, u64 tick_ns)
{
	struct ticks *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->maps = maps;
	t->tick_ns = tick_ns;
	t->threads = calloc(maps->max_threads, sizeof(*t->threads));
	if (t->threads)
		return t;
	free(t);
	return NULL;
}

void ticks_free(struct ticks *t)
{
	if (!t)
		return;
	free(t->threads);
	free(t);
}

void ticks_begin(struct measured *m)
{
	m->ticks = (struct measured_ticks) {
		.cpu_begin_ns = clock_process_ns(m->py->pid),
	};
	m->ticks.cpu_ns = m->ticks.cpu_begin_ns;
}

void ticks_weigh(const struct ticks *t, struct measured *m, bool reading)
{
	struct measured_ticks *w = &m->ticks;
	u64 seen = m->last.ticks, cpu;

	if (w->tick_ns == 0)
		w->tick_ns = t->tick_ns;
	if (m->exited || seen == w->seen)
		return;
	cpu = clock_process_ns(m->py->pid);
	if (!w->cpu_begin_ns || cpu <= w->cpu_ns)
		return; /* gone meanwhile, or its clock is not to be read: a tick is a tick */
	w->tick_ns = (double)(cpu - w->cpu_ns) / (seen - w->seen);
	if (!reading)
		return;
	w->seen = seen;
	w->cpu_ns = cpu;
}

static u64 brought_up(struct account *a, const struct measured *m, u64 key, u32 tid, u64 ticks)
{
	if (a->key != key || a->tid != tid || a->pid != (u32)m->py->pid || ticks < a->ticks)
		*a = (struct account) { .key = key, .tid = tid, .pid = m->py->pid };
	a->ns += (u64)((ticks - a->ticks) * m->ticks.tick_ns);
	a->ticks = ticks;
	return a->ns;
}

u64 ticks_thread(struct ticks *t, const struct measured *m, const struct gs_thread *thread)
{
	if (thread->slot >= t->maps->max_threads)
		return 0;
	return brought_up(&t->threads[thread->slot], m, thread->born_ns, thread->tid,
			  thread->held_ticks);
}

u64 ticks_gil(struct ticks *t, const struct measured *m, u32 which)
{
	const struct gs_gil *g = &t->maps->gils[which - 1];

	if (which > GS_GILS)
		return 0;
	return brought_up(&t->gils[which - 1], m, g->address, 0, g->held_ticks);
}
