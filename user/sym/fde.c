/*
 * .eh_frame walked with libdw, entry by entry.  Invariant: entries that make no sense are left
 * out; the table that results is sorted and every range lies in the file's executable part.
 */
#include "user/sym/fde.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/cfi.h"

#define FDE_MAX (1U << 20)

struct walk {
	struct elf_file *file;
	u64 vaddr; /* of .eh_frame */
	Elf_Data data;
	unsigned char ident[EI_NIDENT];
	struct cfi_cie cie; /* the last one that was needed */
};

/* Without section headers there is no telling where it is: such files are refused by name. */
static int find_eh_frame(struct elf_file *f, struct walk *w)
{
	struct elf_section s;
	const u8 *data;
	u64 end = 0;
	size_t i;

	if (elf_file_section(f, ".eh_frame", &s) || !s.vaddr)
		return -ENOENT;
	data = elf_file_bytes(f, s.vaddr, s.size);
	for (i = 0; !data && i < elf_file_nsegments(f); i++) {
		const u8 *bytes;
		const struct elf_segment *seg = elf_file_segment(f, i, &bytes);

		/* The section may claim more than is loaded: take what there is. */
		if (seg && s.vaddr >= seg->vaddr && s.vaddr - seg->vaddr < seg->filesz) {
			data = bytes + (s.vaddr - seg->vaddr);
			end = seg->filesz - (s.vaddr - seg->vaddr);
		}
	}
	if (!data)
		return -ENOENT;
	w->vaddr = s.vaddr;
	w->data = (Elf_Data) {
		.d_buf = (void *)(uintptr_t)data,
		.d_size = end ? end : s.size,
		.d_type = ELF_T_BYTE,
		.d_version = EV_CURRENT,
	};
	return 0;
}

static void use_cie(struct walk *w, Dwarf_Off offset)
{
	Dwarf_CFI_Entry entry;
	Dwarf_Off next;

	if (w->cie.offset == offset)
		return;
	w->cie = (struct cfi_cie) { .offset = offset, .encoding = -1 };
	if (!dwarf_next_cfi(w->ident, &w->data, true, offset, &next, &entry) &&
	    dwarf_cfi_cie_p(&entry))
		cfi_cie_read(&entry.cie, offset, &w->cie);
}

static bool executable(struct elf_file *f, const struct code_range *r)
{
	size_t i;

	for (i = 0; i < elf_file_nsegments(f); i++) {
		const struct elf_segment *s = elf_file_segment(f, i, NULL);

		if (s && s->flags & PF_X && r->start >= s->vaddr && r->end > r->start &&
		    r->end - s->vaddr <= s->filesz && r->end > s->vaddr)
			return true;
	}
	return false;
}

/*
 * Do the call frame instructions up to the first advance say that the frame is not as a call
 * left it (CFA at rsp + 8, on aarch64 at sp)?
 */
static bool frame_made(const u8 *p, const u8 *end)
{
	u64 v;

	while (p < end) {
		u8 op = *p++;

		if ((op & 0xc0) == DW_CFA_advance_loc)
			return false;
		if ((op & 0xc0) == DW_CFA_offset) {
			if (!cfi_uleb(&p, end, &v))
				return false;
			continue;
		}
		switch (op) {
		case DW_CFA_def_cfa_offset:
			return cfi_uleb(&p, end, &v) && v != 8;
		case DW_CFA_def_cfa:
		case DW_CFA_def_cfa_register:
		case DW_CFA_def_cfa_expression:
			return true;
		case DW_CFA_remember_state:
		case DW_CFA_GNU_window_save: /* aarch64: the return address is signed */
		case DW_CFA_nop:
			break;
		default:
			return false;
		}
	}
	return false;
}

static bool fde_range(struct walk *w, const Dwarf_FDE *fde, struct code_range *ret_r)
{
	struct cfi_fde f;

	use_cie(w, fde->CIE_pointer);
	if (!cfi_fde_read(fde, &w->cie, w->vaddr + (u64)(fde->start - (const u8 *)w->data.d_buf),
			  &f))
		return false;
	*ret_r = (struct code_range) { f.start, f.end, frame_made(f.code, f.code_end) };
	return executable(w->file, ret_r);
}

static int by_start(const void *a, const void *b)
{
	const struct code_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int append(struct fde_table *t, size_t *capacity, const struct code_range *r)
{
	if (t->n == *capacity) {
		size_t want = *capacity ? *capacity * 2 : 4096;
		struct code_range *more = realloc(t->ranges, want * sizeof(*more));

		if (!more)
			return -ENOMEM;
		t->ranges = more;
		*capacity = want;
	}
	t->ranges[t->n++] = *r;
	return 0;
}

int fde_table_read(struct elf_file *f, struct fde_table *ret_t)
{
	static const unsigned char ident[EI_NIDENT] = { ELFMAG0,    ELFMAG1,	 ELFMAG2,   ELFMAG3,
							ELFCLASS64, ELFDATA2LSB, EV_CURRENT };
	struct walk w = { .file = f, .cie.offset = (Dwarf_Off)-1 };
	struct fde_table t = { 0 };
	Dwarf_Off offset = 0, next;
	Dwarf_CFI_Entry entry;
	struct code_range r;
	size_t capacity = 0;
	int err = find_eh_frame(f, &w);

	if (err)
		return err;
	memcpy(w.ident, ident, sizeof(ident));
	while (t.n < FDE_MAX) {
		int got = dwarf_next_cfi(w.ident, &w.data, true, offset, &next, &entry);

		if (got > 0 || (got < 0 && (next == (Dwarf_Off)-1 || next <= offset)))
			break;
		if (!got && !dwarf_cfi_cie_p(&entry) && fde_range(&w, &entry.fde, &r) &&
		    append(&t, &capacity, &r)) {
			free(t.ranges);
			return -ENOMEM;
		}
		if (next <= offset)
			break;
		offset = next;
	}
	if (!t.n) {
		free(t.ranges);
		return -ENOENT;
	}
	qsort(t.ranges, t.n, sizeof(*t.ranges), by_start);
	*ret_t = t;
	return 0;
}

const struct code_range *fde_find(const struct fde_table *t, u64 vaddr)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) { /* the last range that starts at or before vaddr */
		size_t mid = lo + (hi - lo) / 2;

		if (t->ranges[mid].start <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && vaddr < t->ranges[lo - 1].end ? &t->ranges[lo - 1] : NULL;
}
