/*
 * Threads and processes, as the events about them tell.
 *
 * A recording can tell of any number of them: each is forgotten when its end has been handed out,
 * and beyond a limit no more are kept at once (their events then have no thread), so memory is
 * bounded whatever is read.
 *
 *   process --threads--> thread     buckets by pid and by tid; indexes from a stack of free ones
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/trace/reader_private.h"

#define BUCKETS 4096
#define THREADS_MAX 65536
#define PROCESSES_MAX 4096
#define NAME_MAX_BYTES 1024 /* of a thread's name that is kept */

struct thread {
	struct trace_thread pub;
	struct thread *next; /* in its bucket */
	struct thread *sibling, **from; /* of the same process, and what points here */
};

struct process {
	struct trace_process pub;
	struct process *next; /* in its bucket */
	struct process *other, **from; /* all processes, and what points here */
	struct thread *threads;
};

/* Small numbers, each given out once until it comes back. */
struct indexes {
	u32 *free; /* owned */
	u32 nfree, room, used, max;
};

struct table {
	struct thread *threads[BUCKETS];
	struct process *processes[BUCKETS];
	struct process *all;
	struct indexes thread_index, process_index;
};

static size_t bucket(u32 id)
{
	return id * 2654435761U >> 20; /* the topmost 12 bits: 4096 buckets */
}

/* -ENOSPC: as many are in use as may be. */
static int index_take(struct indexes *x, u32 *ret)
{
	u32 more = x->room ? x->room * 2 : 64;
	u32 *free_ones;

	if (x->nfree) {
		*ret = x->free[--x->nfree];
		return 0;
	}
	if (x->used == x->max)
		return -ENOSPC;
	/* room for all that are in use: giving one back cannot fail */
	if (x->used == x->room) {
		free_ones = reallocarray(x->free, more, sizeof(*free_ones));
		if (!free_ones)
			return -ENOMEM;
		x->free = free_ones;
		x->room = more;
	}
	*ret = x->used++;
	return 0;
}

static void index_give(struct indexes *x, u32 index)
{
	x->free[x->nfree++] = index;
}

static struct thread *find_thread(const struct table *t, u32 tid)
{
	struct thread *th = t->threads[bucket(tid)];

	while (th && th->pub.tid != tid)
		th = th->next;
	return th;
}

static struct process *find_process(const struct table *t, u32 pid)
{
	struct process *p = t->processes[bucket(pid)];

	while (p && p->pub.pid != pid)
		p = p->next;
	return p;
}

static void forget_thread(struct table *t, struct thread *th)
{
	struct thread **at = &t->threads[bucket(th->pub.tid)];

	while (*at != th)
		at = &(*at)->next;
	*at = th->next;
	*th->from = th->sibling;
	if (th->sibling)
		th->sibling->from = th->from;
	index_give(&t->thread_index, th->pub.index);
	free((char *)th->pub.name);
	free(th);
}

static void forget_process(struct table *t, struct process *p)
{
	struct process **at = &t->processes[bucket(p->pub.pid)];

	while (p->threads)
		forget_thread(t, p->threads);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	*p->from = p->other;
	if (p->other)
		p->other->from = p->from;
	index_give(&t->process_index, p->pub.index);
	free((char *)p->pub.version);
	free((char *)p->pub.path);
	free((char *)p->pub.build_id);
	free((char *)p->pub.command);
	free(p);
}

/* Replace the owned text *@at by a copy of @s, which may be NULL. */
static int set_text(const char **at, const char *s, size_t max)
{
	char *copy;

	if (!s)
		s = "";
	copy = strndup(s, trace_text_cut(s, max));
	if (!copy)
		return -ENOMEM;
	free((char *)*at);
	*at = copy;
	return 0;
}

static int set_process(struct process *p, const struct event *ev)
{
	const struct {
		const char **at;
		const char *text;
	} texts[] = {
		{ &p->pub.version, ev->text[EVENT_PROCESS_VERSION] },
		{ &p->pub.path, ev->text[EVENT_PROCESS_PATH] },
		{ &p->pub.build_id, ev->text[EVENT_PROCESS_BUILD_ID] },
		{ &p->pub.command, ev->text[EVENT_PROCESS_COMMAND] },
	};
	bool told = ev->kind == EVENT_PROCESS;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (set_text(texts[i].at, told ? texts[i].text : "", TRACE_TEXT_MAX))
			return -ENOMEM;
	if (told) {
		p->pub.ns_pid = ev->ns_id;
		p->pub.parent = ev->parent;
		p->pub.gil = ev->gil;
	}
	return 0;
}

/* A new process; -ENOSPC: there are too many. */
static int add_process(struct table *t, const struct event *ev, struct process **ret)
{
	struct process *p = calloc(1, sizeof(*p)), **head;
	int err;

	if (!p)
		return -ENOMEM;
	err = index_take(&t->process_index, &p->pub.index);
	if (err) {
		free(p);
		return err;
	}
	p->pub.pid = ev->pid;
	p->pub.since_ns = ev->ts_ns;
	head = &t->processes[bucket(ev->pid)];
	p->next = *head;
	*head = p;
	p->other = t->all;
	p->from = &t->all;
	if (p->other)
		p->other->from = &p->other;
	t->all = p;
	*ret = p;
	return 0;
}

static int process_event(struct table *t, const struct event *ev, struct process **ret)
{
	struct process *p = find_process(t, ev->pid);
	int err;

	if (!p) {
		err = add_process(t, ev, &p);
		if (err)
			return err;
	} else if (ev->kind != EVENT_PROCESS) {
		*ret = p;
		return 0;
	}
	*ret = p;
	return set_process(p, ev);
}

static int add_thread(struct table *t, struct process *p, const struct event *ev,
		      struct thread **ret)
{
	struct thread *th = calloc(1, sizeof(*th)), **head;
	int err;

	if (!th)
		return -ENOMEM;
	err = set_text(&th->pub.name, ev->text[EVENT_THREAD_NAME], NAME_MAX_BYTES);
	if (!err)
		err = index_take(&t->thread_index, &th->pub.index);
	if (err) {
		free((char *)th->pub.name);
		free(th);
		return err;
	}
	th->pub.tid = ev->tid;
	th->pub.ns_tid = ev->ns_id;
	th->pub.start_ns = ev->start_ns;
	th->pub.process = &p->pub;
	head = &t->threads[bucket(ev->tid)];
	th->next = *head;
	*head = th;
	th->sibling = p->threads;
	th->from = &p->threads;
	if (th->sibling)
		th->sibling->from = &th->sibling;
	p->threads = th;
	*ret = th;
	return 0;
}

/* A thread is new, or has another name, or another thread has its number now. */
static int thread_event(struct table *t, const struct event *ev)
{
	struct thread *old = find_thread(t, ev->tid), *th;
	struct process *p;
	int err;

	err = process_event(t, ev, &p);
	if (err)
		return err;
	if (old && old->pub.start_ns == ev->start_ns && old->pub.process == &p->pub)
		return set_text(&old->pub.name, ev->text[EVENT_THREAD_NAME], NAME_MAX_BYTES);
	/* the new one first, so that it does not get the old one's index */
	err = add_thread(t, p, ev, &th);
	if (old)
		forget_thread(t, old);
	return err;
}

struct table *table_new(void)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->thread_index.max = THREADS_MAX;
	t->process_index.max = PROCESSES_MAX;
	return t;
}

struct table *table_free(struct table *t)
{
	if (!t)
		return NULL;
	while (t->all)
		forget_process(t, t->all);
	free(t->thread_index.free);
	free(t->process_index.free);
	free(t);
	return NULL;
}

int table_before(struct table *t, struct event *ev)
{
	const struct thread *th;
	struct process *p = NULL;
	int err = 0;

	if (ev->kind == EVENT_THREAD)
		err = thread_event(t, ev);
	else if (ev->kind == EVENT_PROCESS)
		err = process_event(t, ev, &p);
	if (err && err != -ENOSPC)
		return err;
	if (ev->tid) {
		th = find_thread(t, ev->tid);
		ev->thread = th ? &th->pub : NULL;
		ev->process = th ? th->pub.process : NULL;
		if (th && !ev->pid)
			ev->pid = th->pub.process->pid;
		/* with one process there is no doubt whose thread it is */
		if (!th && !ev->pid && t->all && !t->all->other)
			ev->process = &t->all->pub;
	}
	if (ev->pid && !ev->process) {
		p = find_process(t, ev->pid);
		ev->process = p ? &p->pub : NULL;
	}
	if (ev->kind == EVENT_PROCESS_EXIT && (p = find_process(t, ev->pid)))
		p->pub.exited = true;
	return 0;
}

void table_after(struct table *t, const struct event *ev)
{
	struct process *p;
	struct thread *th;

	if (ev->kind == EVENT_THREAD_EXIT && (th = find_thread(t, ev->tid)))
		forget_thread(t, th);
	else if (ev->kind == EVENT_PROCESS_EXIT && (p = find_process(t, ev->pid)))
		forget_process(t, p);
}
