/*
 * Holds and waits of a process, kept back until the arrows between them are known.
 *
 * An arrow leads from the hold during which a wait began to that wait.  The wait's event comes
 * when it has ended: later than the hold's, which by then must not have been written, for an arrow
 * is part of the slice it begins at.  So the last PF_PENDING holds and waits of a process are kept
 * in a ring, in the order of their ends, and written as they leave it:
 *
 *   a wait comes   its hold is looked up in the ring by time (two steps of a binary search and a
 *                  few entries, as nobody else gets the GIL before that hold ends)
 *   a hold comes   whose release was seen only after the next thread owned the GIL: then the wait
 *                  came just before it, and is waiting for it
 *
 * A wait that went on for more than PF_PENDING holds and waits of the others has no arrow; its
 * details name the holder all the same.  Each arrow has one beginning and one end: it is written
 * only when both of them are in the ring.
 */
#include <errno.h>
#include <stdlib.h>

#include "user/export/trace_perfetto.h"

#define NEAR 8 /* spans to look at beyond the first that fits in time */

static struct pf_span *span_at(struct pf_process *proc, u64 position)
{
	return &proc->ring[position % PF_PENDING];
}

static void write_hold(struct pf *p, struct pf_process *proc, const struct pf_span *s,
		       struct pf_slice *slice)
{
	struct pf_slice owner = {
		.begin_ns = s->begin_ns,
		.end_ns = s->end_ns,
		.name = s->name->text,
		.category = "gil",
	};
	u32 n = 0;

	if (s->flow)
		p->flows[n++] = s->flow;
	for (s32 i = s->first; i >= 0 && n < PF_PENDING; i = proc->ring[i].next)
		p->flows[n++] = proc->ring[i].flow;
	slice->name = "hold";
	slice->flows = p->flows;
	slice->nflows = n;
	if (s->forced)
		pf_note(slice, (struct pf_note) { "given up because asked", PF_BOOL, 1, NULL });
	if (!proc->gil.uuid)
		pf_track_new(p, &proc->gil, &proc->self, "GIL owner");
	pf_note(&owner, (struct pf_note) { "tid", PF_U64, s->thread->tid, NULL });
	pf_slice(p, &proc->gil, &owner);
}

static void write_oldest(struct pf *p, struct pf_process *proc)
{
	struct pf_span *s = span_at(proc, proc->head);
	struct pf_slice slice = {
		.begin_ns = s->begin_ns,
		.end_ns = s->end_ns,
		.category = "gil",
	};

	if (s->mid)
		pf_note(&slice, (struct pf_note) { "began before the measurement", PF_BOOL, 1 });
	if (s->open)
		pf_note(&slice,
			(struct pf_note) { "not over when the recording ended", PF_BOOL, 1 });
	if (s->wait) {
		slice.name = "wait";
		slice.flow_in = s->flow;
		if (s->blamed)
			pf_note(&slice, (struct pf_note) { "holder tid", PF_U64, s->blamed, NULL });
	} else {
		write_hold(p, proc, s, &slice);
	}
	pf_slice(p, &s->thread->self, &slice);
	s->thread->pending--;
	pf_thread_put(s->thread);
	pf_name_put(s->name);
	proc->head++;
}

void pf_pending_write(struct pf *p, struct pf_process *proc)
{
	while (proc->head != proc->tail)
		write_oldest(p, proc);
}

/* The first position whose span ends at @ns or later. */
static u64 first_ending(struct pf_process *proc, u64 ns)
{
	u64 low = proc->head, high = proc->tail;

	while (low < high) {
		u64 middle = low + (high - low) / 2;

		if (span_at(proc, middle)->end_ns < ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool blocked(const struct pf_span *hold, u32 tid, u64 wait_begin_ns)
{
	return !hold->wait && hold->thread->tid == tid && hold->begin_ns < wait_begin_ns &&
	       hold->end_ns >= wait_begin_ns;
}

/* @wait, just added at @position: find the hold it began in. */
static void join_wait(struct pf *p, struct pf_process *proc, struct pf_span *wait, u64 position)
{
	u64 from = first_ending(proc, wait->begin_ns);

	for (u64 at = from; at < position && at < from + NEAR; at++) {
		struct pf_span *hold = span_at(proc, at);

		if (!blocked(hold, wait->holder, wait->begin_ns))
			continue;
		wait->flow = ++p->flow;
		wait->next = hold->first;
		hold->first = (s32)(position % PF_PENDING);
		wait->holder = 0;
		return;
	}
}

/* @hold, just added at @position: the wait it blocked may have come before it. */
static void join_hold(struct pf *p, struct pf_process *proc, struct pf_span *hold, u64 position)
{
	for (u64 at = position; at > proc->head && at + NEAR > position;) {
		struct pf_span *wait = span_at(proc, --at);

		if (!wait->wait || wait->holder != hold->thread->tid ||
		    !blocked(hold, wait->holder, wait->begin_ns))
			continue;
		/* It leaves the ring before the hold, so the hold notes the arrow itself. */
		wait->flow = hold->flow = ++p->flow;
		wait->holder = 0;
		return;
	}
}

int pf_pending_add(struct pf *p, struct pf_thread *t, const struct pf_span *s)
{
	struct pf_process *proc = t->process;
	struct pf_span *to;
	u64 position;

	if (!proc->ring) {
		proc->ring = malloc(PF_PENDING * sizeof(*proc->ring));
		if (!proc->ring)
			return -ENOMEM;
	}
	if (proc->tail - proc->head == PF_PENDING)
		write_oldest(p, proc);
	position = proc->tail++;
	to = span_at(proc, position);
	*to = *s;
	to->thread = t;
	to->name = t->name;
	t->name->refs++;
	to->blamed = s->holder;
	to->first = to->next = -1;
	t->pending++;
	if (!s->wait)
		join_hold(p, proc, to, position);
	else if (s->holder)
		join_wait(p, proc, to, position);
	return 0;
}
