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

SEC("raw_tp/sys_exit")
int frames_walk(void *ctx)
{
	u32 zero = 0;
	struct frames_config *c = bpf_map_lookup_elem(&frames_config, &zero);
	struct gs_frames_walk w = { .out = bpf_map_lookup_elem(&frames_out, &zero) };

	if (!c || !w.out || !c->tid || (u32)bpf_get_current_pid_tgid() != c->tid)
		return 0;
	w.layout = &c->layout;
	if (!gs_frames_begin(&w, c->tstate))
		return 0;
	for (int i = 0; i < GS_FRAMES_STEPS; i++)
		if (!gs_frames_step(&w))
			break;
	return 0;
}
