/*
 * Fuzzing layouts from debug information: the input is the file.  What is run is what the child
 * process runs, in this one: its limits of time are not tested here (test_layout_dwarf.c does).
 */
#include <stdlib.h>

#include "tests/fuzz/elf_maker.h"
#include "user/target/layout_dwarf.h"
#include "user/target/layout_fields.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct py_layout all;
	struct layout_dwarf_from from = { .fd = em_file(data, size), .wanted = &all };
	u32 values[LAYOUT_FIELDS];

	layout_dwarf_fields(&from, values);
	close(from.fd);
	for (size_t i = 0; i < LAYOUT_FIELDS; i++)
		if (values[i] != GS_NO_FIELD && values[i] > 64U << 20)
			abort();
	return 0;
}
