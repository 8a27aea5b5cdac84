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
#define OTHERS_TRIES 3
#define OTHERS_DELAY_NS 400000000ULL /* likewise: 1.2 s */
#define LATE_TRIES 7
#define LATE_DELAY_NS 1000000000ULL /* likewise: 1 s to 64 s, 127 in all */

static struct pending *find(struct session *s, pid_t pid)
{
	for (size_t i = 0; i < s->npending; i++)
		if (s->pending[i].pid == pid)
			return &s->pending[i];
	return NULL;
}

/* Any but one that is wanted more; NULL: none. */
static struct pending *give_way(struct session *s, bool likely)
{
	struct pending *other = NULL;

	for (size_t i = 0; i < s->npending; i++) {
		if (s->pending[i].late)
			return &s->pending[i];
		if (likely && !s->pending[i].likely)
			other = &s->pending[i];
	}
	s->starts_lost++;
	return other;
}

void starts_add(struct session *s, pid_t pid, bool likely, bool named)
{
	struct pending *p = find(s, pid);

	if (!p)
		p = s->npending < SESSION_MAX_PENDING ? &s->pending[s->npending++]
						      : give_way(s, likely);
	if (p)
		*p = (struct pending) { .pid = pid, .likely = likely, .named = named };
}

/* It was there before, and has none: it may load one. */
static void add_late(struct session *s, pid_t pid)
{
	if (s->npending < SESSION_MAX_PENDING && !find(s, pid))
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

/* Give the new target @py its place.  False: not now, or never. */
static bool attach(struct session *s, struct py_process *py)
{
	const pid_t pid = py->pid;
	struct err e = {};
	struct measured *m;
	int err;
	u64 now;

	err = targets_attach(s, py, &e);
	if (err) {
		s->no_slot += err == -ENOSPC;
		return false;
	}
	m = s->collector.list[s->collector.count - 1]; /* it may have ended already */
	now = clock_mono_ns();
	__atomic_store_n(&skel_maps(s->skel)->procs[m->index].start_ns, now, __ATOMIC_RELEASE);
	targets_seed(s, m);
	collector_begin(m);
	if (s->on_target)
		s->on_target(s->on_target_ctx, m->py, now, m->seed_tid);
	/* It may have forked before: those have its interpreter, and nobody told of them. */
	(void)process_each_own_child(pid, add_child, s);
	return true;
}

static bool is_there(struct session *s, const struct pending *p)
{
	struct proc_status now;
	bool there = !proc_status_read(p->pid, &now) && now.state != 'Z' && now.state != 'X';

	s->starts_missed += p->named && !there;
	return there;
}

/* True: look again later. */
static bool try_again(struct session *s, struct pending *p)
{
	struct py_process *py;
	struct err e = {};

	if (targets_find_pid(s, p->pid))
		return false;
	if (!process_looks_like_python(p->pid))
		return is_there(s, p);
	if (!p->mapped) { /* it will be made soon */
		p->mapped = p->likely = true;
		p->tries = p->late ? 0 : p->tries;
		p->late = false;
	}
	if (process_identify(p->pid, session_site_families(s), s->binaries, &py, &e))
		return is_there(s, p) && e.code == GS_EXIT_TARGET;
	if (process_refresh(py) == -EAGAIN) { /* its main interpreter is not made yet */
		process_free(py);
		return true;
	}
	if (!attach(s, py))
		(void)is_there(s, p); /* counted if not */
	return false;
}

/* When to look again; false: never. */
static bool put_off(struct pending *p, u64 now)
{
	u64 delay;

	p->tries++;
	if (!p->late && p->tries == (p->likely ? MAX_TRIES : OTHERS_TRIES)) {
		p->late = true;
		p->likely = p->named = false; /* nobody need wait for it, or miss it */
		p->tries = 0;
	}
	if (p->late)
		delay = LATE_DELAY_NS << p->tries;
	else
		delay = ((p->likely ? FIRST_DELAY_NS : OTHERS_DELAY_NS) << p->tries) / 2;
	p->try_at_ns = now + delay;
	return p->tries < LATE_TRIES || !p->late;
}

void starts_retry(struct session *s)
{
	u64 now = clock_mono_ns();
	size_t n = s->npending, kept = 0;

	if (starts_next_ns(s) > now)
		return;
	for (size_t i = 0; i < n; i++) {
		struct pending p = s->pending[i];

		if (p.try_at_ns <= now && (!try_again(s, &p) || !put_off(&p, now)))
			continue;
		s->pending[kept++] = p;
	}
	/* Children of new targets were added behind the others. */
	for (size_t i = n; i < s->npending; i++)
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
