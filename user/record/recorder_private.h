/* What the parts of the recorder share. */
#ifndef GS_USER_RECORD_RECORDER_PRIVATE_H
#define GS_USER_RECORD_RECORDER_PRIVATE_H

#include <pthread.h>

#include "bpf/record.h"
#include "user/base/thread.h"
#include "user/record/known.h"
#include "user/record/pending.h"
#include "user/record/recorder.h"
#include "user/record/stack_numbers.h"
#include "user/trace/packet.h"
#include "user/trace/writer.h"

struct ring_buffer;

/* A finished packet in a flight recorder's memory. */
struct blob {
	struct blob *next;
	size_t size;
	u64 end_ns;
	u64 discarded;
	u8 bytes[];
};

struct recorder {
	const struct recorder_opts *o;
	const struct trace_info *info;
	struct ring_buffer *ring;
	struct thread thread;
	bool started, stopping;
	pthread_mutex_t lock; /* of everything below, once started */

	struct pending pending;
	struct known known;
	struct stack_numbers stacks;
	struct trace_writer *writer; /* NULL: a flight recorder */
	struct packet *packet;
	struct blob *oldest, *newest; /* flight recorder */
	u64 dropped_discarded; /* as of the packets that are no longer in memory */
	u64 dropped_end_ns;

	u64 packets; /* sealed so far */
	u64 emitted_to_ns; /* everything up to here has been put into packets */
	u64 sealed_at_ns; /* when the last packet was finished */
	u64 lost_at_ns, lost[GS_LOSS_COUNT]; /* as last told, and when that was */
	u64 snapshot_at_ns; /* when a trigger last made one */
	unsigned int tried; /* the number of the last snapshot, whether or not it was written */
	size_t run; /* records read in this run */
	const struct trigger *met; /* by an event, since the last look */
	struct recorder_met mets[RECORDER_MET_MAX]; /* with hand_out: to be told */
	size_t nmets;
	u64 mets_missed;
	struct recorder_state state;
	struct err error; /* the first one */
};

/* recorder_add(), the lock being held. */
int recorder_add_locked(struct recorder *r, const struct event *ev);

/* intake.c: ring_buffer__new()'s callback; @ctx is the recorder. */
int recorder_on_record(void *ctx, void *data, size_t size);

/* Read the ring into r->pending; false if it may hold more. */
bool recorder_drain(struct recorder *r);

/* Put what happened up to @to_ns into packets. */
int recorder_emit_to(struct recorder *r, u64 to_ns);

/* met.c: @ev, which has been put into packets, met @t. */
void recorder_note_met(struct recorder *r, const struct trigger *t, const struct event *ev);

/* Put one event into the packet, finishing it if it is full. */
int recorder_emit(struct recorder *r, const struct event *ev);

/* which_gil.c: the address that gs_thread.gil stands for; 0: the main interpreter's. */
u64 recorder_gil(const struct recorder *r, u32 gil);

/* Tell what has to be told before @ev, which is @rec's, or put it into @ev.  As recorder_emit(). */
int recorder_tell_gil(struct recorder *r, const struct gs_record *rec, struct event *ev);

/* What the record of @kind is as an event; false: none. */
bool record_event(const void *record, size_t size, struct event *ret_ev);

/*
 * open.c: tell @each of everything that was going on at @at_ns: from the threads' slots, and
 * from what has ended since then.  0 or what @each returned, or -ENOMEM.
 */
int recorder_open_spans(struct recorder *r, u64 at_ns,
			int (*each)(void *ctx, const struct event *ev), void *ctx);

/* store.c: finish the packet and put it where it belongs.  0 or a negative errno. */
int recorder_seal(struct recorder *r);
void recorder_store_free(struct recorder *r);

/* snapshot.c: write what is in memory to a directory of its own; @end is its last event. */
int recorder_write_snapshot(struct recorder *r, const struct event *end, struct err *e);

/* Can there be snapshots at all?  0 or a negative errno, @e set. */
int recorder_check_place(const struct recorder *r, struct err *e);

#endif
