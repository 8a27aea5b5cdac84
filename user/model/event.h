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
#include "user/model/event_kinds.h"

/* What an OPEN event is about. */
enum event_open {
	EVENT_OPEN_HOLD,
	EVENT_OPEN_WAIT,
	EVENT_OPEN_COLLECTION,
	EVENT_OPEN_IO,
	EVENT_OPEN_OFF_CPU,
	EVENT_OPEN_COUNT
};

/* A number that is not known, in fields of 48 and of 64 bits; or that older recordings lack. */
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
	u32 holder; /* WAIT: tid of who held the GIL when it began; WAIT_PART: who held it then;
		       FT_TIME: of who released the mutex; 0: unknown */
	u32 generation; /* GC_START, COLLECTION, OPEN */
	u32 call; /* IO_*: enum gs_io_call (bpf/state.h) */
	u32 what; /* OPEN: enum event_open */
	u32 ft_time; /* FT_TIME: enum gs_ft_time (bpf/ft.h) */
	u32 ns_id; /* THREAD, PROCESS: its id in its own namespace */
	u32 parent; /* PROCESS: pid it was forked from; 0: none that is measured */
	u32 blocked_in; /* OFF_CPU, OPEN: as gs_blocked.call (bpf/offcpu.h); 0: unknown, or awake */
	u32 function; /* FUNCTION, FRAME: its number */
	u32 frame; /* FRAME, STACK_COST: its number, of a stack that of its newest frame; 0: none */
	u32 caller; /* FRAME: number of the frame it was called from, smaller; 0: it is the oldest
		     */
	u32 line, first_line; /* FRAME: where it is; FUNCTION: where it begins; 0: unknown */
	u32 frame_flags; /* FRAME: enum event_frame */
	u32 waiters; /* STACK_COST: sum over the samples of how many waited */
	u32 sample_ns; /* STACK_COST: a sample stands for so long */
	u32 samples; /* STACK_COST: times the thread was seen to hold the GIL in it, on the CPU */
	s64 result; /* IO_CALL, IO_WAIT: the call's return value */
	u64 blocked_ns; /* IO_WAIT: asleep, until woken */
	u64 to_run_ns; /* IO_WAIT: woken until running; EVENT_UNKNOWN */
	u64 runnable_ns; /* WAIT: of it, runnable and not running; EVENT_UNKNOWN */
	u64 gil_wait_ns; /* IO_TO_GIL: of it, waited for the GIL; EVENT_UNKNOWN */
	u64 delay_ns; /* STEP: from the loop's wake-up until it began; EVENT_UNKNOWN: not the first
		       */
	u64 switch_interval_ns; /* CPU: EVENT_UNKNOWN */
	u64 throttled, throttled_ns; /* CPU: as struct fig_cpu; EVENT_UNKNOWN: there is no quota */
	/* STACK_COST: what was counted; caused_ns: how long others waited while it was off the CPU
	 */
	u64 caused_ns, off_preempted_ns, off_blocked_ns, wait_ns, paused_ns;
	u64 start_ns; /* THREAD: measured since (0: before the measurement); with tid its identity
		       */
	u64 collected, uncollectable; /* COLLECTION; EVENT_UNKNOWN */
	u64 key; /* TYPE*: with pid its identity */
	u64 deallocs, allocs; /* TYPE_COUNT: since the last one; allocs EVENT_UNKNOWN: not told;
				 STACK_COST: deallocations it stands for */
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
enum event_function_text { EVENT_FUNCTION_NAME, EVENT_FUNCTION_FILE }; /* "": unknown */

/* PROCESS.known: what can be told of it, and what it is. */
enum event_known {
	EVENT_KNOWN_FORCED = 1, /* forced releases are seen */
	EVENT_KNOWN_GC_FOUND = 2, /* what collections found is read */
	EVENT_KNOWN_FREE_THREADED = 4,
	EVENT_KNOWN_DEBUG = 8,
	EVENT_KNOWN_NO_GIL = 16, /* it was not in use when the measurement began */
	EVENT_KNOWN_RUNNABLE = 32, /* the kernel tells how long a thread could have run */
	EVENT_KNOWN_STACKS = 64, /* its Python stacks are taken */
	EVENT_KNOWN_GC_GIL = 128, /* under which GIL collections are is told, as of holds */
};

/* FRAME.frame_flags. */
enum event_frame {
	EVENT_FRAME_CUT = 1 << 8, /* the oldest one: what called it was left out */
	EVENT_FRAME_TORN = 1 << 9, /* the oldest one: what called it could not be read */
	EVENT_FRAME_OWN = 0xff, /* the lower bits: those of struct fig_frame */
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
	u8 since; /* version of the format it came with, later than its kind; behind all others */
};

struct event_desc {
	const char *name; /* "gil:hold" */
	const char *help;
	bool span;
	const struct event_field *fields; /* in the order on disk */
};

/* Is @f in recordings of version @format? */
static inline bool event_field_in(const struct event_field *f, u32 format)
{
	return f->since <= format;
}

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
