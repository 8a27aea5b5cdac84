/*
 * sites of gc, by the calls around a collection: each bracket is found with the generation where it
 * is known, and one damaged piece of evidence is enough for nothing to be found, with its reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/sym/code.h"
#include "user/target/sites_gc.h"

#ifdef __x86_64__

#include "tests/unit/gc_program.h"
#include "tests/unit/sites_count.h"

#define RSI 6

struct found {
	struct py_binary binary;
	struct elf_file *elf;
	struct code *code;
	struct err e;
	int r;
};

/* A copy of this program with @byte at @offset in the file, which is gone once it is open. */
static struct elf_file *open_damaged(u64 offset, u8 byte)
{
	char path[] = "/tmp/gilscope-test-XXXXXX";
	int from = open("/proc/self/exe", O_RDONLY), fd = mkstemp(path);
	struct elf_file *f = NULL;
	struct stat st;
	u8 *bytes;

	assert_true(from >= 0 && fd >= 0 && !fstat(from, &st));
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(read(from, bytes, (size_t)st.st_size), st.st_size);
	if (offset)
		bytes[offset] = byte;
	assert_int_equal(write(fd, bytes, (size_t)st.st_size), st.st_size);
	free(bytes);
	unlink(path);
	assert_int_equal(elf_file_open(fd, "sample", &f, NULL), 0);
	close(from);
	close(fd);
	return f;
}

static u64 at(struct elf_file *f, const char *label)
{
	struct elf_symbol sym;

	assert_int_equal(elf_file_symbol(f, label, &sym), 0);
	return sym.vaddr;
}

/* The sites, with @byte at @label + @by if there is a label. */
static void look(struct found *f, const char *label, u64 by, u8 byte)
{
	struct site_search search = { .binary = &f->binary };
	u64 offset = 0;

	memset(f, 0, sizeof(*f));
	f->elf = open_damaged(0, 0);
	if (label) {
		assert_int_equal(elf_file_offset(f->elf, at(f->elf, label) + by, &offset), 0);
		elf_file_close(f->elf);
		f->elf = open_damaged(offset, byte);
	}
	f->binary.path = (char *)"sample";
	f->binary.version_hex = 0x030812f0;
	assert_int_equal(code_new(f->elf, &f->code, &f->e), 0);
	search.elf = f->elf;
	search.code = f->code;
	f->r = sites_gc(&search, &f->e);
}

static void forget(struct found *f)
{
	for (size_t i = 0; i < f->binary.nsites; i++)
		free(f->binary.sites[i].evidence);
	free(f->binary.sites);
	code_free(f->code);
	elf_file_close(f->elf);
}

static void check_bracket(struct found *f, const char *start, const char *call, const char *stop)
{
	const struct py_binary *b = &f->binary;

	assert_true(has(b, GS_EVENT_GC_START, at(f->elf, start)));
	assert_true(has(b, GS_EVENT_GC_TOLD, at(f->elf, call)));
	for (size_t i = 0; i < b->nsites; i++) {
		const struct probe_site *s = &b->sites[i];

		if (s->event == GS_EVENT_GC_START) {
			/* what gc.callbacks are told of: invoke_gc_callback("start", generation) */
			assert_int_equal(s->args[0].kind, GS_ARG_REG);
			assert_int_equal(s->args[0].reg, RSI);
			assert_int_equal(s->args[0].size, -4);
		} else {
			assert_int_equal(s->args[0].kind, GS_ARG_NONE);
		}
		/* Back from the collection, and before anything else is called. */
		if (s->event == GS_EVENT_GC_DONE && s->vaddr > at(f->elf, call) &&
		    s->vaddr <= at(f->elf, stop))
			return;
	}
	fail_msg("no site after %s", call);
}

static void every_copy_is_found(void **state)
{
	struct found f;

	(void)state;
	look(&f, NULL, 0, 0);
	if (f.r)
		print_message("%s\n", f.e.text);
	assert_int_equal(f.r, 0);
	assert_int_equal(f.binary.nsites, 9);
	assert_int_equal(count(&f.binary, GS_EVENT_GC_DONE), 3);
	check_bracket(&f, "gct_all_start", "gct_all_call", "gct_all_stop");
	check_bracket(&f, "gct_malloc_start", "gct_malloc_call", "gct_malloc_stop");
	check_bracket(&f, "gct_module_start", "gct_module_call", "gct_module_stop");
	forget(&f);
}

static void damaged_evidence_is_refused(void **state)
{
	static const struct {
		const char *label;
		u64 by;
		u8 byte;
		const char *why;
	} rows[] = {
		/* immediates: the last but three bytes of movl $x, 544(%rbx); after an opcode */
		{ "gct_all_clear", 6, 5, "gc.collecting is not set around" },
		{ "gct_module_clear", 6, 5, "gc.collecting is not set around" },
		{ "gct_malloc_set", 6, 2, "gc.collecting is not set around" },
		{ "gct_malloc_set", 2, 0x24, "gc.collecting is not set around" },
		{ "gct_all_stop_of", 1, 1, "not told of one generation" },
		{ "gct_all_start_of", 1, 3, "not told of one generation" },
		{ "gct_no_fail", 1, 0, "called in a way that is not known" },
		/* call -> jmp; lea -> mov, which loads something */
		{ "gct_malloc_start", 0, 0xe9, "on the way from _PyObject_GC_Malloc" },
		{ "gct_module_start", 0, 0xe9, "reached by a jump" },
		{ "gct_module_call", 0, 0xe9, "told of a start that no collection follows" },
		{ "gct_module_start_text", 1, 0x8b, "told of something that is not known" },
		{ "gct_module_stop_text", 1, 0x8b, "told of a start that no collection follows" },
		/* the texts themselves */
		{ "gct_start", 0, 'S', "cannot be found from PyGC_Collect" },
		{ "gct_stop", 0, 'S', "cannot be found from PyGC_Collect" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct found f;

		look(&f, rows[i].label, rows[i].by, rows[i].byte);
		if (!f.r || !strstr(f.e.text, rows[i].why))
			print_message("%s+%lu: %d %s\n", rows[i].label, (unsigned long)rows[i].by,
				      f.r, f.e.text);
		assert_int_equal(f.r, -ENOTSUP);
		assert_int_equal(f.e.code, GS_EXIT_UNSUPPORTED);
		assert_non_null(strstr(f.e.text, rows[i].why));
		assert_non_null(strstr(f.e.text, "--without gc"));
		forget(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_copy_is_found),
		cmocka_unit_test(damaged_evidence_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void the_sample_is_not_for_this_machine(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_is_not_for_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
