/* Making packets: events in, bytes out.  No files here; see writer.h. */
#ifndef GS_USER_TRACE_PACKET_H
#define GS_USER_TRACE_PACKET_H

#include <stddef.h>

#include "user/model/event.h"
#include "user/trace/format.h"

struct packet {
	u8 bytes[TRACE_PACKET_MAX];
	size_t used; /* 0: not begun */
	u64 begin_ns, last_ns; /* of the packet being made */
	u64 seq; /* of the packet being made */
	u64 events; /* in the packet being made */
	u8 uuid[16];
};

/* A maker of packets for the trace with @uuid; the first one gets number @seq.  NULL without
 * memory.  Free with free(). */
struct packet *packet_new(const u8 uuid[16], u64 seq);

/*
 * packet_add - append an event
 *
 * A time before that of the event before is kept true with a LATE event.  Texts are cut to 4 KiB.
 * An event of the largest size always fits into an empty packet.
 * Return: 0, or -ENOSPC when the packet is full: end it, then add again.
 */
int packet_add(struct packet *p, const struct event *ev);

/*
 * packet_end - complete the packet: its bytes are p->bytes, p->used of them
 * @discarded: events lost since the recording began
 *
 * Call packet_next() when they have been used.  An empty packet has used 0.
 */
void packet_end(struct packet *p, u64 discarded);
void packet_next(struct packet *p);

#endif
