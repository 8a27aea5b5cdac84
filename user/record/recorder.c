/* The recorder's life and its reader thread; see recorder.h. */
#include "user/record/recorder.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/clock.h"
#include "user/record/recorder_private.h"

#define LOOK_NS 10000000 /* the ring is looked at this often */
/* A record may be this late: its thread can be preempted between its time and its place. */
#define HOLD_BACK_NS 200000000ULL
#define HOLD_BACK_MAX 500000 /* but not more than so many: memory */
#define LATE_NS 20000000 /* waited for such records at the end */
#define SEAL_NS 1000000000ULL /* a packet is finished after this long, even if it is not full */
#define LOST_NS 100000000ULL /* the times of losses are told to this precision */
#define SNAPSHOT_GAP_NS 10000000000ULL /* between snapshots that triggers make */

int recorder_open(const struct recorder_opts *o, struct recorder **ret_r, struct err *e)
{
	struct recorder *r = calloc(1, sizeof(*r));
	static const u8 no_uuid[16];

	if (!r)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	r->o = o;
	pthread_mutex_init(&r->lock, NULL);
	r->packet = packet_new(no_uuid, 1);
	r->ring = ring_buffer__new(o->maps->records_fd, recorder_on_record, r, NULL);
	if (r->packet && r->ring) {
		*ret_r = r;
		return 0;
	}
	recorder_free(r);
	return errf(e, GS_EXIT_FAILED, -ENOMEM, "record buffer: cannot be mapped; lower --buffer");
}

/* Tell what was lost since the last look.  Its time is known to LOST_NS. */
static int tell_lost(struct recorder *r, u64 now)
{
	static const char *const names[GS_LOSS_COUNT] = {
#define X(NAME, name, families, help) [GS_LOSS_##NAME] = #name,
		GS_LOSSES(X)
#undef X
	};
	u64 counts[GS_LOSS_COUNT];
	int err = 0;

	if (kmaps_losses(r->o->maps, counts))
		return 0;
	for (u32 i = 0; i < GS_LOSS_COUNT && !err; i++) {
		struct event ev = {
			.kind = EVENT_LOST,
			.ts_ns = now,
			.ns = now - r->lost_at_ns,
			.count = counts[i] - r->lost[i],
			.text = { [EVENT_LOST_CAUSE] = names[i] },
		};

		if (counts[i] != r->lost[i])
			err = recorder_add_locked(r, &ev);
		r->lost[i] = counts[i];
	}
	r->lost_at_ns = now;
	return err;
}

/* The recording goes on, whatever becomes of it. */
static void write_snapshot(struct recorder *r, const struct event *end)
{
	struct err e = {};

	if (!recorder_write_snapshot(r, end, &e))
		return;
	fprintf(stderr, "gilscope: %s\n", e.text);
	r->state.failed++;
}

/* A trigger was met by something that has just been written. */
static void fire(struct recorder *r, u64 now)
{
	struct event end = { .kind = EVENT_END };
	const struct trigger *met = r->met;

	r->met = NULL;
	if (r->snapshot_at_ns && now - r->snapshot_at_ns < SNAPSHOT_GAP_NS)
		return;
	if (r->o->max_bytes && (r->state.snapshots + 1) * r->o->ring_bytes > r->o->max_bytes)
		return;
	r->snapshot_at_ns = now;
	end.text[EVENT_END_REASON] = met->text;
	write_snapshot(r, &end);
}

/* Up to when everything that happened is surely pending. */
static u64 complete_to(const struct recorder *r, u64 now)
{
	const struct pending *p = &r->pending;
	u64 to = now - HOLD_BACK_NS;

	if (p->count > HOLD_BACK_MAX && p->items[p->count - HOLD_BACK_MAX].ts_ns > to)
		return p->items[p->count - HOLD_BACK_MAX].ts_ns;
	return to;
}

/* One look.  Returns false when there may be more at once. */
static bool look(struct recorder *r)
{
	bool all = recorder_drain(r);
	u64 now = clock_mono_ns();
	int err = 0;

	if (now - r->lost_at_ns >= LOST_NS)
		err = tell_lost(r, now);
	if (!err)
		err = recorder_emit_to(r, complete_to(r, now));
	if (!err && now - r->sealed_at_ns >= SEAL_NS)
		err = recorder_seal(r);
	if (!err && r->met && r->o->ring_bytes)
		fire(r, now);
	/* This look was the last one: what is lost from now on is not part of the recording. */
	if (!err && r->state.full)
		err = tell_lost(r, now);
	if (err && !r->state.err)
		r->state.err = err;
	return all;
}

static void reader(void *arg)
{
	static const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct recorder *r = arg;
	bool stop = false, all = true;

	while (!stop) {
		if (all)
			nanosleep(&pause, NULL);
		pthread_mutex_lock(&r->lock);
		stop = r->stopping || r->state.err || r->state.full;
		if (!stop)
			all = look(r);
		pthread_mutex_unlock(&r->lock);
	}
}

int recorder_start(struct recorder *r, const struct trace_info *info, struct err *e)
{
	int err;

	r->info = info;
	r->sealed_at_ns = r->lost_at_ns = info->started_ns;
	err = r->o->ring_bytes
		      ? recorder_check_place(r, e)
		      : trace_writer_open(r->o->directory, r->o->force, info, &r->writer, e);
	if (err)
		return err;
	if (r->writer)
		memcpy(r->packet->uuid, trace_writer_uuid(r->writer), sizeof(r->packet->uuid));
	err = thread_start(&r->thread, reader, r);
	r->started = !err;
	return err ? errf(e, GS_EXIT_FAILED, err, "thread: cannot be started (%s)", strerror(-err))
		   : 0;
}

int recorder_add_locked(struct recorder *r, const struct event *ev)
{
	struct event *copy = event_copy(ev);

	return copy ? pending_add_event(&r->pending, copy) : -ENOMEM;
}

int recorder_add(struct recorder *r, const struct event *ev)
{
	int err;

	pthread_mutex_lock(&r->lock);
	err = recorder_add_locked(r, ev);
	if (err && !r->state.err)
		r->state.err = err;
	pthread_mutex_unlock(&r->lock);
	return err;
}

struct recorder_state recorder_state(struct recorder *r)
{
	struct recorder_state state;

	pthread_mutex_lock(&r->lock);
	state = r->state;
	pthread_mutex_unlock(&r->lock);
	return state;
}

void recorder_snapshot(struct recorder *r, const char *why)
{
	struct event end = { .kind = EVENT_END };

	end.text[EVENT_END_REASON] = why;
	pthread_mutex_lock(&r->lock);
	write_snapshot(r, &end);
	pthread_mutex_unlock(&r->lock);
}

static int emit_open(void *ctx, const struct event *ev)
{
	return recorder_emit(ctx, ev);
}

/* The end of a plain recording: the rest, what is still going on, and the last word. */
static int finish(struct recorder *r, const struct event *end)
{
	int err = recorder_open_spans(r, r->emitted_to_ns, emit_open, r);

	if (!err)
		err = recorder_emit(r, end);
	return err ? err : recorder_seal(r);
}

/* Losses in a time that began before the recording's end: they are told up to there. */
static int emit_last_losses(struct recorder *r, u64 at_ns)
{
	const struct pending *p = &r->pending;
	int err = 0;

	for (size_t i = pending_upto(p, at_ns); i < p->count && !err; i++) {
		struct event cut;

		if (!p->items[i].event || p->items[i].event->kind != EVENT_LOST)
			continue;
		cut = *p->items[i].event;
		cut.ns = at_ns - event_begin_ns(&cut);
		cut.ts_ns = at_ns;
		if (event_begin_ns(p->items[i].event) < at_ns)
			err = recorder_emit(r, &cut);
	}
	return err;
}

static int drain_to(struct recorder *r, u64 at_ns)
{
	static const struct timespec moment = { .tv_nsec = LATE_NS };
	int err = 0;

	/* Who has taken a time just before the end may still be on the way to the ring. */
	nanosleep(&moment, NULL);
	while (!recorder_drain(r))
		;
	if (!r->state.full)
		err = tell_lost(r, at_ns > r->lost_at_ns ? at_ns : r->lost_at_ns);
	if (!err)
		err = recorder_emit_to(r, at_ns);
	return err ? err : emit_last_losses(r, at_ns);
}

static void stop_thread(struct recorder *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_mutex_unlock(&r->lock);
	thread_join(&r->thread);
	r->started = false;
}

int recorder_stop(struct recorder *r, u64 at_ns, const struct event *end, struct err *e)
{
	struct event last = *end;
	int err;

	stop_thread(r);
	/* A broken file is not written to again: it is readable up to where it broke. */
	err = r->state.err;
	/* What did not fit any more is not part of it: it ended where the last packet did. */
	if (r->state.full && r->emitted_to_ns < at_ns)
		at_ns = r->emitted_to_ns;
	last.ts_ns = at_ns;
	if (!err)
		err = drain_to(r, at_ns);
	if (!err)
		err = r->o->ring_bytes ? recorder_write_snapshot(r, &last, &r->error)
				       : finish(r, &last);
	if (r->writer && trace_writer_close(r->writer, &r->error) && !err)
		err = -EIO;
	r->writer = NULL;
	if (!err)
		return 0;
	return errf(e, r->error.code ? r->error.code : GS_EXIT_FAILED, err, "%s%s",
		    r->error.code ? r->error.text : strerror(-err),
		    r->o->ring_bytes ? "" : "; the recording is readable up to there");
}

struct recorder *recorder_free(struct recorder *r)
{
	if (!r)
		return NULL;
	if (r->started)
		stop_thread(r);
	if (r->writer)
		(void)trace_writer_close(r->writer, NULL);
	recorder_store_free(r);
	pending_done(&r->pending);
	known_done(&r->known);
	stack_numbers_done(&r->stacks);
	ring_buffer__free(r->ring);
	free(r->packet);
	pthread_mutex_destroy(&r->lock);
	free(r);
	return NULL;
}
