/*
 * proc: the lives of the processes and threads that are measured.
 *
 *   process: FREE --user space, or a fork--> LIVE --last thread exits, or exec--> EXITED
 *
 * Always on: the slots depend on it.  Forks, execs and exits of processes also go through a
 * small ring that wakes user space; threads are only marked, user space finds them.
 *
 * What is no target may become one, by executing CPython.  With --all every exec of the machine is
 * told; with --children those of the targets' kin: processes that descend from a target and are
 * none, such as the shell between a server and its workers.  Only programs named python wake user
 * space; the others wait until it looks anyway.
 */
#include "bpf/gils.bpf.h"
#include "bpf/record.bpf.h"

/* Descendants of targets that are no targets themselves, by tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GS_KIN_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u32);
} gs_kin SEC(".maps");

static __always_inline struct gs_life *life_new(u32 kind, u32 pid, u32 proc, u64 now)
{
	struct gs_life *life = bpf_ringbuf_reserve(&gs_life_ring, sizeof(*life), 0);

	if (!life) {
		gs_lose(GS_LOSS_LIFE_FULL, 1);
		return NULL;
	}
	life->ts_ns = now;
	life->kind = kind;
	life->pid = pid;
	life->parent_pid = 0;
	life->proc = proc;
	life->named = 0;
	life->pad = 0;
	return life;
}

/* Is the file of the program that @task runs named python…? */
static __always_inline bool named_python(struct task_struct *task)
{
	const unsigned char *name = BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_name.name);
	char start[8] = {};

	if (bpf_probe_read_kernel_str(start, sizeof(start), name) < 0)
		return false;
	return start[0] == 'p' && start[1] == 'y' && start[2] == 't' && start[3] == 'h' &&
	       start[4] == 'o' && start[5] == 'n';
}

/* A target has ended; @execed: it is @task still, and runs another program. */
static __always_inline void tell_end(struct task_struct *task, u32 proc, u64 now, bool execed)
{
	struct gs_life *life =
		life_new(execed ? GS_LIFE_EXEC : GS_LIFE_EXIT, task->tgid, proc, now);

	if (!life)
		return;
	life->named = execed && named_python(task);
	bpf_ringbuf_submit(life, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void kin_add(u32 tgid)
{
	u32 one = 1;

	if (bpf_map_update_elem(&gs_kin, &tgid, &one, BPF_ANY))
		gs_lose(GS_LOSS_STARTS_FULL, 1);
}

/* A process that is no target has executed a program. */
static __always_inline void tell_start(struct task_struct *task)
{
	u32 tgid = task->tgid;
	struct gs_life *life;

	if (!gs_config.follow_all && !bpf_map_lookup_elem(&gs_kin, &tgid))
		return;
	gs_hit(GS_HOOK_PROCESS_EXEC);
	life = life_new(GS_LIFE_START, tgid, GS_NO_PROC, bpf_ktime_get_ns());
	if (!life)
		return;
	life->named = named_python(task);
	bpf_ringbuf_submit(life, life->named ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
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

static __always_inline void process_ends(struct task_struct *task, u32 index, u64 now, bool execed)
{
	u32 tgid = task->tgid;
	struct gs_proc *p = bpf_map_lookup_elem(&gs_procs, &index);

	bpf_map_delete_elem(&gs_targets, &tgid);
	if (!p)
		return;
	if (p->gil.gc_since_ns)
		gs_lose(GS_LOSS_EXIT_MID_GC, 1);
	if (gs_has_gils(p))
		gs_gils_end(p);
	p->exit_ns = now;
	p->execed = execed;
	barrier();
	p->state = GS_SLOT_EXITED;
	gs_record(GS_REC_PROCESS_EXIT, tgid, now, 0, execed ? GS_REC_EXECED : 0, 0);
	tell_end(task, index, now, execed);
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(gs_process_exit, struct task_struct *task)
{
	s32 proc = gs_target(task->tgid);
	u64 now = bpf_ktime_get_ns();
	u32 tgid = task->tgid;

	/* Threads that end together can pass here after the one that found itself the last. */
	thread_ends(task, now);
	if (proc < 0 && !gs_config.follow_children)
		return 0;
	if (proc >= 0)
		gs_hit(GS_HOOK_PROCESS_EXIT);
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	if (gs_config.follow_children && !gs_config.follow_all)
		bpf_map_delete_elem(&gs_kin, &tgid);
	if (proc >= 0)
		process_ends(task, proc, now, false);
	return 0;
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(gs_process_exec, struct task_struct *task)
{
	s32 proc = gs_target(task->tgid);
	u64 now;

	if (proc < 0) {
		if (gs_config.follow_children)
			tell_start(task);
		return 0;
	}
	gs_hit(GS_HOOK_PROCESS_EXEC);
	now = bpf_ktime_get_ns();
	thread_ends(task, now);
	if (gs_config.follow_children && !gs_config.follow_all)
		kin_add(task->tgid);
	process_ends(task, proc, now, true);
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

/* A forked child of target @from is one from its first instruction on. */
static __always_inline void child_begins(struct gs_proc *from, u32 proc, u32 pid, u32 parent)
{
	struct gs_life *life = life_new(GS_LIFE_FORK, pid, proc, bpf_ktime_get_ns());
	struct gs_proc *to;
	u32 index;

	if (!life) /* user space would never give the slot back */
		return;
	if (bpf_map_pop_elem(&gs_free_procs, &index) ||
	    !(to = bpf_map_lookup_elem(&gs_procs, &index))) {
		bpf_ringbuf_discard(life, 0);
		gs_lose(GS_LOSS_PROCESSES_FULL, 1);
		return;
	}
	to->pid = pid;
	to->parent = proc + 1;
	to->config = from->config; /* the same image at the same addresses */
	to->gil.address = from->gil.address;
	to->start_ns = life->ts_ns;
	barrier();
	to->state = GS_SLOT_LIVE;
	if (bpf_map_update_elem(&gs_targets, &pid, &index, BPF_NOEXIST))
		gs_lose(GS_LOSS_PROCESSES_FULL, 1);
	tell_fork(pid, parent, to->start_ns);
	life->parent_pid = parent;
	life->proc = index;
	bpf_ringbuf_submit(life, BPF_RB_FORCE_WAKEUP);
}

SEC("?tp_btf/sched_process_fork")
int BPF_PROG(gs_process_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 pid = child->pid, of = parent->tgid;
	struct gs_proc *from;
	s32 proc;

	if (!gs_config.follow_children || (u32)child->tgid != pid)
		return 0;
	proc = gs_target(of);
	if (proc < 0) {
		if (!gs_config.follow_all && bpf_map_lookup_elem(&gs_kin, &of))
			kin_add(pid);
		return 0;
	}
	from = gs_proc_at(proc);
	if (!from)
		return 0;
	gs_hit(GS_HOOK_PROCESS_FORK);
	child_begins(from, proc, pid, of);
	return 0;
}
