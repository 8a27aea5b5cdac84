/* Text buffers, a file-like object in memory, and copying between streams; see rt_stream.h. */
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_bytes.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_stream.h"
#include "runtime/rt_type.h"
#include "runtime/rt_utf8.h"

struct buffer {
	struct rt_object base;
	struct rt_buf text;
	size_t at; /* bytes read */
	bool closed;
};

struct rt_object *rt_buffer_new(const char *text)
{
	struct buffer *b = rt_new(&rt_buffer_type);

	if (!b)
		return NULL;
	rt_buf_add(&b->text, text ? text : "");
	return b->text.failed ? rt_unref(&b->base) : &b->base;
}

static struct buffer *open_buffer(const struct rt_args *args)
{
	struct buffer *b = (struct buffer *)args->v[0];

	return b->closed ? rt_raise(RT_VALUE_ERROR, "I/O operation on closed buffer") : b;
}

static struct rt_object *buffer_read(const struct rt_args *args)
{
	struct buffer *b = open_buffer(args);
	struct rt_object *s;
	size_t left, end;
	uint32_t code;
	int64_t n = -1;

	if (!b || (args->v[1] && rt_int_value(args->v[1], &n) < 0))
		return NULL;
	left = b->text.len - b->at;
	for (end = 0; end < left && n != 0; n -= n > 0)
		end += rt_utf8_decode(b->text.s + b->at + end, left - end, &code);
	s = rt_str_from(end ? b->text.s + b->at : "", end);
	if (s)
		b->at += end;
	return s;
}

/* Append what is a str, or bytes of valid UTF-8: a part of a character would never be one. */
static struct rt_object *buffer_write(const struct rt_args *args)
{
	struct buffer *b = open_buffer(args);
	struct rt_object *data = args->v[1];
	size_t points;

	if (!b)
		return NULL;
	if (rt_is(data, &rt_bytes_type)) {
		if (!rt_utf8_check(rt_bytes_data(data), rt_bytes_size(data), &points))
			return rt_raise(RT_UNICODE_ERROR, "invalid UTF-8");
		rt_buf_add_bytes(&b->text, rt_bytes_data(data), rt_bytes_size(data));
	} else if (rt_expect(data, &rt_str_type)) {
		points = rt_str_points(data);
		rt_buf_add_bytes(&b->text, rt_str_chars(data), rt_str_size(data));
	} else {
		return NULL;
	}
	if (b->text.failed) {
		b->text.failed = false; /* this write failed, the next may not */
		return NULL;
	}
	return rt_int_new((int64_t)points);
}

static struct rt_object *buffer_close(const struct rt_args *args)
{
	struct buffer *b = (struct buffer *)args->v[0];

	b->closed = true;
	rt_buf_drop(&b->text);
	return rt_none;
}

static struct rt_object *buffer_getvalue(const struct rt_args *args)
{
	struct buffer *b = open_buffer(args);

	return b ? rt_str_from(b->text.s ? b->text.s : "", b->text.len) : NULL;
}

static void buffer_release(struct rt_object *self)
{
	rt_buf_drop(&((struct buffer *)self)->text);
}

static const struct rt_function_spec methods[] = {
	{ "read", buffer_read, "self, n=", "Up to n characters, or all that are left." },
	{ "write", buffer_write, "self, data", "Append str or bytes; how many characters." },
	{ "close", buffer_close, "self", "Drop the text." },
	{ "getvalue", buffer_getvalue, "self", "All of the text." },
	{ 0 },
};

const struct rt_type rt_buffer_type = {
	.base = RT_STATIC_TYPE,
	.name = "buffer",
	.size = sizeof(struct buffer),
	.flags = RT_TYPE_FINAL,
	.release = buffer_release,
	.methods = methods,
};

int64_t rt_stream_copy(struct rt_object *source, struct rt_object *destination, int64_t chunk)
{
	struct rt_object *part, *written;
	int64_t copied = 0;
	ssize_t n;

	for (;;) {
		part = rt_call_method(source, "read", 1, rt_int_new(chunk));
		n = part ? rt_len(part) : -1;
		if (n <= 0) {
			rt_unref(part);
			return n < 0 ? -1 : copied;
		}
		copied += n;
		written = rt_call_method(destination, "write", 1, part);
		if (!written)
			return -1;
		rt_unref(written);
	}
}
