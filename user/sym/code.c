/*
 * Decoding, the part that all machines share.  Invariant: a byte is only ever decoded if it lies in
 * an executable segment of the file and in the range of a known function.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/code_private.h"

#define STRAIGHT_MAX 64 /* instructions on a straight line */
#define DECODE_MAX 4000000 /* in all: some seconds; an interpreter takes about 1/100 of it */

int code_new(struct elf_file *f, struct code **ret_c, struct err *e)
{
	struct code *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->file = f;
	c->arch = elf_file_machine(f) == EM_AARCH64 ? &code_arch_arm64 : &code_arch_x86;
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
	if (cs_open(c->arch->capstone_arch, c->arch->capstone_mode, &c->capstone)) {
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

static int decode(struct code *c, u64 vaddr, u64 end, struct insn *ret_i)
{
	u64 left = end - vaddr;
	size_t n = left < c->arch->longest ? (size_t)left : c->arch->longest;
	const u8 *p = elf_file_bytes(c->file, vaddr, n);

	if (!p)
		return -ENOENT;
	if (c->decoded++ >= DECODE_MAX)
		return -EILSEQ;
	memset(ret_i, 0, sizeof(*ret_i));
	ret_i->vaddr = vaddr;
	return c->arch->decode(c, p, n, ret_i);
}

int code_decode(struct code *c, u64 vaddr, struct insn *ret_i)
{
	const struct code_range *r = fde_find(&c->fdes, vaddr);

	return r ? decode(c, vaddr, r->end, ret_i) : -ENOENT;
}

void code_text(struct code *c, u64 vaddr, char *text, size_t size)
{
	struct insn i;
	const u8 *p = code_decode(c, vaddr, &i) ? NULL : elf_file_bytes(c->file, vaddr, i.size);
	size_t n = i.size;

	if (!p || !cs_disasm_iter(c->capstone, &p, &n, &vaddr, c->insn))
		snprintf(text, size, "?");
	else
		snprintf(text, size, "%s%s%s", c->insn->mnemonic, c->insn->op_str[0] ? " " : "",
			 c->insn->op_str);
}

u8 code_arg_reg(const struct code *c, unsigned int n)
{
	return c->arch->args[n < CODE_ARGS ? n : 0];
}

const char *code_reg_name(const struct code *c, unsigned int reg)
{
	return reg < c->arch->nregs ? c->arch->reg_names[reg] : "?";
}

const char *code_unfit(struct code *c, u64 vaddr)
{
	return c->arch->unfit(c, vaddr);
}

u64 code_call_target(const struct code *c, u64 vaddr)
{
	size_t n = c->arch->longest;
	const u8 *p;

	for (p = NULL; !p && n; n--)
		p = elf_file_bytes(c->file, vaddr, n);
	return p ? c->arch->call_target(p, n + 1, vaddr) : 0;
}

bool code_is_boundary(struct code *c, u64 vaddr)
{
	const struct code_range *r = fde_find(&c->fdes, vaddr);
	struct insn i;
	u64 at;

	if (!r)
		return false;
	if (c->arch->fixed)
		return vaddr % c->arch->fixed == 0 && !decode(c, vaddr, r->end, &i);
	for (at = r->start; at < vaddr; at += i.size) {
		if (decode(c, at, r->end, &i))
			return false;
	}
	return at == vaddr;
}

bool code_listed(const u64 *list, size_t n, u64 v)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (list[i] == v)
			return true;
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
		for (n = 0;; n++) {
			struct insn i;

			n = c->arch->find_branch(to, p, n, s->filesz, s->vaddr);
			if (n >= s->filesz)
				break;
			if (!code_is_boundary(c, s->vaddr + n) || code_decode(c, s->vaddr + n, &i))
				continue;
			r = each(&i, arg);
			if (r)
				return r;
		}
	}
	return r;
}

int code_next_emulated(struct code *c, u64 vaddr, struct insn *ret_i)
{
	struct insn i;
	int n;

	for (n = 0; n < STRAIGHT_MAX; n++) {
		int r = code_decode(c, vaddr, &i);

		if (r)
			return -ENOENT;
		if (i.emulated && !code_unfit(c, vaddr)) {
			*ret_i = i;
			return 0;
		}
		if (i.flow != INSN_NEXT)
			return -ENOENT;
		vaddr += i.size;
	}
	return -ENOENT;
}
