/*
 * Holds of the GIL: what a take and a release change when nobody waits.
 *
 * This is what nearly every hit does, a million times a second and more, so it is written for
 * few instructions: no look-up that hashes, no call, no write to a cache line that the GIL's
 * threads share unless the GIL changes hands.  gil.bpf.c does the same for threads that are seen
 * for the first time or had to wait.
 */
#ifndef GS_BPF_GIL_HOLD_BPF_H
#define GS_BPF_GIL_HOLD_BPF_H

#include "bpf/core.bpf.h"
#include "bpf/record.bpf.h"

typedef struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32); /* index into gs_threads */
} gs_last_thread_map;
extern gs_last_thread_map gs_last_thread SEC(".maps"); /* of the CPU's last event of the GIL */

/* The slot of @task if this CPU's last event of the GIL was its too, else NULL. */
static __always_inline struct gs_thread *gil_thread_again(struct task_struct *task)
{
	u32 key = 0, *slot = bpf_map_lookup_elem(&gs_last_thread, &key);
	struct gs_thread *t = slot ? gs_thread_at(*slot) : NULL;

	/*
	 * A tid can be another thread's by now, and a slot as well: never with the same birth,
	 * unless it has executed another program, with which the slot ends.
	 */
	if (!t || t->tid != (u32)task->pid || t->born_ns != task->start_time ||
	    t->state != GS_SLOT_LIVE)
		return NULL;
	return t;
}

static __always_inline void gil_remember(const struct gs_thread *t)
{
	u32 key = 0, *slot = bpf_map_lookup_elem(&gs_last_thread, &key);

	if (slot)
		*slot = t->slot;
}

/* For who waits: from @ns on it was @tid's. */
static __always_inline void gil_note_pass(struct gs_gil *g, u32 tid, u64 ns)
{
	struct gs_pass *pass = &g->pass[g->passes & (GS_PASSES - 1)];

	pass->ns = ns;
	pass->tid = tid;
	barrier();
	g->passes++;
}

/*
 * @t owns it now.  If the owner before has not been seen to release, its hold ends here, unless it
 * has done so at a wake-up.  Its `successor_ns` is its own again from its next acquisition on,
 * which is after our release.
 */
static __always_inline void gil_pass_on(struct gs_gil *g, const struct gs_thread *t, u64 now)
{
	u32 before = g->owner, me = t->slot + 1;
	struct gs_thread *late;

	if (before == me)
		return;
	if (before) {
		late = gs_thread_at(before - 1);
		/* It may hold another GIL by now. */
		if (late && late->hold_since_ns && !late->successor_ns && late->gil == t->gil &&
		    late->proc == t->proc)
			late->successor_ns = now;
		g->handovers++;
	}
	g->owner = me;
	gil_note_pass(g, t->tid, now);
	if (!g->first_owned_ns)
		g->first_owned_ns = now;
}

static __always_inline void hold_begin(struct gs_thread *t, u64 now)
{
	t->events = 1;
	t->takes++;
	t->forced = 0;
	t->successor_ns = 0;
	t->hold_since_ns = now;
}

/* End the hold of @t.  Its time counts up to a waiter's wake-up, or to the next acquisition. */
static __always_inline void hold_end(struct gs_thread *t, u64 now)
{
	u64 since = t->hold_since_ns, end = now, ns;

	if (t->successor_ns > since && t->successor_ns < now)
		end = t->successor_ns;
	if (gs_elapsed(since, end, &ns)) {
		gs_hist_add(&t->hold, ns);
		t->held_ns += ns;
		gs_record(GS_REC_HOLD, t->tid, end, ns, t->forced ? GS_REC_FORCED : 0, t->gil);
	}
	if (t->forced)
		t->forced_releases++;
	t->hold_since_ns = 0;
	t->forced = 0;
}

/*
 * Owned or released, at @now, if nothing else is to be done with it; false: nothing was.
 * @address: of the GIL; 0: not told, then there is but one
 */
static __always_inline bool gil_fast(u32 event, u64 address, u64 now)
{
	struct gs_thread *t = gil_thread_again(bpf_get_current_task_btf());
	struct gs_proc *p;
	u32 seq;

	if (!t)
		return false;
	if (event == GS_EVENT_GIL_RELEASED) {
		if (!t->hold_since_ns || t->gil)
			return false;
		seq = gs_write_begin(t);
		hold_end(t, now);
		gs_write_end(t, seq);
		return true;
	}
	/* From here on gil_looks(), in an interrupt or a switch, leaves it alone. */
	seq = gs_write_begin(t);
	p = gs_proc_at(t->proc);
	if (t->hold_since_ns || t->wait_since_ns || t->io_woken_ns || !p ||
	    (address && address != p->gil.address)) {
		gs_write_end(t, seq);
		return false;
	}
	t->gil = 0;
	hold_begin(t, now);
	gs_write_end(t, seq);
	gil_pass_on(&p->gil, t, now);
	return true;
}

#endif
