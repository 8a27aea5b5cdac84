/* Time off the CPU: asleep, and runnable without running.  What both modes keep of it. */
#ifndef GS_BPF_OFFCPU_BPF_H
#define GS_BPF_OFFCPU_BPF_H

#include "bpf/core.bpf.h"

/*
 * The scheduler's own account of the time @task had been runnable and not running when it last got
 * a CPU: struct sched_info (kernel/sched/stats.h), behind /proc/PID/schedstat.  It moves on after
 * the tracepoint of the switch.  0 where the kernel keeps none (CONFIG_SCHED_INFO).
 */
static __always_inline u64 run_delay(const struct task_struct *task)
{
	if (!bpf_core_field_exists(task->sched_info.run_delay))
		return 0;
	return task->sched_info.run_delay;
}

/*
 * @next is about to get this CPU: how long has it been runnable and not running since its
 * count was @since?  By the run queue's clock, which the scheduler is about to take it by; the way
 * to it is there with group scheduling (CONFIG_FAIR_GROUP_SCHED), which distributions have.
 */
static __always_inline u64 queued_since(const struct task_struct *next, u64 since)
{
	u64 ns = run_delay(next), at, now;

	if (!ns && !bpf_core_field_exists(next->sched_info.last_queued))
		return 0;
	ns = ns > since ? ns - since : 0;
	at = next->sched_info.last_queued;
	if (!at || !bpf_core_field_exists(next->se.cfs_rq) ||
	    !bpf_core_field_exists(next->se.cfs_rq->rq))
		return ns;
	now = next->se.cfs_rq->rq->clock;
	return now > at ? ns + now - at : ns;
}

/* What @task, which leaves the CPU and is not runnable, goes to sleep in: as gs_blocked.call. */
static __always_inline u32 blocks_in(struct task_struct *task)
{
	u64 nr = ((struct pt_regs *)bpf_task_pt_regs(task))->GS_CALL_NR;

	return nr < 1 << 16 ? GS_BLOCKED_CALL + nr : GS_BLOCKED_FAULT;
}

/*
 * @t, which left the CPU while it held its GIL, had been away for @ns at @end; t->queued_ns of that
 * runnable, the last of it.  A global function: verified once.
 */
int gil_off_cpu(struct gs_thread *t, struct gs_proc *p, u64 end, u64 ns);

#endif
