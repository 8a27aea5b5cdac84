/*
 * sched: the scheduler's view, one program on every context switch of the machine.
 *
 * It gives the sched family the time a thread is off the CPU while it holds the GIL, the gil
 * family the beginning of waits (a thread goes to sleep on the GIL's condition variable) and
 * the io family the beginning of blocked calls.  A thread that was asleep when the measurement
 * began is recognised when it runs again: what it slept in is still in its registers.
 */
#include "bpf/core.bpf.h"
#include "bpf/blame.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/offcpu.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/watch.bpf.h"

/* 5.14 renamed task_struct::state ("sched: Change task_struct::state"). */
struct task_struct___pre514 {
	volatile long state;
} __attribute__((preserve_access_index));

static __always_inline bool is_runnable(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return !task->__state;
	return !((struct task_struct___pre514 *)task)->state;
}

struct asleep_in {
	bool gil; /* a GIL's condition variable */
	u32 which; /* as gs_thread.gil */
	u32 io; /* enum gs_io_call; GS_IO_COUNT: none */
};

#define MUTEX_WORDS 8

/* What is @task, which is in a system call, asleep in?  @current: it is about to leave the CPU. */
static __always_inline struct asleep_in sleeping_in(struct task_struct *task, struct gs_proc *p,
						    bool current)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	u64 nr = regs->GS_CALL_NR;
	struct asleep_in in = { .io = GS_IO_COUNT };

	if (nr == GS_NR_futex && gs_measures(GS_FAMILY_GIL)) {
		/* A waiter gives a timeout, the switch interval.  glibc's pthread_cond_signal() can
		 * sleep in there as well, without one: that thread is releasing the GIL. */
		u32 gil = regs->GS_CALL_ARG3
				  ? gs_gil_waited(p, regs->GS_CALL_ARG0, current ? regs->sp : 0)
				  : 0;

		in.gil = gil / GS_GIL_WAITED;
		in.which = gil % GS_GIL_WAITED;
	} else if (gs_measures(GS_FAMILY_IO)) {
		in.io = gs_io_call_of(nr);
	}
	return in;
}

/* Did thread @tid hold a GIL when the measurement began? */
static __always_inline bool gs_is_seed(struct gs_proc *p, u32 tid)
{
	return p->seed_tid == tid || (gs_has_gils(p) && gs_gil_seed(p, tid));
}

/* Does it hold the GIL?  One that held at the start has had no event since. */
static __always_inline bool is_holding(const struct gs_thread *t, struct gs_proc *p)
{
	return t->hold_since_ns || (!t->events && gs_is_seed(p, t->tid));
}

/*
 * Watch mode.  Its sleeps on the mutex are told apart by their address alone.  Which GIL it is goes
 * to *@ret_gil.
 */
static __always_inline u32 watch_out(struct task_struct *task, struct gs_proc *p, u32 *ret_gil)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct asleep_in in = sleeping_in(task, p, true);
	u64 futex;

	*ret_gil = in.which;
	if (in.gil)
		return GS_OUT_GIL;
	if (in.io < GS_IO_COUNT)
		return GS_OUT_IO + in.io;
	/* glibc's sleep on its first word, musl's on its second. */
	futex = regs->GS_CALL_NR == GS_NR_futex ? regs->GS_CALL_ARG0 : 0;
	if (futex && p->config.gil_mutex && futex - p->config.gil_mutex < MUTEX_WORDS)
		return GS_OUT_MUTEX;
	if (futex && p->config.gil_mutex && gs_has_gils(p))
		*ret_gil = gs_gil_with(p, futex, p->config.gil_mutex - p->gil.address, MUTEX_WORDS);
	return *ret_gil ? GS_OUT_MUTEX : GS_OUT_OTHER;
}

/* Exact mode: @t, which left the CPU while holding, runs again at @now. */
static __always_inline void off_ends(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	u64 off = t->off_since_ns, end = now, ns;

	t->off_since_ns = 0;
	/* Descheduled between the release and its site, it held until the next owner took it. */
	if (t->successor_ns > t->hold_since_ns && t->successor_ns < now)
		end = t->successor_ns;
	if (end <= off || !gs_elapsed(off, end, &ns))
		return;
	ns = end - off;
	t->queued_ns = t->queued_ns > now - end ? t->queued_ns - (now - end) : 0;
	gil_off_cpu(t, p, end, ns);
}

/*
 * A thread that has a slot is a target's: its slot tells whose, without a hash look-up.  It can be
 * on its way out when the process has ended already, for us.
 */
static __always_inline struct gs_proc *proc_of(const struct task_struct *task,
					       const struct gs_thread *t)
{
	struct gs_proc *p = gs_proc_at(t ? (s32)t->proc : gs_target(task->tgid));

	return p && p->pid == (u32)task->tgid && p->state == GS_SLOT_LIVE ? p : NULL;
}

/* Between a change of the GIL and its site no other system call is made. */
static __always_inline bool in_futex(struct task_struct *task)
{
	return ((struct pt_regs *)bpf_task_pt_regs(task))->GS_CALL_NR == GS_NR_futex;
}

static __always_inline void leaves(struct task_struct *task, bool preempted)
{
	bool runnable = preempted || is_runnable(task);
	struct gs_thread *t = gs_thread_peek(task);
	struct gs_proc *p = proc_of(task, t);
	struct asleep_in in;
	u64 exec, now;

	barrier_var(t); /* up to 5.15 the verifier only knows what is asked of t itself */
	if (!p)
		return;
	if (gs_config.watch) {
		u32 gil = 0, out = runnable ? GS_OUT_RUNNABLE : watch_out(task, p, &gil);

		if (t)
			t->queued_ns = run_delay(task) - t->run_delay_ns;
		watch_leaves(t, p, out, gil);
		return;
	}
	now = bpf_ktime_get_ns();
	exec = task->se.sum_exec_runtime;
	if (t && t->off_since_ns) {
		/* That it got the CPU was not told; the scheduler knows how long it had it. */
		t->queued_ns = run_delay(task) - t->run_delay_ns;
		off_ends(t, p, now - (exec - t->exec_ns));
	}
	if (!t && gs_is_seed(p, task->pid))
		t = gs_thread_try(task, now);
	if (t && gs_gil_seen && (runnable || in_futex(task)))
		gil_looks(t, now);
	if (t && is_holding(t, p) && !t->successor_ns && gs_measures(GS_FAMILY_SCHED)) {
		t->off_preempted = runnable;
		t->off_since_ns = now;
		t->off_call = runnable ? 0 : blocks_in(task);
		t->exec_ns = exec;
		t->run_delay_ns = run_delay(task);
		if (gs_measures(GS_FAMILY_STACKS))
			stacks_leaves(t, p, now);
	}
	if (runnable)
		return;
	in = sleeping_in(task, p, true);
	if (!in.gil && in.io == GS_IO_COUNT)
		return;
	t = gs_thread_try(task, now);
	if (!t)
		return;
	if (!in.gil) {
		io_block(t, in.io, now);
		return;
	}
	if (t->wait_since_ns)
		blame_sleeps_on(t, p, now);
	gil_wait_begin(t, in.which, now);
	if (gs_measures(GS_FAMILY_STACKS))
		stacks_sleeps(t, p, now);
}

/* First sight of a thread that runs: was it asleep since before the measurement? */
static __always_inline void was_asleep(struct task_struct *task, struct gs_proc *p, u64 now)
{
	struct asleep_in in = sleeping_in(task, p, false);
	struct gs_thread *t;

	if (task->start_time > p->start_ns || (!in.gil && in.io == GS_IO_COUNT))
		return;
	t = gs_thread_try(task, now);
	if (!t)
		return;
	if (in.gil) {
		if (gs_config.watch)
			watch_was_asleep(task, t, p, in.which);
		else
			gil_wait_begin(t, in.which, p->start_ns);
		gs_lose(GS_LOSS_ATTACH_MID_WAIT, 1);
	} else {
		io_block(t, in.io, p->start_ns);
	}
	if (gs_config.watch)
		watch_arrives(t, p, now);
}

static __always_inline void arrives(struct task_struct *task)
{
	struct gs_thread *t = gs_thread_peek(task);
	struct gs_proc *p;
	u64 now;

	if (t && !t->off_since_ns && !t->block_since_ns && !(gs_config.watch && t->wait_since_ns))
		return; /* nothing that this ends */
	p = proc_of(task, t);
	if (!p)
		return;
	now = bpf_ktime_get_ns();
	if (!t) {
		was_asleep(task, p, now);
		return;
	}
	t->queued_ns = queued_since(task, t->run_delay_ns);
	if (gs_config.watch) {
		watch_arrives(t, p, now);
		return;
	}
	io_run(t, now);
	if (t->off_since_ns && !is_holding(t, p))
		t->off_since_ns = 0;
	if (t->off_since_ns)
		off_ends(t, p, now);
}

static __always_inline bool is_target(u32 tgid)
{
	return gs_config.only_pid ? gs_config.only_pid == tgid : gs_target(tgid) >= 0;
}

/* The program is not run inside itself, and nobody else counts here: so not atomically. */
static __always_inline void hit(void)
{
	u32 index = GS_HOOK_SCHED_SWITCH;
	u64 *count = bpf_map_lookup_elem(&gs_hits, &index);

	if (count)
		++*count;
}

SEC("?tp_btf/sched_switch")
int BPF_PROG(gs_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	bool out = is_target(prev->tgid);
	bool in = next->tgid == prev->tgid ? out : is_target(next->tgid);

	if (!out && !in)
		return 0;
	hit();
	if (out)
		leaves(prev, preempt);
	if (in)
		arrives(next);
	return 0;
}
