/*
 * The task that a thread runs, before 3.14: asyncio.tasks._current_tasks maps event loops to their
 * tasks (Lib/asyncio/tasks.py; the dict is _asyncio's), and a loop knows its thread.  Where in a
 * task the name is differs from version to version, but not what is before it: its coroutine.
 */
#include <stdlib.h>

#include "user/target/py_tasks_private.h"

#define TASK_BYTES_MAX 512 /* TaskObj; some 200 */

/* Is @loop that of @thread? */
static bool is_loop_of(const struct py_tasks *t, u64 loop, const struct py_thread *thread)
{
	struct py_entries attributes;
	u64 ident, value;

	if (py_attributes_read(&t->memory, loop, &attributes))
		return false;
	value = py_entry_find(&t->memory, &attributes, "_thread_id");
	free(attributes.list);
	return value && !py_int_read(&t->memory, value, &ident) && ident == thread->ident;
}

/* TaskObj: ..., task_coro, task_name (3.8 to 3.13 Modules/_asynciomodule.c) */
static void read_name(const struct py_tasks *t, u64 task, char *name, size_t size)
{
	const struct py_layout *l = t->memory.layout;
	u64 at = l->ob_type + 8, word, after, type, bytes;

	if (py_read_u64(&t->memory, task + l->ob_type, &type) ||
	    py_read_u64(&t->memory, type + l->tp_basicsize, &bytes) || bytes > TASK_BYTES_MAX)
		return;
	for (; at + 16 <= bytes && !name[0]; at += 8)
		if (!py_read_u64(&t->memory, task + at, &word) && py_tasks_is_coroutine(t, word) &&
		    !py_read_u64(&t->memory, task + at + 8, &after))
			py_task_name(t, after, name, size);
}

u64 py_task_running_by_dict(struct py_tasks *t, const struct py_interp *interp,
			    const struct py_thread *thread, char *name, size_t size)
{
	struct py_entries e;
	u64 task = 0;

	if (t->memory.layout->interp_modules == GS_NO_FIELD ||
	    t->memory.layout->ma_keys == GS_NO_FIELD)
		return 0;
	if (t->dict_interp != interp->addr) {
		t->dict_interp = interp->addr;
		t->dict = py_module_attribute(&t->memory, interp->addr, "asyncio.tasks",
					      "_current_tasks");
	}
	if (!t->dict || py_dict_read(&t->memory, t->dict, &e))
		return 0;
	for (size_t i = 0; i < e.n && !task; i++)
		if (e.list[i].key && e.list[i].value && is_loop_of(t, e.list[i].key, thread))
			task = e.list[i].value;
	free(e.list);
	if (task)
		read_name(t, task, name, size);
	return task;
}
