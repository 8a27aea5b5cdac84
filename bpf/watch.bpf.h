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

/*
 * These are global functions: the verifier goes through each of them once, and not once for every
 * path that leads to it.  It takes their pointers for NULL, perhaps; only where that is said
 * may they be.
 */

/*
 * The current thread leaves the CPU.  @t: its slot, or NULL; @gil: which GIL it goes to sleep on,
 * as gs_thread.gil.
 */
int watch_leaves(struct gs_thread *t, struct gs_proc *p, u32 out, u32 gil);
/* The thread of @t gets the CPU, at @now. */
int watch_arrives(struct gs_thread *t, struct gs_proc *p, u64 now);
/* The same, of what it slept in where that was a call of the io family (io.bpf.c). */
int io_watch_runs(struct gs_thread *t, struct gs_proc *p, u64 now);
/* The wait of @t, if it runs, was over when it got the CPU.  1 if so, 0 if it waits, or never did.
 */
int watch_settle(struct gs_thread *t, struct gs_proc *p);
/* The same of the current thread, that of @t, which ends. */
int watch_exits(struct gs_thread *t, struct gs_proc *p);

/* Not global: @task was found asleep on the condition of @gil, since before the measurement. */
int watch_was_asleep(struct task_struct *task, struct gs_thread *t, struct gs_proc *p, u32 gil);

#endif
