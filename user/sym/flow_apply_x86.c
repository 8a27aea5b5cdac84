/*
 * x86-64: one instruction's effect on a flow_state.  Only moves, address arithmetic and the stack
 * are modelled; every other register an instruction writes becomes "whatever that left there".
 */
#include <capstone/capstone.h>
#include <string.h>

#include "user/sym/flow_private.h"

struct op {
	const cs_x86_op *src, *dst; /* AT&T order */
};

#define ROW(n, q, d, w, b) \
	{ \
		n, \
		{ \
			X86_REG_##q, X86_REG_##d, X86_REG_##w, X86_REG_##b \
		} \
	}

/* Number of a general register, -1 for others; *@ret_size in bytes. */
static int reg_number(unsigned int reg, int *ret_size)
{
	static const struct {
		int number;
		unsigned int names[4];
	} rows[] = {
		ROW(0, RAX, EAX, AX, AL),
		ROW(1, RCX, ECX, CX, CL),
		ROW(2, RDX, EDX, DX, DL),
		ROW(3, RBX, EBX, BX, BL),
		ROW(4, RSP, ESP, SP, SPL),
		ROW(5, RBP, EBP, BP, BPL),
		ROW(6, RSI, ESI, SI, SIL),
		ROW(7, RDI, EDI, DI, DIL),
		ROW(8, R8, R8D, R8W, R8B),
		ROW(9, R9, R9D, R9W, R9B),
		ROW(10, R10, R10D, R10W, R10B),
		ROW(11, R11, R11D, R11W, R11B),
		ROW(12, R12, R12D, R12W, R12B),
		ROW(13, R13, R13D, R13W, R13B),
		ROW(14, R14, R14D, R14W, R14B),
		ROW(15, R15, R15D, R15W, R15B),
		/* the high bytes */
		ROW(0, INVALID, INVALID, INVALID, AH),
		ROW(1, INVALID, INVALID, INVALID, CH),
		ROW(2, INVALID, INVALID, INVALID, DH),
		ROW(3, INVALID, INVALID, INVALID, BH),
	};
	size_t i;
	int k;

	if (reg == X86_REG_INVALID)
		return -1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = 0; k < 4; k++) {
			if (rows[i].names[k] == reg) {
				*ret_size = 8 >> k;
				return rows[i].number;
			}
		}
	}
	return -1;
}

/* The address of a memory operand; false if it has an index or an unknown base. */
static bool address(const struct insn *i, const cs_x86_op *op, const struct flow_state *s,
		    struct flow_value *ret_v)
{
	int size, n;

	if (op->type != X86_OP_MEM || op->mem.index != X86_REG_INVALID ||
	    op->mem.segment != X86_REG_INVALID)
		return false;
	if (op->mem.base == X86_REG_RIP) {
		*ret_v = (struct flow_value) {
			.disp = (s64)(i->vaddr + i->size + (u64)op->mem.disp),
		};
		return true;
	}
	if (op->mem.base == X86_REG_INVALID) {
		*ret_v = (struct flow_value) { .disp = op->mem.disp };
		return true;
	}
	n = reg_number(op->mem.base, &size);
	if (n < 0 || size != 8)
		return false;
	*ret_v = s->reg[n];
	ret_v->disp = (s64)((u64)ret_v->disp + (u64)op->mem.disp);
	return true;
}

/* What a source operand is worth; false: not known. */
static bool source(struct flow *f, const struct insn *i, const cs_x86_op *op, struct flow_state *s,
		   struct flow_value *ret_v)
{
	struct flow_value at;
	int size, n;

	switch (op->type) {
	case X86_OP_IMM:
		*ret_v = (struct flow_value) {
			.disp = op->size == 4 ? (s64)(u32)op->imm : op->imm,
		};
		return true;
	case X86_OP_REG:
		n = reg_number(op->reg, &size);
		if (n < 0 || (size != 8 && s->reg[n].base) || size < 4)
			return false;
		*ret_v = s->reg[n];
		if (size == 4)
			ret_v->disp = (s64)(u32)ret_v->disp;
		return true;
	case X86_OP_MEM:
		if (op->size != 8 || !address(i, op, s, &at))
			return false;
		*ret_v = flow_load(f, s, at);
		return true;
	default:
		return false;
	}
}

static void store(struct flow *f, const struct insn *i, const cs_x86_op *dst, struct flow_state *s,
		  const struct flow_value *v)
{
	struct flow_write w = { .vaddr = i->vaddr, .v = v, .size = dst->size };

	if (address(i, dst, s, &w.to))
		flow_write(f, s, &w);
}

/* Every general register the instruction writes becomes unknown. */
static void clobber(struct flow *f, const struct insn *i, struct flow_state *s)
{
	const cs_detail *d = i->cs->detail;
	const cs_x86 *x = &d->x86;
	int size, n, k;

	if (i->cs->id == X86_INS_CMP || i->cs->id == X86_INS_TEST || i->cs->id == X86_INS_BT)
		return; /* only set flags */
	for (k = 0; k < d->regs_write_count; k++) {
		n = reg_number(d->regs_write[k], &size);
		if (n >= 0)
			s->reg[n] = flow_left(f, i->vaddr, n);
	}
	for (k = 0; k < x->op_count; k++) {
		/* The last operand is the destination; xchg, xadd and cmpxchg write both. */
		bool writes = k == x->op_count - 1 || x->operands[k].access & CS_AC_WRITE;

		if (x->operands[k].type == X86_OP_REG && writes) {
			n = reg_number(x->operands[k].reg, &size);
			if (n >= 0)
				s->reg[n] = flow_left(f, i->vaddr, n);
		} else if (x->operands[k].type == X86_OP_MEM && writes) {
			store(f, i, &x->operands[k], s, NULL);
		}
	}
}

static void apply_call(struct flow *f, const struct insn *i, struct flow_state *s)
{
	static const u8 lost[] = { 0, 1, 2, 6, 7, 8, 9, 10, 11 };
	size_t k;

	for (k = 0; k < sizeof(lost); k++)
		s->reg[lost[k]] = flow_left(f, i->vaddr, lost[k]);
}

/* push, pop: rsp moves, the slot is written or read. */
static bool apply_stack(struct flow *f, const struct insn *i, struct flow_state *s)
{
	const cs_x86 *x = &i->cs->detail->x86;
	struct flow_value v = flow_left(f, i->vaddr, FLOW_REGS);
	int size, n;

	if (x->op_count != 1)
		return false;
	if (i->cs->id == X86_INS_PUSH) {
		(void)source(f, i, &x->operands[0], s, &v);
		s->reg[FLOW_RSP].disp -= 8;
		flow_push(s, s->reg[FLOW_RSP], v);
		return true;
	}
	if (i->cs->id != X86_INS_POP || x->operands[0].type != X86_OP_REG)
		return false;
	n = reg_number(x->operands[0].reg, &size);
	v = flow_load(f, s, s->reg[FLOW_RSP]);
	s->reg[FLOW_RSP].disp += 8;
	if (n >= 0)
		s->reg[n] = size == 8 ? v : flow_left(f, i->vaddr, n);
	return true;
}

/* mov, lea, xchg to memory, and add, sub of a constant; false: something else. */
static bool apply_move(struct flow *f, const struct insn *i, struct flow_state *s, struct op op)
{
	struct flow_value v;
	bool known;
	int size = 0, n = op.dst->type == X86_OP_REG ? reg_number(op.dst->reg, &size) : -1;

	switch (i->cs->id) {
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		known = source(f, i, op.src, s, &v);
		break;
	case X86_INS_XCHG:
		known = op.dst->type == X86_OP_MEM && source(f, i, op.src, s, &v);
		if (!known)
			return false;
		clobber(f, i, s);
		break;
	case X86_INS_LEA:
		known = address(i, op.src, s, &v);
		break;
	case X86_INS_XOR:
		known = op.src->type == X86_OP_REG && n >= 0 && op.src->reg == op.dst->reg;
		v = (struct flow_value) { 0 };
		break;
	case X86_INS_ADD:
	case X86_INS_SUB:
		known = n >= 0 && size == 8 && op.src->type == X86_OP_IMM;
		if (known) {
			u64 by = (u64)op.src->imm;

			v = s->reg[n];
			v.disp = (s64)((u64)v.disp + (i->cs->id == X86_INS_ADD ? by : -by));
		}
		break;
	default:
		return false;
	}
	if (op.dst->type == X86_OP_MEM && i->cs->id != X86_INS_XOR) {
		store(f, i, op.dst, s, known ? &v : NULL);
		return true;
	}
	if (n < 0 || !known || size < 4 || (size == 4 && v.base))
		return false;
	s->reg[n] = v;
	return true;
}

void flow_apply_x86(struct flow *f, struct code *c, const struct insn *i, struct flow_state *s)
{
	const cs_x86 *x = &i->cs->detail->x86;
	struct op op;

	(void)c;
	if (i->flow == INSN_CALL) {
		apply_call(f, i, s);
		return;
	}
	if (apply_stack(f, i, s))
		return;
	if (x->op_count == 2) {
		op = (struct op) { .src = &x->operands[0], .dst = &x->operands[1] };
		if (apply_move(f, i, s, op))
			return;
	}
	if (i->flow == INSN_NEXT)
		clobber(f, i, s);
}
