/*
 * Names, files and lines of a stack's frames.
 *
 * They are read when the stack is first seen.  A code object may have died by then, and another
 * have been made in its place: the frame's mark (bpf/frames.h) tells that, and it is unknown.  A
 * reading that counts on the stack looks again for what was unknown; it keeps the names it had
 * where there are none any more.
 */
#include <errno.h>
#include <string.h>

#include "user/ingest/stacks_private.h"

/* Is @code, now at the address of the frame @f's, that one? */
static bool is_its(const struct gs_frame *f, const struct py_code *code)
{
	u32 mark = f->flags & ~GS_FRAME_FLAGS;

	return code && (!mark || !code->mark || code->mark == mark);
}

/* The code object of @f, as it is in this reading; NULL: unknown. */
static const struct py_code *code_of(struct stacks *s, const struct measured *m,
				     const struct gs_frame *f)
{
	const u64 addr = f->code;
	size_t i = (addr >> 4) * 0x9e3779b97f4a7c15ULL >> 54 & (SEEN - 1);
	u32 pid = (u32)m->py->pid;

	if (s->seen[i].addr != addr || s->seen[i].pid != pid || s->seen[i].reading != s->reading ||
	    !is_its(f, s->seen[i].code)) {
		s->seen[i].addr = addr;
		s->seen[i].pid = pid;
		s->seen[i].reading = s->reading;
		s->seen[i].code = py_codes_find(m->stacks->codes, addr);
	}
	return is_its(f, s->seen[i].code) ? s->seen[i].code : NULL;
}

static void name_frame(const struct py_codes *codes, const struct py_code *code, s32 offset,
		       struct fig_frame *f)
{
	s32 line = py_code_line(codes, code, offset);

	f->function = code->function;
	f->file = code->file;
	f->first_line = code->first_line > 0 ? (u32)code->first_line : 0;
	f->line = line > 0 ? (u32)line : 0;
}

/* The frame @f into @to; false: it has no name. */
static bool fill_frame(struct stacks *s, const struct measured *m, const struct gs_frame *f,
		       struct fig_frames *to, u64 *unknown)
{
	const struct py_code *code = code_of(s, m, f);

	if (code && py_code_is_own(code))
		return true;
	unknown[to->n] = f->code;
	to->frame[to->n] = (struct fig_frame) { .flags = f->flags & GS_FRAME_FLAGS };
	if (code)
		name_frame(m->stacks->codes, code, f->offset, &to->frame[to->n]);
	to->n++;
	return code;
}

static void fill_native(const struct native_name *name, struct fig_frames *to)
{
	to->frame[to->n++] = (struct fig_frame) { .function = name->function,
						  .file = name->file,
						  .flags = GS_FRAME_NATIVE };
}

/* The newest of both together.  As fill(). */
static bool fill_merged(struct stacks *s, const struct measured *m, const struct stack_known *k,
			struct fig_frames *to, u64 *unknown)
{
	static struct native_merged merged; /* one thread; large */
	bool all = true;
	u32 i;

	stacks_native_merge(s, k, &merged);
	for (i = 0; i < merged.n && to->n < GS_FRAMES_MAX; i++) {
		u32 at = merged.frame[i].at;

		if (merged.frame[i].native)
			fill_native(k->native->frame[at], to);
		else
			all = fill_frame(s, m, &k->frames->frame[at], to, unknown) && all;
	}
	if (i < merged.n)
		to->truncated = true;
	return all;
}

/* False: not all of it has names. */
static bool fill(struct stacks *s, const struct measured *m, const struct stack_known *k,
		 struct fig_frames *to, u64 *unknown)
{
	const struct gs_frames *f = k->frames;
	bool all = true;

	to->n = 0;
	to->truncated = f->end == GS_FRAMES_TRUNCATED;
	to->torn = f->end == GS_FRAMES_TORN;
	if (k->native)
		return fill_merged(s, m, k, to, unknown);
	for (u32 i = 0; i < f->n; i++)
		all = fill_frame(s, m, &f->frame[i], to, unknown) && all;
	return all;
}

int stacks_name(struct stacks *s, const struct measured *m, struct stack_known *k)
{
	static union {
		struct fig_frames f;
		char room[sizeof(struct fig_frames) + GS_FRAMES_MAX * sizeof(struct fig_frame)];
	} all; /* one thread; too large for its stack */
	u64 unknown[GS_FRAMES_MAX], id;
	const struct fig_frames *names;

	if (k->names && m->exited)
		return 0;
	if (!m->stacks->codes)
		m->stacks->codes = py_codes_new(m->py->pid, &m->py->binary->layout);
	if (!m->stacks->codes)
		return -ENOMEM;
	if (!fill(s, m, k, &all.f, unknown) && k->names)
		return 0;
	names = stack_store_put(s->store, &all.f, unknown, &id);
	if (!names) {
		s->lost++;
		return 0;
	}
	k->names = names;
	k->id = id;
	return 0;
}
