/*
 * Machine code of one ELF file, x86-64 or aarch64 as its header says: decoding single
 * instructions, finding who calls whom, and which instructions the kernel emulates under a uprobe.
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
	INSN_END, /* ud2, hlt, brk, or a jump that is not direct */
};

struct insn {
	u64 vaddr;
	u64 target; /* of a direct call, jmp or jcc; 0 otherwise */
	u64 slot; /* vaddr that `call *x(%rip)` or `jmp *x(%rip)` reads; 0 otherwise */
	u8 size; /* bytes */
	u8 flow; /* enum insn_flow */
	bool emulated; /* by every kernel that has uprobes; else single-stepped */
	const struct cs_insn *cs; /* x86-64: valid until the next code_decode(); else NULL */
	u32 word; /* aarch64: the instruction itself; else 0 */
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

/*
 * code_unfit - why a probe must not be put at @vaddr, as the end of a sentence about it; NULL: it
 * may
 *
 * x86-64: as above.  aarch64: what the kernel refuses (arch/arm64/kernel/probes/decode-insn.c:
 * exclusive loads and stores, loads of literals, system instructions), and anything between an
 * exclusive load and its store: the breakpoint would make the store fail, for ever.
 */
const char *code_unfit(struct code *c, u64 vaddr);

/*
 * The number of the register that a function finds its argument @n in (from 0; the first six), and
 * the name of a register, for people.  Numbers are those of struct gs_arg (bpf/site.h): x86-64's
 * own, aarch64's with sp as 31.
 */
u8 code_arg_reg(const struct code *c, unsigned int n);
const char *code_reg_name(const struct code *c, unsigned int reg);

/* "jne 0x4f95dd", as disassembled.  Always terminates @text. */
void code_text(struct code *c, u64 vaddr, char *text, size_t size);

/* The target of the direct call at @vaddr, going by its bytes alone (which is cheap); 0: none. */
u64 code_call_target(const struct code *c, u64 vaddr);

/* Is @vaddr where an instruction begins, decoding from its function's start? */
bool code_is_boundary(struct code *c, u64 vaddr);

/*
 * code_each_branch - direct calls and jumps (x86-64: rel32; aarch64: bl and b) to one of @targets,
 * and calls through @slots (x86-64 only)
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
