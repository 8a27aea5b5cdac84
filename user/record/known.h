/*
 * The probes, processes, threads and types that a recording has told of so far: a mirror of the
 * events written.  A flight recorder's snapshot begins with them, because the events that told of
 * them may be in memory no longer.
 */
#ifndef GS_USER_RECORD_KNOWN_H
#define GS_USER_RECORD_KNOWN_H

#include <stddef.h>

#include "user/model/event.h"

#define KNOWN_BUCKETS 4096

/* The event that told of it, and when it ended. */
struct known_one {
	struct known_one *next; /* in its bucket */
	struct event *event; /* owned */
	u64 first_ns; /* when it was told of first */
	u64 exit_ns; /* 0: it lives */
	u64 gil, gil_packet; /* of a thread: told last by WHICH_GIL, and in which packet */
};

struct known {
	struct known_one *threads[KNOWN_BUCKETS]; /* by tid */
	struct known_one *types[KNOWN_BUCKETS]; /* by pid and key */
	struct known_one *processes; /* one list */
	struct known_one *probes; /* likewise */
	struct known_one *cpus; /* of processes, likewise */
};

/* @ev has been written.  0 or -ENOMEM. */
int known_event(struct known *k, const struct event *ev);

/* The event that told of it last; NULL: none that lives. */
const struct event *known_thread(const struct known *k, u32 tid);
const struct event *known_process(const struct known *k, u32 pid);
const struct event *known_type(const struct known *k, u32 pid, u64 key);

/*
 * Has the thread that @ev tells of ended?  The kernel side may be held up between the time it takes
 * for an end and marking the slot: a reading in between sees a thread that is over already.
 */
bool known_thread_over(const struct known *k, const struct event *ev);

/*
 * Is the GIL of thread @tid, as told last, another one than @gil (0: the main interpreter's)?
 * Packets may be lost, or dropped from memory: in each, @packet, others than the main one are told
 * anew.  What is asked about is noted as told.
 */
bool known_gil_changes(struct known *k, u32 tid, u64 gil, u64 packet);

/* Has the probe been told of with these very hits? */
bool known_probe(const struct known *k, const struct event *ev);

/* Has @ev, a CPU, been told with these very numbers? */
bool known_cpu(const struct known *k, const struct event *ev);

/* Forget what ended before @ns. */
void known_forget(struct known *k, u64 ns);

/*
 * Tell @each of those that were told of first at @at_ns or before, processes first.  Of two that
 * had the same id one after the other, the older one is told last.  0 or what @each returned.
 */
int known_tell(const struct known *k, u64 at_ns, int (*each)(void *ctx, const struct event *ev),
	       void *ctx);

void known_done(struct known *k);

#endif
