/*
 * What an ELF file's machine decides: the numbers of its relocations and the shape of its PLT
 * entries.  It is the file's machine, not ours: a file can be looked into anywhere.
 */
#include <errno.h>
#include <string.h>

#include "user/sym/elf_private.h"

#if defined(__x86_64__)
#define OURS EM_X86_64
#elif defined(__aarch64__)
#define OURS EM_AARCH64
#else
#define OURS EM_NONE
#endif

/* The stub may begin before its jmp, with `bnd` and `endbr64`. */
static size_t x86_stub_start(const u8 *p, size_t i)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

	if (i >= 1 && p[i - 1] == 0xf2)
		i--;
	if (i >= sizeof(endbr64) && !memcmp(p + i - sizeof(endbr64), endbr64, sizeof(endbr64)))
		i -= sizeof(endbr64);
	return i;
}

static void x86_find_stubs(struct elf_file *f, u64 vaddr, const u8 *p, u64 size)
{
	const u8 *at = p, *end = p + size;

	for (; at < end; at++) {
		u64 next;
		s32 disp;

		at = memchr(at, 0xff, (size_t)(end - at));
		if (!at || end - at < 6)
			return;
		if (at[1] != 0x25)
			continue;
		memcpy(&disp, at + 2, sizeof(disp));
		next = vaddr + (u64)(at - p) + 6;
		if (!elf_stub_add(f, next + (u64)(s64)disp,
				  vaddr + x86_stub_start(p, (size_t)(at - p))))
			return;
	}
}

static u32 word_at(const u8 *p)
{
	u32 w;

	memcpy(&w, p, sizeof(w));
	return w;
}

#define BR_X17 0xd61f0220
#define BTI_C 0xd503245f
#define STUB_WORDS 5 /* at most, before the br: bti, adrp, ldr, add, autia1716 */

/* The page that `adrp x16, page` at @vaddr names. */
static u64 adrp_page(u32 w, u64 vaddr)
{
	u32 imm = (w >> 3 & 0x1ffffc) | (w >> 29 & 3);

	return (vaddr & ~0xfffULL) + (u64)((s64)((u64)imm << 43) >> 31);
}

/*
 * `br x17` at @vaddr + @i: go back to its adrp x16.  What lies between, besides the load, is
 * `add x16` and with pointer authentication `autia1716` (binutils, elfNN_aarch64_init_small_plt).
 */
static bool arm64_stub(const u8 *p, u64 i, u64 vaddr, u64 *ret_slot, u64 *ret_stub)
{
	u32 load = 0, w;
	int n;

	for (n = 0; n < STUB_WORDS && i >= 4; n++) {
		i -= 4;
		w = word_at(p + i);
		if ((w & 0xffc003ff) == 0xf9400211) { /* ldr x17, [x16, #imm] */
			load = w;
		} else if ((w & 0x9f00001f) == 0x90000010) {
			if (!load)
				return false;
			*ret_slot = adrp_page(w, vaddr + i) + (load >> 10 & 0xfff) * 8;
			*ret_stub = vaddr + i;
			if (i >= 4 && word_at(p + i - 4) == BTI_C)
				*ret_stub -= 4;
			return true;
		}
	}
	return false;
}

static void arm64_find_stubs(struct elf_file *f, u64 vaddr, const u8 *p, u64 size)
{
	u64 i, slot, stub;

	for (i = -vaddr & 3; i + 4 <= size; i += 4) {
		if (word_at(p + i) == BR_X17 && arm64_stub(p, i, vaddr, &slot, &stub) &&
		    !elf_stub_add(f, slot, stub))
			return;
	}
}

static const struct elf_machine machines[] = {
	{ EM_X86_64, "x86-64", R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT, R_X86_64_RELATIVE,
	  R_X86_64_64, x86_find_stubs },
	{ EM_AARCH64, "aarch64", R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT, R_AARCH64_RELATIVE,
	  R_AARCH64_ABS64, arm64_find_stubs },
};

const struct elf_machine *elf_machine_find(u16 number)
{
	size_t i;

	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (machines[i].number == number)
			return &machines[i];
	}
	return NULL;
}

const char *elf_file_machine_name(const struct elf_file *f)
{
	return f->machine->name;
}

int elf_file_runs_here(const struct elf_file *f, struct err *e)
{
	const struct elf_machine *ours = elf_machine_find(OURS);

	if (f->machine == ours)
		return 0;
	return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: for %s, and this machine is %s; only gilscope probes --file looks into "
		    "files of others",
		    f->name, f->machine->name, ours ? ours->name : "neither x86-64 nor aarch64");
}
