/*
 * aarch64, decoded by hand: every instruction is one word, and of most only the registers matter.
 * Encodings are those of the Arm Architecture Reference Manual, C4 "A64 instruction set encoding".
 */
#include <errno.h>
#include <string.h>

#include "user/sym/code_private.h"
#include "user/sym/flow_private.h"

#define EXCLUSIVE_MAX 16 /* instructions from an exclusive load to its store */

/* The signed @bits-bit number of @w from bit @lsb on, times 4: how far a branch goes. */
static u64 distance(u32 w, int lsb, int bits)
{
	return (u64)((s64)((u64)w << (64 - lsb - bits)) >> (64 - bits)) * 4;
}

/* br, blr, ret, and the same with pointer authentication; eret, drps. */
static enum insn_flow register_branch(u32 w)
{
	switch (w >> 21 & 7) {
	case 1:
		return INSN_CALL;
	case 2:
		return INSN_RET;
	default:
		return INSN_END;
	}
}

static void set_flow(struct insn *i, u32 w)
{
	if ((w & 0x7c000000) == 0x14000000) {
		i->flow = w >> 31 ? INSN_CALL : INSN_JMP;
		i->target = i->vaddr + distance(w, 0, 26);
	} else if ((w & 0xff000000) == 0x54000000 || (w & 0x7e000000) == 0x34000000) {
		i->flow = INSN_JCC; /* b.cond; cbz, cbnz */
		i->target = i->vaddr + distance(w, 5, 19);
	} else if ((w & 0x7e000000) == 0x36000000) {
		i->flow = INSN_JCC; /* tbz, tbnz */
		i->target = i->vaddr + distance(w, 5, 14);
	} else if ((w & 0xfe000000) == 0xd6000000) {
		i->flow = (u8)register_branch(w);
	} else if ((w & 0xff000000) == 0xd4000000) {
		i->flow = w >> 21 & 7 ? INSN_END : INSN_NEXT; /* brk, hlt, dcps; svc */
	} else if (w >> 16 == 0) {
		i->flow = INSN_END; /* udf */
	}
}

/*
 * arch/arm64/kernel/probes/decode-insn.c, arm_probe_decode_insn(), as it was from the start (4.10):
 * b, bl, b.cond, cbz, tbz, br, blr, ret, adr, adrp.  nop came with 6.13: not counted.
 */
static bool kernel_emulates(u32 w)
{
	return (w & 0x7c000000) == 0x14000000 || (w & 0xff000010) == 0x54000000 ||
	       (w & 0x7c000000) == 0x34000000 || (w & 0xfffffc1f) == 0xd61f0000 ||
	       (w & 0xfffffc1f) == 0xd63f0000 || (w & 0xfffffc1f) == 0xd65f0000 ||
	       (w & 0x1f000000) == 0x10000000;
}

/* nop, and those that the kernel steps: pointer authentication and branch targets. */
static bool harmless_hint(u32 w)
{
	u32 n = w >> 5 & 0x7f;

	return n == 0 || (n >= 7 && n <= 14) || (n >= 24 && n <= 31) || (n >= 32 && n <= 38);
}

/*
 * The same, aarch64_insn_is_steppable().  Loads of literals were emulated once, in a way that let
 * the kernel itself fault ("arm64: probes: Remove broken LDR (literal) uprobe support", 6.12).
 */
static bool kernel_refuses(u32 w)
{
	if (kernel_emulates(w))
		return false;
	if ((w & 0x3b000000) == 0x18000000 || (w & 0x3f800000) == 0x08000000)
		return true; /* literal; exclusive */
	if ((w & 0xfffff01f) == 0xd503201f)
		return !harmless_hint(w);
	if ((w & 0xfff00000) == 0xd5300000)
		return (w >> 5 & 0xffff) == 0xda11; /* mrs of DAIF */
	/* msr; exceptions; other branches; udf */
	return (w & 0xfff00000) == 0xd5100000 || (w & 0xfff8f01f) == 0xd500401f ||
	       (w & 0xff000000) == 0xd4000000 || (w & 0xfe000000) == 0xd6000000 ||
	       (w & 0xff000000) == 0x54000000 || w >> 16 == 0;
}

static bool word_at(struct code *c, u64 vaddr, u32 *ret_w)
{
	const u8 *p = elf_file_bytes(c->file, vaddr, sizeof(*ret_w));

	if (p)
		memcpy(ret_w, p, sizeof(*ret_w));
	return p;
}

/* Was an exclusive load passed, and no store or clrex after it, on the way down to @vaddr? */
static bool in_exclusive(struct code *c, u64 vaddr)
{
	const struct code_range *r = fde_find(&c->fdes, vaddr);
	int n;
	u32 w;

	for (n = 0; r && n < EXCLUSIVE_MAX && vaddr >= r->start + 4; n++) {
		vaddr -= 4;
		if (!word_at(c, vaddr, &w) || (w & 0xfffff0ff) == 0xd503305f)
			return false; /* clrex */
		if ((w & 0x3f800000) == 0x08000000 && (w >> 31 || !(w & 0x00200000)))
			return w & 0x00400000; /* a load; casp has that bit, too, but bit 31 not */
	}
	return false;
}

static const char *unfit(struct code *c, u64 vaddr)
{
	u32 w;

	if (!word_at(c, vaddr, &w))
		return "is outside the file";
	if (kernel_refuses(w))
		return "is one that the kernel refuses to probe";
	if (in_exclusive(c, vaddr))
		return "lies between an exclusive load and its store";
	return NULL;
}

static int decode(struct code *c, const u8 *p, size_t n, struct insn *ret_i)
{
	u32 w, group;

	(void)c;
	if (n < sizeof(w) || ret_i->vaddr % 4)
		return -EILSEQ;
	memcpy(&w, p, sizeof(w));
	group = w >> 25 & 15;
	if ((!group && w >> 16) || group == 1 || group == 3)
		return -EILSEQ; /* reserved, not allocated */
	ret_i->size = sizeof(w);
	ret_i->word = w;
	ret_i->emulated = kernel_emulates(w);
	set_flow(ret_i, w);
	return 0;
}

static size_t find_branch(const struct code_targets *to, const u8 *p, size_t at, size_t size,
			  u64 vaddr)
{
	at += -(vaddr + at) & 3;
	for (; at + 4 <= size; at += 4) {
		u32 w;

		memcpy(&w, p + at, sizeof(w));
		if ((w & 0x7c000000) == 0x14000000 &&
		    code_listed(to->targets, to->ntargets, vaddr + at + distance(w, 0, 26)))
			return at;
	}
	return size;
}

static u64 call_target(const u8 *p, size_t n, u64 vaddr)
{
	u32 w;

	if (n < sizeof(w) || vaddr % 4)
		return 0;
	memcpy(&w, p, sizeof(w));
	return (w & 0xfc000000) == 0x94000000 ? vaddr + distance(w, 0, 26) : 0;
}

static const char *const reg_names[] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",	 "x7",	"x8",  "x9",  "x10",
	"x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
	"x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",
};

const struct code_arch code_arch_arm64 = {
	.machine = EM_AARCH64,
	.capstone_arch = CS_ARCH_ARM64,
	.capstone_mode = CS_MODE_ARM,
	.longest = 4,
	.fixed = 4,
	.nregs = 32,
	.sp = 31,
	.fp = 29,
	.args = { 0, 1, 2, 3, 4, 5 },
	.reg_names = reg_names,
	.decode = decode,
	.find_branch = find_branch,
	.call_target = call_target,
	.unfit = unfit,
	.apply = flow_apply_arm64,
};
