/*
 * x86-64, decoded with capstone.  Instructions have 1 to 15 bytes, so what bytes mean is only known
 * by decoding from a function's start.
 */
#include <errno.h>
#include <string.h>

#include "user/sym/code_private.h"
#include "user/sym/flow_private.h"

/*
 * arch/x86/kernel/uprobes.c, branch_setup_xol_ops() and push_setup_xol_ops(): near branches
 * without an operand-size prefix, nop, push of a register.  Long nops came later: not counted.
 */
static bool kernel_emulates(const u8 *p, size_t n)
{
	size_t i = 0;

	if (n == 1 && (p[0] & 0xf8) == 0x50)
		return true;
	if (n == 2 && p[0] == 0x41 && (p[1] & 0xf8) == 0x50)
		return true;
	if (n <= 2 && p[n - 1] == 0x90)
		return n == 1 || p[0] == 0x66;
	if (n > 2 && (p[0] == 0xf2 || p[0] == 0x2e || p[0] == 0x3e))
		i = 1; /* bnd, branch hints */
	switch (p[i]) {
	case 0xe8:
	case 0xe9:
		return n - i == 5;
	case 0xeb:
		return n - i == 2;
	case 0x0f:
		return n - i == 6 && (p[i + 1] & 0xf0) == 0x80;
	default:
		return n - i == 2 && (p[i] & 0xf0) == 0x70;
	}
}

static void set_flow(struct insn *i, const cs_insn *in, csh capstone)
{
	const cs_x86_op *op = &in->detail->x86.operands[0];
	bool has_op = in->detail->x86.op_count == 1;

	i->flow = INSN_NEXT;
	if (in->id == X86_INS_CALL)
		i->flow = INSN_CALL;
	else if (in->id == X86_INS_JMP)
		i->flow = INSN_JMP;
	else if (cs_insn_group(capstone, in, X86_GRP_JUMP))
		i->flow = INSN_JCC;
	else if (cs_insn_group(capstone, in, X86_GRP_RET))
		i->flow = INSN_RET;
	else if (in->id == X86_INS_UD2 || in->id == X86_INS_HLT || in->id == X86_INS_LJMP ||
		 cs_insn_group(capstone, in, X86_GRP_IRET))
		i->flow = INSN_END;
	if (i->flow == INSN_NEXT || i->flow >= INSN_RET || !has_op)
		return;
	if (op->type == X86_OP_IMM)
		i->target = (u64)op->imm;
	else if (op->type == X86_OP_MEM && op->mem.base == X86_REG_RIP)
		i->slot = in->address + in->size + (u64)op->mem.disp;
	if (i->flow == INSN_JMP && !i->target)
		i->flow = INSN_END;
}

static int decode(struct code *c, const u8 *p, size_t n, struct insn *ret_i)
{
	const u8 *from = p;
	u64 at = ret_i->vaddr;

	if (!cs_disasm_iter(c->capstone, &p, &n, &at, c->insn))
		return -EILSEQ;
	ret_i->size = (u8)c->insn->size;
	ret_i->emulated = kernel_emulates(from, c->insn->size);
	ret_i->cs = c->insn;
	set_flow(ret_i, c->insn, c->capstone);
	return 0;
}

/* Do the bytes at @p look like a branch that is wanted? */
static bool candidate(const struct code_targets *to, const u8 *p, size_t left, u64 vaddr)
{
	s32 disp;

	if ((p[0] == 0xe8 || p[0] == 0xe9) && left >= 5) {
		memcpy(&disp, p + 1, sizeof(disp));
		return code_listed(to->targets, to->ntargets, vaddr + 5 + (u64)(s64)disp);
	}
	if (p[0] == 0xff && (p[1] == 0x15 || p[1] == 0x25) && to->nslots && left >= 6) {
		memcpy(&disp, p + 2, sizeof(disp));
		return code_listed(to->slots, to->nslots, vaddr + 6 + (u64)(s64)disp);
	}
	return false;
}

static size_t find_branch(const struct code_targets *to, const u8 *p, size_t at, size_t size,
			  u64 vaddr)
{
	for (; at + 5 <= size; at++) {
		if ((p[at] == 0xe8 || p[at] == 0xe9 || p[at] == 0xff) &&
		    candidate(to, p + at, size - at, vaddr + at))
			return at;
	}
	return size;
}

static u64 call_target(const u8 *p, size_t n, u64 vaddr)
{
	s32 disp;

	if (n < 5 || p[0] != 0xe8)
		return 0;
	memcpy(&disp, p + 1, sizeof(disp));
	return vaddr + 5 + (u64)(s64)disp;
}

bool code_is_nop5(const struct code *c, u64 vaddr)
{
	static const u8 nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	const u8 *bytes = elf_file_bytes(code_file(c), vaddr, sizeof(nop5));

	return bytes && c->arch == &code_arch_x86 && !memcmp(bytes, nop5, sizeof(nop5));
}

static const char *unfit(struct code *c, u64 vaddr)
{
	return code_is_nop5(c, vaddr) ? "is a 5-byte nop, which Linux 6.18 would make deadly for "
					"forked children"
				      : NULL;
}

static const char *const reg_names[] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

const struct code_arch code_arch_x86 = {
	.machine = EM_X86_64,
	.capstone_arch = CS_ARCH_X86,
	.capstone_mode = CS_MODE_64,
	.longest = 15,
	.nregs = 16,
	.sp = 4,
	.fp = 5,
	.args = { 7, 6, 2, 1, 8, 9 },
	.reg_names = reg_names,
	.decode = decode,
	.find_branch = find_branch,
	.call_target = call_target,
	.unfit = unfit,
	.apply = flow_apply_x86,
};
