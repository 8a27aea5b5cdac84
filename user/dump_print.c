/* gilscope dump: text and JSON.  Invariant: what the process chose was made printable before. */
#include "user/dump.h"

#include <stdio.h>

#include "user/base/fmt.h"

static const char *const ends[] = {
	[GS_FRAMES_WHOLE] = "whole",
	[GS_FRAMES_TRUNCATED] = "truncated",
	[GS_FRAMES_TORN] = "torn",
};

static const char *const kinds[] = {
	[PY_CODE_FUNCTION] = "function",
	[PY_CODE_GENERATOR] = "generator",
	[PY_CODE_COROUTINE] = "coroutine",
	[PY_CODE_ASYNC_GENERATOR] = "async_generator",
};

void dump_print_process(const struct py_process *p)
{
	printf("pid %d  CPython %s  %s\n", p->pid, p->binary->version, p->command);
}

static void print_time(const char *before, const struct dump_time *t)
{
	if (t->known)
		printf("%s%s%s", before, fmt_ns(t->ns).s, t->longer ? " or longer" : "");
}

void dump_print_interp(const struct dump_interp *d)
{
	const struct py_interp *i = d->interp;

	printf("\ninterpreter %lld: ", (long long)i->id);
	if (i->gil_off)
		printf("no GIL");
	else if (!i->gil_known)
		printf("its GIL is not known");
	else if (!i->gil_locked)
		printf("GIL free");
	else if (d->holder_tid)
		printf("GIL held by thread %d", d->holder_tid);
	else
		printf("GIL held by a thread of another interpreter");
	print_time(", nobody else for ", &d->held);
	if (i->collecting)
		printf("; its collector runs");
	print_time(", for ", &d->collecting);
	printf("\n");
}

/* What is to be said of a thread's native frames; as in JSON, and for people. */
static const struct {
	const char *name, *text;
} natives[DUMP_NATIVE_COUNT] = {
	[DUMP_NATIVE_NONE] = { "none", NULL },
	[DUMP_NATIVE_MERGED] = { "merged", NULL },
	[DUMP_NATIVE_CUT] = { "cut", "older native frames could not be walked" },
	[DUMP_NATIVE_UNMERGED] = { "unmerged", "native frames do not go with the Python ones: only "
					       "the newest are shown" },
	[DUMP_NATIVE_RUNS] = { "running", "it runs: no native frames" },
	[DUMP_NATIVE_UNREAD] = { "unread", "its native stack could not be read" },
};

static void print_native(const struct native_name *name)
{
	printf("    %s%s%s%s  native\n", name->function, name->file ? " (" : "",
	       name->file ? name->file : "", name->file ? ")" : "");
}

static void print_frame(const struct py_frame *f)
{
	if (!f->code) {
		printf("    ? (code object that cannot be read)\n");
		return;
	}
	printf("    %s (%s:", f->code->function, f->code->file);
	if (f->line)
		printf("%d)", f->line);
	else
		printf("?)");
	printf("%s%s\n", f->code->kind == PY_CODE_FUNCTION ? "" : "  ",
	       f->code->kind == PY_CODE_FUNCTION ? "" : kinds[f->code->kind]);
}

void dump_print_thread(const struct dump_thread *t)
{
	const struct py_stack *s = &t->stack;
	struct dump_frame f;
	u32 at = 0;

	printf("\nthread %d \"%s\"", t->thread.tid, t->name);
	if (s->holds_gil)
		printf("  holds the GIL");
	else if (t->waits == 1)
		printf("  waits for the GIL");
	print_time(", for ", &t->waiting);
	printf("%s%s\n", s->state == 'R' ? "  runnable" : "",
	       s->steady ? "" : "  (ran on meanwhile: may be mixed from two moments)");
	if (t->task)
		printf("    in task \"%s\"\n", t->task_name);
	while (dump_native_next(t->native, s, &at, &f)) {
		if (f.native)
			print_native(f.native);
		else
			print_frame(f.python);
	}
	if (!s->n && s->end == GS_FRAMES_WHOLE)
		printf("    (no Python function)\n");
	if (s->end != GS_FRAMES_WHOLE)
		printf("    ... %s\n", s->end == GS_FRAMES_TRUNCATED
					       ? "older frames are left out"
					       : "torn: what comes next is no frame");
	if (natives[t->native_how].text)
		printf("    (%s)\n", natives[t->native_how].text);
}

void dump_print_counts(const struct dump_counts *c)
{
	printf("\n%zu threads, %zu frames", c->threads, c->frames);
	if (c->unsteady)
		printf("; %zu stacks of threads that ran on meanwhile", c->unsteady);
	if (c->torn)
		printf("; %zu torn", c->torn);
	if (c->unknown)
		printf("; %zu frames unknown", c->unknown);
	for (u32 how = DUMP_NATIVE_CUT; c->native && how < DUMP_NATIVE_COUNT; how++)
		if (c->native->n[how])
			printf("; native: %zu %s", c->native->n[how], natives[how].name);
	printf("\n");
}

static json_t *tid_or_null(pid_t tid)
{
	return tid ? json_integer(tid) : json_null();
}

json_t *dump_json_process(const struct py_process *p)
{
	return json_pack("{s:i, s:i, s:s, s:{s:s, s:s, s:s}}", "pid", p->pid, "ns_pid", p->ns_pid,
			 "command", p->command, "python", "version", p->binary->version, "path",
			 p->binary->path, "layout", p->binary->layout.found_by);
}

static json_t *time_or_null(const struct dump_time *t)
{
	return t->known ? json_integer((json_int_t)t->ns) : json_null();
}

/* While it collects, that thread holds the GIL, unless it has given it away for a while. */
static pid_t collector(const struct dump_interp *d)
{
	return d->interp->collecting ? d->holder_tid : 0;
}

json_t *dump_json_interp(const struct dump_interp *d)
{
	const struct py_interp *i = d->interp;
	char gil[32];

	snprintf(gil, sizeof(gil), "0x%llx", (unsigned long long)i->gil_addr);
	return json_pack("{s:I, s:{s:b, s:s, s:o, s:o, s:o, s:b}, s:b, s:o, s:o, s:b}", "id",
			 (json_int_t)i->id, "gil", "used", !i->gil_off, "address", gil, "locked",
			 i->gil_known ? json_boolean(i->gil_locked) : json_null(), "holder_tid",
			 tid_or_null(d->holder_tid), "held_ns", time_or_null(&d->held),
			 "held_longer", d->held.longer, "collecting", i->collecting,
			 "collector_tid", tid_or_null(collector(d)), "collecting_ns",
			 time_or_null(&d->collecting), "collecting_longer", d->collecting.longer);
}

json_t *dump_json_frame(const struct py_frame *f)
{
	const struct py_code *c = f->code;

	if (!c)
		return json_pack("{s:n, s:n, s:n, s:n, s:b}", "function", "file", "line", "kind",
				 "from_c", !!(f->flags & GS_FRAME_FROM_C));
	return json_pack("{s:s, s:s, s:o, s:s, s:b}", "function", c->function, "file", c->file,
			 "line", f->line ? json_integer(f->line) : json_null(), "kind",
			 kinds[c->kind], "from_c", !!(f->flags & GS_FRAME_FROM_C));
}

static json_t *json_native(const struct native_name *name)
{
	return json_pack("{s:s, s:s?, s:n, s:s, s:b, s:b}", "function", name->function, "file",
			 name->file, "line", "kind", "native", "from_c", 0, "native", 1);
}

json_t *dump_json_thread(const struct dump_thread *t)
{
	const struct py_stack *s = &t->stack;
	json_t *frames = json_array(), *told;
	char state[2] = { s->state, '\0' };
	struct dump_frame f;
	u32 at = 0;

	while (frames && dump_native_next(t->native, s, &at, &f))
		json_array_append_new(frames,
				      f.native ? json_native(f.native) : dump_json_frame(f.python));
	told = json_pack("{s:o, s:o, s:I, s:s, s:o, s:b, s:o, s:o, s:b, s:o, s:b, s:i, s:s, s:o}",
			 "tid", tid_or_null(t->thread.tid), "ns_tid", tid_or_null(t->thread.ns_tid),
			 "ident", (json_int_t)t->thread.ident, "name", t->name, "state",
			 s->state ? json_string(state) : json_null(), "holds_gil", s->holds_gil,
			 "waits_for_gil", t->waits < 0 ? json_null() : json_boolean(t->waits),
			 "waits_ns", time_or_null(&t->waiting), "waits_longer", t->waiting.longer,
			 "task", t->task ? json_string(t->task_name) : json_null(), "steady",
			 s->steady, "walks", (int)s->walks, "end", ends[s->end], "frames", frames);
	if (told && t->native)
		json_object_set_new(told, "native", json_string(natives[t->native_how].name));
	return told;
}

json_t *dump_json_counts(const struct dump_counts *c)
{
	json_t *told =
		json_pack("{s:I, s:I, s:I, s:I, s:I}", "threads", (json_int_t)c->threads, "frames",
			  (json_int_t)c->frames, "unsteady", (json_int_t)c->unsteady, "torn",
			  (json_int_t)c->torn, "unknown", (json_int_t)c->unknown);
	json_t *native = told && c->native ? json_object() : NULL;

	for (u32 how = DUMP_NATIVE_MERGED; native && how < DUMP_NATIVE_COUNT; how++)
		json_object_set_new(native, natives[how].name,
				    json_integer((json_int_t)c->native->n[how]));
	if (native)
		json_object_set_new(told, "native", native);
	return told;
}
