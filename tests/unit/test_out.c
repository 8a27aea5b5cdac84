/* Buffered output: numbers and texts in their forms, large amounts, and errors that are kept. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/base/out.h"

/* What @write puts out, for one comparison. */
#define assert_out(expected, write) \
	do { \
		struct out o; \
		int ends[2]; \
		char got[512] = ""; \
		assert_int_equal(pipe(ends), 0); \
		assert_int_equal(out_init(&o, ends[1]), 0); \
		write; \
		assert_int_equal(o.total, sizeof(expected) - 1); \
		assert_int_equal(out_flush(&o), 0); \
		out_done(&o); \
		close(ends[1]); \
		assert_int_equal(read(ends[0], got, sizeof(got) - 1), sizeof(expected) - 1); \
		assert_string_equal(got, expected); \
		close(ends[0]); \
	} while (0)

static void numbers_have_all_their_digits(void **state)
{
	(void)state;
	assert_out("0", out_u64(&o, 0));
	assert_out("9", out_u64(&o, 9));
	assert_out("10", out_u64(&o, 10));
	assert_out("99", out_u64(&o, 99));
	assert_out("100", out_u64(&o, 100));
	assert_out("18446744073709551615", out_u64(&o, UINT64_MAX));
	assert_out("-9223372036854775808", out_s64(&o, INT64_MIN));
	assert_out("-1", out_s64(&o, -1));
	assert_out("9223372036854775807", out_s64(&o, INT64_MAX));
}

static void decimals_keep_every_nanosecond(void **state)
{
	(void)state;
	assert_out("1234.567", out_decimal(&o, 1234567, 3));
	assert_out("0.000", out_decimal(&o, 0, 3));
	assert_out("0.007", out_decimal(&o, 7, 3));
	assert_out("1.000", out_decimal(&o, 1000, 3));
	assert_out("12", out_decimal(&o, 12, 0));
	assert_out("0.000000001", out_decimal(&o, 1, 9));
	assert_out("18446744073.709551615", out_decimal(&o, UINT64_MAX, 9));
	assert_out("1.8446744073709551615", out_decimal(&o, UINT64_MAX, 19));
}

static void reals_read_back_as_they_were(void **state)
{
	(void)state;
	assert_out("0.1", out_real(&o, 0.1));
	assert_out("0.30000000000000004", out_real(&o, 0.1 + 0.2));
	assert_out("null", out_real(&o, NAN));
	assert_out("null", out_real(&o, -INFINITY));
	assert_out("-1.5", out_real(&o, -1.5));
}

static void json_texts_are_safe_even_in_a_page(void **state)
{
	(void)state;
	assert_out("\"\"", out_json(&o, ""));
	assert_out("\"a \\\"b\\\" \\\\ \\n\\r\\t \\u0001\\u001f\\u007f /\"",
		   out_json(&o, "a \"b\" \\ \n\r\t \x01\x1f\x7f /"));
	assert_out("\"\\u003c/script\\u003e\\u0026'\"", out_json(&o, "</script>&'"));
	assert_out("\"\xe6\x97\xa5\xf0\x9f\x98\x80\"",
		   out_json(&o, "\xe6\x97\xa5\xf0\x9f\x98\x80"));
	/* each byte that is no UTF-8: alone, cut off, overlong, a surrogate */
	assert_out("\"\xef\xbf\xbd-\xef\xbf\xbd\xef\xbf\xbd\"", out_json(&o, "\xff-\xe6\x97"));
	assert_out("\"\xef\xbf\xbd\xef\xbf\xbd\"", out_json(&o, "\xc0\x80"));
	assert_out("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", out_json(&o, "\xed\xa0\x80"));
}

static void csv_fields_are_quoted_where_needed(void **state)
{
	(void)state;
	assert_out("", out_csv(&o, ""));
	assert_out("plain text", out_csv(&o, "plain text"));
	assert_out("\"a,b\"", out_csv(&o, "a,b"));
	assert_out("\"a \"\"b\"\"\"", out_csv(&o, "a \"b\""));
	assert_out("\"a\r\nb\"", out_csv(&o, "a\r\nb"));
	assert_out("\" a\"", out_csv(&o, " a"));
	assert_out("=1+1", out_csv(&o, "=1+1"));
	assert_out("\xef\xbf\xbd\xc3\xa9", out_csv(&o, "\xfe\xc3\xa9"));
}

static void html_is_text_and_nothing_else(void **state)
{
	(void)state;
	assert_out("&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt; &amp;amp; \xef\xbf\xbd\xef\xbf\xbd\n",
		   out_html(&o, "<b a=\"x\" c='y'> &amp; \x01\xff\n"));
}

static void formatted_texts_may_be_long(void **state)
{
	char word[401];

	(void)state;
	memset(word, 'x', 400);
	word[400] = 0;
	assert_out("7 seven", out_printf(&o, "%d %s", 7, "seven"));
	{
		struct out o;
		int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

		assert_int_equal(out_init(&o, fd), 0);
		out_printf(&o, "%s%s%s", word, word, word);
		assert_int_equal(o.total, 1200);
		assert_int_equal(o.buffer[1199], 'x');
		out_done(&o);
		close(fd);
	}
}

/* Many times the buffer, in pieces of every size; larger ones than the buffer as well. */
static void everything_arrives_in_order(void **state)
{
	char path[] = "/tmp/test_out_XXXXXX";
	int fd = mkstemp(path);
	size_t size = 0, large = 1 << 20;
	u8 *data = malloc(large), *got;
	struct out o;

	(void)state;
	unlink(path);
	for (size_t i = 0; i < large; i++)
		data[i] = (u8)(i * 7 + i / 251);
	assert_int_equal(out_init(&o, fd), 0);
	for (size_t n = 0; n < 3000; n++) {
		out_bytes(&o, data, n);
		size += n;
	}
	out_bytes(&o, data, large);
	size += large;
	assert_int_equal(o.total, size);
	assert_int_equal(out_flush(&o), 0);
	got = malloc(size);
	assert_int_equal(pread(fd, got, size, 0), size);
	for (size_t n = 0, at = 0; n < 3000; at += n++)
		assert_memory_equal(got + at, data, n);
	assert_memory_equal(got + size - large, data, large);
	out_done(&o);
	free(got);
	free(data);
	close(fd);
}

/* A pipe that would block: out waits for its reader instead of giving up. */
static void a_full_pipe_is_waited_for(void **state)
{
	int ends[2], status = -1;
	size_t size = 1 << 20;
	char *data = calloc(1, size);
	struct out o;
	pid_t child;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		size_t left = size;
		ssize_t n;

		while (left && ((n = read(ends[0], data, size)) > 0 || errno == EAGAIN))
			left -= n > 0 ? (size_t)n : 0;
		_exit(left ? 1 : 0);
	}
	assert_int_equal(out_init(&o, ends[1]), 0);
	out_bytes(&o, data, size);
	assert_int_equal(out_flush(&o), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	out_done(&o);
	free(data);
	close(ends[0]);
	close(ends[1]);
}

static void the_first_error_is_kept(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct out o;

	(void)state;
	assert_int_equal(out_init(&o, fd), 0);
	out_str(&o, "text");
	assert_int_equal(o.err, 0);
	assert_int_equal(out_flush(&o), -ENOSPC);
	close(fd);
	o.fd = -1;
	out_str(&o, "more");
	out_json(&o, "more");
	out_u64(&o, 1);
	out_decimal(&o, 1, 3);
	out_printf(&o, "%d", 1);
	assert_int_equal(o.total, 4);
	assert_int_equal(out_flush(&o), -ENOSPC);
	out_done(&o);
	out_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_all_their_digits),
		cmocka_unit_test(decimals_keep_every_nanosecond),
		cmocka_unit_test(reals_read_back_as_they_were),
		cmocka_unit_test(json_texts_are_safe_even_in_a_page),
		cmocka_unit_test(csv_fields_are_quoted_where_needed),
		cmocka_unit_test(html_is_text_and_nothing_else),
		cmocka_unit_test(formatted_texts_may_be_long),
		cmocka_unit_test(everything_arrives_in_order),
		cmocka_unit_test(a_full_pipe_is_waited_for),
		cmocka_unit_test(the_first_error_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
