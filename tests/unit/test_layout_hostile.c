/*
 * layout_dwarf, with debug information written by hand: what fuzzing found, and circles of each
 * kind. Values come out, or GS_NO_FIELD; never something from behind a section's end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/fuzz/elf_maker.h"
#include "user/target/layout_dwarf.h"
#include "user/target/layout_fields.h"

/* Forms: string 0x08, data1 0x0b, ref4 0x13. */
static const u8 abbrev[] = {
	1, 0x11, 1, 0,	  0, /* compile_unit, children */
	2, 0x13, 0, 0x0b, 0x0b, 0x03, 0x08, 0, 0, /* structure_type: byte_size, name */
	3, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0, /* typedef: name, type */
	4, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0, /* structure_type, children: name, byte_size */
	5, 0x0d, 0, 0x38, 0x0b, 0x49, 0x13, 0, 0, /* member: data_member_location, type */
	0,
};

/* A unit of version 4 in the making. */
struct unit {
	u8 bytes[256];
	size_t used;
};

static void begin(struct unit *u)
{
	static const u8 head[] = { 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1 };

	memcpy(u->bytes, head, sizeof(head));
	u->used = sizeof(head);
}

static void add(struct unit *u, const void *bytes, size_t n)
{
	assert_true(u->used + n <= sizeof(u->bytes));
	memcpy(u->bytes + u->used, bytes, n);
	u->used += n;
}

static void add_byte(struct unit *u, u8 byte)
{
	add(u, &byte, 1);
}

static void add_ref(struct unit *u, u32 to)
{
	add(u, &to, sizeof(to));
}

/* What is read of it, in the section called @section; field @name. */
static u32 read_unit(struct unit *u, const char *section, const char *name)
{
	static const struct py_layout all;
	static struct elf_maker m;
	struct layout_dwarf_from from = { .wanted = &all };
	struct timespec before, after;
	u32 values[LAYOUT_FIELDS], length = (u32)u->used - 4;

	memcpy(u->bytes, &length, sizeof(length));
	em_begin(&m);
	em_add(&m, section, SHT_PROGBITS, u->bytes, u->used);
	em_add(&m, ".debug_abbrev", SHT_PROGBITS, abbrev, sizeof(abbrev));
	em_end(&m, 0, 0);
	from.fd = em_fd(&m);
	clock_gettime(CLOCK_MONOTONIC, &before);
	layout_dwarf_fields(&from, values);
	clock_gettime(CLOCK_MONOTONIC, &after);
	close(from.fd);
	assert_true(after.tv_sec - before.tv_sec < 10);
	for (size_t i = 0; i < LAYOUT_FIELDS; i++)
		if (!strcmp(layout_fields[i].name, name))
			return values[i];
	fail_msg("no field %s", name);
	return 0;
}

/* A struct that is 24 bytes long; @terminated: with a NUL behind its name, and the unit's end. */
static u32 stride(const char *section, bool terminated)
{
	struct unit u;

	begin(&u);
	add_byte(&u, 2);
	add_byte(&u, 24);
	add(&u, "gc_generation_stats", strlen("gc_generation_stats"));
	if (terminated)
		add(&u, "\0", 2);
	return read_unit(&u, section, "gc_stats_stride");
}

static void a_name_without_an_end_is_none(void **state)
{
	(void)state;
	assert_int_equal(stride(".debug_info", true), 24);
	assert_int_equal(stride(".debug_info", false), GS_NO_FIELD);
}

static void a_section_with_almost_that_name_is_another(void **state)
{
	(void)state;
	assert_int_equal(stride(" .debug_info", true), GS_NO_FIELD);
	assert_int_equal(stride(".debug_info .debug_abbrev", true), GS_NO_FIELD);
	assert_int_equal(stride("", true), GS_NO_FIELD);
}

static void a_typedef_of_itself_is_no_type(void **state)
{
	struct unit u;
	u32 here;

	(void)state;
	begin(&u);
	here = (u32)u.used;
	add_byte(&u, 3);
	add(&u, "PyASCIIObject", sizeof("PyASCIIObject"));
	add_ref(&u, here);
	add_byte(&u, 0);
	assert_int_equal(read_unit(&u, ".debug_info", "str_ascii_data"), GS_NO_FIELD);
}

/* Each unnamed member is the whole once more: looked into as deep as C programs go, no deeper. */
static void a_struct_in_itself_ends(void **state)
{
	struct unit u;
	u32 here;

	(void)state;
	begin(&u);
	here = (u32)u.used;
	add_byte(&u, 4);
	add(&u, "_ts", sizeof("_ts"));
	add_byte(&u, 200);
	for (int i = 0; i < 20; i++) {
		add_byte(&u, 5);
		add_byte(&u, 1);
		add_ref(&u, here);
	}
	add(&u, "\0", 2);
	assert_int_equal(read_unit(&u, ".debug_info", "tstate_next"), GS_NO_FIELD);
}

/* A type that is not in the file. */
static void a_type_outside_is_no_type(void **state)
{
	struct unit u;

	(void)state;
	begin(&u);
	add_byte(&u, 3);
	add(&u, "PyASCIIObject", sizeof("PyASCIIObject"));
	add_ref(&u, 0xfffffff0);
	add_byte(&u, 0);
	assert_int_equal(read_unit(&u, ".debug_info", "str_ascii_data"), GS_NO_FIELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_without_an_end_is_none),
		cmocka_unit_test(a_section_with_almost_that_name_is_another),
		cmocka_unit_test(a_typedef_of_itself_is_no_type),
		cmocka_unit_test(a_struct_in_itself_ends),
		cmocka_unit_test(a_type_outside_is_no_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
