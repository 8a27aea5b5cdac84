/* What watch mode and the scheduler's program tell each other. */
#ifndef GS_BPF_WATCH_BPF_H
#define GS_BPF_WATCH_BPF_H

#include "bpf/core.bpf.h"

/* From waking to sleeping again on the GIL's condition, until it is known better. */
#define GS_WATCH_RESLEEP_NS 7000
/* So many times the mean is no going back to sleep any more, where nothing else can tell. */
#define GS_WATCH_RESLEEP_FACTOR 6

/* How a thread left the CPU. */
enum gs_out {
	GS_OUT_RUNNABLE,
	GS_OUT_OTHER, /* asleep in something that is not ours */
	GS_OUT_GIL, /* asleep on the GIL's condition */
	GS_OUT_MUTEX, /* asleep on the GIL's mutex */
	GS_OUT_IO, /* + enum gs_io_call */
};

/* @t: the slot of @task, or NULL. */
int watch_leaves(struct task_struct *task, struct gs_thread *t, struct gs_proc *p, u32 out);
int watch_arrives(struct gs_thread *t, struct gs_proc *p, u64 now);
int watch_was_asleep(struct task_struct *task, struct gs_thread *t, struct gs_proc *p);

/* The thread ends: a wait that was over counts.  1 if so, 0 if it is in the middle of one, or none.
 */
int watch_settle(struct gs_thread *t);

#endif
