/*
 * gilscope dump: the Python stacks of all threads, now, with who holds the GIL and who waits, and
 * asyncio's tasks.  Needs no BPF and stops nothing: each thread is read at a moment of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"
#include "user/commands.h"
#include "user/dump.h"
#include "user/target/binaries.h"

struct name {
	pid_t tid;
	char text[PY_STR_MAX];
};

/* A dump under way. */
struct dump {
	struct err *e;
	struct binaries *binaries;
	json_t *list; /* of processes; NULL: text */
	u64 look_ns; /* first, so long, to tell since when; 0: not */
	bool wants_native;
	/* Of the process: */
	const struct py_process *process;
	struct py_stacks *stacks;
	struct py_tasks *tasks;
	struct dump_since *since; /* NULL: not asked for */
	struct dump_native *native; /* likewise */
	struct name *names; /* owned; Python's names of its threads */
	size_t nnames;
	struct dump_counts counts;
	struct dump_thread thread; /* the one that is told; large */
};

static void note_name(pid_t tid, const char *name, void *arg)
{
	struct dump *d = arg;
	struct name *more = realloc(d->names, (d->nnames + 1) * sizeof(*more));

	if (!more)
		return; /* the kernel's name is shown, then */
	d->names = more;
	more[d->nnames].tid = tid;
	snprintf(more[d->nnames].text, sizeof(more->text), "%s", name);
	d->nnames++;
}

static void name_of(const struct dump *d, pid_t tid, char *text, size_t size)
{
	char path[64];
	FILE *f;

	for (size_t i = 0; i < d->nnames; i++) {
		if (d->names[i].tid == tid) {
			snprintf(text, size, "%s", d->names[i].text);
			return;
		}
	}
	snprintf(text, size, "?");
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", d->process->pid, tid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(text, (int)size, f))
		text[strcspn(text, "\n")] = '\0';
	fclose(f);
	str_printable(text);
}

static void count(struct dump *d, const struct py_stack *s)
{
	d->counts.threads++;
	d->counts.unsteady += !s->steady;
	d->counts.torn += s->end == GS_FRAMES_TORN;
	d->counts.frames += s->n;
	for (size_t i = 0; i < s->n; i++)
		d->counts.unknown += !s->frame[i].code;
}

/* py_stacks_also(): the task, and where it is natively, at the moment of the stack. */
static void read_running(const struct py_interp *interp, const struct py_thread *t, void *arg)
{
	struct dump *d = arg;

	d->thread.task = py_task_running(d->tasks, interp, t, d->thread.task_name,
					 sizeof(d->thread.task_name));
	if (d->native)
		dump_native_look(d->native, t);
}

static int tell_thread(struct dump *d, const struct py_interp *interp, const struct py_thread *t,
		       json_t *threads)
{
	struct dump_thread *told = &d->thread;

	told->thread = *t;
	name_of(d, t->tid, told->name, sizeof(told->name));
	py_stack_read(d->stacks, interp, t, &told->stack);
	told->native = d->native;
	told->native_how = d->native ? dump_native_take(d->native, &told->stack) : DUMP_NATIVE_NONE;
	told->waits = told->stack.holds_gil ? 0 : py_thread_waits(d->process, interp, t);
	told->waiting = dump_since_thread(d->since, interp, t, told->waits);
	count(d, &told->stack);
	if (threads)
		return json_array_append_new(threads, dump_json_thread(told)) ? -ENOMEM : 0;
	dump_print_thread(told);
	return 0;
}

static int tell_tasks(struct dump *d, const struct py_interp *interp, const struct py_thread *list,
		      int n, json_t *told)
{
	struct dump_tasks *tasks;
	int r = 0;

	if (!py_tasks_listed(d->tasks))
		return told && (json_object_set_new(told, "tasks", json_null()) ||
				json_object_set_new(told, "tasks_more", json_null()))
			       ? -ENOMEM
			       : 0;
	tasks = dump_tasks_new(d->tasks, interp, list, n);
	if (!tasks)
		return -ENOMEM;
	if (!told)
		dump_tasks_print(tasks);
	else if (json_object_set(told, "tasks", dump_tasks_json(tasks)) ||
		 json_object_set_new(told, "tasks_more", json_boolean(dump_tasks_more(tasks))))
		r = -ENOMEM;
	dump_tasks_free(tasks);
	return r;
}

static struct dump_interp interp_of(struct dump *d, const struct py_interp *interp,
				    const struct py_thread *list, int n)
{
	struct dump_interp told = { .interp = interp };

	for (int i = 0; i < n; i++)
		if (interp->gil_locked && list[i].tstate == interp->gil_holder)
			told.holder_tid = list[i].tid;
	dump_since_interp(d->since, interp, &told.held, &told.collecting);
	return told;
}

static int tell_interp(struct dump *d, const struct py_interp *interp, json_t *interps)
{
	json_t *told = NULL, *threads = NULL;
	struct py_thread *list;
	struct dump_interp head;
	int n = py_threads_read(d->process, interp, &list), r = 0, i;

	if (n < 0)
		return n == -ENOMEM ? n : 0; /* it has just ended */
	head = interp_of(d, interp, list, n);
	if (interps) {
		told = dump_json_interp(&head);
		threads = json_array();
		if (!told || json_object_set_new(told, "threads", threads))
			r = -ENOMEM;
	} else {
		dump_print_interp(&head);
	}
	for (i = 0; i < n && !r && d->counts.threads < PY_THREADS_MAX; i++)
		r = tell_thread(d, interp, &list[i], threads);
	if (!r)
		r = tell_tasks(d, interp, list, n, told);
	if (told && json_array_append_new(interps, told))
		r = -ENOMEM;
	free(list);
	return r;
}

static int tell_interps(struct dump *d, json_t *interps)
{
	struct py_interp *list = calloc(PY_INTERPS_MAX, sizeof(*list));
	int n, i, r = 0;

	if (!list)
		return -ENOMEM;
	n = py_interps_read(d->process, list);
	if (n <= 0)
		r = errf(d->e, GS_EXIT_TARGET, n ? n : -EAGAIN,
			 "pid %d: has no interpreter: it has ended, or just begun",
			 d->process->pid);
	for (i = 0; i < n && !r; i++)
		r = tell_interp(d, &list[i], interps);
	free(list);
	return r;
}

static int tell_json(struct dump *d)
{
	json_t *told = dump_json_process(d->process), *interps = json_array();
	int r;

	if (!told || json_object_set_new(told, "interpreters", interps))
		r = -ENOMEM;
	else
		r = tell_interps(d, interps);
	if (!r && json_object_set_new(told, "totals", dump_json_counts(&d->counts)))
		r = -ENOMEM;
	if (r)
		json_decref(told);
	else if (json_array_append_new(d->list, told))
		r = -ENOMEM;
	return r;
}

static int tell_text(struct dump *d)
{
	int r;

	dump_print_process(d->process);
	r = tell_interps(d, NULL);
	if (!r)
		dump_print_counts(&d->counts);
	return r;
}

static void done(struct dump *d)
{
	py_stacks_free(d->stacks);
	py_tasks_free(d->tasks);
	dump_since_free(d->since);
	dump_native_free(d->native);
	free(d->names);
	d->stacks = NULL;
	d->tasks = NULL;
	d->since = NULL;
	d->native = NULL;
	d->names = NULL;
	d->nnames = 0;
}

static int dump_process(struct dump *d, pid_t pid)
{
	struct py_process *p;
	int r = process_identify(pid, 0, d->binaries, &p, d->e);

	if (r)
		return r;
	d->process = p;
	d->counts = (struct dump_counts) { 0 };
	r = py_stacks_new(p, &d->stacks, d->e);
	if (!r) {
		d->tasks = py_tasks_new(p);
		d->since = d->look_ns ? dump_since_new(p, d->look_ns) : NULL;
		if (!d->tasks || (d->look_ns && !d->since))
			r = -ENOMEM;
	}
	if (!r && d->wants_native) {
		d->native = dump_native_new(p, &r);
		if (d->native)
			d->counts.native = dump_native_counts(d->native);
		else if (r != -ENOMEM)
			errf(d->e, GS_EXIT_TARGET, r, "pid %d: its maps cannot be read (%s)", pid,
			     strerror(-r));
	}
	if (!r) {
		py_stacks_also(d->stacks, read_running, d);
		(void)process_thread_names(p, note_name, d); /* best effort */
		r = d->list ? tell_json(d) : tell_text(d);
	}
	done(d);
	process_free(p);
	return r;
}

static int print_json(const struct dump *d)
{
	json_t *all = json_pack("{s:s, s:O}", "schema", "gilscope.dump/1", "processes", d->list);
	int r = all ? 0 : -ENOMEM;

	if (!r)
		r = json_dumpf(all, stdout, JSON_INDENT(2)) || putchar('\n') == EOF ? -EIO : 0;
	json_decref(all);
	return r == -EIO ? errf(d->e, GS_EXIT_FAILED, r, "stdout: cannot be written") : r;
}

int cmd_dump(const struct opts *o, struct err *e)
{
	struct dump *d = calloc(1, sizeof(*d));
	bool json = !strcmp(o->format, "json");
	int r = -ENOMEM;

	if (d) {
		d->e = e;
		d->binaries = binaries_new(NULL);
		d->list = json ? json_array() : NULL;
		d->look_ns = o->since_ns;
		d->wants_native = o->native;
	}
	if (d && d->binaries && (!json || d->list))
		r = 0;
	for (size_t i = 0; i < o->npids && !r; i++) {
		if (i && !json)
			printf("\n");
		r = dump_process(d, o->pids[i]);
	}
	if (!r && json)
		r = print_json(d);
	if (d) {
		json_decref(d->list);
		binaries_free(d->binaries);
	}
	free(d);
	return r ? errf(e, GS_EXIT_FAILED, r, "dump: %s", strerror(-r)) : 0;
}
