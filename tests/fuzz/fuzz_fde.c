/*
 * Fuzzing the unwind tables (.eh_frame): the input is the section, in a file that is otherwise
 * good. What is found must be sorted, executable and within the file.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/fuzz/elf_maker.h"
#include "user/sym/fde.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct elf_maker m;
	struct fde_table t = { 0 };
	struct elf_file *f = NULL;
	int fd, r;

	em_begin(&m);
	em_add(&m, ".eh_frame", SHT_PROGBITS, data, size);
	em_end(&m, 0, 0);
	fd = em_fd(&m);
	CHECK(!elf_file_open(fd, "unwind", &f, NULL));
	close(fd);
	r = fde_table_read(f, &t);
	CHECK(r == 0 || r == -ENOENT);
	for (size_t i = 0; i < t.n; i++) {
		const struct code_range *c = &t.ranges[i];

		CHECK(c->start >= EM_BASE && c->start < c->end && c->end <= EM_BASE + m.used);
		CHECK(!i || t.ranges[i - 1].start <= c->start);
		CHECK(fde_find(&t, c->start));
	}
	CHECK(!fde_find(&t, EM_BASE + m.used) && !fde_find(&t, 0));
	free(t.ranges);
	elf_file_close(f);
	return 0;
}
