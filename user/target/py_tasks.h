/*
 * asyncio's tasks of a process, read out of its memory while it runs: which one a thread runs,
 * which there are, where each waits, and for whom.
 *
 * CPython 3.14 and later keep lists of them, and the extension module says where (the section
 * .AsyncioDebug: Modules/_asynciomodule.c, struct _Py_AsyncioModuleDebugOffsets).  Before, asyncio
 * itself has a dict of those that run, loop by loop: they have names, no more is told.
 *
 * All of it is the program's to change or to break: what is read is bounded, and a task is what a
 * struct is taken for whose coroutine is one.
 */
#ifndef GS_USER_TARGET_PY_TASKS_H
#define GS_USER_TARGET_PY_TASKS_H

#include "user/target/py_objects.h"
#include "user/target/py_stack.h"

#define PY_TASKS_MAX 4096 /* told of a process */
#define PY_TASK_FRAMES 64 /* of coroutines that wait for each other */
#define PY_TASK_WAITERS 16

struct py_task {
	u64 addr; /* of the object: which one it is */
	char name[PY_STR_MAX]; /* "": not known; printable */
	bool running; /* its frames are those of its thread */
	bool steady; /* its thread stood still while it was read */
	bool cut; /* there are more frames, or they end in what is none */
	size_t n;
	struct py_frame frame[PY_TASK_FRAMES]; /* newest first */
	size_t nwaiters;
	bool more_waiters;
	u64 waiters[PY_TASK_WAITERS]; /* addresses of tasks that wait for it */
};

struct py_tasks; /* where they are in one process */

/* @p is borrowed.  NULL without memory; of what has no tasks that we could read it reads none. */
struct py_tasks *py_tasks_new(const struct py_process *p);
void py_tasks_free(struct py_tasks *t); /* NULL is fine */

/* Has the process lists of its tasks (3.14+, asyncio in use)? */
bool py_tasks_listed(const struct py_tasks *t);

/*
 * py_task_running - the task that @thread of @interp runs now
 * @name: its name; "" if it has none that can be read
 * Return: its address; 0: none, or not known.
 */
u64 py_task_running(struct py_tasks *t, const struct py_interp *interp,
		    const struct py_thread *thread, char *name, size_t size);

/*
 * py_tasks_read - tell each task of @thread, or with NULL those of @interp whose threads have ended
 * @each: gets a task that lasts as long as its call; 0 to go on
 * @ret_more: the list does not end with the last that was told: it changed meanwhile, is broken, or
 *            is longer than is read
 * Return: what @each returned last, 0, or -ENOMEM.
 */
int py_tasks_read(struct py_tasks *t, const struct py_interp *interp,
		  const struct py_thread *thread,
		  int (*each)(const struct py_task *task, void *arg), void *arg, bool *ret_more);

#endif
