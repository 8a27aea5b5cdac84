/* What is missing in figures; and what only those of recordings have: single events, times. */
#ifndef GS_USER_MODEL_FIG_TRACE_H
#define GS_USER_MODEL_FIG_TRACE_H

#include <stddef.h>

#include "bpf/types.h"

struct fig_lost {
	const char *cause; /* static */
	const char *families; /* static; whose figures it makes smaller */
	const char *help; /* static */
	u64 count;
};

/* One of the longest spans of its kind in a recording. */
struct fig_longest {
	const char *kind; /* hold wait collection wake_up (woken until it owned the GIL); static */
	u64 since_start_ns; /* its beginning, since the recording's start */
	u64 begin_unix_ns;
	u64 ns; /* how long */
	bool mid; /* began before the measurement: it was longer than that */
	u32 pid;
	u32 tid;
	char *name; /* owned; of the thread */
	u64 generation; /* collection; else FIG_NULL */
	const char *call; /* wake_up: system call name; static; else NULL */
	u64 holder_tid; /* wait: who held the GIL when it began; 0: unknown; else FIG_NULL */
	char *holder_name; /* owned; NULL: unknown */
};

/* A time in which events are missing in a recording. */
struct fig_lost_range {
	const char *cause; /* static; as in `lost` */
	u64 count;
	u64 from_unix_ns;
	u64 to_unix_ns;
	bool merged; /* several of one cause, told as one: it was not lost all of the time */
};

/* The recording that figures are from. */
struct fig_recording {
	const char *directory; /* as given by the user */
	const char *gilscope; /* version that recorded it */
	const char *kernel; /* release it was recorded on */
	u64 started_unix_ns; /* the recording, not the part of it that figures are of */
	u32 format;
	bool complete; /* it was not broken off */
	const char *const *damage; /* lines, each naming file and offset */
	size_t ndamage;
};

#endif
