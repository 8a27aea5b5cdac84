/*
 * The unwind table of a module, for libdw: a file of our own with what is sound in it.
 *
 * libdw checks where the parts of a table lie, but does what its instructions say, and a process
 * may be made to do harm (cfi_bounded()).  So it gets a copy of .eh_frame and an index of it that
 * has the good entries alone, sorted as a linker sorts it; what is not in the index it does not
 * look at. Nothing else of the module's file is in there: no debug information, no index of its
 * own.
 *
 *   ELF header | program headers | .eh_frame_hdr | .eh_frame | .shstrtab | section headers
 */
#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/sym/cfi.h"
#include "user/target/native_private.h"

#define TABLE_MAX (64U << 20) /* bytes of a table; the largest libraries have half of it */
#define ENTRIES_MAX (1U << 20)
#define CIES_MAX (64U << 10)
#define SEGMENTS_MAX 64

/* .eh_frame_hdr (LSB 5.0, 10.6.2): a header, and a sorted row for each entry. */
struct index_head {
	u8 version, place_encoding, count_encoding, row_encoding;
	s32 place; /* of .eh_frame, from here */
	u32 count;
};
struct index_row {
	s32 start, entry; /* where its code, and where it begins, from the index on */
};

struct good {
	u64 start;
	u32 offset; /* of the entry, in the section */
};

struct table {
	const u8 *data; /* .eh_frame */
	size_t size;
	u64 vaddr; /* where it is loaded */
	struct cfi_cie *cies; /* owned; by offset, as they come */
	size_t ncies;
	struct good *list; /* owned */
	size_t n;
	u16 type, machine; /* of the file */
};

static const char names[] = "\0.eh_frame_hdr\0.eh_frame\0.shstrtab";
#define NAME_HDR 1
#define NAME_FRAME 15
#define NAME_NAMES 25

/* Room for one more in @list, which has @n and grows by doubling. */
static void *grown(void *list, size_t n, size_t size)
{
	return n & (n - 1) || (n && n < 64) ? list : realloc(list, (n < 64 ? 64 : 2 * n) * size);
}

static int add_cie(struct table *t, const Dwarf_CIE *cie, Dwarf_Off offset)
{
	struct cfi_cie *more = grown(t->cies, t->ncies, sizeof(*more));

	if (!more || t->ncies == CIES_MAX)
		return more ? -E2BIG : -ENOMEM;
	t->cies = more;
	cfi_cie_read(cie, offset, &t->cies[t->ncies++]);
	return 0;
}

/* One that came before; those that are not whole entries of the section are none. */
static const struct cfi_cie *find_cie(const struct table *t, Dwarf_Off offset)
{
	size_t low = 0, high = t->ncies;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (t->cies[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->ncies && t->cies[low].offset == offset ? &t->cies[low] : NULL;
}

static int add_fde(struct table *t, const Dwarf_FDE *fde, Dwarf_Off offset)
{
	const struct cfi_cie *cie = find_cie(t, fde->CIE_pointer);
	struct cfi_fde f;
	struct good *more;

	if (!cie || !cie->bounded ||
	    !cfi_fde_read(fde, cie, t->vaddr + (u64)(fde->start - t->data), &f) ||
	    !cfi_bounded(f.code, f.code_end))
		return 0;
	more = grown(t->list, t->n, sizeof(*more));
	if (!more || t->n == ENTRIES_MAX)
		return more ? -E2BIG : -ENOMEM;
	t->list = more;
	t->list[t->n++] = (struct good) { f.start, (u32)offset };
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct good *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* What is sound in ->data. */
static int check(struct table *t)
{
	static const unsigned char ident[EI_NIDENT] = { ELFMAG0,    ELFMAG1,	 ELFMAG2,   ELFMAG3,
							ELFCLASS64, ELFDATA2LSB, EV_CURRENT };
	Elf_Data data = { .d_buf = (void *)(uintptr_t)t->data,
			  .d_type = ELF_T_BYTE,
			  .d_version = EV_CURRENT,
			  .d_size = t->size };
	Dwarf_Off offset = 0, next = 0;
	Dwarf_CFI_Entry entry;
	int err = 0;

	for (; !err; offset = next) {
		int got = dwarf_next_cfi(ident, &data, true, offset, &next, &entry);

		if (got > 0 || (got < 0 && next == (Dwarf_Off)-1) || next <= offset)
			break;
		if (!got)
			err = dwarf_cfi_cie_p(&entry) ? add_cie(t, &entry.cie, offset)
						      : add_fde(t, &entry.fde, offset);
	}
	if (t->n)
		qsort(t->list, t->n, sizeof(*t->list), by_start);
	return err ?: t->n ? 0 : -ENOENT;
}

/* The index, to be loaded at @at: its bytes.  Rows that are too far away are left out. */
static size_t put_index(const struct table *t, u64 at, u8 *to)
{
	struct index_row *row = (struct index_row *)(to + sizeof(struct index_head));
	struct index_head head = {
		.version = 1,
		.place_encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4,
		.count_encoding = DW_EH_PE_udata4,
		.row_encoding = DW_EH_PE_datarel | DW_EH_PE_sdata4,
		.place = (s32)(t->vaddr - (at + offsetof(struct index_head, place))),
	};

	for (size_t i = 0; i < t->n; i++) {
		s64 far = (s64)(t->list[i].start - at);

		if (far == (s32)far)
			row[head.count++] =
				(struct index_row) { (s32)far,
						     (s32)(t->vaddr + t->list[i].offset - at) };
	}
	memcpy(to, &head, sizeof(head));
	return sizeof(head) + head.count * sizeof(*row);
}

/* What is loaded where: by it libdwfl knows how far the module lies from what its file says. */
static u16 put_segments(struct elf_file *elf, u8 *to)
{
	const struct elf_segment *s;
	Elf64_Phdr ph;
	u16 n = 0;

	for (; n < SEGMENTS_MAX && (s = elf_file_segment(elf, n, NULL)); n++) {
		ph = (Elf64_Phdr) {
			.p_type = PT_LOAD,
			.p_flags = s->flags,
			.p_vaddr = s->vaddr,
			.p_memsz = s->memsz,
			.p_align = 4096,
		};
		memcpy(to + n * sizeof(ph), &ph, sizeof(ph));
	}
	return n;
}

static void put_heads(const struct table *t, u8 *file, u16 nsegments, const Elf64_Shdr *sections,
		      u16 nsections, size_t at)
{
	Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = t->type,
		.e_machine = t->machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(head),
		.e_shoff = at,
		.e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = nsegments,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = nsections,
		.e_shstrndx = (u16)(nsections - 1),
	};

	memcpy(file, &head, sizeof(head));
	memcpy(file + at, sections, nsections * sizeof(*sections));
}

static size_t align(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* The file.  malloc'd, with its size; NULL without memory. */
static u8 *make(const struct table *t, struct elf_file *elf, size_t *ret_size)
{
	size_t index = align(sizeof(Elf64_Ehdr) + SEGMENTS_MAX * sizeof(Elf64_Phdr));
	size_t room = sizeof(struct index_head) + t->n * sizeof(struct index_row);
	size_t frame = align(index + room), text = align(frame + t->size);
	u64 index_vaddr = t->vaddr + align(t->size); /* nobody else asks where */
	Elf64_Shdr s[4] = {
		{ .sh_type = SHT_NULL },
		{ .sh_name = NAME_HDR, .sh_offset = index, .sh_addr = index_vaddr },
		{ .sh_name = NAME_FRAME,
		  .sh_offset = frame,
		  .sh_addr = t->vaddr,
		  .sh_size = t->size },
		{ .sh_name = NAME_NAMES, .sh_offset = text, .sh_size = sizeof(names) },
	};
	u8 *file;

	*ret_size = align(text + sizeof(names)) + sizeof(s);
	file = calloc(1, *ret_size);
	if (!file)
		return NULL;
	s[1].sh_size = put_index(t, index_vaddr, file + index);
	memcpy(file + frame, t->data, t->size);
	memcpy(file + text, names, sizeof(names));
	for (int i = 1; i < 4; i++) {
		s[i].sh_type = i < 3 ? SHT_PROGBITS : SHT_STRTAB;
		s[i].sh_flags = i < 3 ? SHF_ALLOC : 0;
		s[i].sh_addralign = 1;
	}
	put_heads(t, file, put_segments(elf, file + sizeof(Elf64_Ehdr)), s, 4,
		  *ret_size - sizeof(s));
	return file;
}

static int in_memory(const u8 *file, size_t size)
{
	int fd = memfd_create("gilscope-unwind", MFD_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	for (ssize_t wrote; size && !err; file += wrote, size -= (size_t)wrote) {
		wrote = write(fd, file, size);
		if (wrote <= 0)
			err = wrote ? -errno : -EIO;
		if (err)
			break;
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

int native_table(struct elf_file *elf)
{
	struct elf_section s;
	struct table t = { .type = elf_file_type(elf), .machine = elf_file_machine(elf) };
	u8 *data, *file = NULL;
	size_t size;
	int r;

	if (elf_file_section(elf, ".eh_frame", &s) || s.size > TABLE_MAX)
		return -ENOENT;
	data = elf_file_section_read(elf, &s);
	if (!data)
		return -ENOENT;
	t.data = data;
	t.size = s.size;
	t.vaddr = s.vaddr;
	r = check(&t);
	if (!r) {
		file = make(&t, elf, &size);
		r = file ? in_memory(file, size) : -ENOMEM;
	}
	free(file);
	free(t.cies);
	free(t.list);
	free(data);
	return r;
}
