/*
 * Fuzzing the reader of ELF files: the input is the file.  Everything that is asked of a file is
 * asked of it; what comes back must lie within it.
 */
#include "tests/fuzz/elf_maker.h"
#include "user/sym/elf_file.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static volatile u64 seen; /* so that what is handed out is read */

static void read_all(const u8 *p, u64 size)
{
	for (u64 i = 0; i < size; i++)
		seen += p[i];
}

static void segments(struct elf_file *f, u64 size)
{
	const struct elf_segment *s;
	u64 offset, vaddr;
	const u8 *bytes;

	for (size_t i = 0; (s = elf_file_segment(f, i, NULL)); i++) {
		CHECK(s->offset <= size && s->filesz <= size - s->offset);
		if (!elf_file_segment(f, i, &bytes))
			continue;
		read_all(bytes, s->filesz);
		CHECK(!elf_file_offset(f, s->vaddr, &offset) && offset < size);
		CHECK(!elf_file_vaddr(f, s->offset, &vaddr));
		/* Of overlapping ones the first counts: bytes there, or none, never others. */
		bytes = elf_file_bytes(f, s->vaddr, s->filesz);
		if (bytes)
			read_all(bytes, s->filesz);
	}
}

static void symbols(struct elf_file *f)
{
	static const char *const names[] = { "main", "_PyRuntime", "Py_Version", "a", "" };
	struct elf_import imp;
	struct elf_symbol sym;
	const char *name;
	u64 v, places[3], pointers[3];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!elf_file_symbol(f, names[i], &sym)) {
			name = elf_file_function_at(f, sym.vaddr);
			seen += name ? strlen(name) : 0;
			(void)elf_file_pointer(f, sym.vaddr, &v);
			for (u64 k = 0; k < 3; k++)
				places[k] = (sym.vaddr & ~(1ULL << 63)) + k * 8;
			elf_file_pointers(f, places, 3, pointers);
			for (int k = 0; k < 3; k++)
				CHECK(!elf_file_pointer(f, places[k], &v) == !!pointers[k]);
		}
		(void)elf_file_export(f, names[i], &sym);
	}
	if (!elf_file_import(f, "pthread_cond_signal", &imp)) {
		CHECK(imp.nslots && imp.nslots <= ELF_IMPORT_MAX && imp.nstubs <= ELF_IMPORT_MAX);
		(void)elf_file_got_value(f, imp.slots[0], &v);
		(void)elf_file_pointer(f, imp.slots[0], &v);
	}
}

static void functions(struct elf_file *f)
{
	struct elf_function *list;
	size_t n = elf_file_functions(f, &list);

	CHECK(!n == !list);
	for (size_t i = 0; i < n; i++) {
		CHECK(list[i].size && list[i].name[0]);
		CHECK(!i || list[i - 1].vaddr <= list[i].vaddr);
		seen += strlen(list[i].name);
	}
	free(list);
}

static void sections(struct elf_file *f, u64 size)
{
	static const char *const names[] = { ".text", ".eh_frame", ".symtab", ".note.stapsdt",
					     ".PyRuntime" };
	struct elf_section s;
	u8 *bytes;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (elf_file_section(f, names[i], &s))
			continue;
		CHECK(s.offset <= size && s.size <= size - s.offset);
		bytes = elf_file_section_read(f, &s);
		if (bytes)
			read_all(bytes, s.size);
		free(bytes);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct elf_file *f = NULL;
	struct err e = { 0 };
	const char *text;
	int fd = em_file(data, size);
	char *id;

	if (elf_file_open(fd, "a-file", &f, &e)) {
		CHECK(!f && (e.code == GS_EXIT_TARGET || e.code == GS_EXIT_UNSUPPORTED) &&
		      e.text[0]);
		close(fd);
		return 0;
	}
	close(fd);
	segments(f, size);
	sections(f, size);
	symbols(f);
	functions(f);
	text = elf_file_soname(f);
	seen += text ? strlen(text) : 0;
	text = elf_file_needs(f, "lib");
	CHECK(!text || !strncmp(text, "lib", 3));
	id = elf_file_build_id(f);
	CHECK(!id || (strlen(id) <= 128 && strlen(id) == strspn(id, "0123456789abcdef")));
	free(id);
	CHECK(!elf_file_close(f));
	return 0;
}
