/* What differs between machines, and struct code, which has it chosen by the file's header. */
#ifndef GS_USER_SYM_CODE_PRIVATE_H
#define GS_USER_SYM_CODE_PRIVATE_H

#include <capstone/capstone.h>

#include "user/sym/code.h"

struct flow;
struct flow_state;

#define CODE_ARGS 6

struct code_arch {
	u16 machine; /* EM_* */
	cs_arch capstone_arch;
	cs_mode capstone_mode;
	u8 longest; /* instruction, bytes */
	u8 fixed; /* bytes of every instruction, each at a multiple of it; 0: they differ */
	u8 nregs; /* general registers, sp among them */
	u8 sp, fp; /* numbers of the stack and the frame pointer */
	u8 args[CODE_ARGS]; /* registers of a function's arguments, AAPCS64 and System V */
	const char *const *reg_names;
	/* Decode the @n bytes at @p (1 to longest), which are at ret_i->vaddr.  0 or -EILSEQ. */
	int (*decode)(struct code *c, const u8 *p, size_t n, struct insn *ret_i);
	/*
	 * The first place from @at on, in the @size bytes at @p that lie at @vaddr, where bytes
	 * look like a branch to what @to lists; @size if there is none.
	 */
	size_t (*find_branch)(const struct code_targets *to, const u8 *p, size_t at, size_t size,
			      u64 vaddr);
	u64 (*call_target)(const u8 *p, size_t n, u64 vaddr); /* as code_call_target() */
	const char *(*unfit)(struct code *c, u64 vaddr); /* as code_unfit() */
	/* Apply @i, decoded last, to @s (flow_apply_*.c). */
	void (*apply)(struct flow *f, struct code *c, const struct insn *i, struct flow_state *s);
};

struct code {
	const struct code_arch *arch;
	struct elf_file *file; /* borrowed */
	struct fde_table fdes;
	csh capstone;
	cs_insn *insn; /* the one buffer, reused */
	u32 decoded; /* instructions so far: a file made to keep us busy is given up */
};

extern const struct code_arch code_arch_x86, code_arch_arm64;

/* Is @v one of the @n of @list? */
bool code_listed(const u64 *list, size_t n, u64 v);

#endif
