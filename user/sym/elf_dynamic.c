/*
 * What the dynamic loader would see: exported symbols through the hash table, imports and
 * relocations.  Invariant: every loop is bounded by a count of our own, whatever the file says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/elf_private.h"

#define CHAIN_MAX 65536 /* symbols looked at for one name */
#define RELOCS_MAX (1U << 22)
#define STUBS_MAX 16384

bool elf_dynsym(struct elf_file *f, u64 index, Elf64_Sym *ret_sym, const char **ret_name)
{
	const u8 *p;

	if (!f->dyn.symtab || index > UINT32_MAX)
		return false;
	p = elf_file_bytes(f, f->dyn.symtab + index * sizeof(*ret_sym), sizeof(*ret_sym));
	if (!p)
		return false;
	memcpy(ret_sym, p, sizeof(*ret_sym));
	if (ret_sym->st_name >= f->dyn.strsz)
		return false;
	*ret_name = elf_file_string(f, f->dyn.strtab + ret_sym->st_name, 4096);
	return *ret_name;
}

static bool u32_at(struct elf_file *f, u64 vaddr, u32 *ret)
{
	const u8 *p = elf_file_bytes(f, vaddr, sizeof(*ret));

	if (p)
		memcpy(ret, p, sizeof(*ret));
	return p;
}

static u32 gnu_hash(const char *name)
{
	u32 h = 5381;

	for (; *name; name++)
		h = h * 33 + (u8)*name;
	return h;
}

/* DT_GNU_HASH: nbuckets, symoffset, bloom_size, bloom_shift, bloom[], buckets[], chain[]. */
static bool find_gnu(struct elf_file *f, const char *name, Elf64_Sym *ret_sym)
{
	u64 at = f->dyn.gnu_hash, buckets, chain;
	u32 nbuckets, first, nbloom, index, h, n;
	const u32 want = gnu_hash(name);
	const char *got;

	if (!at || !u32_at(f, at, &nbuckets) || !u32_at(f, at + 4, &first) ||
	    !u32_at(f, at + 8, &nbloom) || !nbuckets)
		return false;
	buckets = at + 16 + 8ULL * nbloom;
	chain = buckets + 4ULL * nbuckets;
	if (!u32_at(f, buckets + 4ULL * (want % nbuckets), &index) || index < first)
		return false;
	for (n = 0; n < CHAIN_MAX; n++, index++) {
		if (!u32_at(f, chain + 4ULL * (index - first), &h))
			return false;
		if ((h | 1) == (want | 1)) {
			if (elf_dynsym(f, index, ret_sym, &got) && ret_sym->st_shndx != SHN_UNDEF &&
			    !strcmp(got, name))
				return true;
		}
		if (h & 1)
			return false;
	}
	return false;
}

/* DT_HASH: nbucket, nchain, buckets[], chain[]; nchain is the number of symbols. */
static bool find_sysv(struct elf_file *f, const char *name, Elf64_Sym *ret_sym)
{
	u32 nchain, i;

	if (!f->dyn.hash || !u32_at(f, f->dyn.hash + 4, &nchain))
		return false;
	for (i = 1; i < nchain && i < CHAIN_MAX; i++) {
		const char *got;

		if (!elf_dynsym(f, i, ret_sym, &got))
			return false;
		if (ret_sym->st_shndx != SHN_UNDEF && !strcmp(got, name))
			return true;
	}
	return false;
}

int elf_file_export(struct elf_file *f, const char *name, struct elf_symbol *ret_s)
{
	Elf64_Sym sym;

	if (f->dyn.gnu_hash ? !find_gnu(f, name, &sym) : !find_sysv(f, name, &sym))
		return -ENOENT;
	*ret_s = (struct elf_symbol) {
		.vaddr = sym.st_value,
		.size = sym.st_size,
		.function = ELF64_ST_TYPE(sym.st_info) == STT_FUNC,
		.dynamic = true,
	};
	return 0;
}

/* Relocation @i of both tables taken as one; false past the end. */
static bool reloc_at(struct elf_file *f, size_t i, Elf64_Rela *ret_r)
{
	size_t nplt = f->dyn.pltrelsz / sizeof(*ret_r);
	size_t nrela = f->dyn.relasz / sizeof(*ret_r);
	const u8 *p;

	if (i >= RELOCS_MAX)
		return false;
	if (i < nplt)
		p = elf_file_bytes(f, f->dyn.jmprel + i * sizeof(*ret_r), sizeof(*ret_r));
	else if (i - nplt < nrela)
		p = elf_file_bytes(f, f->dyn.rela + (i - nplt) * sizeof(*ret_r), sizeof(*ret_r));
	else
		return false;
	if (!p)
		return false;
	memcpy(ret_r, p, sizeof(*ret_r));
	return true;
}

static void find_slots(struct elf_file *f, const char *name, struct elf_import *imp)
{
	Elf64_Rela r;
	size_t i;

	for (i = 0; reloc_at(f, i, &r) && imp->nslots < ELF_IMPORT_MAX; i++) {
		u32 type = ELF64_R_TYPE(r.r_info);
		Elf64_Sym sym;
		const char *got;

		if (type != f->machine->jump_slot && type != f->machine->glob_dat)
			continue;
		if (elf_dynsym(f, ELF64_R_SYM(r.r_info), &sym, &got) && !strcmp(got, name))
			imp->slots[imp->nslots++] = r.r_offset;
	}
}

bool elf_stub_add(struct elf_file *f, u64 slot, u64 stub)
{
	if (f->nstubs == STUBS_MAX)
		return false;
	f->stubs[f->nstubs++] = (struct elf_stub) { .slot = slot, .stub = stub };
	return true;
}

static void stubs_read(struct elf_file *f)
{
	size_t i;

	f->stubs_tried = true;
	f->stubs = malloc(STUBS_MAX * sizeof(*f->stubs));
	for (i = 0; f->stubs && i < f->nsegs; i++) {
		const u8 *data;
		const struct elf_segment *s;

		if (!(f->segs[i].flags & PF_X))
			continue;
		s = elf_file_segment(f, i, &data);
		if (s)
			f->machine->find_stubs(f, s->vaddr, data, s->filesz);
	}
}

int elf_file_import(struct elf_file *f, const char *name, struct elf_import *ret_i)
{
	struct elf_import imp = { 0 };
	size_t i, k;

	find_slots(f, name, &imp);
	if (!imp.nslots)
		return -ENOENT;
	if (!f->stubs_tried)
		stubs_read(f);
	for (i = 0; i < f->nstubs; i++) {
		for (k = 0; k < imp.nslots; k++) {
			if (f->stubs[i].slot == imp.slots[k] && imp.nstubs < ELF_IMPORT_MAX)
				imp.stubs[imp.nstubs++] = f->stubs[i].stub;
		}
	}
	*ret_i = imp;
	return 0;
}

static int symbol_value(struct elf_file *f, const Elf64_Rela *r, u64 *ret_vaddr)
{
	Elf64_Sym sym;
	const char *name;

	if (!elf_dynsym(f, ELF64_R_SYM(r->r_info), &sym, &name) || sym.st_shndx == SHN_UNDEF)
		return -ENOENT;
	*ret_vaddr = sym.st_value + (u64)r->r_addend;
	return 0;
}

int elf_file_got_value(struct elf_file *f, u64 slot, u64 *ret_vaddr)
{
	Elf64_Rela r;
	size_t i;

	for (i = 0; reloc_at(f, i, &r); i++) {
		if (r.r_offset == slot && ELF64_R_TYPE(r.r_info) == f->machine->glob_dat)
			return symbol_value(f, &r, ret_vaddr);
	}
	return -ENOENT;
}

/* What is at @vaddr without a relocation: linked at a fixed address, or relocated in place (RELR).
 */
static u64 plain_pointer(struct elf_file *f, u64 vaddr)
{
	const u8 *p = elf_file_bytes(f, vaddr, sizeof(u64));
	u64 v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

/* What @r puts where it is; 0: not a pointer into this file. */
static u64 relocated(struct elf_file *f, const Elf64_Rela *r)
{
	u32 type = ELF64_R_TYPE(r->r_info);
	u64 v;

	if (type == f->machine->relative)
		return (u64)r->r_addend;
	if ((type != f->machine->absolute && type != f->machine->glob_dat) ||
	    symbol_value(f, r, &v))
		return 0;
	return v;
}

/* The index of @vaddr in @list, which is in rising order; @n: not there. */
static size_t index_of(const u64 *list, size_t n, u64 vaddr)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list[mid] < vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && list[low] == vaddr ? low : n;
}

void elf_file_pointers(struct elf_file *f, const u64 *vaddrs, size_t n, u64 *ret_vaddrs)
{
	Elf64_Rela r;
	size_t i, k;

	for (i = 0; i < n; i++)
		ret_vaddrs[i] = plain_pointer(f, vaddrs[i]);
	for (i = 0; n && reloc_at(f, i, &r); i++) {
		if (r.r_offset < vaddrs[0] || r.r_offset > vaddrs[n - 1])
			continue;
		k = index_of(vaddrs, n, r.r_offset);
		if (k < n)
			ret_vaddrs[k] = relocated(f, &r);
	}
}

int elf_file_pointer(struct elf_file *f, u64 vaddr, u64 *ret_vaddr)
{
	u64 v;

	elf_file_pointers(f, &vaddr, 1, &v);
	if (!v)
		return -ENOENT;
	*ret_vaddr = v;
	return 0;
}
