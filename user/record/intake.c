/* From the kernel side's records to events in packets, in the order of their times. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "user/base/str.h"
#include "user/record/recorder_private.h"
#include "user/target/proc_status.h"

/* The ring is read in runs of at most so many records: then it is somebody else's turn. */
#define RUN_MAX 65536
/* A flight recorder's memory holds at least so many packets. */
#define RING_PACKETS 16

int recorder_on_record(void *ctx, void *data, size_t size)
{
	struct recorder *r = ctx;
	int err = pending_add_record(&r->pending, data, size);

	if (err == -ENOMEM)
		return err;
	return ++r->run >= RUN_MAX ? -EAGAIN : 0;
}

bool recorder_drain(struct recorder *r)
{
	int err;

	r->run = 0;
	err = ring_buffer__consume(r->ring);
	if (err < 0 && err != -EAGAIN && !r->state.err)
		r->state.err = err;
	return err != -EAGAIN;
}

static void thread_event(const struct gs_record_thread *t, struct event *ev)
{
	static _Thread_local char comm[GS_COMM_LEN + 1];

	ev->kind = EVENT_THREAD;
	ev->pid = t->pid;
	ev->ns_id = t->ns_tid;
	ev->start_ns =
		t->born_ns; /* recorder_emit() knows whether that is before the measurement */
	memcpy(comm, t->comm, GS_COMM_LEN);
	str_printable(comm);
	ev->text[EVENT_THREAD_NAME] = comm;
}

static void io_event(const struct gs_record_io *io, struct event *ev)
{
	ev->kind = EVENT_IO_WAIT;
	ev->call = io->r.arg;
	ev->timeout = !!(io->r.flags & GS_REC_TIMEOUT);
	ev->result = io->result;
	ev->blocked_ns = io->blocked_ns;
	ev->to_run_ns = io->to_run_ns;
}

/* Records with two numbers more. */
static bool event_2(const struct gs_record_2 *r, struct event *ev)
{
	switch (r->r.kind) {
	case GS_REC_WAIT:
		ev->kind = EVENT_WAIT;
		ev->mid = !!(r->r.flags & GS_REC_MID);
		ev->alone = !!(r->r.flags & GS_REC_ALONE);
		ev->holder = r->a;
		ev->runnable_ns = r->b;
		return true;
	case GS_REC_WAIT_PART:
		ev->kind = EVENT_WAIT_PART;
		ev->holder = r->a;
		return true;
	case GS_REC_OFF_CPU:
		ev->kind = EVENT_OFF_CPU;
		ev->preempted = !!(r->r.flags & GS_REC_PREEMPTED);
		ev->blocked_in = ev->preempted ? 0 : r->a;
		return true;
	case GS_REC_IO_TO_GIL:
		ev->kind = EVENT_IO_TO_GIL;
		ev->call = r->r.arg;
		ev->gil_wait_ns = r->a < r->r.ns ? r->a : r->r.ns;
		return true;
	case GS_REC_STEP:
		ev->kind = EVENT_STEP;
		ev->slow = !!(r->r.flags & GS_REC_SLOW);
		ev->delay_ns = r->a;
		return true;
	case GS_REC_COLLECTION:
		ev->kind = EVENT_COLLECTION;
		ev->generation = GS_REC_GC_GENERATION(r->r.arg);
		ev->collected = r->a;
		ev->uncollectable = r->b;
		return true;
	case GS_REC_IO_CALL:
		ev->kind = EVENT_IO_CALL;
		ev->call = r->r.arg;
		ev->timeout = !!(r->r.flags & GS_REC_TIMEOUT);
		ev->result = (s64)r->a;
		return true;
	case GS_REC_FORK:
		ev->kind = EVENT_PROCESS; /* recorder_emit_to() adds what it inherits */
		ev->pid = r->r.tid;
		ev->tid = 0;
		ev->parent = r->a;
		return true;
	case GS_REC_FT_TIME:
		ev->kind = EVENT_FT_TIME;
		ev->ft_time = r->r.arg;
		ev->holder = r->a;
		return true;
	}
	return false;
}

static bool event_1(const struct gs_record *r, struct event *ev)
{
	switch (r->kind) {
	case GS_REC_HOLD:
		ev->kind = EVENT_HOLD;
		ev->forced = !!(r->flags & GS_REC_FORCED);
		ev->mid = !!(r->flags & GS_REC_MID);
		return true;
	case GS_REC_CONTENDED:
		ev->kind = EVENT_CONTENDED;
		ev->pid = r->tid;
		ev->tid = 0;
		return true;
	case GS_REC_GC_START:
		ev->kind = EVENT_GC_START;
		ev->generation = GS_REC_GC_GENERATION(r->arg);
		return true;
	case GS_REC_ITERATION:
		ev->kind = EVENT_ITERATION;
		ev->slow = !!(r->flags & GS_REC_SLOW);
		return true;
	case GS_REC_FT_CRITICAL:
		ev->kind = EVENT_FT_CRITICAL;
		return true;
	case GS_REC_THREAD_EXIT:
		ev->kind = EVENT_THREAD_EXIT;
		return true;
	case GS_REC_PROCESS_EXIT:
		ev->kind = EVENT_PROCESS_EXIT;
		ev->pid = r->tid;
		ev->tid = 0;
		ev->execed = !!(r->flags & GS_REC_EXECED);
		return true;
	}
	return false;
}

bool record_event(const void *record, size_t size, struct event *ret_ev)
{
	const struct gs_record *r = record;

	*ret_ev = (struct event) { .ts_ns = r->end_ns, .ns = r->ns, .tid = r->tid };
	if (r->kind == GS_REC_THREAD && size >= sizeof(struct gs_record_thread)) {
		thread_event(record, ret_ev);
		return true;
	}
	if (r->kind == GS_REC_IO_WAIT && size >= sizeof(struct gs_record_io)) {
		io_event(record, ret_ev);
		return true;
	}
	if (size >= sizeof(struct gs_record_2) && event_2(record, ret_ev))
		return true;
	return event_1(r, ret_ev);
}

/* A fork is the same interpreter at the same addresses. */
static void inherit(const struct recorder *r, struct event *ev)
{
	const struct event *parent = known_process(&r->known, ev->parent);
	struct event child;

	if (!parent)
		return;
	child = *parent;
	child.ts_ns = ev->ts_ns;
	child.pid = ev->pid;
	child.parent = ev->parent;
	child.seed_tid = 0;
	child.ns_id = proc_ns_tid(ev->pid, ev->pid);
	*ev = child;
}

/*
 * Threads that were there at the start are told with 0.  False: a reading has told of it already,
 * and knows its name in Python.
 */
static bool is_new(const struct recorder *r, struct event *ev)
{
	const struct event *process = known_process(&r->known, ev->pid);
	const struct event *known = known_thread(&r->known, ev->tid);

	if (process && ev->start_ns <= process->ts_ns)
		ev->start_ns = 0;
	return !known || known->start_ns != ev->start_ns;
}

/* The thread a reading tells of has ended since the reading began: its name comes too late. */
static bool is_over(const struct recorder *r, const struct event *ev)
{
	return ev->kind == EVENT_THREAD && known_thread_over(&r->known, ev);
}

int recorder_emit_to(struct recorder *r, u64 to_ns)
{
	size_t n = pending_upto(&r->pending, to_ns), done = 0;
	int err = 0;

	/* Behind --max-size nothing is part of the recording any more. */
	while (done < n && !err && !r->state.full) {
		const struct pending_item *item = &r->pending.items[done++];
		struct event ev;

		if (item->ts_ns > r->emitted_to_ns)
			r->emitted_to_ns = item->ts_ns;
		if (item->event) {
			if (!is_over(r, item->event))
				err = recorder_emit(r, item->event);
			continue;
		}
		if (!record_event(&item->record, item->size, &ev))
			continue;
		if (ev.kind == EVENT_PROCESS)
			inherit(r, &ev);
		else if (ev.kind == EVENT_THREAD && !is_new(r, &ev))
			continue;
		r->state.new_threads += ev.kind == EVENT_THREAD;
		err = recorder_tell_gil(r, &item->record.r, &ev);
		if (!err)
			err = recorder_emit(r, &ev);
	}
	pending_drop(&r->pending, done);
	if (!r->state.full && to_ns > r->emitted_to_ns)
		r->emitted_to_ns = to_ns;
	return err;
}

/* What goes first from a flight recorder's memory goes as packets: they are a small part of it. */
static bool is_ring_packet_full(const struct recorder *r)
{
	return r->o->ring_bytes && r->packet->used >= r->o->ring_bytes / RING_PACKETS;
}

int recorder_emit(struct recorder *r, const struct event *ev)
{
	const struct trigger *met;
	int err = known_event(&r->known, ev);

	if (err)
		return err;
	met = trigger_met(r->o->triggers, r->o->ntriggers, ev);
	if (met)
		recorder_note_met(r, met, ev);
	err = packet_add(r->packet, ev);
	if (err == -ENOSPC) {
		err = recorder_seal(r);
		if (!err)
			err = packet_add(r->packet, ev);
	}
	if (err)
		return err;
	r->state.events++;
	if (ev->kind == EVENT_LOST && !strcmp(ev->text[EVENT_LOST_CAUSE], "ring_full"))
		r->state.ring_full += ev->count;
	return is_ring_packet_full(r) ? recorder_seal(r) : 0;
}
