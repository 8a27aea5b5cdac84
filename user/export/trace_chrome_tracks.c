/* Processes and threads of the Chrome exporter, and the names of their rows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "user/export/trace_chrome.h"

/* Made-up tids are above the real ones (2^22), and unlike each other. */
static u32 thread_row_tid(u32 tid, enum chrome_thread_row which)
{
	return which == CHROME_SELF ? tid : (which << 24) + (tid & 0xffffff);
}

static u32 process_row_tid(u32 pid, enum chrome_process_row which)
{
	return ((CHROME_THREAD_ROW_COUNT + which) << 24) + (pid & 0xffffff);
}

static void sort_index(struct chrome *c, u32 pid, u32 tid, u64 index)
{
	chrome_meta(c, "thread_sort_index", pid, tid);
	chrome_arg_u64(c, "sort_index", index);
	chrome_entry_end(c);
}

void chrome_process_named(struct chrome *c, const struct trace_process *p)
{
	char version[64];

	chrome_meta(c, "process_name", p->pid, 0);
	chrome_arg_text(c, "name", *p->command ? p->command : "python");
	chrome_entry_end(c);
	if (!*p->version)
		return;
	snprintf(version, sizeof(version), "Python %s", p->version);
	chrome_meta(c, "process_labels", p->pid, 0);
	chrome_arg_text(c, "labels", version);
	chrome_entry_end(c);
}

struct chrome_process *chrome_process_of(struct chrome *c, const struct trace_process *p,
					 int *ret_err)
{
	void **slot;
	struct chrome_process *kept;

	if (!p)
		return NULL;
	slot = trace_slot(&c->procs, p->index);
	kept = slot ? *slot : NULL;
	if (kept && (kept->pid != p->pid || kept->since_ns != p->since_ns)) {
		chrome_process_gone(c, p);
		kept = NULL;
	}
	if (kept)
		return kept;
	kept = slot ? calloc(1, sizeof(*kept)) : NULL;
	if (!kept) {
		*ret_err = -ENOMEM;
		return NULL;
	}
	kept->pid = p->pid;
	kept->since_ns = p->since_ns;
	kept->held.from_ns = kept->waiting.from_ns = c->info->started_ns;
	kept->deallocs.from_ns = kept->allocs.from_ns = c->info->started_ns;
	*slot = kept;
	chrome_process_named(c, p);
	return kept;
}

struct chrome_thread *chrome_thread_of(struct chrome *c, const struct trace_thread *t, int *ret_err)
{
	void **slot;
	struct chrome_thread *kept;

	if (!t)
		return NULL;
	slot = trace_slot(&c->threads, t->index);
	kept = slot ? *slot : NULL;
	if (!kept) {
		kept = slot ? calloc(1, sizeof(*kept)) : NULL;
		if (!kept) {
			*ret_err = -ENOMEM;
			return NULL;
		}
		*slot = kept;
	}
	if (kept->tid != t->tid || kept->start_ns != t->start_ns)
		*kept = (struct chrome_thread) { .pid = t->process->pid,
						 .tid = t->tid,
						 .start_ns = t->start_ns };
	return kept;
}

static void name_row(struct chrome *c, const struct trace_thread *t, enum chrome_thread_row which)
{
	static const char *const what[] = {
#define X(NAME, text) [CHROME_##NAME] = text,
		CHROME_THREAD_ROWS(X)
#undef X
	};
	u32 pid = t->process->pid, tid = thread_row_tid(t->tid, which);
	char name[512];

	snprintf(name, sizeof(name), "%.400s%s", t->name, what[which]);
	chrome_meta(c, "thread_name", pid, tid);
	chrome_arg_text(c, "name", name);
	chrome_entry_end(c);
	/* a thread's rows stay together, below those of its process */
	sort_index(c, pid, tid, (u64)t->tid * CHROME_THREAD_ROW_COUNT + which);
}

int chrome_thread_row(struct chrome *c, const struct event *ev, enum chrome_thread_row which,
		      struct chrome_row *ret)
{
	int err = 0;
	struct chrome_thread *t = chrome_thread_of(c, ev->thread, &err);

	*ret = (struct chrome_row) { ev->pid, thread_row_tid(ev->tid, which), NULL };
	if (!t)
		return err;
	ret->recent = &t->recent[which];
	if (!t->named[which])
		name_row(c, ev->thread, which);
	t->named[which] = true;
	return 0;
}

int chrome_thread_named(struct chrome *c, const struct trace_thread *t)
{
	int err = 0;
	struct chrome_thread *kept = chrome_thread_of(c, t, &err);

	if (!kept)
		return err;
	kept->named[CHROME_SELF] = true;
	for (u32 i = 0; i < CHROME_THREAD_ROW_COUNT; i++)
		if (kept->named[i])
			name_row(c, t, i);
	return 0;
}

int chrome_process_row(struct chrome *c, const struct event *ev, enum chrome_process_row which,
		       struct chrome_row *ret)
{
	static const char *const names[] = {
		[CHROME_GIL] = "GIL: held by", [CHROME_CONTENDED] = "GIL: somebody waited"
	};
	int err = 0;
	struct chrome_process *p = chrome_process_of(c, ev->process, &err);

	*ret = (struct chrome_row) { ev->pid, process_row_tid(ev->pid, which), NULL };
	if (!p || p->named[which])
		return err;
	p->named[which] = true;
	chrome_meta(c, "thread_name", ret->pid, ret->tid);
	chrome_arg_text(c, "name", names[which]);
	chrome_entry_end(c);
	sort_index(c, ret->pid, ret->tid, which);
	return 0;
}

void chrome_thread_gone(struct chrome *c, const struct trace_thread *t)
{
	if (!t || t->index >= c->threads.n)
		return;
	free(c->threads.at[t->index]);
	c->threads.at[t->index] = NULL;
}

static void drop_process(struct chrome *c, u32 index, bool write)
{
	struct chrome_process *p = c->procs.at[index];

	if (!p)
		return;
	if (write)
		chrome_counters(c, p);
	for (u32 i = 0; i < c->threads.n; i++) {
		struct chrome_thread *t = c->threads.at[i];

		if (!t || t->pid != p->pid)
			continue;
		free(t);
		c->threads.at[i] = NULL;
	}
	trace_series_free(&p->held);
	trace_series_free(&p->waiting);
	trace_series_free(&p->deallocs);
	trace_series_free(&p->allocs);
	free(p);
	c->procs.at[index] = NULL;
}

void chrome_process_gone(struct chrome *c, const struct trace_process *p)
{
	if (p && p->index < c->procs.n)
		drop_process(c, p->index, true);
}

void chrome_all_gone(struct chrome *c, bool write)
{
	for (u32 i = 0; i < c->procs.n; i++)
		drop_process(c, i, write);
	for (u32 i = 0; i < c->threads.n; i++)
		free(c->threads.at[i]);
	trace_slots_free(&c->threads);
	trace_slots_free(&c->procs);
}
