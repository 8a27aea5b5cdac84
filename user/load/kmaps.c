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

/* @from, which thread @t writes, into @to. */
static void copy_whole(const struct gs_thread *t, void *to, const void *from, size_t size)
{
	for (int tries = 0; tries < 64; tries++) {
		u32 seq = load_u32(&t->seq);

		memcpy(to, from, size);
		__sync_synchronize();
		if (!(seq & 1) && load_u32(&t->seq) == seq)
			break;
	}
}

bool kmaps_thread(const struct kmaps *k, u32 i, struct gs_thread *ret_t)
{
	const struct gs_thread *t = &k->threads[i];

	if (load_u32(&t->state) == GS_SLOT_FREE)
		return false;
	copy_whole(t, ret_t, t, sizeof(*ret_t));
	return ret_t->state != GS_SLOT_FREE;
}

bool kmaps_loop(const struct kmaps *k, u32 i, struct gs_loop *ret_l)
{
	if (k->loops)
		copy_whole(&k->threads[i], ret_l, &k->loops[i], sizeof(*ret_l));
	return k->loops;
}

void kmaps_thread_free(const struct kmaps *k, u32 i)
{
	struct gs_thread *t = &k->threads[i];

	memset(t, 0, sizeof(*t));
	if (k->loops)
		memset(&k->loops[i], 0, sizeof(k->loops[i]));
	__sync_synchronize();
	(void)bpf_map_update_elem(k->free_threads_fd, NULL, &i, BPF_ANY);
}

int kmaps_proc_take(const struct kmaps *k, u32 *ret_i)
{
	return bpf_map_lookup_and_delete_elem(k->free_procs_fd, NULL, ret_i) ? -ENOSPC : 0;
}

/* As bpf/gils.bpf.c does it. */
static u32 gil_take(const struct kmaps *k, struct gs_more_gil *m, u64 address)
{
	u32 slot;

	if (bpf_map_lookup_and_delete_elem(k->free_gils_fd, NULL, &slot) || slot >= GS_GILS) {
		__atomic_store_n(&m->slot, GS_GIL_NONE, __ATOMIC_RELEASE);
		return GS_GIL_NONE;
	}
	k->gils[slot].address = address;
	__atomic_store_n(&m->slot, slot + 1, __ATOMIC_RELEASE);
	return slot + 1;
}

int kmaps_gil(const struct kmaps *k, u32 proc, u64 address)
{
	struct gs_proc *p = &k->procs[proc];

	for (int i = 0; i < GS_MORE_GILS; i++) {
		struct gs_more_gil *m = &p->more[i];
		u64 has = 0;

		if (__atomic_compare_exchange_n(&m->address, &has, address, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return gil_take(k, m, address) == GS_GIL_NONE ? -ENOSPC : i;
		if (has == address)
			return load_u32(&m->slot) == GS_GIL_NONE ? -ENOSPC : i;
	}
	return -ENOSPC;
}

static void gils_free(const struct kmaps *k, const struct gs_proc *p)
{
	for (int i = 0; i < GS_MORE_GILS && p->more[i].address; i++) {
		u32 slot = p->more[i].slot - 1;

		if (slot >= GS_GILS)
			continue;
		memset(&k->gils[slot], 0, sizeof(k->gils[slot]));
		(void)bpf_map_update_elem(k->free_gils_fd, NULL, &slot, BPF_ANY);
	}
}

void kmaps_proc_free(const struct kmaps *k, u32 i)
{
	struct gs_proc *p = &k->procs[i];

	gils_free(k, p);
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
