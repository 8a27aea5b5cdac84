/* What the readings keep about a process; see measured.h. */
#include "user/ingest/measured.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/ingest/sampler.h"
#include "user/ingest/stacks.h"
#include "user/model/fig_rows.h"

struct measured *measured_new(struct py_process *py, u32 index)
{
	struct measured *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->py = py;
	m->index = index;
	return m;
}

struct measured *measured_fork(const struct measured *parent, u32 index, pid_t pid)
{
	struct py_process *py = malloc(sizeof(*py));
	struct measured *m;

	if (!py)
		return NULL;
	*py = *parent->py;
	py->pid = pid;
	py->ns_pid = process_ns_tid(pid, pid);
	py->command = py->command ? strdup(py->command) : NULL;
	py->cgroup = py->cgroup ? strdup(py->cgroup) : NULL;
	m = measured_new(py, index);
	if (!m)
		process_free(py);
	return m;
}

/* Add the figures of @row to the row that stands for many. */
static void fold(struct measured *m, const struct fig_thread *row)
{
	if (!m->nfolded++)
		fig_thread_sum_init(&m->folded);
	fig_thread_sum(&m->folded, row);
}

static bool among(u32 tid, const struct fig_thread *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].tid == tid)
			return true;
	return false;
}

/*
 * The threads @rows become part of the one row of ended threads, whose tid is 0.  So do their
 * pairs: a waiter's go to holder 0 and waiter 0, and where it was the holder of another it is now
 * holder 0.
 */
static void fold_blame(struct measured *m, const struct fig_thread *rows, size_t n)
{
	struct fig_blame all = {};
	size_t kept = 0;

	for (size_t i = 0; i < m->nblame; i++) {
		struct fig_blame b = m->blame[i];

		if (!b.waiter_tid || among(b.waiter_tid, rows, n)) {
			all.waits += b.waits;
			all.wait_ns += b.wait_ns;
			continue;
		}
		if (among(b.holder_tid, rows, n))
			b.holder_tid = 0;
		m->blame[kept++] = b;
	}
	if (kept < m->nblame)
		m->blame[kept++] = all;
	m->nblame = kept;
}

/* Room for one more: most processes end with a thread or two. */
static bool make_room(struct measured *m)
{
	size_t room = m->retired_room ? m->retired_room * 2 : 4;
	struct fig_thread *more;

	if (m->nretired < m->retired_room)
		return true;
	more = realloc(m->retired, room * sizeof(*more));
	if (!more)
		return false;
	m->retired = more;
	m->retired_room = room;
	return true;
}

int measured_retire(struct measured *m, struct fig_thread *row)
{
	if (m->nretired == MEASURED_MAX_RETIRED) {
		/* Half at a time: moving the rest is then rare. */
		size_t half = MEASURED_MAX_RETIRED / 2;

		fold_blame(m, m->retired, half);
		for (size_t i = 0; i < half; i++) {
			fold(m, &m->retired[i]);
			fig_row_clear(FIG_THREADS, &m->retired[i]);
		}
		m->nretired -= half;
		memmove(m->retired, m->retired + half, m->nretired * sizeof(*m->retired));
	}
	if (!make_room(m))
		return -ENOMEM;
	row->exited = true;
	m->retired[m->nretired++] = *row;
	return 0;
}

void measured_read_cpu(struct measured *m)
{
	struct cgroup_cpu now;
	struct gil_now gil;

	if (!process_gil(m->py, &gil) && gil.interval_us < UINT32_MAX)
		m->interval_ns = gil.interval_us * 1000;
	if (cgroup_cpu_read(m->py->pid, &now))
		return; /* what was counted stays */
	if (now.id == m->cpu_group.id && now.throttled_ns >= m->cpu_group.throttled_ns) {
		m->throttled += now.throttled - m->cpu_group.throttled;
		m->throttled_ns += now.throttled_ns - m->cpu_group.throttled_ns;
	}
	m->cpu_group = now;
}

void measured_new_interval(struct measured *m)
{
	for (size_t i = 0; i < m->nretired; i++) {
		m->retired[i].hold.interval_max_ns = 0;
		m->retired[i].wait.interval_max_ns = 0;
	}
	m->folded.hold.interval_max_ns = 0;
	m->folded.wait.interval_max_ns = 0;
	for (size_t i = 0; i < m->kept.nloops; i++) {
		m->kept.loops[i].iteration.interval_max_ns = 0;
		m->kept.loops[i].step.interval_max_ns = 0;
	}
}

struct measured *measured_free(struct measured *m)
{
	if (!m)
		return NULL;
	for (size_t i = 0; i < m->nretired; i++)
		fig_row_clear(FIG_THREADS, &m->retired[i]);
	for (size_t i = 0; i < m->kept.nloops; i++)
		fig_row_clear(FIG_ASYNCIO, &m->kept.loops[i]);
	free(m->kept.loops);
	free(m->retired);
	free(m->blame);
	free(m->gils);
	sampled_free(m->sampled);
	stacks_of_free(m->stacks);
	thread_list_clear(&m->threads);
	process_free(m->py);
	free(m);
	return NULL;
}
