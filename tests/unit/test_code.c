/* code and flow: decoding, calls found by their bytes, values followed through registers. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/branches_found.h"
#include "user/sym/code.h"
#include "user/sym/flow.h"

/* Never run.  Every instruction that a test asks about has a label. */
__asm__(".text\n"
	".type gs_callee, @function\n"
	"gs_callee: .cfi_startproc\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size gs_callee, . - gs_callee\n"
	".type gs_fatal, @function\n"
	"gs_fatal: .cfi_startproc\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size gs_fatal, . - gs_fatal\n"
	".type gs_sample, @function\n"
	"gs_sample: .cfi_startproc\n"
	"gs_endbr: endbr64\n"
	"gs_push: push %rbx\n"
	"gs_push_r12: push %r12\n"
	"	sub $0x28, %rsp\n"
	"gs_mov: mov 0x10(%rdi), %rbx\n"
	"	mov %rbx, 0x18(%rsp)\n"
	"	lea 0x28(%rbx), %rdi\n"
	"	movl $1, 0x10(%rbx)\n"
	"gs_call: call gs_callee\n"
	"	test %eax, %eax\n"
	"gs_jcc: jne 1f\n"
	"	xor %ebx, %ebx\n"
	"	mov $0x1234, %esi\n"
	"	mov 0x18(%rsp), %rdi\n"
	"gs_call2: call gs_callee\n"
	"gs_jmp: jmp 2f\n"
	"1:	call gs_fatal\n"
	"gs_dead: nop\n"
	"2:	add $0x28, %rsp\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"gs_ret: ret\n"
	"	.cfi_endproc\n"
	".size gs_sample, . - gs_sample\n");

struct fixture {
	struct elf_file *file;
	struct code *code;
};

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	int fd = open("/proc/self/exe", O_RDONLY);

	assert_non_null(fx);
	assert_int_equal(elf_file_open(fd, "self", &fx->file, NULL), 0);
	close(fd);
	assert_int_equal(code_new(fx->file, &fx->code, NULL), 0);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	code_free(fx->code);
	elf_file_close(fx->file);
	free(fx);
	return 0;
}

static u64 label(const struct fixture *fx, const char *name)
{
	struct elf_symbol sym;

	assert_int_equal(elf_file_symbol(fx->file, name, &sym), 0);
	return sym.vaddr;
}

static void knows_what_the_kernel_emulates(void **state)
{
	static const struct {
		const char *label;
		bool emulated;
		enum insn_flow flow;
	} rows[] = {
		{ "gs_endbr", false, INSN_NEXT },   { "gs_push", true, INSN_NEXT },
		{ "gs_push_r12", true, INSN_NEXT }, { "gs_mov", false, INSN_NEXT },
		{ "gs_call", true, INSN_CALL },	    { "gs_jcc", true, INSN_JCC },
		{ "gs_jmp", true, INSN_JMP },	    { "gs_dead", true, INSN_NEXT },
		{ "gs_ret", false, INSN_RET },	    { "gs_fatal", false, INSN_END },
	};
	struct fixture *fx = *state;
	struct insn i;
	size_t k;

	for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		assert_int_equal(code_decode(fx->code, label(fx, rows[k].label), &i), 0);
		assert_int_equal(i.emulated, rows[k].emulated);
		assert_int_equal(i.flow, rows[k].flow);
	}
	assert_int_equal(code_next_emulated(fx->code, label(fx, "gs_endbr"), &i), 0);
	assert_int_equal(i.vaddr, label(fx, "gs_push"));
	assert_int_equal(code_next_emulated(fx->code, label(fx, "gs_ret"), &i), -ENOENT);
}

static void finds_functions_and_boundaries(void **state)
{
	struct fixture *fx = *state;
	u64 start = label(fx, "gs_sample");
	const struct code_range *r = code_range_at(fx->code, label(fx, "gs_jcc"));
	struct insn i;

	assert_non_null(r);
	assert_int_equal(r->start, start);
	assert_int_equal(r->end, label(fx, "gs_ret") + 1);
	assert_true(code_is_boundary(fx->code, label(fx, "gs_jcc")));
	assert_false(code_is_boundary(fx->code, label(fx, "gs_endbr") + 1));
	assert_false(code_is_boundary(fx->code, 0));
	assert_null(code_range_at(fx->code, UINT64_MAX));
	assert_int_equal(code_decode(fx->code, UINT64_MAX, &i), -ENOENT);
}

static void finds_who_calls(void **state)
{
	struct fixture *fx = *state;
	u64 callee = label(fx, "gs_callee");
	struct code_targets to = { .targets = &callee, .ntargets = 1 };
	struct found f = { 0 };

	assert_int_equal(code_each_branch(fx->code, &to, note, &f), 0);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.list[0], label(fx, "gs_call"));
	assert_int_equal(f.list[1], label(fx, "gs_call2"));
}

static void follows_values(void **state)
{
	struct fixture *fx = *state;
	u64 fatal = label(fx, "gs_fatal");
	struct code_targets noreturn = { .targets = &fatal, .ntargets = 1 };
	const struct flow_store *stores;
	struct flow_value a, b, rbx;
	struct flow *f;
	size_t n;

	assert_int_equal(flow_new(fx->code, label(fx, "gs_sample"), &noreturn, &f), 0);
	assert_int_equal(flow_value_at(f, label(fx, "gs_call"), FLOW_RDI, &a), 0);
	assert_int_equal(flow_value_at(f, label(fx, "gs_call"), 3, &rbx), 0);
	assert_int_equal(a.base, rbx.base);
	assert_int_equal(a.disp, rbx.disp + 0x28);
	/* Kept on the stack over a call, and read back. */
	assert_int_equal(flow_value_at(f, label(fx, "gs_call2"), FLOW_RDI, &b), 0);
	assert_int_equal(b.base, rbx.base);
	assert_int_equal(b.disp, rbx.disp);
	assert_int_equal(flow_value_at(f, label(fx, "gs_call2"), FLOW_RSI, &b), 0);
	assert_int_equal(b.base, 0);
	assert_int_equal(b.disp, 0x1234);
	stores = flow_stores(f, &n);
	assert_int_equal(n, 1);
	assert_int_equal(stores[0].to.base, rbx.base);
	assert_int_equal(stores[0].to.disp, rbx.disp + 0x10);
	assert_int_equal(stores[0].number, 1);
	/* Behind a function that does not return there is nothing. */
	assert_false(flow_reached(f, label(fx, "gs_dead")));
	assert_true(flow_reached(f, label(fx, "gs_ret")));
	flow_free(f);
	assert_int_equal(flow_new(fx->code, 1, &noreturn, &f), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(knows_what_the_kernel_emulates, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_functions_and_boundaries, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_who_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(follows_values, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
