/*
 * blame: who made whom wait for the GIL; bpf/blame.h has the rules.
 *
 * Exact mode.  The parts that a wait is charged in are without a gap between them, from its
 * beginning to its end, so that their sum is the wait.
 */
#include "bpf/blame.bpf.h"
#include "bpf/core.bpf.h"
#include "bpf/gils.bpf.h"

typedef struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before load */
	__type(key, struct gs_blame_key);
	__type(value, struct gs_blame);
} gs_blame_map;
gs_blame_map gs_blame SEC(".maps");

__noinline int blame_add(struct gs_thread *t, u32 holder, u64 ns, u64 waits)
{
	struct gs_blame first = { .waits = waits, .wait_ns = ns }, *b;
	struct gs_blame_key key = {};

	if (!t || gs_config.no_blame)
		return 0;
	key.pid = t->pid;
	key.holder = holder;
	key.waiter = t->tid;
	b = bpf_map_lookup_elem(&gs_blame, &key);
	if (b) {
		b->waits += waits; /* its row: nobody else writes it */
		b->wait_ns += ns;
	} else if (bpf_map_update_elem(&gs_blame, &key, &first, BPF_NOEXIST)) {
		t->unblamed +=
			waits; /* it is the unknown holder's: no time of a wait is nobody's */
		t->unblamed_ns += ns;
	}
	return 0;
}

/* One part of the wait of @t, a global function so that the verifier has no loop to unroll: 0 after
 * the last. */
__noinline int blame_step(struct gs_thread *t, struct gs_proc *p, u64 passes, u64 now)
{
	struct gs_blame_walk w;
	struct gs_gil *g;
	u32 holder = 0;
	u64 ns = 0;

	if (!t || !p)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	w.ns = t->blame_ns;
	w.pass = t->blame_pass;
	w.holder = t->blame_holder;
	if (!gs_blame_next(&w, g, passes, now, t->tid, &holder, &ns))
		return 0;
	t->blame_ns = w.ns;
	t->blame_pass = w.pass;
	t->blame_holder = w.holder;
	if (ns) {
		blame_add(t, holder, ns, t->blamed != holder);
		t->blamed = holder;
	}
	return 1;
}

__noinline int blame_charge(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	struct gs_gil *g;
	u64 passes;

	if (!t || !p || gs_config.no_blame)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	passes = *(volatile u64 *)&g->passes;
	for (int i = 0; i < GS_PASSES + 2; i++)
		if (!blame_step(t, p, passes, now))
			break;
	return 0;
}

__noinline int blame_sleeps_on(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	struct gs_gil *g;
	u32 seq;

	if (!t || !p)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g || *(volatile u64 *)&g->passes - t->blame_pass < GS_PASSES / 2)
		return 0;
	seq = gs_write_begin(t);
	blame_charge(t, p, now);
	gs_write_end(t, seq);
	return 0;
}
