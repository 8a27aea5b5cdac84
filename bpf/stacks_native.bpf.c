/*
 * stacks, with --native: the registers and the newest part of the stack of the current thread, for
 * user space to walk (bpf/native.h).
 *
 * Global functions: the verifier goes through each once.  Without --native it is not loaded at all:
 * the first question of each is answered at load time, and its maps are not made.
 */
#include "bpf/native.h"
#include "bpf/stacks.bpf.h"

#define SCRATCHES 4 /* as in stacks_walk.bpf.c, which says whose turn it is */
#define PRIME 0x9e3779b97f4a7c15ULL
#define CHUNKS (GS_NATIVE_BYTES / GS_NATIVE_PAGE + 1) /* the first one is a part of a page */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, u32);
	__type(value, struct gs_native_new);
} gs_native_scratches SEC(".maps");

/* From user space, by pid: a process that is not in it has no native stacks. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before load */
	__type(key, u32);
	__type(value, struct gs_native_codes);
} gs_native_codes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, GS_NATIVE_RING_BYTES);
} gs_native_ring SEC(".maps");

static __always_inline u64 mix(u64 hash, u64 v)
{
	hash = (hash ^ v) * PRIME;
	return hash ^ hash >> 32;
}

#if defined(__TARGET_ARCH_x86)
/* System V ABI, AMD64 supplement, figure 3.36: rax rdx rcx rbx rsi rdi rbp rsp r8 ... */
static __always_inline void take_regs(struct gs_native_regs *to, struct pt_regs *from)
{
	to->pc = from->ip;
	to->sp = from->sp;
	to->reg[0] = from->ax;
	to->reg[1] = from->dx;
	to->reg[2] = from->cx;
	to->reg[3] = from->bx;
	to->reg[4] = from->si;
	to->reg[5] = from->di;
	to->reg[6] = from->bp;
	to->reg[7] = from->sp;
	to->reg[8] = from->r8;
	to->reg[9] = from->r9;
	to->reg[10] = from->r10;
	to->reg[11] = from->r11;
	to->reg[12] = from->r12;
	to->reg[13] = from->r13;
	to->reg[14] = from->r14;
	to->reg[15] = from->r15;
}
#else
static __always_inline void take_regs(struct gs_native_regs *to, struct pt_regs *from)
{
	to->pc = from->pc;
	to->sp = from->sp;
#pragma unroll
	for (u32 i = 0; i < 31; i++)
		to->reg[i] = from->regs[i];
	to->reg[31] = from->sp;
}
#endif

/* The next page of the stack, or the rest of one; 0: there is no more, or no more room. */
__noinline int native_page(struct gs_native_new *n)
{
	u32 at, size;

	if (!n || !gs_config.native)
		return 0;
	at = n->bytes;
	size = GS_NATIVE_PAGE - ((n->regs.sp + at) & (GS_NATIVE_PAGE - 1));
	barrier_var(at);
	barrier_var(size);
	if (at >= GS_NATIVE_BYTES || size > GS_NATIVE_PAGE)
		return 0;
	if (bpf_probe_read_user(&n->data[at], size, (const void *)(n->regs.sp + at)))
		return 0;
	at += size;
	n->bytes = at < GS_NATIVE_BYTES ? at : GS_NATIVE_BYTES;
	return 1;
}

/* Is @word in one of the mappings: are there an odd number of bounds up to it? */
__noinline int native_is_code(const struct gs_native_codes *c, u64 word)
{
	u32 n = 0;

	if (!c || !gs_config.native)
		return 0;
#pragma unroll
	for (u32 step = GS_NATIVE_BOUNDS / 2; step; step /= 2) {
		u32 at = n + step - 1;

		barrier_var(at);
		if (at >= GS_NATIVE_BOUNDS)
			return 0;
		n += c->bound[at] <= word ? step : 0;
	}
	return n & 1;
}

/* @hash with the word number @i of the stack, if that may be a return address. */
__noinline u64 native_word(const struct gs_native_new *n, const struct gs_native_codes *c, u32 i,
			   u64 hash)
{
	u64 word;

	if (!n || !c || !gs_config.native)
		return hash;
	barrier_var(i);
	if (i >= GS_NATIVE_HASHED)
		return hash;
	word = *(const u64 *)&n->data[8 * i];
	/* No page below is ever mapped, none above is the program's own. */
	if (word < 1 << 16 || word >> 47 || !native_is_code(c, word))
		return hash;
	return mix(mix(hash, word), i);
}

/*
 * The current thread's native stack into scratch @slot: what the stack @stack is called with it; 0:
 * there is none to be had.
 */
__noinline u64 native_take(u32 slot, u64 stack)
{
	u64 who = bpf_get_current_pid_tgid(), hash;
	struct gs_native_codes *c;
	struct gs_native_new *n;
	u32 pid = who >> 32;

	if (!gs_config.native)
		return 0;
	n = bpf_map_lookup_elem(&gs_native_scratches, &slot);
	c = bpf_map_lookup_elem(&gs_native_codes, &pid);
	if (!n || !c)
		return 0;
	take_regs(&n->regs, (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	n->pid = pid;
	n->bytes = 0;
	for (int i = 0; i < CHUNKS; i++)
		if (!native_page(n))
			break;
	if (!n->bytes) {
		gs_lose(GS_LOSS_NATIVE_UNREAD, 1);
		return 0;
	}
	hash = mix(stack, n->regs.pc);
	for (u32 i = 0; i < GS_NATIVE_HASHED; i++) {
		if (8 * i + 8 > n->bytes)
			break;
		hash = native_word(n, c, i, hash);
	}
	n->stack = hash | 1;
	return n->stack;
}

/* Tell user space what native_take() left in scratch @slot; 0: there is no room. */
__noinline int native_tell(u32 slot)
{
	struct gs_native_new *n;
	u32 bytes;

	if (!gs_config.native)
		return 0;
	n = bpf_map_lookup_elem(&gs_native_scratches, &slot);
	if (!n)
		return 0;
	bytes = n->bytes;
	barrier_var(bytes);
	if (bytes > GS_NATIVE_BYTES)
		return 0;
	if (!bpf_ringbuf_output(&gs_native_ring, n, GS_NATIVE_NEW_HEAD + bytes, BPF_RB_NO_WAKEUP))
		return 1;
	gs_lose(GS_LOSS_NATIVE_FULL, 1);
	return 0;
}
