/*
 * gil: who holds the GIL, who waits for it.
 *
 *            finds it taken, sleeps            owned
 *   OUT ------------------------> WAITING ---------------> HOLDING
 *    ^ \________________________________________________________^ |
 *    |                    owned, nobody in the way                |
 *    +------------------------- released -------------------------+
 *
 * The sites lie after the interpreter has let go of the GIL's own mutex, so a release may be
 * seen after the next owner's acquisition: that hold is ended at the acquisition
 * (`successor_ns`), so that holds of one GIL never overlap.  Where somebody waits, wake-ups lie
 * between what is done to the GIL and its site, which take longer than many a hold, and who is
 * woken may get the CPU at once.  So whoever wakes somebody, or leaves the CPU, looks into the
 * GIL's memory (gil_looks()): if it is free a hold has ended there, if it is the thread's own one
 * has begun.
 *
 * A wait begins when the thread goes to sleep on the GIL's condition variable (sched.bpf.c), or
 * at the site before that where those sites were asked for; sleeps that end without the GIL
 * are part of the same wait.
 */
#include "bpf/blame.bpf.h"
#include "bpf/core.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/gil_hold.bpf.h"
#include "bpf/offcpu.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/watch.bpf.h"
#include "bpf/watch_look.bpf.h"

/* Who holds @g, which @gil stands for, now: a tid; 0 if that cannot be told. */
static __always_inline u32 holder_tid(const struct gs_proc *p, const struct gs_gil *g, u32 gil)
{
	u32 owner = *(volatile u32 *)&g->owner;
	struct gs_thread *t = owner ? gs_thread_at(owner - 1) : NULL;

	if (t && *(volatile u64 *)&t->hold_since_ns && t->gil == gil)
		return t->tid;
	return owner || gil ? 0 : p->seed_tid;
}

u32 gs_gil_seen = 0;

__noinline int gil_wait_begin(struct gs_thread *t, u32 gil, u64 since_ns)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct gs_proc *p;
	struct gs_gil *g;
	u32 seq;

	if (!t || t->wait_since_ns)
		return 0;
	p = gs_proc_at(t->proc);
	g = p ? gs_gil_of(p, gil) : NULL;
	if (!g)
		return 0;
	if (!gs_gil_seen)
		gs_gil_seen = 1;
	seq = gs_write_begin(t);
	t->gil = gil;
	t->wait_since_ns = since_ns;
	if (gs_config.record)
		t->wait_holder = holder_tid(p, g, gil);
	t->wait_delay_ns = (u32)task->pid == t->tid ? run_delay(task) : ~0ULL;
	blame_begin(t, p, g, since_ns);
	for (int i = 0; i < GS_GC_GENERATIONS; i++)
		t->gc_at_wait_ns[i] = gc_time(g, i, since_ns);
	gs_write_end(t, seq);
	waiter_adds(g, since_ns);
	return 0;
}

static __always_inline void tell_wait(const struct gs_thread *t, bool mid, bool alone, u64 now,
				      u64 ns, u64 runnable)
{
	struct gs_record_2 r = {
		.r = { .end_ns = now, .ns = ns, .tid = t->tid, .kind = GS_REC_WAIT, .arg = t->gil },
		.a = t->wait_holder,
		.b = runnable,
	};

	if (!gs_config.record)
		return;
	r.r.flags = (mid ? GS_REC_MID : 0) | (alone ? GS_REC_ALONE : 0);
	gs_tell(&r, sizeof(r));
}

/* The part of the wait of the current thread, @t, of @ns, in which it could have run. */
static __always_inline u64 was_runnable(const struct gs_thread *t, u64 ns)
{
	u64 delay = run_delay(bpf_get_current_task_btf()), since = t->wait_delay_ns;

	if (delay <= since)
		return 0;
	return delay - since < ns ? delay - since : ns;
}

/* A global function: the verifier goes through it once. */
__noinline int gil_wait_end(struct gs_thread *t, struct gs_proc *p, u64 now)
{
	u64 since, stretch, ns = 0, runnable = 0;
	struct gs_gil *g;
	bool ok;

	if (!t || !p)
		return 0;
	since = t->wait_since_ns;
	ok = gs_elapsed(since, now, &ns);
	t->wait_since_ns = 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	if (ok) {
		t->contended_takes++;
		gs_hist_add(&t->wait, ns);
		gil_adds(t, &g->contended_takes, 1);
		gil_adds(t, &g->wait_ns, ns);
		runnable = was_runnable(t, ns);
		t->wait_runnable_ns += runnable;
		gil_adds(t, &g->wait_runnable_ns, runnable);
		blame_charge(t, p, now);
	}
	stretch = waiter_leaves(g, now);
	if (ok)
		tell_wait(t, since == p->start_ns, stretch == ns, now, ns, runnable);
	if (stretch && (!ok || stretch != ns))
		gs_record(GS_REC_CONTENDED, t->pid, now, stretch, 0, t->gil);
	gil_stalled(t, p, g, now);
	return 0;
}

/* @t owns @g, as in gs_thread.gil @gil, from @now on.  Its slot is being written. */
static __always_inline void takes(struct gs_thread *t, struct gs_proc *p, struct gs_gil *g, u32 gil,
				  u64 now)
{
	u64 waited = 0;

	if (t->wait_since_ns) {
		waited = now > t->wait_since_ns ? now - t->wait_since_ns : 0;
		gil_wait_end(t, p, now);
	}
	if (t->io_woken_ns)
		io_reached_gil(t, p, now, waited);
	t->gil = gil;
	if (g)
		hold_begin(t, now);
	else
		t->hold_since_ns = 0;
	t->events = 1;
}

/*
 * Its take was seen before it came to its site: nothing is left to do there, unless it was
 * another's whose name was not in the GIL yet.
 */
static __always_inline bool was_taken(struct gs_thread *t, struct gs_gil *g, u32 gil)
{
	bool so = g && t->gil == gil && g->owner == t->slot + 1 && !t->successor_ns;

	t->early = 0;
	if (!t->hold_since_ns)
		return false;
	if (!so) {
		t->hold_since_ns = 0;
		t->takes--;
		if (g)
			gil_adds(t, &g->takes, -1ULL);
	}
	return so;
}

static __always_inline int owned(struct gs_thread *t, u64 address, u64 now)
{
	struct gs_proc *p = gs_proc_at(t->proc);
	struct gs_gil *g;
	u32 seq, gil;

	if (!p)
		return 0;
	gil = gs_gil_find(t->proc, address);
	g = gs_gil_of(p, gil);
	seq = gs_write_begin(t);
	if (t->early && was_taken(t, g, gil)) {
		gs_write_end(t, seq);
		return 0;
	}
	if (t->hold_since_ns)
		gs_lose(GS_LOSS_UNPAIRED_OWNED, 1);
	takes(t, p, g, gil, now);
	gs_write_end(t, seq);
	if (!g) {
		gs_lose(GS_LOSS_GILS_FULL, 1);
		return 0;
	}
	gil_adds(t, &g->takes, 1);
	gil_pass_on(g, t, now);
	return 0;
}

/* The current thread, @t, has taken @g, and is not at its site yet. */
static __always_inline void takes_early(struct gs_thread *t, struct gs_proc *p, struct gs_gil *g,
					u64 now)
{
	u32 seq = gs_write_begin(t);

	takes(t, p, g, t->gil, now);
	t->early = 1;
	gs_write_end(t, seq);
	gil_adds(t, &g->takes, 1);
	gil_pass_on(g, t, now);
}

__noinline int gil_looks(struct gs_thread *t, u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct gil_fields f, again;
	struct tstate_ids ids;
	struct gs_proc *p;
	struct gs_gil *g;
	u64 at;

	if (!t || (t->hold_since_ns ? !!t->successor_ns : !t->events && !t->wait_since_ns))
		return 0;
	/* One on its way out may have a new thread's pthread_self(); one at its site is seen there.
	 */
	if (t->state != GS_SLOT_LIVE || !task->mm || *(volatile u32 *)&t->seq & 1)
		return 0;
	p = gs_proc_at(t->proc);
	if (!p || !p->config.gil_state || p->pid != (u32)task->tgid)
		return 0;
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	at = gs_gil_field(p, g, p->config.gil_state);
	if (bpf_probe_read_user(&f, sizeof(f), (void *)at))
		return 0;
	if (t->hold_since_ns) {
		if (!f.locked)
			t->successor_ns = now;
		return 0;
	}
	if (f.locked != 1 || !f.last_holder || !read_ids(&p->config, f.last_holder, false, &ids) ||
	    !gs_is_self(task, ids.self))
		return 0;
	/* take_gil() stores to `locked` first: another thread may have been between the two. */
	if (bpf_probe_read_user(&again, sizeof(again), (void *)at) || again.locked != 1 ||
	    again.last_holder != f.last_holder || again.switch_number != f.switch_number)
		return 0;
	takes_early(t, p, g, now);
	return 0;
}

__noinline int gil_wakes(void)
{
	struct gs_thread *t = gs_thread_peek(bpf_get_current_task_btf());

	if (!t)
		return 0;
	gs_hit(GS_HOOK_SCHED_WAKING);
	return gil_looks(t, bpf_ktime_get_ns());
}

/* End the hold that @t has of @g. */
static __always_inline void gil_hold_ends(struct gs_thread *t, struct gs_gil *g, u64 now)
{
	u64 held = t->held_ns, forced = t->forced_releases;

	hold_end(t, now);
	gil_adds(t, &g->held_ns, t->held_ns - held);
	gil_adds(t, &g->forced_releases, t->forced_releases - forced);
}

/*
 * The hold of @t began before the measurement.  It counts from there on, but not beyond the first
 * acquisition that was seen; nor twice, where the release of the holder before it came late.
 */
static __always_inline void mid_hold_end(struct gs_thread *t, struct gs_proc *p, struct gs_gil *g,
					 u64 now)
{
	u64 from = g->mid_hold_end_ns ? g->mid_hold_end_ns : p->start_ns;
	u64 end = g->first_owned_ns && g->first_owned_ns < now ? g->first_owned_ns : now;

	if (end > from) {
		t->held_ns += end - from;
		gil_adds(t, &g->held_ns, end - from);
		g->mid_hold_end_ns = end;
		gs_record(GS_REC_HOLD, t->tid, end, end - from, GS_REC_MID, t->gil);
	}
	if (!g->passes)
		gil_note_pass(g, t->tid, p->start_ns);
	gs_lose(GS_LOSS_ATTACH_MID_HOLD, 1);
}

static __always_inline int released(struct gs_thread *t, u64 address, u64 now)
{
	struct gs_proc *p = gs_proc_at(t->proc);
	struct gs_gil *g;
	u32 seq;

	if (!p)
		return 0;
	if (!t->events && address)
		t->gil = gs_gil_find(t->proc, address);
	g = gs_gil_of(p, t->gil);
	if (!g)
		return 0;
	seq = gs_write_begin(t);
	if (t->hold_since_ns) {
		gil_hold_ends(t, g, now);
	} else if (!t->events) {
		mid_hold_end(t, p, g, now); /* its first event is a release */
	} else {
		gs_lose(GS_LOSS_UNPAIRED_RELEASED, 1);
	}
	t->events = 1;
	gs_write_end(t, seq);
	return 0;
}

__hidden int gil_thread_exit(struct gs_thread *t, u64 now)
{
	struct gs_proc *p = gs_proc_at(t->proc);
	struct gs_gil *g = p ? gs_gil_of(p, t->gil) : NULL;
	u64 stretch;

	if (!g)
		return 0;
	if (gs_config.watch && t->wait_since_ns && watch_exits(t, p))
		return 0; /* it was over */
	if (t->wait_since_ns) {
		gs_lose(GS_LOSS_EXIT_MID_WAIT, 1);
		t->wait_since_ns = 0;
		stretch = waiter_leaves(g, now);
		if (stretch)
			gs_record(GS_REC_CONTENDED, t->pid, now, stretch, 0, t->gil);
	}
	if (t->hold_since_ns) {
		/* The interpreter's last thread ends holding: its end is the release. */
		gil_hold_ends(t, g, now);
	}
	return 0;
}

/* A runtime that says at its release which GIL it was, and whether it was asked for it. */
static __always_inline void released_why(struct pt_regs *ctx, struct gs_thread *t, u32 site)
{
	struct gs_proc *p = gs_proc_at(t->proc);
	u64 v;

	if (p && !p->gil.address && gs_site_arg(ctx, site, 0, &v))
		p->gil.address = v;
	if (gs_site_arg(ctx, site, 1, &v) && v)
		t->forced = 1;
}

__hidden int gil_site(struct pt_regs *ctx, u32 event, u32 site, u64 address, u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct gs_thread *t;

	if (!gs_measures(GS_FAMILY_GIL) || gs_config.watch)
		return 0; /* in watch mode its hits are the figure */
	if (event == GS_EVENT_GIL_FORCED || event == GS_EVENT_GIL_WAIT)
		t = gs_thread_try(task, now); /* the release or the take is still to come */
	else
		t = gs_thread_get(task, now);
	if (!t)
		return 0;
	gil_remember(t);
	switch (event) {
	case GS_EVENT_GIL_OWNED:
		return owned(t, address, now);
	case GS_EVENT_GIL_RELEASED:
		return released(t, address, now);
	case GS_EVENT_GIL_RELEASED_WHY:
		released_why(ctx, t, site);
		return released(t, 0, now);
	case GS_EVENT_GIL_FORCED:
		t->forced = 1;
		return 0;
	case GS_EVENT_GIL_WAIT:
		return gil_wait_begin(t, gs_gil_find(t->proc, address), now);
	}
	return 0;
}
