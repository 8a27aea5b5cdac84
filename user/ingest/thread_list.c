/* Threads and their names; see thread_list.h. */
#include "user/ingest/thread_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"

#define COMM_BYTES 64
/* A thread enters threading._active a little after its start; foreign ones never do. */
#define ASK_PYTHON 3

static int by_tid(const void *a, const void *b)
{
	const struct thread_info *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

struct thread_info *thread_list_find(const struct thread_list *l, pid_t tid)
{
	struct thread_info key = { .tid = tid };

	return l->count ? bsearch(&key, l->threads, l->count, sizeof(key), by_tid) : NULL;
}

static char *read_comm(pid_t pid, pid_t tid)
{
	char path[64], comm[COMM_BYTES] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, (int)tid);
	f = fopen(path, "re");
	if (f) {
		size_t n = fread(comm, 1, sizeof(comm) - 1, f);

		comm[n] = 0;
		if (n && comm[n - 1] == '\n')
			comm[n - 1] = 0;
		fclose(f);
	}
	str_printable(comm);
	return strdup(comm);
}

static int add(struct thread_list *l, pid_t pid, pid_t tid)
{
	struct thread_info *t;

	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct thread_info *more = realloc(l->threads, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->threads = more;
		l->room = room;
	}
	t = &l->threads[l->count];
	*t = (struct thread_info) { .tid = tid, .alive = true };
	t->ns_tid = process_ns_tid(pid, tid);
	t->name = read_comm(pid, tid);
	if (!t->name)
		return -ENOMEM;
	l->count++;
	return 0;
}

static void drop_dead(struct thread_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (l->threads[i].alive)
			l->threads[kept++] = l->threads[i];
		else
			free(l->threads[i].name);
	}
	l->count = kept;
}

static void on_python_name(pid_t tid, const char *name, void *arg)
{
	struct thread_info *t = thread_list_find(arg, tid);
	char *copy;

	if (!t || !name[0] || (t->python_name && !strcmp(t->name, name)))
		return;
	copy = strdup(name);
	if (!copy)
		return;
	free(t->name);
	t->name = copy;
	t->python_name = true;
}

static bool some_unnamed(struct thread_list *l)
{
	bool some = false;

	for (size_t i = 0; i < l->count; i++) {
		struct thread_info *t = &l->threads[i];

		if (!t->python_name && t->asked < ASK_PYTHON) {
			t->asked++;
			some = true;
		}
	}
	return some;
}

static int read_tasks(struct thread_list *l, pid_t pid)
{
	struct thread_list known = *l; /* sorted; those added follow it */
	char path[64];
	struct dirent *d;
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!err && (d = readdir(dir))) {
		struct thread_info *t;
		pid_t tid = atoi(d->d_name);

		if (tid <= 0)
			continue;
		known.threads = l->threads;
		t = thread_list_find(&known, tid);
		if (t)
			t->alive = true;
		else
			err = add(l, pid, tid);
	}
	closedir(dir);
	return err;
}

int thread_list_refresh(struct thread_list *l, const struct py_process *p)
{
	int err;

	for (size_t i = 0; i < l->count; i++)
		l->threads[i].alive = false;
	err = read_tasks(l, p->pid);
	drop_dead(l);
	qsort(l->threads, l->count, sizeof(*l->threads), by_tid);
	if (!err && some_unnamed(l))
		(void)process_thread_names(p, on_python_name, l);
	return err;
}

void thread_list_clear(struct thread_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->threads[i].name);
	free(l->threads);
	*l = (struct thread_list) {};
}
