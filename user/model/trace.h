/*
 * A recording as its consumers see it: where it comes from, and the processes and threads its
 * events are about.  Everything here belongs to the reader; texts are printable UTF-8.
 */
#ifndef GS_USER_MODEL_TRACE_H
#define GS_USER_MODEL_TRACE_H

#include "user/model/event.h"
#include "user/model/figures.h"

struct trace_process {
	u32 pid, ns_pid;
	u32 parent; /* pid it was forked from; 0: none */
	u32 index; /* small, unique among those not yet forgotten; used again after that */
	u64 gil; /* address */
	u64 since_ns; /* measured from, CLOCK_MONOTONIC */
	bool exited;
	const char *version, *path, *build_id, *command; /* "" if unknown */
};

/*
 * One thread.  Its name can change with a later THREAD event.  After its THREAD_EXIT event (or its
 * process's PROCESS_EXIT) has been handed out, it is forgotten, and `index` goes to another one.
 */
struct trace_thread {
	u32 tid, ns_tid;
	u32 index; /* small, unique among those not yet forgotten; used again after that */
	u64 start_ns; /* with tid its identity */
	const char *name; /* never NULL */
	const struct trace_process *process; /* never NULL */
};

struct trace_info {
	const char *directory; /* as given by the user */
	const char *gilscope; /* version that recorded it */
	const char *kernel; /* release it ran on */
	const char *host; /* its name */
	const char *command; /* gilscope's own command line */
	const char *mode; /* "exact" or "watch"; static */
	u32 format; /* version of the recording's format */
	u32 families; /* GS_FAMILY_BIT()s that were measured */
	u64 started_unix_ns; /* CLOCK_REALTIME at started_ns */
	u64 started_ns; /* CLOCK_MONOTONIC */
	u64 hit_ns; /* measured cost of a probe hit; 0: unknown */
};

/* An event's time as ns since 1970. */
static inline u64 trace_unix_ns(const struct trace_info *info, u64 ts_ns)
{
	return info->started_unix_ns + (ts_ns - info->started_ns);
}

/* Whether GIL holds are told, and so on: @family is an enum gs_family (bpf/families.h). */
static inline bool trace_measures(const struct trace_info *info, u32 family)
{
	return info->families & (1U << family);
}

/*
 * Who gets a recording's events.  Each function returns 0, or a negative errno, which ends the
 * reading and is what trace_read() (user/trace/) returns.
 */
struct trace_sink {
	int (*begin)(void *ctx, const struct trace_info *info);
	/* In the order of ts_ns.  The event and its texts live until the return. */
	int (*event)(void *ctx, const struct event *ev);
	void *ctx;
};

#endif
