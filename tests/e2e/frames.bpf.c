/*
 * bpf/frames.h in the kernel: at the end of a system call of one thread, the stack of its thread
 * state.  Loaded by frames.sh; part of no product.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "bpf/frames.h"

char LICENSE[] SEC("license") = "GPL";

struct frames_config {
	struct gs_frame_layout layout;
	u32 tid; /* 0: nobody */
	u32 unused;
	u64 tstate;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct frames_config);
} frames_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct gs_frames);
} frames_out SEC(".maps");

/* A walk under way, between two steps. */
struct frames_at {
	u32 begun, steps, entering, unused;
	u64 frame, mark, caller;
	struct gs_frames out;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct frames_at);
} frames_at SEC(".maps");

/* One step: a function of its own, so that the verifier goes through it once. */
__attribute__((noinline)) int frames_step(struct frames_at *at, struct frames_config *c)
{
	struct gs_frames_walk w = {};
	int more;

	if (!at || !c)
		return 0;
	w.layout = &c->layout;
	w.out = &at->out;
	w.frame = at->frame;
	w.mark = at->mark;
	w.steps = at->steps;
	w.entering = at->entering;
	w.caller = at->caller;
	more = at->begun ? gs_frames_step(&w) : gs_frames_begin(&w, c->tstate);
	at->begun = 1;
	at->frame = w.frame;
	at->mark = w.mark;
	at->steps = w.steps;
	at->entering = w.entering;
	at->caller = w.caller;
	return more;
}

SEC("raw_tp/sys_exit")
int frames_walk(void *ctx)
{
	u32 zero = 0;
	struct frames_config *c = bpf_map_lookup_elem(&frames_config, &zero);
	struct frames_at *at = bpf_map_lookup_elem(&frames_at, &zero);

	if (!c || !at || !c->tid || (u32)bpf_get_current_pid_tgid() != c->tid)
		return 0;
	at->begun = 0;
	for (int i = 0; i <= GS_FRAMES_STEPS; i++)
		if (!frames_step(at, c))
			break;
	bpf_map_update_elem(&frames_out, &zero, &at->out, BPF_ANY);
	return 0;
}
