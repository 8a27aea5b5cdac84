/* Entries of .eh_frame; see the header.  Every read lies between the two pointers that are given.
 */
#include "user/sym/cfi.h"

#include <dwarf.h>
#include <string.h>

#define REGISTER_MAX 255 /* DWARF's numbers on x86-64 end at 129, on aarch64 at 127 */
#define REMEMBERED_MAX 64 /* states at a time; compilers need two or three */

/* libdw's dwarf.h of Debian 11 (0.183) has it under its older name alone. */
#define NEGATE_RA_STATE DW_CFA_GNU_window_save /* aarch64: the return address is signed */

static int pointer_size(u8 encoding)
{
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return 8;
	case DW_EH_PE_udata4:
	case DW_EH_PE_sdata4:
		return 4;
	case DW_EH_PE_udata2:
	case DW_EH_PE_sdata2:
		return 2;
	default:
		return 0;
	}
}

/* The 'R' of a CIE's augmentation: how its FDEs write addresses.  -1: not told. */
static int cie_encoding(const Dwarf_CIE *cie)
{
	const u8 *p = cie->augmentation_data;
	const u8 *end = p ? p + cie->augmentation_data_size : NULL;
	const char *a = cie->augmentation;
	int encoding = DW_EH_PE_absptr;

	if (!a || a[0] != 'z' || !p)
		return a && !a[0] ? DW_EH_PE_absptr : -1;
	for (a++; *a; a++) {
		if (p == end && *a != 'S' && *a != 'B')
			return -1;
		switch (*a) {
		case 'R':
			encoding = *p++;
			break;
		case 'L':
			p++;
			break;
		case 'P':
			if (!pointer_size(*p) || end - p < 1 + pointer_size(*p))
				return -1;
			p += 1 + pointer_size(*p);
			break;
		case 'S':
		case 'B':
			break;
		default:
			return -1;
		}
	}
	return encoding;
}

void cfi_cie_read(const Dwarf_CIE *cie, Dwarf_Off offset, struct cfi_cie *ret_c)
{
	int encoding = cie_encoding(cie);

	if (encoding >= 0 && ((encoding & 0xf0 & ~DW_EH_PE_pcrel) || !pointer_size((u8)encoding)))
		encoding = -1;
	*ret_c = (struct cfi_cie) {
		.offset = offset,
		.encoding = encoding,
		.augmented = cie->augmentation && cie->augmentation[0] == 'z',
		.bounded = cie->return_address_register <= REGISTER_MAX &&
			   cfi_bounded(cie->initial_instructions, cie->initial_instructions_end),
	};
}

static u64 load(const u8 *p, int size, bool sign)
{
	u64 v = 0;

	memcpy(&v, p, (size_t)size);
	if (sign && size < 8 && v >> (size * 8 - 1))
		v |= ~0ULL << (size * 8);
	return v;
}

bool cfi_uleb(const u8 **p, const u8 *end, u64 *ret_v)
{
	u64 v = 0;
	int shift = 0;

	while (*p < end && shift < 64) {
		u8 b = *(*p)++;

		v |= (u64)(b & 0x7f) << shift;
		shift += 7;
		if (!(b & 0x80)) {
			*ret_v = v;
			return true;
		}
	}
	return false;
}

static bool skip(const u8 **p, const u8 *end, u64 bytes)
{
	if (bytes > (u64)(end - *p))
		return false;
	*p += bytes;
	return true;
}

bool cfi_fde_read(const Dwarf_FDE *fde, const struct cfi_cie *cie, u64 vaddr, struct cfi_fde *ret_f)
{
	const u8 *p = fde->start;
	u64 bytes;
	int size;

	if (cie->encoding < 0)
		return false;
	size = pointer_size((u8)cie->encoding);
	if (fde->end - p < 2 * size)
		return false;
	ret_f->start = load(p, size, cie->encoding & 0x08);
	if (cie->encoding & DW_EH_PE_pcrel)
		ret_f->start += vaddr;
	ret_f->end = ret_f->start + load(p + size, size, false);
	p += 2 * size;
	if (cie->augmented && (!cfi_uleb(&p, fde->end, &bytes) || !skip(&p, fde->end, bytes)))
		return false;
	ret_f->code = p;
	ret_f->code_end = fde->end;
	return ret_f->start < ret_f->end;
}

/* One operation of an expression: known, without jumps, calls and divisions. */
static bool operation(const u8 **p, const u8 *end)
{
	u8 op = *(*p)++;
	u64 v;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		return true;
	if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
		return cfi_uleb(p, end, &v);
	switch (op) {
	case DW_OP_deref:
	case DW_OP_dup ... DW_OP_over:
	case DW_OP_swap:
	case DW_OP_rot:
	case DW_OP_abs:
	case DW_OP_and:
	case DW_OP_minus:
	case DW_OP_mul ... DW_OP_plus:
	case DW_OP_shl ... DW_OP_xor:
	case DW_OP_eq ... DW_OP_ne:
	case DW_OP_nop:
		return true;
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_pick:
	case DW_OP_deref_size:
		return skip(p, end, 1);
	case DW_OP_const2u:
	case DW_OP_const2s:
		return skip(p, end, 2);
	case DW_OP_const4u:
	case DW_OP_const4s:
		return skip(p, end, 4);
	case DW_OP_const8u:
	case DW_OP_const8s:
		return skip(p, end, 8);
	case DW_OP_constu:
	case DW_OP_consts:
	case DW_OP_plus_uconst:
		return cfi_uleb(p, end, &v);
	case DW_OP_bregx:
		return cfi_uleb(p, end, &v) && v <= REGISTER_MAX && cfi_uleb(p, end, &v);
	default:
		return false;
	}
}

/* A block with its length first. */
static bool expression(const u8 **p, const u8 *end)
{
	const u8 *at;
	u64 bytes;

	if (!cfi_uleb(p, end, &bytes))
		return false;
	at = *p;
	if (!skip(p, end, bytes))
		return false;
	while (at < *p)
		if (!operation(&at, *p))
			return false;
	return true;
}

static bool reg(const u8 **p, const u8 *end)
{
	u64 v;

	return cfi_uleb(p, end, &v) && v <= REGISTER_MAX;
}

static bool instruction(const u8 **p, const u8 *end, u32 *remembered)
{
	u8 op = *(*p)++;
	u64 v;

	switch (op & 0xc0 ?: op) {
	case DW_CFA_advance_loc:
	case DW_CFA_restore: /* their operand is in them */
	case DW_CFA_nop:
	case NEGATE_RA_STATE:
		return true;
	case DW_CFA_advance_loc1:
		return skip(p, end, 1);
	case DW_CFA_advance_loc2:
		return skip(p, end, 2);
	case DW_CFA_advance_loc4:
		return skip(p, end, 4);
	case DW_CFA_offset: /* likewise */
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_GNU_args_size:
		return cfi_uleb(p, end, &v);
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_def_cfa_register:
		return reg(p, end);
	case DW_CFA_register:
		return reg(p, end) && reg(p, end);
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_GNU_negative_offset_extended:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
		return reg(p, end) && cfi_uleb(p, end, &v);
	case DW_CFA_def_cfa_expression:
		return expression(p, end);
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		return reg(p, end) && expression(p, end);
	case DW_CFA_remember_state:
		return ++*remembered <= REMEMBERED_MAX;
	case DW_CFA_restore_state:
		return (*remembered)-- > 0;
	default:
		return false;
	}
}

bool cfi_bounded(const u8 *p, const u8 *end)
{
	u32 remembered = 0;

	while (p < end)
		if (!instruction(&p, end, &remembered))
			return false;
	return true;
}
