/* ft: sites of a free-threaded build found in code of its shape, this program's own; its figures.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"

/*
 * What 3.13t exports goes by its name; the rest has others, as in a stripped file it would have
 * none.  Never called.
 */
#define FUNCTION(name, body) \
	".globl " name "\n.type " name ", @function\n" name ":\n.cfi_startproc\n" body \
	"ret\n.cfi_endproc\n.size " name ", .-" name "\n"

__asm__(".text\n" FUNCTION("PyEvent_WaitTimed", "push %rbx\npop %rbx\n")
		FUNCTION("_PyParkingLot_Park", "push %rbx\npop %rbx\n")
			FUNCTION("_PyParkingLot_Unpark", "push %rbx\npop %rbx\n")
				FUNCTION("_PyParkingLot_UnparkAll", "push %rbx\npop %rbx\n")
					FUNCTION("_PyCriticalSection_BeginSlow",
						 "push %rbx\npop %rbx\n")
						FUNCTION("_PyCriticalSection2_BeginSlow",
							 "push %rbp\npop %rbp\n"));
__asm__(FUNCTION("ft_stop", "push %r12\nmov %rdi, %r12\nmovb $1, 1(%r12)\nxor %edx, %edx\n"
			    "lea 4(%r12), %rdi\nmov $1000000, %esi\ncall PyEvent_WaitTimed\n"
			    "movb $1, 2(%r12)\npop %r12\n"));
__asm__(FUNCTION("ft_start", "push %rbp\nmov %rdi, %rbp\nmovw $0, 1(%rbp)\nlea 40(%rbx), %rdi\n"
			     "call _PyParkingLot_UnparkAll\nmovq $0, 16(%rbp)\npop %rbp\n"));
/* Wakes others as well, but starts no world. */
__asm__(FUNCTION("ft_notify", "push %rbp\nmovq $0, 16(%rdi)\ncall _PyParkingLot_UnparkAll\n"
			      "pop %rbp\n"));
__asm__(FUNCTION("ft_lock",
		 "push %rbx\nmov %rdi, %rbx\nmov $1, %edx\nxor %r9d, %r9d\n"
		 "call _PyParkingLot_Park\ntest %eax, %eax\njne 1f\nnop\n1: pop %rbx\n"));
__asm__(FUNCTION("PyMutex_Lock", "mov $1, %edx\nmov $-1, %rsi\njmp ft_lock\n"));
__asm__(FUNCTION("ft_attach", "push %rbp\nmov %rdi, %rbp\nxor %r9d, %r9d\nxor %r8d, %r8d\n"
			      "or $-1, %rcx\nmov $4, %edx\ncall _PyParkingLot_Park\n"
			      "test %eax, %eax\njne 1f\nnop\n1: pop %rbp\n"));
/* An event: told apart by its size. */
__asm__(FUNCTION("ft_event", "push %rbp\nxor %r9d, %r9d\nxor %r8d, %r8d\nmov $1, %edx\n"
			     "call _PyParkingLot_Park\npop %rbp\n"));
__asm__(FUNCTION("ft_unlock", "push %rbx\ncall _PyParkingLot_Unpark\npop %rbx\n"));

static struct elf_file *open_self(struct py_binary **ret_b)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct elf_file *f;

	assert_true(fd >= 0);
	assert_int_equal(elf_file_open(fd, "self", &f, NULL), 0);
	close(fd);
	assert_int_equal(binary_new_module(f, "self", ret_b), 0);
	return f;
}

/* Sites of @event: how many, and whether all are in the function @name. */
static size_t count(struct elf_file *f, const struct py_binary *b, enum gs_event event,
		    const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < b->nsites; i++) {
		if (b->sites[i].event != event)
			continue;
		assert_string_equal(elf_file_function_at(f, b->sites[i].vaddr), name);
		assert_int_equal(b->sites[i].family, GS_FAMILY_FT);
		n++;
	}
	return n;
}

static void sites_by_what_the_code_does(void **state)
{
	struct err e = { 0 };
	struct py_binary *b;
	struct elf_file *f = open_self(&b);

	(void)state;
	b->free_threaded = true;
	assert_int_equal(binary_find_sites(b, f, GS_FAMILY_BIT(GS_FAMILY_FT), getpid(), 0, &e), 0);
	assert_int_equal(count(f, b, GS_EVENT_FT_STOP, "ft_stop"), 1);
	assert_int_equal(count(f, b, GS_EVENT_FT_STOPPED, "ft_stop"), 1);
	assert_int_equal(count(f, b, GS_EVENT_FT_START, "ft_start"), 1);
	assert_int_equal(count(f, b, GS_EVENT_FT_PARK, "ft_lock"), 1);
	assert_int_equal(count(f, b, GS_EVENT_FT_WOKEN, "ft_lock"), 1);
	assert_int_equal(count(f, b, GS_EVENT_FT_SUSPEND, "ft_attach"), 1);
	assert_int_equal(count(f, b, GS_EVENT_FT_RESUMED, "ft_attach"), 1);
	assert_int_equal(count(f, b, GS_EVENT_FT_RELEASE, "ft_unlock"), 1);
	assert_int_equal(b->nsites, 10);
	for (size_t i = 0; i < b->nsites; i++) {
		bool argument = b->sites[i].event == GS_EVENT_FT_PARK ||
				b->sites[i].event == GS_EVENT_FT_RELEASE;

		assert_int_equal(b->sites[i].args[0].kind, argument ? GS_ARG_REG : GS_ARG_NONE);
		assert_true(b->sites[i].emulated || b->sites[i].event == GS_EVENT_FT_STOPPED);
	}
	binary_free(b);
	elf_file_close(f);
}

static void none_where_there_is_a_gil(void **state)
{
	struct err e = { 0 };
	struct py_binary *b;
	struct elf_file *f = open_self(&b);

	(void)state;
	assert_int_equal(binary_find_sites(b, f, GS_FAMILY_BIT(GS_FAMILY_FT), getpid(), 0, &e), 0);
	assert_int_equal(b->nsites, 0);
	binary_free(b);
	elf_file_close(f);
}

static void figures_of_threads_and_process(void **state)
{
	struct gs_thread t = {
		.ft = { .count = { 7, 7, 3, 2 },
			.ns = { 70, 700, 30, 20 },
			.mutex_max_ns = 15,
			.released_by = 99,
			.critical = 5 },
	};
	struct gs_proc proc = { .ft.time[GS_FT_MUTEX] = { .count = 3, .sum = 30, .max = 15 } };
	struct family_input in = { .proc = &proc, .free_threaded = true };
	struct fig_process out = { 0 };
	struct fig_thread *row = fig_row_add(FIG_THREADS, &out);

	(void)state;
	assert_non_null(row);
	ft_family.thread(&in, &t, row);
	assert_int_equal(row->ft.stops, 7);
	assert_int_equal(row->ft.stopping_ns, 70);
	assert_int_equal(row->ft.stopped_ns, 700);
	assert_int_equal(row->ft.suspended_ns, 20);
	assert_int_equal(row->ft.mutex_waits, 3);
	assert_int_equal(row->ft.mutex_wait_max_ns, 15);
	assert_int_equal(row->ft.mutex_holder_tid, 99);
	assert_int_equal(row->ft.critical_waits, 5);
	t.ft.released_by = 0;
	ft_family.thread(&in, &t, row);
	assert_true(row->ft.mutex_holder_tid == FIG_NULL);
	assert_int_equal(ft_family.process(&in, &out), 0);
	assert_true(out.ft_measured);
	assert_int_equal(out.nft, GS_FT_TIME_COUNT);
	assert_string_equal(out.ft[GS_FT_MUTEX].what, "mutex");
	assert_int_equal(out.ft[GS_FT_MUTEX].time.sum_ns, 30);
	free(out.ft);
	free(out.threads);
}

static void null_where_there_is_a_gil(void **state)
{
	const struct gs_thread t = { .ft.count = { 1, 1, 1, 1 } };
	struct gs_proc proc = { 0 };
	struct family_input in = { .proc = &proc };
	struct fig_process out = { 0 };
	struct fig_thread *row = fig_row_add(FIG_THREADS, &out);

	(void)state;
	assert_non_null(row);
	ft_family.thread(&in, &t, row);
	assert_true(row->ft.stops == FIG_NULL && row->ft.mutex_waits == FIG_NULL);
	assert_int_equal(ft_family.process(&in, &out), 0);
	assert_false(out.ft_measured);
	assert_int_equal(out.nft, 0);
	free(out.threads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_by_what_the_code_does),
		cmocka_unit_test(none_where_there_is_a_gil),
		cmocka_unit_test(figures_of_threads_and_process),
		cmocka_unit_test(null_where_there_is_a_gil),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
