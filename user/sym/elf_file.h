/*
 * An ELF file read with suspicion: every offset, size and count in it is checked against the
 * file before use, and what is missing is said by name.  Works from the program headers and
 * PT_DYNAMIC, as the dynamic loader does; section headers only add (.symtab, notes).
 *
 * Nothing is mapped: segments are read when first needed, so a file that shrinks meanwhile is
 * an error, not a SIGBUS.  Not thread-safe.
 */
#ifndef GS_USER_SYM_ELF_FILE_H
#define GS_USER_SYM_ELF_FILE_H

#include <elf.h>
#include <stddef.h>

#include "bpf/types.h"
#include "user/base/err.h"

struct elf_file;

struct elf_section {
	u64 vaddr; /* 0: not loaded */
	u64 offset, size; /* in the file, bytes; within it */
	u32 type; /* SHT_* */
};

struct elf_symbol {
	u64 vaddr;
	u64 size; /* bytes; 0: unknown */
	bool function;
	bool dynamic; /* from .dynsym, else from .symtab */
};

/* Loaded parts of the file, in the order of the program headers. */
struct elf_segment {
	u64 vaddr, offset, filesz, memsz;
	u32 flags; /* PF_* */
	u8 *data; /* private: NULL until read */
};

#define ELF_IMPORT_MAX 8

/* Where calls to an imported function go through. */
struct elf_import {
	u64 slots[ELF_IMPORT_MAX]; /* vaddrs of GOT entries */
	u32 nslots;
	u64 stubs[ELF_IMPORT_MAX]; /* vaddrs of PLT entries, what `call name@plt` targets */
	u32 nstubs;
};

/*
 * elf_file_open - read the headers of the file open as @fd (borrowed; kept as a duplicate)
 * @name: what to call it in errors; copied
 *
 * Return: 0; -ENOEXEC not an ELF file; -ENOTSUP 32-bit, or for another machine than x86-64 and
 * aarch64 (which need not be this one); -EBADMSG damaged; or another negative errno.  @e is set
 * (GS_EXIT_TARGET, or GS_EXIT_UNSUPPORTED for -ENOTSUP).
 */
int elf_file_open(int fd, const char *name, struct elf_file **ret_f, struct err *e);

/* Close.  NULL is fine.  Returns NULL. */
struct elf_file *elf_file_close(struct elf_file *f);

const char *elf_file_name(const struct elf_file *f);
int elf_file_fd(const struct elf_file *f); /* borrowed, open for reading */
u16 elf_file_type(const struct elf_file *f); /* ET_EXEC or ET_DYN */
u16 elf_file_machine(const struct elf_file *f); /* EM_X86_64 or EM_AARCH64 */
const char *elf_file_machine_name(const struct elf_file *f); /* "x86-64" or "aarch64"; static */

/*
 * elf_file_runs_here - is it for the machine that gilscope runs on?
 * Return: 0, or -ENOTSUP with @e set (exit code 5).
 */
int elf_file_runs_here(const struct elf_file *f, struct err *e);
size_t elf_file_nsegments(const struct elf_file *f);

/*
 * Segment @i, its bytes read: filesz bytes at *@ret_data.  NULL if there is none or it fails.
 * With @ret_data NULL nothing is read.
 */
const struct elf_segment *elf_file_segment(struct elf_file *f, size_t i, const u8 **ret_data);

/* @len bytes at @vaddr, all of them from the file; NULL otherwise.  Valid until close. */
const u8 *elf_file_bytes(struct elf_file *f, u64 vaddr, u64 len);

/* The NUL-terminated string at @vaddr, at most @max bytes long; NULL otherwise. */
const char *elf_file_string(struct elf_file *f, u64 vaddr, size_t max);

/* vaddr -> file offset and back, through PT_LOAD.  0 or -ENOENT. */
int elf_file_offset(const struct elf_file *f, u64 vaddr, u64 *ret_offset);
int elf_file_vaddr(const struct elf_file *f, u64 offset, u64 *ret_vaddr);

/* The section called @name.  0 or -ENOENT. */
int elf_file_section(const struct elf_file *f, const char *name, struct elf_section *ret_s);

/* Read all of a section (at most 256 MiB).  malloc'd bytes, or NULL. */
u8 *elf_file_section_read(const struct elf_file *f, const struct elf_section *s);

/* A symbol defined here: .symtab first, then .dynsym.  0 or -ENOENT. */
int elf_file_symbol(struct elf_file *f, const char *name, struct elf_symbol *ret_s);

/* As above, .dynsym only: what the file exports (through its hash table, so cheap). */
int elf_file_export(struct elf_file *f, const char *name, struct elf_symbol *ret_s);

/* The function that @vaddr is in, by name; NULL if no table says.  Valid until close. */
const char *elf_file_function_at(struct elf_file *f, u64 vaddr);

/* A function by its place. */
struct elf_function {
	u64 vaddr, size; /* bytes, not 0 */
	const char *name; /* not ""; valid until close */
};

/*
 * elf_file_functions - the functions that have names: of .symtab, or where it has none, of .dynsym
 * Return: how many, by rising address, at most 4 Mi; *@ret_list is malloc'd, NULL with 0.
 */
size_t elf_file_functions(struct elf_file *f, struct elf_function **ret_list);

/* Build id as hex, or NULL.  malloc'd. */
char *elf_file_build_id(struct elf_file *f);

/* DT_SONAME, or NULL.  Valid until close. */
const char *elf_file_soname(struct elf_file *f);

/* The first DT_NEEDED that begins with @prefix, or NULL.  Valid until close. */
const char *elf_file_needs(struct elf_file *f, const char *prefix);

/*
 * elf_file_import - GOT slots and PLT stubs of @name
 *
 * Slots come from JUMP_SLOT and GLOB_DAT relocations; a stub is code that jumps through a slot,
 * anywhere in executable segments (.plt, .plt.sec, .plt.got).  x86-64: `jmp *slot(%rip)`, from its
 * `endbr64` or `bnd` on; aarch64: adrp x16, ldr x17, [add x16,] br x17, from its `bti c` on.
 * Return: 0, or -ENOENT if it is not imported.
 */
int elf_file_import(struct elf_file *f, const char *name, struct elf_import *ret_i);

/*
 * elf_file_got_value - what the loader puts into the GOT entry at @slot
 * Return: 0 with the vaddr of the symbol, if that is defined in this file; -ENOENT otherwise.
 */
int elf_file_got_value(struct elf_file *f, u64 slot, u64 *ret_vaddr);

/*
 * elf_file_pointer - the pointer at @vaddr of data as it is after relocation, as a vaddr
 * Return: 0; -ENOENT if it refers outside the file or cannot be told.
 */
int elf_file_pointer(struct elf_file *f, u64 vaddr, u64 *ret_vaddr);

/*
 * elf_file_pointers - those at @n places, which @vaddrs has in rising order; 0 in @ret_vaddrs for
 * one that cannot be told.  The relocations are read but once.
 */
void elf_file_pointers(struct elf_file *f, const u64 *vaddrs, size_t n, u64 *ret_vaddrs);

#endif
