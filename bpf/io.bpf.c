/*
 * io: epoll, poll and select, and what a wake-up takes to reach running Python code.
 *
 *   RUN --sleeps in the call--> BLOCKED --sched_waking--> WOKEN --runs--> RUN
 *                                  ^----- sleeps again --------------------/ |
 *                                              the call returns <------------+
 *
 * Sleeping and running are the scheduler's view (sched.bpf.c); here are the wake-up and the
 * return.  A call's arguments are still in its registers when it returns, so no entry
 * tracepoint is needed.  The last wake-up counts: a sleeper woken in vain sleeps on.
 */
#include "bpf/core.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/watch.bpf.h"

u32 gs_io_seen = 0; /* a thread has slept in one of the calls: a wake-up may matter */

__hidden int io_block(struct gs_thread *t, u32 call, u64 now)
{
	if (!gs_io_seen)
		gs_io_seen = 1;
	t->woken_ns = 0;
	t->ran_ns = 0;
	if (t->block_since_ns && t->io_call == call + 1)
		return 0;
	t->io_call = call + 1;
	t->block_since_ns = now;
	return 0;
}

__hidden int io_run(struct gs_thread *t, u64 now)
{
	if (t->block_since_ns && t->woken_ns && !t->ran_ns)
		t->ran_ns = now;
	return 0;
}

__noinline int io_reached_gil(struct gs_thread *t, struct gs_proc *p, u64 at, u64 waited)
{
	struct gs_record_2 r = { .r = { .end_ns = at, .kind = GS_REC_IO_TO_GIL }, .a = waited };
	u32 call;
	u64 ns;

	if (!t || !p)
		return 0;
	call = t->io_woken_call - 1;
	if (call < GS_IO_COUNT && gs_elapsed(t->io_woken_ns, at, &ns)) {
		gs_hist_add_shared(&p->io[call].wake_to_gil, ns);
		gs_hist_add_shared(&p->io[call].wake_gil_wait, waited < ns ? waited : ns);
		r.r.ns = ns;
		r.r.tid = t->tid;
		r.r.arg = call;
		if (gs_config.record)
			gs_tell(&r, sizeof(r));
	}
	t->io_woken_ns = 0;
	return 0;
}

/* Watch mode: @t slept in a call, and runs again.  The call's return is not seen. */
__noinline int io_watch_runs(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	struct gs_record_io r = { .r = { .end_ns = now, .kind = GS_REC_IO_WAIT } };
	u64 since, woken, blocked = 0, ns;
	struct gs_io *io;
	u32 call;

	if (!t || !p)
		return 0;
	call = t->io_call - 1;
	if (call >= GS_IO_COUNT)
		return 0;
	io = &p->io[call];
	since = t->block_since_ns;
	woken = t->woken_ns;
	__sync_fetch_and_add(&io->wakeups, 1);
	r.r.tid = t->tid;
	r.r.arg = call;
	r.to_run_ns = (u64)-1;
	if (gs_elapsed(since, woken ? woken : now, &blocked))
		gs_hist_add_shared(&io->blocked, blocked);
	if (woken && gs_elapsed(woken, now, &ns)) {
		gs_hist_add_shared(&io->wake_to_run, ns);
		r.to_run_ns = ns;
	}
	r.blocked_ns = blocked;
	r.r.ns = now > since ? now - since : 0;
	if (gs_config.record)
		gs_tell(&r, sizeof(r));
	t->block_since_ns = 0;
	t->io_call = 0;
	t->ran_ns = now;
	t->io_woken_ns = woken;
	t->io_woken_call = call + 1;
	return 0;
}

/*
 * On every wake-up of the machine, paid for by the waker: with nothing looked up unless the sleeper
 * sleeps in one of the calls, or in a futex, which may be the GIL's.  Which system call that is, is
 * still in its registers.
 */
SEC("?tp_btf/sched_waking")
int BPF_PROG(gs_sched_waking, struct task_struct *p)
{
	struct gs_thread *t;
	u64 nr;

	if ((!gs_io_seen && !gs_gil_seen) ||
	    (gs_config.only_pid && gs_config.only_pid != (u32)p->tgid))
		return 0;
	nr = ((struct pt_regs *)bpf_task_pt_regs(p))->GS_CALL_NR;
	if (nr == GS_NR_futex)
		return gs_gil_seen && gs_target(p->tgid) >= 0 ? gil_wakes() : 0;
	if (!gs_io_seen || gs_io_call_of(nr) == GS_IO_COUNT || gs_target(p->tgid) < 0)
		return 0;
	t = gs_thread_peek(p);
	if (!t || !t->block_since_ns || t->woken_ns)
		return 0;
	gs_hit(GS_HOOK_SCHED_WAKING);
	t->woken_ns = bpf_ktime_get_ns();
	return 0;
}

/*
 * Was the call willing to wait?  ppoll, select and pselect6 have written the time left over
 * their argument by now: for them, whether it slept must do.
 */
static __always_inline bool has_timeout(u32 call, const struct pt_regs *regs)
{
	switch (call) {
	case GS_IO_EPOLL_WAIT:
	case GS_IO_EPOLL_PWAIT:
		return (s32)BPF_CORE_READ(regs, GS_CALL_ARG3) != 0;
	case GS_IO_POLL:
		return (s32)BPF_CORE_READ(regs, GS_CALL_ARG2) != 0;
	}
	return false;
}

static __always_inline void tell_wait(const struct gs_thread *t, u32 call, s64 ret, bool timeout,
				      u64 now, u64 blocked_ns)
{
	u64 since = t->block_since_ns, woken = t->woken_ns, ran = t->ran_ns;
	struct gs_record_io r = {
		.r = { .end_ns = now, .tid = t->tid, .kind = GS_REC_IO_WAIT, .arg = call },
		.result = ret,
		.blocked_ns = blocked_ns,
		.to_run_ns = woken && ran >= woken ? ran - woken : (u64)-1,
	};

	if (!gs_config.record)
		return;
	r.r.ns = now > since ? now - since : 0;
	r.r.flags = timeout ? GS_REC_TIMEOUT : 0;
	gs_tell(&r, sizeof(r));
}

/* The call of @t, which had slept in it, has returned @ret. */
static __always_inline void wakeup_end(struct gs_thread *t, struct gs_io *io, u32 call, s64 ret,
				       bool timeout, u64 now)
{
	u64 woken = t->woken_ns, ran = t->ran_ns, ns;

	if (gs_elapsed(t->block_since_ns, woken ? woken : now, &ns)) {
		gs_hist_add_shared(&io->blocked, ns);
		tell_wait(t, call, ret, timeout, now, ns);
	}
	t->block_since_ns = 0;
	t->io_call = 0;
	t->io_woken_ns = 0;
	if (ret <= 0)
		return;
	__sync_fetch_and_add(&io->wakeups, 1);
	if (!woken)
		return;
	if (ran && gs_elapsed(woken, ran, &ns))
		gs_hist_add_shared(&io->wake_to_run, ns);
	t->io_woken_ns = woken;
	t->io_woken_call = call + 1;
}

static __always_inline void tell_call(const struct gs_thread *t, u32 call, s64 ret, bool timeout,
				      u64 now)
{
	struct gs_record_2 r = {
		.r = { .end_ns = now, .tid = t->tid, .kind = GS_REC_IO_CALL, .arg = call },
		.a = ret,
	};

	if (!gs_config.record)
		return;
	r.r.flags = timeout ? GS_REC_TIMEOUT : 0;
	gs_tell(&r, sizeof(r));
}

static __always_inline int io_exit(u32 call, s64 ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool slept, timeout;
	struct gs_thread *t;
	struct gs_proc *p;
	struct gs_io *io;
	u64 now;

	if (gs_target(bpf_get_current_pid_tgid() >> 32) < 0)
		return 0;
	now = bpf_ktime_get_ns();
	gs_hit(GS_HOOK_IO + call);
	t = gs_thread_get(task, now);
	p = t ? gs_proc_at(t->proc) : NULL;
	if (!p)
		return 0;
	io = &p->io[call];
	slept = t->block_since_ns && t->io_call == call + 1;
	timeout = !ret && (slept || has_timeout(call, (struct pt_regs *)bpf_task_pt_regs(task)));
	__sync_fetch_and_add(&io->calls, 1);
	if (ret > 0)
		__sync_fetch_and_add(&io->events, ret);
	else if (ret < 0)
		__sync_fetch_and_add(&io->errors, 1);
	else if (timeout)
		__sync_fetch_and_add(&io->timeouts, 1);
	if (slept)
		wakeup_end(t, io, call, ret, timeout, now);
	else
		tell_call(t, call, ret, timeout, now);
	return 0;
}

/* One program on the sys_exit tracepoint of each of the calls. */
SEC("?tp/syscalls/sys_exit")
int gs_io_exit(struct trace_event_raw_sys_exit *ctx)
{
	/* The kernel fills in 32 bits of it (struct syscall_tp_t, kernel/trace/trace_syscalls.c).
	 */
	u32 call = gs_io_call_of((u32)ctx->id);

	return call < GS_IO_COUNT ? io_exit(call, ctx->ret) : 0;
}
