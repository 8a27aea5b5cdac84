/*
 * Native stacks as the kernel side hands them out, raw: registers, and the newest part of the
 * stack's memory.  User space walks them by the files' unwind tables (user/target/native.h): code
 * without frame pointers cannot be walked here.
 *
 * With --native only.  A stack (bpf/stacks.h) is then known by its Python frames, the instruction
 * pointer, and the return addresses in its newest GS_NATIVE_HASHED words: what lies in the
 * executable mappings that gs_native_codes has of the process.  A word that was left there by a
 * call that is over makes a stack of its own of it; user space gives both the same names.
 */
#ifndef GS_BPF_NATIVE_H
#define GS_BPF_NATIVE_H

#include "bpf/types.h"

#ifndef __bpf__
#include <stddef.h>
#endif

#define GS_NATIVE_PAGE 4096
#define GS_NATIVE_BYTES (24 << 10) /* of a stack, at most */
#define GS_NATIVE_HASHED 512 /* words of it that are looked at for return addresses */
#define GS_NATIVE_BOUNDS 256 /* of mappings: begins and ends by turns */
#define GS_NATIVE_RING_BYTES (8 << 20) /* a stack takes 2 KiB to GS_NATIVE_BYTES of them */

/* Registers by their numbers in DWARF (x86-64: 0 to 15; aarch64: x0 to x30, 31: sp). */
#define GS_NATIVE_REGS 32

struct gs_native_regs {
	u64 pc;
	u64 sp;
	u64 reg[GS_NATIVE_REGS];
};

/* A native stack, told before the stack of Python frames with the same number; `bytes` of data. */
struct gs_native_new {
	u64 stack; /* the number, as in struct gs_stack_new */
	u32 pid;
	u32 bytes; /* there are, from regs.sp on */
	struct gs_native_regs regs;
	u8 data[GS_NATIVE_BYTES + GS_NATIVE_PAGE]; /* the last page is only to work in */
};

#define GS_NATIVE_NEW_HEAD offsetof(struct gs_native_new, data)

/* Where the code of a process is: addresses in rising order, the unused ones all ones. */
struct gs_native_codes {
	u64 bound[GS_NATIVE_BOUNDS];
};

_Static_assert(sizeof(struct gs_native_new) % 8 == 0, "gs_native_new is ABI");
_Static_assert(sizeof(struct gs_native_new) <= 32 << 10, "the most a per-CPU value can have");

#endif
