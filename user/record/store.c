/* Where finished packets go: into the files, or into a flight recorder's memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/record/recorder_private.h"

/* What is left of max_bytes for the events that end a recording. */
#define END_BYTES (2 * TRACE_PACKET_MAX)
/* A reading can be that late to tell of a thread that has ended meanwhile. */
#define REMEMBER_NS 5000000000ULL

static void drop_oldest(struct recorder *r)
{
	struct blob *b = r->oldest;

	r->oldest = b->next;
	if (!r->oldest)
		r->newest = NULL;
	r->state.bytes -= b->size;
	r->dropped_discarded = b->discarded;
	r->dropped_end_ns = b->end_ns;
	free(b);
}

static bool is_too_old(const struct recorder *r)
{
	return r->o->ring_ns && r->newest->end_ns > r->oldest->end_ns + r->o->ring_ns;
}

static int keep(struct recorder *r)
{
	const struct packet *p = r->packet;
	u64 forget_ns = r->dropped_end_ns;
	struct blob *b = malloc(sizeof(*b) + p->used);

	if (!b)
		return -ENOMEM;
	*b = (struct blob) { .size = p->used,
			     .end_ns = p->last_ns,
			     .discarded = r->state.ring_full };
	memcpy(b->bytes, p->bytes, p->used);
	if (r->newest)
		r->newest->next = b;
	else
		r->oldest = b;
	r->newest = b;
	r->state.bytes += b->size;
	while (r->oldest != r->newest && (r->state.bytes > r->o->ring_bytes || is_too_old(r)))
		drop_oldest(r);
	if (r->dropped_end_ns != forget_ns)
		known_forget(&r->known, r->dropped_end_ns);
	return 0;
}

int recorder_seal(struct recorder *r)
{
	int err;

	r->sealed_at_ns = clock_mono_ns();
	packet_end(r->packet, r->state.ring_full);
	if (!r->packet->used)
		return 0;
	if (r->o->ring_bytes) {
		err = keep(r);
	} else {
		err = trace_writer_packet(r->writer, r->packet->bytes, r->packet->used, &r->error);
		r->state.bytes = trace_writer_bytes(r->writer);
		known_forget(&r->known, r->packet->last_ns - REMEMBER_NS);
	}
	packet_next(r->packet);
	r->packets++;
	if (r->o->max_bytes && r->state.bytes + END_BYTES > r->o->max_bytes && !r->o->ring_bytes)
		r->state.full = true;
	return err;
}

void recorder_store_free(struct recorder *r)
{
	while (r->oldest)
		drop_oldest(r);
}
