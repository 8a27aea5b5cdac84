/*
 * Names, files and lines of a stack's frames.
 *
 * They are read when the stack is first seen.  A code object may die and another be made in its
 * place: a reading that counts on the stack looks again, and where all of it has names and they are
 * others, it is another stack from then on.  Where it has none any more it keeps those it had.
 */
#include <errno.h>
#include <string.h>

#include "user/ingest/stacks_private.h"

/* The code object at @addr as it is in this reading. */
static const struct py_code *code_at(struct stacks *s, const struct measured *m, u64 addr)
{
	size_t i = (addr >> 4) * 0x9e3779b97f4a7c15ULL >> 54 & (SEEN - 1);
	u32 pid = (u32)m->py->pid;

	if (s->seen[i].addr != addr || s->seen[i].pid != pid || s->seen[i].reading != s->reading) {
		s->seen[i].addr = addr;
		s->seen[i].pid = pid;
		s->seen[i].reading = s->reading;
		s->seen[i].code = py_codes_find(m->stacks->codes, addr);
	}
	return s->seen[i].code;
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

/* False: not all of it has names. */
static bool fill(struct stacks *s, const struct measured *m, const struct gs_frames *f,
		 struct fig_frames *to, u64 *unknown)
{
	bool all = true;

	to->n = 0;
	to->truncated = f->end == GS_FRAMES_TRUNCATED;
	to->torn = f->end == GS_FRAMES_TORN;
	for (u32 i = 0; i < f->n; i++) {
		const struct py_code *code = code_at(s, m, f->frame[i].code);

		if (code && py_code_is_own(code))
			continue;
		all = all && code;
		unknown[to->n] = f->frame[i].code;
		to->frame[to->n] = (struct fig_frame) { .flags = f->frame[i].flags };
		if (code)
			name_frame(m->stacks->codes, code, f->frame[i].offset, &to->frame[to->n]);
		to->n++;
	}
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
	if (!fill(s, m, k->frames, &all.f, unknown) && k->names)
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
