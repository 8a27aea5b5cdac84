/* elf_file: what it reads of this very program, and that damaged copies only ever fail. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/sym/code.h"
#include "user/sym/elf_file.h"
#include "user/sym/usdt_note.h"

static struct elf_file *open_self(void)
{
	struct elf_file *f = NULL;
	struct err e = { 0 };
	int fd = open("/proc/self/exe", O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(elf_file_open(fd, "self", &f, &e), 0);
	close(fd);
	return f;
}

static int memory_file(const void *data, size_t n)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	return fd;
}

static void reads_symbols_strings_and_offsets(void **state)
{
	struct elf_file *f = open_self();
	struct elf_symbol sym;
	u64 offset, vaddr;

	(void)state;
	assert_int_equal(elf_file_symbol(f, "main", &sym), 0);
	assert_true(sym.function && !sym.dynamic && sym.size);
	assert_string_equal(elf_file_function_at(f, sym.vaddr + 1), "main");
	assert_int_equal(elf_file_offset(f, sym.vaddr, &offset), 0);
	assert_int_equal(elf_file_vaddr(f, offset, &vaddr), 0);
	assert_int_equal(vaddr, sym.vaddr);
	assert_non_null(elf_file_bytes(f, sym.vaddr, sym.size));
	assert_int_equal(elf_file_symbol(f, "no_such_symbol", &sym), -ENOENT);
	assert_int_equal(elf_file_export(f, "no_such_symbol", &sym), -ENOENT);
	assert_non_null(elf_file_needs(f, "libc.so"));
	assert_null(elf_file_needs(f, "libnosuch"));
	elf_file_close(f);
}

/* Every function once looked up by name is there, in its place. */
static void lists_functions_by_address(void **state)
{
	struct elf_file *f = open_self();
	struct elf_function *list;
	struct elf_symbol sym;
	size_t n = elf_file_functions(f, &list), found = 0;

	(void)state;
	assert_true(n > 100); /* the tests are linked with all they test */
	assert_int_equal(elf_file_symbol(f, "main", &sym), 0);
	for (size_t i = 0; i < n; i++) {
		assert_true(list[i].size && *list[i].name);
		assert_true(!i || list[i].vaddr >= list[i - 1].vaddr);
		if (!strcmp(list[i].name, "main")) {
			assert_true(list[i].vaddr == sym.vaddr && list[i].size == sym.size);
			found++;
		}
	}
	assert_int_equal(found, 1);
	free(list);
	elf_file_close(f);
}

static void refuses_addresses_outside_of_the_file(void **state)
{
	struct elf_file *f = open_self();
	u64 offset;

	(void)state;
	assert_null(elf_file_bytes(f, UINT64_MAX, 1));
	assert_null(elf_file_bytes(f, UINT64_MAX - 4, 100));
	assert_null(elf_file_string(f, UINT64_MAX, 10));
	assert_int_equal(elf_file_offset(f, UINT64_MAX, &offset), -ENOENT);
	elf_file_close(f);
}

static void finds_imports_and_their_stubs(void **state)
{
	struct elf_file *f = open_self();
	struct elf_import imp;

	(void)state;
	assert_int_equal(elf_file_import(f, "memfd_create", &imp), 0);
	assert_true(imp.nslots >= 1);
	assert_int_equal(elf_file_import(f, "no_such_function", &imp), -ENOENT);
	elf_file_close(f);
}

static void tells_other_files_apart(void **state)
{
	unsigned char id[64] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32 };
	struct elf_file *f = NULL;
	struct err e = { 0 };
	int fd = memory_file("#!/bin/sh\n", 10);

	(void)state;
	assert_int_equal(elf_file_open(fd, "script", &f, &e), -ENOEXEC);
	assert_int_equal(e.code, GS_EXIT_TARGET);
	close(fd);
	memset(&e, 0, sizeof(e));
	fd = memory_file(id, sizeof(id));
	assert_int_equal(elf_file_open(fd, "old", &f, &e), -ENOTSUP);
	assert_int_equal(e.code, GS_EXIT_UNSUPPORTED);
	assert_non_null(strstr(e.text, "32-bit"));
	close(fd);
	fd = memory_file("", 0);
	assert_int_equal(elf_file_open(fd, "empty", &f, &e), -ENOEXEC);
	close(fd);
	assert_null(f);
}

/* Whatever is in the file, none of this may crash, hang or read outside. */
static void use_all(int fd)
{
	struct elf_file *f;
	struct code *c;
	struct usdt_note notes[4];
	struct elf_function *list;
	struct elf_import imp;
	struct elf_symbol sym;
	u64 v;

	if (elf_file_open(fd, "damaged", &f, NULL))
		return;
	if (!elf_file_symbol(f, "main", &sym))
		elf_file_bytes(f, sym.vaddr, sym.size);
	elf_file_export(f, "environ", &sym);
	elf_file_function_at(f, sym.vaddr);
	elf_file_functions(f, &list);
	free(list);
	elf_file_import(f, "write", &imp);
	elf_file_got_value(f, 0x4000, &v);
	elf_file_pointer(f, 0x4000, &v);
	elf_file_soname(f);
	elf_file_needs(f, "lib");
	free(elf_file_build_id(f));
	usdt_notes_find(f, "python", "gc__start", notes, 4);
	if (!code_new(f, &c, NULL)) {
		code_range_at(c, sym.vaddr);
		code_free(c);
	}
	elf_file_close(f);
}

static u8 *own_image(size_t *ret_n)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	off_t n = lseek(fd, 0, SEEK_END);
	u8 *data = malloc((size_t)n);

	assert_non_null(data);
	assert_int_equal(pread(fd, data, (size_t)n, 0), n);
	close(fd);
	*ret_n = (size_t)n;
	return data;
}

static void survives_truncation(void **state)
{
	size_t n, i;
	u8 *data = own_image(&n);

	(void)state;
	for (i = 0; i < 64; i++) {
		int fd = memory_file(data, n * i / 64);

		use_all(fd);
		close(fd);
	}
	free(data);
}

static void survives_damage_anywhere(void **state)
{
	static const u8 values[] = { 0x00, 0xff, 0x7f, 0x80 };
	size_t n, i, k;
	u8 *data = own_image(&n), old[4];
	int fd = memory_file(data, n);
	unsigned int seed = 1;

	(void)state;
	/* Every byte of the headers and of the first program headers, then here and there. */
	for (i = 0; i < 1200; i++) {
		size_t at = i < 400 ? i : (size_t)rand_r(&seed) * 7919 % (n - 4);

		memcpy(old, data + at, sizeof(old));
		for (k = 0; k < 2; k++) {
			u8 bad[4];

			memset(bad, values[(i + k * 2) % 4], sizeof(bad));
			assert_int_equal(pwrite(fd, bad, 1 + 3 * (i & 1), (off_t)at),
					 1 + 3 * (i & 1));
			use_all(fd);
		}
		assert_int_equal(pwrite(fd, old, sizeof(old), (off_t)at), sizeof(old));
	}
	close(fd);
	free(data);
}

static void survives_shrinking_while_open(void **state)
{
	struct elf_file *f;
	struct elf_symbol sym;
	size_t n;
	u8 *data = own_image(&n);
	int fd = memory_file(data, n);

	(void)state;
	assert_int_equal(elf_file_open(fd, "shrinks", &f, NULL), 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_not_equal(elf_file_symbol(f, "main", &sym), 0);
	elf_file_close(f);
	close(fd);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_symbols_strings_and_offsets),
		cmocka_unit_test(lists_functions_by_address),
		cmocka_unit_test(refuses_addresses_outside_of_the_file),
		cmocka_unit_test(finds_imports_and_their_stubs),
		cmocka_unit_test(tells_other_files_apart),
		cmocka_unit_test(survives_truncation),
		cmocka_unit_test(survives_damage_anywhere),
		cmocka_unit_test(survives_shrinking_while_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
