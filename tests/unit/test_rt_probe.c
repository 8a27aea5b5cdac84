/* rt_probe: the notes are in this very program, complete, and each lies on a 5-byte nop. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/rt_coroutine.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_none.h"
#include "runtime/rt_probe.h"
#include "runtime/rt_task.h"

#define NOTES_MAX 128
#define NOTE_TYPE 3

struct note {
	uint64_t pc, base, semaphore;
	const char *name, *args;
};

struct image {
	const char *bytes;
	size_t size;
	struct note note[NOTES_MAX];
	size_t n;
};

static const struct {
	const char *name;
	int nargs;
	bool semaphore;
} points[] = {
	{ "gil__wait", 1, false },	{ "gil__owned", 1, false }, { "gil__released", 2, false },
	{ "gc__start", 1, false },	{ "gc__done", 3, false },   { "object__new", 2, true },
	{ "object__dealloc", 2, true }, { "loop__wait", 2, false }, { "loop__wake", 2, false },
	{ "task__step", 1, false },	{ "call__start", 1, true }, { "call__return", 1, true },
};

/* One note of ours, at @p. */
static void add_note(struct image *im, const char *p)
{
	struct note *n = &im->note[im->n];
	uint64_t v[3];

	memcpy(v, p, sizeof(v));
	p += sizeof(v);
	if (strcmp(p, RT_PROBE_PROVIDER) != 0)
		return;
	assert_true(im->n < NOTES_MAX);
	im->n++;
	n->pc = v[0];
	n->base = v[1];
	n->semaphore = v[2];
	n->name = p + strlen(p) + 1;
	n->args = n->name + strlen(n->name) + 1;
}

static void read_notes(struct image *im, const char *p, const char *end)
{
	while (p < end) {
		Elf64_Nhdr h;

		memcpy(&h, p, sizeof(h));
		p += sizeof(h);
		if (h.n_type == NOTE_TYPE && !strcmp(p, "stapsdt"))
			add_note(im, p + (h.n_namesz + 3U) / 4 * 4);
		p += (h.n_namesz + 3U) / 4 * 4 + (h.n_descsz + 3U) / 4 * 4;
	}
}

static int load(void **state)
{
	static struct image im;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	const Elf64_Ehdr *ehdr;
	const Elf64_Shdr *shdr;
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -1;
	im.bytes = map;
	im.size = (size_t)st.st_size;
	ehdr = map;
	shdr = (const void *)(im.bytes + ehdr->e_shoff);
	for (int i = 0; i < ehdr->e_shnum; i++) {
		const char *name = im.bytes + shdr[ehdr->e_shstrndx].sh_offset + shdr[i].sh_name;

		if (!strcmp(name, ".note.stapsdt"))
			read_notes(&im, im.bytes + shdr[i].sh_offset,
				   im.bytes + shdr[i].sh_offset + shdr[i].sh_size);
	}
	*state = &im;
	return 0;
}

static int unload(void **state)
{
	struct image *im = *state;

	return munmap((void *)(uintptr_t)im->bytes, im->size);
}

/* What to add to the file's addresses to get those in memory. */
static uintptr_t load_bias(const struct image *im)
{
	const Elf64_Ehdr *ehdr = (const void *)im->bytes;

	return getauxval(AT_ENTRY) - ehdr->e_entry;
}

static int count_operands(const char *args)
{
	int n = 0;

	for (const char *p = args; (p = strstr(p, "-8@")); p++)
		n++;
	return n;
}

#ifndef RT_NO_PROBES

static void every_point_has_a_note(void **state)
{
	const struct image *im = *state;

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		size_t found = 0;

		for (size_t k = 0; k < im->n; k++) {
			const struct note *n = &im->note[k];

			if (strcmp(n->name, points[i].name) != 0)
				continue;
			found++;
			assert_int_equal(count_operands(n->args), points[i].nargs);
			assert_true(!strchr(n->args, '(')); /* registers and constants only */
			assert_int_equal(n->semaphore != 0, points[i].semaphore);
			assert_true(n->base != 0);
		}
		if (!found)
			fail_msg("no note for %s", points[i].name);
	}
}

#ifdef __x86_64__
static void each_lies_on_a_nop_within_eight_aligned_bytes(void **state)
{
	static const unsigned char nop[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	const struct image *im = *state;
	uintptr_t bias = load_bias(im);

	assert_true(im->n >= sizeof(points) / sizeof(points[0]));
	for (size_t i = 0; i < im->n; i++) {
		assert_memory_equal((const void *)(bias + im->note[i].pc), nop, sizeof(nop));
		assert_int_equal(im->note[i].pc % 8, 0);
	}
}
#endif

static void semaphores_are_where_the_notes_say(void **state)
{
	const struct image *im = *state;
	uintptr_t bias = load_bias(im);

	for (size_t i = 0; i < im->n; i++) {
		uintptr_t at = bias + im->note[i].semaphore;

		if (!strcmp(im->note[i].name, "object__new"))
			assert_int_equal(at, (uintptr_t)&gilscope_rt_object__new_semaphore);
		if (!strcmp(im->note[i].name, "call__return"))
			assert_int_equal(at, (uintptr_t)&gilscope_rt_call__return_semaphore);
	}
}

#else

static void there_are_no_notes(void **state)
{
	const struct image *im = *state;

	assert_int_equal(im->n, 0);
	(void)points;
	(void)load_bias;
	(void)count_operands;
}

#endif

static struct rt_object *body(void *arg)
{
	(void)arg;
	return rt_int_new(7);
}

/* With the semaphores raised the guarded points are run through: nothing else changes. */
static void raised_semaphores_change_nothing(void **state)
{
	struct rt_loop *l = rt_loop_new(NULL);
	struct rt_object *result;
	int64_t v = 0;

	(void)state;
	gilscope_rt_object__new_semaphore++;
	gilscope_rt_object__dealloc_semaphore++;
	gilscope_rt_call__start_semaphore++;
	gilscope_rt_call__return_semaphore++;
	result = rt_run(l, rt_coroutine_new("body", body, NULL, NULL));
	assert_int_equal(rt_int_value(result, &v), 0);
	assert_int_equal(v, 7);
	rt_unref(result);
	rt_unref(rt_list_new());
	assert_true(rt_gc_collect(2) >= 0);
	gilscope_rt_object__new_semaphore--;
	gilscope_rt_object__dealloc_semaphore--;
	gilscope_rt_call__start_semaphore--;
	gilscope_rt_call__return_semaphore--;
	rt_loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef RT_NO_PROBES
		cmocka_unit_test(every_point_has_a_note),
#ifdef __x86_64__
		cmocka_unit_test(each_lies_on_a_nop_within_eight_aligned_bytes),
#endif
		cmocka_unit_test(semaphores_are_where_the_notes_say),
#else
		cmocka_unit_test(there_are_no_notes),
#endif
		cmocka_unit_test(raised_semaphores_change_nothing),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
