/* Charging waits for the GIL to whom they were for: what the modes call. */
#ifndef GS_BPF_BLAME_BPF_H
#define GS_BPF_BLAME_BPF_H

#include "bpf/blame.h"
#include "bpf/core.bpf.h"

/* Global functions: verified once.  Their pointers must not be NULL; the verifier thinks they may.
 */

/* @ns of the wait of @t, and @waits waits or parts of one, go to @holder. */
int blame_add(struct gs_thread *t, u32 holder, u64 ns, u64 waits);

/* Exact mode: the wait of @t, up to @now, goes to all it was for. */
int blame_charge(struct gs_thread *t, struct gs_proc *p, u64 now);

/* Exact mode: @t goes on sleeping in its wait.  Charged before the list of holders is too short. */
int blame_sleeps_on(struct gs_thread *t, struct gs_proc *p, u64 now);

/* Exact mode: the wait of @t for @g has begun at @since. */
static __always_inline void blame_begin(struct gs_thread *t, const struct gs_proc *p,
					const struct gs_gil *g, u64 since)
{
	/* A wait from before the measurement was for everybody since. */
	u64 pass = since == p->start_ns ? 0 : *(const volatile u64 *)&g->passes;

	t->blame_ns = since;
	t->blame_pass = pass;
	t->blamed = GS_BLAMED_NOBODY;
	if (pass)
		t->blame_holder = g->pass[(pass - 1) & (GS_PASSES - 1)].tid;
	else
		t->blame_holder = t->gil ? 0 : p->seed_tid;
}

#endif
