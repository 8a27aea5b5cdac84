/*
 * The second waist: what happened, one event at a time, as recordings hold it.
 *
 * The recorder makes events, the reader gives them back, exporters and the replay consume them.
 * Every kind and every field of it is a row in event.c; from it the recording's metadata, the
 * packing of its packets, the CSV header and the JSON keys are made.
 *
 * A span is told once, when it ends: it lasted from ts_ns - ns to ts_ns.  Events come in the
 * order of ts_ns; so spans come in the order of their ends.
 */
#ifndef GS_USER_MODEL_EVENT_H
#define GS_USER_MODEL_EVENT_H

#include <stddef.h>

#include "bpf/types.h"

/*
 * Every kind of event, one line each: X(NAME, stem, id, "family:name", SPAN or INSTANT,
 * "help").
 * Ids are written into recordings, 0 to 30: append, never renumber or reuse.
 */
#define EVENT_KINDS(X) \
	X(HOLD, hold, 0, "gil:hold", SPAN, "a thread held the GIL") \
	X(WAIT, wait, 1, "gil:wait", SPAN, "a thread waited for the GIL, and got it") \
	X(CONTENDED, contended, 2, "gil:contended", SPAN, \
	  "at least one thread waited, all the time") \
	X(OFF_CPU, off_cpu, 3, "sched:off_cpu", SPAN, \
	  "a thread was off the CPU while it held the GIL") \
	X(GC_START, gc_start, 4, "gc:start", INSTANT, "the collector started") \
	X(COLLECTION, collection, 5, "gc:collection", SPAN, "the collector has run") \
	X(IO_CALL, io_call, 6, "io:call", INSTANT, "a call returned that had not slept") \
	X(IO_WAIT, io_wait, 7, "io:wait", SPAN, "a call returned that had slept") \
	X(IO_TO_GIL, io_to_gil, 8, "io:to_gil", SPAN, \
	  "from the wake-up until the GIL was owned again") \
	X(THREAD, thread, 9, "proc:thread", INSTANT, \
	  "a thread is measured, or has another name now") \
	X(THREAD_EXIT, thread_exit, 10, "proc:thread_exit", INSTANT, "a thread has ended") \
	X(PROCESS, process, 11, "proc:process", INSTANT, "a process is measured from now on") \
	X(PROCESS_EXIT, process_exit, 12, "proc:process_exit", INSTANT, "a process has ended") \
	X(TYPE, type, 13, "refs:type", INSTANT, "a type of objects, from now on known by its key") \
	X(TYPE_COUNT, type_count, 14, "refs:count", SPAN, \
	  "objects of a type since the last such event") \
	X(LOST, lost, 15, "gilscope:lost", SPAN, "events that are missing, and in which time") \
	X(PROBE, probe, 16, "gilscope:probe", INSTANT, \
	  "a probe, and how often it has been hit so far") \
	X(OPEN, open, 17, "gilscope:open", SPAN, \
	  "what was still going on when the recording ended") \
	X(LATE, late, 18, "gilscope:late", SPAN, \
	  "the next event's true time is this much earlier") \
	X(END, end, 19, "gilscope:end", INSTANT, "the recording ended as it should") \
	X(ITERATION, iteration, 20, "asyncio:iteration", SPAN, \
	  "an event loop ran what was ready, from its selector's return to its next call") \
	X(STEP, step, 21, "asyncio:step", SPAN, "an event loop resumed a task's coroutine") \
	X(WHICH_GIL, which_gil, 22, "gil:which", INSTANT, \
	  "the thread's holds and waits, the next one included, are of this GIL") \
	X(CONTENDED_OTHER, contended_other, 23, "gil:contended_other", SPAN, \
	  "as gil:contended, of the GIL of a subinterpreter") \
	X(FT_TIME, ft_time, 24, "ft:time", SPAN, \
	  "a free-threaded build: a thread stopped the world, was stopped, or slept for a mutex") \
	X(FT_CRITICAL, ft_critical, 25, "ft:critical", INSTANT, \
	  "a free-threaded build: a thread found a critical section taken")

enum event_kind {
#define X(NAME, stem, id, name, shape, help) EVENT_##NAME = id,
	EVENT_KINDS(X)
#undef X
		EVENT_KIND_COUNT = 26
};

/* What an OPEN event is about. */
enum event_open {
	EVENT_OPEN_HOLD,
	EVENT_OPEN_WAIT,
	EVENT_OPEN_COLLECTION,
	EVENT_OPEN_IO,
	EVENT_OPEN_OFF_CPU,
	EVENT_OPEN_COUNT
};

/* A number that is not known, in fields of 48 and of 64 bits. */
#define EVENT_UNKNOWN UINT64_MAX

#define EVENT_TEXTS 6

struct trace_thread;
struct trace_process;

/*
 * One event.  Which members mean something depends on the kind: event_descs[kind].fields lists
 * those on disk; others are 0.
 */
struct event {
	enum event_kind kind;
	u64 ts_ns; /* CLOCK_MONOTONIC */
	u64 ns; /* spans: its length */
	u32 pid; /* as the host sees it; 0 where only tid is on disk and tid is unknown */
	u32 tid;
	/* flags, 0 or 1 */
	u32 forced; /* HOLD: given up because another thread asked */
	u32 mid; /* HOLD, WAIT, OPEN: began before the measurement: its true length is unknown */
	u32 alone; /* WAIT: it was a contended stretch of its own, from its beginning to its end */
	u32 preempted; /* OFF_CPU, OPEN: it could have run; else it slept */
	u32 timeout; /* IO_*: returned no event though it was willing to wait */
	u32 execed; /* PROCESS_EXIT: it executed another program */
	u32 slow; /* ITERATION, STEP: it took longer than --slow says */
	/* numbers */
	u32 holder; /* WAIT: tid of who held the GIL when it began; FT_TIME: of who released the
		       mutex; 0: unknown */
	u32 generation; /* GC_START, COLLECTION, OPEN */
	u32 call; /* IO_*: enum gs_io_call (bpf/state.h) */
	u32 what; /* OPEN: enum event_open */
	u32 ft_time; /* FT_TIME: enum gs_ft_time (bpf/ft.h) */
	u32 ns_id; /* THREAD, PROCESS: its id in its own namespace */
	u32 parent; /* PROCESS: pid it was forked from; 0: none that is measured */
	s64 result; /* IO_CALL, IO_WAIT: the call's return value */
	u64 blocked_ns; /* IO_WAIT: asleep, until woken */
	u64 to_run_ns; /* IO_WAIT: woken until running; EVENT_UNKNOWN */
	u64 start_ns; /* THREAD: measured since (0: before the measurement); with tid its identity
		       */
	u64 collected, uncollectable; /* COLLECTION; EVENT_UNKNOWN */
	u64 key; /* TYPE*: with pid its identity */
	u64 deallocs, allocs; /* TYPE_COUNT: since the last one; allocs EVENT_UNKNOWN: not told */
	u64 count; /* LOST, PROBE (hits) */
	u64 offset; /* PROBE: in the file */
	u64 gil; /* PROCESS: address of its GIL; WHICH_GIL: 0 the same; CONTENDED_OTHER */
	u32 seed_tid; /* PROCESS: held the GIL then; 0: nobody */
	u32 known; /* PROCESS: enum event_known bits */
	u64 tracer_cpu_ns, target_cpu_ns; /* END: overhead; target EVENT_UNKNOWN */
	/* Texts by position, see event_descs; "" where there is none; never NULL from the reader.
	 */
	const char *text[EVENT_TEXTS];
	/* Filled in by the reader for events about a thread or process; NULL: unknown. */
	const struct trace_thread *thread;
	const struct trace_process *process;
};

/* Positions in event.text. */
enum event_thread_text { EVENT_THREAD_NAME };
enum event_process_text {
	EVENT_PROCESS_VERSION, /* "3.11.2" */
	EVENT_PROCESS_PATH,
	EVENT_PROCESS_BUILD_ID, /* hex; "" none */
	EVENT_PROCESS_COMMAND,
	EVENT_PROCESS_COVERAGE, /* types_coverage; "" none */
};
enum event_type_text { EVENT_TYPE_NAME };
enum event_lost_text { EVENT_LOST_CAUSE };
enum event_probe_text {
	EVENT_PROBE_FAMILY,
	EVENT_PROBE_EVENT,
	EVENT_PROBE_FILE,
	EVENT_PROBE_FOUND_BY,
	EVENT_PROBE_INSTRUCTION,
};
enum event_end_text { EVENT_END_REASON };

/* PROCESS.known: what can be told of it, and what it is. */
enum event_known {
	EVENT_KNOWN_FORCED = 1, /* forced releases are seen */
	EVENT_KNOWN_GC_FOUND = 2, /* what collections found is read */
	EVENT_KNOWN_FREE_THREADED = 4,
	EVENT_KNOWN_DEBUG = 8,
	EVENT_KNOWN_NO_GIL = 16, /* it was not in use when the measurement began */
};

enum event_type {
	EVENT_U32, /* a number in a u32 member */
	EVENT_U64, /* in a u64 member; of 48 bits: all ones is EVENT_UNKNOWN, larger ones are cut */
	EVENT_S64, /* in an s64 member */
	EVENT_FLAG, /* 0 or 1 in a u32 member */
	EVENT_CALL, /* u32 member `call`; text outputs write its name */
	EVENT_PAD, /* bits without meaning */
	EVENT_TEXT, /* text[offset]; NUL-terminated on disk */
};

struct event_field {
	const char *name; /* in metadata, CSV and JSON; NULL ends the list */
	enum event_type type;
	u8 bits; /* on disk; numbers lie bit after bit, and each run of them fills whole bytes */
	u16 offset; /* of the member; TEXT: position in event.text */
	const char *help; /* with unit */
};

struct event_desc {
	const char *name; /* "gil:hold" */
	const char *help;
	bool span;
	const struct event_field *fields; /* in the order on disk */
};

extern const struct event_desc event_descs[EVENT_KIND_COUNT];

/*
 * A copy of @ev that owns its texts (in the same allocation); thread and process are NULL.  NULL
 * without memory.  Free with free().
 */
struct event *event_copy(const struct event *ev);

/* The name of io call @call, or "?". */
const char *event_call_name(u32 call);

/* In words, what a thread did in an FT_TIME of kind @ft_time; or "?". */
const char *event_ft_name(u32 ft_time);

/* A span's beginning; an instant's time. */
static inline u64 event_begin_ns(const struct event *ev)
{
	return ev->ts_ns > ev->ns ? ev->ts_ns - ev->ns : 0;
}

#endif
