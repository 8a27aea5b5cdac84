/*
 * Perfetto's packets, packed by protobuf-c.
 *
 * The file is a Trace: its packets, each behind field number 1 and its length; so they are
 * written one by one.  All times are of CLOCK_MONOTONIC; the first packet makes it the clock of
 * the trace and says what real time it was.
 */
#include <string.h>

#include "user/base/utf8.h"
#include "user/export/perfetto.pb-c.h"
#include "user/export/trace_perfetto.h"

#define PREFIX 8 /* room for the field number and the length before a packet */
#define MONOTONIC PERFETTO__BUILTIN_CLOCK__BUILTIN_CLOCK_MONOTONIC

void pf_text(char to[PF_TEXT], const char *s)
{
	size_t used = 0;

	while (*s) {
		u32 cp;
		size_t n = utf8_decode(s, &cp), as = n ? n : 3;

		if (used + as >= PF_TEXT)
			break;
		memcpy(to + used, n ? s : "\xef\xbf\xbd", as); /* else U+FFFD */
		used += as;
		s += n ? n : 1;
	}
	to[used] = '\0';
}

static void write_packet(struct pf *p, const Perfetto__TracePacket *packet)
{
	size_t size = protobuf_c_message_pack(&packet->base, p->packet + PREFIX);
	u8 *at = p->packet + PREFIX, length[PREFIX];
	size_t n = 0;

	for (size_t v = size; n == 0 || v; v >>= 7)
		length[n++] = (u8)((v & 0x7f) | (v >> 7 ? 0x80 : 0));
	at -= n;
	memcpy(at, length, n);
	*--at = 1 << 3 | 2; /* field 1, with a length */
	out_bytes(p->out, at, (size_t)(p->packet + PREFIX - at) + size);
}

void pf_clocks(struct pf *p)
{
	Perfetto__ClockSnapshot__Clock clock[] = {
		PERFETTO__CLOCK_SNAPSHOT__CLOCK__INIT,
		PERFETTO__CLOCK_SNAPSHOT__CLOCK__INIT,
	};
	Perfetto__ClockSnapshot__Clock *clocks[] = { &clock[0], &clock[1] };
	Perfetto__ClockSnapshot snapshot = PERFETTO__CLOCK_SNAPSHOT__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	clock[0].has_clock_id = clock[1].has_clock_id = 1;
	clock[0].has_timestamp = clock[1].has_timestamp = 1;
	clock[0].clock_id = MONOTONIC;
	clock[0].timestamp = p->info->started_ns;
	clock[1].clock_id = PERFETTO__BUILTIN_CLOCK__BUILTIN_CLOCK_REALTIME;
	clock[1].timestamp = p->info->started_unix_ns;
	snapshot.n_clocks = 2;
	snapshot.clocks = clocks;
	snapshot.has_primary_trace_clock = 1;
	snapshot.primary_trace_clock = MONOTONIC;
	p->descriptors.sequence = ++p->sequence;
	packet.has_trusted_packet_sequence_id = 1;
	packet.trusted_packet_sequence_id = p->descriptors.sequence;
	packet.clock_snapshot = &snapshot;
	write_packet(p, &packet);
}

static void write_descriptor(struct pf *p, struct pf_track *t, const struct pf_track *parent,
			     Perfetto__TrackDescriptor *d)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	if (!t->uuid) {
		t->uuid = ++p->uuid;
		t->sequence = ++p->sequence;
	}
	d->has_uuid = 1;
	d->uuid = t->uuid;
	if (parent) {
		d->has_parent_uuid = 1;
		d->parent_uuid = parent->uuid;
	}
	packet.has_trusted_packet_sequence_id = 1;
	packet.trusted_packet_sequence_id = p->descriptors.sequence;
	packet.track_descriptor = d;
	write_packet(p, &packet);
}

void pf_track_new(struct pf *p, struct pf_track *t, const struct pf_track *parent, const char *name)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;

	d.name = (char *)name;
	write_descriptor(p, t, parent, &d);
}

void pf_counter_new(struct pf *p, struct pf_track *t, const struct pf_track *parent,
		    const char *name, const char *unit)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__CounterDescriptor counter = PERFETTO__COUNTER_DESCRIPTOR__INIT;

	counter.unit_name = (char *)unit;
	d.name = (char *)name;
	d.counter = &counter;
	write_descriptor(p, t, parent, &d);
}

void pf_process_track(struct pf *p, struct pf_track *t, u32 pid, const char *command)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ProcessDescriptor process = PERFETTO__PROCESS_DESCRIPTOR__INIT;
	char *cmdline = (char *)command;

	process.has_pid = 1;
	process.pid = (s32)pid;
	if (*command) {
		process.n_cmdline = 1;
		process.cmdline = &cmdline;
		process.process_name = cmdline;
	}
	d.process = &process;
	write_descriptor(p, t, NULL, &d);
}

void pf_thread_track(struct pf *p, struct pf_track *t, const struct pf_track *process, u32 pid,
		     u32 tid, const char *name)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ThreadDescriptor thread = PERFETTO__THREAD_DESCRIPTOR__INIT;

	thread.has_pid = thread.has_tid = 1;
	thread.pid = (s32)pid;
	thread.tid = (s32)tid;
	thread.thread_name = (char *)name;
	d.thread = &thread;
	write_descriptor(p, t, process, &d);
}

/* An event at @ts_ns, or where the track is already. */
static void write_event(struct pf *p, struct pf_track *t, u64 ts_ns, Perfetto__TrackEvent *e,
			Perfetto__TrackEvent__Type type)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	t->last_ns = ts_ns > t->last_ns ? ts_ns : t->last_ns;
	e->has_type = 1;
	e->type = type;
	e->has_track_uuid = 1;
	e->track_uuid = t->uuid;
	packet.has_timestamp = packet.has_timestamp_clock_id = 1;
	packet.timestamp = t->last_ns;
	packet.timestamp_clock_id = MONOTONIC;
	packet.has_trusted_packet_sequence_id = 1;
	packet.trusted_packet_sequence_id = t->sequence;
	packet.track_event = e;
	write_packet(p, &packet);
}

static void make_note(const struct pf_note *from, Perfetto__DebugAnnotation *to)
{
	perfetto__debug_annotation__init(to);
	to->name = (char *)from->name;
	switch (from->type) {
	case PF_U64:
		to->has_uint_value = 1;
		to->uint_value = from->value;
		break;
	case PF_S64:
		to->has_int_value = 1;
		to->int_value = (s64)from->value;
		break;
	case PF_BOOL:
		to->has_bool_value = 1;
		to->bool_value = from->value != 0;
		break;
	case PF_STR:
		to->string_value = (char *)from->text;
		break;
	}
}

/* What a slice's begin and an instant have. */
static void write_described(struct pf *p, struct pf_track *t, u64 ts_ns, const struct pf_slice *s,
			    Perfetto__TrackEvent__Type type)
{
	Perfetto__TrackEvent e = PERFETTO__TRACK_EVENT__INIT;
	Perfetto__DebugAnnotation note[PF_NOTES], *notes[PF_NOTES];
	char *category = (char *)s->category;
	u64 flow_in = s->flow_in;

	for (u32 i = 0; i < s->nnotes; i++) {
		make_note(&s->notes[i], &note[i]);
		notes[i] = &note[i];
	}
	e.n_debug_annotations = s->nnotes;
	e.debug_annotations = notes;
	e.name = (char *)s->name;
	if (category) {
		e.n_categories = 1;
		e.categories = &category;
	}
	e.n_flow_ids = s->nflows;
	e.flow_ids = (u64 *)s->flows;
	if (flow_in) {
		e.n_terminating_flow_ids = 1;
		e.terminating_flow_ids = &flow_in;
	}
	write_event(p, t, ts_ns, &e, type);
}

void pf_slice(struct pf *p, struct pf_track *t, const struct pf_slice *s)
{
	Perfetto__TrackEvent end = PERFETTO__TRACK_EVENT__INIT;

	write_described(p, t, s->begin_ns, s, PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN);
	write_event(p, t, s->end_ns, &end, PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_END);
}

void pf_instant(struct pf *p, struct pf_track *t, u64 ts_ns, const struct pf_slice *s)
{
	write_described(p, t, ts_ns, s, PERFETTO__TRACK_EVENT__TYPE__TYPE_INSTANT);
}

void pf_counter(struct pf *p, struct pf_track *t, u64 ts_ns, double value)
{
	Perfetto__TrackEvent e = PERFETTO__TRACK_EVENT__INIT;

	e.has_double_counter_value = 1;
	e.double_counter_value = value;
	write_event(p, t, ts_ns, &e, PERFETTO__TRACK_EVENT__TYPE__TYPE_COUNTER);
}

static void write_interned(struct pf *p, struct pf_track *t, Perfetto__InternedData *data)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	packet.has_trusted_packet_sequence_id = packet.has_sequence_flags = 1;
	packet.sequence_flags = PERFETTO__SEQUENCE_FLAGS__SEQ_NEEDS_INCREMENTAL_STATE;
	if (!t->sequence) {
		t->sequence = ++p->sequence;
		packet.sequence_flags |= PERFETTO__SEQUENCE_FLAGS__SEQ_INCREMENTAL_STATE_CLEARED;
	}
	packet.trusted_packet_sequence_id = t->sequence;
	packet.interned_data = data;
	write_packet(p, &packet);
}

static void make_string(Perfetto__InternedString *s, u32 number, char *text)
{
	perfetto__interned_string__init(s);
	s->has_iid = s->has_str = 1;
	s->iid = number;
	s->str.data = (u8 *)text;
	s->str.len = strlen(text);
}

/* A file stands where readers expect what is mapped into the process. */
void pf_intern_function(struct pf *p, struct pf_track *t, u32 number, const char *name,
			const char *file)
{
	Perfetto__InternedData data = PERFETTO__INTERNED_DATA__INIT;
	Perfetto__InternedString strings[2], *names = &strings[0], *paths = &strings[1];
	Perfetto__Mapping mapping = PERFETTO__MAPPING__INIT, *mappings = &mapping;
	char texts[2][PF_TEXT];
	u64 path = number;

	pf_text(texts[0], name);
	pf_text(texts[1], file);
	make_string(&strings[0], number, texts[0]);
	make_string(&strings[1], number, texts[1]);
	mapping.has_iid = mapping.has_start = mapping.has_end = 1;
	mapping.iid = number;
	mapping.end = UINT32_MAX;
	mapping.n_path_string_ids = 1;
	mapping.path_string_ids = &path;
	data.n_function_names = data.n_mapping_paths = data.n_mappings = 1;
	data.function_names = &names;
	data.mapping_paths = &paths;
	data.mappings = &mappings;
	write_interned(p, t, &data);
}

void pf_intern_frame(struct pf *p, struct pf_track *t, u32 number, u32 function, u32 line)
{
	Perfetto__InternedData data = PERFETTO__INTERNED_DATA__INIT;
	Perfetto__Frame frame = PERFETTO__FRAME__INIT, *frames = &frame;

	frame.has_iid = frame.has_function_name_id = frame.has_mapping_id = frame.has_rel_pc = 1;
	frame.iid = number;
	frame.function_name_id = frame.mapping_id = function;
	frame.rel_pc = line;
	frame.has_line_number = line != 0;
	frame.line_number = line;
	data.n_frames = 1;
	data.frames = &frames;
	write_interned(p, t, &data);
}

void pf_intern_stack(struct pf *p, struct pf_track *t, u32 number, u64 *frames, size_t n)
{
	Perfetto__InternedData data = PERFETTO__INTERNED_DATA__INIT;
	Perfetto__Callstack stack = PERFETTO__CALLSTACK__INIT, *stacks = &stack;

	stack.has_iid = 1;
	stack.iid = number;
	stack.n_frame_ids = n;
	stack.frame_ids = frames;
	data.n_callstacks = 1;
	data.callstacks = &stacks;
	write_interned(p, t, &data);
}

void pf_sample(struct pf *p, struct pf_track *t, u64 ts_ns, u32 pid, u32 tid, u32 stack)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	Perfetto__PerfSample sample = PERFETTO__PERF_SAMPLE__INIT;

	sample.has_pid = sample.has_tid = sample.has_callstack_iid = 1;
	sample.pid = pid;
	sample.tid = tid;
	sample.callstack_iid = stack;
	packet.has_timestamp = packet.has_timestamp_clock_id = 1;
	packet.timestamp = ts_ns;
	packet.timestamp_clock_id = MONOTONIC;
	packet.has_trusted_packet_sequence_id = packet.has_sequence_flags = 1;
	packet.trusted_packet_sequence_id = t->sequence;
	packet.sequence_flags = PERFETTO__SEQUENCE_FLAGS__SEQ_NEEDS_INCREMENTAL_STATE;
	packet.perf_sample = &sample;
	write_packet(p, &packet);
}
