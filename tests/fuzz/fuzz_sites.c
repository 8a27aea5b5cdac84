/*
 * Fuzzing the search for probe sites, and the reading of what is exported about the layout: the
 * input changes bytes of an interpreter.
 *
 * The interpreter is the small one of seed_python.c ($SEED_PYTHON), or any other file that variable
 * names.  The input is a list of { u32 where, u8 how many, bytes }; `where` wraps round.  Its first
 * byte also chooses the family whose sites are looked for.  Whatever was changed: what is called a
 * site lies in code, on an instruction's first byte, or it is refused with one line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/fuzz/elf_maker.h"
#include "user/sym/code.h"
#include "user/target/binary.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

#define PATCHES_MAX 64

/* Looked for one at a time: what one misses does not keep the others from being searched. */
static const u32 families[] = {
	GS_FAMILY_BIT(GS_FAMILY_GIL),	GS_FAMILY_BIT(GS_FAMILY_GC),
	GS_FAMILY_BIT(GS_FAMILY_REFS),	GS_FAMILY_BIT(GS_FAMILY_ASYNCIO),
	GS_FAMILY_BIT(GS_FAMILY_CALLS), GS_FAMILY_BIT(GS_FAMILY_FT),
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static u8 *whole;
static size_t whole_size;
static int file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *path = getenv("SEED_PYTHON");
	int fd = path ? open(path, O_RDONLY) : -1;
	struct stat st;

	(void)argc;
	(void)argv;
	if (fd < 0 || fstat(fd, &st)) {
		perror("SEED_PYTHON");
		exit(2);
	}
	whole_size = (size_t)st.st_size;
	whole = malloc(whole_size);
	CHECK(whole && read(fd, whole, whole_size) == (ssize_t)whole_size);
	close(fd);
	file = em_file(whole, whole_size);
	return 0;
}

static void check_sites(const struct py_binary *b, struct elf_file *f)
{
	struct code *c = NULL;
	u64 vaddr;

	if (code_new(f, &c, NULL)) {
		CHECK(!b->nsites);
		return;
	}
	for (size_t i = 0; i < b->nsites; i++) {
		CHECK(!elf_file_vaddr(f, b->sites[i].offset, &vaddr));
		CHECK(code_range_at(c, vaddr) && code_is_boundary(c, vaddr));
		CHECK(b->sites[i].evidence && b->sites[i].evidence[0]);
	}
	code_free(c);
}

/* 0, or one line that says why not. */
static int told(int r, const struct err *e)
{
	if (r)
		CHECK(e->code && e->text[0] && !strchr(e->text, '\n'));
	if (getenv("SEED_VERBOSE"))
		fprintf(stderr, "%d: %s\n", r, e->text);
	return r;
}

/* @which: a family, or all of them. */
static void look(size_t which)
{
	struct py_binary *b = NULL;
	struct elf_file *f = NULL;
	struct err e = { 0 };
	int r = told(elf_file_open(file, "libpython3.11.so.1.0", &f, &e), &e);

	if (!r)
		r = told(binary_new(f, "/usr/lib/libpython3.11.so.1.0", "", &b, &e), &e);
	for (size_t i = 0; !r && i < FAMILIES; i++) {
		struct err why = { 0 };

		if (which != FAMILIES && which != i)
			continue;
		b->count_symbol = "PyEval_SaveThread";
		/* Its GIL is of the other kind; the search for what stops the world is the same. */
		b->free_threaded = families[i] == GS_FAMILY_BIT(GS_FAMILY_FT);
		(void)told(binary_find_sites(b, f, families[i], 0, 0, &why), &why);
	}
	if (!r && !b->by_notes)
		check_sites(b, f);
	if (getenv("SEED_VERBOSE") && b)
		fprintf(stderr, "%zu sites, %u offsets confirmed\n", b->nsites,
			b->layout.confirmed);
	binary_free(b);
	elf_file_close(f);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct {
		size_t at, n;
	} patches[PATCHES_MAX];
	size_t n = 0, which = size ? data[0] % FAMILIES : FAMILIES;

	while (size > 5 && n < PATCHES_MAX) {
		u32 where;
		size_t len = data[4] % 32 + 1;

		memcpy(&where, data, sizeof(where));
		data += 5;
		size -= 5;
		len = len < size ? len : size;
		patches[n].at = where % (whole_size - 32);
		patches[n++].n = len;
		CHECK(pwrite(file, data, len, (off_t)(where % (whole_size - 32))) == (ssize_t)len);
		data += len;
		size -= len;
	}
	look(which);
	for (size_t i = 0; i < n; i++)
		CHECK(pwrite(file, whole + patches[i].at, patches[i].n, (off_t)patches[i].at) ==
		      (ssize_t)patches[i].n);
	return 0;
}
