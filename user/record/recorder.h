/*
 * The recorder: from the kernel side's ring of records to packets of a recording.
 *
 *   recorder_open -> recorder_start -> { recorder_add, recorder_figures, recorder_snapshot }*
 *                 -> recorder_stop -> recorder_free
 *
 *   ring --reader thread--> pending (sorted by time, held back for a moment) --> packets --> files
 *   events of the main thread ------^                                                \--> memory
 *
 * One reader thread of its own looks at the ring every few milliseconds; nobody wakes it.  The
 * other functions may be called meanwhile, by one thread.
 *
 * Plain: packets go to the directory as they are finished.  As a flight recorder (ring_bytes) they
 * stay in memory, the oldest going first, until a snapshot writes them to a directory of its own.
 */
#ifndef GS_USER_RECORD_RECORDER_H
#define GS_USER_RECORD_RECORDER_H

#include "user/base/err.h"
#include "user/load/kmaps.h"
#include "user/model/figures.h"
#include "user/model/trace.h"
#include "user/record/trigger.h"

struct recorder;

struct recorder_opts {
	const struct kmaps *maps;
	const char *directory;
	bool force; /* replace a recording that is there */
	u64 max_bytes; /* stop when the files are this large; 0: never */
	u64 ring_bytes; /* flight recorder: keep so much in memory; 0: write everything */
	u64 ring_ns; /* flight recorder: nothing that ended longer ago; 0: all that there is room
			for */
	const struct trigger *triggers; /* flight recorder: what makes a snapshot by itself */
	size_t ntriggers;
	bool hand_out; /* triggers make none: recorder_met() tells of them */
};

#define RECORDER_MET_MAX 64

/* What met a trigger: spans of one process. */
struct recorder_met {
	const struct trigger *trigger;
	u32 pid; /* 0: not known */
	u64 ns; /* the longest of them */
	u64 times; /* how many */
};

/*
 * recorder_open - make the directory; nothing is read yet
 * @o: what it points to lives until recorder_free()
 *
 * Return: 0 or a negative errno, @e set.
 */
int recorder_open(const struct recorder_opts *o, struct recorder **ret_r, struct err *e);

/*
 * recorder_start - begin to write
 * @info: goes into the metadata; lives until recorder_free()
 *
 * Events added before are the first.  0 or a negative errno, @e set.
 */
int recorder_start(struct recorder *r, const struct trace_info *info, struct err *e);

/* Add an event; what it points to is copied.  0, or -ENOMEM: then the recorder stops. */
int recorder_add(struct recorder *r, const struct event *ev);

/*
 * recorder_figures - tell what comes from a reading: names of threads, counts of types, losses
 * @part:     what is new since the reading before (figures_interval()); of the first one,
 * everything
 * @began_ns: when the reading began: what it says of a thread that has ended since is out of date
 *
 * Return: 0 or -ENOMEM.
 */
int recorder_figures(struct recorder *r, const struct figures *part, u64 began_ns);

/*
 * recorder_stack_cost - tell what a thread did in a stack since it was told last
 * @ev:     STACK_COST, without `frame`
 * @frames: of the stack; NULL: it is not known.  Their texts live until recorder_free(), each once
 *
 * Return: 0 or -ENOMEM.
 */
int recorder_stack_cost(struct recorder *r, const struct event *ev,
			const struct fig_frames *frames);

/* Tell of the processes' switch intervals and CPU quotas, as of @f, all since the start, where they
 * have changed.  0 or -ENOMEM. */
int recorder_cpus(struct recorder *r, const struct figures *f);

/* Tell every probe whose hits are others than last told, as of @f.  0 or -ENOMEM. */
int recorder_probes(struct recorder *r, const struct figures *f);

/* Flight recorder: write a snapshot, and say so on stderr; @why goes into its END event. */
void recorder_snapshot(struct recorder *r, const char *why);

/*
 * recorder_met - with hand_out: what met a trigger since the last call
 * @list: RECORDER_MET_MAX of them; *@ret_missed counts those for which it had no room
 *
 * It is in memory, so a snapshot has it.  Return: how many; their triggers are those of the opts.
 */
size_t recorder_met(struct recorder *r, struct recorder_met *list, u64 *ret_missed);

/*
 * recorder_snapshot_to - flight recorder: write a snapshot to @directory, which must not exist
 * @why: goes into its END event
 *
 * Nothing is said on stderr.  The recorder goes on either way.  Return: 0 or a negative errno, @e
 * set; what there is of the snapshot then is left to the caller.
 */
int recorder_snapshot_to(struct recorder *r, const char *directory, const char *why, struct err *e);

struct recorder_state {
	u64 events, bytes; /* in the files (flight recorder: in memory) so far */
	u64 ring_full; /* records that found the ring full, as told in LOST events so far */
	unsigned int snapshots, failed; /* written; that could not be, before recorder_stop() */
	u64 new_threads; /* told of so far by the kernel side alone, and so without Python's name */
	bool full; /* max_bytes is reached: stop */
	int err; /* a write failed, or memory ran out: stop */
};

struct recorder_state recorder_state(struct recorder *r);

/*
 * recorder_stop - end the recording at @at_ns
 * @end: the END event; its time is @at_ns
 *
 * What ended by then is written, and what was still going on told as OPEN events.  A flight
 * recorder writes its last snapshot.
 *
 * Return: 0 or a negative errno, @e set: a write failed; the recording is readable up to there.
 */
int recorder_stop(struct recorder *r, u64 at_ns, const struct event *end, struct err *e);

/* NULL is fine.  Returns NULL. */
struct recorder *recorder_free(struct recorder *r);

#endif
