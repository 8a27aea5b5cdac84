/*
 * sample: watch mode's view of who holds the GIL, by a clock on each CPU.
 *
 * At each tick of a CPU its current thread is asked: does it hold?  A holder that is off the CPU is
 * at no tick; how long it is away is measured where it leaves (watch.bpf.c).  What a tick is worth
 * is user space's to say (user/ingest/ticks.h): a CPU with nothing to do sleeps through some.
 */
#include "bpf/core.bpf.h"
#include "bpf/gils.bpf.h"
#include "bpf/watch_look.bpf.h"

/* The current thread, of a target, holds @g; NULL: the main interpreter's GIL. */
static __always_inline void holds(struct gs_gil *g)
{
	struct gs_thread *t = gs_thread_try(bpf_get_current_task_btf(), bpf_ktime_get_ns());

	if (!t)
		return;
	t->held_ticks++; /* its own tick: nobody else writes it */
	if (g)
		__sync_fetch_and_add(&g->held_ticks, 1);
}

SEC("?perf_event")
int gs_cpu_clock(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct gs_proc *p = gs_proc_at(gs_target(task->tgid));
	struct gil_seen g;
	u32 gil = 0;

	if (!p || p->pid != (u32)task->tgid || p->state != GS_SLOT_LIVE)
		return 0;
	gs_hit(GS_HOOK_SAMPLE);
	__sync_fetch_and_add(&p->ticks, 1);
	look(task, p, 0, false, &g);
	if (!g.mine && gs_has_gils(p))
		gil = gs_gil_held(p);
	if (g.mine || gil)
		holds(gil ? gs_gil_of(p, gil) : NULL);
	return 0;
}
