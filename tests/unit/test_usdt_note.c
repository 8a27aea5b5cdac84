/* usdt_note: argument strings as compilers write them for both machines, and others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "user/sym/usdt_note.h"

static void parses_what_compilers_write(void **state)
{
	static const struct {
		const char *text;
		struct usdt_arg arg;
	} rows[] = {
		{ "-4@112(%rsp)", { USDT_ARG_DEREF, -4, 4, 112 } },
		{ "-4@-228(%rbp)", { USDT_ARG_DEREF, -4, 5, -228 } },
		{ "8@(%rax)", { USDT_ARG_DEREF, 8, 0, 0 } },
		{ "-8@%r12", { USDT_ARG_REG, -8, 12, 0 } },
		{ "-4@%ebp", { USDT_ARG_REG, -4, 5, 0 } },
		{ "1@%r8b", { USDT_ARG_REG, 1, 8, 0 } },
		{ "8@$5", { USDT_ARG_CONST, 8, 0, 5 } },
		{ "-4@$-1", { USDT_ARG_CONST, -4, 0, -1 } },
	};
	struct usdt_arg a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(usdt_args_parse(rows[i].text, &a, 1), 1);
		assert_int_equal(a.kind, rows[i].arg.kind);
		assert_int_equal(a.size, rows[i].arg.size);
		assert_int_equal(a.reg, rows[i].arg.reg);
		assert_int_equal(a.disp, rows[i].arg.disp);
	}
}

static void parses_lists(void **state)
{
	struct usdt_arg a[3];

	(void)state;
	assert_int_equal(usdt_args_parse("", a, 3), 0);
	assert_int_equal(usdt_args_parse("8@%r14 8@%rax -4@%ebp", a, 3), 3);
	assert_int_equal(a[1].reg, 0);
	assert_int_equal(a[2].size, -4);
	assert_int_equal(usdt_args_parse("8@%r14 8@%rax -4@%ebp", a, 2), -E2BIG);
}

static void refuses_what_it_does_not_understand(void **state)
{
	static const char *const bad[] = {
		"8",	       "8@",
		"@%rax",       "3@%rax",
		"8@%xmm0",     "8@%",
		"8@%rax)",     "8@4",
		"8@4(%rax",    "8@4(%rax,%rbx)",
		"8@foo(%rip)", "8@$",
		"8@%raxx",     "8@ %rax",
		"8@4(%rax)x",  "8@$99999999999999999999",
		"x",	       "-@%rax",
	};
	struct usdt_arg a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(usdt_args_parse(bad[i], &a, 1), -EINVAL);
}

static void parses_what_compilers_write_for_aarch64(void **state)
{
	static const struct {
		const char *text;
		struct usdt_arg arg;
	} rows[] = {
		{ "-4@[sp, 184]", { USDT_ARG_DEREF, -4, 31, 184 } },
		{ "-8@[x29, -16]", { USDT_ARG_DEREF, -8, 29, -16 } },
		{ "8@[x0]", { USDT_ARG_DEREF, 8, 0, 0 } },
		{ "-8@x28", { USDT_ARG_REG, -8, 28, 0 } },
		{ "-4@w3", { USDT_ARG_REG, -4, 3, 0 } },
		{ "8@5", { USDT_ARG_CONST, 8, 0, 5 } },
		{ "-4@-1", { USDT_ARG_CONST, -4, 0, -1 } },
	};
	struct usdt_arg a[2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(usdt_args_parse_for(EM_AARCH64, rows[i].text, a, 1), 1);
		assert_int_equal(a->kind, rows[i].arg.kind);
		assert_int_equal(a->size, rows[i].arg.size);
		assert_int_equal(a->reg, rows[i].arg.reg);
		assert_int_equal(a->disp, rows[i].arg.disp);
	}
	assert_int_equal(usdt_args_parse_for(EM_AARCH64, "-4@[sp, 60] 8@x0", a, 2), 2);
	assert_int_equal(a[1].kind, USDT_ARG_REG);
}

static void refuses_what_is_not_aarch64s(void **state)
{
	static const char *const bad[] = {
		"8@x31",   "8@x123",	 "8@x",	     "8@xzr",	   "8@sp1",	   "8@[x0",
		"8@[x0,]", "8@[x0, x1]", "8@[x0, 4", "8@[x0, 4]]", "8@[x0, 4, 5]", "8@%rax",
		"8@d0",	   "8@[]",	 "8@",	     "3@x0",	   "8@[5]",	   "8@x-1",
	};
	struct usdt_arg a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("%s\n", bad[i]);
		assert_int_equal(usdt_args_parse_for(EM_AARCH64, bad[i], &a, 1), -EINVAL);
	}
	/* And the other way round. */
	assert_int_equal(usdt_args_parse_for(EM_X86_64, "8@x0", &a, 1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_compilers_write_for_aarch64),
		cmocka_unit_test(refuses_what_is_not_aarch64s),
		cmocka_unit_test(parses_what_compilers_write),
		cmocka_unit_test(parses_lists),
		cmocka_unit_test(refuses_what_it_does_not_understand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
