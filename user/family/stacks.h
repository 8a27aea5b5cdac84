/*
 * What is known of a process's stacks at a reading: counted by the kernel side, resolved by
 * user/ingest/stacks.h, and made into rows by the family, which keeps what it has shared out.
 */
#ifndef GS_USER_FAMILY_STACKS_H
#define GS_USER_FAMILY_STACKS_H

#include <stddef.h>

#include "bpf/stacks.h"
#include "user/model/fig_stacks.h"

/* One stack of one thread, since the start. */
struct family_stack {
	u32 tid; /* 0: threads that have ended, or are not known */
	u64 id; /* 0: no stack */
	const struct fig_frames *frames; /* NULL if id is 0 */
	struct gs_stack_cost cost; /* counted */
	/* What is going on: counted later, and no longer here then. */
	u64 open_wait_ns, open_preempted_ns, open_blocked_ns;
	/* The family's: what was shared out to it, and the weights that had been counted by then.
	 */
	u64 on_cpu_ns, caused_ns, deallocs;
	u64 samples, causes, dealloc_weight;
};

/* Those of a process, by tid and id. */
struct family_stacks {
	struct family_stack *rows; /* owned */
	size_t n, room;
	u64 period_ns; /* a sample stands for so long */
};

/* The row of @tid and @id, made if there is none; NULL without memory.  Other rows may move. */
struct family_stack *family_stacks_row(struct family_stacks *s, u32 tid, u64 id);

#endif
