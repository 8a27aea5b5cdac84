/*
 * stacks: what Python code was running when the GIL was held, waited for, collected under.
 *
 *   tick of a CPU's clock    its thread holds        -> samples
 *   leaves the CPU, holding  until it is back        -> off_*_ns
 *   sleeps for the GIL       until it owns it        -> wait_ns
 *   collection starts        until its end           -> paused_ns
 *   object deallocated       some of them, randomly  -> deallocs
 *
 * A walk takes a microsecond or two, so no thread gets more than about a thousand a second for what
 * it does often (is_due()): what comes between two walks counts for the former.  Going to sleep
 * with the GIL has a thousand of its own.  A wait that goes on after its first sleep always gets
 * its own.
 *
 * The frames hang on the thread's PyThreadState.  While it holds the GIL that is gil->last_holder.
 * When it sleeps for it, it is the one it was last seen to hold with, or user space has told it
 * (gs_tstates).  A PyThreadState is the thread's if it has the thread's pthread_self(), which is
 * asked at each use: its memory may have become another's.
 */
#include "bpf/stacks.bpf.h"
#include "bpf/gils.bpf.h"
#include "bpf/stacks.h"

#define WALK_NS 1000000 /* a thread's walks are so far apart, on average */
#define WALKS_AT_ONCE 16 /* unless it had none for long */
#define LOOKS 64 /* a deallocation in half as many, at random, may be walked */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before load, as in the next */
	__type(key, struct gs_stack_key);
	__type(value, struct gs_stack_cost);
} gs_stack_costs SEC(".maps");

/* From user space: the PyThreadStates of threads, by tid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} gs_tstates SEC(".maps");

static __always_inline bool is_own(const struct gs_proc *p, u64 tstate)
{
	u64 self;

	return tstate &&
	       !bpf_probe_read_user(&self, sizeof(self),
				    (void *)(tstate + p->config.tstate_thread_id)) &&
	       gs_is_self(bpf_get_current_task_btf(), self);
}

/* The PyThreadState with which the current thread holds @g, or held it last; 0: it did not. */
static __always_inline u64 last_holder(const struct gs_proc *p, const struct gs_gil *g,
				       bool holding)
{
	struct gil_fields f;
	u64 at = p->config.gil_state;

	if (!at)
		return 0;
	if (g != &p->gil)
		at = gs_gil_field(p, g, at);
	if (bpf_probe_read_user(&f, sizeof(f), (void *)at) || (holding && f.locked != 1) ||
	    !is_own(p, f.last_holder))
		return 0;
	return f.last_holder;
}

/* The PyThreadState of the current thread, @t, which has or wants @g; 0: not known. */
static __always_inline u64 tstate_of(struct gs_thread *t, const struct gs_proc *p,
				     const struct gs_gil *g)
{
	u64 tstate = last_holder(p, g, false), *told;
	u32 tid = t->tid;

	if (!tstate && is_own(p, t->stack.tstate))
		return t->stack.tstate;
	if (!tstate) {
		told = bpf_map_lookup_elem(&gs_tstates, &tid);
		tstate = told && is_own(p, *told) ? *told : 0;
	}
	if (tstate)
		t->stack.tstate = tstate;
	else
		__sync_fetch_and_add(&gs_stacks.unknown, 1);
	return tstate;
}

static __always_inline bool is_current(const struct gs_thread *t)
{
	return t->tid == (u32)bpf_get_current_pid_tgid();
}

/*
 * May it be walked now that has had its share up to @due?  Then up to when it has had it after
 * that; else 0.
 */
static __always_inline u64 next_due(u64 due, u64 now)
{
	if (due > now + (u64)WALKS_AT_ONCE * WALK_NS)
		return 0;
	/* At random, lest it be always the same one of what a thread does in turn. */
	return (due > now ? due : now) + WALK_NS / 2 + bpf_get_prandom_u32() % WALK_NS;
}

/* May @t be walked now?  Then it has been. */
static __always_inline bool is_due(struct gs_thread *t, u64 now)
{
	u64 due = next_due(t->stack.due_ns, now);

	if (due)
		t->stack.due_ns = due;
	return due;
}

/* Likewise where it goes to sleep with the GIL, of which it has a share of its own: it may be away
 * for long, and other programs that take its CPU often do not use that up. */
static __always_inline bool is_asleep_due(struct gs_thread *t, u64 now)
{
	u64 due = next_due(t->stack.asleep_due_ns, now);

	if (due)
		t->stack.asleep_due_ns = due;
	return due;
}

static const struct gs_stack_cost nothing;

/* What thread @who (pid and tid, as bpf_get_current_pid_tgid()) did in @stack; NULL, counted, if
 * there is no room. */
static __always_inline struct gs_stack_cost *cost_of(u64 stack, u64 who)
{
	struct gs_stack_key key = { .stack = stack, .pid = who >> 32, .tid = (u32)who };
	struct gs_stack_cost *c = bpf_map_lookup_elem(&gs_stack_costs, &key);

	if (c)
		return c;
	if (!bpf_map_update_elem(&gs_stack_costs, &key, &nothing, BPF_NOEXIST))
		__sync_fetch_and_add(&gs_stacks.costs, 1);
	c = bpf_map_lookup_elem(&gs_stack_costs, &key); /* a tick's may have been first */
	if (!c)
		gs_lose(GS_LOSS_STACKS_FULL, 1);
	return c;
}

/* What stacks_charge() counts: X(what, field of struct gs_stack_cost, field of what it caused). */
#define CHARGES(X) \
	X(SAMPLE, samples, waiters) \
	X(PREEMPTED, off_preempted_ns, off_caused_ns) \
	X(BLOCKED, off_blocked_ns, off_caused_ns) \
	X(WAIT, wait_ns, off_caused_ns) \
	X(PAUSE, paused_ns, off_caused_ns) \
	X(DEALLOCS, deallocs, off_caused_ns)

enum charge {
#define X(what, field, caused) CHARGE_##what,
	CHARGES(X)
#undef X
};

/*
 * Add @n of @what to what @who did in @stack, and what it caused.  Scalars, not a struct: functions
 * that call each other have 512 bytes of stack together.  Atomically: the thread itself can be
 * interrupted by its CPU's tick.
 */
__noinline int stacks_charge(u64 stack, u64 who, u32 what, u64 n, u64 caused)
{
	struct gs_stack_cost *c;

	if (!gs_measures(GS_FAMILY_STACKS))
		return 0;
	c = cost_of(stack, who);
	if (!c)
		return 0;
	switch (what) {
#define X(what, field, caused_field) \
	case CHARGE_##what: \
		__sync_fetch_and_add(&c->field, n); \
		if (caused) \
			__sync_fetch_and_add(&c->caused_field, caused); \
		break;
		CHARGES(X)
#undef X
	}
	return 0;
}

static __always_inline u64 who_is(const struct gs_thread *t)
{
	return (u64)t->pid << 32 | t->tid;
}

__noinline int stacks_leaves(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	struct gs_gil *g;
	u64 tstate;
	bool due;

	if (!t || !p || !gs_measures(GS_FAMILY_STACKS) || !p->config.frames_known || !is_current(t))
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	due = t->off_preempted ? is_due(t, now) : is_asleep_due(t, now);
	if (due) {
		tstate = tstate_of(t, p, g);
		t->stack.off = tstate ? stacks_take(p, tstate) : 0;
	}
	t->stack.off_waited = GS_WAITED_NS(g->waited, now);
	return 0;
}

__noinline int stacks_off_ends(struct gs_thread *t, struct gs_proc *p, u64 end, u64 ns)
{
	struct gs_gil *g;
	u64 caused;

	if (!t || !p || !gs_measures(GS_FAMILY_STACKS) || !p->config.frames_known)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	caused = GS_WAITED_SINCE(GS_WAITED_NS(g->waited, end), t->stack.off_waited);
	if (caused >= 1ULL << 47)
		caused = 0; /* it ended before others came */
	return stacks_charge(t->stack.off, who_is(t),
			     t->off_preempted ? CHARGE_PREEMPTED : CHARGE_BLOCKED, ns, caused);
}

__noinline int stacks_sleeps(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	struct gs_gil *g;
	u64 tstate, stack;
	u32 seq;

	if (!t || !p || !gs_measures(GS_FAMILY_STACKS) || !p->config.frames_known ||
	    !is_current(t) || t->stack.wait_since_ns == t->wait_since_ns)
		return 0;
	if (!is_due(t, now) && t->wait_since_ns == now)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	tstate = tstate_of(t, p, g);
	stack = tstate ? stacks_take(p, tstate) : 0;
	if (t->stack.wait && t->wait.sum != t->stack.waited_ns)
		stacks_charge(t->stack.wait, who_is(t), CHARGE_WAIT,
			      t->wait.sum - t->stack.waited_ns, 0);
	seq = gs_write_begin(t);
	t->stack.wait = stack;
	t->stack.waited_ns = t->wait.sum;
	t->stack.wait_since_ns = t->wait_since_ns;
	gs_write_end(t, seq);
	return 0;
}

__noinline int stacks_collects(struct gs_proc *p, u32 gil)
{
	struct gs_gil *g;
	u64 tstate;

	if (!p || !gs_measures(GS_FAMILY_STACKS) || !p->config.frames_known)
		return 0;
	g = gs_gil_of(p, gil);
	if (!g)
		return 0;
	tstate = last_holder(p, g, true);
	g->gc_stack = tstate ? stacks_take(p, tstate) : 0;
	return 0;
}

__noinline int stacks_collected(struct gs_proc *p, u32 gil, u64 ns)
{
	struct gs_gil *g;

	if (!p || !gs_measures(GS_FAMILY_STACKS) || !p->config.frames_known)
		return 0;
	g = gs_gil_of(p, gil);
	if (g && g->gc_stack)
		stacks_charge(g->gc_stack, bpf_get_current_pid_tgid(), CHARGE_PAUSE, ns, 0);
	return 0;
}

__noinline int stacks_dealloc(void)
{
	u64 n, now, tstate, stack;
	struct gs_proc *p;

	if (!gs_measures(GS_FAMILY_STACKS))
		return 0;
	p = gs_proc_at(gs_target(bpf_get_current_pid_tgid() >> 32));
	if (!p || !p->config.frames_known)
		return 0;
	n = __sync_fetch_and_add(&p->stack.deallocs, 1) + 1;
	if (n < p->stack.next)
		return 0;
	p->stack.next = n + 1 + bpf_get_prandom_u32() % LOOKS;
	now = bpf_ktime_get_ns();
	if (now < p->stack.due_ns)
		return 0;
	p->stack.due_ns = now + WALK_NS;
	tstate = last_holder(p, &p->gil, true);
	stack = tstate ? stacks_take(p, tstate) : 0;
	if (stack)
		stacks_charge(stack, bpf_get_current_pid_tgid(), CHARGE_DEALLOCS,
			      n - p->stack.walked, 0);
	p->stack.walked = n;
	return 0;
}

/* The current thread, of the target @p, holds its GIL, perhaps. */
static __always_inline int tick(struct gs_proc *p)
{
	struct gs_gil *g = &p->gil;
	u64 tstate = last_holder(p, g, true);

	if (!tstate && gs_has_gils(p)) {
		g = gs_gil_of(p, gs_gil_held(p));
		tstate = g ? last_holder(p, g, true) : 0;
	}
	if (!tstate)
		return 0;
	return stacks_charge(stacks_take(p, tstate), bpf_get_current_pid_tgid(), CHARGE_SAMPLE, 1,
			     g->waiters);
}

SEC("?perf_event")
int gs_stack_tick(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct gs_proc *p = gs_proc_at(gs_target(task->tgid));

	if (!p || p->pid != (u32)task->tgid || p->state != GS_SLOT_LIVE || !p->config.frames_known)
		return 0;
	gs_hit(GS_HOOK_STACK_TICK);
	return tick(p);
}
