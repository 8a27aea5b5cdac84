/*
 * The GILs of one process, where there are several: an interpreter may have one of its own (CPython
 * 3.12+).  That of the main interpreter is in struct gs_proc; of the others, `more` has the
 * addresses and gs_gils the figures.
 */
#ifndef GS_BPF_GILS_BPF_H
#define GS_BPF_GILS_BPF_H

#include "bpf/core.bpf.h"

typedef struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GS_GILS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct gs_gil);
} gs_gils_map;
extern gs_gils_map gs_gils SEC(".maps");
extern gs_free_map gs_free_gils SEC(".maps");

/* Struct _gil_runtime_state from last_holder on; user space has checked the offsets. */
struct gil_fields {
	u64 last_holder;
	u32 locked;
	u32 pad;
	u64 switch_number;
};

static __always_inline struct gs_gil *gs_gil_at(u32 index)
{
	return bpf_map_lookup_elem(&gs_gils, &index);
}

/* Has it, or had it, GILs besides the main interpreter's?  Hardly any process. */
static __always_inline bool gs_has_gils(const struct gs_proc *p)
{
	return *(volatile u64 *)&p->more[0].address;
}

/* The GIL that @gil, as in gs_thread.gil, stands for; NULL: one without a slot. */
static __always_inline struct gs_gil *gs_gil_of(struct gs_proc *p, u32 gil)
{
	return gil ? gs_gil_at(gil - 1) : &p->gil;
}

/* Where what the configuration has the main interpreter's address of is for @g. */
static __always_inline u64 gs_gil_field(const struct gs_proc *p, const struct gs_gil *g,
					u64 address)
{
	return address + (g->address - p->gil.address);
}

/* What all of these return, or are told, of a GIL is what gs_thread.gil has. */

/* The GIL at @address in process @proc, made if it is new; GS_GIL_NONE: there is no room. */
u32 gs_gil_find(u32 proc, u64 address);

/*
 * Of the GILs besides the main interpreter's, the one with @futex between @from and @from + @size,
 * which are counted from the GIL's beginning; 0: none.
 */
u32 gs_gil_with(struct gs_proc *p, u64 futex, u32 from, u32 size);

#define GS_GIL_WAITED (1U << 31)

/*
 * Whose condition variable is @futex?  That GIL, with GS_GIL_WAITED; else 0.
 *
 * musl waits for a condition on a futex in the waiter's own stack, in a node of a list that begins
 * in the condition (src/thread/pthread_cond_timedwait.c of 1.2: struct waiter; a new one goes to
 * its front).  @sp: the stack pointer of the current thread, whose futex it is; 0: another's, of
 * which that cannot be told.
 */
u32 gs_gil_waited(struct gs_proc *p, u64 futex, u64 sp);

/* Likewise, the one that the current thread holds, by the GILs' memory. */
u32 gs_gil_held(struct gs_proc *p);

/* Likewise, the one that thread @tid held when the measurement began. */
u32 gs_gil_seed(struct gs_proc *p, u32 tid);

/* Thread slot @slot + 1 has a new thread: it is not the GILs' last owner. */
int gs_gils_disown(struct gs_proc *p, u32 slot);

/* The process of @p ends: count what its GILs are in the middle of. */
int gs_gils_end(struct gs_proc *p);

#endif
