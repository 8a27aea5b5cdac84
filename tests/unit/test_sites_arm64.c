/*
 * sites, aarch64: Debian's own interpreters for arm64, where scripts/pythons_arm64.sh has put them
 * beside this program.  Nothing of them runs.  Of two builds that change no more the addresses are
 * known: from their debug files' symbols and by eye, in objdump's listing.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/sites_count.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"

#define FAMILIES \
	(GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_GC) | \
	 GS_FAMILY_BIT(GS_FAMILY_REFS) | GS_FAMILY_BIT(GS_FAMILY_ASYNCIO))

static const char *const versions[] = { "3.9", "3.11", "3.13", "3.14", "3.15" };

/* NAME of version @v below the folder that the script fills. */
static void path_of(char *path, size_t size, const char *v, const char *name)
{
	char exe[2048];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	assert_true(n > 0);
	exe[n] = '\0';
	snprintf(path, size, "%s/../pythons-arm64/%s/usr/%s%s%s", dirname(exe), v, name, v,
		 strstr(name, "lib/") ? ".so.1.0" : "");
}

/* NULL: it is not there. */
static struct py_binary *load(const char *v, const char *name)
{
	struct py_binary *b = NULL;
	struct err e = { 0 };
	struct elf_file *f;
	char path[4096];
	int fd, r;

	path_of(path, sizeof(path), v, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	r = elf_file_open(fd, path, &f, &e);
	close(fd);
	if (!r)
		r = binary_new(f, path, "", &b, &e);
	if (!r)
		r = binary_find_sites(b, f, FAMILIES, 0, 0, &e);
	if (r)
		fail_msg("%s", e.text);
	assert_int_equal(elf_file_machine(f), EM_AARCH64);
	elf_file_close(f);
	return b;
}

static void check_site(const struct probe_site *s)
{
	/* Marks are nops, which kernels before 6.13 step. */
	bool mark = !strcmp(s->found_by, "usdt");

	assert_int_equal(s->vaddr % 4, 0);
	assert_int_equal(s->emulated, !mark);
	assert_true(s->args[0].reg < 32);
	assert_true(s->evidence && s->instruction[0] && s->instruction[0] != '?');
	if (mark)
		assert_string_equal(s->instruction, "nop");
	if (s->event == GS_EVENT_GC_START)
		assert_int_equal(s->args[0].size, -4); /* int generation */
	if (s->event == GS_EVENT_GC_DONE)
		assert_int_equal(s->args[0].size, -8); /* Py_ssize_t collected */
	if (s->family == GS_FAMILY_REFS) {
		assert_true(s->function && s->function <= s->vaddr);
		assert_int_equal(s->args[0].kind, GS_ARG_REG);
	}
}

static void check(const char *v, const char *name, size_t *checked)
{
	struct py_binary *b = load(v, name);

	if (!b)
		return;
	(*checked)++;
	assert_int_equal(strncmp(b->version, v, strlen(v)), 0);
	assert_int_equal(b->layout.gil_switch_cond, 128);
	assert_int_equal(b->layout.gil_size, 224);
	assert_int_equal(count(b, GS_EVENT_GIL_OWNED), 2);
	assert_true(count(b, GS_EVENT_GIL_RELEASED) >= 1);
	assert_true(count(b, GS_EVENT_GIL_FORCED) >= 1);
	assert_true(count(b, GS_EVENT_GIL_WAIT) >= 1);
	assert_int_equal(count(b, GS_EVENT_GC_START), 1);
	assert_int_equal(count(b, GS_EVENT_GC_DONE), 1);
	assert_true(count(b, GS_EVENT_REFS_DEALLOC) >= 40);
	assert_int_equal(count(b, GS_EVENT_REFS_ALLOC), 5);
	assert_int_equal(count(b, GS_EVENT_ASYNCIO_STEP), !strcmp(v, "3.15")); /* built in */
	for (size_t i = 0; i < b->nsites; i++)
		check_site(&b->sites[i]);
	binary_free(b);
}

static void every_interpreter_has_every_kind_of_site(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		check(versions[i], "bin/python", &n);
		check(versions[i], "lib/aarch64-linux-gnu/libpython", &n);
	}
	print_message("%zu files for arm64\n", n);
	if (!n) {
		print_message("no interpreters for arm64: scripts/pythons_arm64.sh fetches them\n");
		skip();
	}
}

struct known {
	const char *version, *build_id;
	u64 owned[2], released[12], forced[2], gc_start, gc_done; /* 0: no more */
};

/* Debian 3.9.2-1 and 3.13.5-2+deb13u5, /usr/bin/python3.X */
static const struct known known[] = {
	{ "3.9",
	  "59b8434d5325093840b2cb4ddf970fb303afeffc",
	  { 0x474cdc, 0x475140 },
	  { 0x4bbcc4, 0x4e055c, 0x4e085c, 0x4f0d48, 0x5993f0, 0x5a44d4 },
	  { 0x49de04 },
	  0x486c14,
	  0x486b18 },
	{ "3.13",
	  "9e7f76dabfdf1c3b469670d23239b2f4cb2743d1",
	  { 0x4802bc, 0x4804c4 },
	  { 0x4b4690, 0x55d7f4, 0x5677c0, 0x56c3c4, 0x56e37c, 0x56e518, 0x56f2d0, 0x56f604,
	    0x594694, 0x5e3bf4, 0x630534 },
	  { 0x4d2edc, 0x4d3054 },
	  0x4d4938,
	  0x4d4a48 },
};

static void check_list(const struct py_binary *b, enum gs_event event, const u64 *list, size_t max)
{
	size_t n = 0;

	for (; n < max && list[n]; n++)
		assert_true(has(b, event, list[n]));
	assert_int_equal(count(b, event), n);
}

static void known_builds_have_their_known_sites(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct known *k = &known[i];
		struct py_binary *b = load(k->version, "bin/python");

		if (b && b->build_id && !strcmp(b->build_id, k->build_id)) {
			n++;
			check_list(b, GS_EVENT_GIL_OWNED, k->owned, 2);
			check_list(b, GS_EVENT_GIL_RELEASED, k->released, 12);
			check_list(b, GS_EVENT_GIL_FORCED, k->forced, 2);
			check_list(b, GS_EVENT_GC_START, &k->gc_start, 1);
			check_list(b, GS_EVENT_GC_DONE, &k->gc_done, 1);
		}
		binary_free(b);
	}
	if (!n) {
		print_message("neither of the builds whose addresses are known is here\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_interpreter_has_every_kind_of_site),
		cmocka_unit_test(known_builds_have_their_known_sites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
