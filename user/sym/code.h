/*
 * Machine code of one ELF file: decoding single instructions, finding who calls whom, and
 * which instructions the kernel emulates under a uprobe.
 *
 * Only what is asked for is decoded, never the whole text: attaching must be quick.  Calls are
 * found by their bytes first, then confirmed by decoding the function they are in.
 */
#ifndef GS_USER_SYM_CODE_H
#define GS_USER_SYM_CODE_H

#include <stddef.h>

#include "user/base/err.h"
#include "user/sym/elf_file.h"
#include "user/sym/fde.h"

struct code;
struct cs_insn;

enum insn_flow {
	INSN_NEXT, /* goes on to the next instruction */
	INSN_CALL, /* comes back, if the callee does */
	INSN_JMP,
	INSN_JCC,
	INSN_RET,
	INSN_END, /* ud2, hlt, or a jump that is not direct */
};

struct insn {
	u64 vaddr;
	u64 target; /* of a direct call, jmp or jcc; 0 otherwise */
	u64 slot; /* vaddr that `call *x(%rip)` or `jmp *x(%rip)` reads; 0 otherwise */
	u8 size; /* bytes */
	u8 flow; /* enum insn_flow */
	bool emulated; /* by every kernel that has uprobes; else single-stepped */
	const struct cs_insn *cs; /* valid until the next code_decode() */
};

/*
 * code_new - for the code of @f (borrowed, must outlive it)
 * Return: 0; -ENOTSUP with @e set when the file has no unwind information.
 */
int code_new(struct elf_file *f, struct code **ret_c, struct err *e);

/* Free.  NULL is fine.  Returns NULL. */
struct code *code_free(struct code *c);

struct elf_file *code_file(const struct code *c);

/* The function, or part of one, that @vaddr is in; NULL if unknown. */
const struct code_range *code_range_at(const struct code *c, u64 vaddr);

/* Decode at @vaddr.  0; -ENOENT not code; -EILSEQ not an instruction. */
int code_decode(struct code *c, u64 vaddr, struct insn *ret_i);

/*
 * Does the 5-byte nop (0f 1f 44 00 00) lie at @vaddr?  Not a place for a probe: Linux 6.18
 * replaces it by a call ("uprobes/x86: Add support to optimize uprobes"), which overwrites the
 * red zone below the stack pointer and leads into a page that forked children lack; they die
 * there (seen on 6.18.44).
 */
bool code_is_nop5(const struct code *c, u64 vaddr);

/* "jne 0x4f95dd", as disassembled.  Always terminates @text. */
void code_text(struct code *c, u64 vaddr, char *text, size_t size);

/* Is @vaddr where an instruction begins, decoding from its function's start? */
bool code_is_boundary(struct code *c, u64 vaddr);

/*
 * code_each_branch - direct calls and jumps (rel32) to one of @targets, and calls through @slots
 *
 * Calls @each with each of them in the order of addresses, confirmed as instructions of a
 * known function, until it returns non-zero.  Return: what it returned last.
 */
struct code_targets {
	const u64 *targets;
	size_t ntargets;
	const u64 *slots;
	size_t nslots;
};

int code_each_branch(struct code *c, const struct code_targets *to,
		     int (*each)(const struct insn *i, void *arg), void *arg);

/*
 * code_next_emulated - the first emulated instruction at or after @vaddr that is certain to be
 * reached from there (no instruction that may go elsewhere comes before it)
 * Return: 0, or -ENOENT.
 */
int code_next_emulated(struct code *c, u64 vaddr, struct insn *ret_i);

#endif
