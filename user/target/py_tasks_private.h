/* What py_tasks.c, py_tasks_find.c and py_tasks_before.c share. */
#ifndef GS_USER_TARGET_PY_TASKS_PRIVATE_H
#define GS_USER_TARGET_PY_TASKS_PRIVATE_H

#include "user/target/py_tasks.h"

/* Where it all is, in bytes from the start of each. */
struct py_tasks_at {
	bool listed; /* the rest is known */
	u32 tstate_running, tstate_tasks; /* of a thread state: a task; the head of a list */
	u32 interp_tasks; /* likewise */
	u32 task_name, task_coro, task_awaited_by, task_awaited_by_is_set;
	u32 task_node; /* in the list */
	u32 gen_frame, gen_state; /* PyGenObject */
	u32 frame_top; /* _PyInterpreterFrame.stackpointer */
	u32 awaited_below; /* what is awaited is so many entries below it */
	s8 state_created, state_yield_from; /* enum _framestate: those between are suspended ones */
};

struct py_tasks {
	struct gs_memory ops; /* first: what a walk over a frame knows of it */
	const struct py_process *process;
	struct py_memory memory;
	struct gs_frame_layout walk;
	struct py_codes *codes;
	struct py_tasks_at at;
	/* Before 3.14: asyncio's dict of those that run, and of which interpreter it is; 0: none
	 * yet */
	u64 dict, dict_interp;
};

/* Is there an object of a type of that name (as tp_name has it) at @object? */
bool py_tasks_is(const struct py_tasks *t, u64 object, const char *type);

/* A coroutine, or a generator that is used as one? */
bool py_tasks_is_coroutine(const struct py_tasks *t, u64 object);

/* The name that the object at @object, a str or a task's number, stands for; "": none. */
void py_task_name(const struct py_tasks *t, u64 object, char *name, size_t size);

/* py_task_running() before 3.14. */
u64 py_task_running_by_dict(struct py_tasks *t, const struct py_interp *interp,
			    const struct py_thread *thread, char *name, size_t size);

/* Fill in ->at, if @t's process says where its tasks are. */
void py_tasks_find(struct py_tasks *t);

#endif
