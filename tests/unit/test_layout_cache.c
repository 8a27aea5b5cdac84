/* layout_cache: what was kept comes back whole, or not at all; nothing from where others write. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/target/layout_cache.h"
#include "user/target/layout_fields.h"

#define ID "0123456789abcdef0123456789abcdef01234567"

static char dir[64], file[128];

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/gilscope-cache-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/" ID, dir);
	return setenv("GILSCOPE_CACHE", dir, 1);
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(dir);
}

static struct py_layout sample(void)
{
	struct py_layout l = { .found_by = "dwarf" };
	size_t i;

	for (i = 0; i < LAYOUT_FIELDS; i++)
		layout_field_set(&l, i, i % 7 ? (u32)(i * 1000003) : GS_NO_FIELD);
	return l;
}

static void comes_back(void **state)
{
	struct py_layout l = sample(), back = { .found_by = "kept" };
	struct stat st;
	size_t i;

	(void)state;
	assert_int_equal(layout_cache_get(ID, &back), -ENOENT);
	layout_cache_put(ID, &l);
	assert_int_equal(layout_cache_get(ID, &back), 0);
	for (i = 0; i < LAYOUT_FIELDS; i++)
		assert_int_equal(layout_field(&back, i), layout_field(&l, i));
	assert_string_equal(back.found_by, "kept");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Again, over what is there. */
	layout_field_set(&l, 3, 77);
	layout_cache_put(ID, &l);
	assert_int_equal(layout_cache_get(ID, &back), 0);
	assert_int_equal(layout_field(&back, 3), 77);
}

static void nothing_that_is_not_an_id(void **state)
{
	static const char *const ids[] = { "", "..", "../x", "a/b", "XYZ", ".0123" };
	struct py_layout l = sample();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		layout_cache_put(ids[i], &l);
		assert_int_equal(layout_cache_get(ids[i], &l), -ENOENT);
	}
	assert_int_equal(layout_cache_get(NULL, &l), -ENOENT);
}

/* Every file that is damaged somewhere is refused: a line less, a byte more, a value too much. */
static void refuses_what_is_damaged(void **state)
{
	struct py_layout l = sample(), back = { .gil_cond = 12345 };
	char whole[8192], text[8300];
	size_t n, i;
	FILE *f;

	(void)state;
	layout_cache_put(ID, &l);
	f = fopen(file, "r");
	assert_non_null(f);
	n = fread(whole, 1, sizeof(whole) - 1, f);
	fclose(f);
	for (i = 0; i <= n + 1; i++) {
		memcpy(text, whole, n);
		if (i < n)
			text[i] = i % 2 ? '\0' : '~';
		else
			text[n] = '\n';
		f = fopen(file, "w");
		assert_non_null(f);
		/* A part of it, a byte of it changed, a byte more. */
		assert_int_equal(fwrite(text, 1, i % 3 == 2 ? i : n + (i >= n), f),
				 i % 3 == 2 ? i : n + (i >= n));
		fclose(f);
		if (i % 3 == 2 && i == n)
			continue; /* that one is whole */
		assert_int_equal(layout_cache_get(ID, &back), -ENOENT);
		assert_int_equal(back.gil_cond, 12345);
	}
}

static void trusts_only_what_is_its_own(void **state)
{
	struct py_layout l = sample();
	char link[160];

	(void)state;
	layout_cache_put(ID, &l);
	assert_int_equal(chmod(file, 0622), 0);
	assert_int_equal(layout_cache_get(ID, &l), -ENOENT);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(layout_cache_get(ID, &l), -ENOENT);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(layout_cache_get(ID, &l), 0);
	snprintf(link, sizeof(link), "%s/moved", dir);
	assert_int_equal(rename(file, link), 0);
	assert_int_equal(symlink(link, file), 0);
	assert_int_equal(layout_cache_get(ID, &l), -ENOENT);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(setenv("GILSCOPE_CACHE", "", 1), 0);
	layout_cache_put(ID, &l);
	assert_int_equal(layout_cache_get(ID, &l), -ENOENT);
}

/* An id of one file: the same as long as it is the same file, unchanged. */
static void file_has_an_id(void **state)
{
	char first[LAYOUT_CACHE_ID_MAX + 1], again[LAYOUT_CACHE_ID_MAX + 1], path[256];
	char much[LAYOUT_CACHE_ID_MAX + 1];
	struct py_layout l = sample(), back = { 0 };
	int fd, other;

	(void)state;
	snprintf(path, sizeof(path), "%s/debug", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(layout_cache_file_id(ID, fd, first), 0);
	assert_int_equal(layout_cache_file_id(ID, fd, again), 0);
	assert_string_equal(first, again);
	assert_int_equal(strncmp(first, ID, strlen(ID)), 0);
	layout_cache_put(first, &l);
	assert_int_equal(layout_cache_get(first, &back), 0);
	assert_int_equal(layout_field(&back, 3), layout_field(&l, 3));
	assert_int_equal(layout_cache_get(ID, &back), -ENOENT); /* of that file, not of its build */
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(layout_cache_file_id(ID, fd, again), 0);
	assert_string_not_equal(first, again);
	other = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_int_equal(layout_cache_file_id(ID, other, again), 0);
	assert_string_not_equal(first, again);
	assert_int_equal(layout_cache_file_id(NULL, fd, again), 0);
	memset(much, 'a', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	assert_int_equal(layout_cache_file_id(much, fd, again), -ENOENT);
	assert_int_equal(layout_cache_file_id(ID, -1, again), -ENOENT);
	close(fd);
	close(other);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s", dir, first);
	assert_int_equal(unlink(path), 0);
}

/* A thousand containers later it begins anew. */
static void is_bounded(void **state)
{
	struct py_layout l = sample(), back;
	char path[160];

	(void)state;
	layout_cache_put(ID, &l);
	for (int i = 0; i < 999; i++) {
		snprintf(path, sizeof(path), "%s/%x", dir, i);
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	assert_int_equal(layout_cache_get(ID, &back), 0);
	layout_cache_put("abc", &l);
	assert_int_equal(layout_cache_get(ID, &back), -ENOENT);
	assert_int_equal(layout_cache_get("abc", &back), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, "abc");
	assert_int_equal(unlink(path), 0); /* the only one: else the folder cannot be removed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_that_is_not_an_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_is_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trusts_only_what_is_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(file_has_an_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
