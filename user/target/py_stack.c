/*
 * Reading a thread's stack.
 *
 * A walk reads pages and keeps them, so that it is quick and its parts are of about one moment; it
 * counts if the thread provably stood still meanwhile (thread_still.h), names included.  Where that
 * cannot be proved, two walks in a row that saw the same count.  After WALKS_MAX walks the last one
 * is handed out, marked as not steady.
 */
#include "user/target/py_stack.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/thread_still.h"

#define PAGE 4096ULL
#define PAGES_MAX 32 /* kept of a walk; more are read without */
#define WALKS_MAX 100

/* The process's memory during one walk. */
struct stack_memory {
	struct gs_memory ops; /* first: what the walk knows of it */
	pid_t pid;
	size_t n;
	u64 page[PAGES_MAX]; /* addresses */
	u8 data[PAGES_MAX][PAGE];
};

struct py_stacks {
	const struct py_process *process;
	struct gs_frame_layout layout;
	struct py_codes *codes;
	struct stack_memory memory;
	struct gs_frames now, before;
	cpu_set_t cpus; /* we may use */
	py_stacks_look *also; /* NULL: nothing */
	void *also_arg;
};

static const u8 *page_at(struct stack_memory *m, u64 page)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->page[i] == page)
			return m->data[i];
	if (i == PAGES_MAX || process_read(m->pid, page, m->data[i], PAGE))
		return NULL;
	m->page[i] = page;
	m->n++;
	return m->data[i];
}

static int read_kept(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	struct stack_memory *m = (struct stack_memory *)ops;
	const u64 at = from % PAGE;
	const u8 *page = at + size <= PAGE ? page_at(m, from - at) : NULL;

	if (!page)
		return process_read(m->pid, from, to, size);
	memcpy(to, page + at, size);
	return 0;
}

bool py_stacks_known(const struct py_binary *b)
{
	const struct py_layout *l = &b->layout;

	return !b->by_notes && layout_frames_known(&l->frames) && l->str_state != GS_NO_FIELD &&
	       l->str_compact_data != GS_NO_FIELD;
}

int py_stacks_new(const struct py_process *p, struct py_stacks **ret_s, struct err *e)
{
	const struct py_layout *l = &p->binary->layout;
	struct py_stacks *s;

	if (!py_stacks_known(p->binary))
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "pid %d: %s %s: where its frames are is not known; supported: "
			    "CPython " GS_LAYOUT_VERSIONS,
			    p->pid, p->binary->path, p->binary->version);
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->process = p;
	s->layout = layout_frames_walk(&l->frames);
	s->memory.ops.read = read_kept;
	s->memory.pid = p->pid;
	thread_still_keep(&s->cpus);
	s->codes = py_codes_new(p->pid, l);
	if (!s->codes) {
		free(s);
		return -ENOMEM;
	}
	*ret_s = s;
	return 0;
}

void py_stacks_free(struct py_stacks *s)
{
	if (!s)
		return;
	thread_still_restore(&s->cpus);
	py_codes_free(s->codes);
	free(s);
}

void py_stacks_also(struct py_stacks *s, py_stacks_look *also, void *arg)
{
	s->also = also;
	s->also_arg = arg;
}

static void name_frames(struct py_stacks *s, struct py_stack *stack)
{
	const struct gs_frames *f = &s->now;
	size_t i;

	stack->n = 0;
	stack->end = f->end;
	stack->walked = f->n;
	for (i = 0; i < f->n; i++) {
		struct py_frame *frame = &stack->frame[stack->n];

		stack->walked_flags[i] = f->frame[i].flags & GS_FRAME_FLAGS;
		frame->code = py_codes_find(s->codes, f->frame[i].code);
		if (frame->code && py_code_is_own(frame->code))
			continue;
		stack->n++;
		frame->line =
			frame->code ? py_code_line(s->codes, frame->code, f->frame[i].offset) : 0;
		frame->flags = f->frame[i].flags & GS_FRAME_FLAGS;
		frame->walked = (u32)i;
	}
}

/* The same stack twice, and all of it known. */
static bool same_again(const struct py_stacks *s)
{
	return s->now.n == s->before.n && s->now.end == s->before.end &&
	       s->now.end != GS_FRAMES_TORN &&
	       !memcmp(s->now.frame, s->before.frame, s->now.n * sizeof(s->now.frame[0]));
}

static bool holds(const struct py_stacks *s, const struct py_interp *interp, u64 tstate)
{
	const struct py_layout *l = &s->process->binary->layout;
	const pid_t pid = s->process->pid;
	s32 locked;
	u64 holder;

	return interp->gil_addr &&
	       !process_read(pid, interp->gil_addr + l->gil_locked, &locked, sizeof(locked)) &&
	       locked == 1 &&
	       !process_read(pid, interp->gil_addr + l->gil_last_holder, &holder, sizeof(holder)) &&
	       holder == tstate;
}

void py_stack_read(struct py_stacks *s, const struct py_interp *interp, const struct py_thread *t,
		   struct py_stack *ret_stack)
{
	struct thread_still still = { 0 };
	bool can_tell = true;
	u32 i;

	*ret_stack = (struct py_stack) { 0 };
	for (i = 0; i < WALKS_MAX && !ret_stack->steady; i++) {
		thread_still_begin(&still, s->process->pid, t->tid);
		can_tell = still.state && t->tid;
		s->before = s->now;
		s->memory.n = 0;
		gs_frames_walk(&s->layout, &s->memory.ops, t->tstate, &s->now);
		py_codes_trim(s->codes); /* nobody has what the walk before found */
		name_frames(s, ret_stack);
		ret_stack->holds_gil = holds(s, interp, t->tstate);
		if (s->also)
			s->also(interp, t, s->also_arg);
		ret_stack->walks++;
		ret_stack->steady = thread_still_end(&still) || (!can_tell && i && same_again(s));
	}
	ret_stack->state = still.state;
}
