/* Watch mode: what tells a sleep on the GIL's condition from another one. */
#ifndef GS_BPF_WATCH_SLEEP_BPF_H
#define GS_BPF_WATCH_SLEEP_BPF_H

#include "bpf/core.bpf.h"

/* The call in which the current thread sleeps on the GIL's condition: what tells it from others. */
struct gil_sleep {
	u64 sp;
	u64 print;
	u64 io_calls;
};

/*
 * Read and write calls that @task has made.  A waiter makes none: where they have changed, it has
 * had the GIL.
 */
static __always_inline u64 io_calls(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->ioac.syscr))
		return 0; /* no CONFIG_TASK_XACCT */
	return task->ioac.syscr + task->ioac.syscw;
}

#define GS_PRINT_SKIP 64 /* take_gil()'s locals above the time-out, which change */
#define GS_PRINT_WORDS 64
#define GS_PRINT_PRIME 0x9e3779b97f4a7c15ULL

struct gs_print_stack {
	u64 word[GS_PRINT_WORDS];
};

typedef struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct gs_print_stack);
} gs_print_map;
extern gs_print_map gs_print SEC(".maps");

/*
 * A fingerprint of the stack from take_gil() upwards: of who called it, from where in the Python
 * code (the interpreter's registers are saved there), with what.  @timeout is where the call that
 * sleeps has its time-out: among take_gil()'s locals.  0 if it cannot be read.
 */
__noinline u64 watch_print(u64 timeout)
{
	struct gs_print_stack *s;
	u64 a = 1, b = 2, c = 3, d = 4; /* apart, so that the CPU works on all of them at once */
	u32 zero = 0;

	s = bpf_map_lookup_elem(&gs_print, &zero);
	if (!s || bpf_probe_read_user(s, sizeof(*s), (void *)(timeout + GS_PRINT_SKIP)))
		return 0;
	for (int i = 0; i < GS_PRINT_WORDS; i += 4) {
		a = (a ^ s->word[i]) * GS_PRINT_PRIME;
		b = (b ^ s->word[i + 1]) * GS_PRINT_PRIME;
		c = (c ^ s->word[i + 2]) * GS_PRINT_PRIME;
		d = (d ^ s->word[i + 3]) * GS_PRINT_PRIME;
	}
	return (((a * 3 ^ b) * 5 ^ c) * 7 ^ d) | 1;
}

#endif
