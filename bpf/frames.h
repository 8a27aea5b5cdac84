/*
 * Walking CPython's frames: the only code that reads them, for the kernel's side and for ours.
 *
 * It is compiled into BPF, where it reads with bpf_probe_read_user(), and natively, where it reads
 * through a function, so that it can be tried on recorded memory.  The program may run meanwhile,
 * and may be broken or hostile: whatever is read, a walk takes GS_FRAMES_STEPS steps at most, reads
 * nothing but the program's memory, and says how it ended.
 *
 *   thread state -> [C frame of the evaluation loop (3.11, 3.12)] -> newest frame -> previous ... 0
 *
 * 3.8 to 3.10: PyFrameObject.  3.11 on: _PyInterpreterFrame; from 3.12 on a frame of the
 * interpreter's own ("shim") lies below the first one that each evaluation loop, so each call from
 * C, has made; they are no frames of the program and are left out (Include/internal/pycore_frame.h,
 * pycore_interpframe_structs.h).
 */
#ifndef GS_BPF_FRAMES_H
#define GS_BPF_FRAMES_H

#include "bpf/types.h"

#define GS_FRAMES_MAX 127 /* of a stack; the newest */
#define GS_FRAMES_STEPS 256 /* frames and shims */
#define GS_FRAME_NONE 0xffffffffU /* of an offset: this version has no such field */
#define GS_FRAME_OFFSET_MAX (1 << 24) /* bytes of one function's code, more than there can be */

/* Where it all is, in bytes from the start of each; made from struct py_layout. */
struct gs_frame_layout {
	u32 tstate_frame; /* PyThreadState: the newest frame, or the C frame that has it */
	u32 cframe_frame; /* in that C frame; else GS_FRAME_NONE */
	u32 previous;
	u32 code;
	u32 instr; /* pointer to an instruction, or its number (int) without code_adaptive */
	u32 owner; /* char; 1: a generator's, 3 and more: a shim; GS_FRAME_NONE: 3.8 to 3.10 */
	u32 is_entry; /* bool: called from C (3.11); GS_FRAME_NONE: there are shims, or see above */
	u32 tlbc_index; /* int: which copy of the code it runs (3.14+, free-threaded) */
	u32 code_adaptive; /* PyCodeObject: the instructions; GS_FRAME_NONE: they are numbered */
	u32 code_tlbc; /* PyCodeObject: its copies of them; with tlbc_index */
	u32 code_tags; /* lower bits of the pointer to the code that are no address (3.14+) */
	u32 instr_bytes; /* each number stands for so many (3.8, 3.9: 1; 3.10: 2) */
};

#define GS_FRAME_GENERATOR 1U /* of a generator, a coroutine (3.11+) */
#define GS_FRAME_FROM_C 2U /* called by C, not by the next older one of Python */

struct gs_frame {
	u64 code; /* address of its code object */
	s32 offset; /* bytes from its first instruction to the current one; negative: not begun */
	u32 flags; /* GS_FRAME_* */
};

/* How a walk ended. */
#define GS_FRAMES_WHOLE 0U
#define GS_FRAMES_TRUNCATED 1U /* older ones are left out */
#define GS_FRAMES_TORN 2U /* what came next cannot be: it was changing, or is no frame */

struct gs_frames {
	u32 n;
	u32 end; /* GS_FRAMES_WHOLE ... */
	struct gs_frame frame[GS_FRAMES_MAX]; /* newest first */
};

/* A walk under way. */
struct gs_frames_walk {
	const struct gs_frame_layout *layout;
	const struct gs_memory *memory; /* not in BPF */
	struct gs_frames *out;
	u64 frame; /* the next */
	u64 mark; /* one met before: meeting it again is going round in a circle */
	u32 steps;
};

#ifdef __bpf__
#define GS_FRAMES_READ(memory, to, size, from) \
	bpf_probe_read_user((to), (size), (const void *)(from))
/* What calls it is deep in calls already, and all have 512 bytes of stack together. */
#define GS_FRAMES_INLINE static __always_inline
/* Up to 5.15 the verifier forgets what was asked of a number that was out of its register. */
#define GS_FRAMES_ASK_AGAIN(n) barrier_var(n)
#else
#define GS_FRAMES_INLINE static inline
#define GS_FRAMES_ASK_AGAIN(n) ((void)(n))
/* 0, or anything else if not all of it could be read. */
struct gs_memory {
	int (*read)(const struct gs_memory *m, void *to, u32 size, u64 from);
};
#define GS_FRAMES_READ(memory, to, size, from) ((memory)->read((memory), (to), (size), (from)))
#endif

/* The first instruction of the copy of the code that @frame runs; 0: cannot be read. */
GS_FRAMES_INLINE u64 gs_frames_base(const struct gs_frames_walk *w, u64 code)
{
	const struct gs_frame_layout *l = w->layout;
	u64 copies = 0, base = 0;
	s32 index = 0;

	if (l->tlbc_index == GS_FRAME_NONE)
		return code + l->code_adaptive;
	if (GS_FRAMES_READ(w->memory, &index, sizeof(index), w->frame + l->tlbc_index) || index < 0)
		return 0;
	if (!index)
		return code + l->code_adaptive;
	/* struct _PyCodeArray { Py_ssize_t size; char *entries[]; } (3.14 cpython/code.h) */
	if (GS_FRAMES_READ(w->memory, &copies, sizeof(copies), code + l->code_tlbc) || !copies ||
	    GS_FRAMES_READ(w->memory, &base, sizeof(base), copies + 8 + 8 * (u64)(u32)index))
		return 0;
	return base;
}

/* Where in its code the frame is; false: that cannot be. */
GS_FRAMES_INLINE bool gs_frames_offset(const struct gs_frames_walk *w, u64 code, s32 *ret_offset)
{
	const struct gs_frame_layout *l = w->layout;
	u64 instr = 0, base;
	s64 offset;
	s32 number = 0;

	if (l->code_adaptive == GS_FRAME_NONE) {
		if (GS_FRAMES_READ(w->memory, &number, sizeof(number), w->frame + l->instr))
			return false;
		offset = (s64)number * l->instr_bytes;
	} else {
		base = gs_frames_base(w, code);
		if (!base || GS_FRAMES_READ(w->memory, &instr, sizeof(instr), w->frame + l->instr))
			return false;
		offset = (s64)(instr - base);
	}
	*ret_offset = (s32)offset;
	return offset >= -2 && offset < GS_FRAME_OFFSET_MAX;
}

/* The kind of the frame: flags, or GS_FRAME_NONE of a shim. */
GS_FRAMES_INLINE u32 gs_frames_flags(const struct gs_frames_walk *w)
{
	const struct gs_frame_layout *l = w->layout;
	u8 owner = 0, entry = 0;
	u32 flags = 0;

	if (l->owner == GS_FRAME_NONE)
		return GS_FRAME_FROM_C; /* each has an evaluation loop of its own */
	if (GS_FRAMES_READ(w->memory, &owner, sizeof(owner), w->frame + l->owner))
		return 0;
	if (l->is_entry != GS_FRAME_NONE) {
		if (!GS_FRAMES_READ(w->memory, &entry, sizeof(entry), w->frame + l->is_entry) &&
		    entry)
			flags = GS_FRAME_FROM_C;
	} else if (owner >= 3) {
		return GS_FRAME_NONE;
	}
	return owner == 1 ? flags | GS_FRAME_GENERATOR : flags;
}

GS_FRAMES_INLINE bool gs_frames_end(struct gs_frames_walk *w, u32 how)
{
	w->out->end = how;
	return false;
}

/* The next frame into ->out; false: that was the last, and ->out says how it ended. */
GS_FRAMES_INLINE bool gs_frames_step(struct gs_frames_walk *w)
{
	const struct gs_frame_layout *l = w->layout;
	u64 previous = 0, code = 0;
	u32 n = w->out->n, flags;
	s32 offset = 0;

	if (!w->frame)
		return gs_frames_end(w, GS_FRAMES_WHOLE);
	if (w->frame & 7 || w->frame == w->mark)
		return gs_frames_end(w, GS_FRAMES_TORN);
	if (!(w->steps & (w->steps - 1))) /* Brent's way: at each power of two */
		w->mark = w->frame;
	w->steps++;
	if (GS_FRAMES_READ(w->memory, &previous, sizeof(previous), w->frame + l->previous))
		return gs_frames_end(w, GS_FRAMES_TORN);
	flags = gs_frames_flags(w);
	if (flags == GS_FRAME_NONE) {
		if (n && n <= GS_FRAMES_MAX)
			w->out->frame[n - 1].flags |= GS_FRAME_FROM_C;
		w->frame = previous;
		return true;
	}
	if (n >= GS_FRAMES_MAX)
		return gs_frames_end(w, GS_FRAMES_TRUNCATED);
	if (GS_FRAMES_READ(w->memory, &code, sizeof(code), w->frame + l->code))
		return gs_frames_end(w, GS_FRAMES_TORN);
	code &= ~(u64)l->code_tags;
	if (!code || code & 7 || !gs_frames_offset(w, code, &offset))
		return gs_frames_end(w, GS_FRAMES_TORN);
	GS_FRAMES_ASK_AGAIN(n);
	if (n >= GS_FRAMES_MAX)
		return gs_frames_end(w, GS_FRAMES_TRUNCATED);
	w->out->frame[n].code = code;
	w->out->frame[n].offset = offset;
	w->out->frame[n].flags = flags;
	w->out->n = n + 1;
	w->frame = previous;
	return true;
}

/* Begin with the thread state at @tstate; false: there is nothing to walk, ->out says why. */
GS_FRAMES_INLINE bool gs_frames_begin(struct gs_frames_walk *w, u64 tstate)
{
	const struct gs_frame_layout *l = w->layout;

	w->out->n = 0;
	w->out->end = GS_FRAMES_TRUNCATED; /* unless a step says otherwise */
	w->frame = 0;
	w->mark = 0;
	w->steps = 0;
	if (GS_FRAMES_READ(w->memory, &w->frame, sizeof(w->frame), tstate + l->tstate_frame))
		return gs_frames_end(w, GS_FRAMES_TORN);
	if (l->cframe_frame == GS_FRAME_NONE)
		return true;
	if (!w->frame ||
	    GS_FRAMES_READ(w->memory, &w->frame, sizeof(w->frame), w->frame + l->cframe_frame))
		return gs_frames_end(w, GS_FRAMES_TORN);
	return true;
}

#ifndef __bpf__
/* The stack of the thread state at @tstate into @out.  BPF has a loop of its own to call steps. */
static inline void gs_frames_walk(const struct gs_frame_layout *l, const struct gs_memory *m,
				  u64 tstate, struct gs_frames *out)
{
	struct gs_frames_walk w = { .layout = l, .memory = m, .out = out };

	if (!gs_frames_begin(&w, tstate))
		return;
	while (w.steps < GS_FRAMES_STEPS && gs_frames_step(&w))
		;
}
#endif

#endif
