/*
 * What the other families tell the stacks family, at the moments that matter.
 *
 * These are global functions: the verifier goes through each once, however often it is called.  It
 * takes their pointers for NULL, perhaps; none is.  To be called where gs_measures() says so.
 */
#ifndef GS_BPF_STACKS_BPF_H
#define GS_BPF_STACKS_BPF_H

#include "bpf/core.bpf.h"
#include "bpf/stacks.h"

extern struct gs_stacks_state gs_stacks;

/* The current thread leaves the CPU at @now while it holds its GIL, t->gil. */
int stacks_leaves(struct gs_thread *t, struct gs_proc *p, u64 now);

/* @t, which did, was away for @ns at @end; t->off_preempted says why. */
int stacks_off_ends(struct gs_thread *t, struct gs_proc *p, u64 end, u64 ns);

/* The current thread goes to sleep at @now in its wait for the GIL, the first time or again. */
int stacks_sleeps(struct gs_thread *t, struct gs_proc *p, u64 now);

/* The current thread begins to collect, under @gil, as in gs_thread.gil. */
int stacks_collects(struct gs_proc *p, u32 gil);

/* The collection under @gil took @ns. */
int stacks_collected(struct gs_proc *p, u32 gil, u64 ns);

/* The current thread, which holds the main interpreter's GIL, deallocates an object. */
int stacks_dealloc(void);

/*
 * The stack of the current thread, which hangs on @tstate: its hash; 0: none.  For stacks.bpf.c
 * alone.
 */
u64 stacks_take(struct gs_proc *p, u64 tstate);

/* stacks_native.bpf.c, for stacks_walk.bpf.c alone: see there. */
u64 native_take(u32 slot, u64 stack);
int native_tell(u32 slot);

#endif
