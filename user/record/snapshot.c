/*
 * A flight recorder's snapshot: a recording of its own, made of what is in memory.
 *
 *   head packet   processes, probes, threads and types told of before the first packet's beginning,
 *                 and stacks, told as of then
 *   packets       as they are in memory, but for the new trace's uuid
 *   tail packet   what was going on at the end, and the END event
 *
 * Nothing is taken from memory by it: the next snapshot may tell the same again.  Each try has a
 * number of its own; numbers that are taken are passed over, so that what somebody has waited for
 * is not lost because of what is there already.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "user/record/recorder_private.h"

#define PATH_SIZE 4096
#define NUMBERS 9999 /* of snapshots: four digits */

struct snapshot {
	struct recorder *r;
	struct trace_writer *writer;
	struct packet *packet; /* head or tail */
	u64 at_ns; /* time of the head's events */
	u64 discarded;
	struct err *e;
};

static int seal(struct snapshot *s)
{
	int err = 0;

	packet_end(s->packet, s->discarded);
	if (s->packet->used)
		err = trace_writer_packet(s->writer, s->packet->bytes, s->packet->used, s->e);
	packet_next(s->packet);
	return err;
}

static int add(struct snapshot *s, const struct event *ev)
{
	int err = packet_add(s->packet, ev);

	if (err != -ENOSPC)
		return err;
	err = seal(s);
	return err ? err : packet_add(s->packet, ev);
}

static int add_known(void *ctx, const struct event *ev)
{
	struct snapshot *s = ctx;
	struct event at = *ev;

	at.ts_ns = s->at_ns;
	at.seed_tid = 0; /* who held the GIL at the recording's start says nothing of this moment */
	return add(s, &at);
}

static int add_open(void *ctx, const struct event *ev)
{
	return add(ctx, ev);
}

static u64 blob_begin_ns(const struct blob *b)
{
	struct trace_packet head;

	memcpy(&head, b->bytes, sizeof(head));
	return head.timestamp_begin;
}

/* The packet in @b as one of the new trace, with number @seq. */
static int write_blob(struct snapshot *s, const struct blob *b, u64 seq)
{
	struct trace_packet head;
	u8 *copy = malloc(b->size);
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, b->bytes, b->size);
	memcpy(&head, copy, sizeof(head));
	memcpy(head.uuid, trace_writer_uuid(s->writer), sizeof(head.uuid));
	head.packet_seq_num = seq;
	head.crc = 0;
	memcpy(copy, &head, sizeof(head));
	head.crc = crc32(0, copy, b->size);
	memcpy(copy, &head, sizeof(head));
	err = trace_writer_packet(s->writer, copy, b->size, s->e);
	free(copy);
	return err;
}

static int write_head(struct snapshot *s)
{
	int err = known_tell(&s->r->known, s->at_ns, add_known, s);

	if (!err)
		err = stack_numbers_tell(&s->r->stacks, s->at_ns, add_open, s);
	return err ? err : seal(s);
}

static int write_tail(struct snapshot *s, const struct event *end)
{
	struct recorder *r = s->r;
	struct event last = *end;
	int err = recorder_open_spans(r, r->emitted_to_ns, add_open, s);

	last.ts_ns = r->emitted_to_ns;
	/* What is known of them is for all the time, of which this is the last part only. */
	last.tracer_cpu_ns = last.target_cpu_ns = EVENT_UNKNOWN;
	if (!err)
		err = add(s, &last);
	return err ? err : seal(s);
}

static int write_all(struct snapshot *s, const struct event *end)
{
	struct recorder *r = s->r;
	int err = write_head(s);

	for (const struct blob *b = r->oldest; b && !err; b = b->next) {
		err = write_blob(s, b, s->packet->seq++);
		s->discarded = b->discarded;
		/* The tail goes on where the packets from memory end. */
		s->packet->begin_ns = s->packet->last_ns = b->end_ns;
	}
	return err ? err : write_tail(s, end);
}

/* A new directory under the next name that is free; with --force that of an older snapshot. */
static int open_next(struct snapshot *s, char *path, size_t size)
{
	struct recorder *r = s->r;
	int err = -EEXIST, len = (int)strlen(r->o->directory);

	while (len > 1 && r->o->directory[len - 1] == '/')
		len--;
	while (err == -EEXIST && r->tried < NUMBERS) {
		struct err e = {};

		if (snprintf(path, size, "%.*s.%04u", len, r->o->directory, ++r->tried) >=
		    (int)size)
			return errf(s->e, GS_EXIT_USAGE, -ENAMETOOLONG, "-o %.64s…: too long",
				    r->o->directory);
		err = trace_writer_open(path, r->o->force, r->info, &s->writer, &e);
		if (err && err != -EEXIST)
			return errf(s->e, e.code, err, "%s", e.text);
	}
	return err ? errf(s->e, GS_EXIT_FAILED, err, "%s: all names are taken; remove some",
			  r->o->directory)
		   : 0;
}

/* What happened so far is in memory from here on. */
static int begin(struct snapshot *s, struct recorder *r, struct err *e)
{
	int err = recorder_seal(r);

	*s = (struct snapshot) { .r = r, .discarded = r->dropped_discarded, .e = e };
	s->at_ns = r->oldest ? blob_begin_ns(r->oldest) : r->emitted_to_ns;
	return err ? errf(e, GS_EXIT_FAILED, err, "%s: %s; no snapshot", r->o->directory,
			  strerror(-err))
		   : 0;
}

/* Into s->writer, which is closed. */
static int fill(struct snapshot *s, const char *path, const struct event *end)
{
	int err, closed;

	s->packet = packet_new(trace_writer_uuid(s->writer), 0);
	err = s->packet ? write_all(s, end) : -ENOMEM;
	free(s->packet);
	closed = trace_writer_close(s->writer, s->e);
	if (!err)
		err = closed;
	return err ? errf(s->e, GS_EXIT_FAILED, err, "%s: %s; the snapshot is incomplete", path,
			  strerror(-err))
		   : 0;
}

int recorder_snapshot_to(struct recorder *r, const char *directory, const char *why, struct err *e)
{
	struct event end = { .kind = EVENT_END };
	struct snapshot s;
	int err;

	end.text[EVENT_END_REASON] = why;
	pthread_mutex_lock(&r->lock);
	err = begin(&s, r, e);
	if (!err)
		err = trace_writer_open(directory, false, r->info, &s.writer, e);
	if (!err)
		err = fill(&s, directory, &end);
	r->state.snapshots += !err;
	r->state.failed += !!err;
	pthread_mutex_unlock(&r->lock);
	return err;
}

int recorder_write_snapshot(struct recorder *r, const struct event *end, struct err *e)
{
	struct snapshot s;
	char path[PATH_SIZE];
	int err = begin(&s, r, e);

	if (!err)
		err = open_next(&s, path, sizeof(path));
	if (!err)
		err = fill(&s, path, end);
	if (err)
		return err;
	r->state.snapshots++;
	fprintf(stderr, "gilscope: %s: snapshot (%s)\n", path,
		end->text[EVENT_END_REASON] ? end->text[EVENT_END_REASON] : "");
	return 0;
}

int recorder_check_place(const struct recorder *r, struct err *e)
{
	char path[PATH_SIZE];
	const char *place;

	if (snprintf(path, sizeof(path), "%s", r->o->directory) >= (int)sizeof(path))
		return errf(e, GS_EXIT_USAGE, -ENAMETOOLONG, "-o %.64s…: too long",
			    r->o->directory);
	place = dirname(path);
	if (!access(place, W_OK | X_OK))
		return 0;
	return errf(e, GS_EXIT_FAILED, -errno, "%s: %s; choose another place for the snapshots",
		    place, strerror(errno));
}
