/* Reading the kernel side's memory; see kmaps.h. */
#include "user/load/kmaps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static u32 load_u32(const u32 *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

u32 kmaps_threads_end(const struct kmaps *k)
{
	u32 end = load_u32(k->threads_used);

	/* Two CPUs can raise the mark at once and one of them win: look on while in use. */
	while (end < k->max_threads && load_u32(&k->threads[end].state) != GS_SLOT_FREE)
		end++;
	return end < k->max_threads ? end : k->max_threads;
}

bool kmaps_thread(const struct kmaps *k, u32 i, struct gs_thread *ret_t)
{
	const struct gs_thread *t = &k->threads[i];

	if (load_u32(&t->state) == GS_SLOT_FREE)
		return false;
	for (int tries = 0; tries < 64; tries++) {
		u32 seq = load_u32(&t->seq);

		memcpy(ret_t, t, sizeof(*ret_t));
		__sync_synchronize();
		if (!(seq & 1) && load_u32(&t->seq) == seq)
			break;
	}
	return ret_t->state != GS_SLOT_FREE;
}

void kmaps_thread_free(const struct kmaps *k, u32 i)
{
	struct gs_thread *t = &k->threads[i];

	memset(t, 0, sizeof(*t));
	__sync_synchronize();
	(void)bpf_map_update_elem(k->free_threads_fd, NULL, &i, BPF_ANY);
}

int kmaps_proc_take(const struct kmaps *k, u32 *ret_i)
{
	return bpf_map_lookup_and_delete_elem(k->free_procs_fd, NULL, ret_i) ? -ENOSPC : 0;
}

void kmaps_proc_free(const struct kmaps *k, u32 i)
{
	struct gs_proc *p = &k->procs[i];

	memset(p, 0, sizeof(*p));
	__sync_synchronize();
	(void)bpf_map_update_elem(k->free_procs_fd, NULL, &i, BPF_ANY);
}

static u64 percpu_sum(const u64 *v, int ncpus)
{
	u64 sum = 0;

	for (int i = 0; i < ncpus; i++)
		sum += v[i];
	return sum;
}

/* Sums of @n entries, from @first on, of the per-CPU array @fd. */
static int read_percpu(int fd, int ncpus, u32 first, u64 *ret_sums, u32 n)
{
	u64 *v = calloc(ncpus, sizeof(*v));
	int err = 0;

	if (!v)
		return -ENOMEM;
	for (u32 i = 0; i < n && !err; i++) {
		u32 key = first + i;

		if (bpf_map_lookup_elem(fd, &key, v))
			err = -errno;
		else
			ret_sums[i] = percpu_sum(v, ncpus);
	}
	free(v);
	return err;
}

int kmaps_losses(const struct kmaps *k, u64 ret_count[GS_LOSS_COUNT])
{
	return read_percpu(k->losses_fd, k->ncpus, 0, ret_count, GS_LOSS_COUNT);
}

int kmaps_hits(const struct kmaps *k, u32 first, u64 *ret_hits, u32 n)
{
	return read_percpu(k->hits_fd, k->ncpus, first, ret_hits, n);
}
