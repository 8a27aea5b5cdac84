/* Readings; see collect.h. */
#include "user/ingest/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/family/family.h"
#include "user/ingest/blame.h"
#include "user/ingest/gils.h"
#include "user/ingest/rows.h"
#include "user/ingest/sampler.h"
#include "user/ingest/ticks.h"
#include "user/ingest/stacks.h"

#define PACE_NS 100000000ULL
#define PACE_GILS_NS 10000000ULL
#define NOTHING_NS 1000000000ULL /* who lived longer is shown, even if nothing was seen of it */

int collector_init(struct collector *c, const struct kmaps *maps, u32 measured)
{
	*c = (struct collector) { .maps = maps, .families = measured };
	/* With CONFIG_SCHED_INFO, and only then (fs/proc/base.c). */
	c->delay_known = !access("/proc/self/schedstat", R_OK);
	c->by_index = calloc(maps->max_processes, sizeof(*c->by_index));
	return c->by_index ? 0 : -ENOMEM;
}

int collector_add(struct collector *c, struct measured *m)
{
	if (c->count == c->room) {
		size_t room = c->room ? c->room * 2 : 16;
		struct measured **list = realloc(c->list, room * sizeof(struct measured *));

		if (!list)
			return -ENOMEM;
		c->list = list;
		c->room = room;
	}
	if (c->sampler && m->py->gil_addr) {
		m->sampled = sampler_add(c->sampler, m->py, c->maps, m->index);
		if (!m->sampled)
			return -ENOMEM;
	}
	if (stacks_add(c->stacks, m))
		return -ENOMEM;
	c->list[c->count++] = m;
	c->by_index[m->index] = m;
	return 0;
}

void collector_begin(struct measured *m)
{
	struct sampled_now now;

	m->cpu_begin_ns = clock_process_ns(m->py->pid);
	measured_read_cpu(m);
	ticks_begin(m);
	if (m->sampled)
		sampled_read(m->sampled, &now);
}

struct measured *collector_find(const struct collector *c, u32 index)
{
	return index < c->maps->max_processes ? c->by_index[index] : NULL;
}

u64 collector_pace_ns(const struct collector *c)
{
	/* In watch mode nothing tells of a GIL before it is looked for; where there is one besides
	 * the main interpreter's, more may come at any time. */
	for (size_t i = 0; c->ticks && i < c->count; i++)
		if (!c->list[i]->exited && c->list[i]->last.more[0].address)
			return PACE_GILS_NS;
	return PACE_NS;
}

size_t collector_running(const struct collector *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		n += !c->list[i]->exited;
	return n;
}

/*
 * The slot of a process is some tens of KB, of which little is looked at between readings.  What
 * one that has ended has is final.
 */
static void copy_slot(const struct gs_proc *now, struct gs_proc *last, bool reading)
{
	if (reading || now->state == GS_SLOT_EXITED) {
		*last = *now;
		return;
	}
	last->state = now->state;
	last->parent = now->parent;
	last->start_ns = now->start_ns;
	last->ticks = now->ticks;
	last->more[0].address = now->more[0].address;
}

/* The process's slot as it is now; @reading: all that is told of it will be asked for. */
static void refresh(struct collector *c, struct measured *m, bool reading)
{
	if (m->closed)
		return;
	copy_slot(&c->maps->procs[m->index], &m->last, reading);
	if (c->ticks)
		ticks_weigh(c->ticks, m, reading);
	if (c->burst)
		m->cpu_ns = clock_process_ns(m->py->pid) ?: m->cpu_ns;
	if (m->last.start_ns)
		m->start_ns = m->last.start_ns;
	if (m->last.state == GS_SLOT_EXITED) {
		m->exited = true;
		m->execed = m->last.execed;
		m->exit_ns = m->last.exit_ns;
	} else if (c->families & GS_FAMILY_BIT(GS_FAMILY_GIL)) {
		gils_note(c, m);
	}
}

/* The seed thread is shown, and counted, as long as it had no event; it then needs no slot. */
static int retire_seed(struct collector *c, struct measured *m, u32 epoch)
{
	static const struct gs_thread nothing;
	struct fig_thread row;
	int err;

	if (c->watch || !m->seed_tid || !(c->families & GS_FAMILY_BIT(GS_FAMILY_GIL)))
		return 0;
	for (size_t i = 0; i < m->nretired; i++)
		if (m->retired[i].tid == (u32)m->seed_tid && !m->retired[i].start_ns)
			return 0; /* it had events, and so a slot */
	err = rows_thread(c, m, &nothing, m->seed_tid, m->exit_ns, epoch, &row);
	return err ? err : measured_retire(m, &row);
}

/* All its threads' slots have been read: give the process's own slot back. */
static int close_process(struct collector *c, struct measured *m, u32 epoch)
{
	int err = retire_seed(c, m, epoch);

	if (!err)
		err = gils_copy(c, m);
	if (m->sampled)
		sampled_end(m->sampled);
	if (!err && blame_is_kept(c, m))
		err = blame_retire(c, m, NULL, 0);
	/* The families read what they keep in maps of their own one last time: rows_process()
	 * of the reading that follows finds it, so only the slot goes now. */
	m->closed = true;
	c->by_index[m->index] = NULL;
	kmaps_proc_free(c->maps, m->index);
	return err;
}

/* Its pairs go with the next batch: each means to go through all pairs there are. */
static int note_ended(struct collector *c, struct measured *m, pid_t tid)
{
	int err;

	m->ended[m->nended++] = tid;
	if (m->nended < MEASURED_MAX_ENDED)
		return 0;
	err = blame_retire(c, m, m->ended, m->nended);
	m->nended = 0;
	return err;
}

/* Take the final values of the ended threads. */
static int retire_threads(struct collector *c, u32 epoch)
{
	u32 end = kmaps_threads_end(c->maps);
	struct gs_thread t;

	for (u32 i = 0; i < end; i++) {
		struct fig_thread row;
		struct measured *m;
		int err;

		if (__atomic_load_n(&c->maps->threads[i].state, __ATOMIC_ACQUIRE) != GS_SLOT_EXITED)
			continue;
		if (!kmaps_thread(c->maps, i, &t)) {
			c->exits = 0; /* look again */
			continue;
		}
		m = collector_find(c, t.proc);
		if (m) {
			err = rows_thread(c, m, &t, t.tid, t.exit_ns, epoch, &row);
			if (!err)
				err = rows_ended(c, m, &t, row.name, t.exit_ns, epoch);
			if (!err)
				err = measured_retire(m, &row);
			if (!err)
				err = stacks_ended(c, m, &t);
			if (!err)
				err = blame_ended(m, &t);
			if (!err && blame_is_kept(c, m))
				err = note_ended(c, m, t.tid);
			if (err)
				return err;
		}
		kmaps_thread_free(c->maps, i);
	}
	return 0;
}

/*
 * Have threads ended since this was asked last?  Going through all slots to find out takes its time
 * when there are thousands.  A thread is counted after its slot is marked; when a whole process has
 * ended, some of its threads are not counted.
 */
static bool have_ended(struct collector *c)
{
	u64 hits[2], exits;

	_Static_assert(GS_HOOK_PROCESS_EXIT == GS_HOOK_PROCESS_EXEC + 1, "read as one");
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i]->exited && !c->list[i]->closed)
			return true;
	if (kmaps_hits(c->maps, GS_HOOK_PROCESS_EXEC, hits, 2))
		return true;
	exits = 1 + hits[0] + hits[1];
	if (exits == c->exits)
		return false;
	c->exits = exits;
	return true;
}

static bool has_slots(const struct collector *c, u32 index)
{
	u32 end = kmaps_threads_end(c->maps);

	for (u32 i = 0; i < end; i++)
		if (c->maps->threads[i].state != GS_SLOT_FREE && c->maps->threads[i].proc == index)
			return true;
	return false;
}

/*
 * A child that only executed another program, as those of subprocess do: nothing of CPython's.  Or,
 * for who asks for programs rather than processes, one that was met while it was being executed.
 */
static bool was_nothing(const struct collector *c, const struct measured *m)
{
	return m->closed && m->execed && (m->last.parent || c->drop_told) && !m->nretired &&
	       !m->nfolded && m->exit_ns < m->start_ns + NOTHING_NS;
}

/* The oldest ended processes go when there are too many. */
static void drop_old(struct collector *c)
{
	size_t exited = c->count - collector_running(c), kept = 0;
	const size_t most = c->drop_told ? COLLECT_MAX_UNTOLD : COLLECT_MAX_EXITED;

	for (size_t i = 0; i < c->count; i++) {
		struct measured *m = c->list[i];

		bool nothing = was_nothing(c, m), told = c->drop_told && m->told;

		/* Not before all its children are known: they are made from it. */
		bool heard = !c->heard_ns || m->exit_ns < c->heard_ns;

		if (heard && (nothing || told || (exited > most && m->closed))) {
			c->dropped += !nothing && !told;
			rows_forget(c, m);
			measured_free(m);
			exited--;
		} else {
			c->list[kept++] = m;
		}
	}
	c->count = kept;
}

static void tend(struct collector *c)
{
	for (u32 id = 0; id < GS_FAMILY_END; id++)
		if (families[id] && families[id]->tend && c->families & GS_FAMILY_BIT(id))
			families[id]->tend(c->maps, process_read, &c->tended[id]);
}

static int housekeep(struct collector *c, u32 epoch, bool reading)
{
	int err = stacks_look(c);

	tend(c);

	/* First who has ended, then the slots: an ended process takes no new ones. */
	for (size_t i = 0; i < c->count; i++)
		refresh(c, c->list[i], reading);
	if (!err && have_ended(c))
		err = retire_threads(c, epoch);
	for (size_t i = 0; i < c->count && !err; i++) {
		struct measured *m = c->list[i];

		if (m->exited && !m->closed && !has_slots(c, m->index))
			err = close_process(c, m, epoch);
	}
	drop_old(c);
	return err;
}

int collect_housekeep(struct collector *c)
{
	return housekeep(c, *c->maps->epoch, false);
}

int collect_figures(struct collector *c, struct figures *out)
{
	u32 epoch = *c->maps->epoch;
	u64 losses[GS_LOSS_COUNT];
	int err;

	__atomic_store_n(c->maps->epoch, epoch + 1, __ATOMIC_RELEASE);
	err = housekeep(c, epoch, true);
	if (!err && !kmaps_losses(c->maps, losses))
		c->slots_ran_out = losses[GS_LOSS_THREADS_FULL] || losses[GS_LOSS_TASK_STORAGE];
	if (!err)
		err = stacks_read(c); /* before the threads: what comes meanwhile is in no stack */
	out->procs = calloc(c->count ? c->count : 1, sizeof(*out->procs));
	if (!out->procs)
		return -ENOMEM;
	for (size_t i = 0; i < c->count && !err; i++) {
		struct measured *m = c->list[i];

		err = rows_process(c, m, epoch, &out->procs[out->nprocs++]);
		measured_new_interval(m);
		m->told = m->closed;
	}
	return err;
}

void collector_done(struct collector *c)
{
	for (size_t i = 0; i < c->count; i++)
		measured_free(c->list[i]);
	sampler_free(c->sampler);
	ticks_free(c->ticks);
	stacks_free(c->stacks);
	free(c->list);
	free(c->by_index);
	*c = (struct collector) {};
}
