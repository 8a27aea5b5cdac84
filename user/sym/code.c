/*
 * Decoding with capstone.  Invariant: a byte is only ever decoded if it lies in an executable
 * segment of the file and in the range of a known function.
 */
#include "user/sym/code.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRAIGHT_MAX 64 /* instructions on a straight line */
#define DECODE_MAX 4000000 /* in all: some seconds; an interpreter takes about 1/100 of it */

struct code {
	struct elf_file *file; /* borrowed */
	struct fde_table fdes;
	csh capstone;
	cs_insn *insn; /* the one buffer, reused */
	u32 decoded; /* instructions so far: a file made to keep us busy is given up */
};

int code_new(struct elf_file *f, struct code **ret_c, struct err *e)
{
	struct code *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->file = f;
	r = fde_table_read(f, &c->fdes);
	if (r) {
		free(c);
		if (r == -ENOMEM)
			return r;
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "%s: no unwind information (.eh_frame), so its functions cannot be "
			    "told apart; use a build that keeps it",
			    elf_file_name(f));
	}
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &c->capstone)) {
		free(c->fdes.ranges);
		free(c);
		return -ENOMEM;
	}
	cs_option(c->capstone, CS_OPT_DETAIL, CS_OPT_ON);
	cs_option(c->capstone, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	c->insn = cs_malloc(c->capstone);
	if (!c->insn) {
		code_free(c);
		return -ENOMEM;
	}
	*ret_c = c;
	return 0;
}

struct code *code_free(struct code *c)
{
	if (!c)
		return NULL;
	if (c->insn)
		cs_free(c->insn, 1);
	cs_close(&c->capstone);
	free(c->fdes.ranges);
	free(c);
	return NULL;
}

struct elf_file *code_file(const struct code *c)
{
	return c->file;
}

const struct code_range *code_range_at(const struct code *c, u64 vaddr)
{
	return fde_find(&c->fdes, vaddr);
}

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

static int decode(struct code *c, u64 vaddr, u64 end, struct insn *ret_i)
{
	u64 left = end - vaddr, at = vaddr;
	size_t n = left < 15 ? (size_t)left : 15;
	const u8 *p = elf_file_bytes(c->file, vaddr, n);
	const u8 *from = p;

	if (!p)
		return -ENOENT;
	if (c->decoded++ >= DECODE_MAX)
		return -EILSEQ;
	if (!cs_disasm_iter(c->capstone, &p, &n, &at, c->insn))
		return -EILSEQ;
	memset(ret_i, 0, sizeof(*ret_i));
	ret_i->vaddr = vaddr;
	ret_i->size = (u8)c->insn->size;
	ret_i->emulated = kernel_emulates(from, c->insn->size);
	ret_i->cs = c->insn;
	set_flow(ret_i, c->insn, c->capstone);
	return 0;
}

int code_decode(struct code *c, u64 vaddr, struct insn *ret_i)
{
	const struct code_range *r = fde_find(&c->fdes, vaddr);

	return r ? decode(c, vaddr, r->end, ret_i) : -ENOENT;
}

void code_text(struct code *c, u64 vaddr, char *text, size_t size)
{
	struct insn i;

	if (code_decode(c, vaddr, &i))
		snprintf(text, size, "?");
	else
		snprintf(text, size, "%s%s%s", i.cs->mnemonic, i.cs->op_str[0] ? " " : "",
			 i.cs->op_str);
}

bool code_is_boundary(struct code *c, u64 vaddr)
{
	const struct code_range *r = fde_find(&c->fdes, vaddr);
	struct insn i;
	u64 at;

	if (!r)
		return false;
	for (at = r->start; at < vaddr; at += i.size) {
		if (decode(c, at, r->end, &i))
			return false;
	}
	return at == vaddr;
}

static bool listed(const u64 *list, size_t n, u64 v)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (list[i] == v)
			return true;
	}
	return false;
}

/* Do the bytes at @p look like a branch that is wanted? */
static bool candidate(const struct code_targets *to, const u8 *p, size_t left, u64 vaddr)
{
	s32 disp;

	if ((p[0] == 0xe8 || p[0] == 0xe9) && left >= 5) {
		memcpy(&disp, p + 1, sizeof(disp));
		return listed(to->targets, to->ntargets, vaddr + 5 + (u64)(s64)disp);
	}
	if (p[0] == 0xff && (p[1] == 0x15 || p[1] == 0x25) && to->nslots && left >= 6) {
		memcpy(&disp, p + 2, sizeof(disp));
		return listed(to->slots, to->nslots, vaddr + 6 + (u64)(s64)disp);
	}
	return false;
}

int code_each_branch(struct code *c, const struct code_targets *to,
		     int (*each)(const struct insn *i, void *arg), void *arg)
{
	size_t n, k;
	int r = 0;

	for (k = 0; k < elf_file_nsegments(c->file); k++) {
		const struct elf_segment *s = elf_file_segment(c->file, k, NULL);
		const u8 *p;

		if (!s || !(s->flags & PF_X) || !elf_file_segment(c->file, k, &p))
			continue;
		for (n = 0; n + 5 <= s->filesz; n++) {
			struct insn i;

			if ((p[n] != 0xe8 && p[n] != 0xe9 && p[n] != 0xff) ||
			    !candidate(to, p + n, s->filesz - n, s->vaddr + n) ||
			    !code_is_boundary(c, s->vaddr + n) || code_decode(c, s->vaddr + n, &i))
				continue;
			r = each(&i, arg);
			if (r)
				return r;
		}
	}
	return r;
}

bool code_is_nop5(const struct code *c, u64 vaddr)
{
	static const u8 nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	const u8 *bytes = elf_file_bytes(code_file(c), vaddr, sizeof(nop5));

	return bytes && !memcmp(bytes, nop5, sizeof(nop5));
}

int code_next_emulated(struct code *c, u64 vaddr, struct insn *ret_i)
{
	struct insn i;
	int n;

	for (n = 0; n < STRAIGHT_MAX; n++) {
		int r = code_decode(c, vaddr, &i);

		if (r)
			return -ENOENT;
		if (i.emulated && !code_is_nop5(c, vaddr)) {
			*ret_i = i;
			return 0;
		}
		if (i.flow != INSN_NEXT)
			return -ENOENT;
		vaddr += i.size;
	}
	return -ENOENT;
}
