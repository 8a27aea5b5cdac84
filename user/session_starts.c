/*
 * Programs that started while a session runs, or did before it: are they CPython, and so targets?
 *
 *   told by the kernel ──► pending ──interpreter mapped, and made──► target
 *                             │ │      ▲
 *                             │ │  its interpreter was mapped meanwhile
 *                             │ │      │
 *                             │ └──not yet, for a second──► late ──LATE_TRIES times──► forgotten
 *   there at the attach ──────│───────────────────────────────▲
 *                             └──gone, or something else──► forgotten
 *
 * What is forgotten is not lost: an interpreter that runs and is no target is found again by
 * session_sweep.c.  While a program is being executed, or its libraries mapped, its memory can
 * say anything: that it cannot be measured is believed only when it was said for a second.
 *
 * Late are those that may load libpython when they come to it, as uWSGI's and vim's plug-ins do: a
 * look at each is one reading of its memory map, 7 in two minutes.
 *
 * Invariant: the table is bounded and has a process once; what does not fit is counted.  A
 * program that is not named like an interpreter gets fewer looks, and gives way to one that is;
 * those that are late give way to all others, which is not counted: most never load anything.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/session_private.h"
#include "user/target/proc_status.h"

#define MAX_TRIES 9
#define FIRST_DELAY_NS 2000000ULL /* doubled each time: half a second in all */
#define MAPPED_TRIES 17 /* of one that has its interpreter mapped: half a second, and then */
#define MAPPED_DELAY_NS 250000000ULL /* every so long, 2.5 s in all */
#define REFUSED_TRIES 4 /* of one that cannot be measured */
#define REFUSED_DELAY_NS 64000000ULL /* likewise doubled: 0.9 s in all */
#define REFUSED_NS 600000000000ULL /* so long it is not looked at any more; */
#define NO_SLOT_NS 10000000000ULL /* if only a slot was missing */
#define OTHERS_TRIES 3
#define OTHERS_DELAY_NS 400000000ULL /* likewise: 1.2 s */
#define LATE_TRIES 7
#define LATE_DELAY_NS 1000000000ULL /* likewise: 1 s to 64 s, 127 in all */

struct pending *starts_find(struct session *s, pid_t pid)
{
	for (size_t i = 0; i < s->npending; i++)
		if (s->pending[i].pid == pid)
			return &s->pending[i];
	return NULL;
}

/* Any but one that is wanted more, or being looked at; NULL: none. */
static struct pending *give_way(struct session *s, bool likely)
{
	struct pending *other = NULL;

	for (size_t i = 0; i < s->npending; i++) {
		if (s->pending[i].busy)
			continue;
		if (s->pending[i].late || !s->pending[i].pid)
			return &s->pending[i];
		if (likely && !s->pending[i].likely)
			other = &s->pending[i];
	}
	s->starts_lost++;
	return other;
}

void starts_add(struct session *s, pid_t pid, bool likely, bool named)
{
	struct pending *p = starts_find(s, pid);

	if (p && p->busy)
		return;
	if (!p)
		p = s->npending < SESSION_MAX_PENDING ? &s->pending[s->npending++]
						      : give_way(s, likely);
	if (p)
		*p = (struct pending) { .pid = pid, .likely = likely, .named = named };
}

/* It was there before, and has none: it may load one. */
static void add_late(struct session *s, pid_t pid)
{
	if (s->npending < SESSION_MAX_PENDING && !starts_find(s, pid))
		s->pending[s->npending++] = (struct pending) {
			.pid = pid,
			.late = true,
			.try_at_ns = clock_mono_ns() + LATE_DELAY_NS,
		};
}

static int add_child(pid_t pid, void *arg)
{
	struct session *s = arg;

	if (!targets_find_pid(s, pid))
		starts_add(s, pid, true, false);
	return 0;
}

/* Give the new target @py, which is taken over, its place.  0 or a negative errno, @e set. */
static int attach(struct session *s, struct py_process *py, struct err *e)
{
	const pid_t pid = py->pid;
	struct measured *m;
	int err;
	u64 now;

	err = targets_attach(s, py, e);
	if (err)
		return err;
	m = s->collector.list[s->collector.count - 1]; /* it may have ended already */
	now = clock_mono_ns();
	__atomic_store_n(&skel_maps(s->skel)->procs[m->index].start_ns, now, __ATOMIC_RELEASE);
	targets_seed(s, m);
	collector_begin(m);
	if (s->on_target)
		s->on_target(s->on_target_ctx, m->py, now, m->seed_tid);
	/* It may have forked before: those have its interpreter, and nobody told of them. */
	(void)process_each_own_child(pid, add_child, s);
	return 0;
}

/* Make the interpreter that runs in @p->pid a target.  0 or a negative errno, @e set; -EAGAIN: it
 * is not made yet. */
static int make_target(struct session *s, const struct pending *p, struct err *e)
{
	struct py_process *py;
	int err = process_identify(p->pid, session_site_families(s), s->binaries, &py, e);

	if (err)
		return err;
	err = process_refresh(py);
	if (err) {
		process_free(py);
		return errf(e, err == -EBADMSG ? GS_EXIT_UNSUPPORTED : GS_EXIT_TARGET, err,
			    "pid %d: its interpreter cannot be read", p->pid);
	}
	return attach(s, py, e);
}

static bool is_there(struct session *s, const struct pending *p)
{
	struct proc_status now;
	bool there = !proc_status_read(p->pid, &now) && now.state != 'Z' && now.state != 'X';

	s->starts_missed += p->named && !there;
	return there;
}

/* It is there, and something keeps it from being measured.  True: look again later. */
static bool refused(struct session *s, struct pending *p, bool no_slot)
{
	if (no_slot) {
		s->no_slot += sweep_give_up(s, p->pid, NO_SLOT_NS);
		return false;
	}
	if (++p->refusals < REFUSED_TRIES)
		return true;
	s->starts_refused += sweep_give_up(s, p->pid, REFUSED_NS);
	return false;
}

/* True: look again later. */
static bool try_again(struct session *s, struct pending *p)
{
	struct err e = {};
	int err;

	if (targets_find_pid(s, p->pid))
		return false;
	if (!process_looks_like_python(p->pid))
		return is_there(s, p);
	if (!p->mapped) { /* it will be made soon */
		p->mapped = p->likely = true;
		p->tries = p->late ? 0 : p->tries;
		p->late = false;
	}
	err = make_target(s, p, &e);
	if (!err || !is_there(s, p))
		return false;
	if (e.code != GS_EXIT_TARGET)
		return refused(s, p, err == -ENOSPC);
	p->refusals = 0;
	return true;
}

static u32 tries_of(const struct pending *p)
{
	if (p->late)
		return LATE_TRIES;
	if (p->mapped)
		return MAPPED_TRIES;
	return p->likely ? MAX_TRIES : OTHERS_TRIES;
}

static u64 delay_of(const struct pending *p)
{
	u64 delay;

	if (p->refusals)
		return REFUSED_DELAY_NS << p->refusals;
	if (p->late)
		return LATE_DELAY_NS << p->tries;
	delay = ((p->likely ? FIRST_DELAY_NS : OTHERS_DELAY_NS) << p->tries) / 2;
	return p->mapped && delay > MAPPED_DELAY_NS ? MAPPED_DELAY_NS : delay;
}

/* When to look again; false: never. */
static bool put_off(struct session *s, struct pending *p, u64 now)
{
	p->tries++;
	if (p->tries >= tries_of(p) && p->late) {
		if (p->mapped)
			(void)sweep_give_up(s, p->pid, REFUSED_NS);
		return false;
	}
	if (p->tries >= tries_of(p)) {
		p->late = true;
		p->likely = p->named = false; /* nobody need wait for it, or miss it */
		p->tries = 0;
	}
	p->try_at_ns = now + delay_of(p);
	return true;
}

void starts_retry(struct session *s)
{
	u64 now = clock_mono_ns();
	size_t n = s->npending, kept = 0;

	if (starts_next_ns(s) > now)
		return;
	/* Meanwhile children of new targets are added, behind the others or in a place left. */
	for (size_t i = 0; i < n; i++) {
		struct pending *p = &s->pending[i];

		if (!p->pid || p->try_at_ns > now)
			continue;
		p->busy = true;
		if (!try_again(s, p) || !put_off(s, p, now))
			p->pid = 0;
		p->busy = false;
	}
	for (size_t i = 0; i < s->npending; i++)
		if (s->pending[i].pid)
			s->pending[kept++] = s->pending[i];
	s->npending = kept;
}

u64 starts_next_ns(const struct session *s)
{
	u64 next = UINT64_MAX;

	for (size_t i = 0; i < s->npending; i++)
		if (s->pending[i].try_at_ns < next)
			next = s->pending[i].try_at_ns;
	return next;
}

bool starts_expected(const struct session *s)
{
	for (size_t i = 0; i < s->npending; i++)
		if (s->pending[i].likely)
			return true;
	return false;
}

static int look_at(pid_t pid, void *arg)
{
	if (process_looks_like_python(pid))
		add_child(pid, arg);
	else if (pid != getpid())
		add_late(arg, pid);
	return 0;
}

static int look_at_child(pid_t pid, void *arg)
{
	struct session *s = arg;
	u32 key = pid, one = 1;

	if (targets_find_pid(s, pid))
		return 0;
	if (bpf_map_update_elem(skel_maps(s->skel)->kin_fd, &key, &one, BPF_ANY))
		s->starts_lost++;
	return look_at(pid, arg);
}

void starts_scan(struct session *s)
{
	if (s->opts->all)
		(void)process_each(look_at, s);
	for (size_t i = 0; s->opts->children && i < s->collector.count; i++)
		(void)process_each_child(s->collector.list[i]->py->pid, look_at_child, s);
}
