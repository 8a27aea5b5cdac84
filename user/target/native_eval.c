/*
 * Parts of CPython's evaluation loop without a symbol: compilers put what is seldom run of a
 * function elsewhere (`.cold`), and strip takes that part's name.  It has a range of its own in the
 * unwind tables, and goes back into the function by direct jumps, which nothing else does but to
 * the function's begin.
 */
#include <unistd.h>

#include "user/target/native_private.h"

#define EVAL "_PyEval_EvalFrameDefault"

static void look(struct native *n, const struct native_module *m)
{
	int fd = native_module_open(n, m);
	const struct code_range *whole;
	struct elf_symbol symbol;
	struct err e = {};

	n->looked = true;
	if (fd < 0)
		return;
	if (!elf_file_open(fd, m->path, &n->elf, &e) && !elf_file_symbol(n->elf, EVAL, &symbol) &&
	    !code_new(n->elf, &n->code, &e)) {
		whole = code_range_at(n->code, symbol.vaddr);
		n->eval_start = symbol.vaddr;
		n->eval_end = whole ? whole->end : symbol.vaddr + symbol.size;
	}
	close(fd);
}

/* Is there a direct jump from @range into the function, behind its begin? */
static bool jumps_into(struct native *n, const struct code_range *range)
{
	struct insn i;

	for (u64 at = range->start; at < range->end; at += i.size) {
		if (code_decode(n->code, at, &i) || !i.size)
			return false;
		if ((i.flow == INSN_JMP || i.flow == INSN_JCC) && i.target > n->eval_start &&
		    i.target < n->eval_end)
			return true;
	}
	return false;
}

bool native_is_eval_part(struct native *n, const struct native_module *m, u64 pc)
{
	const struct code_range *range;
	const struct elf_segment *first = NULL;
	u64 vaddr;

	if (!n->looked)
		look(n, m);
	if (!n->code)
		return false;
	for (size_t i = 0; i < elf_file_nsegments(n->elf) && !first; i++)
		first = elf_file_segment(n->elf, i, NULL);
	if (!first)
		return false;
	vaddr = pc - m->start + (first->vaddr & ~0xfffULL);
	range = code_range_at(n->code, vaddr);
	if (!range)
		return false;
	if (vaddr >= n->eval_start && vaddr < n->eval_end)
		return true;
	return range->part && jumps_into(n, range);
}

void native_eval_done(struct native *n)
{
	code_free(n->code);
	elf_file_close(n->elf);
}
