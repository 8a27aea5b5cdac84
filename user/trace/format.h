/*
 * The recording on disk: a CTF 1.8 trace.
 *
 *   DIR/metadata         text: this format, the clock, where and how it was recorded (env)
 *   DIR/events_000000    packets, one after the other; then events_000001 …
 *
 *   packet  = packet header, packet context (struct trace_packet: both), events
 *   event   = header, fields as in event_descs; all little-endian, bits from the lowest on
 *   header  = 5 bits kind, 27 bits of the time; or, where the time since the event before (of the
 *             packet's begin) does not fit: 5 bits 31, 3 bits 0, u32 kind, u64 time
 *
 * All files are one stream of the same instance, so babeltrace2 sees one.  A packet is written by
 * one write(), whole, and has a CRC of its own: whatever is behind the last whole one is dropped
 * by the reader, and a damaged one is left out and told.
 *
 * Each version so far added kinds of events, or fields behind those that a kind had.  A change that
 * an old reader would misread makes a new version; readers know all.
 */
#ifndef GS_USER_TRACE_FORMAT_H
#define GS_USER_TRACE_FORMAT_H

#include "bpf/types.h"

#define TRACE_FORMAT 6
#define TRACE_MAGIC 0xC1FC1FC1U /* CTF 1.8 */
#define TRACE_PACKET_MAX (256 * 1024) /* bytes */
#define TRACE_FILE_MAX (16 * 1024 * 1024) /* bytes; the next file begins before it is exceeded */
#define TRACE_FILE_NAME "events_%06u"

/* The beginning of every packet. */
struct trace_packet {
	/* packet header */
	u32 magic;
	u8 uuid[16]; /* of the trace, as in metadata */
	u32 stream_id; /* 0 */
	u64 stream_instance_id; /* 0 */
	/* packet context; times are CLOCK_MONOTONIC ns */
	u64 timestamp_begin; /* not after its first event's; where the packet before it ended */
	u64 timestamp_end; /* its last event's */
	u64 content_size; /* bits */
	u64 packet_size; /* bits; here always the same as content_size */
	u64 packet_seq_num;
	u64 events_discarded; /* since the recording began; LOST events say why */
	u32 crc; /* zlib's crc32() of the whole packet with this field 0 */
} __attribute__((packed));

_Static_assert(sizeof(struct trace_packet) == 84, "the packet's beginning is format");

#endif
