/*
 * offcpu: a holder of the GIL off the CPU, and why.
 *
 *   ON CPU --preempted--> RUNNABLE -----------------------------> ON CPU
 *      \\--sleeps--> BLOCKED (in a call) --woken--> RUNNABLE --> ON CPU
 *
 * When it was woken is not seen: the scheduler's own books have how long it was runnable after
 * that, up to when it got a CPU.
 */
#include "bpf/core.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/offcpu.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/stacks.bpf.h"

/* It was asleep for @ns in t->off_call. */
__noinline int off_cpu_blocked(struct gs_thread *t, u64 ns)
{
	u32 call;
	struct gs_blocked *b;

	if (!t)
		return 0;
	call = t->off_call ?: GS_BLOCKED_REST;
	for (int i = 0; i < GS_BLOCKED_ROWS; i++) {
		b = &t->blocked[i];
		if (b->call == call)
			break;
		if (!b->call) {
			b->call = i < GS_BLOCKED_ROWS - 1 ? call : GS_BLOCKED_REST;
			break;
		}
	}
	b->count++;
	b->ns += ns;
	if (ns > b->max_ns)
		b->max_ns = ns;
	return 0;
}

static __always_inline void tell(const struct gs_thread *t, u64 end, u64 ns)
{
	struct gs_record_2 r = {
		.r = { .end_ns = end,
		       .ns = ns,
		       .tid = t->tid,
		       .kind = GS_REC_OFF_CPU,
		       .arg = t->gil },
	};

	if (!gs_config.record)
		return;
	if (t->off_preempted)
		r.r.flags = GS_REC_PREEMPTED;
	else
		r.a = t->off_call;
	gs_tell(&r, sizeof(r));
}

/* One part of it, of the kind that t->off_preempted says. */
__noinline int off_cpu_part(struct gs_thread *t, struct gs_proc *p, u64 end, u64 ns)
{
	struct gs_gil *g;

	if (!t || !p || !ns)
		return 0;
	if (t->off_preempted) {
		t->held_preempted_ns += ns;
	} else {
		t->held_blocked_ns += ns;
		off_cpu_blocked(t, ns);
	}
	if (gs_measures(GS_FAMILY_STACKS))
		stacks_off_ends(t, p, end, ns);
	tell(t, end, ns);
	g = t->gil ? gs_gil_of(p, t->gil) : NULL;
	if (g)
		gil_adds(t, t->off_preempted ? &g->held_preempted_ns : &g->held_blocked_ns, ns);
	return 0;
}

/* Who waited up to @at has been told of: what comes then is the next part's. */
static __always_inline void stacks_goes_on(struct gs_thread *t, struct gs_proc *p, u64 at)
{
	struct gs_gil *g = gs_gil_of(p, t->gil);
	u64 waited = g ? GS_WAITED_NS(g->waited, at) : 0;

	if (g && GS_WAITED_SINCE(waited, t->stack.off_waited) < 1ULL << 47)
		t->stack.off_waited = waited;
}

__noinline int gil_off_cpu(struct gs_thread *t, struct gs_proc *p, u64 end, u64 ns)
{
	u64 queued, slept;
	u32 seq;

	if (!t || !p)
		return 0;
	queued = t->off_preempted ? ns : t->queued_ns;
	slept = queued < ns ? ns - queued : 0;
	seq = gs_write_begin(t);
	off_cpu_part(t, p, end - (ns - slept), slept);
	if (gs_measures(GS_FAMILY_STACKS) && slept)
		stacks_goes_on(t, p, end - (ns - slept));
	t->off_preempted = 1;
	off_cpu_part(t, p, end, ns - slept);
	gs_write_end(t, seq);
	return 0;
}
