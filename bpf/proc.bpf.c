/*
 * proc: the lives of the processes and threads that are measured.
 *
 *   process: FREE --user space, or a fork--> LIVE --last thread exits, or exec--> EXITED
 *
 * Always on: the slots depend on it.  Forks, execs and exits of processes also go through a
 * small ring that wakes user space; threads are only marked, user space finds them.
 */
#include "bpf/core.bpf.h"
#include "bpf/record.bpf.h"

static __always_inline void tell(u32 kind, u32 pid, u32 parent_pid, u32 proc, u64 now)
{
	struct gs_life *life = bpf_ringbuf_reserve(&gs_life_ring, sizeof(*life), 0);

	if (!life) {
		gs_lose(GS_LOSS_LIFE_FULL, 1);
		return;
	}
	life->ts_ns = now;
	life->kind = kind;
	life->pid = pid;
	life->parent_pid = parent_pid;
	life->proc = proc;
	bpf_ringbuf_submit(life, BPF_RB_FORCE_WAKEUP);
}

/* The thread's slot gets its final values; its task is gone or runs another program. */
static __always_inline void thread_ends(struct task_struct *task, u64 now)
{
	struct gs_thread *t = gs_thread_peek(task);
	u32 seq;

	if (!t)
		return;
	seq = gs_write_begin(t);
	if (t->off_since_ns)
		t->off_since_ns = 0;
	if (gs_measures(GS_FAMILY_GIL))
		gil_thread_exit(t, now);
	t->block_since_ns = 0;
	t->exit_ns = now;
	gs_write_end(t, seq);
	barrier();
	t->state = GS_SLOT_EXITED;
	gs_record(GS_REC_THREAD_EXIT, t->tid, now, 0, 0, 0);
	bpf_task_storage_delete(&gs_thread_refs, task);
}

static __always_inline void process_ends(u32 tgid, u32 index, u64 now, bool execed)
{
	struct gs_proc *p = bpf_map_lookup_elem(&gs_procs, &index);

	bpf_map_delete_elem(&gs_targets, &tgid);
	if (!p)
		return;
	if (p->gil.gc_since_ns)
		gs_lose(GS_LOSS_EXIT_MID_GC, 1);
	p->exit_ns = now;
	p->execed = execed;
	barrier();
	p->state = GS_SLOT_EXITED;
	gs_record(GS_REC_PROCESS_EXIT, tgid, now, 0, execed ? GS_REC_EXECED : 0, 0);
	tell(execed ? GS_LIFE_EXEC : GS_LIFE_EXIT, tgid, 0, index, now);
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(gs_process_exit, struct task_struct *task)
{
	s32 proc = gs_target(task->tgid);
	u64 now = bpf_ktime_get_ns();

	/* Threads that end together can pass here after the one that found itself the last. */
	thread_ends(task, now);
	if (proc < 0)
		return 0;
	gs_hit(GS_HOOK_PROCESS_EXIT);
	if (!BPF_CORE_READ(task, signal, live.counter))
		process_ends(task->tgid, proc, now, false);
	return 0;
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(gs_process_exec, struct task_struct *task)
{
	s32 proc = gs_target(task->tgid);
	u64 now;

	if (proc < 0)
		return 0;
	gs_hit(GS_HOOK_PROCESS_EXEC);
	now = bpf_ktime_get_ns();
	thread_ends(task, now);
	process_ends(task->tgid, proc, now, true);
	return 0;
}

static __always_inline void tell_fork(u32 pid, u32 parent, u64 now)
{
	struct gs_record_2 r = {
		.r = { .end_ns = now, .tid = pid, .kind = GS_REC_FORK },
		.a = parent,
	};

	if (gs_config.record)
		gs_tell(&r, sizeof(r));
}

SEC("?tp_btf/sched_process_fork")
int BPF_PROG(gs_process_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 pid = child->pid, index;
	struct gs_proc *from, *to;
	s32 proc;

	if (!gs_config.follow_children || (u32)child->tgid != pid)
		return 0;
	proc = gs_target(parent->tgid);
	from = proc < 0 ? NULL : gs_proc_at(proc);
	if (!from)
		return 0;
	gs_hit(GS_HOOK_PROCESS_FORK);
	if (bpf_map_pop_elem(&gs_free_procs, &index) ||
	    !(to = bpf_map_lookup_elem(&gs_procs, &index))) {
		gs_lose(GS_LOSS_PROCESSES_FULL, 1);
		return 0;
	}
	to->pid = pid;
	to->parent = proc + 1;
	to->config = from->config; /* the same image at the same addresses */
	to->gil.address = from->gil.address;
	to->start_ns = bpf_ktime_get_ns();
	barrier();
	to->state = GS_SLOT_LIVE;
	if (bpf_map_update_elem(&gs_targets, &pid, &index, BPF_NOEXIST))
		gs_lose(GS_LOSS_PROCESSES_FULL, 1);
	tell_fork(pid, parent->tgid, to->start_ns);
	tell(GS_LIFE_FORK, pid, parent->tgid, index, to->start_ns);
	return 0;
}
