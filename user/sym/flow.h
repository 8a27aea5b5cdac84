/*
 * What registers hold along the paths of one function: enough to tell which lock, condition
 * or string a call is given, in optimised code without symbols.
 *
 * A value is symbolic: base + displacement, where base 0 is an absolute address or a constant
 * and any other base stands for something unknown that is the same wherever the same base
 * appears (a value loaded from a place, or left in a register by an instruction).  Calls are
 * taken to keep the registers that the machine's ABI says they keep, and the stack.
 */
#ifndef GS_USER_SYM_FLOW_H
#define GS_USER_SYM_FLOW_H

#include <stddef.h>

#include "user/sym/code.h"

struct flow;

struct flow_value {
	u32 base;
	s64 disp;
};

/* x86-64, numbers as in struct gs_arg.  For arguments ask flow_arg_at(), which knows the machine.
 */
enum flow_reg { FLOW_RDX = 2, FLOW_RSP = 4, FLOW_RBP = 5, FLOW_RSI = 6, FLOW_RDI = 7, FLOW_R8 = 8 };

/* A known number written to memory. */
struct flow_store {
	u64 vaddr; /* of the instruction */
	struct flow_value to;
	u64 number;
	u8 part; /* 0, or 1: the second of a pair that the instruction stores */
};

/*
 * flow_new - follow the function that begins at @start, its `.cold` parts included
 * @noreturn: functions that do not return; borrowed during the call
 *
 * Return: 0; -E2BIG if it is too big to follow; -ENOENT if @start is not code; -ENOMEM.
 */
int flow_new(struct code *c, u64 start, const struct code_targets *noreturn, struct flow **ret_f);

/*
 * flow_add - also follow from @vaddr, about whose registers nothing is known
 * For code that is only reached by a jump that cannot be followed.  As flow_new().
 */
int flow_add(struct flow *f, u64 vaddr);

/* Free.  NULL is fine.  Returns NULL. */
struct flow *flow_free(struct flow *f);

/* Was the instruction at @vaddr reached? */
bool flow_reached(const struct flow *f, u64 vaddr);

/* What @reg holds before @vaddr.  0, or -ENOENT if that was not reached. */
int flow_value_at(const struct flow *f, u64 vaddr, unsigned int reg, struct flow_value *ret_v);

/* The argument @n (from 0; the first six) of a function called at @vaddr.  As above. */
int flow_arg_at(const struct flow *f, u64 vaddr, unsigned int n, struct flow_value *ret_v);

/* Is @reg the stack pointer? */
bool flow_is_sp(const struct flow *f, unsigned int reg);

/* Where @vaddr goes on: 0 to 2 addresses. */
size_t flow_next(const struct flow *f, u64 vaddr, u64 ret_next[2]);

/* The @i-th instruction reached, in no order; false past the last. */
bool flow_insn(const struct flow *f, size_t i, u64 *ret_vaddr);

const struct flow_store *flow_stores(const struct flow *f, size_t *ret_n);

/* 8 bytes of memory that were loaded into a register, and what stands for their value. */
struct flow_loaded {
	struct flow_value from, v;
};

/* The next one at or after *@at, which begins at 0 and moves on; in no order; false past the last.
 */
bool flow_each_load(const struct flow *f, size_t *at, struct flow_loaded *ret_l);

#endif
