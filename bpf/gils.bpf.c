/*
 * The GILs of one process; see gils.bpf.h.
 *
 * These are global functions: the verifier goes through each once.  It takes their pointers for
 * NULL, perhaps; none is.
 */
#include "bpf/gils.bpf.h"

#define WRITTEN_SOON 32 /* looks at a slot that another CPU is about to write */

/* A slot for the GIL whose entry of `more` is @m. */
__noinline u32 gs_gil_make(struct gs_more_gil *m, u64 address)
{
	struct gs_gil *g;
	u32 slot;

	if (!m)
		return 0;
	if (bpf_map_pop_elem(&gs_free_gils, &slot) || !(g = gs_gil_at(slot))) {
		m->slot = GS_GIL_NONE;
		return GS_GIL_NONE;
	}
	g->address = address;
	barrier();
	m->slot = slot + 1;
	return slot + 1;
}

__noinline u32 gs_gil_slot(struct gs_more_gil *m)
{
	u32 i, slot;

	if (!m)
		return 0;
	for (i = 0; i < WRITTEN_SOON; i++) {
		slot = *(volatile u32 *)&m->slot;
		if (slot)
			return slot;
	}
	return GS_GIL_NONE;
}

__noinline u32 gs_gil_find(u32 proc, u64 address)
{
	struct gs_proc *p = gs_proc_at(proc);
	struct gs_more_gil *m;
	u64 has;
	u32 i;

	if (!p || !address || address == p->gil.address)
		return 0;
	for (i = 0; i < GS_MORE_GILS; i++) {
		m = &p->more[i];
		has = *(volatile u64 *)&m->address;
		if (!has) {
			has = __sync_val_compare_and_swap(&m->address, 0, address);
			if (!has)
				return gs_gil_make(m, address);
		}
		if (has == address)
			return gs_gil_slot(m);
	}
	return GS_GIL_NONE;
}

__noinline u32 gs_gil_with(struct gs_proc *p, u64 futex, u32 from, u32 size)
{
	u64 at;
	u32 i;

	if (!p)
		return 0;
	for (i = 0; i < GS_MORE_GILS; i++) {
		at = p->more[i].address;
		if (!at)
			return 0;
		if (futex - (at + from) < size)
			return p->more[i].slot;
	}
	return 0;
}

#define OWN_STACK 4096 /* bytes of it, beyond what a system call is given */
#define MUSL_HEAD 8 /* from a condition to the pointer to its first waiter */
#define MUSL_BARRIER 20 /* from a waiter to its futex; it begins with a pointer: the one before */
#define MUSL_WAITERS 8 /* that came after it, before it went to sleep */

/* Is the first waiter of the condition at @cond the one at @node? */
static __always_inline bool musl_first(u64 cond, u64 node)
{
	u64 head;

	return !bpf_probe_read_user(&head, sizeof(head), (void *)(cond + MUSL_HEAD)) &&
	       head == node;
}

static __always_inline u32 musl_waited(struct gs_proc *p, u64 futex)
{
	u64 node = futex - MUSL_BARRIER, before, at;
	u32 i;

	for (i = 0; i < MUSL_WAITERS; i++) {
		if (bpf_probe_read_user(&before, sizeof(before), (void *)node))
			return 0;
		if (!before)
			break;
		node = before;
	}
	if (musl_first(p->config.gil_cond, node))
		return GS_GIL_WAITED;
	for (i = 0; i < GS_MORE_GILS; i++) {
		at = p->more[i].address;
		if (!at)
			return 0;
		if (musl_first(at + (p->config.gil_cond - p->gil.address), node))
			return GS_GIL_WAITED | p->more[i].slot;
	}
	return 0;
}

__noinline u32 gs_gil_waited(struct gs_proc *p, u64 futex, u64 sp)
{
	u32 gil;

	if (!p)
		return 0;
	if (futex - p->config.gil_cond < p->config.gil_cond_size)
		return GS_GIL_WAITED;
	gil = gs_has_gils(p) ? gs_gil_with(p, futex, p->config.gil_cond - p->gil.address,
					   p->config.gil_cond_size)
			     : 0;
	if (gil)
		return GS_GIL_WAITED | gil;
	return sp && futex - sp < OWN_STACK ? musl_waited(p, futex) : 0;
}

/* Memory that cannot be read is that of an interpreter which is no more. */
static __always_inline bool holds(const struct gs_proc *p, u64 address, struct task_struct *task)
{
	const struct gs_proc_config *c = &p->config;
	u64 at = c->gil_state + (address - p->gil.address), its;
	struct gil_fields f;

	return !bpf_probe_read_user(&f, sizeof(f), (void *)at) && f.locked == 1 && f.last_holder &&
	       !bpf_probe_read_user(&its, sizeof(its),
				    (void *)(f.last_holder + c->tstate_thread_id)) &&
	       gs_is_self(task, its);
}

__noinline u32 gs_gil_held(struct gs_proc *p)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 at;
	u32 i;

	if (!p || !p->config.gil_state)
		return 0;
	for (i = 0; i < GS_MORE_GILS; i++) {
		at = p->more[i].address;
		if (!at)
			return 0;
		if (holds(p, at, task))
			return p->more[i].slot;
	}
	return 0;
}

__noinline u32 gs_gil_seed(struct gs_proc *p, u32 tid)
{
	u32 i;

	if (!p)
		return 0;
	for (i = 0; i < GS_MORE_GILS && p->more[i].address; i++) {
		if (p->more[i].seed_tid == tid)
			return p->more[i].slot;
	}
	return 0;
}

__noinline int gs_gils_disown(struct gs_proc *p, u32 slot)
{
	struct gs_gil *g;
	u32 i;

	if (!p)
		return 0;
	for (i = 0; i < GS_MORE_GILS && p->more[i].address; i++) {
		g = gs_gil_at(p->more[i].slot - 1);
		if (g)
			__sync_val_compare_and_swap(&g->owner, slot + 1, GS_OWNER_GONE);
	}
	return 0;
}

__noinline int gs_gils_end(struct gs_proc *p)
{
	struct gs_gil *g;
	u32 i;

	if (!p)
		return 0;
	for (i = 0; i < GS_MORE_GILS && p->more[i].address; i++) {
		g = gs_gil_at(p->more[i].slot - 1);
		if (g && g->gc_since_ns)
			gs_lose(GS_LOSS_EXIT_MID_GC, 1);
	}
	return 0;
}
