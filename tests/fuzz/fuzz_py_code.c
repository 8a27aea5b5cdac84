/*
 * Fuzzing the reading of code objects out of a program's memory: names, flags and the table of
 * lines.
 *
 * The input is a few choices, then memory of our own that has a code object at its beginning.  Its
 * pointers, and the types of what they lead to, are put in by the choices, so that they lead
 * somewhere; lengths, states, texts and tables are the input's.  Behind it nothing can be read.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/target/py_code.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

#define MEMORY 8192
#define CHOICES 10
#define TYPE_NAME 24 /* tp_name in a type */

enum { CODE, STR, BYTES, TYPES };

static u8 *memory; /* with a page behind it that cannot be read */
static u8 types[TYPES][TYPE_NAME + 8];

static void set_u64(u8 *to, u64 v)
{
	memcpy(to, &v, sizeof(v));
}

static u64 address(const void *p)
{
	return (u64)(uintptr_t)p;
}

static void make_memory(void)
{
	static const char *const names[] = { "code", "str", "bytes" };

	memory = mmap(NULL, MEMORY + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	CHECK(memory != MAP_FAILED && !mprotect(memory + MEMORY, 4096, PROT_NONE));
	for (int i = 0; i < TYPES; i++)
		set_u64(types[i] + TYPE_NAME, address(names[i]));
}

/* The pointer in the code object at @at leads to an object, of type @type unless it is spoilt. */
static void put_object(const struct py_layout *l, u32 at, const u8 *choice, int type)
{
	u8 *object = memory + ((choice[0] | choice[1] << 8) & (MEMORY - 8));

	set_u64(memory + at, address(object));
	if (choice[0] & 1)
		type = choice[0] >> 1 & 3;
	if (type < TYPES && object + l->ob_type + 8 <= memory + MEMORY)
		set_u64(object + l->ob_type, address(types[type]));
}

static void check_code(struct py_codes *codes, const u8 *choices)
{
	const struct py_code *c = py_codes_find(codes, address(memory));
	size_t n;

	if (!c)
		return;
	n = strlen(c->function);
	CHECK(n < PY_CODE_TEXT_MAX && strlen(c->file) < PY_CODE_TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		CHECK((u8)c->function[i] >= ' ' && c->function[i] != 0x7f);
	CHECK(c->kind <= PY_CODE_ASYNC_GENERATOR);
	CHECK(py_code_line(codes, c, choices[7] | choices[8] << 8) >= 0);
	CHECK(py_code_line(codes, c, -2) >= 0);
	CHECK(py_codes_find(codes, address(memory)) == c);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u32 versions[] = { 0x030800f0, 0x030900f0, 0x030a00f0, 0x030b00f0,
					0x030c00f0 };
	struct py_layout l;
	struct py_codes *codes;
	size_t n;

	if (size < CHOICES)
		return 0;
	if (!memory)
		make_memory();
	n = size - CHOICES < MEMORY ? size - CHOICES : MEMORY;
	memcpy(memory, data + CHOICES, n);
	memset(memory + n, 0, MEMORY - n);
	CHECK(!layout_find(versions[data[0] % 5], false, &l, NULL));
	put_object(&l, l.frames.code_filename, data + 1, STR);
	put_object(&l,
		   l.frames.code_qualname != GS_NO_FIELD ? l.frames.code_qualname
							 : l.frames.code_name,
		   data + 3, STR);
	put_object(&l, l.frames.code_lines, data + 5, BYTES);
	set_u64(memory + l.ob_type, address(types[CODE]));
	codes = py_codes_new(getpid(), &l);
	CHECK(codes);
	check_code(codes, data);
	py_codes_trim(codes);
	py_codes_free(codes);
	return 0;
}
