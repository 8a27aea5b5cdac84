/*
 * Python's names of its threads.  threading._active maps a thread's ident (pthread_self()) to
 * its Thread object (CPython 3.11 Lib/threading.py); the interpreter's list of thread states
 * maps idents to kernel ids.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/str.h"
#include "user/target/proc_status.h"
#include "user/target/process.h"
#include "user/target/py_objects.h"

#define THREADS_MAX 4096

struct thread_id {
	u64 ident;
	pid_t ns_tid;
};

struct names {
	const struct py_process *process;
	struct py_memory memory;
	struct thread_id *ids; /* owned */
	size_t nids;
	bool same_namespace; /* as ours: its ids are the host's */
	void (*each)(pid_t tid, const char *name, void *arg);
	void *arg;
	int told;
};

static int read_ids(struct names *w, u64 interp)
{
	const struct py_layout *l = w->memory.layout;
	u64 tstate, tid;
	int r = py_read_u64(&w->memory, interp + l->interp_threads_head, &tstate);

	w->ids = calloc(THREADS_MAX, sizeof(*w->ids));
	if (!w->ids)
		return -ENOMEM;
	while (!r && tstate && w->nids < THREADS_MAX) {
		struct thread_id *id = &w->ids[w->nids];

		r = py_read_u64(&w->memory, tstate + l->tstate_thread_id, &id->ident);
		if (!r && l->tstate_native_thread_id == GS_NO_FIELD)
			tid = (u64)process_tid_of_pthread(w->process, tstate);
		else if (!r)
			r = py_read_u64(&w->memory, tstate + l->tstate_native_thread_id, &tid);
		if (!r)
			r = py_read_u64(&w->memory, tstate + l->tstate_next, &tstate);
		if (r)
			break; /* it was freed meanwhile: the rest is unknown */
		id->ns_tid = tid <= INT32_MAX ? (pid_t)tid : 0;
		w->nids++;
	}
	return w->nids ? 0 : r;
}

static bool alive(pid_t pid, pid_t tid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return !access(path, F_OK);
}

/*
 * The host's id.  An id that is none of the process's is that of the thread which forked it:
 * CPython 3.11 does not renew native_thread_id, and that thread is the first one now.
 */
static pid_t host_tid(const struct names *w, pid_t ns_tid)
{
	pid_t pid = w->process->pid, tid;

	if (w->same_namespace)
		return alive(pid, ns_tid) ? ns_tid : pid;
	tid = process_host_tid(pid, ns_tid);
	return tid ? tid : pid;
}

static void tell(struct names *w, const struct py_entry *entry)
{
	struct py_entries attributes;
	char name[PY_STR_MAX];
	u64 ident, str;
	size_t i;

	if (!entry->key || !entry->value || py_int_read(&w->memory, entry->key, &ident))
		return;
	for (i = 0; i < w->nids && w->ids[i].ident != ident; i++)
		;
	if (i == w->nids || !w->ids[i].ns_tid ||
	    py_attributes_read(&w->memory, entry->value, &attributes))
		return;
	str = py_entry_find(&w->memory, &attributes, "_name");
	free(attributes.list);
	if (!str || py_str_read(&w->memory, str, name, sizeof(name)))
		return;
	str_printable(name);
	w->each(host_tid(w, w->ids[i].ns_tid), name, w->arg);
	w->told++;
}

static bool same_namespace(pid_t pid)
{
	char path[48], ours[64], its[64];
	ssize_t n, k;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	n = readlink("/proc/self/ns/pid", ours, sizeof(ours));
	k = readlink(path, its, sizeof(its));
	return n > 0 && n == k && !memcmp(ours, its, (size_t)n);
}

int process_thread_names(const struct py_process *p,
			 void (*each)(pid_t tid, const char *name, void *arg), void *arg)
{
	const struct py_layout *l = &p->binary->layout;
	struct names w = {
		.process = p,
		.memory = { .pid = p->pid, .layout = l },
		.each = each,
		.arg = arg,
	};
	struct py_entries e;
	u64 interp, active;
	size_t i;
	int r;

	if (l->interp_modules == GS_NO_FIELD || l->ma_keys == GS_NO_FIELD)
		return -ENOTSUP;
	r = py_read_u64(&w.memory, p->runtime_addr + l->runtime_interpreters_main, &interp);
	if (r || !interp)
		return r ? r : 0;
	w.same_namespace = same_namespace(p->pid);
	active = py_module_attribute(&w.memory, interp, "threading", "_active");
	if (!active)
		return 0;
	r = read_ids(&w, interp);
	if (!r)
		r = py_dict_read(&w.memory, active, &e);
	for (i = 0; !r && i < e.n && i < THREADS_MAX; i++)
		tell(&w, &e.list[i]);
	if (!r)
		free(e.list);
	free(w.ids);
	return r ? r : w.told;
}
