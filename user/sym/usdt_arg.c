/*
 * Arguments of USDT notes, as compilers write operands for the assembler of the machine.
 * Invariant: an argument is either understood completely or refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/usdt_note.h"

/* "rsp" -> 4; the four sizes of each register.  -1: not a general register. */
static int reg_by_name(const char *name, size_t n)
{
	static const char *const names[16][5] = {
		{ "rax", "eax", "ax", "al" },	   { "rcx", "ecx", "cx", "cl" },
		{ "rdx", "edx", "dx", "dl" },	   { "rbx", "ebx", "bx", "bl" },
		{ "rsp", "esp", "sp", "spl" },	   { "rbp", "ebp", "bp", "bpl" },
		{ "rsi", "esi", "si", "sil" },	   { "rdi", "edi", "di", "dil" },
		{ "r8", "r8d", "r8w", "r8b" },	   { "r9", "r9d", "r9w", "r9b" },
		{ "r10", "r10d", "r10w", "r10b" }, { "r11", "r11d", "r11w", "r11b" },
		{ "r12", "r12d", "r12w", "r12b" }, { "r13", "r13d", "r13w", "r13b" },
		{ "r14", "r14d", "r14w", "r14b" }, { "r15", "r15d", "r15w", "r15b" },
	};
	int i, k;

	for (i = 0; i < 16; i++) {
		for (k = 0; k < 4; k++) {
			if (strlen(names[i][k]) == n && !strncmp(names[i][k], name, n))
				return i;
		}
	}
	return -1;
}

static bool parse_number(const char **p, s64 *ret_v)
{
	char *end;

	errno = 0;
	*ret_v = strtoll(*p, &end, 0);
	if (errno || end == *p || **p == ' ' || **p == '+')
		return false;
	*p = end;
	return true;
}

/* "%r12" at *@p. */
static bool parse_reg(const char **p, u8 *ret_reg)
{
	size_t n;
	int reg;

	if (**p != '%')
		return false;
	n = strcspn(*p + 1, " )");
	reg = reg_by_name(*p + 1, n);
	if (reg < 0)
		return false;
	*ret_reg = (u8)reg;
	*p += 1 + n;
	return true;
}

/* x86-64, what follows "SIZE@": "$5", "%rax", "112(%rsp)", "(%rax)". */
static bool parse_x86(const char **p, struct usdt_arg *a)
{
	a->disp = 0;
	a->reg = 0;
	if (**p == '$') {
		(*p)++;
		a->kind = USDT_ARG_CONST;
		return parse_number(p, &a->disp);
	}
	if (**p == '%') {
		a->kind = USDT_ARG_REG;
		return parse_reg(p, &a->reg);
	}
	a->kind = USDT_ARG_DEREF;
	if (**p != '(' && !parse_number(p, &a->disp))
		return false;
	if (**p != '(')
		return false;
	(*p)++;
	if (!parse_reg(p, &a->reg) || **p != ')')
		return false;
	(*p)++;
	return true;
}

/* "x12", "w12", "sp", up to one of " ,]" or the end. */
static bool parse_arm64_reg(const char **p, u8 *ret_reg)
{
	size_t n = strcspn(*p, " ,]"), digits;
	unsigned int reg = 0;

	if (n == 2 && !strncmp(*p, "sp", 2)) {
		*ret_reg = 31;
		*p += n;
		return true;
	}
	digits = n ? strspn(*p + 1, "0123456789") : 0;
	if ((**p != 'x' && **p != 'w') || digits != n - 1 || digits < 1 || digits > 2)
		return false;
	for (size_t i = 1; i < n; i++)
		reg = reg * 10 + (unsigned int)((*p)[i] - '0');
	*ret_reg = (u8)reg;
	*p += n;
	return reg <= 30;
}

/* aarch64: "5", "x0", "[x0]", "[sp, 60]". */
static bool parse_arm64(const char **p, struct usdt_arg *a)
{
	a->disp = 0;
	a->reg = 0;
	if (**p == '-' || (**p >= '0' && **p <= '9')) {
		a->kind = USDT_ARG_CONST;
		return parse_number(p, &a->disp);
	}
	if (**p != '[') {
		a->kind = USDT_ARG_REG;
		return parse_arm64_reg(p, &a->reg);
	}
	a->kind = USDT_ARG_DEREF;
	(*p)++;
	if (!parse_arm64_reg(p, &a->reg))
		return false;
	if (**p == ',') {
		*p += 1 + strspn(*p + 1, " ");
		if (!parse_number(p, &a->disp))
			return false;
	}
	if (**p != ']')
		return false;
	(*p)++;
	return true;
}

static bool parse_place(u16 machine, const char **p, struct usdt_arg *a)
{
	return machine == EM_AARCH64 ? parse_arm64(p, a) : parse_x86(p, a);
}

int usdt_args_parse_for(u16 machine, const char *text, struct usdt_arg *ret_args, size_t max)
{
	size_t n = 0;
	s64 size;

	for (;;) {
		struct usdt_arg a;

		text += strspn(text, " ");
		if (!*text)
			return (int)n;
		if (!parse_number(&text, &size) || *text != '@')
			return -EINVAL;
		if (size != 1 && size != 2 && size != 4 && size != 8 && size != -1 && size != -2 &&
		    size != -4 && size != -8)
			return -EINVAL;
		text++;
		if (!parse_place(machine, &text, &a) || (*text && *text != ' '))
			return -EINVAL;
		a.size = (s8)size;
		if (n == max)
			return -E2BIG;
		ret_args[n++] = a;
	}
}

int usdt_args_parse(const char *text, struct usdt_arg *ret_args, size_t max)
{
	return usdt_args_parse_for(EM_X86_64, text, ret_args, max);
}
