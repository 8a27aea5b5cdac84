/* cfi, native_table: what of an unwind table is given to libdw: all that compilers make, nothing
 * that harms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fuzz/elf_maker.h"
#include "user/sym/cfi.h"
#include "user/target/native_private.h"

#define BOUNDED(...) \
	do { \
		const u8 code[] = { __VA_ARGS__ }; \
		assert_true(cfi_bounded(code, code + sizeof(code))); \
	} while (0)
#define HARMS(...) \
	do { \
		const u8 code[] = { __VA_ARGS__ }; \
		assert_false(cfi_bounded(code, code + sizeof(code))); \
	} while (0)

static void test_what_compilers_make(void **state)
{
	(void)state;
	/* def_cfa rsp+8, offset ra; advance, def_cfa_offset 16, offset rbp; def_cfa_register rbp;
	 * restore */
	BOUNDED(0x0c, 7, 8, 0x90, 1, 0, 0);
	BOUNDED(0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 2, 9, 0x0a, 0xc6, 0x0c, 7, 8, 3, 1, 1,
		0x0b);
	/* A PLT's: rsp + 8 + ((rip & 15) >= 11) << 3 */
	BOUNDED(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22);
	/* A signal's return: what the kernel has saved. */
	BOUNDED(0x0f, 4, 0x77, 0xa0, 1, 6, 0x10, 8, 3, 0x77, 40, 6, 0x16, 16, 2, 0x77, 0);
	/* aarch64: the return address is signed, and not. */
	BOUNDED(0x41, 0x2d, 0x41, 0x0e, 0x20, 0x9d, 4, 0x9e, 3, 0x45, 0xde, 0xdd, 0x0e, 0, 0x2d);
	BOUNDED(0x2e, 16, 4, 0, 1, 0, 0, 0x11, 6, 0x7e);
	assert_true(cfi_bounded(NULL, NULL));
}

static void test_what_harms(void **state)
{
	u8 deep[100];

	(void)state;
	HARMS(0x05, 0xfc, 0x88, 0x6f, 1); /* offset_extended of register 1,827,964 */
	HARMS(0x07, 0x80, 2); /* undefined: register 256 */
	HARMS(0x09, 1, 0x80, 2);
	HARMS(0x10, 0xff, 0xff, 0xff, 0x7f, 1, 0x96);
	HARMS(0x0f, 3, 0x2f, 0xfd, 0xff); /* skip to itself */
	HARMS(0x0f, 5, 0x31, 0x28, 0xfc, 0xff, 0x96); /* bra */
	HARMS(0x16, 16, 3, 0x31, 0x30, 0x1b); /* 1 / 0 */
	HARMS(0x16, 16, 3, 0x31, 0x30, 0x1d); /* 1 mod 0 */
	HARMS(0x0f, 3, 0x98, 0, 0); /* call2 */
	HARMS(0x01, 0, 0, 0, 0); /* set_loc */
	HARMS(0x3f);
	HARMS(0x0b); /* restore_state of none */
	memset(deep, 0x0a, sizeof(deep)); /* remember_state */
	assert_true(cfi_bounded(deep, deep + 64));
	assert_false(cfi_bounded(deep, deep + 65));
	/* What is not whole. */
	HARMS(0x0c, 7);
	HARMS(0x0c, 7, 0x80);
	HARMS(0x04, 1, 2, 3);
	HARMS(0x0f, 3, 0x77, 8);
	HARMS(0x0f, 2, 0x0e, 1);
	HARMS(0x0e, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80);
}

/* How many entries the table of the file at @path has, and how many of them libdw gets. */
static void counts(const char *path, size_t *ret_all, size_t *ret_given)
{
	struct elf_file *f = NULL, *made = NULL;
	struct elf_section s;
	struct fde_table t = {};
	struct err e = {};
	int fd = open(path, O_RDONLY | O_CLOEXEC), table;
	u8 *index;

	assert_true(fd >= 0);
	assert_int_equal(elf_file_open(fd, path, &f, &e), 0);
	assert_int_equal(fde_table_read(f, &t), 0);
	*ret_all = t.n;
	free(t.ranges);
	table = native_table(f);
	assert_true(table >= 0);
	assert_int_equal(elf_file_open(table, "table", &made, &e), 0);
	assert_int_equal(elf_file_section(made, ".eh_frame_hdr", &s), 0);
	index = elf_file_section_read(made, &s);
	assert_non_null(index);
	*ret_given = *(u32 *)(index + 8);
	assert_int_equal(s.size, 12 + 8 * *ret_given);
	free(index);
	close(fd);
	close(table);
	elf_file_close(made);
	elf_file_close(f);
}

static void test_files_keep_all(void **state)
{
	static const char *const paths[] = { "/proc/self/exe", "/usr/bin/python3" };
	void *const others[] = { (void *)printf, (void *)elf_begin, (void *)dwfl_begin };
	size_t all, given;
	Dl_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (access(paths[i], R_OK))
			continue;
		counts(paths[i], &all, &given);
		assert_int_equal(given, all);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(dladdr(others[i], &info));
		counts(info.dli_fname, &all, &given);
		assert_true(all > 50);
		assert_int_equal(given, all);
	}
}

/* Three entries of one CIE; the second with @code. */
static size_t given_with(const u8 *code, size_t size)
{
	static struct elf_maker m;
	static u8 table[512];
	const u64 ranges[3][2] = { { EM_BASE, EM_BASE + 16 },
				   { EM_BASE + 16, EM_BASE + 32 },
				   { EM_BASE + 32, EM_BASE + 48 } };
	const u64 at = EM_BASE + sizeof(Elf64_Ehdr) + EM_PHDRS * sizeof(Elf64_Phdr);
	size_t bytes = em_eh_frame(table, sizeof(table), at, ranges, 3), n;
	struct elf_file *f = NULL, *made = NULL;
	struct elf_section s;
	struct err e = {};
	int fd, r;
	u8 *index;

	/* CIE: 24 bytes; FDE: 20, of which the last 3 are instructions. */
	assert_true(size <= 3);
	memcpy(table + 24 + 20 + 17, code, size);
	em_begin(&m);
	assert_int_equal(em_add(&m, ".eh_frame", SHT_PROGBITS, table, bytes), at);
	em_end(&m, 0, 0);
	fd = em_fd(&m);
	assert_int_equal(elf_file_open(fd, "made", &f, &e), 0);
	r = native_table(f);
	elf_file_close(f);
	close(fd);
	if (r < 0)
		return 0;
	assert_int_equal(elf_file_open(r, "table", &made, &e), 0);
	assert_int_equal(elf_file_section(made, ".eh_frame_hdr", &s), 0);
	index = elf_file_section_read(made, &s);
	n = *(u32 *)(index + 8);
	free(index);
	elf_file_close(made);
	close(r);
	return n;
}

/* One bad entry is left out, and no other. */
static void test_bad_entry(void **state)
{
	static const u8 good[] = { 0x0e, 16, 0 }, bad[] = { 0x0f, 1, 0x2f }, odd[] = { 0x3f };

	(void)state;
	assert_int_equal(given_with(good, sizeof(good)), 3);
	assert_int_equal(given_with(bad, sizeof(bad)), 2);
	assert_int_equal(given_with(odd, sizeof(odd)), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_compilers_make),
		cmocka_unit_test(test_what_harms),
		cmocka_unit_test(test_files_keep_all),
		cmocka_unit_test(test_bad_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
