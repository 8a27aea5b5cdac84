/* sched: the part of each thread's holds that it spent off the CPU. */
#include "user/family/family.h"

static void sched_thread(const struct family_input *in, const struct gs_thread *t,
			 struct fig_thread *row)
{
	bool holds = t->hold_since_ns || (!t->events && t->tid == in->seed_tid);
	u64 off = t->off_since_ns, open = 0;

	/* A switch back that the kernel did not pass on leaves it set: then there is no hold. */
	if (off && in->now_ns > off && holds)
		open = in->now_ns - off;
	row->held_preempted_ns = t->held_preempted_ns + (t->off_preempted ? open : 0);
	row->held_offcpu_ns = t->held_preempted_ns + t->held_blocked_ns + open;
}

const struct family_ops sched_family = {
	.id = GS_FAMILY_SCHED,
	.thread = sched_thread,
};
