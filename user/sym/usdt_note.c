/*
 * Parser of .note.stapsdt.  Invariant: strings are used only after their terminator was found
 * within the note; an argument is either understood completely or refused.
 */
#include "user/sym/usdt_note.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_TYPE 3 /* NT_STAPSDT */
#define NOTE_OWNER "stapsdt"
#define NOTES_MAX 4096

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

/* What follows "SIZE@": "$5", "%rax", "112(%rsp)", "(%rax)". */
static bool parse_place(const char **p, struct usdt_arg *a)
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

int usdt_args_parse(const char *text, struct usdt_arg *ret_args, size_t max)
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
		if (!parse_place(&text, &a) || (*text && *text != ' '))
			return -EINVAL;
		a.size = (s8)size;
		if (n == max)
			return -E2BIG;
		ret_args[n++] = a;
	}
}

static u64 u64_at(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The string at *@p, before @end; *@p moves past it. */
static const char *next_string(const u8 **p, const u8 *end)
{
	const u8 *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;
	const char *s = (const char *)*p;

	if (!nul)
		return NULL;
	*p = nul + 1;
	return s;
}

/* One description: vaddr, base, semaphore, then provider, name, arguments. */
static int parse_note(const u8 *desc, size_t n, s64 base_now, const char *provider,
		      const char *name, struct usdt_note *ret_n)
{
	const u8 *p = desc + 24, *end = desc + n;
	const char *got_provider, *got_name, *args;
	struct usdt_note note = { 0 };
	u64 shift;
	int r;

	if (n < 24)
		return -EBADMSG;
	got_provider = next_string(&p, end);
	got_name = next_string(&p, end);
	args = next_string(&p, end);
	if (!got_provider || !got_name || !args)
		return -EBADMSG;
	if (strcmp(got_provider, provider) || strcmp(got_name, name))
		return 0;
	shift = base_now >= 0 ? (u64)base_now - u64_at(desc + 8) : 0;
	note.vaddr = u64_at(desc) + shift;
	note.semaphore = u64_at(desc + 16) ? u64_at(desc + 16) + shift : 0;
	r = usdt_args_parse(args, note.args, USDT_ARGS_MAX);
	if (r < 0)
		return -EINVAL;
	note.nargs = (size_t)r;
	*ret_n = note;
	return 1;
}

static size_t padded(u32 n)
{
	return ((size_t)n + 3) & ~(size_t)3;
}

int usdt_notes_find(struct elf_file *f, const char *provider, const char *name,
		    struct usdt_note *ret_notes, size_t max)
{
	struct elf_section s, base;
	struct usdt_note note;
	s64 base_now = -1;
	u64 at = 0;
	int found = 0, r = 0, n;
	u8 *data;

	if (elf_file_section(f, ".note.stapsdt", &s))
		return 0;
	if (!elf_file_section(f, ".stapsdt.base", &base))
		base_now = (s64)base.vaddr;
	data = elf_file_section_read(f, &s);
	if (!data)
		return -EBADMSG;
	for (n = 0; n < NOTES_MAX && s.size - at >= sizeof(Elf64_Nhdr) && r >= 0; n++) {
		const u8 *owner = data + at + sizeof(Elf64_Nhdr);
		size_t name_size, desc_size;
		Elf64_Nhdr nh;

		memcpy(&nh, data + at, sizeof(nh));
		name_size = padded(nh.n_namesz);
		desc_size = padded(nh.n_descsz);
		at += sizeof(nh);
		if (name_size > s.size - at || desc_size > s.size - at - name_size) {
			r = -EBADMSG;
			break;
		}
		at += name_size + desc_size;
		if (nh.n_type != NOTE_TYPE || nh.n_namesz != sizeof(NOTE_OWNER) ||
		    memcmp(owner, NOTE_OWNER, sizeof(NOTE_OWNER)))
			continue;
		r = parse_note(owner + name_size, nh.n_descsz, base_now, provider, name, &note);
		if (r > 0 && (size_t)found++ < max)
			ret_notes[found - 1] = note;
	}
	free(data);
	return r < 0 ? r : found;
}
