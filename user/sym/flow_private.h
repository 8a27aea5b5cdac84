/* The state of registers and stack before one instruction, and how an instruction changes it. */
#ifndef GS_USER_SYM_FLOW_PRIVATE_H
#define GS_USER_SYM_FLOW_PRIVATE_H

#include "user/sym/code_private.h"
#include "user/sym/flow.h"

#define FLOW_REGS 32 /* of the machine that has most; the others' last ones stay zero */
#define FLOW_SLOTS 24 /* stack slots remembered; others are unknown */

struct flow_slot {
	struct flow_value at, v;
};

struct flow_state {
	struct flow_value reg[FLOW_REGS];
	struct flow_slot slot[FLOW_SLOTS];
	u32 nslots;
};

/* Why a base exists: same reason, same base. */
enum flow_why { FLOW_LEFT, FLOW_JOINED, FLOW_LOADED };

/* The base for (@why, @a, @b); 0 when there are too many (then the flow fails). */
u32 flow_base(struct flow *f, enum flow_why why, u64 a, s64 b);

/*
 * flow_join - make @to, the state before @vaddr, cover @s as well
 * Return: did that change it?
 */
bool flow_join(struct flow *f, u64 vaddr, struct flow_state *to, const struct flow_state *s);

/*
 * Is @base what the frame pointer held where following began?  In a `.cold` part that is the frame,
 * and a function that has not set it yet does not write below it.
 */
bool flow_is_frame(const struct flow *f, u32 base);

/* What is followed. */
struct code *flow_code(const struct flow *f);

/* Note a store of a known number; @part as in struct flow_store. */
void flow_note_store(struct flow *f, u64 vaddr, u8 part, struct flow_value to, u64 number);

static inline bool flow_same(struct flow_value a, struct flow_value b)
{
	return a.base == b.base && a.disp == b.disp;
}

/* What the instruction at @vaddr left in @reg: nothing else has that value. */
struct flow_value flow_left(struct flow *f, u64 vaddr, int reg);

/* The 8 bytes in memory at @at: a stack slot, what the loader puts into the GOT, or unknown. */
struct flow_value flow_load(struct flow *f, struct flow_state *s, struct flow_value at);

/* @v, 8 bytes, is now at @at, which is on the stack. */
void flow_push(struct flow_state *s, struct flow_value at, struct flow_value v);

/* One store of an instruction: @size bytes at @to. */
struct flow_write {
	u64 vaddr; /* of the instruction */
	struct flow_value to;
	const struct flow_value *v; /* NULL: unknown */
	u32 size;
	u8 part; /* as in struct flow_store */
};

void flow_write(struct flow *f, struct flow_state *s, const struct flow_write *w);

/* Apply the instruction in @i, decoded last, to @s. */
void flow_apply_x86(struct flow *f, struct code *c, const struct insn *i, struct flow_state *s);
void flow_apply_arm64(struct flow *f, struct code *c, const struct insn *i, struct flow_state *s);

#endif
