/*
 * Within the Chrome exporter.
 *
 *   trace_chrome.c           the exporter: what each event becomes
 *   trace_chrome_tracks.c    processes and threads, their rows and names
 *   trace_chrome_json.c      the JSON of one entry; the only one that knows the format
 *   trace_chrome_counters.c  counter rows
 *
 * A row (a "tid" of the format) must hold slices that nest or are disjoint, so what can overlap a
 * thread's holds, waits and I/O gets a row of its own, under a made-up tid above all real ones.
 */
#ifndef GS_USER_EXPORT_TRACE_CHROME_H
#define GS_USER_EXPORT_TRACE_CHROME_H

#include "user/base/out.h"
#include "user/export/trace_series.h"
#include "user/export/trace_slots.h"
#include "user/model/trace.h"

/* Of what is not about one process; above every pid there can be (2^22). */
#define CHROME_RECORDING 4194305U

/* Rows of a thread: its own one, and others with made-up tids; X(NAME, "what is on it"). */
#define CHROME_THREAD_ROWS(X) \
	X(SELF, "") \
	X(GC, ": collections") \
	X(OFF_CPU, ": off the CPU while holding the GIL") \
	X(TO_GIL, ": woken until it owned the GIL") \
	X(LOOP, ": its event loop is blocked") \
	X(STEP, ": a task's step blocks its event loop")

enum chrome_thread_row {
#define X(NAME, text) CHROME_##NAME,
	CHROME_THREAD_ROWS(X)
#undef X
		CHROME_THREAD_ROW_COUNT
};

/* Rows of a process. */
enum chrome_process_row { CHROME_GIL, CHROME_CONTENDED, CHROME_PROCESS_ROW_COUNT };

#define CHROME_RECENT 8

/* The last slices of a row, to see what would overlap. */
struct chrome_recent {
	u64 begin_ns[CHROME_RECENT], end_ns[CHROME_RECENT];
	u32 next;
};

struct chrome_thread {
	u32 pid, tid;
	u64 start_ns;
	bool named[CHROME_THREAD_ROW_COUNT];
	struct chrome_recent recent[CHROME_THREAD_ROW_COUNT];
};

struct chrome_process {
	u32 pid;
	u64 since_ns;
	bool named[CHROME_PROCESS_ROW_COUNT];
	struct trace_series held, waiting, deallocs, allocs;
};

struct chrome {
	struct out *out;
	const struct trace_info *info;
	struct trace_slots threads, procs; /* of struct chrome_thread and chrome_process, owned */
	u64 flow; /* the last arrow's number */
	u64 lost; /* the last lost range's number */
	bool args; /* the entry being written has its "args" begun */
};

/* Where a slice goes. */
struct chrome_row {
	u32 pid, tid;
	struct chrome_recent *recent; /* NULL: nothing is known to overlap */
};

/* The file's beginning and end. */
void chrome_open(struct chrome *c);
void chrome_close(struct chrome *c);

/*
 * One entry: an opening, its args, then chrome_entry_end().  Names are texts as they come.
 * chrome_slice() moves the beginning of what would partly overlap an earlier slice of the row
 * behind it, and says in "cut_ns" by how much.
 */
void chrome_meta(struct chrome *c, const char *what, u32 pid, u32 tid);
void chrome_slice(struct chrome *c, const struct chrome_row *row, u64 begin_ns, u64 end_ns,
		  const char *name);
void chrome_instant(struct chrome *c, u32 pid, u32 tid, u64 ts_ns, char scope, const char *name);
/* @what: 's' where an arrow starts, 'f' where it ends; complete: no args. */
void chrome_flow(struct chrome *c, char what, u64 id, u32 pid, u32 tid, u64 ts_ns);
/* @what: 'b' or 'e', of a range that may overlap others. */
void chrome_range(struct chrome *c, char what, u64 id, u64 ts_ns, const char *name);
void chrome_counter(struct chrome *c, u32 pid, u64 ts_ns, const char *name);

void chrome_arg_u64(struct chrome *c, const char *key, u64 v); /* EVENT_UNKNOWN: null */
void chrome_arg_s64(struct chrome *c, const char *key, s64 v);
void chrome_arg_true(struct chrome *c, const char *key);
void chrome_arg_text(struct chrome *c, const char *key, const char *text);
void chrome_arg_milli(struct chrome *c, const char *key, u64 thousandths);
void chrome_entry_end(struct chrome *c);

/* What is kept of a thread or process; NULL: it is not known, or *@ret_err is -ENOMEM. */
struct chrome_thread *chrome_thread_of(struct chrome *c, const struct trace_thread *t,
				       int *ret_err);
struct chrome_process *chrome_process_of(struct chrome *c, const struct trace_process *p,
					 int *ret_err);
/* The row of the event's thread or process; told by name when it is first used. */
int chrome_thread_row(struct chrome *c, const struct event *ev, enum chrome_thread_row which,
		      struct chrome_row *ret);
int chrome_process_row(struct chrome *c, const struct event *ev, enum chrome_process_row which,
		       struct chrome_row *ret);
/* The thread has another name now. */
int chrome_thread_named(struct chrome *c, const struct trace_thread *t);
/* Tell who it is. */
void chrome_process_named(struct chrome *c, const struct trace_process *p);
void chrome_thread_gone(struct chrome *c, const struct trace_thread *t);
/* Its counters are written first. */
void chrome_process_gone(struct chrome *c, const struct trace_process *p);
void chrome_all_gone(struct chrome *c, bool write);

/* Write the counters of a process. */
void chrome_counters(struct chrome *c, struct chrome_process *p);

#endif
