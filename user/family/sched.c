/* sched: the part of each thread's holds that it spent off the CPU. */
#include "user/family/family.h"

static void sched_thread(const struct family_input *in, const struct gs_thread *t,
			 struct fig_thread *row)
{
	u64 off = t->off_since_ns, open = 0;

	if (off && in->now_ns > off)
		open = in->now_ns - off;
	row->held_preempted_ns = t->held_preempted_ns + (t->off_preempted ? open : 0);
	row->held_offcpu_ns = t->held_preempted_ns + t->held_blocked_ns + open;
}

const struct family_ops sched_family = {
	.id = GS_FAMILY_SCHED,
	.thread = sched_thread,
};
