/*
 * gilscope dump: asyncio's tasks.  As text they are a tree: each below one that waits for it.  Who
 * waits for whom is the program's to say, so each is shown once, and no deeper than DEPTH_MAX.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/dump.h"

#define DEPTH_MAX 32
#define INDENT 4

struct node {
	u64 id;
	u64 waiters[PY_TASK_WAITERS];
	size_t nwaiters;
	bool shown;
};

struct dump_tasks {
	json_t *list; /* owned; a task each, and in the same order: */
	struct node *nodes; /* owned */
	size_t n;
	bool more; /* than these */
	pid_t tid; /* of the thread that is read; 0: of those that have ended */
};

static json_t *id_json(u64 id)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)id);
	return json_string(text);
}

static json_t *task_json(const struct py_task *task, pid_t tid)
{
	json_t *frames = json_array(), *waiters = json_array();

	for (size_t i = 0; i < task->n; i++)
		json_array_append_new(frames, dump_json_frame(&task->frame[i]));
	for (size_t i = 0; i < task->nwaiters; i++)
		json_array_append_new(waiters, id_json(task->waiters[i]));
	return json_pack("{s:o, s:s, s:o, s:b, s:b, s:b, s:o, s:b, s:o}", "id", id_json(task->addr),
			 "name", task->name, "tid", tid ? json_integer(tid) : json_null(),
			 "running", task->running, "steady", task->steady, "cut", task->cut,
			 "awaited_by", waiters, "awaited_by_more", task->more_waiters, "frames",
			 frames);
}

static int add(const struct py_task *task, void *arg)
{
	struct dump_tasks *t = arg;
	struct node *node = &t->nodes[t->n];

	if (t->n == PY_TASKS_MAX)
		return 1;
	if (json_array_append_new(t->list, task_json(task, t->tid)))
		return -ENOMEM;
	node->id = task->addr;
	node->nwaiters = task->nwaiters;
	memcpy(node->waiters, task->waiters, sizeof(node->waiters));
	t->n++;
	return 0;
}

struct dump_tasks *dump_tasks_new(struct py_tasks *from, const struct py_interp *interp,
				  const struct py_thread *threads, int nthreads)
{
	struct dump_tasks *t = calloc(1, sizeof(*t));
	bool more = false;
	int r = 0;

	if (!t)
		return NULL;
	t->list = json_array();
	t->nodes = calloc(PY_TASKS_MAX, sizeof(*t->nodes));
	if (!t->list || !t->nodes)
		r = -ENOMEM;
	for (int i = 0; i < nthreads && !r; i++) {
		t->tid = threads[i].tid;
		r = py_tasks_read(from, interp, &threads[i], add, t, &more);
		t->more |= more;
	}
	t->tid = 0;
	if (!r)
		r = py_tasks_read(from, interp, NULL, add, t, &more);
	t->more |= more;
	if (r >= 0)
		return t;
	dump_tasks_free(t);
	return NULL;
}

void dump_tasks_free(struct dump_tasks *t)
{
	if (!t)
		return;
	json_decref(t->list);
	free(t->nodes);
	free(t);
}

json_t *dump_tasks_json(const struct dump_tasks *t)
{
	return t->list;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "?";
}

static void print_task(const json_t *task, int indent)
{
	const json_t *frames = json_object_get(task, "frames"), *frame, *tid, *line;
	size_t i;

	printf("%*stask \"%s\"", indent, "", text_of(task, "name"));
	tid = json_object_get(task, "tid");
	if (json_is_integer(tid))
		printf("  thread %lld", (long long)json_integer_value(tid));
	printf("%s%s\n", json_is_true(json_object_get(task, "running")) ? "  runs now" : "",
	       json_is_true(json_object_get(task, "steady")) ? ""
							     : "  (may be mixed from two moments)");
	json_array_foreach(frames, i, frame)
	{
		printf("%*s| %s (%s:", indent, "", text_of(frame, "function"),
		       text_of(frame, "file"));
		line = json_object_get(frame, "line");
		if (json_is_integer(line))
			printf("%lld)\n", (long long)json_integer_value(line));
		else
			printf("?)\n");
	}
	if (json_is_true(json_object_get(task, "cut")))
		printf("%*s| ... more are left out, or cannot be read\n", indent, "");
}

static bool waits_for(const struct node *waiter, const struct node *task)
{
	for (size_t i = 0; i < task->nwaiters; i++)
		if (task->waiters[i] == waiter->id)
			return true;
	return false;
}

static void print_tree(struct dump_tasks *t, size_t at, int depth)
{
	if (t->nodes[at].shown || depth == DEPTH_MAX)
		return;
	t->nodes[at].shown = true;
	print_task(json_array_get(t->list, at), INDENT * (depth + 1));
	for (size_t i = 0; i < t->n; i++)
		if (waits_for(&t->nodes[at], &t->nodes[i]))
			print_tree(t, i, depth + 1);
}

void dump_tasks_print(struct dump_tasks *t)
{
	if (t->n)
		printf("\nasyncio tasks, each below one that waits for it\n");
	for (size_t i = 0; i < t->n; i++)
		if (!t->nodes[i].nwaiters)
			print_tree(t, i, 0);
	/* Those in circles, and those that wait for a task that is not in the list. */
	for (size_t i = 0; i < t->n; i++)
		print_tree(t, i, 0);
	if (t->more)
		printf("\nthere are more tasks, or their list changed while it was read\n");
}

bool dump_tasks_more(const struct dump_tasks *t)
{
	return t->more;
}
