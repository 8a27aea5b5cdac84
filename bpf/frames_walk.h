/*
 * The walk over frames itself; a part of bpf/frames.h, which says what it is for and who includes
 * it.
 */
#ifndef GS_BPF_FRAMES_WALK_H
#define GS_BPF_FRAMES_WALK_H

#include "bpf/frames.h"

/*
 * A number, but for one in 16 million the code object's own: another that gets its memory later has
 * another.  Names are read later than frames, and from 3.12 on the words have a version in them
 * that no two code objects of a process share; before, that other one may have the same addresses
 * in it, so what its name's hash is counts as well.
 *
 * Return: it, in the place of a mark in a frame's flags; 0: it cannot be read, or there are none.
 */
GS_FRAMES_INLINE u32 gs_frames_mark(const struct gs_frame_layout *l, const struct gs_memory *m,
				    u64 *room, u64 code)
{
	u64 mark = 0, name = 0;

	(void)m; /* in BPF */
	if (!l->code_id_words ||
	    GS_FRAMES_READ(m, room, GS_FRAME_ID_WORDS * sizeof(u64), code + l->code_id))
		return 0;
#ifdef __clang__
#pragma unroll
#endif
	for (u32 i = 0; i < GS_FRAME_ID_WORDS; i++) {
		if (i >= l->code_id_words)
			break;
		if (i == l->code_id_name)
			name = room[i];
		mark = (mark ^ room[i]) * 0x9e3779b97f4a7c15ULL;
		mark ^= mark >> 32;
	}
	room[0] = 0;
	if (l->str_hash != GS_FRAME_NONE &&
	    GS_FRAMES_READ(m, room, sizeof(*room), name + l->str_hash))
		return 0;
	mark = (mark ^ room[0]) * 0x9e3779b97f4a7c15ULL >> 40;
	return (u32)(mark ? mark : 1) << GS_FRAME_MARK_SHIFT;
}

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

/*
 * 3.11, 3.12: an evaluation loop that begins hangs its C frame on the thread state, and a moment
 * later its frame on that.  In between, what is there is what the stack had before.  It is told by
 * this: the first frame of a loop's that C called has the caller's newest frame below it.  Where it
 * has not, that one is the newest.
 */
GS_FRAMES_INLINE bool gs_frames_anew(struct gs_frames_walk *w)
{
	w->entering = 0;
	w->out->n = 0;
	w->frame = w->caller;
	w->mark = 0;
	return true;
}

GS_FRAMES_INLINE bool gs_frames_torn(struct gs_frames_walk *w)
{
	return w->entering ? gs_frames_anew(w) : gs_frames_end(w, GS_FRAMES_TORN);
}

/* There is no older frame: that is so of one that C called, or it is being put in or taken out. */
GS_FRAMES_INLINE bool gs_frames_last(struct gs_frames_walk *w)
{
	u32 n = w->out->n;

	if (n && n <= GS_FRAMES_MAX && !(w->out->frame[n - 1].flags & GS_FRAME_FROM_C))
		return gs_frames_end(w, GS_FRAMES_TORN);
	return gs_frames_end(w, GS_FRAMES_WHOLE);
}

/* The next frame into ->out; false: that was the last, and ->out says how it ended. */
GS_FRAMES_INLINE bool gs_frames_step(struct gs_frames_walk *w)
{
	const struct gs_frame_layout *l = w->layout;
	u64 previous = 0, code = 0;
	u32 n = w->out->n, flags;
	s32 offset = 0;

	if (!w->frame)
		return w->entering ? gs_frames_anew(w) : gs_frames_last(w);
	if (w->frame & 7 || w->frame == w->mark)
		return gs_frames_torn(w);
	if (!(w->steps & (w->steps - 1))) /* Brent's way: at each power of two */
		w->mark = w->frame;
	w->steps++;
	if (GS_FRAMES_READ(w->memory, &previous, sizeof(previous), w->frame + l->previous))
		return gs_frames_torn(w);
	flags = gs_frames_flags(w);
	if (w->entering && flags & GS_FRAME_FROM_C) { /* or a shim, which has all bits */
		w->entering = 0;
		if (previous != w->caller)
			return gs_frames_anew(w);
	}
	if (flags == GS_FRAME_NONE) {
		if (n && n <= GS_FRAMES_MAX)
			w->out->frame[n - 1].flags |= GS_FRAME_FROM_C;
		w->frame = previous;
		return true;
	}
	if (n >= GS_FRAMES_MAX)
		return gs_frames_end(w, GS_FRAMES_TRUNCATED);
	if (GS_FRAMES_READ(w->memory, &code, sizeof(code), w->frame + l->code))
		return gs_frames_torn(w);
	code &= ~(u64)l->code_tags;
	if (!code || code & 7 || !gs_frames_offset(w, code, &offset))
		return gs_frames_torn(w);
	GS_FRAMES_ASK_AGAIN(n);
	if (n >= GS_FRAMES_MAX)
		return gs_frames_end(w, GS_FRAMES_TRUNCATED);
	w->out->frame[n].code = code;
	w->out->frame[n].offset = offset;
	w->out->frame[n].flags =
		flags | (w->room ? gs_frames_mark(l, w->memory, w->room, code) : 0);
	w->out->n = n + 1;
	w->frame = previous;
	return true;
}

/* Begin with the thread state at @tstate; false: there is nothing to walk, ->out says why. */
GS_FRAMES_INLINE bool gs_frames_begin(struct gs_frames_walk *w, u64 tstate)
{
	const struct gs_frame_layout *l = w->layout;
	u64 cframe;

	w->out->n = 0;
	w->out->end = GS_FRAMES_TRUNCATED; /* unless a step says otherwise */
	w->frame = 0;
	w->mark = 0;
	w->steps = 0;
	w->entering = 0;
	w->caller = 0;
	if (GS_FRAMES_READ(w->memory, &w->frame, sizeof(w->frame), tstate + l->tstate_frame))
		return gs_frames_end(w, GS_FRAMES_TORN);
	if (l->cframe_frame == GS_FRAME_NONE)
		return true;
	cframe = w->frame + l->cframe_frame;
	if (!w->frame || GS_FRAMES_READ(w->memory, &w->frame, sizeof(w->frame), cframe))
		return gs_frames_end(w, GS_FRAMES_TORN);
	/* struct _PyCFrame: current_frame, previous (cpython/pystate.h) */
	w->entering = !GS_FRAMES_READ(w->memory, &w->caller, sizeof(w->caller), cframe + 8) &&
		      w->caller &&
		      !GS_FRAMES_READ(w->memory, &w->caller, sizeof(w->caller),
				      w->caller + l->cframe_frame);
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
