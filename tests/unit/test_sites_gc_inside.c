/*
 * sites of gc within gc_collect_main(): what a collection found is taken from the call that tells
 * of its end, be it given as two numbers (3.13, and from 3.14.5 on) or behind a pointer (3.14.0 to
 * 3.14.4).
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/sym/code.h"
#include "user/target/sites.h"
#include "user/target/sites_gc.h"

#ifdef __x86_64__

#include "tests/unit/sites_count.h"

enum { RCX = 1, RDX = 2, R8 = 8 };

/*
 * As GCC makes it of Python/gc.c; never run.  gci_pointed has its struct gc_collection_stats in its
 * frame.  In gci_loaded the same place is read: a number, and the fifth argument is one as well.
 */
__asm__(".section .rodata\n"
	"gci_start: .string \"start\"\n"
	"gci_stop: .string \"stop\"\n"
	".macro gci_collect name, how\n"
	"	.globl gci_\\name\n"
	"	.type gci_\\name, @function\n"
	"gci_\\name: .cfi_startproc\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	sub $0x48, %rsp\n"
	"	mov %esi, %r12d\n"
	"	mov %rdi, %rbx\n"
	"	mov %r12d, %edx\n"
	"	\\how 0x20(%rsp), %rcx\n"
	"	lea gci_start(%rip), %rsi\n"
	"gci_\\name\\()_start: call gci_tell\n"
	"	mov %rbx, %rdi\n"
	"	call gci_region\n"
	"	mov %r12d, %edx\n"
	"	mov 0x28(%rsp), %r8\n"
	"	\\how 0x20(%rsp), %rcx\n"
	"	mov %rbx, %rdi\n"
	"	lea gci_stop(%rip), %rsi\n"
	"gci_\\name\\()_stop: call gci_tell\n"
	"	add $0x48, %rsp\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size gci_\\name, . - gci_\\name\n"
	".endm\n"
	".macro gci_nothing name\n"
	"	.type gci_\\name, @function\n"
	"gci_\\name: .cfi_startproc\n"
	"	push %rbx\n"
	"	pop %rbx\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size gci_\\name, . - gci_\\name\n"
	".endm\n"
	".text\n"
	"gci_nothing tell\n"
	"gci_nothing region\n"
	"gci_collect pointed, lea\n"
	"gci_collect loaded, mov\n"
	".globl PyGC_Collect\n"
	".type PyGC_Collect, @function\n"
	"PyGC_Collect: .cfi_startproc\n"
	"	mov $2, %esi\n"
	"gci_jump: .byte 0xe9\n"
	".long gci_pointed - . - 4\n"
	"	.cfi_endproc\n"
	"	.size PyGC_Collect, . - PyGC_Collect\n");

static u64 at(struct elf_file *f, const char *label)
{
	struct elf_symbol sym;

	assert_int_equal(elf_file_symbol(f, label, &sym), 0);
	return sym.vaddr;
}

struct found {
	struct py_binary binary;
	struct elf_file *elf;
	struct code *code;
	struct err e;
};

/* This program, in which PyGC_Collect() goes to @collect. */
static struct elf_file *open_with(const char *collect)
{
	char path[] = "/tmp/gilscope-test-XXXXXX", bytes[4096];
	int from = open("/proc/self/exe", O_RDONLY), fd = mkstemp(path);
	struct elf_file *f = NULL;
	u64 offset;
	ssize_t n;
	s32 by;

	assert_true(from >= 0 && fd >= 0);
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(fd, bytes, (size_t)n), n);
	unlink(path);
	assert_int_equal(elf_file_open(from, "sample", &f, NULL), 0);
	by = (s32)(at(f, collect) - (at(f, "gci_jump") + 5));
	assert_int_equal(elf_file_offset(f, at(f, "gci_jump"), &offset), 0);
	elf_file_close(f);
	assert_int_equal(pwrite(fd, &by, sizeof(by), (off_t)offset + 1), sizeof(by));
	assert_int_equal(elf_file_open(fd, "sample", &f, NULL), 0);
	close(from);
	close(fd);
	return f;
}

static void look(struct found *f, const char *collect)
{
	struct site_search search = { .binary = &f->binary };

	memset(f, 0, sizeof(*f));
	f->elf = open_with(collect);
	f->binary.path = (char *)"sample";
	f->binary.version_hex = 0x030e04f0;
	assert_int_equal(code_new(f->elf, &f->code, &f->e), 0);
	search.elf = f->elf;
	search.code = f->code;
	assert_int_equal(sites_gc_inside(&search, &f->e), 1);
}

static void forget(struct found *f)
{
	for (size_t i = 0; i < f->binary.nsites; i++)
		free(f->binary.sites[i].evidence);
	free(f->binary.sites);
	code_free(f->code);
	elf_file_close(f->elf);
}

static const struct probe_site *site(const struct found *f, enum gs_event event)
{
	assert_int_equal(count(&f->binary, event), 1);
	for (size_t i = 0; i < f->binary.nsites; i++)
		if (f->binary.sites[i].event == event)
			return &f->binary.sites[i];
	return NULL;
}

static void check_arg(const struct gs_arg *a, enum gs_arg_kind kind, u8 reg, s32 disp)
{
	assert_int_equal(a->kind, kind);
	assert_int_equal(a->reg, reg);
	assert_int_equal(a->disp, disp);
	assert_int_equal(a->size, 8);
}

static void behind_a_pointer(void **state)
{
	const struct probe_site *stop;
	struct found f;

	(void)state;
	look(&f, "gci_pointed");
	assert_int_equal(site(&f, GS_EVENT_GC_START)->vaddr, at(f.elf, "gci_pointed_start"));
	assert_int_equal(site(&f, GS_EVENT_GC_START)->args[0].reg, RDX);
	stop = site(&f, GS_EVENT_GC_DONE);
	assert_int_equal(stop->vaddr, at(f.elf, "gci_pointed_stop"));
	check_arg(&stop->args[1], GS_ARG_DEREF, RCX, 0);
	check_arg(&stop->args[2], GS_ARG_DEREF, RCX, 8);
	forget(&f);
}

static void two_numbers(void **state)
{
	const struct probe_site *stop;
	struct found f;

	(void)state;
	look(&f, "gci_loaded");
	stop = site(&f, GS_EVENT_GC_DONE);
	assert_int_equal(stop->vaddr, at(f.elf, "gci_loaded_stop"));
	check_arg(&stop->args[1], GS_ARG_REG, RCX, 0);
	check_arg(&stop->args[2], GS_ARG_REG, R8, 0);
	forget(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_a_pointer),
		cmocka_unit_test(two_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void the_sample_is_not_for_this_machine(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_sample_is_not_for_this_machine) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
