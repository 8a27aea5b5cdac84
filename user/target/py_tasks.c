/*
 * Tasks by CPython's lists of them (3.14+), and the chain of coroutines that each is in.
 *
 *   thread state -> list -> task -> its coroutine -> what that awaits -> ... -> what is no
 * coroutine
 *
 * A coroutine's frame is in the coroutine itself; what it awaits is the topmost object of that
 * frame's stack, or the one below (3.15: the topmost is there for throw()).
 */
#include "user/target/py_tasks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"
#include "user/target/py_tasks_private.h"
#include "user/target/thread_still.h"

#define TRIES 20 /* to read a task while its thread stands still */
#define SET_ENTRIES_MAX 4096
#define TAGS 7ULL /* of a reference on a frame's stack */

bool py_tasks_is(const struct py_tasks *t, u64 object, const char *type)
{
	const struct py_layout *l = t->memory.layout;
	const size_t n = strlen(type) + 1;
	char seen[32];
	u64 at;

	return object && !(object & 7) && n <= sizeof(seen) &&
	       !py_read_u64(&t->memory, object + l->ob_type, &at) &&
	       !py_read_u64(&t->memory, at + l->tp_name, &at) &&
	       !process_read(t->memory.pid, at, seen, n) && !memcmp(seen, type, n);
}

bool py_tasks_is_coroutine(const struct py_tasks *t, u64 object)
{
	return py_tasks_is(t, object, "coroutine") || py_tasks_is(t, object, "generator");
}

void py_task_name(const struct py_tasks *t, u64 object, char *name, size_t size)
{
	u64 number;

	name[0] = '\0';
	if (py_tasks_is(t, object, "str")) {
		if (py_str_read(&t->memory, object, name, size))
			name[0] = '\0';
		str_printable(name);
	} else if (py_tasks_is(t, object, "int") && !py_int_read(&t->memory, object, &number)) {
		/* Not yet asked for: TaskObj_get_name() would make this of it. */
		snprintf(name, size, "Task-%llu", (unsigned long long)number);
	}
}

bool py_tasks_listed(const struct py_tasks *t)
{
	return t->at.listed;
}

u64 py_task_running(struct py_tasks *t, const struct py_interp *interp,
		    const struct py_thread *thread, char *name, size_t size)
{
	u64 task = 0, object;

	name[0] = '\0';
	if (!t->at.listed)
		return py_task_running_by_dict(t, interp, thread, name, size);
	if (py_read_u64(&t->memory, thread->tstate + t->at.tstate_running, &task) || !task ||
	    task & 7)
		return 0;
	if (!py_read_u64(&t->memory, task + t->at.task_name, &object))
		py_task_name(t, object, name, size);
	return task;
}

/* The frame at @addr as the next of @task's, which has them oldest first for now. */
static bool add_frame(struct py_tasks *t, u64 addr, struct py_task *task)
{
	static struct gs_frames one; /* large */
	struct gs_frames_walk w = {
		.layout = &t->walk, .memory = &t->ops, .out = &one, .frame = addr
	};
	struct py_frame *f = &task->frame[task->n];

	one.n = 0;
	if (task->n == PY_TASK_FRAMES || !gs_frames_step(&w) || one.n != 1)
		return false;
	f->code = py_codes_find(t->codes, one.frame[0].code);
	f->line = f->code ? py_code_line(t->codes, f->code, one.frame[0].offset) : 0;
	f->flags = one.frame[0].flags & GS_FRAME_FLAGS;
	task->n++;
	return true;
}

/* What the coroutine at @coro awaits; 0: nothing, or it runs; its frame goes to @task. */
static u64 next_of(struct py_tasks *t, u64 coro, struct py_task *task)
{
	const u64 frame = coro + t->at.gen_frame;
	u64 top = 0, awaited = 0;
	s8 state;

	if (process_read(t->memory.pid, coro + t->at.gen_state, &state, sizeof(state)) ||
	    state < t->at.state_created || state > t->at.state_yield_from)
		return 0; /* it runs, or has ended */
	if (!add_frame(t, frame, task)) {
		task->cut = true;
		return 0;
	}
	if (state != t->at.state_yield_from ||
	    py_read_u64(&t->memory, frame + t->at.frame_top, &top) || top & 7 ||
	    py_read_u64(&t->memory, top - 8 * (u64)t->at.awaited_below, &awaited))
		return 0;
	return awaited & ~TAGS;
}

static void read_chain(struct py_tasks *t, u64 coro, struct py_task *task)
{
	task->n = 0;
	task->cut = false;
	py_codes_trim(t->codes); /* nobody has the frames of the task before */
	while (py_tasks_is_coroutine(t, coro) && !task->cut)
		coro = next_of(t, coro, task);
	for (size_t i = 0; i < task->n / 2; i++) {
		struct py_frame other = task->frame[i];

		task->frame[i] = task->frame[task->n - 1 - i];
		task->frame[task->n - 1 - i] = other;
	}
}

static void add_waiter(struct py_task *task, u64 waiter)
{
	if (task->nwaiters == PY_TASK_WAITERS)
		task->more_waiters = true;
	else if (waiter)
		task->waiters[task->nwaiters++] = waiter;
}

/* PySetObject: fill, used, mask, table; entries of a key and its hash (cpython/setobject.h) */
static void read_waiters_set(const struct py_tasks *t, u64 set, struct py_task *task)
{
	const u64 head = t->memory.layout->ob_type + 8;
	u64 mask, table, used, key, coro;

	if (py_read_u64(&t->memory, set + head + 8, &used) ||
	    py_read_u64(&t->memory, set + head + 16, &mask) ||
	    py_read_u64(&t->memory, set + head + 24, &table) || mask >= SET_ENTRIES_MAX)
		return;
	for (u64 i = 0; i <= mask && task->nwaiters < used && !task->more_waiters; i++)
		if (!py_read_u64(&t->memory, table + 16 * i, &key) && key &&
		    !py_read_u64(&t->memory, key + t->at.task_coro, &coro) &&
		    py_tasks_is_coroutine(t, coro))
			add_waiter(task, key);
}

static void read_waiters(const struct py_tasks *t, struct py_task *task)
{
	u64 by = 0;
	u8 is_set = 0;

	task->nwaiters = 0;
	task->more_waiters = false;
	if (py_read_u64(&t->memory, task->addr + t->at.task_awaited_by, &by) || !by ||
	    process_read(t->memory.pid, task->addr + t->at.task_awaited_by_is_set, &is_set, 1))
		return;
	if (is_set)
		read_waiters_set(t, by, task);
	else
		add_waiter(task, by);
}

static bool read_task(struct py_tasks *t, const struct py_thread *thread, struct py_task *task)
{
	struct thread_still still = { 0 };
	u64 coro = 0, name = 0, running = 0;
	bool is_task = false;

	task->steady = false;
	for (u32 i = 0; i < TRIES && !task->steady; i++) {
		if (thread)
			thread_still_begin(&still, t->memory.pid, thread->tid);
		if (thread)
			(void)py_read_u64(&t->memory, thread->tstate + t->at.tstate_running,
					  &running);
		is_task = !py_read_u64(&t->memory, task->addr + t->at.task_coro, &coro) &&
			  py_tasks_is_coroutine(t, coro);
		if (!py_read_u64(&t->memory, task->addr + t->at.task_name, &name))
			py_task_name(t, name, task->name, sizeof(task->name));
		task->running = running == task->addr;
		read_chain(t, task->running ? 0 : coro, task);
		read_waiters(t, task);
		task->steady = !thread || thread_still_end(&still);
	}
	return is_task;
}

int py_tasks_read(struct py_tasks *t, const struct py_interp *interp,
		  const struct py_thread *thread,
		  int (*each)(const struct py_task *task, void *arg), void *arg, bool *ret_more)
{
	const u64 head =
		thread ? thread->tstate + t->at.tstate_tasks : interp->addr + t->at.interp_tasks;
	struct py_task *task;
	u64 node;
	int r;

	*ret_more = false;
	if (!t->at.listed)
		return 0;
	task = malloc(sizeof(*task));
	if (!task)
		return -ENOMEM;
	/* Gone meanwhile, or not yet begun: no tasks. */
	r = py_read_u64(&t->memory, head, &node) || !node ? 1 : 0;
	if (r)
		node = head;
	for (u32 n = 0; !r && node && !(node & 7) && node != head && n < PY_TASKS_MAX; n++) {
		*task = (struct py_task) { .addr = node - t->at.task_node };
		if (!read_task(t, thread, task))
			break; /* it has been taken out meanwhile */
		r = each(task, arg);
		if (!r && py_read_u64(&t->memory, node, &node))
			break;
	}
	free(task);
	*ret_more = node != head;
	return r == 1 ? 0 : r;
}
