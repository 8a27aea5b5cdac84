/* rt_stack: used again, sized, and a fault where one is left at its lower end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/rt_coro.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "runtime/rt_stack.h"

static void stacks_are_used_again(void **state)
{
	struct rt_stack a, b;
	char *base;

	(void)state;
	rt_stack_trim();
	assert_int_equal(rt_stack_get(&a), 0);
	base = a.base;
	memset(a.base, 1, a.size);
	rt_stack_put(&a);
	assert_null(a.base);
	assert_int_equal(rt_stack_get(&a), 0);
	assert_ptr_equal(a.base, base);
	assert_int_equal(rt_stack_get(&b), 0);
	assert_ptr_not_equal(b.base, base);
	assert_int_equal(rt_stack_count(), 2);
	rt_stack_put(&a);
	rt_stack_put(&b);
	rt_stack_trim();
	assert_int_equal(rt_stack_count(), 0);
}

static void only_some_unused_ones_are_kept(void **state)
{
	enum { N = 200 };
	struct rt_stack s[N];

	(void)state;
	for (int i = 0; i < N; i++)
		assert_int_equal(rt_stack_get(&s[i]), 0);
	assert_int_equal(rt_stack_count(), N);
	for (int i = 0; i < N; i++)
		rt_stack_put(&s[i]);
	assert_true(rt_stack_count() < N);
	rt_stack_trim();
	assert_int_equal(rt_stack_count(), 0);
}

/* What a child that writes below the stack ends with. */
static int status_of_overrun(const struct rt_stack *s)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL); /* no sanitizer's report */
		*(volatile char *)(s->base - 1) = 1;
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void running_over_the_end_is_a_fault(void **state)
{
	struct rt_stack s;
	int status;

	(void)state;
	assert_int_equal(rt_stack_get(&s), 0);
	status = status_of_overrun(&s);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	rt_stack_put(&s);
}

/* Touches @arg bytes of its stack, in frames of about 1 KiB. */
static __attribute__((noinline)) int deep(size_t bytes)
{
	volatile char frame[1024];

	memset((char *)frame, 1, sizeof(frame));
	return bytes > sizeof(frame) ? frame[0] + deep(bytes - sizeof(frame)) : frame[1];
}

static struct rt_object *uses_stack(struct rt_coro *self, void *arg)
{
	(void)self;
	return rt_int_new(deep((size_t)arg));
}

static void the_size_of_stacks_can_be_set(void **state)
{
	size_t before = rt_coro_set_stack_size(4 << 20);
	struct rt_coro *c = rt_coro_new(uses_stack, (void *)(size_t)(1 << 20));
	struct rt_object *frames = rt_coro_resume(c, rt_none);
	int64_t n;

	(void)state;
	assert_int_equal(rt_int_value(frames, &n), 0);
	assert_int_equal(n, 1024);
	rt_unref(frames);
	rt_coro_free(c);
	assert_int_equal(rt_coro_set_stack_size(1), 4 << 20);
	assert_int_equal(rt_coro_set_stack_size(before), 32 << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_used_again),
		cmocka_unit_test(only_some_unused_ones_are_kept),
		cmocka_unit_test(running_over_the_end_is_a_fault),
		cmocka_unit_test(the_size_of_stacks_can_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
