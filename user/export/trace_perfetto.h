/*
 * Within the Perfetto exporter.
 *
 *   trace_perfetto.c          the exporter: what each event becomes
 *   trace_perfetto_tracks.c   processes, threads and their tracks
 *   trace_perfetto_pending.c  the last holds and waits, until the arrows between them are known
 *   trace_perfetto_counters.c shares per time
 *   trace_perfetto_stacks.c   Python stacks, as samples
 *   trace_perfetto_packet.c   packets, with protobuf-c; the only one that knows the format
 *
 * Each track is a packet sequence of its own.  Spans of one track do not overlap and come in the
 * order of their ends, so a begin and an end written when a span has ended ascend within the
 * sequence, as the format asks; nothing needs sorting.
 */
#ifndef GS_USER_EXPORT_TRACE_PERFETTO_H
#define GS_USER_EXPORT_TRACE_PERFETTO_H

#include "user/base/out.h"
#include "user/export/trace_slots.h"
#include "user/model/stack_tree.h"
#include "user/model/trace.h"

#define PF_TEXT 512 /* bytes of the longest text written, with its NUL */
#define PF_PENDING 1024 /* holds and waits of a process that arrows can still join */
#define PF_NOTES 6

/* One track.  uuid 0: not there yet. */
struct pf_track {
	u64 uuid;
	u64 last_ns; /* of the last packet */
	u32 sequence;
};

/* A detail of a slice.  Texts are valid UTF-8 shorter than PF_TEXT, like all texts here. */
struct pf_note {
	const char *name;
	enum { PF_U64, PF_S64, PF_BOOL, PF_STR } type;
	u64 value;
	const char *text;
};

struct pf_slice {
	u64 begin_ns, end_ns;
	const char *name;
	const char *category;
	struct pf_note notes[PF_NOTES];
	u32 nnotes;
	const u64 *flows; /* arrows that begin here */
	u32 nflows; /* at most PF_PENDING */
	u64 flow_in; /* the arrow that ends here; 0: none */
};

/* A name that threads and their spans share. */
struct pf_name {
	u32 refs;
	char text[PF_TEXT];
};

/* A hold or a wait that has ended but is not written yet. */
struct pf_span {
	u64 begin_ns, end_ns;
	struct pf_thread *thread;
	struct pf_name *name; /* of the thread then; a reference */
	u64 flow; /* wait: the arrow that ends here; hold: one found late; 0: none */
	u32 holder; /* wait: tid, 0: unknown, or its hold was found already */
	s32 first; /* hold: first wait of the list of those it blocked, index in the ring; -1 */
	s32 next; /* wait: the next one in that list; -1 */
	u32 blamed; /* wait: tid of the holder, for its note; 0: unknown */
	u8 wait, forced, mid, open;
};

/* A stretch of time in which holds and waits are summed; see trace_perfetto_counters.c. */
struct pf_bucket {
	u64 held_ns, waited_ns; /* of spans that begin or end within */
	s32 held_all, waited_all; /* change of the number of spans that cover it whole */
};

struct pf_counters {
	u64 from_ns, width_ns, end_ns; /* end_ns: of the last span */
	struct pf_bucket *at; /* owned */
	u32 n, used;
};

struct pf_process {
	u32 pid;
	u64 since_ns;
	struct pf_track self, gil, contended, held, waiters, deallocs;
	struct pf_span *ring; /* owned; PF_PENDING of them; NULL: not needed yet */
	u64 head, tail; /* the oldest one, and where the next one goes; modulo PF_PENDING */
	struct pf_counters counters;
	u64 counted, counted_begin_ns, counted_ns; /* deallocations of one reading */
};

struct pf_thread {
	struct pf_process *process;
	u32 tid;
	u64 start_ns;
	struct pf_track self, gc, io, to_gil, off_cpu, loop, ft;
	u32 pending; /* spans of it in the ring */
	bool gone; /* and freed with the last of them */
	struct pf_name *name; /* a reference */
};

struct pf {
	struct out *out;
	const struct trace_info *info;
	struct trace_slots threads, procs; /* of struct pf_thread and pf_process, owned */
	u64 uuid, flow; /* the last ones given */
	u32 sequence;
	struct pf_track descriptors; /* only its sequence is used */
	struct {
		struct pf_track track;
		char cause[64];
	} lost[16]; /* the last one is for all causes beyond */
	struct stack_tree stacks;
	struct pf_stacks *samples; /* owned; NULL: there were none yet */
	u64 unknown; /* events whose thread or process is not known */
	u64 flows[PF_PENDING];
	u8 packet[64 * 1024];
};

/* Packets.  Errors stay in p->out. */

/* The beginning of the file: the clocks. */
void pf_clocks(struct pf *p);

/* @s as valid UTF-8, cut to fit. */
void pf_text(char to[PF_TEXT], const char *s);

/* Make @t a track below @parent (NULL: at the top). */
void pf_track_new(struct pf *p, struct pf_track *t, const struct pf_track *parent,
		  const char *name);
void pf_counter_new(struct pf *p, struct pf_track *t, const struct pf_track *parent,
		    const char *name, const char *unit);
/* Tell of it, or again with another name. */
void pf_process_track(struct pf *p, struct pf_track *t, u32 pid, const char *command);
void pf_thread_track(struct pf *p, struct pf_track *t, const struct pf_track *process, u32 pid,
		     u32 tid, const char *name);

/* A slice: its begin and its end.  What would lie before the track's last packet is moved there. */
void pf_slice(struct pf *p, struct pf_track *t, const struct pf_slice *s);
void pf_instant(struct pf *p, struct pf_track *t, u64 ts_ns, const struct pf_slice *s);
void pf_counter(struct pf *p, struct pf_track *t, u64 ts_ns, double value);

/* Numbers for texts, frames and stacks of samples, on the sequence of @t; each once. */
void pf_intern_function(struct pf *p, struct pf_track *t, u32 number, const char *name,
			const char *file);
void pf_intern_frame(struct pf *p, struct pf_track *t, u32 number, u32 function, u32 line);
/* @frames: the oldest first. */
void pf_intern_stack(struct pf *p, struct pf_track *t, u32 number, u64 *frames, size_t n);
void pf_sample(struct pf *p, struct pf_track *t, u64 ts_ns, u32 pid, u32 tid, u32 stack);

/* Add a detail; those beyond PF_NOTES are left out. */
static inline void pf_note(struct pf_slice *s, struct pf_note note)
{
	if (s->nnotes < PF_NOTES)
		s->notes[s->nnotes++] = note;
}

/* Processes and threads: what is kept of the event's; NULL and *@ret_err 0 if not known. */
struct pf_thread *pf_thread_of(struct pf *p, const struct event *ev, int *ret_err);
struct pf_process *pf_process_of(struct pf *p, const struct trace_process *process, int *ret_err);
/* Its name may be another one now. */
int pf_thread_named(struct pf *p, struct pf_thread *t, const char *name); /* 0 or -ENOMEM */
void pf_thread_gone(struct pf *p, u32 index);
/* Free it if it is gone and has no spans any more. */
void pf_thread_put(struct pf_thread *t);
void pf_name_put(struct pf_name *name);
void pf_process_gone(struct pf *p, u32 index);
void pf_all_gone(struct pf *p);

/* Holds and waits.  0 or -ENOMEM. */
int pf_pending_add(struct pf *p, struct pf_thread *t, const struct pf_span *s);
/* Write them all. */
void pf_pending_write(struct pf *p, struct pf_process *proc);

/* Add a hold or a wait.  0 or -ENOMEM. */
int pf_counters_add(struct pf *p, struct pf_process *proc, bool wait, u64 begin_ns, u64 end_ns);
void pf_counters_write(struct pf *p, struct pf_process *proc);
/* What a thread did in a stack.  0 or -ENOMEM. */
int pf_stack_cost(struct pf *p, const struct event *ev);
void pf_stacks_done(struct pf *p);

/* Deallocations of one type; written when the reading is complete: flushed with NULL. */
void pf_deallocs(struct pf *p, struct pf_process *proc, const struct event *ev);

#endif
