/*
 * layout_dwarf: this program's own debug information has structs like CPython's, whose offsets the
 * compiler knows; broken copies of it are refused or read, in bounded time.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/sym/elf_file.h"
#include "user/target/layout_dwarf.h"
#include "user/target/layout_evidence.h"
#include "user/target/layout_fields.h"

#define DAMAGED 60 /* copies */

struct _gil_runtime_state {
	unsigned long interval;
	void *last_holder;
	int locked;
};

typedef struct pyruntimestate {
	char before[24];
	struct {
		void *head;
		void *main;
	} interpreters;
	const volatile struct {
		int pending;
		struct _gil_runtime_state gil;
	} ceval;
} runtime_type;

struct _is {
	char before[40];
	struct _is *next;
	struct {
		struct {
			char in_unnamed[8];
			long id;
		};
	};
	struct _is *tstate_head; /* what 3.9 calls it */
};

typedef struct {
	char state[56];
} PyASCIIObject;

/* So that they are in the debug information. */
runtime_type test_runtime;
struct _is test_interp;
PyASCIIObject test_str;

static struct py_layout all_wanted(void)
{
	struct py_layout l = { 0 };

	return l;
}

static int read_file(const char *path, const char *build_id, struct py_layout *ret_l)
{
	struct py_layout wanted = all_wanted();
	struct layout_dwarf_from from = { .build_id = build_id, .wanted = &wanted };
	int r;

	from.fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(from.fd >= 0);
	r = layout_dwarf_read(&from, ret_l);
	close(from.fd);
	return r;
}

static void has_what_the_compiler_knows(void **state)
{
	struct py_layout l;

	(void)state;
	assert_int_equal(read_file("/proc/self/exe", NULL, &l), 0);
	assert_int_equal(l.runtime_interpreters_head, offsetof(runtime_type, interpreters.head));
	assert_int_equal(l.runtime_interpreters_main, offsetof(runtime_type, interpreters.main));
	assert_int_equal(l.runtime_ceval, offsetof(runtime_type, ceval));
	assert_int_equal(l.runtime_gil, offsetof(runtime_type, ceval.gil));
	assert_int_equal(l.gil_locked, offsetof(struct _gil_runtime_state, locked));
	assert_int_equal(l.gil_size, sizeof(struct _gil_runtime_state));
	assert_int_equal(l.interp_next, offsetof(struct _is, next));
	assert_int_equal(l.interp_id, offsetof(struct _is, id));
	assert_int_equal(l.interp_threads_head, offsetof(struct _is, tstate_head));
	assert_int_equal(l.str_ascii_data, sizeof(PyASCIIObject));
	/* Not there: nothing is made up. */
	assert_int_equal(l.runtime_main_interpreter, GS_NO_FIELD);
	assert_int_equal(l.gil_cond, GS_NO_FIELD);
	assert_int_equal(l.gil_cond_size, GS_NO_FIELD);
	assert_int_equal(l.tstate_next, GS_NO_FIELD);
	assert_int_equal(l.str_compact_data, GS_NO_FIELD);
}

static void of_another_build_says_nothing(void **state)
{
	struct py_layout l;
	size_t i;

	(void)state;
	assert_int_equal(read_file("/proc/self/exe", "0123456789abcdef", &l), 0);
	for (i = 0; i < LAYOUT_FIELDS; i++)
		assert_int_equal(layout_field(&l, i), GS_NO_FIELD);
	assert_int_equal(read_file("/proc/self/status", NULL, &l), 0);
	assert_int_equal(l.gil_locked, GS_NO_FIELD);
}

static void contradictions_name_both(void **state)
{
	struct py_layout l = all_wanted(), other;
	struct err e = { 0 };

	(void)state;
	l.found_by = "table";
	other = l;
	assert_int_equal(layout_agree(&l, &other, "the file", &e), 1);
	other.gil_cond = GS_NO_FIELD;
	assert_int_equal(layout_agree(&l, &other, "the file", &e), 0);
	l.tp_name = GS_NO_FIELD; /* nobody's concern */
	assert_int_equal(layout_agree(&l, &other, "the file", &e), 0);
	other.tstate_next = 17;
	assert_int_equal(layout_agree(&l, &other, "the file", &e), -ENOTSUP);
	assert_int_equal(e.code, GS_EXIT_UNSUPPORTED);
	assert_non_null(strstr(e.text, "the file"));
	assert_non_null(strstr(e.text, "debug information says 17 for tstate_next"));
	assert_non_null(strstr(e.text, "the table of versions says 0"));
	l.found_by = "debug_offsets";
	e = (struct err) { 0 };
	assert_int_equal(layout_agree(&l, &other, "the file", &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "_Py_DebugOffsets says 0"));
}

static u8 *read_self(size_t *ret_size)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	u8 *bytes;

	assert_true(fd >= 0 && !fstat(fd, &st));
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

static struct elf_section section(const char *name)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct elf_section s = { 0 };
	struct elf_file *f;

	assert_int_equal(elf_file_open(fd, "self", &f, NULL), 0);
	close(fd);
	if (elf_file_section(f, name, &s))
		skip();
	elf_file_close(f);
	return s;
}

/* What is read of a broken file lies in what a struct may be, and is there soon. */
static void check_copy(const u8 *bytes, size_t size)
{
	char path[] = "/tmp/test_layout_dwarf.XXXXXX";
	struct timespec before, after;
	struct py_layout l;
	int fd = mkstemp(path), r;
	size_t i;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	clock_gettime(CLOCK_MONOTONIC, &before);
	r = read_file(path, NULL, &l);
	clock_gettime(CLOCK_MONOTONIC, &after);
	unlink(path);
	assert_true(r == 0 || r == -EBADMSG);
	assert_true(after.tv_sec - before.tv_sec < 10);
	for (i = 0; !r && i < LAYOUT_FIELDS; i++)
		assert_true(layout_field(&l, i) == GS_NO_FIELD || layout_field(&l, i) <= 64U << 20);
}

static void damaged_files(void **state)
{
	static const char *const names[] = { ".debug_abbrev", ".debug_info", ".debug_str" };
	struct elf_section s[3];
	size_t size, k, n, at;
	u8 *bytes, old[16];

	(void)state;
	for (k = 0; k < 3; k++)
		s[k] = section(names[k]);
	bytes = read_self(&size);
	srandom(1);
	for (n = 0; n < DAMAGED; n++) {
		k = n % 3;
		assert_true(s[k].size > sizeof(old));
		at = s[k].offset + (size_t)random() % (s[k].size - sizeof(old));
		if (n < 3)
			at = s[k].offset; /* the header */
		memcpy(old, bytes + at, sizeof(old));
		for (size_t i = 0; i < sizeof(old); i++)
			bytes[at + i] = (u8)random();
		check_copy(bytes, size);
		memcpy(bytes + at, old, sizeof(old));
	}
	check_copy(bytes, s[1].offset + s[1].size / 2); /* cut short */
	free(bytes);
}

/*
 * A unit of version 4 whose first entry's child names itself as its sibling: whoever steps over
 * the first goes round for ever.
 */
static void entries_in_a_circle(void **state)
{
	static const u8 abbrev[] = {
		1, 0x11, 1, 0,	  0, /* compile_unit, children */
		2, 0x13, 1, 0,	  0, /* structure_type, children, no sibling */
		3, 0x13, 1, 0x01, 0x13, 0, 0, /* structure_type, DW_AT_sibling ref4 */
		0,
	};
	static const u8 info[] = {
		17, 0, 0, 0,  4, 0, 0, 0, 0, 0, 8, /* length, version, abbrevs, address size */
		1,  2, 3, 13, 0, 0, 0, 0, 0, 0, /* the entry at 13 says its sibling is at 13 */
	};
	struct elf_section a = section(".debug_abbrev"), i = section(".debug_info");
	size_t size;
	u8 *bytes = read_self(&size);

	(void)state;
	assert_true(a.size > sizeof(abbrev) && i.size > sizeof(info));
	memcpy(bytes + a.offset, abbrev, sizeof(abbrev));
	memcpy(bytes + i.offset, info, sizeof(info));
	check_copy(bytes, size);
	free(bytes);
}

/* Its section of debug information is what is at the end of @bytes, @at to @size. */
static void move_info(u8 *bytes, size_t at, size_t size)
{
	struct elf_section info = section(".debug_info");
	Elf64_Ehdr *e = (Elf64_Ehdr *)bytes;
	Elf64_Shdr *s = (Elf64_Shdr *)(bytes + e->e_shoff);

	for (int i = 0; i < e->e_shnum; i++)
		if (s[i].sh_offset == info.offset && s[i].sh_size == info.size) {
			s[i].sh_offset = at;
			s[i].sh_size = size - at;
		}
}

/* Millions of entries: who does not wait for the last is told so, not that nothing can be read. */
static void takes_too_long(void **state)
{
	enum { ENTRIES = 8 << 20, HEAD = 12 };
	static const u8 abbrev[] = {
		1, 0x11, 1, 0, 0, /* compile_unit, children */
		2, 0x13, 0, 0, 0, /* structure_type, neither children nor a name */
		0,
	};
	struct elf_section a = section(".debug_abbrev");
	struct py_layout wanted = all_wanted(), l;
	struct layout_dwarf_from from = { .wanted = &wanted, .limit_ms = 1 };
	u32 length = HEAD - 4 + ENTRIES;
	size_t at;
	u8 *bytes = read_self(&at);

	(void)state;
	bytes = realloc(bytes, at + HEAD + ENTRIES);
	assert_non_null(bytes);
	memcpy(bytes + a.offset, abbrev, sizeof(abbrev));
	move_info(bytes, at, at + HEAD + ENTRIES);
	memset(bytes + at, 2, HEAD + ENTRIES);
	memcpy(bytes + at, &length, sizeof(length));
	memcpy(bytes + at + 4, "\4\0\0\0\0\0\10\1", 8);
	from.fd = memfd_create("entries", MFD_CLOEXEC);
	assert_true(from.fd >= 0);
	assert_true(write(from.fd, bytes, at + HEAD + ENTRIES) == (ssize_t)(at + HEAD + ENTRIES));
	assert_int_equal(layout_dwarf_read(&from, &l), -ETIME);
	close(from.fd);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_what_the_compiler_knows),
		cmocka_unit_test(of_another_build_says_nothing),
		cmocka_unit_test(contradictions_name_both),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(entries_in_a_circle),
		cmocka_unit_test(takes_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
