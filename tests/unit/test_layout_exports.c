/*
 * layout_exports: what this machine's python3 exports says what its version's row says; a copy with
 * one number changed is refused, naming both; a file that exports nothing tells nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/sym/elf_file.h"
#include "user/target/binary.h"
#include "user/target/layout_exports.h"

#define PYTHON "/usr/bin/python3.11"
#define MEMBERS 240 /* tp_members in a type object */
#define MEMBER_BYTES 40
#define MEMBERS_MAX 32

/* A copy of it in memory, which can be written. */
static int copy_of_python(void)
{
	int from = open(PYTHON, O_RDONLY | O_CLOEXEC), fd = memfd_create("python", MFD_CLOEXEC);
	struct stat st;

	assert_true(from >= 0 && fd >= 0 && !fstat(from, &st));
	for (off_t at = 0; at < st.st_size;)
		assert_true(sendfile(fd, from, &at, (size_t)(st.st_size - at)) > 0);
	close(from);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	return access(PYTHON, R_OK) ? -1 : 0;
}

static struct elf_file *open_file(int fd)
{
	struct elf_file *f = NULL;

	assert_int_equal(elf_file_open(fd, PYTHON, &f, NULL), 0);
	return f;
}

/* What the whole search says of the file. */
static int identify(int fd, struct py_binary **ret_b, struct err *e)
{
	struct elf_file *f = open_file(fd);
	int r = binary_new(f, PYTHON, "", ret_b, e);

	elf_file_close(f);
	return r;
}

static u32 told(const struct layout_export *list, size_t n, const char *of, const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].of, of) && !strcmp(list[i].what, what))
			return list[i].value;
	return GS_NO_FIELD;
}

static void says_what_the_row_says(void **state)
{
	int fd = open(PYTHON, O_RDONLY | O_CLOEXEC);
	struct elf_file *f = open_file(fd);
	struct layout_export list[LAYOUT_EXPORTS_MAX];
	struct elf_symbol runtime;
	struct py_layout row;
	struct py_binary *b;
	size_t n;

	(void)state;
	/* Numbers of 3.11's debug information, layout_table.c's source. */
	assert_int_equal(layout_find(0x030b02f0, false, &row, NULL), 0);
	assert_int_equal(elf_file_export(f, "_PyRuntime", &runtime), 0);
	n = layout_exports_read(f, runtime.vaddr, runtime.size, &row, true, list);
	assert_int_equal(told(list, n, "PyCode_Type", "co_name"), 120);
	assert_int_equal(told(list, n, "PyCode_Type", "co_linetable"), 136);
	assert_int_equal(told(list, n, "PyCode_Type", "tp_basicsize"), 184);
	assert_int_equal(told(list, n, "PyType_Type", "__flags__"), 168);
	assert_int_equal(told(list, n, "PyModule_Type", "__dict__"), 16);
	assert_int_equal(told(list, n, "PyInterpreterState_Head", "what it reads"), 40);
	assert_int_equal(told(list, n, "PyInterpreterState_GetID", "what it reads"), 48);
	assert_int_equal(told(list, n, "PyThreadState_Next", "what it reads"), 8);
	assert_int_equal(told(list, n, "PyFrame_Type", "f_back"), GS_NO_FIELD); /* computed */
	assert_true(layout_exports_agree(list, n, &row, PYTHON, NULL) >= 20);
	elf_file_close(f);
	assert_int_equal(identify(fd, &b, NULL), 0);
	assert_true(b->layout.confirmed >= 20);
	binary_free(b);
	close(fd);
}

/* The row knows it otherwise: an error that names who says what. */
static void refused(int fd, const char *who, const char *what, const char *numbers)
{
	struct py_binary *b = NULL;
	struct err e = { 0 };

	assert_int_equal(identify(fd, &b, &e), -ENOTSUP);
	assert_int_equal(e.code, GS_EXIT_UNSUPPORTED);
	assert_non_null(strstr(e.text, who));
	assert_non_null(strstr(e.text, what));
	assert_non_null(strstr(e.text, numbers));
	assert_non_null(strstr(e.text, "one of them is wrong"));
	assert_null(b);
}

/* Where in the file the offset of @type's member @name is. */
static off_t member_at(int fd, const char *type, const char *name)
{
	struct elf_file *f = open_file(fd);
	struct elf_symbol sym;
	u64 table, text, at = 0;

	assert_int_equal(elf_file_export(f, type, &sym), 0);
	assert_int_equal(elf_file_pointer(f, sym.vaddr + MEMBERS, &table), 0);
	for (u64 m = 0; m < MEMBERS_MAX && !at; m++) {
		const char *is;

		assert_int_equal(elf_file_pointer(f, table + m * MEMBER_BYTES, &text), 0);
		is = elf_file_string(f, text, 32);
		if (is && !strcmp(is, name))
			assert_int_equal(elf_file_offset(f, table + m * MEMBER_BYTES + 16, &at), 0);
	}
	elf_file_close(f);
	assert_true(at);
	return (off_t)at;
}

static void another_member_is_refused(void **state)
{
	int fd = copy_of_python();
	off_t at = member_at(fd, "PyCode_Type", "co_filename");
	u64 was, other = 144;

	(void)state;
	assert_int_equal(pread(fd, &was, sizeof(was), at), sizeof(was));
	assert_int_equal(was, 112);
	assert_int_equal(pwrite(fd, &other, sizeof(other), at), sizeof(other));
	refused(fd, "PyCode_Type", "co_filename", "says 112");
	/* No offset at all: nothing is told of it, nothing is wrong. */
	other = ~0ULL;
	assert_int_equal(pwrite(fd, &other, sizeof(other), at), sizeof(other));
	{
		struct py_binary *b = NULL;

		assert_int_equal(identify(fd, &b, NULL), 0);
		assert_true(b->layout.confirmed >= 19);
		binary_free(b);
	}
	close(fd);
}

static void another_accessor_is_refused(void **state)
{
	/* mov 8(%rdi),%rax; of the tstate's next */
	static const u8 load[] = { 0x48, 0x8b, 0x47, 0x08 };
	int fd = copy_of_python();
	struct elf_file *f = open_file(fd);
	struct elf_symbol sym;
	u8 code[16], other = 0x18;
	u64 at, i = 0;

	(void)state;
	assert_int_equal(elf_file_export(f, "PyThreadState_Next", &sym), 0);
	assert_int_equal(elf_file_offset(f, sym.vaddr, &at), 0);
	elf_file_close(f);
	assert_int_equal(pread(fd, code, sizeof(code), (off_t)at), sizeof(code));
	while (i < sizeof(code) - sizeof(load) && memcmp(code + i, load, sizeof(load)))
		i++;
	assert_memory_equal(code + i, load, sizeof(load));
	assert_int_equal(pwrite(fd, &other, 1, (off_t)(at + i + 3)), 1);
	refused(fd, "PyThreadState_Next", "says 24", "table says 8");
	close(fd);
}

static void nothing_exported_tells_nothing(void **state)
{
	struct layout_export list[LAYOUT_EXPORTS_MAX];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct elf_file *f = open_file(fd);
	struct py_layout row;

	(void)state;
	assert_int_equal(layout_find(0x030b02f0, false, &row, NULL), 0);
	assert_int_equal(layout_exports_read(f, 0, 0, &row, true, list), 0);
	assert_int_equal(layout_exports_agree(list, 0, &row, "x", NULL), 0);
	elf_file_close(f);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_row_says),
		cmocka_unit_test(another_member_is_refused),
		cmocka_unit_test(another_accessor_is_refused),
		cmocka_unit_test(nothing_exported_tells_nothing),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
