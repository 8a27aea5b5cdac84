/*
 * Entries of .eh_frame (System V ABI's and LSB's form of DWARF 5, 6.4), as libdw's dwarf_next_cfi()
 * splits it up: what libdw does not do, but those need who reads the tables of a file that may be
 * made to do harm.
 */
#ifndef GS_USER_SYM_CFI_H
#define GS_USER_SYM_CFI_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "bpf/types.h"

/* What a CIE says of its FDEs. */
struct cfi_cie {
	Dwarf_Off offset; /* in the section */
	int encoding; /* DW_EH_PE_* of their addresses: absolute or relative to where they are
		       * written; -1: something else */
	bool augmented; /* they have augmentation data, length first */
	bool bounded; /* cfi_bounded() of its own instructions */
};

struct cfi_fde {
	u64 start, end; /* vaddrs: what code it is about */
	const u8 *code, *code_end; /* its instructions */
};

/* cfi_uleb - the ULEB128 number at *@p, which goes on behind it; false if it does not end before
 * @end */
bool cfi_uleb(const u8 **p, const u8 *end, u64 *ret_v);

/* cfi_cie_read - @ret_c of @cie, which is at @offset */
void cfi_cie_read(const Dwarf_CIE *cie, Dwarf_Off offset, struct cfi_cie *ret_c);

/*
 * cfi_fde_read - @ret_f of @fde, whose CIE is @cie and whose ->start is loaded at @vaddr
 * Return: does it make sense?  Its range need not be one of code.
 */
bool cfi_fde_read(const Dwarf_FDE *fde, const struct cfi_cie *cie, u64 vaddr,
		  struct cfi_fde *ret_f);

/*
 * cfi_bounded - does it take bounded time and memory to run these instructions, as libdw does?
 *
 * libdw (0.188 to 0.193: libdw/cfi.c, libdwfl/frame_unwind.c) has room for registers up to the
 * highest number that an instruction names, remembers states as often as it is told to, and runs
 * expressions with jumps for as long as they go round, and with divisions by zero.  What compilers
 * make has none of that; neither has what passes here.
 */
bool cfi_bounded(const u8 *p, const u8 *end);

#endif
