/*
 * Processes on the host: listing them, telling cheaply which may be CPython, and ids across
 * pid namespaces.  Invariant: a process that ends while we look is skipped, not an error.
 */
#include "user/target/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "user/base/str.h"
#include "user/target/proc_maps.h"
#include "user/target/proc_status.h"
#include "user/target/version.h"

#define PIDS_MAX (1U << 22)
#define CHILDREN_MAX 65536 /* bytes of pids of one thread's children that are read */

struct py_process *process_free(struct py_process *p)
{
	if (p)
		free(p->command), free(p->cgroup);
	free(p);
	return NULL;
}

bool process_looks_like_python(pid_t pid)
{
	struct proc_maps maps;
	bool yes = false;
	size_t i;

	if (pid == getpid() || proc_maps_read(pid, &maps))
		return false;
	for (i = 0; i < maps.n && !yes; i++)
		yes = maps.list[i].exec && version_name_is_python(maps.list[i].path);
	proc_maps_free(&maps);
	return yes;
}

/* The next name in @d that is a number; 0 at the end. */
static pid_t next_id(DIR *d)
{
	struct dirent *entry;
	u64 id;

	while ((entry = readdir(d))) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    !str_to_u64(entry->d_name, 1, PIDS_MAX, &id))
			return (pid_t)id;
	}
	return 0;
}

int process_each(int (*each)(pid_t pid, void *arg), void *arg)
{
	struct proc_status s;
	DIR *d = opendir("/proc");
	int r = 0;
	pid_t pid;

	if (!d)
		return -errno;
	while (!r && (pid = next_id(d))) {
		if (!proc_status_read(pid, &s) && !s.kernel)
			r = each(pid, arg);
	}
	closedir(d);
	return r;
}

void process_walk_end(DIR **walk)
{
	if (*walk)
		closedir(*walk);
	*walk = NULL;
}

int process_each_some(DIR **walk, size_t n, int (*each)(pid_t pid, void *arg), void *arg)
{
	pid_t pid = 0;
	int r = 0;

	if (!*walk)
		*walk = opendir("/proc");
	if (!*walk)
		return -errno;
	for (size_t i = 0; i < n && !r; i++) {
		pid = next_id(*walk);
		if (!pid)
			break;
		r = each(pid, arg);
	}
	if (!pid)
		process_walk_end(walk);
	return r;
}

bool process_is_same(const struct py_process *p)
{
	struct proc_status now;

	return !proc_status_read(p->pid, &now) && now.state != 'Z' && now.state != 'X' &&
	       now.start_ticks == p->start_ticks && now.image == p->image && !now.executing;
}

struct family_tree {
	struct {
		pid_t pid, ppid;
		bool below; /* descends from the one asked for */
	} * list;
	size_t n, capacity;
};

static int add_to_tree(pid_t pid, void *arg)
{
	struct family_tree *t = arg;
	struct proc_status s;
	void *more;

	if (proc_status_read(pid, &s))
		return 0;
	if (t->n == t->capacity) {
		t->capacity = t->capacity ? t->capacity * 2 : 256;
		more = realloc(t->list, t->capacity * sizeof(*t->list));
		if (!more)
			return -ENOMEM;
		t->list = more;
	}
	t->list[t->n].pid = pid;
	t->list[t->n].ppid = s.ppid;
	t->list[t->n].below = false;
	t->n++;
	return 0;
}

/* Mark those whose parent is @pid or marked; true if any was. */
static bool mark_below(struct family_tree *t, pid_t pid)
{
	bool any = false;
	size_t i, k;

	for (i = 0; i < t->n; i++) {
		if (t->list[i].below)
			continue;
		if (t->list[i].ppid == pid)
			t->list[i].below = true;
		for (k = 0; k < t->n && !t->list[i].below; k++)
			t->list[i].below = t->list[k].below && t->list[k].pid == t->list[i].ppid;
		any |= t->list[i].below;
	}
	return any;
}

int process_each_child(pid_t pid, int (*each)(pid_t pid, void *arg), void *arg)
{
	struct family_tree t = { 0 };
	size_t i;
	int r = process_each(add_to_tree, &t);

	if (!r) {
		while (mark_below(&t, pid))
			;
		for (i = 0; i < t.n && !r; i++) {
			if (t.list[i].below)
				r = each(t.list[i].pid, arg);
		}
	}
	free(t.list);
	return r;
}

int process_each_own_child(pid_t pid, int (*each)(pid_t pid, void *arg), void *arg)
{
	char path[48], *text, *at, *end;
	pid_t tid;
	DIR *d;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	if (!d)
		return -errno;
	while (!r && (tid = next_id(d))) {
		snprintf(path, sizeof(path), "task/%d/children", tid);
		if (proc_read_file(pid, path, CHILDREN_MAX, &text, NULL))
			continue;
		for (at = text; !r; at = end) {
			long child = strtol(at, &end, 10);

			if (end == at || child <= 0 || child > (long)PIDS_MAX)
				break;
			r = each((pid_t)child, arg);
		}
		free(text);
	}
	closedir(d);
	return r;
}

pid_t process_ns_tid(pid_t pid, pid_t tid)
{
	return proc_ns_tid(pid, tid);
}

pid_t process_host_tid(pid_t pid, pid_t ns_tid)
{
	char path[32];
	pid_t tid;
	DIR *d;

	/* Mostly it is in our own namespace, and the same. */
	if (ns_tid > 0 && proc_ns_tid(pid, ns_tid) == ns_tid)
		return ns_tid;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	if (!d)
		return 0;
	while ((tid = next_id(d))) {
		if (proc_ns_tid(pid, tid) == ns_tid)
			break;
	}
	closedir(d);
	return tid;
}
