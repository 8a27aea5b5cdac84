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
	/* What tells a code object from another that had its memory before, see gs_frames_mark().
	 */
	u32 code_id; /* PyCodeObject: words that stay as they are while it lives */
	u32 code_id_words; /* so many; 0: there are no marks */
	u32 code_id_name; /* the one of them that is its name; GS_FRAME_NONE: as in the next */
	u32 str_hash; /* str: its hash, which that of a name has; GS_FRAME_NONE: is not looked at */
};

#define GS_FRAME_GENERATOR 1U /* of a generator, a coroutine (3.11+) */
#define GS_FRAME_FROM_C 2U /* called by C, not by the next older one of Python */
#define GS_FRAME_NATIVE 4U /* no Python: a function of C or the like; user space's */
#define GS_FRAME_FLAGS 0xffU /* those; the bits above are the mark of the code object, 0: none */
#define GS_FRAME_MARK_SHIFT 8
#define GS_FRAME_ID_WORDS 11 /* of a code object, at most */

struct gs_frame {
	u64 code; /* address of its code object */
	s32 offset; /* bytes from its first instruction to the current one; negative: not begun */
	u32 flags; /* GS_FRAME_*, and its code object's mark */
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
	u32 entering; /* the evaluation loop may just be beginning: see gs_frames_anew() */
	u64 caller; /* the newest frame of the one that called it */
	u64 *room; /* GS_FRAME_ID_WORDS, to work in; NULL: frames get no marks */
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

#include "bpf/frames_walk.h"

#endif
