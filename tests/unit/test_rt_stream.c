/* File-like objects: one protocol, whatever is behind it. */
#include "tests/unit/test_rt_helpers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static char path[] = "/tmp/gilscope-test-XXXXXX";

static void files_are_written_and_read(void **state)
{
	struct rt_object *f;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	f = rt_file_open(path, "w");
	expect_repr(rt_call_method(f, "write", 1, S("caf\xc3\xa9\n")), "6");
	expect_repr(rt_call_method(f, "write", 1, rt_bytes_from("\xff", 1)), "1");
	expect_error(!rt_call_method(f, "write", 1, I(1)), "TypeError: expected bytes, not 'int'");
	expect_repr(rt_call_method(f, "close", 0), "None");
	expect_repr(rt_call_method(f, "close", 0), "None");
	expect_error(!rt_call_method(f, "read", 0), "ValueError: I/O operation on closed file");
	rt_unref(f);
	f = rt_file_open(path, "r");
	expect_repr(rt_call_method(f, "read", 1, I(3)), "b'caf'");
	expect_repr(rt_call_method(f, "read", 0), "b'\\xc3\\xa9\\n\\xff'");
	expect_repr(rt_call_method(f, "read", 0), "b''");
	expect_error(!rt_call_method(f, "write", 1, S("x")), "OSError: write: Bad file descriptor");
	rt_unref(f);
	unlink(path);
	expect_error(!rt_file_open(path, "x"), "ValueError: invalid mode: 'x'");
	assert_null(rt_file_open(path, "r"));
	assert_true(rt_error_catch(RT_OS_ERROR));
}

static void a_file_that_goes_closes_its_descriptor(void **state)
{
	struct rt_object *f = rt_file_open("/dev/null", "r");
	int fd = rt_stream_fd(f);

	(void)state;
	assert_true(fcntl(fd, F_GETFD) >= 0);
	rt_unref(f);
	assert_true(fcntl(fd, F_GETFD) < 0);
	expect_error(rt_stream_fd(rt_none) < 0, "TypeError: expected file, not 'NoneType'");
}

static void sockets_talk_to_each_other(void **state)
{
	struct rt_object *pair = rt_socket_pair(), *a, *b;

	(void)state;
	a = rt_tuple_at(pair, 0);
	b = rt_tuple_at(pair, 1);
	expect_repr(rt_call_method(a, "write", 1, S("ping")), "4");
	expect_repr(rt_call_method(b, "read", 1, I(100)), "b'ping'");
	expect_repr(rt_call_method(a, "close", 0), "None");
	expect_repr(rt_call_method(b, "read", 1, I(100)), "b''");
	assert_null(rt_call_method(b, "write", 1, S("x"))); /* an error, and no signal */
	assert_true(rt_error_catch(RT_CONNECTION_ERROR));
	rt_unref(pair);
}

static void a_descriptor_that_would_block_is_an_error_of_its_own(void **state)
{
	struct rt_object *pair = rt_socket_pair(), *a = rt_tuple_at(pair, 0);

	(void)state;
	fcntl(rt_stream_fd(a), F_SETFL, O_NONBLOCK);
	assert_null(rt_call_method(a, "read", 1, I(1)));
	assert_true(rt_error_catch(RT_BLOCKING_IO_ERROR));
	rt_unref(pair);
}

static void buffers_read_characters(void **state)
{
	struct rt_object *b = rt_buffer_new("caf\xc3\xa9!");

	(void)state;
	expect_repr(rt_call_method(b, "read", 1, I(4)), "'caf\xc3\xa9'");
	expect_repr(rt_call_method(b, "write", 1, S("\xc3\xa9")), "1");
	expect_repr(rt_call_method(b, "read", 0), "'!\xc3\xa9'");
	expect_repr(rt_call_method(b, "read", 1, I(5)), "''");
	expect_repr(rt_call_method(b, "getvalue", 0), "'caf\xc3\xa9!\xc3\xa9'");
	expect_error(!rt_call_method(b, "write", 1, rt_bytes_from("\xff", 1)),
		     "UnicodeError: invalid UTF-8");
	expect_repr(rt_call_method(b, "close", 0), "None");
	expect_error(!rt_call_method(b, "read", 0), "ValueError: I/O operation on closed buffer");
	rt_unref(b);
}

static struct rt_object *quack(const struct rt_args *a)
{
	struct rt_object *log = rt_getattr(a->v[0], "log");
	int r = rt_list_append(log, a->v[1]);

	rt_unref(log);
	return rt_none_if(r);
}

static void anything_with_the_methods_will_do(void **state)
{
	static const struct rt_function_spec methods[] = { { "write", quack, "self, s" }, { 0 } };
	struct rt_object *class = rt_class_from_methods("Duck", NULL, methods);
	struct rt_object *duck = rt_call_of(class, 0), *log = rt_list_new();
	struct rt_object *pair = rt_socket_pair(), *from = rt_buffer_new("some text");

	(void)state;
	rt_setattr(duck, "log", log);
	assert_int_equal(rt_stream_copy(from, rt_tuple_at(pair, 0), 4), 9);
	assert_int_equal(shutdown(rt_stream_fd(rt_tuple_at(pair, 0)), SHUT_WR), 0);
	assert_int_equal(rt_stream_copy(rt_tuple_at(pair, 1), duck, 5), 9);
	expect_repr(rt_ref(log), "[b'some ', b'text']");
	expect_error(rt_stream_copy(I(1), duck, 5) < 0,
		     "AttributeError: 'int' object has no attribute 'read'");
	rt_unref(from);
	from = rt_buffer_new("x");
	expect_error(rt_stream_copy(from, rt_none, 5) < 0,
		     "AttributeError: 'NoneType' object has no attribute 'write'");
	rt_unref(from);
	rt_unref(pair);
	rt_unref(log);
	rt_unref(duck);
	rt_unref(class);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(files_are_written_and_read),
		RT_TEST(a_file_that_goes_closes_its_descriptor),
		RT_TEST(sockets_talk_to_each_other),
		RT_TEST(a_descriptor_that_would_block_is_an_error_of_its_own),
		RT_TEST(buffers_read_characters),
		RT_TEST(anything_with_the_methods_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
