/*
 * Whether a packet is good: its header, its checksum, and each of its events, so that
 * libbabeltrace2 gets to see nothing it could stumble over, and consumers no number out of range.
 */
#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "bpf/state.h"
#include "user/trace/reader_private.h"

#define CUT_OFF "cut off within a packet"

/* What a number of the list that @f is must be below; 0: it is none. */
static u32 limit_of(const struct event_field *f, u32 calls)
{
	if (f->type == EVENT_CALL)
		return calls;
	if (f->type != EVENT_U32)
		return 0;
	if (f->offset == offsetof(struct event, generation))
		return GS_GC_GENERATIONS;
	if (f->offset == offsetof(struct event, what))
		return EVENT_OPEN_COUNT;
	return 0;
}

static void shape_init(struct shape *s, const struct event_desc *d, u32 format, u32 calls)
{
	size_t bits = 0, limits = 0;
	u32 below;

	*s = (struct shape) { 0 };
	for (const struct event_field *f = d->fields; f->name; f++) {
		if (!event_field_in(f, format))
			continue;
		if (f->type == EVENT_TEXT) {
			s->texts++;
			continue;
		}
		below = limit_of(f, calls);
		if (below && limits < SHAPE_LIMITS)
			s->limits[limits++] = (struct limit) { .bit = (u16)bits,
							       .bits = f->bits,
							       .below = (u8)below };
		bits += f->bits;
	}
	s->numbers = (u16)(bits / 8);
}

void checker_init(struct checker *c, u32 format, const u8 uuid[16])
{
	const struct trace_version *v = trace_version(format);

	memcpy(c->uuid, uuid, sizeof(c->uuid));
	c->kinds = v->kinds;
	for (u32 i = 0; i < v->kinds; i++)
		shape_init(&c->shapes[i], &event_descs[i], format, v->calls);
}

/* The number of up to 8 bits at bit @bit of @at; it does not cross more than one byte's end. */
static u32 bits_at(const u8 *at, const struct limit *l)
{
	u32 v = at[l->bit / 8];

	if (l->bit % 8 + l->bits > 8)
		v |= (u32)at[l->bit / 8 + 1] << 8;
	return v >> l->bit % 8 & ((1U << l->bits) - 1);
}

/* The end of the fields of an event of kind @s at @at; NULL: they are not well-formed. */
static const u8 *fields_end(const struct shape *s, const u8 *at, const u8 *end)
{
	const u8 *nul;
	size_t left;

	if ((size_t)(end - at) < s->numbers)
		return NULL;
	for (const struct limit *l = s->limits; l < s->limits + SHAPE_LIMITS && l->bits; l++)
		if (bits_at(at, l) >= l->below)
			return NULL;
	at += s->numbers;
	for (u16 i = 0; i < s->texts; i++) {
		left = (size_t)(end - at);
		nul = memchr(at, 0, left < TRACE_TEXT_MAX + 1 ? left : TRACE_TEXT_MAX + 1);
		if (!nul)
			return NULL;
		at = nul + 1;
	}
	return at;
}

/* The header of the event at @at: its kind, its time; the event's fields, or NULL. */
static const u8 *event_header(const u8 *at, const u8 *end, u32 *ret_kind, u64 *ts_ns)
{
	const u64 mask = (1ULL << TRACE_COMPACT_BITS) - 1;
	u32 v, low;
	u64 full;

	if (end - at < TRACE_COMPACT_SIZE)
		return NULL;
	memcpy(&v, at, sizeof(v));
	v = le32toh(v);
	if ((v & 31) != TRACE_EXTENDED) {
		/* the next moment with these lowest bits */
		low = v >> 5;
		full = (*ts_ns & ~mask) | low;
		*ts_ns = full < *ts_ns ? full + mask + 1 : full;
		*ret_kind = v & 31;
		return at + TRACE_COMPACT_SIZE;
	}
	if (end - at < TRACE_EXTENDED_SIZE || *at != TRACE_EXTENDED)
		return NULL;
	memcpy(&v, at + 1, sizeof(v));
	memcpy(&full, at + 5, sizeof(full));
	full = le64toh(full);
	if (full < *ts_ns)
		return NULL;
	*ts_ns = full;
	*ret_kind = le32toh(v);
	return at + TRACE_EXTENDED_SIZE;
}

static bool events_good(const struct checker *c, const u8 *at, struct packet_facts *facts)
{
	const u8 *end = at + facts->size;
	u64 ts_ns = facts->begin_ns;
	u32 kind = EVENT_LATE;

	at += sizeof(struct trace_packet);
	while (at < end) {
		at = event_header(at, end, &kind, &ts_ns);
		if (!at || kind >= c->kinds || ts_ns > facts->end_ns)
			return false;
		at = fields_end(&c->shapes[kind], at, end);
		if (!at)
			return false;
	}
	facts->ends = kind == EVENT_END;
	return ts_ns == facts->end_ns && kind != EVENT_LATE;
}

static u32 packet_crc(const u8 *at, size_t size)
{
	static const u8 zero[sizeof(u32)];
	const size_t head = offsetof(struct trace_packet, crc), behind = head + sizeof(zero);
	uLong crc = crc32(0, at, (uInt)head);

	crc = crc32(crc, zero, sizeof(zero));
	return (u32)crc32(crc, at + behind, (uInt)(size - behind));
}

/* What its header says, if it says what a header can say. */
static const char *header_good(const struct checker *c, const u8 *at, size_t left,
			       struct packet_facts *facts, u32 *ret_crc)
{
	struct trace_packet h;
	u64 bits;

	if (left < sizeof(h))
		return CUT_OFF;
	memcpy(&h, at, sizeof(h));
	bits = le64toh(h.packet_size);
	if (le32toh(h.magic) != TRACE_MAGIC || memcmp(h.uuid, c->uuid, sizeof(h.uuid)))
		return "no packet of this recording begins here";
	if (h.stream_id || h.stream_instance_id || h.content_size != h.packet_size || bits % 8 ||
	    bits / 8 <= sizeof(h) || bits / 8 > TRACE_PACKET_MAX)
		return "a packet's header is damaged";
	*facts = (struct packet_facts) {
		.size = bits / 8,
		.begin_ns = le64toh(h.timestamp_begin),
		.end_ns = le64toh(h.timestamp_end),
		.seq = le64toh(h.packet_seq_num),
		.discarded = le64toh(h.events_discarded),
	};
	*ret_crc = le32toh(h.crc);
	if (facts->size > left)
		return CUT_OFF;
	if (facts->begin_ns > facts->end_ns || facts->end_ns > TRACE_TIME_MAX)
		return "a packet's times are damaged";
	return NULL;
}

const char *checker_packet(const struct checker *c, const u8 *at, size_t left,
			   struct packet_facts *ret)
{
	const char *wrong;
	u32 crc = 0;

	*ret = (struct packet_facts) { 0 };
	wrong = header_good(c, at, left, ret, &crc);
	if (wrong)
		return wrong;
	ret->crc_bytes = ret->size;
	if (packet_crc(at, ret->size) != crc)
		return "a packet's checksum is wrong";
	if (!events_good(c, at, ret))
		return "a packet's events are not well-formed";
	return NULL;
}

size_t checker_next(const struct checker *c, const u8 *at, size_t size)
{
	const u32 magic = htole32(TRACE_MAGIC);
	u8 pattern[sizeof(magic) + sizeof(c->uuid)];
	const u8 *found;

	if (size < 2)
		return size;
	memcpy(pattern, &magic, sizeof(magic));
	memcpy(pattern + sizeof(magic), c->uuid, sizeof(c->uuid));
	found = memmem(at + 1, size - 1, pattern, sizeof(pattern));
	return found ? (size_t)(found - at) : size;
}
