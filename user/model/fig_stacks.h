/*
 * Python stacks, and what was going on in them: held, waited, paused, who was made to wait.
 *
 * A row is one stack of one thread.  Times of all its rows add up to the thread's own, the row
 * without frames (id 0) being what no stack was taken of.  Tid 0: threads that have ended, or are
 * not known.
 */
#ifndef GS_USER_MODEL_FIG_STACKS_H
#define GS_USER_MODEL_FIG_STACKS_H

#include <stdbool.h>

#include "bpf/types.h"

struct fig_process;

/* A frame; texts are printable. */
struct fig_frame {
	const char *function; /* co_qualname; co_name before 3.11; NULL: unknown */
	const char *file; /* co_filename; NULL: unknown */
	u32 line; /* 0: none, or unknown */
	u32 first_line; /* of the function; 0: unknown */
	u32 flags; /* GS_FRAME_* of bpf/frames.h */
};

/* Frames of a stack, the newest first.  They and their texts live as long as what they were read
 * by: the session, or the recording. */
struct fig_frames {
	u32 n;
	bool truncated; /* older frames are left out */
	bool torn; /* the walk did not reach the oldest: it was changing */
	struct fig_frame frame[];
};

/* One stack of one thread.  Times are nanoseconds since the start, as all figures. */
struct fig_stack {
	u32 tid;
	u64 id; /* of the stack: what its frames say, whoever has it; 0: no stack was taken */
	const struct fig_frames *frames; /* not owned; NULL: id is 0, or no longer known */
	u64 samples; /* times this stack was seen */
	u64 held_ns; /* GIL held: on the CPU (by samples) and off it (measured) */
	u64 held_offcpu_ns; /* of it: off the CPU */
	u64 held_preempted_ns; /* of that: runnable */
	u64 wait_ns; /* waited for the GIL */
	u64 caused_wait_ns; /* others waited while it held: sum over them */
	u64 paused_ns; /* collections */
	u64 deallocs; /* refs: objects deallocated, scaled from samples; FIG_NULL: not measured */
};

/* What stacks can be weighed by: X(NAME, name, member of struct fig_stack, "help"). */
#define FIG_STACK_WEIGHTS(X) \
	X(HELD, held, held_ns, "time the GIL was held") \
	X(WAITED, waited, wait_ns, "time waited for the GIL") \
	X(CAUSED, caused, caused_wait_ns, "time others waited while it held the GIL") \
	X(BLOCKED, blocked, held_offcpu_ns, "time off the CPU while holding the GIL") \
	X(PAUSED, paused, paused_ns, "time in collections") \
	X(DEALLOC, dealloc, deallocs, "objects deallocated")

enum fig_stack_weight {
#define X(NAME, name, member, help) FIG_BY_##NAME,
	FIG_STACK_WEIGHTS(X)
#undef X
		FIG_BY_COUNT
};

#endif
