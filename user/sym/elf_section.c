/*
 * The optional half of an ELF file: section headers and what hangs off them (.symtab, notes).
 * Absent or damaged ones are as good as none; the rest of struct elf_file goes on without.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/elf_private.h"

#define SECTION_SIZE_MAX (256ULL << 20)
#define NOTE_NAME_GNU "GNU"
#define FUNCTIONS_MAX (4U << 20) /* of one file; the largest libraries have a tenth of it */

u8 *elf_file_section_read(const struct elf_file *f, const struct elf_section *s)
{
	u8 *data;

	if (!s->size || s->size > SECTION_SIZE_MAX)
		return NULL;
	data = malloc(s->size);
	if (data && elf_read(f, s->offset, data, s->size)) {
		free(data);
		return NULL;
	}
	return data;
}

static bool in_file(const struct elf_file *f, const Elf64_Shdr *sh)
{
	return sh->sh_type != SHT_NOBITS && sh->sh_offset <= f->size &&
	       sh->sh_size <= f->size - sh->sh_offset;
}

static struct elf_section as_section(const Elf64_Shdr *sh)
{
	return (struct elf_section) {
		.vaddr = sh->sh_flags & SHF_ALLOC ? sh->sh_addr : 0,
		.offset = sh->sh_offset,
		.size = sh->sh_size,
		.type = sh->sh_type,
	};
}

/* A string table, its last byte made NUL so that any offset within is a string. */
static char *read_strings(struct elf_file *f, u32 index, size_t *ret_size)
{
	struct elf_section s;
	char *text;

	if (index >= f->nsections || !in_file(f, &f->sections[index]))
		return NULL;
	s = as_section(&f->sections[index]);
	text = (char *)elf_file_section_read(f, &s);
	if (!text)
		return NULL;
	text[s.size - 1] = '\0';
	*ret_size = s.size;
	return text;
}

int elf_sections_read(struct elf_file *f)
{
	size_t n = f->eh.e_shnum;

	if (!n || n > ELF_SECTIONS_MAX || f->eh.e_shentsize != sizeof(Elf64_Shdr))
		return 0;
	f->sections = calloc(n, sizeof(*f->sections));
	if (!f->sections)
		return -ENOMEM;
	if (!elf_read(f, f->eh.e_shoff, f->sections, n * sizeof(*f->sections))) {
		f->nsections = n;
		f->section_names = read_strings(f, f->eh.e_shstrndx, &f->section_names_size);
	}
	if (!f->section_names)
		f->nsections = 0;
	return 0;
}

int elf_file_section(const struct elf_file *f, const char *name, struct elf_section *ret_s)
{
	size_t i;

	for (i = 0; i < f->nsections; i++) {
		const Elf64_Shdr *sh = &f->sections[i];

		if (sh->sh_name >= f->section_names_size || !in_file(f, sh) ||
		    strcmp(f->section_names + sh->sh_name, name))
			continue;
		*ret_s = as_section(sh);
		return 0;
	}
	return -ENOENT;
}

static void symtab_read(struct elf_file *f)
{
	struct elf_section s;
	size_t i;

	f->symtab_tried = true;
	for (i = 0; i < f->nsections; i++) {
		if (f->sections[i].sh_type == SHT_SYMTAB && in_file(f, &f->sections[i]))
			break;
	}
	if (i == f->nsections || f->sections[i].sh_entsize != sizeof(*f->symtab))
		return;
	f->symtab_names = read_strings(f, f->sections[i].sh_link, &f->symtab_names_size);
	if (!f->symtab_names)
		return;
	s = as_section(&f->sections[i]);
	f->symtab = (Elf64_Sym *)elf_file_section_read(f, &s);
	f->nsymtab = f->symtab ? s.size / sizeof(*f->symtab) : 0;
}

static const char *symtab_name(const struct elf_file *f, const Elf64_Sym *sym)
{
	return sym->st_name < f->symtab_names_size ? f->symtab_names + sym->st_name : "";
}

int elf_file_symbol(struct elf_file *f, const char *name, struct elf_symbol *ret_s)
{
	size_t i;

	if (!f->symtab_tried)
		symtab_read(f);
	for (i = 0; i < f->nsymtab; i++) {
		const Elf64_Sym *sym = &f->symtab[i];

		if (sym->st_shndx == SHN_UNDEF || strcmp(symtab_name(f, sym), name))
			continue;
		*ret_s = (struct elf_symbol) {
			.vaddr = sym->st_value,
			.size = sym->st_size,
			.function = ELF64_ST_TYPE(sym->st_info) == STT_FUNC,
		};
		return 0;
	}
	return elf_file_export(f, name, ret_s);
}

static const char *symtab_function_at(struct elf_file *f, u64 vaddr)
{
	size_t i;

	if (!f->symtab_tried)
		symtab_read(f);
	for (i = 0; i < f->nsymtab; i++) {
		const Elf64_Sym *sym = &f->symtab[i];

		if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC && sym->st_shndx != SHN_UNDEF &&
		    vaddr >= sym->st_value && vaddr - sym->st_value < sym->st_size)
			return symtab_name(f, sym);
	}
	return NULL;
}

/* How many symbols .dynsym has. */
static size_t ndynsym(const struct elf_file *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nsections; i++) {
		if (f->sections[i].sh_type == SHT_DYNSYM && in_file(f, &f->sections[i]))
			n = f->sections[i].sh_size / sizeof(Elf64_Sym);
	}
	return n;
}

const char *elf_file_function_at(struct elf_file *f, u64 vaddr)
{
	const char *name = symtab_function_at(f, vaddr);
	size_t n;

	if (name)
		return name;
	n = ndynsym(f);
	for (size_t i = 0; i < n; i++) {
		Elf64_Sym sym;

		if (!elf_dynsym(f, i, &sym, &name))
			return NULL;
		if (ELF64_ST_TYPE(sym.st_info) == STT_FUNC && sym.st_shndx != SHN_UNDEF &&
		    vaddr >= sym.st_value && vaddr - sym.st_value < sym.st_size)
			return name;
	}
	return NULL;
}

static int by_vaddr(const void *a, const void *b)
{
	const struct elf_function *x = a, *y = b;

	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

static void add_function(struct elf_function *list, size_t *n, const Elf64_Sym *sym,
			 const char *name)
{
	u8 type = ELF64_ST_TYPE(sym->st_info);

	if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym->st_shndx == SHN_UNDEF ||
	    !sym->st_size || !*name)
		return;
	list[(*n)++] = (struct elf_function) { sym->st_value, sym->st_size, name };
}

size_t elf_file_functions(struct elf_file *f, struct elf_function **ret_list)
{
	struct elf_function *list;
	size_t of, n = 0;

	*ret_list = NULL;
	if (!f->symtab_tried)
		symtab_read(f);
	of = f->nsymtab ? f->nsymtab : ndynsym(f);
	if (of > FUNCTIONS_MAX)
		of = FUNCTIONS_MAX;
	list = of ? malloc(of * sizeof(*list)) : NULL;
	for (size_t i = 0; list && i < of; i++) {
		Elf64_Sym sym;
		const char *name;

		if (f->nsymtab)
			add_function(list, &n, &f->symtab[i], symtab_name(f, &f->symtab[i]));
		else if (elf_dynsym(f, i, &sym, &name))
			add_function(list, &n, &sym, name);
	}
	if (!n) {
		free(list);
		return 0;
	}
	qsort(list, n, sizeof(*list), by_vaddr);
	*ret_list = list;
	return n;
}

static char *hex(const u8 *p, size_t n)
{
	char *text = malloc(2 * n + 1);
	size_t i;

	for (i = 0; text && i < n; i++)
		sprintf(text + 2 * i, "%02x", p[i]);
	return text;
}

/* .note.gnu.build-id: {namesz, descsz, type}, "GNU\0", the id. */
char *elf_file_build_id(struct elf_file *f)
{
	struct elf_section s;
	Elf64_Nhdr nh;
	char *text = NULL;
	u8 *data;

	if (elf_file_section(f, ".note.gnu.build-id", &s))
		return NULL;
	data = elf_file_section_read(f, &s);
	if (!data)
		return NULL;
	if (s.size > sizeof(nh)) {
		memcpy(&nh, data, sizeof(nh));
		if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == sizeof(NOTE_NAME_GNU) &&
		    nh.n_descsz && nh.n_descsz <= 64 &&
		    s.size - sizeof(nh) >= sizeof(NOTE_NAME_GNU) + nh.n_descsz &&
		    !memcmp(data + sizeof(nh), NOTE_NAME_GNU, sizeof(NOTE_NAME_GNU)))
			text = hex(data + sizeof(nh) + sizeof(NOTE_NAME_GNU), nh.n_descsz);
	}
	free(data);
	return text;
}
