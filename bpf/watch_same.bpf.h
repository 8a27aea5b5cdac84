/*
 * Watch mode: is it still the same wait?
 *
 * Asked when a thread that was woken from the GIL's condition leaves the CPU again, of what it did
 * meanwhile.  What the GIL's fields do not decide, the thread's own traces do: its stack, its read
 * and write calls, its time on the CPU.
 */
#ifndef GS_BPF_WATCH_SAME_BPF_H
#define GS_BPF_WATCH_SAME_BPF_H

#include "bpf/core.bpf.h"
#include "bpf/watch.bpf.h"
#include "bpf/watch_look.bpf.h"
#include "bpf/watch_sleep.bpf.h"

/*
 * What is known of @t, which was woken from the GIL's condition and ran, and leaves the CPU again:
 * has it had the GIL meanwhile?
 *
 * If it has, it is the last holder, or else the holder has changed twice: to it and on from it.
 * (Once, if it was the last holder when it went to sleep.)  A thread that ends is the last holder
 * until somebody else is, but its state is gone by then: if nobody can be told, it may be its own.
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
	if (changes && !g->holder)
		return HAD_PERHAPS;
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
__noinline int watch_same_wait(struct gs_thread *t, struct gs_proc *p, struct gil_seen *g,
			       struct gil_sleep *now)
{
	struct gs_watch *w;
	enum had_gil had;
	struct gs_gil *gil;
	u64 mean, cpu;

	if (!t || !p || !g || !now)
		return false;
	gil = gs_gil_of(p, t->gil);
	if (!gil)
		return false;
	w = &t->watch;
	had = had_gil(t, g);
	mean = gil->resleep_ns ?: GS_WATCH_RESLEEP_NS;
	cpu = w->cpu_ns;
	if (had == HAD_NOT) {
		if (cpu > 4 * mean)
			cpu = 4 * mean; /* interrupted */
		gil->resleep_ns = mean - mean / 16 + cpu / 16;
		if (w->print == now->print)
			__sync_fetch_and_add(&gil->prints_same, 1);
		else
			__sync_fetch_and_add(&gil->prints_other, 1);
		return true;
	}
	if (had == HAD_IT || w->sp != now->sp || w->io_calls != now->io_calls)
		return false;
	if (w->print != now->print && gil->prints_other * 64 <= gil->prints_same)
		return false;
	__sync_fetch_and_add(&gil->ambiguous, 1);
	return cpu < GS_WATCH_RESLEEP_FACTOR * mean;
}

/* It sleeps on the GIL's mutex, not its condition: there is nothing to compare with but its calls.
 */
static __always_inline bool same_on_mutex(struct task_struct *task, struct gs_thread *t,
					  struct gs_proc *p, struct gil_seen *g)
{
	struct gil_sleep s = { .sp = t->watch.sp, .print = t->watch.print };

	s.io_calls = io_calls(task);
	return watch_same_wait(t, p, g, &s);
}

static __always_inline u64 resleep_ns(const struct gs_thread *t, struct gs_proc *p)
{
	struct gs_gil *g = gs_gil_of(p, t->gil);

	return g ? g->resleep_ns : 0;
}

/*
 * @t, which was woken from the GIL's condition and ran, leaves the CPU without the GIL, and not to
 * sleep on that condition.  Does it still wait?
 *
 * Preempted after less time on the CPU than going back to sleep takes, it does: to take the GIL,
 * run Python and release it takes longer.
 */
static __always_inline bool kept_waiting(struct task_struct *task, struct gs_thread *t,
					 struct gs_proc *p, struct gil_seen *g, u32 out)
{
	enum had_gil had;

	if (out == GS_OUT_MUTEX)
		return same_on_mutex(task, t, p, g);
	had = had_gil(t, g);
	if (had != HAD_PERHAPS || out != GS_OUT_RUNNABLE)
		return had == HAD_NOT;
	return !g->was_mine && t->watch.io_calls == io_calls(task) &&
	       t->watch.cpu_ns < (resleep_ns(t, p) ?: GS_WATCH_RESLEEP_NS);
}

/*
 * @t, which was preempted, may have had the GIL for a moment: what it does next is asked of since
 * it last slept for it, not of since here.  Else it would wait in whatever it sleeps in next.
 */
static __always_inline void still_unknown(const struct gs_thread *t, struct gil_seen *g, u32 out)
{
	if (out != GS_OUT_RUNNABLE || had_gil(t, g) != HAD_PERHAPS)
		return;
	g->switch_number = t->watch.switch_number;
	g->was_mine = t->watch.was_mine;
	g->known = t->watch.known;
}

#endif
