/* Events into packets; see packet.h, and format.h for what they look like. */
#include "user/trace/packet.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "user/trace/layout.h"

#define COMPACT_SPAN (1ULL << TRACE_COMPACT_BITS) /* ns a compact time can be ahead */

/* Room for all but texts: a LATE event, the event, and what a number's store writes beyond it. */
#define ROOM (2 * (TRACE_EXTENDED_SIZE + TRACE_NUMBERS_MAX) + sizeof(u64))

_Static_assert(sizeof(struct trace_packet) + ROOM + EVENT_TEXTS * (TRACE_TEXT_MAX + 1) <
		       TRACE_PACKET_MAX,
	       "the largest event fits into an empty packet");

struct packet *packet_new(const u8 uuid[16], u64 seq)
{
	struct packet *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	memcpy(p->uuid, uuid, sizeof(p->uuid));
	p->seq = seq;
	return p;
}

static u8 *put_u64(u8 *at, u64 v)
{
	v = htole64(v);
	memcpy(at, &v, sizeof(v));
	return at + sizeof(v);
}

static u8 *put_header(u8 *at, enum event_kind kind, u64 ts_ns, u64 last_ns)
{
	u32 v;

	if (ts_ns - last_ns < COMPACT_SPAN) {
		v = htole32((u32)kind | (u32)(ts_ns << 5));
		memcpy(at, &v, sizeof(v));
		return at + sizeof(v);
	}
	*at++ = TRACE_EXTENDED;
	v = htole32((u32)kind);
	memcpy(at, &v, sizeof(v));
	return put_u64(at + sizeof(v), ts_ns);
}

/* The largest number of @bits bits. */
static u64 largest(unsigned int bits)
{
	return UINT64_MAX >> (64 - bits);
}

/* What field @f of @ev is on disk: numbers too large for it become the largest it can tell. */
static u64 number(const struct event_field *f, const struct event *ev)
{
	const char *member = (const char *)ev + f->offset;
	u64 max = largest(f->bits);
	s64 s;
	u64 v;

	switch (f->type) {
	case EVENT_U32:
	case EVENT_CALL:
		v = *(const u32 *)member;
		return v < max ? v : max;
	case EVENT_FLAG:
		return *(const u32 *)member != 0;
	case EVENT_U64:
		v = *(const u64 *)member;
		if (v == EVENT_UNKNOWN || f->bits == 64)
			return v & max;
		return v < max ? v : max - 1;
	case EVENT_S64:
		s = *(const s64 *)member;
		if (s > (s64)(max >> 1))
			s = (s64)(max >> 1);
		else if (s < -(s64)(max >> 1) - 1)
			s = -(s64)(max >> 1) - 1;
		return (u64)s & max;
	case EVENT_PAD:
	case EVENT_TEXT:
		break;
	}
	return 0;
}

static const char *text_of(const struct event *ev, const struct event_field *f)
{
	return ev->text[f->offset] ? ev->text[f->offset] : "";
}

static u8 *put_text(u8 *at, const char *s)
{
	size_t len = trace_text_cut(s, TRACE_TEXT_MAX);

	memcpy(at, s, len);
	at[len] = 0;
	return at + len + 1;
}

/*
 * Numbers lie bit after bit: `bits` holds what does not fill a byte yet.  Eight bytes are stored
 * at a time; those beyond the number are overwritten by what comes next.
 */
static u8 *put_fields(u8 *at, const struct event *ev)
{
	unsigned int used = 0, total;
	u64 bits = 0;

	for (const struct event_field *f = event_descs[ev->kind].fields; f->name; f++) {
		if (f->type == EVENT_TEXT) {
			at = put_text(at, text_of(ev, f));
			continue;
		}
		bits |= number(f, ev) << used;
		put_u64(at, bits);
		total = used + f->bits;
		used = total % 8;
		bits = used ? bits >> (total - used) : 0;
		at += total / 8;
	}
	return at;
}

static size_t texts_size(const struct event *ev)
{
	size_t size = 0;

	for (const struct event_field *f = event_descs[ev->kind].fields; f->name; f++)
		if (f->type == EVENT_TEXT)
			size += trace_text_cut(text_of(ev, f), TRACE_TEXT_MAX) + 1;
	return size;
}

int packet_add(struct packet *p, const struct event *ev)
{
	struct event late = { .kind = EVENT_LATE };
	u64 ts_ns = ev->ts_ns;
	u8 *at;

	if (!p->used) {
		/* only the very first packet has no other before it */
		if (!p->begin_ns)
			p->begin_ns = p->last_ns = ts_ns;
		p->used = sizeof(struct trace_packet);
	}
	if (p->used + ROOM + texts_size(ev) > sizeof(p->bytes))
		return -ENOSPC;
	at = p->bytes + p->used;
	if (ts_ns < p->last_ns) {
		late.ns = p->last_ns - ts_ns;
		ts_ns = p->last_ns;
		at = put_header(at, EVENT_LATE, ts_ns, p->last_ns);
		at = put_fields(at, &late);
		p->events++;
	}
	at = put_header(at, ev->kind, ts_ns, p->last_ns);
	at = put_fields(at, ev);
	p->last_ns = ts_ns;
	p->used = (size_t)(at - p->bytes);
	p->events++;
	return 0;
}

void packet_end(struct packet *p, u64 discarded)
{
	struct trace_packet h = {
		.magic = htole32(TRACE_MAGIC),
		.timestamp_begin = htole64(p->begin_ns),
		.timestamp_end = htole64(p->last_ns),
		.content_size = htole64((u64)p->used * 8),
		.packet_size = htole64((u64)p->used * 8),
		.packet_seq_num = htole64(p->seq),
		.events_discarded = htole64(discarded),
	};

	if (!p->events) {
		p->used = 0;
		return;
	}
	memcpy(h.uuid, p->uuid, sizeof(h.uuid));
	memcpy(p->bytes, &h, sizeof(h));
	h.crc = htole32((u32)crc32(0, p->bytes, (uInt)p->used));
	memcpy(p->bytes, &h, sizeof(h));
}

void packet_next(struct packet *p)
{
	if (p->used)
		p->seq++;
	p->used = 0;
	p->events = 0;
	p->begin_ns = p->last_ns;
}
