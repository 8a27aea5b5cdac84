/* The state of registers and stack before one instruction, and how an instruction changes it. */
#ifndef GS_USER_SYM_FLOW_PRIVATE_H
#define GS_USER_SYM_FLOW_PRIVATE_H

#include "user/sym/flow.h"

#define FLOW_REGS 16
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
 * Is @base what rbp held where following began?  In a `.cold` part that is the frame, and a
 * function that has not set rbp yet does not write below it.
 */
bool flow_is_frame(const struct flow *f, u32 base);

/* Note a store of a known number. */
void flow_note_store(struct flow *f, u64 vaddr, struct flow_value to, u64 number);

/* Apply the instruction in @i, decoded last, to @s. */
void flow_apply(struct flow *f, struct code *c, const struct insn *i, struct flow_state *s);

#endif
