/*
 * asyncio: event loops, seen where they wait for their epoll and where tasks are stepped.
 *
 *   SELECT --the call returns--> RUN --the call is made again--> SELECT
 *                                 | ^                 (an iteration has ended)
 *                            step v | step_done
 *                                STEP
 *
 * A thread is an event loop's once it has run a task's step.  The loop's own epoll is told from any
 * other the thread uses: it is the one that is waited for between steps.  A new loop in the same
 * thread makes a new epoll: what was going on then was the end of the old one, not a long
 * iteration.
 */
#include "bpf/asyncio.h"
#include "bpf/core.bpf.h"
#include "bpf/record.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before load */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32); /* thread slot */
	__type(value, struct gs_loop);
} gs_loops SEC(".maps");

static __always_inline struct gs_loop *loop_of(const struct gs_thread *t)
{
	u32 slot = t->slot;

	return bpf_map_lookup_elem(&gs_loops, &slot);
}

/* Has the thread run steps since it made its selector? */
static __always_inline bool is_loop(const struct gs_loop *l)
{
	return l->steps != l->steps_before;
}

static __always_inline void iteration_ends(struct gs_thread *t, struct gs_loop *l, u64 now)
{
	u64 since = l->since_ns, ns;
	bool slow;

	l->since_ns = 0;
	if (!since || !is_loop(l) || !gs_elapsed(since, now, &ns))
		return;
	slow = ns > gs_config.slow_ns;
	gs_hist_add(&l->iteration, ns);
	if (slow) {
		l->slow++;
		l->slow_ns += ns;
	}
	gs_record(GS_REC_ITERATION, t->tid, now, ns, slow ? GS_REC_SLOW : 0, 0);
}

/* Is the epoll that is waited for the loop's own? */
static __always_inline bool is_own(struct gs_loop *l, u32 selector)
{
	if (l->selector == selector) {
		l->other = 0;
		return true;
	}
	if (l->depth) /* called by a task, and not by a loop that it runs itself */
		return false;
	if (l->selector && is_loop(l)) {
		if (l->other != selector || l->other_steps == l->steps) {
			l->other = selector;
			l->other_steps = l->steps;
			return false;
		}
		l->since_ns = 0; /* it ran in another's time */
	}
	l->selector = selector;
	l->other = 0;
	return true;
}

static __always_inline void enters(struct gs_thread *t, struct gs_loop *l, u32 fd, u64 now)
{
	l->in_call = is_own(l, fd + 1);
	if (!l->in_call)
		return;
	l->enter_ns = now;
	iteration_ends(t, l, now);
}

/* The new epoll is not a task's own: the loop that was this thread's is no more. */
static __always_inline void epoll_made(struct gs_loop *l)
{
	if (l->depth)
		return;
	l->steps_before = l->steps;
	l->since_ns = 0;
	l->selector = 0;
	l->in_call = 0;
}

/* On the sys_enter tracepoints of the calls that wait for an epoll, and of epoll_create1. */
SEC("?tp/syscalls/sys_enter")
int gs_loop_enter(struct trace_event_raw_sys_enter *ctx)
{
	/* The kernel fills in 32 bits of it (struct syscall_tp_t, kernel/trace/trace_syscalls.c).
	 */
	u32 nr = (u32)ctx->id, seq;
	struct gs_thread *t;
	struct gs_loop *l;
	u64 now;

	if (gs_target(bpf_get_current_pid_tgid() >> 32) < 0)
		return 0;
	gs_hit(GS_HOOK_LOOP_ENTER);
	now = bpf_ktime_get_ns();
	t = gs_thread_try(bpf_get_current_task_btf(), now);
	l = t ? loop_of(t) : NULL;
	if (!l)
		return 0;
	seq = gs_write_begin(t);
	if (nr == GS_NR_epoll_create1)
		epoll_made(l);
	else
		enters(t, l, (u32)ctx->args[0], now);
	gs_write_end(t, seq);
	return 0;
}

/* On the sys_exit tracepoints of the former. */
SEC("?tp/syscalls/sys_exit")
int gs_loop_leave(struct trace_event_raw_sys_exit *ctx)
{
	struct gs_thread *t;
	struct gs_loop *l;

	if (gs_target(bpf_get_current_pid_tgid() >> 32) < 0)
		return 0;
	gs_hit(GS_HOOK_LOOP_LEAVE);
	t = gs_thread_peek(bpf_get_current_task_btf());
	l = t ? loop_of(t) : NULL;
	if (!l || !l->in_call)
		return 0;
	l->in_call = 0;
	l->since_ns = bpf_ktime_get_ns();
	/*
	 * As the io family sees it.  A call that did not sleep leaves it: what was woken for may
	 * have been put off to the next iteration, as a future's waiters are.
	 */
	if (t->woken_ns > l->enter_ns)
		l->woken_ns = t->woken_ns;
	return 0;
}

static __always_inline void step_begins(struct gs_loop *l, u64 now)
{
	u64 ns, delay = (u64)-1;
	u32 depth = l->depth;

	if (l->woken_ns && gs_elapsed(l->woken_ns, now, &ns)) {
		gs_hist_add(&l->step_delay, ns);
		delay = ns;
	}
	l->woken_ns = 0;
	l->steps++;
	l->depth = depth + 1;
	if (depth < GS_STEP_DEPTH) {
		l->step_since_ns[depth & (GS_STEP_DEPTH - 1)] = now;
		l->step_delay_ns[depth & (GS_STEP_DEPTH - 1)] = delay;
	}
}

static __always_inline void tell_step(const struct gs_thread *t, u64 now, u64 ns, bool slow,
				      u64 delay)
{
	struct gs_record_2 r = {
		.r = { .end_ns = now,
		       .ns = ns,
		       .tid = t->tid,
		       .kind = GS_REC_STEP,
		       .flags = slow ? GS_REC_SLOW : 0 },
		.a = delay,
	};

	if (gs_config.record)
		gs_tell(&r, sizeof(r));
}

static __always_inline void step_ends(struct gs_thread *t, struct gs_loop *l, u64 now)
{
	u32 depth = l->depth;
	bool slow;
	u64 ns;

	if (!depth) /* it began before the measurement, or was no step */
		return;
	l->depth = --depth;
	if (depth >= GS_STEP_DEPTH ||
	    !gs_elapsed(l->step_since_ns[depth & (GS_STEP_DEPTH - 1)], now, &ns))
		return;
	slow = ns > gs_config.slow_ns;
	gs_hist_add(&l->step, ns);
	l->slow_steps += slow;
	tell_step(t, now, ns, slow, l->step_delay_ns[depth & (GS_STEP_DEPTH - 1)]);
}

__hidden int asyncio_site(u32 event, u64 now)
{
	struct gs_thread *t;
	struct gs_loop *l;
	u32 seq;

	if (!gs_measures(GS_FAMILY_ASYNCIO))
		return 0;
	t = gs_thread_get(bpf_get_current_task_btf(), now);
	l = t ? loop_of(t) : NULL;
	if (!l)
		return 0;
	seq = gs_write_begin(t);
	if (event == GS_EVENT_ASYNCIO_STEP)
		step_begins(l, now);
	else
		step_ends(t, l, now);
	gs_write_end(t, seq);
	return 0;
}
