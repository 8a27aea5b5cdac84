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
 */
#include "bpf/core.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/watch.bpf.h"
#include "bpf/watch.h"
#include "bpf/watch_look.bpf.h"

typedef struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before load */
	__type(key, struct gs_blame_key);
	__type(value, struct gs_blame);
} gs_blame_map;
gs_blame_map gs_blame SEC(".maps");
gs_print_map gs_print SEC(".maps");

/* @ns of the wait of @t go to the holder it saw when it went to sleep. */
static __always_inline void blame(struct gs_thread *t, u64 ns, u64 waits)
{
	struct gs_blame_key key = { .pid = t->pid, .holder = t->watch.holder, .waiter = t->tid };
	struct gs_blame first = { .waits = waits, .wait_ns = ns }, *b;

	b = bpf_map_lookup_elem(&gs_blame, &key);
	if (b) {
		b->waits += waits; /* its row: nobody else writes it */
		b->wait_ns += ns;
	} else if (bpf_map_update_elem(&gs_blame, &key, &first, BPF_NOEXIST)) {
		gs_lose(GS_LOSS_BLAME_FULL, 1);
	}
}

static __always_inline void tell_wait(const struct gs_thread *t, u64 end, u64 ns, bool mid)
{
	struct gs_record_2 r = {
		.r = { .end_ns = end, .ns = ns, .tid = t->tid, .kind = GS_REC_WAIT },
		.a = t->wait_holder,
	};

	if (!gs_config.record)
		return;
	r.r.flags = mid ? GS_REC_MID : 0;
	gs_tell(&r, sizeof(r));
}

/* The wake-up that brought the thread here has reached the GIL at @at, as far as can be seen. */
static __always_inline void io_settle(struct gs_thread *t, struct gs_proc *p, u64 at)
{
	u32 call = t->io_woken_call - 1;
	u64 ns;

	if (!t->io_woken_ns)
		return;
	if (call < GS_IO_COUNT && gs_elapsed(t->io_woken_ns, at, &ns)) {
		gs_hist_add_shared(&p->io[call].wake_to_gil, ns);
		gs_record(GS_REC_IO_TO_GIL, t->tid, at, ns, 0, call);
	}
	t->io_woken_ns = 0;
}

/*
 * From getting the CPU to owning the GIL: about half of what going back to sleep takes, which has
 * the way to the GIL in it and the way back.
 */
static __always_inline u64 to_gil(const struct gs_thread *t, const struct gs_proc *p)
{
	u64 ns = (p->gil.resleep_ns ?: GS_WATCH_RESLEEP_NS) / 2;

	return ns < t->watch.cpu_ns ? ns : t->watch.cpu_ns;
}

/* The wait of @t, which ran at ran_ns, was over then, but for the way to the GIL. */
static __always_inline void settle(struct gs_thread *t, struct gs_proc *p)
{
	u64 end = t->watch.ran_ns, ns;
	u32 seq;

	if (!t->wait_since_ns || !end)
		return;
	seq = gs_write_begin(t);
	ns = to_gil(t, p);
	end += ns;
	blame(t, ns, 0);
	if (gs_elapsed(t->wait_since_ns, end, &ns)) {
		t->contended_takes++;
		gs_hist_add(&t->wait, ns);
		tell_wait(t, end, ns, t->wait_since_ns == p->start_ns);
	}
	t->wait_since_ns = 0;
	t->watch.ran_ns = 0;
	gs_write_end(t, seq);
	io_settle(t, p, end);
}

__hidden int watch_settle(struct gs_thread *t)
{
	struct gs_proc *p = gs_proc_at(t->proc);

	if (!p || !t->watch.ran_ns)
		return 0;
	settle(t, p);
	return 1;
}

/*
 * What is known of @t, which was woken from the GIL's condition and ran, and leaves the CPU again:
 * has it had the GIL meanwhile?
 *
 * If it has, it is the last holder, or else the holder has changed twice: to it and on from it.
 * (Once, if it was the last holder when it went to sleep.)
 */
enum had_gil { HAD_NOT, HAD_IT, HAD_PERHAPS };

static __always_inline enum had_gil had_gil(const struct gs_thread *t, const struct gil_seen *g)
{
	const struct gs_watch *w = &t->watch;
	u64 changes = g->switch_number - w->switch_number;

	if (!w->known || !g->known)
		return HAD_PERHAPS;
	if (g->was_mine && !w->was_mine)
		return HAD_IT;
	return changes < (w->was_mine ? 1 : 2) ? HAD_NOT : HAD_PERHAPS;
}

/*
 * @t sleeps on the GIL's condition again: for the same wait?
 *
 * Where had_gil() does not know, it is a new wait for certain if the stack pointer is another, so
 * that this is another call; if the thread has read or written something; and if the stack from
 * take_gil() on has changed, as long as it never does in the sleeps of one wait (in a build whose
 * take_gil() has more locals it might: those that are certain show it).  What remains, one place
 * in a loop, is decided by the time on the CPU.  To go back to sleep takes some microseconds, and
 * how many is known from the sleeps that are certain; to take the GIL, run Python, release it and
 * call again takes longer.
 */
static __always_inline bool same_wait(const struct gs_thread *t, struct gs_proc *p,
				      const struct gil_seen *g, u64 sp, u64 print, u64 calls)
{
	const struct gs_watch *w = &t->watch;
	struct gs_gil *gil = &p->gil;
	enum had_gil had = had_gil(t, g);
	u64 mean = gil->resleep_ns ?: GS_WATCH_RESLEEP_NS, cpu = w->cpu_ns;

	if (had == HAD_NOT) {
		if (cpu > 4 * mean)
			cpu = 4 * mean; /* interrupted */
		gil->resleep_ns = mean - mean / 16 + cpu / 16;
		if (w->print == print)
			__sync_fetch_and_add(&gil->prints_same, 1);
		else
			__sync_fetch_and_add(&gil->prints_other, 1);
		return true;
	}
	if (had == HAD_IT || w->sp != sp || w->io_calls != calls)
		return false;
	if (w->print != print && gil->prints_other * 64 <= gil->prints_same)
		return false;
	__sync_fetch_and_add(&gil->ambiguous, 1);
	return cpu < GS_WATCH_RESLEEP_FACTOR * mean;
}

static __always_inline u32 host_tid(const struct gs_proc *p, u32 native)
{
	return p->config.foreign_tids ? 0 : native;
}

/* Is it in the middle of a wait, and off the CPU? */
static __always_inline bool asleep(const struct gs_thread *t)
{
	return t->wait_since_ns && !t->watch.ran_ns;
}

/* A sleep of the wait of @t begins at @now. */
static __always_inline void sleep_begin(struct gs_thread *t, struct gs_proc *p,
					const struct gil_seen *g, u64 exec, u64 now)
{
	struct gs_watch *w = &t->watch;
	u32 seq = gs_write_begin(t);

	if (!t->wait_since_ns) {
		t->wait_since_ns = now;
		t->wait_holder = host_tid(p, g->holder);
		w->blamed = false;
	} else if (w->ran_ns && now > w->ran_ns) {
		blame(t, now - w->ran_ns, 0); /* between two sleeps of one wait */
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
		t->gc_at_wait_ns[i] = gc_time(&p->gil, i, now);
	gs_write_end(t, seq);
	waiter_adds(&p->gil, now);
}

/* It runs again, at @now: perhaps with the GIL, perhaps to sleep on. */
static __always_inline void sleep_end(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	struct gs_watch *w = &t->watch;
	u32 seq = gs_write_begin(t);
	u64 ns, stretch;

	w->ran_ns = now;
	w->cpu_ns = 0;
	if (gs_elapsed(w->sleep_ns, now, &ns))
		blame(t, ns, !w->blamed);
	w->blamed = true;
	gs_write_end(t, seq);
	stretch = waiter_leaves(&p->gil, now);
	if (stretch)
		gs_record(GS_REC_CONTENDED, t->pid, now, stretch, 0, 0);
	gil_stalled(t, p, now);
}

static __always_inline void on_gil(struct task_struct *task, struct gs_thread *t, struct gs_proc *p,
				   const struct gil_seen *g, u64 now)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	u64 sp = regs->sp, print = stack_print(regs->r10), calls = io_calls(task);

	if (t->wait_since_ns && t->watch.ran_ns && !same_wait(t, p, g, sp, print, calls))
		settle(t, p);
	t->watch.sp = sp;
	t->watch.io_calls = calls;
	t->watch.print = print;
	sleep_begin(t, p, g, t->exec_ns, now);
}

static __always_inline void leaves_holding(struct gs_thread *t, u32 out, u64 now)
{
	if (!gs_measures(GS_FAMILY_SCHED))
		return;
	t->off_preempted = out == GS_OUT_RUNNABLE;
	t->off_since_ns = now;
}

static __always_inline void io_sleep_end(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	u32 call = t->io_call - 1;
	u64 since = t->block_since_ns, woken = t->woken_ns, blocked, ns;
	struct gs_record_io r = {
		.r = { .end_ns = now, .tid = t->tid, .kind = GS_REC_IO_WAIT, .arg = call },
		.result = 0, /* the return is not seen */
	};
	struct gs_io *io;

	if (call >= GS_IO_COUNT)
		return;
	io = &p->io[call];
	__sync_fetch_and_add(&io->wakeups, 1);
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
}

/* A thread of the target gets the CPU.  Called by gs_sched_switch. */
__hidden int watch_arrives(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	u64 off = t->off_since_ns, ns;

	if (off) {
		t->off_since_ns = 0;
		if (gs_elapsed(off, now, &ns)) {
			if (t->off_preempted)
				t->held_preempted_ns += ns;
			else
				t->held_blocked_ns += ns;
			gs_record(GS_REC_OFF_CPU, t->tid, now, ns,
				  t->off_preempted ? GS_REC_PREEMPTED : 0, 0);
		}
	}
	if (asleep(t))
		sleep_end(t, p, now);
	if (t->block_since_ns)
		io_sleep_end(t, p, now);
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

/* Is anything going on that its getting the CPU ends? */
static __always_inline bool is_pending(const struct gs_thread *t)
{
	return t->off_since_ns || t->block_since_ns || asleep(t);
}

/*
 * A thread of the target leaves the CPU: @out says how.  Called by gs_sched_switch.
 */
__hidden int watch_leaves(struct task_struct *task, struct gs_thread *t, struct gs_proc *p, u32 out)
{
	bool waiting = out == GS_OUT_GIL || (t && (t->wait_since_ns || t->io_woken_ns));
	u64 exec = task->se.sum_exec_runtime, now;
	struct gil_seen g;

	look(task, p, waiting, &g);
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
	if (t->wait_since_ns)
		t->watch.cpu_ns = exec - t->watch.exec_ns;
	if (g.mine)
		leaves_holding(t, out, now);
	if (out == GS_OUT_GIL && gs_measures(GS_FAMILY_GIL)) {
		on_gil(task, t, p, &g, now);
		return 0;
	}
	if (t->wait_since_ns && t->watch.ran_ns && !g.mine) {
		if (out == GS_OUT_MUTEX
			    ? same_wait(t, p, &g, t->watch.sp, t->watch.print, io_calls(task))
			    : had_gil(t, &g) == HAD_NOT) {
			sleep_begin(t, p, &g, t->exec_ns, now); /* kept from it once more */
			return 0;
		}
	}
	if (out == GS_OUT_RUNNABLE && !g.was_mine)
		return 0; /* may be on the way to the GIL, or have left it */
	settle(t, p);
	io_settle(t, p, t->ran_ns);
	if (out >= GS_OUT_IO)
		io_block(t, out - GS_OUT_IO, now);
	return 0;
}

/* @t was found asleep on the GIL's condition: since before the measurement, for nobody knows whom.
 */
__hidden int watch_was_asleep(struct task_struct *task, struct gs_thread *t, struct gs_proc *p)
{
	struct gil_seen g = {};

	t->watch.sp = ((struct pt_regs *)bpf_task_pt_regs(task))->sp;
	sleep_begin(t, p, &g, task->se.sum_exec_runtime, p->start_ns);
	return 0;
}
