/*
 * py_tasks: tasks and coroutines that are made here, in our own memory; whole ones, lists and
 * chains that go round in a circle, and what only looks like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/py_tasks_private.h"

struct type {
	u64 refs, type, size;
	const char *name;
};

/* As in 3.14, but for what lies between. */
struct frame {
	u64 code, previous, instr, top;
	u64 stack[2];
	u8 owner, unused[7];
};

struct coro {
	u64 refs, type;
	s8 state;
	u8 unused[7];
	struct frame frame;
};

struct node {
	u64 next, previous;
};

struct task {
	u64 refs, type, name, coro, awaited_by;
	u8 is_set, unused[7];
	struct node node;
};

struct thread_state {
	struct node tasks;
	u64 running;
};

struct set {
	u64 refs, type, fill, used, mask, table;
};

#define TASKS 3

static struct type coro_type = { .name = "coroutine" }, other_type = { .name = "Future" },
		   int_type = { .name = "int" };
static struct {
	u64 refs, type, tag;
	u32 digits[2];
} number;
static struct coro coros[TASKS];
static struct task tasks[TASKS];
static struct thread_state thread_state;
static struct py_layout layout;
static struct py_binary binary;
static struct py_process process;
static struct py_tasks *t;
static struct py_thread thread;
static struct py_interp interp;
static struct py_task told[PY_TASKS_MAX];
static size_t ntold;
static bool more; /* than those told */

static u64 at(const void *p)
{
	return (u64)(uintptr_t)p;
}

static int note(const struct py_task *task, void *arg)
{
	(void)arg;
	assert_true(ntold < PY_TASKS_MAX);
	told[ntold++] = *task;
	return 0;
}

static int read_all(void)
{
	ntold = 0;
	return py_tasks_read(t, &interp, &thread, note, NULL, &more);
}

static void set_layout(void)
{
	layout.ob_type = 8;
	layout.tp_name = offsetof(struct type, name);
	layout.lv_tag = 16;
	layout.ob_digit = 24;
	layout.ob_size = GS_NO_FIELD;
	layout.frames = (struct py_frame_layout) {
		.object_back = GS_NO_FIELD,
		.cframe_frame = GS_NO_FIELD,
		.is_entry = GS_NO_FIELD,
		.tlbc_index = GS_NO_FIELD,
		.code_first_line = GS_NO_FIELD,
		.code = offsetof(struct frame, code),
		.previous = offsetof(struct frame, previous),
		.instr = offsetof(struct frame, instr),
		.owner = offsetof(struct frame, owner),
		.code_adaptive = 64,
	};
}

static void set_at(void)
{
	t->at = (struct py_tasks_at) {
		.listed = true,
		.tstate_running = offsetof(struct thread_state, running),
		.tstate_tasks = offsetof(struct thread_state, tasks),
		.interp_tasks = offsetof(struct thread_state, tasks),
		.task_name = offsetof(struct task, name),
		.task_coro = offsetof(struct task, coro),
		.task_awaited_by = offsetof(struct task, awaited_by),
		.task_awaited_by_is_set = offsetof(struct task, is_set),
		.task_node = offsetof(struct task, node),
		.gen_frame = offsetof(struct coro, frame),
		.gen_state = offsetof(struct coro, state),
		.frame_top = offsetof(struct frame, top),
		.awaited_below = 1,
		.state_created = -3,
		.state_yield_from = -1,
	};
}

/* Three tasks in a list, each with one coroutine that awaits a future. */
static int setup(void **state)
{
	static struct {
		u64 refs, type;
	} future;

	(void)state;
	set_layout();
	binary.layout = layout;
	process = (struct py_process) { .pid = getpid(), .binary = &binary };
	t = py_tasks_new(&process);
	assert_non_null(t);
	assert_false(py_tasks_listed(t)); /* of no version */
	set_at();
	future.type = at(&other_type);
	number.type = at(&int_type);
	number.tag = 1 << 3;
	number.digits[0] = 42;
	for (size_t i = 0; i < TASKS; i++) {
		u64 next = i + 1 < TASKS ? at(&tasks[i + 1].node) : at(&thread_state.tasks);

		coros[i] = (struct coro) { .type = at(&coro_type), .state = -1 };
		coros[i].frame = (struct frame) { .code = 4096, .instr = 4096 + 64 };
		coros[i].frame.top = at(&coros[i].frame.stack[1]);
		coros[i].frame.stack[0] = at(&future) | 1;
		tasks[i] = (struct task) { .name = at(&number), .coro = at(&coros[i]) };
		tasks[i].node.next = next;
	}
	thread_state = (struct thread_state) { .tasks = { .next = at(&tasks[0].node) } };
	thread = (struct py_thread) { .tstate = at(&thread_state), .tid = getpid() };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	py_tasks_free(t);
	return 0;
}

static void tasks_of_a_list_are_told(void **state)
{
	(void)state;
	tasks[2].awaited_by = at(&tasks[1]);
	thread_state.running = at(&tasks[0]);
	assert_int_equal(read_all(), 0);
	assert_int_equal(ntold, TASKS);
	assert_false(more);
	assert_string_equal(told[1].name, "Task-42");
	assert_true(told[0].running && !told[1].running);
	assert_int_equal(told[0].n, 0); /* its thread has them */
	assert_int_equal(told[1].n, 1);
	assert_false(told[1].cut);
	assert_int_equal(told[2].nwaiters, 1);
	assert_int_equal(told[2].waiters[0], at(&tasks[1]));
}

static void a_chain_of_coroutines_ends_with_what_is_none(void **state)
{
	(void)state;
	coros[0].frame.stack[0] = at(&coros[1]) | 1;
	coros[1].frame.stack[0] = at(&coros[2]);
	coros[2].state = -3; /* not begun */
	assert_int_equal(read_all(), 0);
	assert_int_equal(told[0].n, 3);
	assert_int_equal(told[1].n, 2);
	assert_int_equal(told[2].n, 1);
	coros[1].state = 0; /* it runs */
	assert_int_equal(read_all(), 0);
	assert_int_equal(told[0].n, 1);
}

static void circles_end(void **state)
{
	(void)state;
	coros[0].frame.stack[0] = at(&coros[0]);
	tasks[2].node.next = at(&tasks[0].node);
	assert_int_equal(read_all(), 0);
	assert_int_equal(ntold, PY_TASKS_MAX);
	assert_true(more);
	assert_int_equal(told[0].n, PY_TASK_FRAMES);
	assert_true(told[0].cut);
}

static void what_is_no_task_ends_the_list(void **state)
{
	static const u64 lies[] = { 0, 1, 8, ~0ULL, 1ULL << 62 };

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		tasks[1].coro = lies[i];
		assert_int_equal(read_all(), 0);
		assert_int_equal(ntold, 1);
		assert_true(more);
		tasks[1].coro = at(&coros[1]);
		tasks[0].node.next = lies[i];
		assert_int_equal(read_all(), 0);
		assert_int_equal(ntold, 1);
		assert_true(more);
		tasks[0].node.next = at(&tasks[1].node);
		coros[2].frame.top = lies[i];
		coros[1].frame.code = lies[i];
		assert_int_equal(read_all(), 0);
		assert_int_equal(ntold, TASKS);
		assert_false(more);
		coros[1].frame.code = 4096;
	}
}

static void a_list_not_begun_has_none(void **state)
{
	(void)state;
	thread_state.tasks.next = 0;
	assert_int_equal(read_all(), 0);
	assert_int_equal(ntold, 0);
	assert_false(more);
}

static void sets_of_waiters_are_bounded(void **state)
{
	static u64 table[2 * 64];
	static struct set set;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		table[2 * i] = i % 2 ? at(&tasks[i % TASKS]) : 0;
	set = (struct set) { .used = 32, .mask = 63, .table = at(table) };
	tasks[0].awaited_by = at(&set);
	tasks[0].is_set = 1;
	assert_int_equal(read_all(), 0);
	assert_int_equal(told[0].nwaiters, PY_TASK_WAITERS);
	assert_true(told[0].more_waiters);
	set.mask = ~0ULL;
	assert_int_equal(read_all(), 0);
	assert_int_equal(told[0].nwaiters, 0);
	set.mask = 63;
	set.table = 8;
	assert_int_equal(read_all(), 0);
	assert_int_equal(told[0].nwaiters, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tasks_of_a_list_are_told),
		TEST(a_chain_of_coroutines_ends_with_what_is_none),
		TEST(circles_end),
		TEST(what_is_no_task_ends_the_list),
		TEST(a_list_not_begun_has_none),
		TEST(sets_of_waiters_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
