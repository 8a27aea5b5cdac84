/* native: files that are not what they seem, mapped by the program whose stacks are walked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/native_private.h"

#define STACK_BYTES 4096

static struct native_names *names;
static struct native *own;
static u8 stack[STACK_BYTES];
static struct native_state taken;
static struct native_frames frames;

static int set_up(void **state)
{
	static struct py_binary binary;
	struct py_process p = { .pid = getpid(), .binary = &binary };

	(void)state;
	names = native_names_new();
	return names ? native_new(&p, names, &own) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	native_free(own);
	native_names_free(names);
	return 0;
}

/* A stack that leads from one place of the file to another. */
static void make_up(const u8 *at, size_t size)
{
	taken = (struct native_state) { .data = stack, .bytes = STACK_BYTES, .known = ~0U };
	taken.sp = (u64)&stack;
	for (u32 i = 0; i < STACK_BYTES; i += sizeof(u64)) {
		u64 word = (u64)at + (size_t)rand() % size;

		memcpy(stack + i, &word, sizeof(word));
	}
	for (u32 i = 0; i < NATIVE_REGS; i++)
		taken.reg[i] = taken.sp + (u64)(rand() % (STACK_BYTES / 2));
#if defined(__x86_64__)
	taken.reg[7] = taken.sp;
#else
	taken.reg[31] = taken.sp;
#endif
	taken.pc = (u64)at + (size_t)rand() % size;
}

/* A file of the process's: its own program, some bytes of it others, all of it mapped at @ret_at.
 */
static size_t map_damaged(const u8 *good, size_t size, int fd, u8 **ret_at)
{
	u8 *damaged = malloc(size);

	assert_non_null(damaged);
	memcpy(damaged, good, size);
	for (int i = rand() % 40; i > 0; i--) {
		/* Where headers are, or anywhere: most of it is tables. */
		size_t most = rand() % 4 ? size : 4096;

		damaged[(size_t)(size_t)rand() % most] = (u8)rand();
	}
	memcpy(damaged, ELFMAG, SELFMAG);
	assert_int_equal(pwrite(fd, damaged, size, 0), size);
	free(damaged);
	*ret_at = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_true(*ret_at != MAP_FAILED);
	return size;
}

/* Files that are not what they seem; more of them than may be open. */
static void damaged_files(void **state)
{
	char path[] = "/tmp/gilscope-native.XXXXXX";
	FILE *self = fopen("/proc/self/exe", "re");
	static u8 good[8 << 20];
	size_t size = self ? fread(good, 1, sizeof(good), self) : 0, walked = 0;

	(void)state;
	srand(2);
	assert_true(size > 4096);
	fclose(self);
	for (int round = 0; round < 150; round++) {
		char one[sizeof(path)];
		u8 *at;
		int fd;

		memcpy(one, path, sizeof(path));
		fd = mkstemp(one);
		assert_true(fd >= 0);
		size = map_damaged(good, size, fd, &at);
		assert_int_equal(native_refresh(own), 1);
		for (int i = 0; i < 20; i++) {
			make_up(at, size);
			(void)native_unwind(own, &taken, &frames);
			assert_in_range(frames.n, 0, NATIVE_FRAMES_MAX);
			walked += frames.n > 1;
		}
		assert_in_range(own->nfiles, 1, NATIVE_FILES_MAX);
		munmap(at, size);
		close(fd);
		unlink(one);
	}
	assert_true(walked); /* not all damage is where it matters */
	assert_int_equal(native_refresh(own), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
