/*
 * py_code: code objects that are made here, in our own memory, of the layout of 3.11; whole ones,
 * those whose memory became another's, and what only looks like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/py_code.h"

/* As in 3.11's headers. */
struct type {
	u64 refs, type, size;
	const char *name;
};

struct str {
	u64 refs, type, length, hash;
	u32 state;
	u64 wstr;
	char ascii[5000];
};

struct bytes {
	u64 refs, type, size, hash;
	u8 data[64];
};

struct code {
	u64 refs, type;
	u8 before[32];
	s32 flags;
	u8 between[20];
	s32 first_line;
	u8 more[36];
	u64 filename, name, qualname, lines;
	u8 rest[64];
};

_Static_assert(offsetof(struct code, flags) == 48, "co_flags");
_Static_assert(offsetof(struct code, first_line) == 72, "co_firstlineno");
_Static_assert(offsetof(struct code, filename) == 112, "co_filename");
_Static_assert(offsetof(struct str, ascii) == 48, "sizeof(PyASCIIObject)");
_Static_assert(offsetof(struct bytes, data) == 32, "ob_sval");

static struct type code_type = { .name = "code" }, str_type = { .name = "str" },
		   bytes_type = { .name = "bytes" }, other_type = { .name = "codec" };
static struct str name, file;
static struct bytes lines;
static struct code code;
static struct py_layout layout;
static struct py_codes *codes;

static u64 at(const void *p)
{
	return (u64)(uintptr_t)p;
}

static void set_str(struct str *s, const char *text)
{
	*s = (struct str) { .type = at(&str_type), .length = strlen(text) };
	s->state = 1U << 2 | 1U << 5 | 1U << 6; /* one byte, compact, ASCII */
	memcpy(s->ascii, text, strlen(text));
}

static int setup(void **state)
{
	/* One entry: two units of code, on the line after the first one's. */
	static const u8 table[] = { 0x80 | 11 << 3 | 1, 0, 0 };

	(void)state;
	set_str(&name, "Outer.inner");
	set_str(&file, "/srv/app.py");
	lines = (struct bytes) { .type = at(&bytes_type), .size = sizeof(table) };
	memcpy(lines.data, table, sizeof(table));
	code = (struct code) {
		.refs = 1,
		.type = at(&code_type),
		.first_line = 41,
		.filename = at(&file),
		.name = at(&name),
		.qualname = at(&name),
		.lines = at(&lines),
	};
	assert_int_equal(layout_find(0x030b02f0, false, &layout, NULL), 0);
	codes = py_codes_new(getpid(), &layout);
	return !codes;
}

static int teardown(void **state)
{
	(void)state;
	py_codes_free(codes);
	return 0;
}

static const struct py_code *find(void)
{
	return py_codes_find(codes, at(&code));
}

static void has_name_file_and_line(void **state)
{
	const struct py_code *c = find();

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->function, "Outer.inner");
	assert_string_equal(c->file, "/srv/app.py");
	assert_int_equal(c->first_line, 41);
	assert_int_equal(c->kind, PY_CODE_FUNCTION);
	assert_int_equal(py_code_line(codes, c, -2), 41);
	assert_int_equal(py_code_line(codes, c, 0), 42);
	assert_int_equal(py_code_line(codes, c, 2), 42);
	assert_int_equal(py_code_line(codes, c, 4), 0); /* beyond its table */
	assert_ptr_equal(find(), c); /* kept */
	code.flags = 0x80;
	assert_int_equal(find()->kind, PY_CODE_COROUTINE);
}

/* Another one at the same place: seen, and what was handed out stays as it was. */
static void memory_that_is_used_again_is_read_again(void **state)
{
	const struct py_code *before = find(), *after;
	static struct str other;

	(void)state;
	assert_non_null(before);
	set_str(&other, "later");
	code.qualname = at(&other);
	after = find();
	assert_non_null(after);
	assert_string_equal(after->function, "later");
	assert_string_equal(before->function, "Outer.inner");
	code.type = at(&other_type);
	assert_null(find());
}

/* The allocator keeps a list of what is free through where counts were. */
static void what_nobody_owns_is_unknown(void **state)
{
	static const u64 counts[] = { 0, 0x7f8051f343a8, 1ULL << 32 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		code.refs = counts[i];
		assert_null(find());
	}
	code.refs = 4ULL << 48 | 3ULL << 30; /* it never dies (3.14) */
	assert_non_null(find());
}

/* Even if all that it points to has the same addresses. */
static void a_name_of_another_hash_is_another_mark(void **state)
{
	const struct py_code *before = find(), *after;

	(void)state;
	assert_non_null(before);
	assert_true(before->mark && !(before->mark & GS_FRAME_FLAGS));
	set_str(&name, "Outer.other");
	name.hash = 7;
	after = find();
	assert_non_null(after);
	assert_string_equal(after->function, "Outer.other");
	assert_int_not_equal(after->mark, before->mark);
}

static void what_is_no_code_object_is_unknown(void **state)
{
	static const u64 lies[] = { 0, 1, 8, 0x7fffffffffffULL, ~0ULL, ~7ULL };
	u64 *const fields[] = { &code.type, &code.filename, &code.qualname, &code.lines };

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		assert_null(py_codes_find(codes, lies[i]));
		for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++) {
			u64 old = *fields[k];

			*fields[k] = lies[i];
			assert_null(find());
			*fields[k] = old;
		}
	}
	/* Of another type, each in turn; "codec" begins like "code". */
	for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++) {
		u64 old = *fields[k];

		*fields[k] = k ? at(&code) : at(&other_type);
		assert_null(find());
		*fields[k] = old;
	}
	lines.size = ~0ULL;
	assert_null(find());
	lines.size = (1 << 20) + 1;
	assert_null(find());
	lines.size = 0;
	assert_non_null(find());
	name.state = 0; /* not compact */
	code.first_line++; /* so that it is not known yet */
	assert_null(find());
}

static void names_are_cut_and_made_printable(void **state)
{
	const struct py_code *c;

	(void)state;
	memset(name.ascii, 'n', sizeof(name.ascii));
	name.length = sizeof(name.ascii);
	memcpy(file.ascii, "a\033[2Jb\nc.", 9);
	c = find();
	assert_non_null(c);
	assert_int_equal(strlen(c->function), PY_CODE_TEXT_MAX - 1);
	assert_string_equal(c->file, "a?[2Jb?c.py");
	name.length = ~0ULL;
	code.first_line++;
	assert_non_null(find()); /* what a length says is not believed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_name_file_and_line, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_that_is_used_again_is_read_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_nobody_owns_is_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_of_another_hash_is_another_mark, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_no_code_object_is_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(names_are_cut_and_made_printable, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
