/*
 * stacks: walks over the current thread's frames (bpf/frames.h), each stack told once.
 *
 * A walk takes up to 256 steps; the verifier goes through one (stacks_step()), not through all.
 * Programs can interrupt and preempt each other on a CPU, so each has several places to walk in.
 */
#include "bpf/stacks.bpf.h"
#include "bpf/stacks.h"

#define SCRATCHES 4 /* of a CPU */
#define PRIME 0x9e3779b97f4a7c15ULL

/* What a walk works with, too large for the stack. */
struct gs_stack_scratch {
	u32 busy;
	u32 begun;
	u32 steps;
	u32 entering;
	u32 marked; /* frames that have marks, and are in the hash */
	u32 slot; /* which one of its CPU it is */
	u64 frame;
	u64 caller;
	u64 mark;
	u64 hash;
	u64 room[GS_FRAME_ID_WORDS];
	struct gs_stack_new new;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES); /* 1 unless the family is measured */
	__type(key, u32);
	__type(value, struct gs_stack_scratch);
} gs_stack_scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before load */
	__type(key, u64);
	__type(value, u32);
} gs_stacks_known SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* set before load */
} gs_stacks_ring SEC(".maps");

struct gs_stacks_state gs_stacks = {};

static __always_inline u64 mix(u64 hash, u64 v)
{
	hash = (hash ^ v) * PRIME;
	return hash ^ hash >> 32;
}

static __always_inline struct gs_stack_scratch *scratch_take(void)
{
	for (u32 i = 0; i < SCRATCHES; i++) {
		u32 key = i;
		struct gs_stack_scratch *s = bpf_map_lookup_elem(&gs_stack_scratches, &key);

		if (s && !__sync_val_compare_and_swap(&s->busy, 0, 1)) {
			s->slot = i;
			return s;
		}
	}
	return NULL;
}

/* The first step is to the newest frame of the thread state @s->frame, each other one a frame
 * further; 0: that was the last. */
__noinline int stacks_step(struct gs_stack_scratch *s, const struct gs_frame_layout *l)
{
	struct gs_frames_walk w = {};
	int more;

	if (!s || !l)
		return 0;
	w.layout = l;
	w.out = &s->new.frames;
	if (!s->begun) {
		s->begun = 1;
		more = gs_frames_begin(&w, s->frame);
		s->frame = w.frame;
		s->caller = w.caller;
		s->entering = w.entering;
		return more;
	}
	w.frame = s->frame;
	w.mark = s->mark;
	w.steps = s->steps;
	w.caller = s->caller;
	w.entering = s->entering;
	more = gs_frames_step(&w);
	s->frame = w.frame;
	s->mark = w.mark;
	s->steps = w.steps;
	s->entering = w.entering;
	return more;
}

/* The newest frame so far gets its mark, and is made a part of the hash.  Apart from the step,
 * which with that would need more of the 512 bytes of stack than there are left. */
__noinline int stacks_mark(struct gs_stack_scratch *s, const struct gs_frame_layout *l)
{
	struct gs_frame *f;
	u32 n;

	if (!s || !l)
		return 0;
	n = s->new.frames.n;
	if (n < s->marked) { /* those before were none: gs_frames_anew() */
		s->hash = gs_config.stacks_seed;
		s->marked = 0;
	}
	if (n == s->marked)
		return 0;
	s->marked = n--;
	barrier_var(n); /* up to 5.15 the verifier only knows what is asked of n itself */
	if (n >= GS_FRAMES_MAX)
		return 0;
	f = &s->new.frames.frame[n];
	f->flags |= gs_frames_mark(l, NULL, s->room, f->code);
	s->hash = mix(mix(s->hash, f->code),
		      (u64)(f->flags & ~GS_FRAME_FLAGS) << 32 | (u32)f->offset);
	return 0;
}

/* The frames of @tstate into @s, and their hash.  How it ended is in the frames. */
__noinline int stacks_walk(struct gs_stack_scratch *s, const struct gs_frame_layout *l, u64 tstate)
{
	if (!s || !l)
		return 0;
	s->hash = gs_config.stacks_seed;
	s->begun = 0;
	s->frame = tstate;
	s->mark = 0;
	s->steps = 0;
	s->marked = 0;
	for (int i = 0; i <= GS_FRAMES_STEPS; i++) {
		int more = stacks_step(s, l);

		stacks_mark(s, l);
		if (!more)
			break;
	}
	return 0;
}

/* User space knows the stack, or is told of it now. */
static __always_inline bool tell(const struct gs_stack_scratch *s)
{
	u32 n = s->new.frames.n &GS_FRAMES_MAX, one = 1; /* all bits are set: a mask as well */
	u64 stack = s->new.stack;

	if (bpf_map_lookup_elem(&gs_stacks_known, &stack))
		return true;
	if (bpf_ringbuf_output(&gs_stacks_ring, (void *)&s->new,
			       GS_STACK_NEW_HEAD + n * sizeof(struct gs_frame), BPF_RB_NO_WAKEUP))
		return false;
	if (!bpf_map_update_elem(&gs_stacks_known, &stack, &one, BPF_ANY))
		__sync_fetch_and_add(&gs_stacks.known, 1);
	return true;
}

/*
 * With --native: the stack that @stack, of Python frames, is with the native ones, which user space
 * knows or is told of now; @stack itself where they cannot be had.  Told first: who reads of the
 * stack finds them.
 */
__noinline u64 stacks_native(struct gs_stack_scratch *s, u64 stack)
{
	u64 native;

	if (!s || !gs_config.native)
		return stack;
	native = native_take(s->slot, stack);
	if (!native)
		return stack;
	return bpf_map_lookup_elem(&gs_stacks_known, &native) || native_tell(s->slot) ? native
										      : stack;
}

/* The current thread's stack, which hangs on @tstate: its hash; 0: none. */
__noinline u64 stacks_take(struct gs_proc *p, u64 tstate)
{
	u64 who = bpf_get_current_pid_tgid(), stack = 0;
	struct gs_stack_scratch *s;

	if (!p || !gs_measures(GS_FAMILY_STACKS))
		return 0;
	s = scratch_take();
	if (!s) {
		gs_lose(GS_LOSS_STACKS_FULL, 1);
		return 0;
	}
	stacks_walk(s, &p->config.frames, tstate);
	__sync_fetch_and_add(&gs_stacks.walks, 1);
	if (s->new.frames.end == GS_FRAMES_TORN)
		gs_lose(GS_LOSS_STACKS_TORN, 1);
	if (s->new.frames.n) {
		s->new.pid = who >> 32;
		s->new.tid = (u32)who;
		stack = mix(mix(s->hash, s->new.pid), (u64)s->steps << 32 | s->new.frames.end) | 1;
		if (gs_config.native)
			stack = stacks_native(s, stack);
		s->new.stack = stack;
		if (!tell(s)) {
			gs_lose(GS_LOSS_STACKS_FULL, 1);
			stack = 0;
		}
	}
	barrier();
	*(volatile u32 *)&s->busy = 0;
	return stack;
}
