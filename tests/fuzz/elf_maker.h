/*
 * A small ELF file of any parts, well-formed around them: what fuzz targets put their bytes into,
 * so that they reach the parser they are meant for.
 *
 * All of the file is one loaded segment, readable, writable and executable, at EM_BASE.
 *
 *   em_begin -> em_add... -> em_end -> em_fd (as often as wanted)
 */
#ifndef GS_TESTS_FUZZ_ELF_MAKER_H
#define GS_TESTS_FUZZ_ELF_MAKER_H

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/types.h"

#define EM_BASE 0x400000ULL
#define EM_BYTES (256 * 1024)
#define EM_SECTIONS 16
#define EM_PHDRS 2

struct elf_maker {
	u8 bytes[EM_BYTES];
	size_t used;
	Elf64_Shdr sections[EM_SECTIONS];
	u16 nsections;
	char names[256];
	size_t names_used;
	u16 machine; /* EM_*; 0: x86-64 */
};

static inline void em_begin(struct elf_maker *m)
{
	memset(m, 0, sizeof(*m));
	m->used = sizeof(Elf64_Ehdr) + EM_PHDRS * sizeof(Elf64_Phdr);
	m->nsections = 1; /* the empty one */
	m->names_used = 1;
}

/* A section of a copy of @data; where it is loaded.  Aborts if there is no room. */
static inline u64 em_add(struct elf_maker *m, const char *name, u32 type, const void *data,
			 size_t size)
{
	size_t len = strlen(name) + 1;
	Elf64_Shdr *s = &m->sections[m->nsections++];

	m->used = (m->used + 15) & ~15UL;
	if (m->nsections > EM_SECTIONS - 1 || m->names_used + len > sizeof(m->names) ||
	    size > EM_BYTES / 2 || m->used + size > EM_BYTES - 4096)
		abort();
	*s = (Elf64_Shdr) {
		.sh_name = (u32)m->names_used,
		.sh_type = type,
		.sh_flags = SHF_ALLOC,
		.sh_addr = EM_BASE + m->used,
		.sh_offset = m->used,
		.sh_size = size,
		.sh_addralign = 1,
	};
	memcpy(m->names + m->names_used, name, len);
	m->names_used += len;
	if (size)
		memcpy(m->bytes + m->used, data, size);
	m->used += size;
	return s->sh_addr;
}

/* Put the headers in; @dynamic is where PT_DYNAMIC is loaded (0: none), @dynamic_size its bytes. */
static inline void em_end(struct elf_maker *m, u64 dynamic, u64 dynamic_size)
{
	Elf64_Ehdr eh = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = m->machine ? m->machine : EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = EM_PHDRS,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	Elf64_Phdr ph[EM_PHDRS] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X, .p_vaddr = EM_BASE },
		{ .p_type = dynamic ? PT_DYNAMIC : PT_NULL,
		  .p_vaddr = dynamic,
		  .p_offset = dynamic - EM_BASE,
		  .p_filesz = dynamic_size,
		  .p_memsz = dynamic_size },
	};

	em_add(m, ".shstrtab", SHT_STRTAB, m->names, sizeof(m->names));
	/* with its own name, which came last */
	memcpy(m->bytes + m->sections[m->nsections - 1].sh_offset, m->names, sizeof(m->names));
	m->used = (m->used + 15) & ~15UL;
	eh.e_shoff = m->used;
	eh.e_shnum = m->nsections;
	eh.e_shstrndx = (u16)(m->nsections - 1);
	memcpy(m->bytes + m->used, m->sections, m->nsections * sizeof(Elf64_Shdr));
	m->used += m->nsections * sizeof(Elf64_Shdr);
	ph[0].p_filesz = ph[0].p_memsz = m->used;
	memcpy(m->bytes, &eh, sizeof(eh));
	memcpy(m->bytes + sizeof(eh), ph, sizeof(ph));
}

/* @size bytes as a file in memory; aborts if there is none. */
static inline int em_file(const void *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	return fd;
}

static inline int em_fd(const struct elf_maker *m)
{
	return em_file(m->bytes, m->used);
}

/*
 * An .eh_frame with one CIE and a row for each of the @n ranges, in @buf of @size bytes, to be
 * loaded at @at: addresses are 4 bytes, relative to where they are written.  Return: its bytes.
 */
static inline size_t em_eh_frame(u8 *buf, size_t size, u64 at, const u64 (*ranges)[2], size_t n)
{
	static const u8 cie[] = { 20, 0, 0,  0, 0,    0,  0, 0, 1,    'z', 'R', 0,
				  1,  8, 16, 1, 0x1b, 12, 7, 8, 0x90, 1,   0,	0 };
	size_t used = sizeof(cie);

	if (size < sizeof(cie) + 4 + n * 20)
		abort();
	memcpy(buf, cie, sizeof(cie));
	for (size_t i = 0; i < n; i++, used += 20) {
		u32 words[4] = { 16, (u32)(used + 4), (u32)(ranges[i][0] - (at + used + 8)),
				 (u32)(ranges[i][1] - ranges[i][0]) };

		memcpy(buf + used, words, sizeof(words));
		memset(buf + used + sizeof(words), 0, 4);
	}
	memset(buf + used, 0, 4);
	return used + 4;
}

#endif
