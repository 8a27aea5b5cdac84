/*
 * aarch64: decoding, what a probe may be put on, calls found by their bytes, values followed
 * through registers, and PLT entries; on a few functions assembled elsewhere, so that any machine
 * can run it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fuzz/elf_maker.h"
#include "tests/unit/branches_found.h"
#include "user/sym/code.h"
#include "user/sym/flow.h"

/* clang-format off: an instruction per line, with its place */
static const u32 words[] = {
	0xd65f03c0, /*   0  ret */
	0xd4200020, /*   4  brk #0x1 */
	0xd503245f, /*   8  bti c */
	0xd503233f, /*   c  paciasp */
	0xa9bd7bfd, /*  10  stp x29, x30, [sp, #-48]! */
	0x910003fd, /*  14  mov x29, sp */
	0xa90153f3, /*  18  stp x19, x20, [sp, #16] */
	0xf9400813, /*  1c  ldr x19, [x0, #16] */
	0xf90017f3, /*  20  str x19, [sp, #40] */
	0x52800021, /*  24  mov w1, #1 */
	0x91004274, /*  28  add x20, x19, #16 */
	0x91020260, /*  2c  add x0, x19, #128 */
	0xb9000281, /*  30  str w1, [x20] */
	0x97fffff3, /*  34  bl 0x0 */
	0x35000120, /*  38  cbnz w0, 0x5c */
	0xf94017e0, /*  3c  ldr x0, [sp, #40] */
	0x52824681, /*  40  mov w1, #4660 */
	0x72a000a1, /*  44  movk w1, #5, lsl #16 */
	0xa903067f, /*  48  stp xzr, x1, [x19, #48] */
	0x97ffffed, /*  4c  bl 0x0 */
	0x90000002, /*  50  adrp x2, 0x0 */
	0x91048042, /*  54  add x2, x2, #288 */
	0x14000003, /*  58  b 0x64 */
	0x97ffffea, /*  5c  bl 0x4 */
	0xd503201f, /*  60  nop */
	0xa94153f3, /*  64  ldp x19, x20, [sp, #16] */
	0xd50323bf, /*  68  autiasp */
	0xa8c37bfd, /*  6c  ldp x29, x30, [sp], #48 */
	0xd65f03c0, /*  70  ret */
	0x885ffc01, /*  74  ldaxr w1, [x0] */
	0x11000421, /*  78  add w1, w1, #1 */
	0x8802fc01, /*  7c  stlxr w2, w1, [x0] */
	0x35ffffa2, /*  80  cbnz w2, 0x74 */
	0x58ffff83, /*  84  ldr x3, 0x74 */
	0xd53bd044, /*  88  mrs x4, TPIDR_EL0 */
	0xb8e18002, /*  8c  swpal w1, w2, [x0] */
	0x889ffc01, /*  90  stlr w1, [x0] */
	0x361fff01, /*  94  tbz w1, #3, 0x74 */
	0x54fffee1, /*  98  b.ne 0x74 */
	0xd63f0060, /*  9c  blr x3 */
	0xd61f0060, /*  a0  br x3 */
	0xd4000001, /*  a4  svc #0 */
	0x00000000, /*  a8  udf #0 */
	0xd5033bbf, /*  ac  dmb ish */
	0xd503203f, /*  b0  yield */
	0x10fffe05, /*  b4  adr x5, #-64 */
	0x17ffffd2, /*  b8  b 0x0 */
	0xd503245f, /*  bc  bti c */
	0x90000010, /*  c0  adrp x16, 0x0 */
	0xf9402611, /*  c4  ldr x17, [x16, #72] */
	0x91012210, /*  c8  add x16, x16, #72 */
	0xd61f0220, /*  cc  br x17 */
	0xf8616802, /*  d0  ldr x2, [x0, x1] */
	0xb84044c7, /*  d4  ldr w7, [x6], #4 */
	0xf81f0cc7, /*  d8  str x7, [x6, #-16]! */
	0x294124c8, /*  dc  ldp w8, w9, [x6, #8] */
	0x3d8007e0, /*  e0  str q0, [sp, #16] */
	0xc8a17c62, /*  e4  cas x1, x2, [x3] */
};
/* clang-format on */

enum {
	CALLEE = 0x00,
	FATAL = 0x04,
	SAMPLE = 0x08,
	CALL = 0x34,
	CALL2 = 0x4c,
	AFTER_ADRP = 0x58,
	DEAD = 0x60,
	RET = 0x70,
	EXCLUSIVE = 0x74,
	TAIL = 0xb8,
	STUB = 0xbc,
	MEMORY = 0xd0,
	END = 0xe8,
};

#define SLOT (EM_BASE + 72)
#define ADDRESS (EM_BASE + 288) /* what adrp and add make: text begins in the first page */
#define PAIR_NUMBER 0x51234

struct fixture {
	struct elf_maker maker;
	struct elf_file *file;
	struct code *code;
	u64 text;
};

/* What the loader would need to know of "f", which the stub jumps to. */
static void add_dynamic(struct elf_maker *m)
{
	Elf64_Sym symbols[2] = { { 0 }, { .st_name = 1, .st_info = STT_FUNC } };
	Elf64_Rela rela = { .r_offset = SLOT, .r_info = ELF64_R_INFO(1ULL, R_AARCH64_JUMP_SLOT) };
	u64 strtab = em_add(m, ".dynstr", SHT_STRTAB, "\0f", 3);
	u64 symtab = em_add(m, ".dynsym", SHT_DYNSYM, symbols, sizeof(symbols));
	u64 jmprel = em_add(m, ".rela.plt", SHT_RELA, &rela, sizeof(rela));
	Elf64_Dyn dynamic[] = {
		{ .d_tag = DT_STRTAB, .d_un.d_ptr = strtab },
		{ .d_tag = DT_STRSZ, .d_un.d_val = 3 },
		{ .d_tag = DT_SYMTAB, .d_un.d_ptr = symtab },
		{ .d_tag = DT_JMPREL, .d_un.d_ptr = jmprel },
		{ .d_tag = DT_PLTRELSZ, .d_un.d_val = sizeof(rela) },
		{ .d_tag = DT_NULL },
	};
	u64 at = em_add(m, ".dynamic", SHT_DYNAMIC, dynamic, sizeof(dynamic));

	m->machine = EM_AARCH64;
	em_end(m, at, sizeof(dynamic));
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	u8 table[512];
	u64 frame;
	int fd;

	assert_non_null(fx);
	em_begin(&fx->maker);
	fx->text = em_add(&fx->maker, ".text", SHT_PROGBITS, words, sizeof(words));
	{
		const u64 ranges[][2] = {
			{ fx->text + CALLEE, fx->text + FATAL },
			{ fx->text + FATAL, fx->text + SAMPLE },
			{ fx->text + SAMPLE, fx->text + EXCLUSIVE },
			{ fx->text + EXCLUSIVE, fx->text + STUB },
			{ fx->text + STUB, fx->text + MEMORY },
			{ fx->text + MEMORY, fx->text + END },
		};

		frame = EM_BASE + ((fx->maker.used + 15) & ~15UL);
		assert_int_equal(em_add(&fx->maker, ".eh_frame", SHT_PROGBITS, table,
					em_eh_frame(table, sizeof(table), frame, ranges, 6)),
				 frame);
	}
	add_dynamic(&fx->maker);
	fd = em_fd(&fx->maker);
	assert_int_equal(elf_file_open(fd, "made", &fx->file, NULL), 0);
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

static void is_told_by_the_file_and_does_not_run_here(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };

	assert_int_equal(elf_file_machine(fx->file), EM_AARCH64);
	assert_string_equal(elf_file_machine_name(fx->file), "aarch64");
#ifdef __aarch64__
	assert_int_equal(elf_file_runs_here(fx->file, &e), 0);
#else
	assert_int_equal(elf_file_runs_here(fx->file, &e), -ENOTSUP);
	assert_int_equal(e.code, GS_EXIT_UNSUPPORTED);
	assert_non_null(strstr(e.text, "aarch64"));
#endif
	assert_int_equal(code_arg_reg(fx->code, 0), 0);
	assert_int_equal(code_arg_reg(fx->code, 4), 4);
	assert_string_equal(code_reg_name(fx->code, 31), "sp");
}

static void knows_what_the_kernel_does(void **state)
{
	static const struct {
		u64 at;
		bool emulated, fit;
		enum insn_flow flow;
		u64 target; /* 0: none */
	} rows[] = {
		{ 0x00, true, true, INSN_RET, 0 }, /* ret */
		{ 0x04, false, false, INSN_END, 0 }, /* brk */
		{ 0x08, false, true, INSN_NEXT, 0 }, /* bti c */
		{ 0x0c, false, true, INSN_NEXT, 0 }, /* paciasp */
		{ 0x10, false, true, INSN_NEXT, 0 }, /* stp */
		{ 0x34, true, true, INSN_CALL, 0x00 }, /* bl */
		{ 0x38, true, true, INSN_JCC, 0x5c }, /* cbnz */
		{ 0x50, true, true, INSN_NEXT, 0 }, /* adrp */
		{ 0x58, true, true, INSN_JMP, 0x64 }, /* b */
		{ 0x60, false, true, INSN_NEXT, 0 }, /* nop: emulated since 6.13 only */
		{ 0x74, false, false, INSN_NEXT, 0 }, /* ldaxr */
		{ 0x78, false, false, INSN_NEXT, 0 }, /* add, between it and its store */
		{ 0x7c, false, false, INSN_NEXT, 0 }, /* stlxr */
		{ 0x80, true, true, INSN_JCC, 0x74 }, /* cbnz, after it */
		{ 0x84, false, false, INSN_NEXT, 0 }, /* ldr of a literal */
		{ 0x88, false, true, INSN_NEXT, 0 }, /* mrs */
		{ 0x8c, false, true, INSN_NEXT, 0 }, /* swpal */
		{ 0x90, false, true, INSN_NEXT, 0 }, /* stlr */
		{ 0x94, true, true, INSN_JCC, 0x74 }, /* tbz */
		{ 0x98, true, true, INSN_JCC, 0x74 }, /* b.ne */
		{ 0x9c, true, true, INSN_CALL, 0 }, /* blr */
		{ 0xa0, true, true, INSN_END, 0 }, /* br */
		{ 0xa4, false, false, INSN_NEXT, 0 }, /* svc */
		{ 0xa8, false, false, INSN_END, 0 }, /* udf */
		{ 0xac, false, true, INSN_NEXT, 0 }, /* dmb */
		{ 0xb0, false, false, INSN_NEXT, 0 }, /* yield */
		{ 0xb4, true, true, INSN_NEXT, 0 }, /* adr */
	};
	struct fixture *fx = *state;
	struct insn i;

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		u64 at = fx->text + rows[k].at;
		bool has =
			rows[k].flow == INSN_JCC || rows[k].flow == INSN_JMP || rows[k].at == CALL;

		print_message("%lx\n", (unsigned long)rows[k].at);
		assert_int_equal(code_decode(fx->code, at, &i), 0);
		assert_int_equal(i.size, 4);
		assert_int_equal(i.emulated, rows[k].emulated);
		assert_int_equal(!code_unfit(fx->code, at), rows[k].fit);
		assert_int_equal(i.flow, rows[k].flow);
		assert_int_equal(i.target, has ? fx->text + rows[k].target : 0);
	}
	assert_int_equal(code_decode(fx->code, fx->text + 2, &i), -EILSEQ);
}

static void finds_boundaries_calls_and_the_next_emulated(void **state)
{
	struct fixture *fx = *state;
	struct insn i;
	char text[64];

	assert_true(code_is_boundary(fx->code, fx->text + CALL));
	assert_false(code_is_boundary(fx->code, fx->text + CALL + 1));
	assert_false(code_is_boundary(fx->code, fx->text + END));
	assert_int_equal(code_call_target(fx->code, fx->text + CALL), fx->text + CALLEE);
	assert_int_equal(code_call_target(fx->code, fx->text + CALL + 2), 0);
	assert_int_equal(code_call_target(fx->code, fx->text + TAIL), 0);
	assert_int_equal(code_next_emulated(fx->code, fx->text + SAMPLE, &i), 0);
	assert_int_equal(i.vaddr, fx->text + CALL);
	/* None within an exclusive pair: the first is after it. */
	assert_int_equal(code_next_emulated(fx->code, fx->text + EXCLUSIVE, &i), 0);
	assert_int_equal(i.vaddr, fx->text + 0x80);
	code_text(fx->code, fx->text + RET, text, sizeof(text));
	assert_string_equal(text, "ret");
}

static void finds_who_calls(void **state)
{
	struct fixture *fx = *state;
	u64 callee = fx->text + CALLEE;
	struct code_targets to = { .targets = &callee, .ntargets = 1 };
	struct found f = { 0 };

	assert_int_equal(code_each_branch(fx->code, &to, note, &f), 0);
	assert_int_equal(f.n, 3);
	assert_int_equal(f.list[0], fx->text + CALL);
	assert_int_equal(f.list[1], fx->text + CALL2);
	assert_int_equal(f.list[2], fx->text + TAIL);
}

static void finds_plt_entries_from_their_landing_pad_on(void **state)
{
	struct fixture *fx = *state;
	struct elf_import imp;

	assert_int_equal(elf_file_import(fx->file, "f", &imp), 0);
	assert_int_equal(imp.nslots, 1);
	assert_int_equal(imp.slots[0], SLOT);
	assert_int_equal(imp.nstubs, 1);
	assert_int_equal(imp.stubs[0], fx->text + STUB);
	assert_int_equal(elf_file_import(fx->file, "g", &imp), -ENOENT);
}

static void follows_values(void **state)
{
	struct fixture *fx = *state;
	u64 fatal = fx->text + FATAL;
	struct code_targets noreturn = { .targets = &fatal, .ntargets = 1 };
	const struct flow_store *stores;
	struct flow_value v, kept;
	struct flow *f;
	size_t n;

	assert_int_equal(flow_new(fx->code, fx->text + SAMPLE, &noreturn, &f), 0);
	assert_int_equal(flow_value_at(f, fx->text + CALL, 19, &kept), 0);
	assert_true(kept.base);
	assert_int_equal(flow_arg_at(f, fx->text + CALL, 0, &v), 0);
	assert_int_equal(v.base, kept.base);
	assert_int_equal(v.disp, kept.disp + 128);
	/* Kept on the stack over a call, and read back; constants in parts. */
	assert_int_equal(flow_arg_at(f, fx->text + CALL2, 0, &v), 0);
	assert_int_equal(v.base, kept.base);
	assert_int_equal(v.disp, kept.disp);
	assert_int_equal(flow_arg_at(f, fx->text + CALL2, 1, &v), 0);
	assert_int_equal(v.base, 0);
	assert_int_equal(v.disp, PAIR_NUMBER);
	assert_int_equal(flow_value_at(f, fx->text + AFTER_ADRP, 2, &v), 0);
	assert_int_equal(v.base, 0);
	assert_int_equal(v.disp, ADDRESS);
	/* A call leaves nothing in what it may use; the stack comes back to where it was. */
	assert_int_equal(flow_value_at(f, fx->text + CALL + 4, 1, &v), 0);
	assert_true(v.base && v.base != kept.base);
	assert_int_equal(flow_value_at(f, fx->text + SAMPLE, 31, &kept), 0);
	assert_int_equal(flow_value_at(f, fx->text + RET, 31, &v), 0);
	assert_int_equal(v.base, kept.base);
	assert_int_equal(v.disp, kept.disp);
	assert_true(flow_is_sp(f, 31));
	stores = flow_stores(f, &n);
	assert_int_equal(n, 3); /* 1, and a pair */
	assert_int_equal(stores[0].number, 1);
	assert_int_equal(stores[0].to.disp, 16);
	assert_int_equal(stores[1].number, 0);
	assert_int_equal(stores[2].number, PAIR_NUMBER);
	assert_int_equal(stores[2].to.disp, stores[1].to.disp + 8);
	/* Behind a function that does not return there is nothing. */
	assert_false(flow_reached(f, fx->text + DEAD));
	assert_true(flow_reached(f, fx->text + RET));
	flow_free(f);
}

static void forgets_what_an_instruction_may_have_written(void **state)
{
	struct fixture *fx = *state;
	struct code_targets noreturn = { 0 };
	struct flow_value before, after;
	struct flow *f;

	assert_int_equal(flow_new(fx->code, fx->text + MEMORY, &noreturn, &f), 0);
	/* ldr x2, [x0, x1] */
	assert_int_equal(flow_value_at(f, fx->text + MEMORY, 2, &before), 0);
	assert_int_equal(flow_value_at(f, fx->text + MEMORY + 4, 2, &after), 0);
	assert_int_not_equal(before.base, after.base);
	/* ldr w7, [x6], #4; str x7, [x6, #-16]! */
	assert_int_equal(flow_value_at(f, fx->text + MEMORY, 6, &before), 0);
	assert_int_equal(flow_value_at(f, fx->text + MEMORY + 12, 6, &after), 0);
	assert_int_equal(after.base, before.base);
	assert_int_equal(after.disp, before.disp + 4 - 16);
	/* ldp w8, w9: halves are not known */
	assert_int_equal(flow_value_at(f, fx->text + MEMORY + 12, 9, &before), 0);
	assert_int_equal(flow_value_at(f, fx->text + MEMORY + 16, 9, &after), 0);
	assert_int_not_equal(before.base, after.base);
	/* cas x1, x2, [x3] is the last: it is reached */
	assert_true(flow_reached(f, fx->text + END - 4));
	flow_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_told_by_the_file_and_does_not_run_here, setup,
						teardown),
		cmocka_unit_test_setup_teardown(knows_what_the_kernel_does, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_boundaries_calls_and_the_next_emulated, setup,
						teardown),
		cmocka_unit_test_setup_teardown(finds_who_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_plt_entries_from_their_landing_pad_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(follows_values, setup, teardown),
		cmocka_unit_test_setup_teardown(forgets_what_an_instruction_may_have_written, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
