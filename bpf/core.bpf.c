/* The shared maps, and the taking of thread slots. */
#include "bpf/core.bpf.h"
#include "bpf/gil_hold.bpf.h"
#include "bpf/gils.bpf.h"
#include "bpf/record.bpf.h"

char gs_license[] SEC("license") = "GPL";

const volatile struct gs_config gs_config = {};
u32 gs_epoch = 1;
u32 gs_threads_used = 0;

gs_targets_map gs_targets SEC(".maps");
gs_procs_map gs_procs SEC(".maps");
gs_threads_map gs_threads SEC(".maps");
gs_free_map gs_free_threads SEC(".maps");
gs_free_map gs_free_procs SEC(".maps");
gs_gils_map gs_gils SEC(".maps");
gs_free_map gs_free_gils SEC(".maps");
gs_thread_refs_map gs_thread_refs SEC(".maps");
gs_losses_map gs_losses SEC(".maps");
gs_hits_map gs_hits SEC(".maps");
gs_last_thread_map gs_last_thread SEC(".maps");
gs_sites_map gs_sites SEC(".maps");
gs_life_ring_map gs_life_ring SEC(".maps");
gs_records_map gs_records SEC(".maps");

/* A thread's id in its innermost PID namespace. */
static __always_inline u32 ns_tid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = {};

	bpf_core_read(&upid, sizeof(upid), &pid->numbers[level]);
	return upid.nr;
}

static __always_inline void tell_thread(struct task_struct *task, const struct gs_thread *t)
{
	struct gs_record_thread r = {
		.r = { .end_ns = t->start_ns, .tid = t->tid, .kind = GS_REC_THREAD },
		.pid = t->pid,
		.born_ns = t->born_ns,
	};

	r.ns_tid = ns_tid(task);
	__builtin_memcpy(r.comm, t->comm, sizeof(r.comm));
	gs_tell(&r, sizeof(r));
}

/* A fresh slot for @task; NULL when none is left. */
static __always_inline struct gs_thread *slot_take(struct task_struct *task, struct gs_proc *p,
						   u32 proc, struct gs_thread_ref *ref, u64 now)
{
	struct gs_thread *t;
	u32 slot, used;

	if (bpf_map_pop_elem(&gs_free_threads, &slot)) {
		ref->missed = 1;
		return NULL;
	}
	t = gs_thread_at(slot);
	if (!t)
		return NULL;
	/* If the thread that had the slot before was the last holder, this one is still another. */
	__sync_val_compare_and_swap(&p->gil.owner, slot + 1, GS_OWNER_GONE);
	if (gs_has_gils(p)) {
		gs_gils_disown(p, slot);
		t->gil = gs_gil_seed(p, task->pid);
	}
	used = gs_threads_used;
	if (slot >= used)
		gs_threads_used = slot + 1; /* user space also checks `state` one slot further */
	t->pid = task->tgid;
	t->tid = task->pid;
	t->proc = proc;
	t->slot = slot;
	t->start_ns = now;
	t->born_ns = task->start_time;
	/* Its first release ends a hold from before the attach only if it missed nothing. */
	t->events = ref->missed;
	bpf_probe_read_kernel_str(t->comm, sizeof(t->comm), task->comm);
	barrier();
	t->state = GS_SLOT_LIVE;
	ref->slot = slot + 1;
	if (gs_config.record)
		tell_thread(task, t);
	return t;
}

static __always_inline struct gs_thread *thread_of(struct task_struct *task, u64 now, bool is_event)
{
	struct gs_thread_ref *ref = bpf_task_storage_get(&gs_thread_refs, task, NULL, 0);
	struct gs_thread *t;
	struct gs_proc *p;
	s32 proc;

	if (ref && ref->slot)
		return gs_thread_at(ref->slot - 1);
	proc = gs_target(task->tgid);
	if (proc < 0)
		return NULL;
	p = gs_proc_at(proc);
	/* An event from before the measurement, whose probe was held up, is no part of it. */
	if (!p || now < p->start_ns)
		return NULL;
	if (!ref)
		ref = bpf_task_storage_get(&gs_thread_refs, task, NULL,
					   BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!ref) {
		/*
		 * No memory: the kernel charges it to the memory cgroup of who made the map, our
		 * own, and does not wait for more here (tests/e2e/lost.sh fills that cgroup; before
		 * 6.4 it may exceed the limit).  Or its lock was held: by whom it interrupted, or
		 * another CPU.
		 */
		if (is_event)
			gs_lose(GS_LOSS_TASK_STORAGE, 1);
		return NULL;
	}
	t = slot_take(task, p, proc, ref, now);
	if (!t && is_event)
		gs_lose(GS_LOSS_THREADS_FULL, 1);
	return t;
}

__hidden struct gs_thread *gs_thread_get(struct task_struct *task, u64 now)
{
	return thread_of(task, now, true);
}

__hidden struct gs_thread *gs_thread_try(struct task_struct *task, u64 now)
{
	return thread_of(task, now, false);
}

static __always_inline void gs_raise(u64 *max, u64 v)
{
	/* Another CPU can win a few times; it then has raised it as well. */
	for (int i = 0; i < 8; i++) {
		u64 old = *(volatile u64 *)max;

		if (old >= v || __sync_val_compare_and_swap(max, old, v) == old)
			return;
	}
}

__noinline int gs_hist_add_shared(struct gs_hist *h, u64 v)
{
	u32 i = gs_hist_index(v), epoch = gs_epoch, old;

	if (!h)
		return 0;
	old = *(volatile u32 *)&h->epoch;
	if (old != epoch && __sync_val_compare_and_swap(&h->epoch, old, epoch) == old) {
		h->prev_max = old + 1 == epoch ? h->epoch_max : 0;
		h->epoch_max = 0;
	}
	__sync_fetch_and_add(&h->count, 1);
	__sync_fetch_and_add(&h->sum, v);
	gs_raise(&h->max, v);
	gs_raise(&h->epoch_max, v);
	if (i < GS_HIST_BUCKETS)
		__sync_fetch_and_add(&h->bucket[i], 1);
	return 0;
}
