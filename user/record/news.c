/* What a reading tells and the kernel's records do not: names, counts of types and in stacks,
 * losses, CPU quotas, probes. */
#include <errno.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/record/recorder_private.h"
#include "user/target/proc_status.h"

static const char *text(const char *s)
{
	return s ? s : "";
}

/*
 * Did the thread, of which the kernel side knows nothing yet, begin after its process was measured?
 * Then it is told when the kernel side does, which knows to the nanosecond since when: with that
 * it is another thread than one that was there all along.
 */
static bool began_later(const struct recorder *r, const struct event *ev)
{
	const struct event *process = known_process(&r->known, ev->pid);
	struct proc_status s;

	return process && !proc_status_read((pid_t)ev->tid, &s) &&
	       clock_ticks_ns(s.start_ticks) > process->ts_ns;
}

static int tell_thread(struct recorder *r, const struct fig_process *p, const struct fig_thread *t,
		       u64 began)
{
	const struct event *known = known_thread(&r->known, t->tid);
	struct event ev = {
		.kind = EVENT_THREAD,
		.ts_ns = began,
		.pid = p->pid,
		.tid = t->tid,
		.ns_id = t->ns_tid,
		.start_ns = t->start_ns == FIG_NULL ? 0 : t->start_ns,
		.text = { [EVENT_THREAD_NAME] = text(t->name) },
	};

	/* An ended one keeps the name it had; the row of those folded together is no thread. */
	if (t->exited || p->exited || !t->tid)
		return 0;
	if (known && known->start_ns == ev.start_ns &&
	    !strcmp(text(known->text[EVENT_THREAD_NAME]), ev.text[EVENT_THREAD_NAME]))
		return 0;
	if (!known && !ev.start_ns && began_later(r, &ev))
		return 0;
	return recorder_add_locked(r, &ev);
}

static int tell_type(struct recorder *r, const struct fig_process *p, const struct fig_type *t,
		     u64 now, u64 ns)
{
	struct event type = {
		.kind = EVENT_TYPE,
		.ts_ns = now,
		.pid = p->pid,
		.key = t->key,
		.text = { [EVENT_TYPE_NAME] = text(t->type) },
	};
	struct event count = {
		.kind = EVENT_TYPE_COUNT,
		.ts_ns = now,
		.ns = ns,
		.pid = p->pid,
		.key = t->key,
		.deallocs = t->deallocs,
		.allocs = t->allocs == FIG_NULL ? EVENT_UNKNOWN : t->allocs,
	};
	int err = 0;

	if (!t->deallocs && (t->allocs == FIG_NULL || !t->allocs))
		return 0;
	if (!known_type(&r->known, p->pid, t->key))
		err = recorder_add_locked(r, &type);
	return err ? err : recorder_add_locked(r, &count);
}

static int tell_process(struct recorder *r, const struct fig_process *p, u64 began, u64 now, u64 ns)
{
	int err = 0;

	for (size_t i = 0; i < p->nthreads && !err; i++)
		err = tell_thread(r, p, &p->threads[i], began);
	for (size_t i = 0; i < p->ntypes && !err; i++)
		err = tell_type(r, p, &p->types[i], now, ns);
	return err;
}

/* Losses that the kernel side does not count, so that the reader thread cannot see them. */
static bool is_ours(const char *cause)
{
	return !strcmp(cause, "processes_dropped") || !strcmp(cause, "kernel_skipped");
}

static int tell_losses(struct recorder *r, const struct figures *part, u64 now)
{
	int err = 0;

	for (size_t i = 0; i < part->nlost && !err; i++) {
		const struct fig_lost *lost = &part->lost[i];
		struct event ev = {
			.kind = EVENT_LOST,
			.ts_ns = now,
			.ns = part->duration_ns,
			.count = lost->count,
			.text = { [EVENT_LOST_CAUSE] = lost->cause },
		};

		if (lost->count && is_ours(lost->cause))
			err = recorder_add_locked(r, &ev);
	}
	return err;
}

int recorder_figures(struct recorder *r, const struct figures *part, u64 began_ns)
{
	u64 now = part->started_ns + part->duration_ns;
	int err;

	pthread_mutex_lock(&r->lock);
	err = tell_losses(r, part, now);
	for (size_t i = 0; i < part->nprocs && !err; i++)
		err = tell_process(r, &part->procs[i], began_ns, now, part->duration_ns);
	pthread_mutex_unlock(&r->lock);
	return err;
}

static int add_new(void *ctx, const struct event *ev)
{
	return recorder_add_locked(ctx, ev);
}

/* There is no room for more stacks. */
static int tell_no_room(struct recorder *r, u64 now)
{
	const struct event ev = {
		.kind = EVENT_LOST,
		.ts_ns = now,
		.count = 1,
		.text = { [EVENT_LOST_CAUSE] = "stacks_full" },
	};

	return recorder_add_locked(r, &ev);
}

int recorder_stack_cost(struct recorder *r, const struct event *ev, const struct fig_frames *frames)
{
	struct event cost = *ev;
	int err = 0;

	pthread_mutex_lock(&r->lock);
	if (frames && frames->n)
		err = stack_numbers_of(&r->stacks, frames, ev->ts_ns, add_new, r, &cost.frame);
	if (!err && frames && frames->n && !cost.frame)
		err = tell_no_room(r, ev->ts_ns);
	if (!err)
		err = recorder_add_locked(r, &cost);
	pthread_mutex_unlock(&r->lock);
	return err;
}

int recorder_cpus(struct recorder *r, const struct figures *f)
{
	int err = 0;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < f->nprocs && !err; i++) {
		const struct fig_process *p = &f->procs[i];
		const struct event ev = {
			.kind = EVENT_CPU,
			.ts_ns = f->started_ns + f->duration_ns,
			.pid = p->pid,
			.switch_interval_ns = p->cpu.switch_interval_ns,
			.throttled = p->cpu.cgroup_throttled,
			.throttled_ns = p->cpu.cgroup_throttled_ns,
		};

		if (!p->exited && !known_cpu(&r->known, &ev))
			err = recorder_add_locked(r, &ev);
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

int recorder_probes(struct recorder *r, const struct figures *f)
{
	int err = 0;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < f->nprobes && !err; i++) {
		const struct fig_probe *p = &f->probes[i];
		struct event ev = {
			.kind = EVENT_PROBE,
			.ts_ns = f->started_ns + f->duration_ns,
			.offset = p->offset,
			.count = p->hits,
			.text = {
				[EVENT_PROBE_FAMILY] = text(p->family),
				[EVENT_PROBE_EVENT] = text(p->event),
				[EVENT_PROBE_FILE] = text(p->file),
				[EVENT_PROBE_FOUND_BY] = text(p->found_by),
				[EVENT_PROBE_INSTRUCTION] = text(p->instruction),
			},
		};

		if (!known_probe(&r->known, &ev))
			err = recorder_add_locked(r, &ev);
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}
