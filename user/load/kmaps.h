/*
 * The kernel side's memory as user space sees it: mapped arrays, and descriptors of the rest.
 * Filled by skel.c; read by the families and the session.
 */
#ifndef GS_USER_LOAD_KMAPS_H
#define GS_USER_LOAD_KMAPS_H

#include <stddef.h>

#include "bpf/asyncio.h"
#include "bpf/losses.h"
#include "bpf/refs.h"
#include "bpf/state.h"

struct kmaps {
	struct gs_thread *threads; /* max_threads slots, shared with BPF; writing only while FREE */
	struct gs_proc *procs; /* max_processes slots, likewise */
	struct gs_gil *gils; /* GS_GILS slots of GILs of subinterpreters, likewise */
	struct gs_loop *loops; /* of the asyncio family, by slot of thread; NULL: not measured */
	u32 max_threads, max_processes, max_sites;
	u32 *epoch; /* gs_epoch, ours to move on */
	const u32 *threads_used; /* slots below it have been used */
	struct gs_burst *burst; /* counting in bursts; see bpf/refs.h */
	int targets_fd, losses_fd, hits_fd, sites_fd, types_fd, life_fd, records_fd, blame_fd,
		kin_fd;
	const struct gs_stacks_state *stacks; /* how full its tables are; see bpf/stacks.h */
	int stacks_known_fd, stack_costs_fd, stacks_ring_fd, tstates_fd;
	bool native; /* the next two are there: see bpf/native.h */
	int native_ring_fd, native_codes_fd;
	int free_threads_fd, free_procs_fd, free_gils_fd;
	int ncpus; /* values per per-CPU entry */
};

/*
 * Copy slot @i of the threads into *@ret_t, whole: not in the middle of an update, unless its
 * thread was descheduled there (then the best of some tries).  False if the slot is free.
 */
bool kmaps_thread(const struct kmaps *k, u32 i, struct gs_thread *ret_t);

/* The same for what the asyncio family keeps of slot @i.  False if it is not measured. */
bool kmaps_loop(const struct kmaps *k, u32 i, struct gs_loop *ret_l);

/* Slots worth looking at: 0 up to but excluding this. */
u32 kmaps_threads_end(const struct kmaps *k);

/* Give slot @i back for use by another thread; its values must have been taken. */
void kmaps_thread_free(const struct kmaps *k, u32 i);

/* Take a process slot: 0 and its index, or -ENOSPC. */
int kmaps_proc_take(const struct kmaps *k, u32 *ret_i);

/* Give a process slot back.  No thread slot may refer to it any more. */
void kmaps_proc_free(const struct kmaps *k, u32 i);

/*
 * kmaps_gil - the GIL at @address in the process of slot @proc, besides the main interpreter's, for
 * BPF to know; from any thread
 * Return: its index in gs_procs.more, or -ENOSPC if there is no room for it.
 */
int kmaps_gil(const struct kmaps *k, u32 proc, u64 address);

/* The losses counted so far, all CPUs together.  0 or a negative errno. */
int kmaps_losses(const struct kmaps *k, u64 ret_count[GS_LOSS_COUNT]);

/*
 * Hits of @n hooks and sites from index @first on, all CPUs together (an index: enum gs_hook,
 * or GS_HOOK_COUNT + index into gs_sites).  0 or a negative errno.
 */
int kmaps_hits(const struct kmaps *k, u32 first, u64 *ret_hits, u32 n);

#endif
