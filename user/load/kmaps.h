/*
 * The kernel side's memory as user space sees it: mapped arrays, and descriptors of the rest.
 * Filled by skel.c; read by the families and the session.
 */
#ifndef GS_USER_LOAD_KMAPS_H
#define GS_USER_LOAD_KMAPS_H

#include <stddef.h>

#include "bpf/losses.h"
#include "bpf/refs.h"
#include "bpf/state.h"

struct kmaps {
	struct gs_thread *threads; /* max_threads slots, shared with BPF; writing only while FREE */
	struct gs_proc *procs; /* max_processes slots, likewise */
	u32 max_threads, max_processes, max_sites;
	u32 *epoch; /* gs_epoch, ours to move on */
	const u32 *threads_used; /* slots below it have been used */
	struct gs_burst *burst; /* counting in bursts; see bpf/refs.h */
	int targets_fd, losses_fd, hits_fd, sites_fd, types_fd, life_fd, records_fd, blame_fd;
	int free_threads_fd, free_procs_fd;
	int ncpus; /* values per per-CPU entry */
};

/*
 * Copy slot @i of the threads into *@ret_t, whole: not in the middle of an update, unless its
 * thread was descheduled there (then the best of some tries).  False if the slot is free.
 */
bool kmaps_thread(const struct kmaps *k, u32 i, struct gs_thread *ret_t);

/* Slots worth looking at: 0 up to but excluding this. */
u32 kmaps_threads_end(const struct kmaps *k);

/* Give slot @i back for use by another thread; its values must have been taken. */
void kmaps_thread_free(const struct kmaps *k, u32 i);

/* Take a process slot: 0 and its index, or -ENOSPC. */
int kmaps_proc_take(const struct kmaps *k, u32 *ret_i);

/* Give a process slot back.  No thread slot may refer to it any more. */
void kmaps_proc_free(const struct kmaps *k, u32 i);

/* The losses counted so far, all CPUs together.  0 or a negative errno. */
int kmaps_losses(const struct kmaps *k, u64 ret_count[GS_LOSS_COUNT]);

/*
 * Hits of @n hooks and sites from index @first on, all CPUs together (an index: enum gs_hook,
 * or GS_HOOK_COUNT + index into gs_sites).  0 or a negative errno.
 */
int kmaps_hits(const struct kmaps *k, u32 first, u64 *ret_hits, u32 n);

#endif
