/* What the three parts of struct elf_file (headers, symbols, imports) share. */
#ifndef GS_USER_SYM_ELF_PRIVATE_H
#define GS_USER_SYM_ELF_PRIVATE_H

#include "user/sym/elf_file.h"

#define ELF_SEGMENTS_MAX 32
#define ELF_SECTIONS_MAX 4096
#define ELF_DYNAMIC_MAX 1024

/* From PT_DYNAMIC: vaddrs, and sizes in bytes; 0 where absent. */
struct elf_dynamic {
	u64 symtab, strtab, strsz;
	u64 gnu_hash, hash;
	u64 rela, relasz;
	u64 jmprel, pltrelsz;
	u64 soname; /* offset in strtab + 1 */
};

/* A jump through a slot, and where its PLT entry begins. */
struct elf_stub {
	u64 slot, stub;
};

/* What differs between machines (elf_machine.c). */
struct elf_machine {
	u16 number; /* EM_* */
	const char *name;
	/* relocation types */
	u32 jump_slot, glob_dat, relative, absolute;
	/* Note the PLT entries among the @size bytes at @p, which is at @vaddr. */
	void (*find_stubs)(struct elf_file *f, u64 vaddr, const u8 *p, u64 size);
};

struct elf_file {
	int fd;
	char *name; /* owned */
	u64 size; /* of the file, bytes, when it was opened */
	const struct elf_machine *machine;
	Elf64_Ehdr eh;
	struct elf_segment segs[ELF_SEGMENTS_MAX];
	size_t nsegs;
	u64 dynamic_vaddr, dynamic_size;
	struct elf_dynamic dyn;
	Elf64_Shdr *sections; /* owned; NULL: none */
	size_t nsections;
	char *section_names; /* owned, section_names_size bytes, the last one NUL */
	size_t section_names_size;
	Elf64_Sym *symtab; /* owned; .symtab, read when first asked for */
	size_t nsymtab;
	char *symtab_names; /* owned, NUL-terminated */
	size_t symtab_names_size;
	bool symtab_tried;
	struct elf_stub *stubs; /* owned; all of the file, found when first asked for */
	size_t nstubs;
	bool stubs_tried;
};

/* Read @len bytes at @offset of the file.  0, -EBADMSG if it has fewer, or an errno. */
int elf_read(const struct elf_file *f, u64 offset, void *buf, size_t len);

/* The row of machine @number (EM_*); NULL: not known. */
const struct elf_machine *elf_machine_find(u16 number);

/* Remember a PLT entry; false if there are too many. */
bool elf_stub_add(struct elf_file *f, u64 slot, u64 stub);

/* Read the section headers, if there are any that make sense. */
int elf_sections_read(struct elf_file *f);

/* Symbol @index of .dynsym and its name; false if out of the file. */
bool elf_dynsym(struct elf_file *f, u64 index, Elf64_Sym *ret_sym, const char **ret_name);

#endif
