/* Processes and threads of the Perfetto exporter, for as long as they live, and their tracks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/export/trace_perfetto.h"

static void free_process(struct pf *p, struct pf_process *proc)
{
	pf_deallocs(p, proc, NULL);
	pf_counters_write(p, proc);
	free(proc->ring);
	free(proc->counters.at);
	free(proc);
}

void pf_name_put(struct pf_name *name)
{
	if (name && !--name->refs)
		free(name);
}

void pf_thread_put(struct pf_thread *t)
{
	if (!t->gone || t->pending)
		return;
	pf_name_put(t->name);
	free(t);
}

void pf_thread_gone(struct pf *p, u32 index)
{
	struct pf_thread *t = index < p->threads.n ? p->threads.at[index] : NULL;

	if (!t)
		return;
	p->threads.at[index] = NULL;
	t->gone = true;
	pf_thread_put(t);
}

/* Its threads end with it. */
void pf_process_gone(struct pf *p, u32 index)
{
	struct pf_process *proc = index < p->procs.n ? p->procs.at[index] : NULL;

	if (!proc)
		return;
	pf_pending_write(p, proc);
	for (u32 i = 0; i < p->threads.n; i++) {
		struct pf_thread *t = p->threads.at[i];

		if (t && t->process == proc)
			pf_thread_gone(p, i);
	}
	p->procs.at[index] = NULL;
	free_process(p, proc);
}

void pf_all_gone(struct pf *p)
{
	for (u32 i = 0; i < p->procs.n; i++)
		pf_process_gone(p, i);
	trace_slots_free(&p->threads);
	trace_slots_free(&p->procs);
}

struct pf_process *pf_process_of(struct pf *p, const struct trace_process *process, int *ret_err)
{
	void **slot = process ? trace_slot(&p->procs, process->index) : NULL;
	struct pf_process *proc;
	char command[PF_TEXT];

	*ret_err = process && !slot ? -ENOMEM : 0;
	if (!slot)
		return NULL;
	proc = *slot;
	if (proc && proc->pid == process->pid && proc->since_ns == process->since_ns)
		return proc;
	if (proc)
		pf_process_gone(p, process->index);
	proc = calloc(1, sizeof(*proc));
	if (!proc) {
		*ret_err = -ENOMEM;
		return NULL;
	}
	*slot = proc;
	proc->pid = process->pid;
	proc->since_ns = process->since_ns;
	pf_text(command, process->command);
	pf_process_track(p, &proc->self, proc->pid, command);
	return proc;
}

struct pf_thread *pf_thread_of(struct pf *p, const struct event *ev, int *ret_err)
{
	const struct trace_thread *thread = ev->thread;
	void **slot = thread ? trace_slot(&p->threads, thread->index) : NULL;
	struct pf_process *proc;
	struct pf_thread *t;

	*ret_err = thread && !slot ? -ENOMEM : 0;
	if (!slot)
		return NULL;
	proc = pf_process_of(p, thread->process, ret_err);
	if (!proc)
		return NULL;
	t = *slot;
	if (t && t->tid == thread->tid && t->start_ns == thread->start_ns && t->process == proc)
		return t;
	if (t)
		pf_thread_gone(p, thread->index);
	t = calloc(1, sizeof(*t));
	if (!t) {
		*ret_err = -ENOMEM;
		return NULL;
	}
	t->process = proc;
	t->tid = thread->tid;
	t->start_ns = thread->start_ns;
	*ret_err = pf_thread_named(p, t, thread->name);
	if (*ret_err) {
		free(t);
		return NULL;
	}
	*slot = t;
	return t;
}

int pf_thread_named(struct pf *p, struct pf_thread *t, const char *name)
{
	struct pf_name *now;
	char text[PF_TEXT];

	pf_text(text, name);
	if (t->name && !strcmp(text, t->name->text))
		return 0;
	now = malloc(sizeof(*now));
	if (!now)
		return -ENOMEM;
	now->refs = 1;
	memcpy(now->text, text, sizeof(text));
	/* What it held until now, it held under its old name. */
	pf_name_put(t->name);
	t->name = now;
	pf_thread_track(p, &t->self, &t->process->self, t->process->pid, t->tid, now->text);
	return 0;
}
