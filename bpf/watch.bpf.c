/*
 * watch: the GIL as the scheduler sees it, with nothing hooked in the interpreter.
 *
 * A thread that leaves the CPU is still the current one, so the GIL's own fields can be read
 * from its memory: locked, last_holder, switch_number.  That tells whether it leaves holding, and,
 * if it goes to sleep on the GIL's condition variable, whom it waits for.
 *
 *            sleeps on gil->cond           runs again
 *   OUT ---------------------------> ASLEEP <-------------> RAN
 *    ^                                        the same wait  |
 *    +-------------------------------------------------------+
 *              leaves the CPU in any way that tells it is over
 *
 * One contended take is several sleeps: a waiter looks again after each switch interval, and
 * whenever it was woken and another was faster.  Whether a wait is over shows only when the thread
 * leaves the CPU once more; it then ended when it last got the CPU.  had_gil() and same_wait() have
 * the rules.
 *
 * What adds up over the parts of a wait (blame, contended time, time in collections) is added when
 * each of its sleeps ends; what is about the whole wait, when it is over.
 *
 * Exact mode ends a wait at the site after the take, or at the first wake-up that it makes before
 * (gil_looks()); the way out of the mutexes and the probe itself are part of it there and not here.
 * Measured side by side that is some 3 us a wait: nothing in waits of milliseconds, 1 to 2.5 % in
 * waits of 0.1 ms.
 */
#include "bpf/blame.bpf.h"
#include "bpf/core.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/offcpu.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/watch.bpf.h"
#include "bpf/watch_look.bpf.h"
#include "bpf/watch_same.bpf.h"
#include "bpf/watch_sleep.bpf.h"

gs_print_map gs_print SEC(".maps");

/* @ns of the wait of @t go to the holder it saw when it went to sleep. */
static __always_inline void watch_blame(struct gs_thread *t, u64 ns, u64 waits)
{
	blame_add(t, t->watch.holder, ns, waits);
}

static __always_inline u32 host_tid(const struct gs_proc *p, u32 native)
{
	return p->config.foreign_tids ? 0 : native;
}

static __always_inline void tell_wait(const struct gs_thread *t, u64 end, u64 ns, bool mid)
{
	struct gs_record_2 r = {
		.r = { .end_ns = end, .ns = ns, .tid = t->tid, .kind = GS_REC_WAIT, .arg = t->gil },
		.a = t->wait_holder,
		.b = t->watch.queued_ns,
	};

	if (!gs_config.record)
		return;
	r.r.flags = mid ? GS_REC_MID : 0;
	gs_tell(&r, sizeof(r));
}

/* Recording: of the wait of @t, what has not been told, up to @now, was the holder's. */
static __always_inline void tell_part(struct gs_thread *t, const struct gs_proc *p, u64 now)
{
	u64 since = t->watch.told_ns ?: t->wait_since_ns;
	struct gs_record_2 r = {
		.r = { .end_ns = now, .ns = now - since, .tid = t->tid, .kind = GS_REC_WAIT_PART },
		.a = host_tid(p, t->watch.holder),
	};

	if (!gs_config.record || now < since)
		return;
	r.r.arg = t->gil;
	t->watch.told_ns = now;
	gs_tell(&r, sizeof(r));
}

/* The wake-up that brought the thread here has reached the GIL at @at, as far as can be seen. */
static __always_inline void io_settle(struct gs_thread *t, struct gs_proc *p, u64 at, u64 waited)
{
	if (t->io_woken_ns)
		io_reached_gil(t, p, at, waited);
}

/*
 * From getting the CPU to owning the GIL: about half of what going back to sleep takes, which has
 * the way to the GIL in it and the way back.
 */
static __always_inline u64 to_gil(const struct gs_thread *t, const struct gs_gil *g)
{
	u64 ns = (g->resleep_ns ?: GS_WATCH_RESLEEP_NS) / 2;

	return ns < t->watch.cpu_ns ? ns : t->watch.cpu_ns;
}

/* The wait of @t, which ran at ran_ns, was over then, but for the way to the GIL. */
__noinline int watch_settle(struct gs_thread *t, struct gs_proc *p)
{
	u64 end, ns, waited = 0;
	struct gs_gil *g;
	u32 seq;

	if (!t || !p || !t->wait_since_ns || !t->watch.ran_ns)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	end = t->watch.ran_ns;
	seq = gs_write_begin(t);
	ns = to_gil(t, g);
	end += ns;
	watch_blame(t, ns, 0);
	if (gs_elapsed(t->wait_since_ns, end, &ns)) {
		waited = ns;
		t->contended_takes++;
		gs_hist_add(&t->wait, ns);
		gil_adds(t, &g->contended_takes, 1);
		gil_adds(t, &g->wait_ns, ns);
		if (t->watch.told_ns)
			tell_part(t, p, end);
		tell_wait(t, end, ns, t->wait_since_ns == p->start_ns);
	}
	t->wait_since_ns = 0;
	t->watch.ran_ns = 0;
	gs_write_end(t, seq);
	io_settle(t, p, end, waited);
	return 1;
}

/* Is it in the middle of a wait, and off the CPU? */
static __always_inline bool asleep(const struct gs_thread *t)
{
	return t->wait_since_ns && !t->watch.ran_ns;
}

/* A sleep of the wait of @t for its GIL begins at @now. */
__noinline int watch_sleeps(struct gs_thread *t, struct gs_proc *p, struct gil_seen *g, u64 exec,
			    u64 now)
{
	struct gs_watch *w;
	struct gs_gil *gil;
	u32 seq;

	if (!t || !p || !g)
		return 0;
	gil = gs_gil_of(p, t->gil);
	if (!gil)
		return 0;
	w = &t->watch;
	seq = gs_write_begin(t);
	if (!t->wait_since_ns) {
		t->wait_since_ns = now;
		t->wait_holder = host_tid(p, g->holder);
		w->queued_ns = 0;
		w->told_ns = 0;
		w->blamed = false;
	} else {
		if (w->ran_ns && now > w->ran_ns)
			watch_blame(t, now - w->ran_ns, 0); /* between two sleeps of one wait */
		if (w->holder != g->holder)
			tell_part(t, p, now);
	}
	if (w->holder != g->holder)
		w->blamed = false;
	w->holder = g->holder;
	w->sleep_ns = now;
	w->exec_ns = exec;
	w->ran_ns = 0;
	w->switch_number = g->switch_number;
	w->was_mine = g->was_mine;
	w->known = g->known;
	for (int i = 0; i < GS_GC_GENERATIONS; i++)
		t->gc_at_wait_ns[i] = gc_time(gil, i, now);
	gs_write_end(t, seq);
	waiter_adds(gil, now);
	return 0;
}

/* It runs again, at @now: perhaps with the GIL, perhaps to sleep on. */
__noinline int watch_runs(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	struct gs_watch *w;
	struct gs_gil *g;
	u64 ns, stretch;
	u32 seq;

	if (!t || !p)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	w = &t->watch;
	seq = gs_write_begin(t);
	w->ran_ns = now;
	w->cpu_ns = 0;
	if (gs_elapsed(w->sleep_ns, now, &ns)) {
		watch_blame(t, ns, !w->blamed);
		ns = t->queued_ns < ns ? t->queued_ns : ns;
		t->wait_runnable_ns += ns;
		w->queued_ns += ns;
		gil_adds(t, &g->wait_runnable_ns, ns);
	}
	w->blamed = true;
	gs_write_end(t, seq);
	stretch = waiter_leaves(g, now);
	if (stretch)
		gs_record(GS_REC_CONTENDED, t->pid, now, stretch, 0, t->gil);
	gil_stalled(t, p, g, now);
	return 0;
}

/* What is seen of the call in which a thread sleeps on the GIL's condition. */
static __always_inline void see_sleep(struct task_struct *task, struct gil_sleep *ret_s)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	ret_s->sp = regs->sp;
	ret_s->print = watch_print(regs->GS_CALL_ARG3);
	ret_s->io_calls = io_calls(task);
}

static __always_inline void on_gil(struct task_struct *task, struct gs_thread *t, struct gs_proc *p,
				   struct gil_seen *g, u32 gil, u64 now)
{
	struct gil_sleep s;

	see_sleep(task, &s);
	if (t->wait_since_ns && t->watch.ran_ns && (t->gil != gil || !watch_same_wait(t, p, g, &s)))
		watch_settle(t, p);
	t->gil = gil;
	t->watch.sp = s.sp;
	t->watch.io_calls = s.io_calls;
	t->watch.print = s.print;
	watch_sleeps(t, p, g, t->exec_ns, now);
	if (gs_measures(GS_FAMILY_STACKS))
		stacks_sleeps(t, p, now);
}

static __always_inline void leaves_holding(struct gs_thread *t, u32 out, u32 call, u64 now)
{
	if (!gs_measures(GS_FAMILY_SCHED) && !gs_config.sample)
		return;
	t->off_preempted = out == GS_OUT_RUNNABLE;
	t->off_call = call;
	t->off_since_ns = now;
}

/* A thread of the target gets the CPU.  Called by gs_sched_switch. */
__noinline int watch_arrives(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	u64 off, ns;

	if (!t || !p)
		return 0;
	off = t->off_since_ns;
	if (off) {
		t->off_since_ns = 0;
		if (gs_elapsed(off, now, &ns))
			gil_off_cpu(t, p, now, ns);
	}
	if (asleep(t))
		watch_runs(t, p, now);
	if (t->block_since_ns)
		io_watch_runs(t, p, now);
	return 0;
}

/*
 * @t leaves the CPU, but that it got it was not told.  The scheduler's own account has how long
 * it had it.
 */
static __always_inline void arrived_untold(struct gs_thread *t, struct gs_proc *p, u64 ran, u64 now)
{
	u64 at = now - ran;

	if (at < t->off_since_ns)
		at = t->off_since_ns;
	if (at < t->block_since_ns)
		at = t->block_since_ns;
	if (asleep(t) && at < t->watch.sleep_ns)
		at = t->watch.sleep_ns;
	gs_lose(GS_LOSS_ARRIVAL_MISSED, 1);
	watch_arrives(t, p, at);
}

/* The current thread, that of @t, ends: it runs, so that it still sleeps means that it was not
 * told.
 */
__noinline int watch_exits(struct gs_thread *t, struct gs_proc *p)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!t || !p)
		return 0;
	if (asleep(t))
		arrived_untold(t, p, task->se.sum_exec_runtime - t->exec_ns, bpf_ktime_get_ns());
	return watch_settle(t, p);
}

/* Is anything going on that its getting the CPU ends? */
static __always_inline bool is_pending(const struct gs_thread *t)
{
	return t->off_since_ns || t->block_since_ns || asleep(t);
}

/* Where there are several GILs and the one looked at is not the current thread's: is another? */
static __always_inline bool holds_another(struct gs_proc *p, u32 looked_at, u32 *ret_gil)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct gil_seen g;

	*ret_gil = gs_gil_held(p);
	if (*ret_gil || !looked_at)
		return *ret_gil;
	look(task, p, 0, false, &g);
	return g.mine;
}

/*
 * It holds a GIL, or goes to sleep on one, that is not the one of the wait that may not be over
 * yet: that one is, and from here on @t is about @gil.
 */
static __always_inline void turns_to(struct gs_thread *t, struct gs_proc *p, u32 gil)
{
	if (t->gil == gil)
		return;
	watch_settle(t, p);
	t->gil = gil;
}

/*
 * A thread of the target leaves the CPU: @out says how.  Called by gs_sched_switch.
 */
__noinline int watch_leaves(struct gs_thread *t, struct gs_proc *p, u32 out, u32 gil)
{
	bool waiting = out == GS_OUT_GIL || (t && (t->wait_since_ns || t->io_woken_ns));
	struct task_struct *task = bpf_get_current_task_btf();
	u64 exec = task->se.sum_exec_runtime, now;
	struct gil_seen g;

	if (!p)
		return 0;
	if (out != GS_OUT_GIL && out != GS_OUT_MUTEX)
		gil = t && t->wait_since_ns ? t->gil : 0;
	look(task, p, gil, waiting, &g);
	if (gs_has_gils(p) && out != GS_OUT_GIL && !g.mine)
		g.mine = holds_another(p, gil, &gil);
	if (!waiting && !g.mine && out < GS_OUT_IO && !(t && is_pending(t)))
		return 0; /* most of them */
	now = bpf_ktime_get_ns();
	if (!t)
		t = gs_thread_try(task, now);
	if (!t)
		return 0;
	if (is_pending(t))
		arrived_untold(t, p, exec - t->exec_ns, now);
	t->exec_ns = exec;
	t->run_delay_ns = run_delay(task);
	if (t->wait_since_ns)
		t->watch.cpu_ns = exec - t->watch.exec_ns;
	if (g.mine) {
		turns_to(t, p, gil);
		leaves_holding(t, out, out == GS_OUT_RUNNABLE ? 0 : blocks_in(task), now);
		if (gs_measures(GS_FAMILY_STACKS))
			stacks_leaves(t, p, now);
	}
	if (out == GS_OUT_GIL && gs_measures(GS_FAMILY_GIL)) {
		on_gil(task, t, p, &g, gil, now);
		return 0;
	}
	if (t->wait_since_ns && t->watch.ran_ns && !g.mine && kept_waiting(task, t, p, &g, out)) {
		still_unknown(t, &g, out);
		watch_sleeps(t, p, &g, t->exec_ns, now);
		return 0;
	}
	if (out == GS_OUT_RUNNABLE && !g.was_mine)
		return 0; /* may be on the way to the GIL, or have left it */
	watch_settle(t, p);
	io_settle(t, p, t->ran_ns, 0);
	if (out >= GS_OUT_IO)
		io_block(t, out - GS_OUT_IO, now);
	return 0;
}

/* @t was found asleep on the GIL's condition: since before the measurement, for nobody knows whom.
 */
__hidden int watch_was_asleep(struct task_struct *task, struct gs_thread *t, struct gs_proc *p,
			      u32 gil)
{
	struct gil_seen g = {};

	t->gil = gil;
	t->watch.sp = ((struct pt_regs *)bpf_task_pt_regs(task))->sp;
	watch_sleeps(t, p, &g, task->se.sum_exec_runtime, p->start_ns);
	return 0;
}
