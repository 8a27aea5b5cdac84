/*
 * What every family's BPF side shares: the maps, the slots of threads and processes, counting.
 *
 * A thread's slot number lives in its task storage; a process's in gs_targets, by tgid.
 * Every early return is either "not ours" or is counted as a loss.
 */
#ifndef GS_BPF_CORE_BPF_H
#define GS_BPF_CORE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/config.h"
#include "bpf/families.h"
#include "bpf/hist.bpf.h"
#include "bpf/losses.h"
#include "bpf/machine.bpf.h"
#include "bpf/site.h"
#include "bpf/state.h"

#define barrier() asm volatile("" ::: "memory")

extern const volatile struct gs_config gs_config;
extern u32 gs_threads_used; /* slots below this one have been used */

/* The definitions must be the same wherever the linker meets them: so one typedef each. */
typedef struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256); /* set before load */
	__type(key, u32); /* tgid */
	__type(value, u32); /* index into gs_procs */
} gs_targets_map;
extern gs_targets_map gs_targets SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before load */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct gs_proc);
} gs_procs_map;
extern gs_procs_map gs_procs SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before load */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct gs_thread);
} gs_threads_map;
extern gs_threads_map gs_threads SEC(".maps");

/* Free slot numbers; the lowest on top, so that the ones in use stay together. */
typedef struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1); /* set before load */
	__uint(value_size, sizeof(u32));
} gs_free_map;
extern gs_free_map gs_free_threads SEC(".maps");
extern gs_free_map gs_free_procs SEC(".maps");

struct gs_thread_ref {
	u32 slot; /* index into gs_threads + 1; 0: none */
	u32 missed; /* had events while there was no slot for it */
};

typedef struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct gs_thread_ref);
} gs_thread_refs_map;
extern gs_thread_refs_map gs_thread_refs SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GS_LOSS_COUNT);
	__type(key, u32); /* enum gs_loss */
	__type(value, u64);
} gs_losses_map;
extern gs_losses_map gs_losses SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GS_HOOK_COUNT); /* set before load: hooks, then sites */
	__type(key, u32);
	__type(value, u64);
} gs_hits_map;
extern gs_hits_map gs_hits SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before load */
	__type(key, u32);
	__type(value, struct gs_site);
} gs_sites_map;
extern gs_sites_map gs_sites SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} gs_life_ring_map;
extern gs_life_ring_map gs_life_ring SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* set before load */
} gs_records_map;
extern gs_records_map gs_records SEC(".maps");

static __always_inline bool gs_measures(u32 family)
{
	return gs_config.families & GS_FAMILY_BIT(family);
}

/* Count @n losses.  Per CPU, yet atomic: handlers can interrupt each other. */
static __always_inline void gs_lose(u32 cause, u64 n)
{
	u64 *count = bpf_map_lookup_elem(&gs_losses, &cause);

	if (count)
		__sync_fetch_and_add(count, n);
}

static __always_inline void gs_hit(u32 index)
{
	u64 *count = bpf_map_lookup_elem(&gs_hits, &index);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* Index into gs_procs of a target process, or -1. */
static __always_inline s32 gs_target(u32 tgid)
{
	u32 *proc;

	/* The common case, without a hash look-up on every context switch of the machine. */
	if (gs_config.only_pid && gs_config.only_pid != tgid)
		return -1;
	proc = bpf_map_lookup_elem(&gs_targets, &tgid);
	return proc ? (s32)*proc : -1;
}

/* A process's slot once it is measured; NULL before. */
static __always_inline struct gs_proc *gs_proc_at(u32 index)
{
	struct gs_proc *p = bpf_map_lookup_elem(&gs_procs, &index);

	return p && p->start_ns ? p : NULL;
}

static __always_inline struct gs_thread *gs_thread_at(u32 index)
{
	return bpf_map_lookup_elem(&gs_threads, &index);
}

/* The slot of a thread that has one already; never makes one. */
static __always_inline struct gs_thread *gs_thread_peek(struct task_struct *task)
{
	struct gs_thread_ref *ref = bpf_task_storage_get(&gs_thread_refs, task, NULL, 0);

	return ref && ref->slot ? gs_thread_at(ref->slot - 1) : NULL;
}

/*
 * The slot of @task, taking one for a target's thread that has none; @now is the event's time.
 * NULL: not a target's, not measured yet, or no slot left (counted).
 */
struct gs_thread *gs_thread_get(struct task_struct *task, u64 now);

/*
 * The same for what is only seen on the way to an event that will be counted itself: going without
 * a slot is no loss of its own.
 */
struct gs_thread *gs_thread_try(struct task_struct *task, u64 now);

/*
 * A thread writes its slot between these two; user space retries while seq is odd.  Handlers
 * can nest (a context switch inside a probe): the inner one leaves seq odd.
 */
static __always_inline u32 gs_write_begin(struct gs_thread *t)
{
	u32 seq = t->seq;

	t->seq = seq | 1;
	barrier();
	return seq;
}

static __always_inline void gs_write_end(struct gs_thread *t, u32 seq)
{
	barrier();
	if (!(seq & 1))
		t->seq = seq + 2;
}

/* @to - @from into *@ret_ns; false, and counted, if the clock went back. */
static __always_inline bool gs_elapsed(u64 from, u64 to, u64 *ret_ns)
{
	if (to < from) {
		gs_lose(GS_LOSS_CLOCK_BACK, 1);
		return false;
	}
	*ret_ns = to - from;
	return true;
}

/*
 * The scheduler's view of a thread of a target, for the io family (called by sched.bpf.c):
 * it went to sleep in one of the family's calls; it runs again.
 */
int io_block(struct gs_thread *t, u32 call, u64 now);
int io_run(struct gs_thread *t, u64 now);

/* The io family's call with system call number @nr, or GS_IO_COUNT. */
static __always_inline u32 gs_io_call_of(u64 nr)
{
	switch (nr) {
#define X(NAME, name) \
	case GS_NR_##name: \
		return GS_IO_##NAME;
		GS_IO_CALLS(X)
#undef X
	}
	return GS_IO_COUNT;
}

/* What the families do at their sites; called by the one program on all sites (site.bpf.c). */
int gil_site(struct pt_regs *ctx, u32 event, u32 site, u64 address, u64 now);
int gc_site(struct pt_regs *ctx, u32 event, u32 site);
int refs_site(struct pt_regs *ctx, u32 event, u32 site); /* 1: counted a deallocation */
int asyncio_site(u32 event, u64 now);
int ft_site(struct pt_regs *ctx, u32 event, u32 site, u64 now);

/* The end of a thread, for the families that keep something open (called by proc.bpf.c). */
int gil_thread_exit(struct gs_thread *t, u64 now);

/* The thread is about to sleep on the condition of @gil, or was found asleep on it. */
int gil_wait_begin(struct gs_thread *t, u32 gil, u64 since_ns);

/* Value of a site's @n-th argument; false if it has none, or (counted) it cannot be read. */
bool gs_site_arg(struct pt_regs *ctx, u32 site, u32 n, u64 *ret_v);

#endif
