/*
 * aarch64: one instruction's effect on a flow_state.  Modelled are moves, address arithmetic,
 * loads and stores; every other register an instruction may write becomes "whatever that left
 * there".  Encodings: Arm Architecture Reference Manual, C4.
 *
 * Register number 31 is the stack pointer in addresses and in additions of constants, elsewhere
 * the zero register.
 */
#include <stddef.h>

#include "user/sym/flow_private.h"

#define SP 31
#define LR 30

struct step {
	struct flow *f;
	struct flow_state *s;
	u64 vaddr;
	u32 w;
};

static u32 bits(u32 w, int lsb, int n)
{
	return w >> lsb & ((1U << n) - 1);
}

static s64 signed_bits(u32 w, int lsb, int n)
{
	return (s64)((u64)w << (64 - lsb - n)) >> (64 - n);
}

static struct flow_value plus(struct flow_value v, u64 n)
{
	v.disp = (s64)((u64)v.disp + n);
	return v;
}

/* The value of register @n where 31 is zero. */
static struct flow_value value(const struct step *t, u32 n)
{
	return n == SP ? (struct flow_value) { 0 } : t->s->reg[n];
}

static void left(struct step *t, u32 n)
{
	t->s->reg[n] = flow_left(t->f, t->vaddr, (int)n);
}

/* Register @n where 31 is zero: @v, or the lower half of it; @known: else whatever was left. */
static void set(struct step *t, u32 n, bool wide, bool known, struct flow_value v)
{
	if (n == SP)
		return;
	if (!known || (!wide && v.base)) {
		left(t, n);
		return;
	}
	if (!wide)
		v.disp = (s64)(u32)v.disp;
	t->s->reg[n] = v;
}

/* add, sub of a constant; adds, subs as well, of which cmp and cmn write no register. */
static void add_constant(struct step *t)
{
	u64 n = (u64)bits(t->w, 10, 12) << (bits(t->w, 22, 1) ? 12 : 0);
	struct flow_value v = plus(t->s->reg[bits(t->w, 5, 5)], bits(t->w, 30, 1) ? -n : n);
	u32 rd = bits(t->w, 0, 5);

	if (rd == SP && !bits(t->w, 29, 1))
		t->s->reg[SP] = v;
	else
		set(t, rd, bits(t->w, 31, 1), true, v);
}

/* movn, movz, movk */
static void move_constant(struct step *t)
{
	u32 rd = bits(t->w, 0, 5), shift = bits(t->w, 21, 2) * 16, op = bits(t->w, 29, 2);
	struct flow_value v = { .disp = (s64)((u64)bits(t->w, 5, 16) << shift) }, old;

	if (op == 0) {
		v.disp = ~v.disp;
	} else if (op == 3) {
		old = value(t, rd);
		if (old.base) {
			set(t, rd, true, false, old);
			return;
		}
		v.disp |= (s64)((u64)old.disp & ~(0xffffULL << shift));
	}
	set(t, rd, bits(t->w, 31, 1), true, v);
}

static void address_of(struct step *t)
{
	s64 n = (s64)((u64)signed_bits(t->w, 5, 19) << 2 | bits(t->w, 29, 2));
	u64 at = bits(t->w, 31, 1) ? (t->vaddr & ~0xfffULL) + ((u64)n << 12) : t->vaddr + (u64)n;

	set(t, bits(t->w, 0, 5), true, true, (struct flow_value) { .disp = (s64)at });
}

/* Data processing of constants: additions, moves, addresses; logical ones are not modelled. */
static void constants(struct step *t)
{
	u32 rd = bits(t->w, 0, 5);

	if ((t->w & 0x1f000000) == 0x10000000)
		address_of(t);
	else if ((t->w & 0x1f800000) == 0x11000000)
		add_constant(t);
	else if ((t->w & 0x1f800000) == 0x12800000)
		move_constant(t);
	else if ((t->w & 0x1f800000) == 0x12000000 && bits(t->w, 29, 2) != 3)
		left(t, rd); /* may be the stack pointer */
	else
		set(t, rd, true, false, (struct flow_value) { 0 });
}

/* Data processing of registers: mov, and additions of which one side is known. */
static void registers(struct step *t)
{
	struct flow_value a = value(t, bits(t->w, 5, 5)), b = value(t, bits(t->w, 16, 5));
	bool wide = bits(t->w, 31, 1);
	u32 rd = bits(t->w, 0, 5);

	if ((t->w & 0x1fe00000) == 0x1a400000)
		return; /* ccmp, ccmn: flags only */
	if ((t->w & 0x7fe0ffe0) == 0x2a0003e0)
		set(t, rd, wide, true, b);
	else if ((t->w & 0x7fe0fc00) == 0x0b000000 && (!a.base || !b.base))
		set(t, rd, wide, true, a.base ? plus(a, (u64)b.disp) : plus(b, (u64)a.disp));
	else if ((t->w & 0x3fe00000) == 0x0b200000)
		left(t, rd); /* extended: may be the stack pointer */
	else
		set(t, rd, true, false, a);
}

/* Floating point and vectors, as far as they write general registers. */
static void vectors(struct step *t)
{
	bool to_general = (t->w & 0x5f200000) == 0x1e000000 || /* fixed point */
			  (t->w & 0x5f20fc00) == 0x1e200000 || /* integer, fmov */
			  (t->w & 0xbfe08400) == 0x0e000400 || /* umov, smov */
			  (t->w & 0x1e000000) == 0x04000000; /* SVE */

	if (to_general)
		set(t, bits(t->w, 0, 5), true, false, (struct flow_value) { 0 });
}

struct access {
	struct flow_value at; /* base register, without displacement */
	s64 disp;
	u32 size; /* bytes of one register */
	bool load, vector, pair;
	bool before, after; /* the base register is changed */
};

/* One register, loaded from or stored to @at. */
static void transfer(struct step *t, const struct access *a, u32 rt, struct flow_value at, u8 part)
{
	struct flow_write w = { .vaddr = t->vaddr, .to = at, .size = a->size, .part = part };
	struct flow_value v = value(t, rt);

	if (!a->load) {
		/* Half of something unknown is something else. */
		if (!a->vector && (a->size == 8 || !v.base))
			w.v = &v;
		if (w.v && a->size < 8)
			v.disp &= (s64)((1ULL << a->size * 8) - 1);
		flow_write(t->f, t->s, &w);
	} else if (!a->vector) {
		bool whole = a->size == 8 && rt != SP;

		set(t, rt, true, whole,
		    whole ? flow_load(t->f, t->s, at) : (struct flow_value) { 0 });
	}
}

static void apply_access(struct step *t, const struct access *a)
{
	u32 rn = bits(t->w, 5, 5);
	struct flow_value at = a->after ? a->at : plus(a->at, (u64)a->disp);

	transfer(t, a, bits(t->w, 0, 5), at, 0);
	if (a->pair)
		transfer(t, a, bits(t->w, 10, 5), plus(at, a->size), 1);
	if (a->before || a->after)
		t->s->reg[rn] = plus(a->at, (u64)a->disp);
}

/* ldp, stp, ldpsw, and of vectors. */
static void pair(struct step *t)
{
	u32 mode = bits(t->w, 23, 2), opc = bits(t->w, 30, 2);
	struct access a = {
		.at = t->s->reg[bits(t->w, 5, 5)],
		.load = bits(t->w, 22, 1),
		.vector = bits(t->w, 26, 1),
		.pair = true,
		.before = mode == 3,
		.after = mode == 1,
	};

	a.size = a.vector ? 4U << opc : opc & 2 ? 8 : 4;
	a.disp = signed_bits(t->w, 15, 7) * (s64)a.size;
	apply_access(t, &a);
}

/* An address that is not known, or an operation on memory: what may be written is unknown. */
static void atomic(struct step *t)
{
	struct flow_write w = {
		.vaddr = t->vaddr,
		.to = t->s->reg[bits(t->w, 5, 5)],
		.size = 16,
	};

	flow_write(t->f, t->s, &w);
	set(t, bits(t->w, 0, 5), true, false, w.to);
	set(t, bits(t->w, 16, 5), true, false, w.to);
}

/* ldr, str, ldur, stur, and with the base register changed; register offsets; LSE atomics. */
static void single(struct step *t)
{
	u32 opc = bits(t->w, 22, 2), form = bits(t->w, 10, 2);
	bool unsigned_offset = bits(t->w, 24, 1);
	struct access a = {
		.at = t->s->reg[bits(t->w, 5, 5)],
		.size = 1U << bits(t->w, 30, 2),
		.load = opc & 1 || (opc == 2 && !bits(t->w, 26, 1)),
		.vector = bits(t->w, 26, 1),
	};

	if (a.vector && opc & 2)
		a.size = 16;
	if (!a.vector && opc == 2 && a.size == 8)
		return; /* prefetch */
	if (unsigned_offset) {
		a.disp = (s64)bits(t->w, 10, 12) * a.size;
	} else if (bits(t->w, 21, 1) && form == 2) {
		struct flow_value index = value(t, bits(t->w, 16, 5));
		bool plain = bits(t->w, 12, 4) == 6 && !index.base; /* lsl #0 */

		if (!plain) { /* somewhere else: the stack's slots are not indexed */
			if (a.load && !a.vector)
				set(t, bits(t->w, 0, 5), true, false, index);
			return;
		}
		a.disp = index.disp;
	} else if (bits(t->w, 21, 1)) {
		atomic(t);
		if (form & 1) /* ldraa, ldrab: may change the base register */
			left(t, bits(t->w, 5, 5));
		return;
	} else {
		a.disp = signed_bits(t->w, 12, 9);
		a.after = form == 1;
		a.before = form == 3;
	}
	apply_access(t, &a);
}

/* stlr, ldar are loads and stores as others; exclusive ones and compare-and-swap are not. */
static void ordered(struct step *t)
{
	struct access a = {
		.at = t->s->reg[bits(t->w, 5, 5)],
		.size = 1U << bits(t->w, 30, 2),
		.load = bits(t->w, 22, 1),
	};

	if (bits(t->w, 23, 1) && !bits(t->w, 21, 1)) {
		apply_access(t, &a);
		return;
	}
	atomic(t);
	if (bits(t->w, 21, 1)) { /* pairs: casp takes the next registers, too */
		set(t, bits(t->w, 10, 5), true, false, a.at);
		set(t, (bits(t->w, 0, 5) + 1) & 31, true, false, a.at);
		set(t, (bits(t->w, 16, 5) + 1) & 31, true, false, a.at);
	}
}

/* ld1, st1 and the like: up to four registers of 16 bytes. */
static void structures(struct step *t)
{
	struct flow_write w = {
		.vaddr = t->vaddr,
		.to = t->s->reg[bits(t->w, 5, 5)],
		.size = 64,
	};

	if (!bits(t->w, 22, 1))
		flow_write(t->f, t->s, &w);
	if (bits(t->w, 23, 1))
		left(t, bits(t->w, 5, 5));
}

static void memory(struct step *t)
{
	if ((t->w & 0x3a000000) == 0x28000000)
		pair(t);
	else if ((t->w & 0x3a000000) == 0x38000000)
		single(t);
	else if ((t->w & 0x3f000000) == 0x08000000)
		ordered(t);
	else if ((t->w & 0xbe000000) == 0x0c000000)
		structures(t);
	else if ((t->w & 0x3b000000) == 0x18000000 && !bits(t->w, 26, 1))
		set(t, bits(t->w, 0, 5), true, false, (struct flow_value) { 0 });
	else if (!bits(t->w, 26, 1)) /* ldapur, stlur, memory tags, copies: all that they name */
		atomic(t);
}

static void apply_call(struct step *t)
{
	u32 n;

	for (n = 0; n <= 18; n++)
		left(t, n);
	left(t, LR);
}

void flow_apply_arm64(struct flow *f, struct code *c, const struct insn *i, struct flow_state *s)
{
	struct step t = { .f = f, .s = s, .vaddr = i->vaddr, .w = i->word };
	u32 group = bits(t.w, 25, 4);

	(void)c;
	if (i->flow == INSN_CALL)
		apply_call(&t);
	if (i->flow != INSN_NEXT)
		return;
	if ((group & 14) == 8)
		constants(&t);
	else if ((group & 5) == 4)
		memory(&t);
	else if ((group & 7) == 5)
		registers(&t);
	else if ((group & 7) == 7 || group == 2)
		vectors(&t);
	else if ((t.w & 0xfff00000) == 0xd5300000 || (t.w & 0xfff80000) == 0xd5280000)
		set(&t, bits(t.w, 0, 5), true, false, (struct flow_value) { 0 }); /* mrs, sysl */
}
