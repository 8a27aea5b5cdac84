/*
 * gil and sched, replayed; bpf/gil.bpf.c says what each figure counts.
 *
 * Holds of one GIL never overlap, so the order of their ends is that of their beginnings, but for
 * one thing: a release that was seen late ends at the next owner's acquisition, and may be told
 * after that hold has ended, too.  rp_own() puts it back.
 *
 * A contended stretch is told when it ends.  What is known of one going on: it is not younger than
 * any wait that ended after the last stretch did (`stretch_ns`), nor than the waits still open.
 */
#include "user/trace/replay_private.h"

void rp_own(struct rp_owners *o, u64 me, u64 begin_ns)
{
	if (o->last_owner && begin_ns < o->last_begin_ns) {
		if (o->owner_before) {
			o->handovers -= o->owner_before != o->last_owner;
			o->handovers += o->owner_before != me;
		}
		o->handovers += o->last_owner != me;
		o->owner_before = me;
		return;
	}
	o->handovers += o->last_owner && o->last_owner != me;
	o->owner_before = o->last_owner;
	o->last_owner = me;
	o->last_begin_ns = begin_ns;
}

u64 rp_begin_ns(const struct event *ev, u64 since_ns)
{
	u64 begin = event_begin_ns(ev);

	if (!ev->mid || begin >= since_ns)
		return begin;
	return since_ns < ev->ts_ns ? since_ns : ev->ts_ns;
}

static void other_hold(struct rp_thread *t, struct rp_gil *g, const struct event *ev, u64 ns)
{
	g->held_ns += ns;
	if (ev->mid)
		return;
	g->takes++;
	g->forced_releases += ev->forced;
	rp_own(&g->owners, t->serial, event_begin_ns(ev));
}

int rp_hold(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	struct rp_gil *g;
	u64 begin, ns;
	int err;

	if (!t)
		return 0;
	begin = rp_begin_ns(ev, t->p->since_ns);
	ns = ev->ts_ns - begin;
	g = rp_gil_at(t->p, t->gil);
	if (g)
		other_hold(t, g, ev, ns);
	t->row.held_ns += ns;
	t->gil_seen = true;
	if (!ev->mid) {
		t->row.takes++;
		t->row.forced_releases += ev->forced;
		rp_hist_add(&t->row.hold, ev->ns);
	}
	if (!ev->mid && !g) {
		t->p->holds++;
		if (!t->p->first_owned_ns || begin < t->p->first_owned_ns)
			t->p->first_owned_ns = begin;
		rp_own(&t->p->owners, t->serial, begin);
	}
	err = rp_blame_hold(r, t, ev);
	return err ? err : rp_longest(r, RP_LONGEST_HOLD, t, ev);
}

int rp_wait(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	u64 begin = event_begin_ns(ev), runnable;
	struct rp_process *p;
	struct rp_gil *g;
	int err;

	if (!t)
		return 0;
	p = t->p;
	err = rp_blame_wait(r, t, ev);
	if (err)
		return err;
	t->row.contended_takes++;
	t->row.wait_ns += ev->ns;
	rp_hist_add(&t->row.wait, ev->ns);
	runnable = ev->runnable_ns < ev->ns ? ev->runnable_ns : ev->ns;
	runnable = ev->runnable_ns == EVENT_UNKNOWN ? 0 : runnable;
	t->row.wait_runnable_ns += runnable;
	g = rp_gil_at(p, t->gil);
	if (g) {
		g->wait_runnable_ns += runnable;
		g->contended_takes++;
		g->wait_ns += ev->ns;
		g->contended_ns += ev->alone ? ev->ns : 0;
	} else if (ev->alone) {
		p->contended_ns += ev->ns;
		p->contended_end_ns = ev->ts_ns;
		p->stretch_ns = 0;
	} else if (ev->ts_ns > p->contended_end_ns && (!p->stretch_ns || begin < p->stretch_ns)) {
		p->stretch_ns = begin;
	}
	rp_stalled(p, t->gil, begin, ev->ts_ns);
	return rp_longest(r, RP_LONGEST_WAIT, t, ev);
}

int rp_contended(struct replay *r, const struct event *ev)
{
	struct rp_process *p = rp_process_of(r, ev);

	if (!p)
		return 0;
	p->contended_ns += ev->ns;
	p->contended_end_ns = ev->ts_ns;
	p->stretch_ns = 0;
	return 0;
}

int rp_off_cpu(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	struct rp_gil *g;

	if (!t)
		return 0;
	t->row.held_offcpu_ns += ev->ns;
	if (ev->preempted)
		t->row.held_preempted_ns += ev->ns;
	else
		rp_blocked(t, ev);
	g = rp_gil_at(t->p, t->gil);
	if (g) {
		g->held_offcpu_ns += ev->ns;
		g->held_preempted_ns += ev->preempted ? ev->ns : 0;
	}
	return 0;
}

static void open_since(struct rp_thread *t, enum rp_open what, u64 since_ns)
{
	t->open[what] = RP_BY_EVENT;
	t->open_ns[what] = since_ns;
	t->open_gil[what] = t->gil;
}

int rp_open(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);
	struct rp_process *p;
	u64 since;

	if (!t)
		return 0;
	p = t->p;
	since = rp_begin_ns(ev, p->since_ns);
	if (ev->what == EVENT_OPEN_HOLD) {
		open_since(t, RP_HOLD, since);
		t->open_mid = ev->mid;
	} else if (ev->what == EVENT_OPEN_OFF_CPU) {
		open_since(t, RP_OFF_CPU, since);
		t->open_preempted = ev->preempted;
		t->sched.open_in = ev->blocked_in;
	} else if (ev->what == EVENT_OPEN_WAIT) {
		open_since(t, RP_WAIT, since);
		if (t->gil)
			return 0;
		if (p->stretch_ns && p->stretch_ns < since)
			since = p->stretch_ns;
		if (!p->open_contended_ns || since < p->open_contended_ns)
			p->open_contended_ns = since;
	}
	return 0;
}

bool rp_is_seed(const struct rp_thread *t)
{
	return t->p->seed_tid && t->row.tid == t->p->seed_tid && !t->row.start_ns && !t->gil_seen &&
	       !t->open[RP_HOLD];
}

u64 rp_seed_held(const struct rp_thread *t, u64 until_ns)
{
	return rp_is_seed(t) && until_ns > t->p->since_ns ? until_ns - t->p->since_ns : 0;
}
