/* native: walks over this program's own stack, cut, damaged and made up; names; /proc's line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/native_private.h"

#define STACK_BYTES 16384

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

/* Where its caller is, as the kernel side hands it out. */
static __attribute__((noinline)) void take(void)
{
#if defined(__x86_64__)
	static const int regs[] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
				    REG_RBP, REG_RSP, REG_R8,  REG_R9,	REG_R10, REG_R11,
				    REG_R12, REG_R13, REG_R14, REG_R15 };
	ucontext_t here;

	getcontext(&here);
	taken = (struct native_state) { .data = stack, .bytes = STACK_BYTES, .known = 0xffff };
	for (u32 i = 0; i < 16; i++)
		taken.reg[i] = (u64)here.uc_mcontext.gregs[regs[i]];
	taken.pc = (u64)here.uc_mcontext.gregs[REG_RIP];
	taken.sp = taken.reg[7];
	/* Of main's, which is larger; by the kernel, as it is nobody's to read so. */
	assert_int_equal(process_read(getpid(), taken.sp, stack, STACK_BYTES), 0);
#else
	skip();
#endif
}

__attribute__((noinline)) void native_third(volatile int *n);
__attribute__((noinline)) void native_second(volatile int *n);
__attribute__((noinline)) void native_first(volatile int *n);

void native_third(volatile int *n)
{
	take();
	++*n;
}

/* Its frame's size is not known before it runs: it is walked by another register than sp. */
void native_second(volatile int *n)
{
	volatile char *room = __builtin_alloca((size_t)(64 + *n));

	room[0] = 1;
	native_third(n);
	room[1] = 2;
}

void native_first(volatile int *n)
{
	native_second(n);
	++*n;
}

static void take_below(void)
{
	volatile char deep[STACK_BYTES]; /* that there is so much above */
	volatile int n = 0;

	deep[0] = deep[sizeof(deep) - 1] = 0;
	native_first(&n);
	assert_int_equal(n, 2);
}

/* Which frame @name is, without the file behind it; -1: none. */
static int find(const char *name)
{
	size_t len = strlen(name);

	for (u32 i = 0; i < frames.n; i++)
		if (!strncmp(frames.frame[i]->function, name, len) &&
		    !strncmp(frames.frame[i]->function + len, " [", 2))
			return (int)i;
	return -1;
}

static void walks(void **state)
{
	(void)state;
	take_below();
	assert_true(native_unwind(own, &taken, &frames));
	assert_int_equal(find("take"), 0);
	assert_int_equal(find("native_third"), 1);
	assert_int_equal(find("native_second"), 2);
	assert_int_equal(find("native_first"), 3);
	assert_int_equal(find("take_below"), 4);
	assert_string_equal(frames.frame[2]->function, "native_second [test_native]");
	assert_non_null(strstr(frames.frame[2]->file, "/test_native"));
	/* The copy ends in take_below()'s frame. */
	assert_int_equal(frames.n, 5);
	assert_false(frames.whole);
	assert_false(frames.frame[2]->eval);
}

static jmp_buf back;

__attribute__((noinline, noreturn)) void native_leaves(void);
__attribute__((noinline, noreturn)) void native_last(void);

void native_leaves(void)
{
	take();
	longjmp(back, 1);
}

/* Its last instruction is the call: the return address is behind it, in another function. */
void native_last(void)
{
	native_leaves();
}

static void ends_with_a_call(void **state)
{
	volatile char deep[STACK_BYTES]; /* that there is so much above */

	(void)state;
	deep[0] = deep[sizeof(deep) - 1] = 0;
	if (!setjmp(back))
		native_last();
	assert_true(native_unwind(own, &taken, &frames));
	assert_int_equal(find("take"), 0);
	assert_int_equal(find("native_leaves"), 1);
	assert_int_equal(find("native_last"), 2);
	assert_int_equal(find("ends_with_a_call"), 3);
}

/* With the two registers that /proc tells: as far as they lead. */
static void knows_little(void **state)
{
	(void)state;
	take_below();
	taken.known = 1 << 7;
	assert_true(native_unwind(own, &taken, &frames));
	assert_int_equal(find("take"), 0);
#if !defined(__SANITIZE_ADDRESS__) /* that has frame pointers */
	assert_int_equal(find("native_third"), 1);
	assert_int_equal(find("native_second"), 2);
	/* Its frame hangs on %rbp, which native_third() may have saved or not. */
	assert_true(frames.n == 3 || find("native_first") == 3);
#endif
	assert_false(frames.whole);
}

/* With all of its stack: up to where this thread began, which only the table can say. */
static void to_the_end(void **state)
{
	static u8 all[1 << 20];
	size_t bytes = 0;

	(void)state;
	take_below();
	while (bytes + 4096 < sizeof(all)) {
		size_t left = 4096 - (taken.sp + bytes) % 4096;

		if (process_read(getpid(), taken.sp + bytes, all + bytes, left))
			break;
		bytes += left;
	}
	assert_in_range(bytes, STACK_BYTES, sizeof(all) - 4096);
	/* What is below it is gone, but take_below()'s caller is still there. */
	memcpy(all, stack, STACK_BYTES);
	taken.data = all;
	taken.bytes = bytes;
	assert_true(native_unwind(own, &taken, &frames));
	assert_int_equal(find("take"), 0);
	assert_in_range(find("to_the_end"), 5, frames.n);
	assert_in_range(find("main"), 6, frames.n);
	assert_int_equal(find("_start"), frames.n - 1);
	assert_true(frames.whole);
}

static void ends_with_the_copy(void **state)
{
	(void)state;
	take_below();
	for (size_t bytes = 0; bytes <= 1024; bytes++) {
		taken.bytes = bytes;
		assert_true(native_unwind(own, &taken, &frames));
		assert_int_equal(find("take"), 0);
		assert_in_range(frames.n, 1, 5);
		assert_false(frames.whole);
	}
}

static u64 any(void)
{
	return (u64)rand() << 42 ^ (u64)rand() << 21 ^ (u64)rand();
}

/* Something that leads on: an address in code, or in the stack; or anything. */
static u64 plausible(void)
{
	const struct native_module *m = &own->modules[(size_t)rand() % own->nmodules];

	switch (rand() % 4) {
	case 0:
		return taken.sp + (u64)(rand() % STACK_BYTES);
	case 1:
		return any();
	default:
		return m->start + any() % (m->end - m->start);
	}
}

/* Made-up stacks: each walk ends, within its bound. */
static void hostile(void **state)
{
	u64 real;

	(void)state;
	srand(1);
	take_below();
	real = taken.pc;
	for (u32 round = 0; round < 3000; round++) {
		for (u32 i = 0; i < STACK_BYTES; i += sizeof(u64)) {
			u64 word = plausible();

			memcpy(stack + i, &word, sizeof(word));
		}
		for (u32 i = 0; i < NATIVE_REGS; i++)
			taken.reg[i] = plausible();
		taken.known = (u32)any();
		taken.pc = rand() % 3 ? plausible() : real;
		taken.sp = rand() % 8 ? taken.reg[7] : any();
		taken.bytes = rand() % 8 ? STACK_BYTES : (size_t)rand() % 16;
		(void)native_unwind(own, &taken, &frames);
		assert_in_range(frames.n, 0, NATIVE_FRAMES_MAX);
		for (u32 i = 0; i < frames.n; i++)
			assert_non_null(frames.frame[i]->function);
	}
}

/* It goes round in a circle for ever: a call that returns to itself, everywhere. */
static void circle(void **state)
{
	(void)state;
	take_below();
	for (u32 i = 0; i < STACK_BYTES; i += sizeof(u64))
		memcpy(stack + i, &taken.pc, sizeof(taken.pc));
	assert_true(native_unwind(own, &taken, &frames));
	assert_in_range(frames.n, 2, NATIVE_FRAMES_MAX);
	assert_false(frames.whole);
}

static void in_no_file(void **state)
{
	(void)state;
	take_below();
	taken.pc = (u64)&stack; /* mapped, but no code of a file's */
	assert_true(native_unwind(own, &taken, &frames));
	assert_int_equal(frames.n, 1);
	taken.pc = 8;
	assert_true(native_unwind(own, &taken, &frames));
	assert_string_equal(frames.frame[0]->function, "(code in no file)");
	assert_null(frames.frame[0]->file);
}

static void named_once(void **state)
{
	const struct native_name *a = native_names_get(names, "f [x.so]", "/a/x.so", false);
	char text[32];

	(void)state;
	assert_ptr_equal(a, native_names_get(names, "f [x.so]", "/a/x.so", false));
	assert_ptr_not_equal(a, native_names_get(names, "f [x.so]", "/b/x.so", false));
	assert_ptr_not_equal(a, native_names_get(names, "f [x.so]", NULL, false));
	for (u32 i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "g%u", i);
		assert_non_null(native_names_get(names, text, "/a", true));
	}
	assert_ptr_equal(a, native_names_get(names, "f [x.so]", "/a/x.so", false));
	native_base("/usr/lib/libc.so.6 (deleted)", text, sizeof(text));
	assert_string_equal(text, "libc.so.6");
	native_base("[vdso]", text, sizeof(text));
	assert_string_equal(text, "[vdso]");
	native_base("/a/12345", text, 4);
	assert_string_equal(text, "123");
}

/* Code next to each other is told as one where there is no room for all. */
static void codes(void **state)
{
	u64 all[] = { 0x1000, 0x2000, 0x9000, 0xa000, 0xa800, 0xb000, 0xf000, 0xff00 }, bound[8];
	const struct native n = { .bounds = all, .nbounds = 8 };

	(void)state;
	assert_int_equal(native_codes(&n, bound, 8), 8);
	assert_memory_equal(bound, all, sizeof(all));
	assert_int_equal(native_codes(&n, bound, 6), 6);
	assert_true(bound[2] == 0x9000 && bound[3] == 0xb000 && bound[4] == 0xf000);
	assert_int_equal(native_codes(&n, bound, 2), 2);
	assert_true(bound[0] == 0x1000 && bound[1] == 0xff00);
	assert_int_equal(native_codes(&(struct native) {}, bound, 2), 0);
	assert_true(bound[0] == ~0ULL && bound[1] == ~0ULL);
}

static void line_of_proc(void **state)
{
	static const char *const bad[] = { "",
					   "\n",
					   "x",
					   "0",
					   "-1 0x1\n",
					   "-1 0x1 0x2 0x3\n",
					   "7 0x1 0x2 0x3 0x4 0x5 0x6 0x7\n",
					   "7 1 2 3 4 5 6 7 8 9\n",
					   "7 1 2 3 4 5 6 7 8x\n",
					   "7 1 2 3 4 5 6  \n",
					   "7 1 2 3 4 5 6 7 0x11111111111111111\n" };
	u64 sp = 0, pc = 0;

	(void)state;
	assert_int_equal(native_now_parse("running\n", &sp, &pc), -EBUSY);
	assert_int_equal(
		native_now_parse("35 0x0 0x0 0x7f 0x0 0x0 0x0 0x7ffc10 0x7fa2\n", &sp, &pc), 0);
	assert_true(sp == 0x7ffc10 && pc == 0x7fa2);
	assert_int_equal(native_now_parse("-1 0x10 0x20\n", &sp, &pc), 0);
	assert_true(sp == 0x10 && pc == 0x20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(native_now_parse(bad[i], &sp, &pc), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks),
		cmocka_unit_test(knows_little),
		cmocka_unit_test(ends_with_a_call),
		cmocka_unit_test(to_the_end),
		cmocka_unit_test(in_no_file),
		cmocka_unit_test(ends_with_the_copy),
		cmocka_unit_test(hostile),
		cmocka_unit_test(circle),
		cmocka_unit_test(named_once),
		cmocka_unit_test(codes),
		cmocka_unit_test(line_of_proc),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
