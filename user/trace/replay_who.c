/*
 * Who is who in a replay: processes and threads, from the reader's to ours.
 *
 * Invariant: an alive thread is in its process's `threads`, and either under its index in the
 * replay's `threads` or, where only its tid is known, among its process's `strangers`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/fig_rows.h"
#include "user/trace/replay_loops.h"
#include "user/trace/replay_private.h"

static struct rp_thread *thread_new(struct replay *r, struct rp_process *p, u32 tid)
{
	struct rp_thread *t;

	if (rp_room((void **)&p->threads, &p->room, p->nthreads, sizeof(*p->threads)))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->row.tid = tid;
	t->row.hold.valid = t->row.wait.valid = true;
	t->p = p;
	t->serial = ++r->serial;
	t->place = p->nthreads;
	p->threads[p->nthreads++] = t;
	return t;
}

static void forget_stranger(struct rp_thread *t)
{
	struct rp_process *p = t->p;

	for (size_t i = 0; i < p->nstrangers; i++)
		if (p->strangers[i] == t)
			p->strangers[i] = p->strangers[--p->nstrangers];
}

/* @t is no more in any list; its name goes where its row goes. */
static void thread_unlink(struct replay *r, struct rp_thread *t)
{
	struct rp_process *p = t->p;

	p->threads[t->place] = p->threads[--p->nthreads];
	p->threads[t->place]->place = t->place;
	forget_stranger(t);
	if (t->index < r->threads_room && r->threads[t->index] == t)
		r->threads[t->index] = NULL;
}

/* Add the oldest @n rows of ended threads to the one that stands for many. */
static void fold(struct replay *r, struct rp_process *p, size_t n)
{
	if (!p->nfolded)
		fig_thread_sum_init(&p->folded);
	p->nfolded += n;
	for (size_t i = 0; i < n; i++) {
		fig_thread_sum(&p->folded, &p->retired[i]);
		fig_row_clear(FIG_THREADS, &p->retired[i]);
	}
	p->nretired -= n;
	r->nretired -= n;
	memmove(p->retired, p->retired + n, p->nretired * sizeof(*p->retired));
}

static int keep_row(struct replay *r, struct rp_process *p, const struct fig_thread *row)
{
	int err;

	if (p->nretired == REPLAY_MAX_RETIRED)
		fold(r, p, REPLAY_MAX_RETIRED / 2);
	err = rp_room((void **)&p->retired, &p->retired_room, p->nretired, sizeof(*p->retired));
	if (err)
		return err;
	p->retired[p->nretired++] = *row;
	if (++r->nretired > RP_MAX_RETIRED)
		fold(r, p, p->nretired);
	return 0;
}

/* @t has ended: keep its row, if it did anything. */
int rp_thread_end(struct replay *r, struct rp_thread *t, u64 now_ns)
{
	struct rp_process *p = t->p;
	bool seed = t->row.tid == p->seed_tid && !t->row.start_ns;
	int err = 0;

	thread_unlink(r, t);
	rp_loop_end(t);
	t->row.held_ns += rp_seed_held(t, p->first_owned_ns ? p->first_owned_ns : now_ns);
	t->row.exited = true;
	if (t->touched || seed)
		err = keep_row(r, p, &t->row);
	if (err || !(t->touched || seed))
		free(t->row.name);
	if (!err)
		err = rp_blocked_end(t);
	free(t->parts.list);
	free(t);
	return err;
}

bool rp_set_name(struct rp_thread *t, const char *name)
{
	char *copy;

	name = name ? name : "?";
	if (t->row.name && !strcmp(t->row.name, name))
		return false;
	copy = strdup(name);
	if (!copy)
		return false; /* the one before will do */
	free(t->row.name);
	t->row.name = copy;
	return true;
}

/* A thread known by its tid only. */
static struct rp_thread *find_stranger(const struct rp_process *p, u32 tid)
{
	for (size_t i = 0; i < p->nstrangers; i++)
		if (p->strangers[i]->row.tid == tid)
			return p->strangers[i];
	return NULL;
}

bool rp_watched(const struct replay *r)
{
	return r->info->mode && !strcmp(r->info->mode, "watch");
}

struct rp_process *rp_process_at(const struct replay *r, u32 index, u32 pid, u64 since_ns)
{
	struct rp_process *p = index < r->by_index_room ? r->by_index[index] : NULL;

	return p && p->pid == pid && p->since_ns == since_ns ? p : NULL;
}

struct rp_thread *rp_thread_at(const struct replay *r, u32 index, u32 tid, u64 start_ns)
{
	struct rp_thread *t = index < r->threads_room ? r->threads[index] : NULL;

	return t && t->row.tid == tid && t->row.start_ns == start_ns ? t : NULL;
}

void rp_process_free(struct rp_process *p)
{
	for (size_t i = 0; i < p->nthreads; i++) {
		free(p->threads[i]->row.name);
		free(p->threads[i]->parts.list);
		free(p->threads[i]);
	}
	for (size_t i = 0; i < p->nretired; i++)
		fig_row_clear(FIG_THREADS, &p->retired[i]);
	for (u32 i = 0; i < p->ntypes; i++)
		free(p->types[i].type);
	rp_loops_free(p);
	rp_blame_free(p);
	rp_sched_free(&p->sched);
	rp_stacks_free(p);
	for (u32 i = 0; i < p->ngils; i++)
		free(p->gils[i].collections.ring);
	free(p->gils);
	free(p->threads);
	free(p->retired);
	free(p->collections.ring);
	free(p->types);
	free(p->type_slot);
	free(p->version);
	free(p->path);
	free(p->build_id);
	free(p->command);
	free(p->coverage);
	free(p);
}

/* The oldest ended one goes when there are too many. */
static void drop_oldest(struct replay *r)
{
	if (r->nprocs - r->nalive <= REPLAY_MAX_EXITED)
		return;
	for (size_t i = 0; i < r->nprocs; i++) {
		if (!r->procs[i]->exited)
			continue;
		r->nretired -= r->procs[i]->nretired;
		rp_process_free(r->procs[i]);
		memmove(&r->procs[i], &r->procs[i + 1], (--r->nprocs - i) * sizeof(*r->procs));
		r->lost[GS_LOSS_PROCESSES_DROPPED]++;
		return;
	}
}

int rp_process_end(struct replay *r, struct rp_process *p, u64 now_ns)
{
	int err = 0;

	while (p->nthreads && !err)
		err = rp_thread_end(r, p->threads[p->nthreads - 1], now_ns);
	p->exited = true;
	p->exit_ns = now_ns;
	p->open_contended_ns = 0;
	if (p->index < r->by_index_room && r->by_index[p->index] == p)
		r->by_index[p->index] = NULL;
	r->nalive--;
	drop_oldest(r);
	return err;
}

char *rp_text(const char *s)
{
	return s && *s ? strdup(s) : NULL;
}

static struct rp_process *process_new(struct replay *r, const struct trace_process *tp)
{
	struct rp_process *p;
	int err = rp_room((void **)&r->procs, &r->procs_room, r->nprocs, sizeof(*r->procs));

	if (!err)
		err = rp_room((void **)&r->by_index, &r->by_index_room, tp->index,
			      sizeof(*r->by_index));
	p = err ? NULL : calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	*p = (struct rp_process) {
		.pid = tp->pid,
		.ns_pid = tp->ns_pid,
		.index = tp->index,
		.since_ns = tp->since_ns,
		.gil = tp->gil,
		.version = rp_text(tp->version),
		.path = rp_text(tp->path),
		.build_id = rp_text(tp->build_id),
		.command = rp_text(tp->command),
	};
	for (u32 i = 0; i < GS_GC_GENERATIONS; i++)
		p->gc[i].generation = i;
	for (u32 i = 0; i < GS_IO_COUNT; i++)
		p->io[i].call = event_call_name(i);
	rp_sched_init(&p->sched);
	r->by_index[tp->index] = p;
	r->procs[r->nprocs++] = p;
	r->nalive++;
	return p;
}

/* The process the reader means; made when it is new. */
static struct rp_process *process_of(struct replay *r, const struct trace_process *tp)
{
	struct rp_process *p = rp_process_at(r, tp->index, tp->pid, tp->since_ns);

	if (p)
		return p;
	/* The index is another one's now: its end is not in the recording. */
	if (tp->index < r->by_index_room && r->by_index[tp->index] &&
	    rp_process_end(r, r->by_index[tp->index], r->now_ns))
		return NULL;
	return process_new(r, tp);
}

struct rp_process *rp_process_of(struct replay *r, const struct event *ev)
{
	return ev->process ? process_of(r, ev->process) : NULL;
}

/* The last counts of a process are told after its end. */
struct rp_process *rp_process_told(struct replay *r, const struct event *ev)
{
	if (ev->process)
		return rp_process_of(r, ev);
	for (size_t i = r->nprocs; i-- > 0;)
		if (r->procs[i]->pid == ev->pid)
			return r->procs[i];
	return NULL;
}

/* A new thread, or one that was a stranger so far. */
static struct rp_thread *thread_meet(struct replay *r, const struct trace_thread *tt)
{
	struct rp_process *p = process_of(r, tt->process);
	struct rp_thread *t;

	if (!p || rp_room((void **)&r->threads, &r->threads_room, tt->index, sizeof(*r->threads)))
		return NULL;
	if (r->threads[tt->index] && rp_thread_end(r, r->threads[tt->index], r->now_ns))
		return NULL;
	t = find_stranger(p, tt->tid);
	if (t)
		forget_stranger(t);
	else
		t = thread_new(r, p, tt->tid);
	if (!t)
		return NULL;
	t->index = tt->index;
	t->row.ns_tid = tt->ns_tid;
	t->row.start_ns = tt->start_ns;
	rp_set_name(t, tt->name);
	r->threads[tt->index] = t;
	return t;
}

struct rp_thread *rp_meet(struct replay *r, const struct trace_thread *tt)
{
	struct rp_thread *t = rp_thread_at(r, tt->index, tt->tid, tt->start_ns);

	return t ? t : thread_meet(r, tt);
}

/* The thread @tid of @p, whose beginning is not in the recording. */
static struct rp_thread *stranger(struct replay *r, struct rp_process *p, u32 tid)
{
	struct rp_thread *t = find_stranger(p, tid);

	if (t || p->nstrangers == RP_MAX_STRANGERS)
		return t;
	t = thread_new(r, p, tid);
	if (!t)
		return NULL;
	t->index = UINT32_MAX;
	rp_set_name(t, NULL);
	p->strangers[p->nstrangers++] = t;
	return t;
}

/* Only where there is but one process is it clear whose the thread is. */
static struct rp_thread *stranger_of(struct replay *r, u32 tid)
{
	struct rp_process *p = NULL;
	struct rp_thread *t;

	for (size_t i = 0; r->nalive == 1 && i < r->nprocs; i++)
		if (!r->procs[i]->exited)
			p = r->procs[i];
	t = p ? stranger(r, p, tid) : NULL;
	if (!t)
		r->lost[RP_LOSS_THREAD]++;
	return t;
}

int rp_seed(struct replay *r, struct rp_process *p)
{
	u32 tid = p->seed_tid;

	for (size_t i = 0; tid && i < p->nthreads; i++)
		if (p->threads[i]->row.tid == tid)
			return 0;
	return tid && !stranger(r, p, tid) ? -ENOMEM : 0;
}

struct rp_thread *rp_thread_of(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = ev->thread ? rp_meet(r, ev->thread) : stranger_of(r, ev->tid);

	if (t)
		t->touched = true;
	return t;
}
