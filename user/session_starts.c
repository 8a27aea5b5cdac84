/*
 * Programs that started while a session runs: are they CPython, and so targets?
 *
 *   told by the kernel ──► pending ──interpreter mapped──► target
 *                             │ └──not yet: again after a while, MAX_TRIES times at most
 *                             └──gone, or something else──► forgotten
 *
 * Invariant: the table is bounded and has a process once; what does not fit is counted.  A
 * program that is not named like an interpreter gets fewer looks, and gives way to one that is.
 */
#include <bpf/bpf.h>
#include <errno.h>

#include "user/base/clock.h"
#include "user/session_private.h"
#include "user/target/proc_status.h"

#define MAX_TRIES 9
#define FIRST_DELAY_NS 2000000ULL /* doubled each time: half a second in all */
#define OTHERS_TRIES 3
#define OTHERS_DELAY_NS 400000000ULL /* likewise: 1.2 s */

static struct pending *find(struct session *s, pid_t pid)
{
	for (size_t i = 0; i < s->npending; i++)
		if (s->pending[i].pid == pid)
			return &s->pending[i];
	return NULL;
}

/* A place for one more; NULL: none. */
static struct pending *place(struct session *s, bool likely)
{
	if (s->npending < SESSION_MAX_PENDING)
		return &s->pending[s->npending++];
	s->starts_lost++;
	for (size_t i = 0; likely && i < s->npending; i++)
		if (!s->pending[i].likely)
			return &s->pending[i];
	return NULL;
}

void starts_add(struct session *s, pid_t pid, bool likely, bool named)
{
	struct pending *p = find(s, pid);

	if (!p)
		p = place(s, likely);
	if (p)
		*p = (struct pending) { .pid = pid, .likely = likely, .named = named };
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
	p->likely = true;
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

void starts_retry(struct session *s)
{
	u64 now = clock_mono_ns();
	size_t n = s->npending, kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct pending p = s->pending[i];

		if (p.try_at_ns <= now) {
			if (!try_again(s, &p) || ++p.tries >= (p.likely ? MAX_TRIES : OTHERS_TRIES))
				continue;
			p.try_at_ns =
				now +
				((p.likely ? FIRST_DELAY_NS : OTHERS_DELAY_NS) << p.tries) / 2;
		}
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
