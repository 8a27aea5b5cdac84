/*
 * Fuzzing the notes of probes (.note.stapsdt): the first byte chooses between the section's bytes,
 * in a file that is otherwise good, and the text of one note's arguments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/elf_maker.h"
#include "user/sym/usdt_note.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static void check_args(const struct usdt_arg *args, size_t n)
{
	CHECK(n <= USDT_ARGS_MAX);
	for (size_t i = 0; i < n; i++) {
		int size = abs(args[i].size);

		CHECK(size == 1 || size == 2 || size == 4 || size == 8);
		CHECK(args[i].reg < 32 && args[i].kind <= USDT_ARG_DEREF);
	}
}

static void notes(const u8 *data, size_t size)
{
	static struct elf_maker m;
	struct usdt_note found[4] = { 0 };
	struct elf_file *f = NULL;
	int fd, n;

	em_begin(&m);
	em_add(&m, ".note.stapsdt", SHT_NOTE, data, size);
	if (size % 2)
		em_add(&m, ".stapsdt.base", SHT_PROGBITS, "", 1);
	em_end(&m, 0, 0);
	fd = em_fd(&m);
	CHECK(!elf_file_open(fd, "notes", &f, NULL));
	close(fd);
	n = usdt_notes_find(f, "python", "gc__start", found, 4);
	CHECK(n >= 0 || n == -EBADMSG || n == -EINVAL);
	for (int i = 0; i < n && i < 4; i++)
		check_args(found[i].args, found[i].nargs);
	elf_file_close(f);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct usdt_arg args[USDT_ARGS_MAX];
	char *text;
	int n;

	if (!size)
		return 0;
	if (data[0] & 1) {
		notes(data + 1, size - 1);
		return 0;
	}
	text = strndup((const char *)data + 1, size - 1);
	CHECK(text);
	n = usdt_args_parse_for(data[0] & 2 ? EM_AARCH64 : EM_X86_64, text, args, USDT_ARGS_MAX);
	CHECK(n >= 0 || n == -EINVAL || n == -E2BIG);
	check_args(args, n > 0 ? (size_t)n : 0);
	free(text);
	return 0;
}
