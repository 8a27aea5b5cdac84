/*
 * sites: the probe sites of the interpreters at hand.  Of one build the addresses are known;
 * of any, what must hold of sites is checked, also after the symbol table was stripped.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/sites_count.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"
#include "user/target/launch.h"
#include "user/target/process.h"

#define ARGV(...) ((char **)(const char *const[]) { __VA_ARGS__, NULL })
#define KNOWN_BUILD "571d98e01096d5c1c32420d229a6731a0a50d2a0" /* Debian 3.11.2-6+deb12u6 */
#define ALL \
	(GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_GC) | GS_FAMILY_BIT(GS_FAMILY_REFS))

static struct py_binary *load(const char *path)
{
	struct py_binary *b = NULL;
	struct elf_file *f;
	int fd = open(path, O_RDONLY), r;

	if (fd < 0)
		return NULL;
	r = elf_file_open(fd, path, &f, NULL);
	close(fd);
	if (r)
		return NULL;
	if (!binary_new(f, path, "", &b, NULL)) {
		struct err e = { 0 };

		r = binary_find_sites(b, f, ALL, 0, 0, &e);
		if (r)
			print_message("%s\n", e.text);
		assert_int_equal(r, 0);
	}
	elf_file_close(f);
	return b;
}

static void check_sites(const struct py_binary *b)
{
	size_t i;

	assert_true(count(b, GS_EVENT_GIL_OWNED) >= 1);
	assert_true(count(b, GS_EVENT_GIL_RELEASED) >= 1);
	assert_true(count(b, GS_EVENT_GIL_FORCED) >= 1);
	assert_true(count(b, GS_EVENT_GIL_WAIT) >= 1);
	assert_true(count(b, GS_EVENT_GC_START) >= 1);
	assert_int_equal(count(b, GS_EVENT_GC_START), count(b, GS_EVENT_GC_DONE));
	assert_true(count(b, GS_EVENT_REFS_DEALLOC) >= 10);
	assert_non_null(b->types_coverage);
	for (i = 0; i < b->nsites; i++) {
		const struct probe_site *s = &b->sites[i];

		assert_true(s->emulated);
		assert_non_null(s->evidence);
		assert_true(s->instruction[0] && s->found_by);
		assert_true(!i || s[-1].offset <= s->offset);
		if (s->family == GS_FAMILY_REFS)
			assert_true(s->function && s->function <= s->vaddr);
	}
}

static void known_build_has_its_known_sites(void **state)
{
	static const u64 released[] = {
		0x527a64, 0x5a119c, 0x5aed56, 0x5ba55e, 0x63436a, 0x647fe5
	};
	/* The last two are in take_gil's cold part: an asynchronous exception, an exit. */
	static const u64 owned[] = { 0x4f93f0, 0x4256b9, 0x4256d8 };
	struct py_binary *b = load("/usr/bin/python3.11");
	size_t i;

	(void)state;
	if (!b || !b->build_id || strcmp(b->build_id, KNOWN_BUILD)) {
		binary_free(b);
		skip();
	}
	for (i = 0; i < sizeof(released) / sizeof(released[0]); i++)
		assert_true(has(b, GS_EVENT_GIL_RELEASED, released[i]));
	for (i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		assert_true(has(b, GS_EVENT_GIL_OWNED, owned[i]));
	assert_int_equal(count(b, GS_EVENT_GIL_RELEASED), 6);
	assert_int_equal(count(b, GS_EVENT_GIL_OWNED), 3);
	assert_true(has(b, GS_EVENT_GIL_FORCED, 0x52f660));
	assert_true(has(b, GS_EVENT_GIL_WAIT, 0x4f94e9));
	assert_true(has(b, GS_EVENT_GC_START, 0x4287f3));
	assert_true(has(b, GS_EVENT_GC_DONE, 0x42873b));
	for (i = 0; i < b->nsites; i++)
		assert_int_equal(b->sites[i].offset, b->sites[i].vaddr - 0x400000);
	check_sites(b);
	binary_free(b);
}

/* The interpreter's file of the python3 found in the PATH, as its process maps it. */
static struct py_binary *load_from_path(char *ret_path, size_t size)
{
	char **argv = ARGV("python3", "-c", "pass");
	struct binaries *cache = binaries_new(NULL);
	struct py_binary *b = NULL;
	struct py_process *p;
	struct launch *l;

	if (!launch_start(argv, &l, NULL)) {
		if (!process_identify(launch_pid(l), 0, cache, &p, NULL)) {
			snprintf(ret_path, size, "%s", p->binary->path);
			b = load(ret_path);
			process_free(p);
		}
		launch_free(l);
		(void)wait(NULL);
	}
	binaries_free(cache);
	return b;
}

static void sites_of_the_python_in_the_path(void **state)
{
	char path[512];
	struct py_binary *b = load_from_path(path, sizeof(path));

	(void)state;
	if (!b)
		skip();
	check_sites(b);
	binary_free(b);
}

static void the_same_without_a_symbol_table(void **state)
{
	char path[512], copy[] = "/tmp/gilscope-test-XXXXXX", command[1200];
	struct py_binary *b = load_from_path(path, sizeof(path)), *stripped;
	int fd = mkstemp(copy);
	size_t i;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "strip -o %s '%s' 2>/dev/null", copy, path);
	if (!b || b->stripped || strchr(path, '\'') || system(command)) {
		unlink(copy);
		binary_free(b);
		skip();
	}
	stripped = load(copy);
	unlink(copy);
	assert_non_null(stripped);
	assert_true(stripped->stripped);
	assert_int_equal(stripped->nsites, b->nsites);
	for (i = 0; i < b->nsites; i++) {
		assert_int_equal(stripped->sites[i].event, b->sites[i].event);
		assert_int_equal(stripped->sites[i].vaddr, b->sites[i].vaddr);
		assert_string_not_equal(stripped->sites[i].found_by, "symtab");
	}
	binary_free(stripped);
	binary_free(b);
}

static void other_programs_are_refused(void **state)
{
	struct py_binary *b = NULL;
	struct err e = { 0 };
	struct elf_file *f;
	int fd = open("/proc/self/exe", O_RDONLY);

	(void)state;
	assert_int_equal(elf_file_open(fd, "self", &f, &e), 0);
	assert_int_equal(binary_new(f, "/usr/bin/python3.11", "", &b, &e), -ENOEXEC);
	assert_int_equal(e.code, GS_EXIT_TARGET);
	memset(&e, 0, sizeof(e));
	assert_int_equal(binary_new(f, "/usr/bin/pypy3", "", &b, &e), -ENOEXEC);
	assert_non_null(strstr(e.text, "PyPy"));
	assert_null(b);
	elf_file_close(f);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_build_has_its_known_sites),
		cmocka_unit_test(sites_of_the_python_in_the_path),
		cmocka_unit_test(the_same_without_a_symbol_table),
		cmocka_unit_test(other_programs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
